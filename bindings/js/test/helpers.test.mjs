// What the client makes of several calls.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DaemonClient, DaemonTimeoutError } from 'aiwg';

import { startPeer } from '../test-support/peer.mjs';

async function pair(t, answer) {
  const peer = await startPeer(answer);
  const client = new DaemonClient({ socketPath: peer.socketPath, timeoutMs: 10_000 });
  t.after(async () => {
    await client.disconnect();
    await peer.stop();
  });
  return { peer, client };
}

async function all(iterator) {
  const found = [];
  for await (const one of iterator) found.push(one);
  return found;
}

test('tasks and events are given page by page', async (t) => {
  const ids = [5, 4, 3, 2, 1].map((n) => ({ id: `task-000${n}` }));
  const seqs = [1, 2, 3].map((seq) => ({ seq }));
  const { client, peer } = await pair(t, ({ method, params }) => {
    if (method === 'task.list') {
      const start = ids.findIndex(({ id }) => id === params.cursor) + 1;
      return ids.slice(start, start + params.limit);
    }
    return seqs.filter(({ seq }) => seq > params.since).slice(0, params.limit);
  });
  assert.deepEqual(await all(client.task.iterate({ limit: 2, state: 'failed' })), ids);
  assert.deepEqual(
    peer.requests.map(({ params }) => params.state),
    Array(4).fill('failed'),
  );
  assert.deepEqual(await all(client.event.iterate({ limit: 2 })), seqs);
  assert.deepEqual(await all(client.event.iterate({ limit: 2, since: 2 })), seqs.slice(2));
});

test('output is followed to its end, over attempts', async (t) => {
  const chunks = {
    0: { data: 'one ', offset: 0, nextOffset: 4, attempt: 1, ended: false },
    4: { data: 'lost', offset: 4, nextOffset: 8, attempt: 2, ended: false },
  };
  let isSecond = false;
  const { client, peer } = await pair(t, ({ params: { offset } }) => {
    if (offset === 4) {
      const chunk = isSecond ? { data: '', offset: 4, nextOffset: 4, attempt: 2, ended: true } : chunks[4];
      isSecond = true;
      return chunk;
    }
    return isSecond ? { ...chunks[0], data: 'new ', attempt: 2 } : chunks[0];
  });
  assert.deepEqual(await all(client.task.follow({ taskId: 'task-0001' })), ['one ', 'new ']);
  assert(peer.requests.every(({ params }) => params.waitMs > 1000));
});

test('the log is followed until the loop is left', async (t) => {
  const { client } = await pair(t, ({ params: { cursor } }) => ({
    lines: cursor === undefined ? ['a', 'b'] : [`after ${cursor}`],
    cursor: `${cursor ?? ''}x`,
  }));
  const lines = [];
  for await (const line of client.daemon.followLogs({ lines: 2 })) if (lines.push(line) === 4) break;
  assert.deepEqual(lines, ['a', 'b', 'after x', 'after xx']);
});

/** A daemon whose task runs until it is cancelled. */
function runner(answers) {
  return (request) => answers[request.method]?.(request);
}

test('run gives the task that has ended, and its output as it comes', async (t) => {
  const { client, peer } = await pair(
    t,
    runner({
      'task.submit': () => ({ taskId: 'task-0001' }),
      'task.output': () => ({ data: 'words', offset: 0, nextOffset: 5, attempt: 1, ended: true }),
      'task.wait': ({ params }) => ({ id: params.taskId, state: 'completed' }),
    }),
  );
  const told = [];
  const task = await client.task.run({ prompt: 'x' }, { onOutput: (text) => told.push(text) });
  assert.deepEqual([task.state, told], ['completed', ['words']]);
  await client.task.run({ prompt: 'x' });
  assert.equal(peer.requests.filter(({ method }) => method === 'task.output').length, 1);
});

