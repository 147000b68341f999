import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { DaemonClient } from 'aiwg';

import { startPeer } from '../test-support/peer.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Runs `body` with a peer that takes subscriptions, and a client of it. */
async function withPeer(body) {
  const peer = await startPeer(({ params }) => ({ subscription: 1, since: params.since ?? 0 }));
  const client = new DaemonClient(peer.socketPath);
  try {
    await body(client, peer);
  } finally {
    await client.disconnect();
    await peer.stop();
  }
}

/** Pushes events to every subscriber. */
function push(peer, ...seqs) {
  const line = (seq) => `${JSON.stringify({ method: 'event', params: { subscription: 1, event: { seq } } })}\n`;
  for (const socket of peer.connections) socket.write(seqs.map(line).join(''));
}

test('it subscribes at once, and nothing that comes before the first next() is lost', () =>
  withPeer(async (client, peer) => {
    const events = client.subscribe('a:*', { since: 3 });
    const { params } = await peer.saw('event.subscribe');
    assert.deepEqual(params, { topics: ['a:*'], since: 3 });
    await events.ready;
    push(peer, 4, 5);
    const seqs = [];
    for await (const { seq } of events) if (seqs.push(seq) === 2) break;
    assert.deepEqual(seqs, [4, 5]);
    assert.deepEqual(await events.next(), { done: true, value: undefined });
  }));

test('next() may be called ahead, and gives the events in their order', () =>
  withPeer(async (client, peer) => {
    const events = client.subscribe();
    const ahead = [events.next(), events.next(), events.next()];
    await events.ready;
    push(peer, 1);
    push(peer, 2, 3);
    assert.deepEqual(
      (await Promise.all(ahead)).map(({ value }) => value.seq),
      [1, 2, 3],
    );
  }));

test('disconnecting ends subscriptions, those that wait and those that do not', () =>
  withPeer(async (client, peer) => {
    const [waiting, idle] = [client.subscribe(), client.subscribe()];
    await Promise.all([waiting.ready, idle.ready]);
    const next = waiting.next();
    const closed = [...peer.connections].map((socket) => once(socket, 'close'));
    await client.disconnect();
    assert.deepEqual(await next, { done: true, value: undefined });
    assert.deepEqual(await idle.next(), { done: true, value: undefined });
    await Promise.all(closed);
  }));

test('without a daemon both ready and next() say so, once, and nothing is left unhandled', async () => {
  const client = new DaemonClient(join(here, 'no.sock'));
  await assert.rejects(client.subscribe().ready, { kind: 'no_daemon' });
  const events = client.subscribe(undefined, { reconnect: true });
  await assert.rejects(events.next(), { kind: 'no_daemon' });
  assert.equal((await events.next()).done, true);
});

test('an aborted signal ends it with the reason, before it is open and after', () =>
  withPeer(async (client) => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    const never = client.subscribe(undefined, { signal });
    await assert.rejects(never.ready, reason);
    await assert.rejects(never.next(), reason);
    const controller = new AbortController();
    const events = client.subscribe(undefined, { signal: controller.signal, reconnect: true });
    await events.ready;
    const next = events.next();
    controller.abort(reason);
    await assert.rejects(next, reason);
  }));

test('a lost connection ends it with an error, or is made anew from where it stopped', () =>
  withPeer(async (client, peer) => {
    const [plain, steady] = [client.subscribe(), client.subscribe('b:*', { reconnect: true })];
    await Promise.all([plain.ready, steady.ready]);
    push(peer, 7);
    assert.equal((await steady.next()).value.seq, 7);
    assert.equal((await plain.next()).value.seq, 7);
    for (const socket of peer.connections) socket.destroy();
    await assert.rejects(plain.next(), { kind: 'disconnected' });
    peer.requests.length = 0;
    const next = steady.next();
    assert.deepEqual((await peer.saw('event.subscribe')).params, { topics: ['b:*'], since: 7 });
    push(peer, 8);
    assert.equal((await next).value.seq, 8);
  }));

for (const [kind, comesBack] of [['shutting_down', true], ['too_many_subscriptions', false]]) {
  test(`one that is put off with ${kind} when it comes back ${comesBack ? 'comes again' : 'ends'}`, async (t) => {
    let asked = 0;
    const peer = await startPeer(({ params }) => {
      if (++asked === 2) throw { code: -32000, message: 'not now', data: { kind } };
      return { subscription: 1, since: params.since ?? 0 };
    });
    t.after(() => peer.stop());
    const events = new DaemonClient(peer.socketPath).subscribe('a:*', { reconnect: true });
    await events.ready;
    for (const socket of peer.connections) socket.destroy();
    const next = events.next();
    if (!comesBack) return assert.rejects(next, { name: 'DaemonError', kind });
    while (peer.requests.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    push(peer, 8);
    assert.equal((await next).value.seq, 8);
    await events.return();
  });
}

test('one that is told of missed events goes on after them', () =>
  withPeer(async (client, peer) => {
    const told = [];
    const events = client.subscribe(undefined, { since: 500, onMissed: (missed) => told.push(missed) });
    await events.ready;
    const params = { subscription: 1, missed: 4, since: 0 };
    for (const socket of peer.connections) socket.write(`${JSON.stringify({ method: 'event.missed', params })}\n`);
    push(peer, 5);
    assert.equal((await events.next()).value.seq, 5);
    assert.deepEqual(told, [{ missed: 4, since: 0 }]);
  }));

test('a script that forgets its subscriptions still ends, but not while it waits for an event', () =>
  withPeer(async (client, peer) => {
    const script = `
      import { DaemonClient } from 'aiwg';
      const client = new DaemonClient(${JSON.stringify(peer.socketPath)});
      await client.subscribe('forgotten:*').ready;
      const events = client.subscribe('waits:*');
      console.log((await events.next()).value.seq);`;
    const node = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: here,
      timeout: 10_000,
    });
    while (peer.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    push(peer, 9);
    assert.equal((await node).stdout, '9\n');
  }));

test('it can be disposed of where the runtime has that', { skip: !Symbol.asyncDispose }, () =>
  withPeer(async (client) => {
    const events = client.subscribe();
    await events.ready;
    await events[Symbol.asyncDispose]();
    assert.equal((await events.next()).done, true);
  }));
