// Finding the daemon's socket, the same way in every language.

import { lstatSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { noProject } from './errors.js';
import { MAX_SOCKET_PATH, SOCKET_ENV, SOCKET_PATH } from './generated/constants.js';

/**
 * The socket to connect to: the one given, else the one the environment names, else the nearest
 * upwards from `cwd`.
 */
export function discoverSocket({ socketPath, cwd = process.cwd() } = {}) {
  const named = socketPath || process.env[SOCKET_ENV];
  if (named) return named;
  const start = resolve(cwd);
  for (let directory = start; ; directory = dirname(directory)) {
    const path = join(directory, SOCKET_PATH);
    if (lstatSync(path, { throwIfNoEntry: false })) return path;
    if (directory === dirname(directory)) throw noProject(start, join(start, SOCKET_PATH));
  }
}

/** The path to give to the system: one that is too long for it is a link to a shorter one. */
export async function connectable(path) {
  return Buffer.byteLength(path) > MAX_SOCKET_PATH ? await realpath(path) : path;
}
