'use strict';

// The projects that a client trusts, the same in every language: the user's own, and root's.

const { lstatSync, realpathSync, statSync } = require('node:fs');
const { delimiter, dirname, sep } = require('node:path');

const { DaemonConnectionError } = require('./errors.js');
const { MAX_SOCKET_PATH, SAFE_DIRECTORY_ENV } = require('./generated/constants.js');

/**
 * Fails if somebody else could have made this `.aiwg`, or could change it. In a directory that
 * many can write, such as `/tmp`, that person would receive everything that is meant for the daemon.
 */
function checkTrusted(path) {
  if (isExempt(path)) return;
  const found = statSync(path);
  checkOwner(path, lstatSync(path).uid);
  checkOwner(path, found.uid);
  if (found.mode & 0o002) {
    throw notTrusted(path, `everyone can write to it; \`chmod o-w ${path}\` mends that`);
  }
}

/**
 * Fails if the socket found in a project is not as its daemon makes it: a socket of the user or of root, in a directory of
 * the user or of root. A link is allowed only where the path is too long for a socket, and only to a directory that is the
 * user's alone. Otherwise whoever ships a project could have it lead elsewhere, and Node does not report who answers.
 */
function checkSocket(path) {
  if (isExempt(path)) return;
  const directory = dirname(path);
  try {
    if (lstatSync(directory).isSymbolicLink()) {
      throw notTrusted(directory, 'it is a link, and the daemon makes a directory there');
    }
    checkTrusted(directory);
    if (lstatSync(path).isSymbolicLink()) checkLink(path);
    checkOwner(path, statSync(path).uid);
  } catch (error) {
    // A path that does not exist passes: connecting to it reports that no daemon runs.
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
  }
}

function checkLink(path) {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) {
    throw notTrusted(path, 'it is a link, and the daemon makes a socket there');
  }
  checkOwner(path, lstatSync(path).uid);
  const directory = dirname(realpathSync(path));
  const { uid, mode } = statSync(directory);
  checkOwner(directory, uid);
  if (mode & 0o022) throw notTrusted(path, `it leads to a socket in ${directory}, where others can put one`);
}

function checkOwner(path, owner) {
  const us = process.geteuid?.();
  if (us === undefined || owner === us || owner === 0) return;
  throw notTrusted(
    path,
    `it belongs to user ${owner}; if that is meant, set ${SAFE_DIRECTORY_ENV} to the project's directory`,
  );
}

function isExempt(path) {
  const safe = (process.env[SAFE_DIRECTORY_ENV] ?? '').split(delimiter);
  return safe.some((directory) => directory === '*' || (directory !== '' && isWithin(path, directory)));
}

function isWithin(path, directory) {
  return path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

function notTrusted(path, why) {
  return new DaemonConnectionError('not_allowed', `${path} is not to be trusted: ${why}`, { path });
}

module.exports = { checkTrusted, checkSocket };
