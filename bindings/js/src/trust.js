// Whose project one may be drawn into, the same in every language: one's own, or root's.

import { lstatSync, statSync } from 'node:fs';
import { delimiter, sep } from 'node:path';

import { DaemonConnectionError } from './errors.js';
import { SAFE_DIRECTORY_ENV } from './generated/constants.js';

/**
 * Fails where somebody else could have made this `.aiwg`, or could change it: in a directory that
 * many can write, such as `/tmp`, he would be told all that is meant for the daemon.
 */
export function checkTrusted(path) {
  const us = process.geteuid?.();
  if (us === undefined || isExempt(path)) return;
  const found = statSync(path);
  const owner = [lstatSync(path).uid, found.uid].find((uid) => uid !== us && uid !== 0);
  if (owner !== undefined) {
    throw notTrusted(
      path,
      `it belongs to user ${owner}; if that is meant, set ${SAFE_DIRECTORY_ENV} to the project's directory`,
    );
  }
  if (found.mode & 0o002) {
    throw notTrusted(path, `everyone can write to it; \`chmod o-w ${path}\` mends that`);
  }
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
