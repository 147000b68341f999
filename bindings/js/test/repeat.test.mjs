// Calls whose answers were lost: sent again, in their order, under the same keys.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { DaemonClient, DaemonTimeoutError } from 'aiwg';

import { startPeer } from '../test-support/peer.mjs';

const { Patience } = createRequire(import.meta.url)('../src/patience.js');

async function pair(t, answer, options = {}) {
  const peer = await startPeer(answer);
  const client = new DaemonClient({ socketPath: peer.socketPath, ...options });
  t.after(async () => {
    await client.disconnect();
    await peer.stop();
  });
  return { peer, client };
}

/** A daemon that remembers what has taken effect, and dies now and then: before it answers, or before it does anything. */
function mortal(deaths) {
  const done = new Map();
  const effects = [];
  let seen = 0;
  const answer = ({ params }, socket) => {
    if (socket.destroyed) return undefined;
    seen++;
    if (deaths.before.includes(seen)) return void socket.destroy();
    if (!done.has(params.idempotencyKey)) {
      effects.push(params.payload);
      done.set(params.idempotencyKey, { seq: effects.length, rules: [] });
    }
    if (deaths.after.includes(seen)) return void socket.destroy();
    return done.get(params.idempotencyKey);
  };
  return { answer, effects };
}

test('emits that nobody awaits take effect once, in their order, whenever the daemon dies', async (t) => {
  const daemon = mortal({ before: [1, 30, 31, 32, 500], after: [7, 100, 101, 900, 1000] });
  const { client } = await pair(t, daemon.answer);
  const emits = Array.from({ length: 1000 }, (_, n) => client.emit('count', n));
  const seqs = (await Promise.all(emits)).map(({ seq }) => seq);
  const numbers = Array.from({ length: 1000 }, (_, n) => n);
  assert.deepEqual(daemon.effects, numbers);
  assert.deepEqual(
    seqs,
    numbers.map((n) => n + 1),
  );
});

test('what may not be repeated fails, and what is made to fail', async (t) => {
  let isFirst = true;
  const { client, peer } = await pair(t, ({ method, params }, socket) => {
    if (!isFirst || params?.topic === 'first') return method;
    if (method !== 'event.list') return undefined;
    isFirst = false;
    socket.destroy();
  });
  // Until a daemon is known to know keys, what has none does not follow what has one.
  await client.emit('first');
  const calls = ['daemon.pause', 'task.get', 'event.emit', 'new.method'].map((method) => client.request(method, {}));
  const hasty = client.emit('a', 1, { retry: false });
  const last = client.event.list();
  const outcomes = await Promise.allSettled([...calls, hasty, last]);
  assert.deepEqual(
    outcomes.map(({ value, reason }) => value ?? reason.kind),
    ['disconnected', 'task.get', 'event.emit', 'disconnected', 'disconnected', 'event.list'],
  );
  const sent = (method) => peer.requests.slice(1).filter((request) => request.method === method);
  const [first, second] = sent('event.emit').filter(({ params }) => params.idempotencyKey !== undefined);
  assert.deepEqual(first, second);
  const unkeyed = sent('event.emit').filter(({ params }) => params.idempotencyKey === undefined);
  assert.equal(unkeyed.length, 1);
  assert.equal(sent('daemon.pause').length, 1);
});

test('each call has a key of its own, and a key that is given is kept', async (t) => {
  const { client, peer } = await pair(t, () => ({}));
  await client.emit('a');
  await client.emit('a');
  await client.task.submit({ prompt: 'x', idempotencyKey: 'mine' });
  await client.task.list();
  await client.emit('a', 1, { idempotencyKey: 'step-7', timeoutMs: 10_000 });
  await client.emit('a', 1, { idempotencyKey: '', retry: false });
  const keys = peer.requests.map(({ params }) => params?.idempotencyKey);
  assert.equal(new Set(keys).size, 6);
  assert.deepEqual(keys.slice(2), ['mine', undefined, 'step-7', '']);
});

