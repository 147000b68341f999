// What daemons that hang, lie or are newer do to a client: little, and in bounded time.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, rmdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { DaemonClient, DaemonConnectionError, DaemonTimeoutError } from 'aiwg';

import { onAbort } from '../src/aborts.js';
import { LineSplitter } from '../src/lines.js';
import { startPeer } from '../test-support/peer.mjs';

const SOCKET = '.aiwg/daemon/daemon.sock';

/** A peer that stops with the test. */
async function peerFor(t, answer, options) {
  const peer = await startPeer(answer, options);
  t.after(() => peer.stop());
  return peer;
}

/** A fresh directory that is removed with the test. */
async function directoryFor(t) {
  const directory = await mkdtemp(join(tmpdir(), 'aiwg-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

test("subscribing takes no longer than the client's time", async (t) => {
  const peer = await peerFor(t, () => undefined);
  const client = new DaemonClient({ socketPath: peer.socketPath, timeoutMs: 20 });
  const events = client.subscribe();
  await assert.rejects(events.ready, DaemonTimeoutError);
  const error = await events.next().catch((error) => error);
  assert(error instanceof DaemonTimeoutError && error.kind === 'timeout', error);
  assert.equal((await events.next()).done, true);
  await client.disconnect();
});

test('null and Infinity are no limit, and what is no time is refused before anything is sent', async (t) => {
  const peer = await peerFor(t, () => 'pong');
  for (const timeoutMs of [null, Infinity, 1e300, undefined]) {
    const client = new DaemonClient({ socketPath: peer.socketPath, timeoutMs });
    assert.equal(await client.ping({}, { timeoutMs }), 'pong');
    await client.disconnect();
  }
  const sent = peer.requests.length;
  const client = new DaemonClient(peer.socketPath);
  for (const timeoutMs of [0, -1, NaN, -Infinity, '10', {}]) {
    assert.throws(() => new DaemonClient({ timeoutMs }), RangeError);
    await assert.rejects(client.ping({}, { timeoutMs }), RangeError);
  }
  assert.equal(peer.requests.length, sent);
});

test('a call without a limit outlasts the limit of its client', async (t) => {
  const peer = await peerFor(t, ({ id }, socket) => {
    const line = `${JSON.stringify({ jsonrpc: '2.0', id, result: 'late' })}\n`;
    setTimeout(() => socket.write(line), 800);
  });
  const client = new DaemonClient({ socketPath: peer.socketPath, timeoutMs: 500 });
  await client.connect();
  assert.equal(await client.ping({}, { timeoutMs: null }), 'late');
  await client.disconnect();
});

test('a signal has one listener, however many wait for it, and none in the end', () => {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args) => (listeners++, addEventListener.apply(signal, args));
  signal.removeEventListener = (...args) => (listeners--, removeEventListener.apply(signal, args));
  const told = [];
  const ignore = Array.from({ length: 50 }, (_, n) => onAbort(signal, () => told.push(n)));
  assert.equal(listeners, 1);
  for (const one of ignore.slice(2)) one();
  controller.abort();
  assert.deepEqual(told, [0, 1]);
  for (const one of ignore) one();
  const again = onAbort(new AbortController().signal, () => {});
  again();
  assert.equal(listeners, 0);
});

test('a line has a limit', async (t) => {
  const splitter = new LineSplitter(8);
  assert.deepEqual(splitter.push(Buffer.from('12345678\n1234')), ['12345678']);
  assert.deepEqual(splitter.push(Buffer.from('5678')), []);
  assert.throws(() => splitter.push(Buffer.from('9')), /more than 8 bytes/);
  const endless = Buffer.alloc(16 * 1024 * 1024, 'x');
  const peer = await peerFor(t, (request, socket) => {
    for (let n = 0; n < 5; n++) socket.write(endless);
  });
  const client = new DaemonClient(peer.socketPath);
  const refused = { kind: 'disconnected', message: /more than 67108864 bytes/ };
  await assert.rejects(client.ping(), refused);
  await assert.rejects(client.subscribe().ready, refused);
});

test('deep nesting and what cannot be decoded do not end the process', async (t) => {
  const lies = ['['.repeat(1e6), `{"id":1,"result":${'['.repeat(1e5)}${']'.repeat(1e5)}}`];
  const peer = await peerFor(t, ({ method }, socket) => {
    if (method === 'ping') return 'pong';
    for (const lie of lies) socket.write(`${lie}\n`);
  });
  const client = new DaemonClient(peer.socketPath);
  await client.request('lie').catch(() => {});
  assert.equal(await client.ping(), 'pong');
  await client.disconnect();
});

test('what cannot be understood fails its own call and no other', async (t) => {
  const wrong = [{}, { error: 'no' }, { error: {} }, { error: { code: 'x', message: 7 } }, { error: [] }];
  let waiting;
  const peer = await peerFor(t, ({ id, method, params }, socket) => {
    const say = (message) => void socket.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    if (method === 'task.wait') waiting = id;
    else if (method === 'wrong') say({ id, ...wrong[params.which] });
    else {
      for (const stray of [99, '1', [1], null, undefined]) say({ id: stray, result: 'stray' });
      say({ id: waiting, result: 'the end' });
      return 'pong';
    }
  });
  const client = new DaemonClient(peer.socketPath);
  const other = client.task.wait({ taskId: 'task-0001' });
  for (const which of wrong.keys()) {
    const error = await client.request('wrong', { which }).catch((error) => error);
    assert(error instanceof DaemonConnectionError && error.kind === 'unreadable', error);
    assert.match(error.message, /may be newer than this package, which `npm install aiwg@latest` upgrades$/);
  }
  assert.equal(client.isConnected, true);
  assert.equal(await client.ping(), 'pong');
  assert.equal(await other, 'the end');
  await client.disconnect();
});

for (const line of ['220 ready', '[{"id":1,"result":{"since":0}}]', '7', '{"id":1,"result":{}}', '{"id":1}', '{"method":"event"}']) {
  test(`a subscription to a peer that says ${line} ends with an error`, async (t) => {
    const peer = await peerFor(t, (request, socket) => {
      if (line.includes('event')) socket.write('{"id":1,"result":{"since":0}}\n');
      socket.write(`${line}\n`);
    });
    await assert.rejects(new DaemonClient(peer.socketPath).subscribe().next(), {
      kind: 'disconnected',
      message: /not JSON-RPC/,
    });
  });
}

test('a planted link is not followed, unless it is named', async (t) => {
  const peer = await peerFor(t, () => 'pong');
  const project = await directoryFor(t);
  await mkdir(join(project, '.aiwg/daemon'), { recursive: true });
  await symlink(peer.socketPath, join(project, SOCKET));
  const client = new DaemonClient({ cwd: project });
  const refused = { kind: 'not_allowed', message: /it is a link/ };
  await assert.rejects(client.ping(), refused);
  await assert.rejects(client.subscribe().ready, refused);
  assert.equal(peer.connections.size, 0);
  const named = new DaemonClient(join(project, SOCKET));
  assert.equal(await named.ping(), 'pong');
  await named.disconnect();
  await rm(join(project, '.aiwg/daemon'), { recursive: true });
  await symlink(peer.directory, join(project, '.aiwg/daemon'));
  await assert.rejects(client.ping(), refused);
});

test("a long path's link leads to a place of one's own only", async (t) => {
  const peer = await peerFor(t, () => 'pong');
  const deep = join(await directoryFor(t), 'd'.repeat(60), 'e'.repeat(60));
  await mkdir(join(deep, '.aiwg/daemon'), { recursive: true });
  await symlink(peer.socketPath, join(deep, SOCKET));
  const client = new DaemonClient({ cwd: deep });
  await chmod(peer.directory, 0o1777);
  await assert.rejects(client.ping(), { kind: 'not_allowed', message: /others can put one/ });
  await chmod(peer.directory, 0o700);
  assert.equal(await client.ping(), 'pong');
  await client.disconnect();
  if (process.geteuid() !== 0) return t.diagnostic('giving files away takes root');
  await chown(peer.socketPath, 65534, 65534);
  await assert.rejects(client.ping(), { kind: 'not_allowed', message: /user 65534/ });
});

test('a socket of another user is not trusted', { skip: process.geteuid() !== 0 }, async (t) => {
  const project = await directoryFor(t);
  const socketPath = join(project, SOCKET);
  await mkdir(dirname(socketPath), { recursive: true });
  const peer = await peerFor(t, () => 'pong', { socketPath });
  await chown(peer.socketPath, 65534, 65534);
  await assert.rejects(new DaemonClient({ cwd: project }).ping(), { kind: 'not_allowed', message: /user 65534/ });
});

test('a working directory that is gone is in no project, and matters to nobody else', async (t) => {
  const peer = await peerFor(t, () => 'pong');
  const gone = await directoryFor(t);
  const before = process.cwd();
  t.after(() => process.chdir(before));
  process.chdir(gone);
  await rmdir(gone);
  const named = new DaemonClient(peer.socketPath);
  assert.equal(await named.ping(), 'pong');
  await named.disconnect();
  await assert.rejects(new DaemonClient().ping(), { kind: 'no_daemon' });
  assert.throws(() => new DaemonClient().subscribe(), { kind: 'no_daemon' });
});

test('disconnecting gives up connecting to a daemon that is too busy', async (t) => {
  // Node cannot keep a socket from taking connections; Python can.
  const directory = await directoryFor(t);
  const path = join(directory, 's');
  const script = `
import socket, sys
server = socket.socket(socket.AF_UNIX); server.bind(sys.argv[1]); server.listen(0)
held = []
try:
    while True:
        held.append(socket.socket(socket.AF_UNIX)); held[-1].setblocking(False); held[-1].connect(sys.argv[1])
except BlockingIOError: print("full", flush=True)
sys.stdin.read()`;
  const python = execFile('python3', ['-c', script, path]);
  t.after(() => python.stdin.end());
  await new Promise((resolve) => python.stdout.once('data', resolve));
  const client = new DaemonClient(path);
  const call = assert.rejects(client.ping(), { kind: 'disconnected', message: /the client disconnected/ });
  await new Promise((resolve) => setTimeout(resolve, 5));
  await client.disconnect();
  await call;
  await client.disconnect();
  // Once nobody waits any more, nothing keeps the process alive.
  const only = `
    import { DaemonClient } from 'aiwg';
    const error = await new DaemonClient(process.argv[1]).ping({}, { timeoutMs: 20 }).catch((error) => error);
    console.log(error.kind);`;
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const args = ['--input-type=module', '-e', only, path];
  const ended = await promisify(execFile)(process.execPath, args, { cwd, timeout: 20_000 });
  assert.equal(ended.stdout, 'timeout\n');
  const hasty = new DaemonClient({ socketPath: path, timeoutMs: 20 });
  await assert.rejects(hasty.ping(), DaemonTimeoutError);
  await assert.rejects(hasty.connect(), DaemonTimeoutError);
  await assert.rejects(hasty.subscribe().ready, DaemonTimeoutError);
});

test('it can be imported from a path with blanks', async (t) => {
  const peer = await peerFor(t, () => 'pong');
  const directory = join(await directoryFor(t), 'a b%20c#d');
  await mkdir(join(directory, 'node_modules'), { recursive: true });
  await symlink(fileURLToPath(new URL('..', import.meta.url)), join(directory, 'node_modules/aiwg'));
  const script = `
    import { DaemonClient } from 'aiwg';
    console.log(await new DaemonClient(${JSON.stringify(peer.socketPath)}).ping());`;
  const args = ['--preserve-symlinks', '--input-type=module', '-e', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: directory, timeout: 10_000 });
  assert.equal(stdout, 'pong\n');
});
