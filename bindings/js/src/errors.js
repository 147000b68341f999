'use strict';

const { ERROR_KINDS } = require('./generated/errors.js');
const { PROJECT_DIR, SOCKET_ENV, START_COMMAND } = require('./generated/constants.js');

/** The kind of an error that tells programs nothing but its code. */
function kindOf(code) {
  const found = Object.entries(ERROR_KINDS).find(([, kind]) => kind.code === code);
  return found?.[0] ?? 'internal_error';
}

/** The daemon answered with an error. */
class DaemonError extends Error {
  constructor({ code, message, data }) {
    super(message);
    this.name = 'DaemonError';
    this.code = code;
    // JSON-RPC asks for no data, and lets it be anything.
    const told = data !== null && typeof data === 'object' ? data : {};
    this.kind = told.kind ?? kindOf(code);
    this.member = told.member;
    this.data = told;
  }

  get retryable() {
    return ERROR_KINDS[this.kind]?.retryable ?? false;
  }
}

/** There was no answer. */
class DaemonConnectionError extends Error {
  constructor(kind, message, { path, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DaemonConnectionError';
    this.kind = kind;
    this.path = path;
  }
}

/** There was no answer in time. */
class DaemonTimeoutError extends DaemonConnectionError {
  constructor(method, timeoutMs, path) {
    const late = timeoutMs > 0 ? `no answer to ${method} within ${timeoutMs} ms` : `the deadline of ${method} has passed`;
    super('timeout', late, { path });
    this.name = 'DaemonTimeoutError';
    this.method = method;
    this.timeoutMs = timeoutMs;
  }
}

/** No daemon answers, and the event cannot wait for one on disk either. */
class SpoolError extends DaemonConnectionError {
  constructor(message, details) {
    super('spool', message, details);
    this.name = 'SpoolError';
  }
}

/** Neither `directory` nor one above it is a project. */
function noProject(directory, path) {
  const message =
    `no daemon runs for ${directory}: neither it nor a directory above it has a ${PROJECT_DIR}; ` +
    `start one with \`${START_COMMAND}\``;
  return new DaemonConnectionError('no_daemon', message, { path });
}

/** There is no connection to this socket. */
function notConnected(path, cause) {
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
function disconnected(path, why, cause) {
  const message = `disconnected from the daemon at ${path}: ${why}`;
  return new DaemonConnectionError('disconnected', message, { path, cause });
}

/** The client is closed. */
function closed(path) {
  return new DaemonConnectionError('closed', 'this client is closed: make another one', { path });
}

/** Errors of connections to what is no daemon. */
const strange = new WeakSet();

/** The connection ended, since what came is no message of a daemon. Nothing is sent there again. */
function strangeAnswer(path, why, cause) {
  const error = disconnected(path, why, cause);
  strange.add(error);
  return error;
}

/** True if another attempt may succeed: the daemon is being restarted, or reports that it cannot answer just now. */
function mayComeBack(error) {
  if (strange.has(error)) return false;
  if (error instanceof DaemonError) return error.retryable;
  return error instanceof DaemonConnectionError && error.kind !== 'not_allowed';
}

/** The answer came, and cannot be understood. It ends its own call, and no other. */
function notUnderstood(path, why) {
  const message = `the answer of the daemon at ${path} cannot be understood: ${why}; it may be newer than this package, which \`npm install aiwg@latest\` upgrades`;
  return new DaemonConnectionError('unreadable', message, { path });
}

/** The same, with the stack of whoever asks for it: one error may end many calls. Others pass as they are. */
function again(error) {
  if (error instanceof DaemonError) {
    return new DaemonError(error);
  }
  if (error instanceof DaemonTimeoutError) return new DaemonTimeoutError(error.method, error.timeoutMs, error.path);
  if (!(error instanceof DaemonConnectionError)) return error;
  const { kind, message, path, cause } = error;
  return new DaemonConnectionError(kind, message, { path, cause });
}

module.exports = {
  DaemonConnectionError,
  DaemonError,
  DaemonTimeoutError,
  SpoolError,
  again,
  closed,
  disconnected,
  mayComeBack,
  noProject,
  notConnected,
  notUnderstood,
  strangeAnswer,
};
