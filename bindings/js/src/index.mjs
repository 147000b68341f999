// What `import` gives is what `require` gives: a program that does both has one client, and one class of each error.
import aiwg from './index.js';

export const {
  DaemonClient,
  DaemonConnectionError,
  DaemonError,
  DaemonTimeoutError,
  ERROR_KINDS,
  PROTOCOL_VERSION,
  SpoolError,
} = aiwg;
