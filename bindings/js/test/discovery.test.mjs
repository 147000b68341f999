import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';

import { DaemonClient, DaemonConnectionError } from 'aiwg';

import { notConnected } from '../src/errors.js';
import { startPeer } from '../test-support/peer.mjs';

const SOCKET = '.aiwg/daemon/daemon.sock';
let project;
let peer;

beforeEach(async () => {
  delete process.env.AIWG_DAEMON_SOCKET;
  project = await mkdtemp(join(tmpdir(), 'aiwg-'));
  peer = undefined;
});

afterEach(async () => {
  delete process.env.AIWG_DAEMON_SOCKET;
  await peer?.stop();
  await rm(project, { recursive: true, force: true });
});

/** A peer that listens at the project's usual place. */
async function listenIn(directory) {
  const socketPath = join(directory, SOCKET);
  await mkdir(dirname(socketPath), { recursive: true });
  peer = await startPeer(() => 'pong', { socketPath });
}

test('the socket of the nearest project upwards is found', async () => {
  await listenIn(project);
  const cwd = join(project, 'a/b');
  await mkdir(cwd, { recursive: true });
  const client = new DaemonClient({ cwd });
  assert.equal(await client.ping(), 'pong');
  assert.equal(client.socketPath, join(project, SOCKET));
  await client.disconnect();
});

test('a project within a project is its own, and home is one for itself only', async (t) => {
  await listenIn(project);
  const cwd = join(project, 'inner');
  await mkdir(join(cwd, '.aiwg'), { recursive: true });
  await assert.rejects(new DaemonClient({ cwd }).ping(), { kind: 'no_daemon', path: join(cwd, SOCKET) });
  await rm(join(cwd, '.aiwg'), { recursive: true });
  const home = process.env.HOME;
  t.after(() => (process.env.HOME = home));
  process.env.HOME = project;
  await assert.rejects(new DaemonClient({ cwd }).ping(), { kind: 'no_daemon' });
  const client = new DaemonClient({ cwd: project });
  assert.equal(await client.ping(), 'pong');
  await client.disconnect();
});

test('a project that others can write, or have made, is not trusted', async (t) => {
  await listenIn(project);
  t.after(() => delete process.env.AIWG_SAFE_DIRECTORY);
  await chmod(join(project, '.aiwg'), 0o777);
  const client = new DaemonClient({ cwd: project });
  await assert.rejects(client.ping(), { kind: 'not_allowed', message: /chmod o-w/ });
  process.env.AIWG_SAFE_DIRECTORY = `/nowhere:${project}`;
  assert.equal(await client.ping(), 'pong');
  await client.disconnect();
  delete process.env.AIWG_SAFE_DIRECTORY;
  if (process.geteuid() !== 0) return t.diagnostic('giving files away takes root');
  await chown(join(project, '.aiwg'), 65534, 65534);
  await assert.rejects(new DaemonClient({ cwd: project }).ping(), { message: /user 65534/ });
});

test('files in odd places do not hide the project', async () => {
  await listenIn(project);
  for (const inner of ['a', 'b']) await mkdir(join(project, inner));
  await writeFile(join(project, 'a/.aiwg'), 'not a directory');
  await writeFile(join(project, 'b/file'), 'not a directory');
  for (const cwd of ['a', 'b/file/within', 'b/gone']) {
    const client = new DaemonClient({ cwd: join(project, cwd) });
    assert.equal(await client.ping(), 'pong', cwd);
    await client.disconnect();
  }
});

test('the environment comes before the directory, an explicit path before both', async () => {
  await listenIn(project);
  process.env.AIWG_DAEMON_SOCKET = '/nowhere/env.sock';
  await assert.rejects(new DaemonClient({ cwd: project }).ping(), { path: '/nowhere/env.sock' });
  const client = new DaemonClient({ cwd: '/', socketPath: join(project, SOCKET) });
  assert.equal(await client.ping(), 'pong');
  await client.disconnect();
});

test('a path too long for a socket is a link to a shorter one', async () => {
  peer = await startPeer(() => 'pong');
  const deep = join(project, 'd'.repeat(60), 'e'.repeat(60));
  await mkdir(join(deep, '.aiwg/daemon'), { recursive: true });
  await symlink(peer.socketPath, join(deep, SOCKET));
  const client = new DaemonClient({ cwd: deep });
  assert.equal(await client.ping(), 'pong');
  await client.disconnect();
});

test('without a socket, the error says where it looked and how to start the daemon', async () => {
  const error = await new DaemonClient({ cwd: project }).connect().catch((error) => error);
  assert(error instanceof DaemonConnectionError);
  assert.equal(error.kind, 'no_daemon');
  assert.equal(error.path, join(project, SOCKET));
  assert.match(error.message, new RegExp(`${project}.*\`aiwg daemon start\``));
});

test('a socket that nobody listens at is no daemon', async () => {
  const path = join(project, 'gone.sock');
  const error = await new DaemonClient(path).emit('x').catch((error) => error);
  assert.equal(error.kind, 'no_daemon');
  assert.match(error.message, new RegExp(`${path}.*ENOENT.*\`aiwg daemon start\``));
});

test('where the environment leads nowhere, the error names it and not a command that is refused', async () => {
  process.env.AIWG_DAEMON_SOCKET = join(project, 'tunnel.sock');
  const error = await new DaemonClient().connect().catch((error) => error);
  assert.equal(error.kind, 'no_daemon');
  assert.match(error.message, /tunnel\.sock.*AIWG_DAEMON_SOCKET leads there/);
  assert.doesNotMatch(error.message, /daemon start/);
});

test("a socket that is another user's is not the same as no daemon", () => {
  // Tried with the error alone: the tests may run as root, who may open any.
  const error = notConnected('/a/socket', Object.assign(new Error('denied'), { code: 'EACCES' }));
  assert(error instanceof DaemonConnectionError);
  assert.equal(error.kind, 'not_allowed');
  assert.match(error.message, /only the user who started the daemon can/);
});

test('a script that does not disconnect still ends, but not before its answer', async () => {
  peer = await startPeer((request, socket) => {
    const answer = JSON.stringify({ jsonrpc: '2.0', id: request.id, result: 'slow pong' });
    setTimeout(() => socket.write(answer + '\n'), 50);
  });
  const script = `
    import { DaemonClient } from 'aiwg';
    console.log(await new DaemonClient(${JSON.stringify(peer.socketPath)}).ping());`;
  const node = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname ?? dirname(new URL(import.meta.url).pathname),
    timeout: 5000,
  });
  assert.equal((await node).stdout, 'slow pong\n');
});