test('an option that nothing knows is an error, and nothing is sent', async (t) => {
  const { client, peer } = await pair(t, () => ({}));
  const task = { taskId: 'task-0001' };
  const wrong = [
    () => client.emit('a', 1, { idempotency_key: 'mine' }),
    () => client.emit('a', 1, 5),
    () => client.event.emit({ topic: 'a' }, { idempotencyKey: 'mine' }),
    () => client.task.submit({ prompt: 'x' }, { idempotencyKey: 'mine' }),
    () => client.task.submit({ prompt: 'x' }, { offline: true }),
    () => client.request('task.get', task, { timeout: 5 }),
    () => client.ping({}, AbortSignal.timeout(60_000)),
    () => client.task.run({ prompt: 'x' }, { retry: false }),
    () => client.task.follow(task, { timeout: 5 }).next(),
    () => client.task.iterate({}, { page: 5 }).next(),
    () => client.event.iterate({}, { page: 5 }).next(),
    () => client.daemon.followLogs({}, { follow: true }).next(),
    () => client.waitFor('a', { timeout: 5 }),
    () => client.close({ timeout: 5 }),
    async () => client.subscribe('a', { from: 5 }),
    async () => new DaemonClient({ timeout: 5 }),
  ];
  for (const call of wrong) await assert.rejects(call, { name: 'TypeError', message: /has no option|are an object/ }, `${call}`);
  assert.deepEqual(peer.requests, []);
  await client.ping({}, { timeoutMs: 60_000, deadline: undefined, offline: undefined });
});

test('what an ending daemon refuses, the next one gets, in its order', async (t) => {
  const effects = [];
  let isEnding = true;
  const { client, peer } = await pair(t, ({ params }) => {
    if (isEnding && params.payload !== 0) {
      throw { code: -32000, message: 'the daemon is stopping', data: { kind: 'shutting_down' } };
    }
    effects.push(params.payload);
    return { seq: params.payload };
  });
  const calls = [0, 1, 2].map((n) => client.emit('a', n));
  await calls[0];
  await assert.rejects(client.emit('a', 9, { retry: false }), { kind: 'shutting_down' });
  isEnding = false;
  for (const socket of peer.connections) socket.destroy();
  calls.push(client.emit('a', 3));
  assert.deepEqual(
    (await Promise.all(calls)).map(({ seq }) => seq),
    [0, 1, 2, 3],
  );
  assert.deepEqual(effects, [0, 1, 2, 3]);
});

test('a daemon that knows no keys gets none', async (t) => {
  const { client, peer } = await pair(t, ({ params }) => {
    if (params.idempotencyKey === undefined) return { seq: params.payload };
    throw { code: -32602, message: 'unknown', data: { kind: 'invalid_params', member: 'idempotencyKey' } };
  });
  const seqs = [1, 2].map(async (n) => (await client.emit('a', n)).seq);
  assert.deepEqual(await Promise.all(seqs), [1, 2]);
  const before = peer.requests.length;
  await client.emit('a', 3);
  assert.equal(peer.requests.length, before + 1);
  const own = client.event.emit({ topic: 'a', idempotencyKey: 'mine' });
  await assert.rejects(own, { kind: 'invalid_params', member: 'idempotencyKey' });
});

test('a daemon that takes no traces gets the events without them, and a wrong one is not hidden', async (t) => {
  const refusals = [];
  const { client, peer } = await pair(t, ({ params }) => {
    if (params.traceparent === undefined) return { seq: params.payload };
    refusals.push(params.traceparent);
    throw { code: -32602, message: 'unknown', data: { kind: 'invalid_params', member: 'traceparent' } };
  });
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const emit = (n, options) => client.event.emit({ topic: 'a', payload: n, traceparent }, options);
  assert.equal((await emit(1)).seq, 1);
  assert.deepEqual([(await emit(2)).seq, (await emit(3, { retry: false })).seq], [2, 3]);
  assert.equal(refusals.length, 1);
  const keys = peer.requests.map(({ params }) => params.idempotencyKey);
  assert(keys[0] === keys[1] && keys[1] !== keys[2], `${keys}`);
  await client.disconnect();
  assert.equal((await emit(4, { retry: false })).seq, 4);
  assert.equal(refusals.length, 2);
  const wrong = client.event.emit({ topic: 'a', traceparent: 'none' });
  await assert.rejects(wrong, { kind: 'invalid_params', member: 'traceparent' });
});

/**
 * A daemon from before some members: it refuses the calls that have them, and ends the connection instead of answering the
 * request of this number.
 */
function old(members, closesAt) {
  const effects = [];
  let seen = 0;
  const answer = ({ params }, socket) => {
    if (socket.destroyed) return undefined;
    if (++seen === closesAt) return void socket.destroy();
    const member = members.find((member) => params[member] !== undefined);
    if (member !== undefined) throw { code: -32602, message: 'unknown', data: { kind: 'invalid_params', member } };
    effects.push(params.payload);
    return { seq: effects.length, rules: [] };
  };
  return { answer, effects };
}

