import { ERROR_KINDS } from './generated/errors.js';
import { PROJECT_DIR, START_COMMAND } from './generated/constants.js';

/** The daemon answered with an error. */
export class DaemonError extends Error {
  constructor({ code, message, data }) {
    super(message);
    this.name = 'DaemonError';
    this.code = code;
    this.kind = data?.kind ?? 'internal_error';
    this.member = data?.member;
  }

  get retryable() {
    return ERROR_KINDS[this.kind]?.retryable ?? false;
  }
}

/** There was no answer. */
export class DaemonConnectionError extends Error {
  constructor(kind, message, { path, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DaemonConnectionError';
    this.kind = kind;
    this.path = path;
  }
}

/** There was no answer in time. */
export class DaemonTimeoutError extends DaemonConnectionError {
  constructor(method, timeoutMs, path) {
    super('timeout', `no answer to ${method} within ${timeoutMs} ms`, { path });
    this.name = 'DaemonTimeoutError';
    this.timeoutMs = timeoutMs;
  }
}

/** Neither `directory` nor one above it is a project. */
export function noProject(directory, path) {
  const message =
    `no daemon runs for ${directory}: neither it nor a directory above it has a ${PROJECT_DIR}; ` +
    `start one with \`${START_COMMAND}\``;
  return new DaemonConnectionError('no_daemon', message, { path });
}

/** Nothing answers at this socket. */
export function noDaemon(path, cause) {
  const why = cause.code ?? cause.message;
  const message = `no daemon answers at ${path} (${why}); start it with \`${START_COMMAND}\``;
  return new DaemonConnectionError('no_daemon', message, { path, cause });
}

/** The connection ended before the answer came. */
export function disconnected(path, why, cause) {
  const message = `disconnected from the daemon at ${path}: ${why}`;
  return new DaemonConnectionError('disconnected', message, { path, cause });
}
