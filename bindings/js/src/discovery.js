'use strict';

// Finding the daemon's socket, the same way in every language.

const { realpathSync, statSync } = require('node:fs');
const { homedir } = require('node:os');
const { dirname, join, resolve, sep } = require('node:path');

const { noProject } = require('./errors.js');
const { MAX_SOCKET_PATH, PROJECT_DIR, SOCKET_ENV, SOCKET_PATH } = require('./generated/constants.js');
const { checkSocket, checkTrusted } = require('./trust.js');

/**
 * The socket to connect to: the one given, else the one the environment names, else that of the
 * project that `cwd` is in. `isFound` is true in the last case: then it must be this user's, or root's.
 */
function discover({ socketPath, cwd } = {}) {
  const named = socketPath || process.env[SOCKET_ENV];
  if (named) return { path: named, isFound: false };
  const start = absolute(cwd ?? '.');
  const project = findProject(start);
  if (project === undefined) throw noProject(start, join(start, SOCKET_PATH));
  checkTrusted(join(project, PROJECT_DIR));
  return { path: join(project, SOCKET_PATH), isFound: true };
}

/** The `.aiwg` of the project whose daemon has this socket; undefined for a socket elsewhere, such as a tunnel's. */
function projectOf({ path }) {
  const socket = resolve(path);
  if (socket.endsWith(sep + SOCKET_PATH)) return join(socket.slice(0, -SOCKET_PATH.length), PROJECT_DIR);
  const project = findProject(resolve('.'));
  if (project === undefined) return undefined;
  // One that was named by the shorter path that a long one leads to.
  return real(join(project, SOCKET_PATH)) === real(socket) ? join(project, PROJECT_DIR) : undefined;
}

function real(path) {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** A working directory that has been deleted is in no project. */
function absolute(directory) {
  try {
    return resolve(directory);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw noProject(directory, join(directory, SOCKET_PATH));
  }
}

/**
 * The nearest directory upwards that has a `.aiwg`. The home directory's holds a user's settings:
 * it counts for home itself only.
 */
function findProject(start) {
  for (let directory = start; ; directory = dirname(directory)) {
    if (hasProject(directory) && (directory === start || directory !== homedir())) return directory;
    if (directory === dirname(directory)) return undefined;
  }
}

/** True if the directory is a project. One that cannot be read is none: the search goes on upwards. */
function hasProject(directory) {
  try {
    return statSync(join(directory, PROJECT_DIR)).isDirectory();
  } catch {
    return false;
  }
}

/** The path to give to the system: one that is too long for it is a link to a shorter one. Fails where it is not to be trusted. */
function connectable({ path, isFound }) {
  if (isFound) checkSocket(path);
  return Buffer.byteLength(path) > MAX_SOCKET_PATH ? realpathSync(path) : path;
}

module.exports = { connectable, discover, projectOf };