test('at a daemon that is older than keys or traces, calls that nobody awaits keep their order', async (t) => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const traced = (client, n) => client.event.emit({ topic: 'a', payload: n, traceparent });
  const mixed = (client, n) => {
    const params = { topic: 'a', payload: n };
    return client.event.emit(n % 3 === 0 ? { ...params, traceparent } : params, { retry: n % 5 !== 0 });
  };
  for (const [emit, members, closesAt] of [
    [traced, ['traceparent']],
    [traced, ['idempotencyKey']],
    [traced, ['traceparent', 'idempotencyKey']],
    [traced, ['traceparent'], 40],
    [traced, ['traceparent', 'idempotencyKey'], 100],
    [mixed, ['traceparent']],
    [mixed, ['traceparent', 'idempotencyKey']],
  ]) {
    const daemon = old(members, closesAt);
    const { client } = await pair(t, daemon.answer);
    const emits = [];
    for (let n = 0; n < 600; n++) {
      emits.push(emit(client, n));
      if (n >= 300) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(emits);
    const numbers = Array.from(emits, (_, n) => n);
    assert.deepEqual(daemon.effects, numbers, `${members} ${closesAt} ${emit.name}`);
  }
});

test('a daemon that comes after an old one gets keys again', async (t) => {
  let isOld = true;
  const { client, peer } = await pair(t, ({ params }) => {
    if (!isOld || params.idempotencyKey === undefined) return { seq: 1 };
    throw { code: -32602, message: 'unknown', data: { kind: 'invalid_params', member: 'idempotencyKey' } };
  });
  await client.emit('a', 1);
  isOld = false;
  for (const socket of peer.connections) socket.destroy();
  while (client.isConnected) await new Promise((resolve) => setImmediate(resolve));
  await client.emit('a', 2);
  const keys = peer.requests.map(({ params }) => params.idempotencyKey !== undefined);
  assert.deepEqual(keys, [true, false, true]);
});

test('a call is repeated until its time is over', async (t) => {
  const { client, peer } = await pair(t, (request, socket) => void socket.destroy());
  await assert.rejects(client.ping({}, { timeoutMs: 200 }), DaemonTimeoutError);
  assert(peer.requests.length > 1);
  const sent = peer.requests.length;
  const stop = new AbortController();
  const call = client.ping({}, { signal: stop.signal });
  while (peer.requests.length < sent + 2) await new Promise((resolve) => setTimeout(resolve, 1));
  stop.abort();
  await assert.rejects(call, { name: 'AbortError' });
});

test('calls of little time find a daemon that has come back, however long it was away', async (t) => {
  const { client, peer } = await pair(t, () => 'pong');
  client.onNotification(() => {});
  await client.ping();
  await peer.close();
  let attempts = 0;
  client.on('reconnecting', () => attempts++);
  while (attempts < 6) await client.ping({}, { timeoutMs: 1 }).catch(() => {});
  await peer.listen();
  let pong;
  while (pong === undefined) pong = await client.ping({}, { timeoutMs: 100 }).catch(() => undefined);
  assert.equal(pong, 'pong');
});

test('without a time-out it has patience for 30 seconds from when its answer was lost', (t) => {
  const patience = new Patience();
  let now = 1000;
  t.mock.method(performance, 'now', () => now);
  const call = { isTimed: false };
  const timed = { isTimed: true };
  assert(patience.allows(call) && patience.allows(timed));
  now += 29_999;
  assert(patience.allows(call));
  now += 1;
  assert(!patience.allows(call));
  assert(patience.allows(timed));
});

test('a call that waits by its nature goes on while daemons come and go, and one that ends each daemon does not', async (t) => {
  let now = 1000;
  t.mock.method(performance, 'now', () => now);
  let seen = 0;
  // Each daemon is there for a while, and is killed before the task ends.
  const { client, peer } = await pair(t, ({ method }, socket) => {
    if (method !== 'task.wait') return {};
    seen++;
    if (seen === 10) return { id: 'task-0001', state: 'completed' };
    now += 6000;
    return void socket.destroy();
  });
  assert.equal((await client.task.wait({ taskId: 'task-0001' })).state, 'completed');
  assert.equal(peer.requests.length, 10);
  const { client: other, peer: brief } = await pair(t, (request, socket) => {
    now += 900;
    socket.destroy();
  });
  await assert.rejects(other.task.wait({ taskId: 'task-0001' }), { kind: 'disconnected' });
  assert(brief.requests.length < 40, `${brief.requests.length}`);
});

test('pauses grow, to a second at most, and begin anew when a daemon has answered', async () => {
  const patience = new Patience();
  await patience.pause();
  const pauses = Array.from({ length: 10 }, () => patience.failed());
  assert(pauses[0] >= 10 && pauses[0] <= 20, pauses);
  assert(pauses[9] >= 500 && pauses[9] <= 1000, pauses);
  assert.equal(patience.answered(), true);
  assert.equal(patience.answered(), false);
  assert(patience.failed() <= 20);
});