test('a run that is given up is cancelled', async (t) => {
  const { client, peer } = await pair(
    t,
    runner({
      'task.submit': () => ({ taskId: 'task-0001' }),
      'task.output': () => ({ data: 'words', offset: 0, nextOffset: 5, attempt: 1, ended: false }),
      'task.cancel': () => ({ state: 'running' }),
      ping: () => ({}),
    }),
  );
  const stop = new AbortController();
  const running = client.task.run({ prompt: 'x' }, { signal: stop.signal });
  await peer.saw('task.wait');
  const reason = new Error('enough');
  stop.abort(reason);
  await assert.rejects(running, reason);
  const cancels = () => peer.requests.filter(({ method }) => method === 'task.cancel');
  assert.deepEqual((await peer.saw('task.cancel')).params, { taskId: 'task-0001' });
  await assert.rejects(client.task.run({ prompt: 'x' }, { timeoutMs: 20 }), DaemonTimeoutError);
  const mistake = new Error('of the listener');
  const onOutput = () => {
    throw mistake;
  };
  await assert.rejects(client.task.run({ prompt: 'x' }, { onOutput }), mistake);
  await client.ping();
  assert.equal(cancels().length, 3);
  const submits = peer.requests.filter(({ method }) => method === 'task.submit').length;
  await assert.rejects(client.task.run({ prompt: 'x' }, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  assert.equal(peer.requests.filter(({ method }) => method === 'task.submit').length, submits);
});

test('a run is given up in its time, and its task is cancelled once the submission is answered', async (t) => {
  for (const isClosed of [false, true]) {
    let answer;
    const { client, peer } = await pair(t, ({ id, method }, socket) => {
      if (method === 'ping') return {};
      if (method !== 'task.submit') return undefined;
      answer = () => socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: { taskId: 'task-0007' } })}\n`);
    });
    await client.ping();
    const began = performance.now();
    const reason = new Error('enough');
    const stop = new AbortController();
    const running = client.task.run({ prompt: 'x' }, isClosed ? { timeoutMs: 50 } : { signal: stop.signal });
    await peer.saw('task.submit');
    stop.abort(reason);
    await assert.rejects(running, isClosed ? /no answer to task.run within 50 ms/ : reason);
    assert(performance.now() - began < 2000);
    const closing = isClosed ? client.disconnect() : undefined;
    answer();
    assert.deepEqual((await peer.saw('task.cancel')).params, { taskId: 'task-0007' });
    await closing;
    assert(peer.requests.every(({ method }) => method !== 'rpc.cancel'));
  }
});

test('a run whose daemon hangs while it waits is given up in its time', async (t) => {
  const { client, peer } = await pair(t, runner({ 'task.submit': () => ({ taskId: 'task-0001' }) }));
  const began = performance.now();
  await assert.rejects(client.task.run({ prompt: 'x' }, { timeoutMs: 50 }), /no answer to task.run within 50 ms/);
  assert(performance.now() - began < 2000);
  assert.deepEqual((await peer.saw('task.cancel')).params, { taskId: 'task-0001' });
});

test('one event can be waited for', async (t) => {
  const { client, peer } = await pair(t, (request, socket) => {
    setImmediate(() => {
      for (const seq of [1, 2, 3]) {
        const event = { seq, topic: 'a', payload: { n: seq } };
        socket.write(`${JSON.stringify({ method: 'event', params: { event } })}\n`);
      }
    });
    return { subscription: 1, since: 0 };
  });
  const where = ({ payload }) => payload.n > 1;
  assert.equal((await client.waitFor('a', { where })).seq, 2);
  assert.deepEqual((await peer.saw('event.subscribe')).params, { topics: ['a'] });
  const late = await client.waitFor(['b'], { where: () => false, timeoutMs: 30 }).catch((error) => error);
  assert(late instanceof DaemonTimeoutError);
  assert.match(late.message, /waitFor\(\["b"\]\)/);
  const waiting = assert.rejects(client.waitFor('b', { where: () => false }), { kind: 'disconnected' });
  await client.disconnect();
  await waiting;
  const mistake = new Error('of where');
  const failing = () => {
    throw mistake;
  };
  await assert.rejects(client.waitFor('a', { where: failing }), mistake);
});

test('an event carries the trace of the program that emits it, where there is one', async (t) => {
  const { client, peer } = await pair(t, () => ({ seq: 1, rules: [] }));
  const REGISTERED = Symbol.for('opentelemetry.js.api.1');
  t.after(() => delete globalThis[REGISTERED]);
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const last = () => peer.requests.at(-1).params.traceparent;
  await client.emit('a:b', 1);
  assert.equal(last(), undefined);
  let active = traceparent;
  const inject = (context, carrier, { set }) => set(carrier, 'traceparent', context);
  globalThis[REGISTERED] = { context: { active: () => active }, propagation: { inject } };
  await client.emit('a:b', 1);
  assert.equal(last(), traceparent);
  const own = traceparent.replace('-01', '-00');
  await client.event.emit({ topic: 'a:b', traceparent: own });
  assert.equal(last(), own);
  for (active of ['', 'x', undefined, traceparent.replace('00f067aa0ba902b7', '0'.repeat(16))]) {
    await client.emit('a:b', 1);
    assert.equal(last(), undefined, 'one that the daemon would refuse fails no call');
  }
});

test('a task carries the trace of the program that submits it, where there is one', async (t) => {
  const { client, peer } = await pair(t, () => ({ taskId: 'task-0001' }));
  const REGISTERED = Symbol.for('opentelemetry.js.api.1');
  t.after(() => delete globalThis[REGISTERED]);
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const submitted = async (params) => {
    await client.task.submit(params);
    return peer.requests.at(-1).params.metadata;
  };
  assert.equal(await submitted({ prompt: 'x' }), undefined);
  const inject = (context, carrier, { set }) => {
    set(carrier, 'traceparent', context);
    set(carrier, 'baggage', 'secret=1');
  };
  globalThis[REGISTERED] = { context: { active: () => traceparent }, propagation: { inject } };
  assert.deepEqual(await submitted({ prompt: 'x', metadata: { a: 1 } }), { traceparent, a: 1 });
  assert.deepEqual(await submitted({ prompt: 'x', metadata: { traceparent: 'own' } }), { traceparent: 'own' });
  globalThis[REGISTERED].propagation.inject = () => {
    throw new Error('broken');
  };
  assert.equal(await submitted({ prompt: 'x' }), undefined);
});
