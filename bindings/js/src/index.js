'use strict';

const { DaemonClient } = require('./client.js');
const { DaemonConnectionError, DaemonError, DaemonTimeoutError, SpoolError } = require('./errors.js');
const { PROTOCOL_VERSION } = require('./generated/constants.js');
const { ERROR_KINDS } = require('./generated/errors.js');

module.exports = {
  DaemonClient,
  DaemonConnectionError,
  DaemonError,
  DaemonTimeoutError,
  ERROR_KINDS,
  PROTOCOL_VERSION,
  SpoolError,
};

// The published file has short names within. What programs see, and an uncaught error shows, keeps its own.
for (const [name, of] of Object.entries(module.exports)) {
  if (typeof of === 'function') Object.defineProperty(of, 'name', { value: name });
}
