import { ERROR_KINDS } from './generated/errors.js';
import { PROJECT_DIR, SOCKET_ENV, START_COMMAND } from './generated/constants.js';

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
    this.method = method;
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

/** There is no connection to this socket. */
export function notConnected(path, cause) {
  const why = cause.code ?? cause.message;
  if (why === 'EACCES' || why === 'EPERM') {
    const message =
      `the daemon's socket ${path} cannot be opened (${why}); ` +
      'only the user who started the daemon can, and root';
    return new DaemonConnectionError('not_allowed', message, { path, cause });
  }
  const message = `no daemon answers at ${path} (${why}); ${whatToDo(path)}`;
  return new DaemonConnectionError('no_daemon', message, { path, cause });
}

/** A daemon that the environment leads to is another machine's as a rule: it cannot be started from here. */
function whatToDo(path) {
  if (path !== process.env[SOCKET_ENV]) return `start it with \`${START_COMMAND}\``;
  return (
    `${SOCKET_ENV} leads there: see that the daemon runs where its project is and that the tunnel to it stands, ` +
    'or unset the variable'
  );
}

/** The connection ended before the answer came. */
export function disconnected(path, why, cause) {
  const message = `disconnected from the daemon at ${path}: ${why}`;
  return new DaemonConnectionError('disconnected', message, { path, cause });
}

/** The answer came, and cannot be understood. It ends its own call, and no other. */
export function notUnderstood(path, why) {
  const message = `the answer of the daemon at ${path} cannot be understood: ${why}; it may be newer than this package`;
  return new DaemonConnectionError('unreadable', message, { path });
}

/** The same, with the stack of whoever asks for it: one error may end many calls. Others pass as they are. */
export function again(error) {
  if (error instanceof DaemonError) {
    const { code, message, kind, member } = error;
    return new DaemonError({ code, message, data: { kind, member } });
  }
  if (error instanceof DaemonTimeoutError) return new DaemonTimeoutError(error.method, error.timeoutMs, error.path);
  if (!(error instanceof DaemonConnectionError)) return error;
  const { kind, message, path, cause } = error;
  return new DaemonConnectionError(kind, message, { path, cause });
}
