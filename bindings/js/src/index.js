export { DaemonClient } from './client.js';
export { DaemonConnectionError, DaemonError, DaemonTimeoutError } from './errors.js';
export { PROTOCOL_VERSION } from './generated/constants.js';
export { ERROR_KINDS } from './generated/errors.js';
