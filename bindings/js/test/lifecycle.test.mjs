// A client's connection: how it is closed, what it tells, and what it does when the daemon goes away.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { DaemonClient, DaemonConnectionError, DaemonTimeoutError } from 'aiwg';

import { startPeer } from '../test-support/peer.mjs';

/** A peer and a client of it, which end with the test. */
async function pair(t, answer, options = {}) {
  const peer = await startPeer(answer);
  const client = new DaemonClient({ socketPath: peer.socketPath, ...options });
  t.after(async () => {
    await client.disconnect();
    await peer.stop();
  });
  return { peer, client };
}

/** Answers a request that was left unanswered. */
function answer(peer, { id }, result) {
  for (const socket of peer.connections) socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
}

test('close waits for the calls in flight, and takes no more', async (t) => {
  const { peer, client } = await pair(t, () => undefined);
  const call = client.request('slow');
  const events = client.subscribe();
  const request = await peer.saw('slow');
  const closing = client.close();
  await assert.rejects(client.ping(), { kind: 'closed' });
  await assert.rejects(client.connect(), { kind: 'closed' });
  assert.throws(() => client.subscribe(), { kind: 'closed' });
  assert.equal((await events.next()).done, true);
  assert.equal(client.isConnected, true);
  answer(peer, request, 'in time');
  await closing;
  assert.equal(await call, 'in time');
  assert.equal(client.isConnected, false);
  await client.close();
  await client.disconnect();
});

test('close sends what nobody has waited for', async (t) => {
  const { peer, client } = await pair(t, ({ params }) => params.n);
  for (let n = 0; n < 100; n++) client.request('emit', { n });
  await client.close();
  assert.deepEqual(
    peer.requests.map(({ params }) => params.n),
    Array.from({ length: 100 }, (_, n) => n),
  );
});

test('close waits no longer than it is told', async (t) => {
  const { peer, client } = await pair(t, () => undefined);
  const call = assert.rejects(client.request('never'), { kind: 'disconnected' });
  await peer.saw('never');
  await assert.rejects(client.close({ timeoutMs: 5 }), DaemonTimeoutError);
  await call;
  assert.equal(client.isConnected, false);
  const { client: other } = await pair(t, () => undefined);
  const more = assert.rejects(other.request('never'), { kind: 'disconnected' });
  const reason = new Error('enough');
  await assert.rejects(other.close({ signal: AbortSignal.abort(reason) }), reason);
  await more;
});

test('it tells when it is connected, disconnected, and connected again', async (t) => {
  const { peer, client } = await pair(t, () => 'pong');
  const told = [];
  for (const name of ['connect', 'disconnect', 'reconnecting', 'reconnect']) {
    client.on(name, ({ path, error }) => told.push([name, path === peer.socketPath, error?.kind]));
  }
  const gone = new Promise((resolve) => client.once('disconnect', resolve));
  await client.ping();
  for (const socket of peer.connections) socket.destroy();
  const { error } = await gone;
  assert(error instanceof DaemonConnectionError);
  await client.ping();
  await client.disconnect();
  await client.ping();
  assert.deepEqual(told, [
    ['connect', true, undefined],
    ['disconnect', true, 'disconnected'],
    ['reconnect', true, undefined],
    ['disconnect', true, undefined],
    ['connect', true, undefined],
  ]);
  assert.throws(() => client.on('conect', () => {}), /connect, disconnect/);
  assert.throws(() => client.on('connect'), TypeError);
});

test('a listener is called until it is taken away', async (t) => {
  const { client } = await pair(t, () => 'pong');
  const told = [];
  const listener = () => told.push('kept');
  const stop = client.on('connect', () => told.push('stopped'));
  client.on('connect', listener);
  client.once('connect', () => told.push('once'));
  await client.ping();
  await client.disconnect();
  stop();
  await client.ping();
  await client.disconnect();
  client.off('connect', listener);
  await client.ping();
  assert.deepEqual(told, ['stopped', 'kept', 'once', 'kept']);
});

test("a listener's own mistake is an uncaught error, and does the call no harm", async (t) => {
  const { peer } = await pair(t, () => 'pong');
  const script = `
    const { DaemonClient } = require('aiwg');
    const mistake = () => { throw new Error('my mistake'); };
    process.on('uncaughtException', ({ message }) => console.log(message));
    const client = new DaemonClient({ socketPath: process.argv[1], onRequest: mistake, onResponse: mistake });
    client.on('connect', mistake);
    client.ping().then(console.log);`;
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script, peer.socketPath], { cwd });
  assert.equal(stdout, 'my mistake\nmy mistake\nmy mistake\npong\n');
});

test('a call waits for a daemon that comes back, in its turn, unless it is not to', async (t) => {
  const { peer, client } = await pair(t, ({ params }) => params?.n ?? 'pong');
  // Keeps the process alive while nothing is called.
  client.onNotification(() => {});
  await client.ping();
  const gone = new Promise((resolve) => client.once('disconnect', resolve));
  await peer.close();
  await gone;
  await assert.rejects(client.ping({}, { retry: false }), { kind: 'no_daemon' });
  const attempts = new Promise((resolve) => client.once('reconnecting', resolve));
  const calls = [1, 2, 3].map((n) => client.request('echo', { n }));
  await assert.rejects(client.ping({}, { timeoutMs: 5 }), DaemonTimeoutError);
  assert.equal((await attempts).error.kind, 'no_daemon');
  await peer.listen();
  assert.deepEqual(await Promise.all(calls), [1, 2, 3]);
  assert.deepEqual(
    peer.requests.slice(1).map(({ params }) => params.n),
    [1, 2, 3],
  );
});

test('a client that is not to try again, or has never been connected, fails at once', async (t) => {
  const { peer, client } = await pair(t, () => 'pong', { retry: false });
  await client.ping();
  await peer.close();
  const never = new DaemonClient(peer.socketPath);
  await assert.rejects(never.ping(), { kind: 'no_daemon' });
  const error = await client.ping().catch((error) => error);
  assert(['no_daemon', 'disconnected'].includes(error.kind), error);
});

test('hooks are told of each call and its outcome', async (t) => {
  const told = [];
  const hooks = {
    onRequest: ({ id, method, params }) => told.push(['request', id, method, params]),
    onResponse: ({ id, method, result, error, attempts, durationMs }) =>
      told.push(['response', id, method, result ?? error.kind ?? error.name, attempts, durationMs >= 0]),
  };
  const { client } = await pair(
    t,
    ({ method }) => {
      if (method === 'ping') return 'pong';
      throw { code: -32001, message: 'there is none', data: { kind: 'task_not_found' } };
    },
    hooks,
  );
  await client.ping();
  await client.task.get({ taskId: 'task-9' }).catch(() => {});
  await client.request('big', 1n).catch(() => {});
  assert.deepEqual(told, [
    ['request', 1, 'ping', undefined],
    ['response', 1, 'ping', 'pong', 1, true],
    ['request', 2, 'task.get', { taskId: 'task-9' }],
    ['response', 2, 'task.get', 'task_not_found', 1, true],
    ['request', 3, 'big', 1n],
    ['response', 3, 'big', 'TypeError', 0, true],
  ]);
  assert.throws(() => new DaemonClient({ onRequest: 'no' }), TypeError);
});

test('a deadline is a moment, and the earlier of two limits counts', async (t) => {
  const { peer, client } = await pair(t, () => undefined);
  const past = await client.ping({}, { deadline: new Date(Date.now() - 1000) }).catch((error) => error);
  assert(past instanceof DaemonTimeoutError);
  assert.match(past.message, /the deadline of ping has passed/);
  assert.deepEqual(peer.requests, []);
  await assert.rejects(client.ping({}, { deadline: Date.now() + 20, timeoutMs: 1e9 }), DaemonTimeoutError);
  await assert.rejects(client.ping({}, { deadline: Date.now() + 1e9, timeoutMs: 20 }), DaemonTimeoutError);
  for (const deadline of [NaN, 'tomorrow', new Date('never')]) {
    await assert.rejects(client.ping({}, { deadline }), RangeError);
  }
});
