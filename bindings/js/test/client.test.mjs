import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { DaemonClient as FromIpcClient } from 'aiwg/daemon/ipc-client';
import { DaemonClient, DaemonConnectionError, DaemonError, DaemonTimeoutError } from 'aiwg';

import { startPeer } from '../test-support/peer.mjs';

/** Runs `body` with a peer that answers so, and a client of it. */
async function withPeer(answer, body) {
  const peer = await startPeer(answer);
  const client = new DaemonClient(peer.socketPath);
  try {
    await body(client, peer);
  } finally {
    await client.disconnect();
    await peer.stop();
  }
}

test('both entry points give the same client', () => {
  assert.equal(FromIpcClient, DaemonClient);
});

test('emit sends event.emit, by name, on one line', () =>
  withPeer(
    () => ({ seq: 1, rules: [] }),
    async (client, peer) => {
      await client.connect();
      const answer = await client.emit('deployment:complete', { version: '1.2.3' });
      assert.deepEqual(answer, { seq: 1, rules: [] });
      const { idempotencyKey } = peer.requests[0].params;
      assert.match(idempotencyKey, /^[0-9a-z-]{30,200}$/);
      assert.deepEqual(peer.requests, [
        {
          jsonrpc: '2.0',
          id: 1,
          method: 'event.emit',
          params: { topic: 'deployment:complete', payload: { version: '1.2.3' }, idempotencyKey },
        },
      ]);
    },
  ));

test('methods are called by namespace, and connect on their own', () =>
  withPeer(
    ({ method }) => ({ method }),
    async (client) => {
      assert.deepEqual(await client.ping(), { method: 'ping' });
      assert.deepEqual(await client.daemon.status(), { method: 'daemon.status' });
      assert.deepEqual(await client.rpc.discover(), { method: 'rpc.discover' });
      assert.deepEqual(await client.task.submit({ prompt: 'x' }), { method: 'task.submit' });
      assert.deepEqual(await client.request('some.thing', { new: 1 }), { method: 'some.thing' });
    },
  ));

test('absent members are not sent', () =>
  withPeer(
    () => ({}),
    async (client, peer) => {
      await client.emit('a', undefined, { retry: false });
      await client.ping();
      assert.deepEqual(peer.requests[0].params, { topic: 'a' });
      assert.equal('params' in peer.requests[1], false);
    },
  ));

test('calls made at once share one connection and keep their order', () =>
  withPeer(
    ({ params }) => params.n,
    async (client, peer) => {
      const numbers = Array.from({ length: 500 }, (_, n) => n);
      const answers = await Promise.all(numbers.map((n) => client.request('echo', { n })));
      assert.deepEqual(answers, numbers);
      assert.deepEqual(
        peer.requests.map((request) => request.params.n),
        numbers,
      );
      assert.equal(peer.connections.size, 1);
    },
  ));

test('answers find their calls in any order', () => {
  const held = [];
  return withPeer(
    (request, socket) => {
      held.push(request.id);
      if (held.length < 3) return undefined;
      for (const id of held.reverse()) {
        socket.write(JSON.stringify({ jsonrpc: '2.0', id, result: `answer ${id}` }) + '\n');
      }
    },
    async (client) => {
      const calls = [client.request('a'), client.request('b'), client.request('c')];
      assert.deepEqual(await Promise.all(calls), ['answer 1', 'answer 2', 'answer 3']);
    },
  );
});

test('an answer may come byte by byte, and cut through a character', () =>
  withPeer(
    ({ id }, socket) => {
      const line = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result: 'größer 🙂' }) + '\n');
      socket.setNoDelay(true);
      let at = 0;
      const next = () => {
        if (at < line.length) socket.write(line.subarray(at, ++at), () => setImmediate(next));
      };
      next();
    },
    async (client) => assert.equal(await client.request('x'), 'größer 🙂'),
  ));

test('large payloads pass both ways', () =>
  withPeer(
    ({ params }) => params.text,
    async (client) => {
      const text = 'ü'.repeat(3_000_000);
      const answers = await Promise.all([1, 2, 3].map(() => client.request('echo', { text })));
      assert.deepEqual(
        answers.map((answer) => answer === text),
        [true, true, true],
      );
    },
  ));

test('an error answer has code, kind, message and member', () =>
  withPeer(
    () => {
      throw { code: -32602, message: 'wrong', data: { kind: 'invalid_params', member: 'topic' } };
    },
    async (client) => {
      const error = await client.emit('x').catch((error) => error);
      assert(error instanceof DaemonError && error instanceof Error);
      const { code, kind, message, member, retryable } = error;
      assert.deepEqual(
        { code, kind, message, member, retryable },
        {
          code: -32602,
          kind: 'invalid_params',
          message: 'wrong',
          member: 'topic',
          retryable: false,
        },
      );
    },
  ));

test('an error has all that the daemon tells of it', () => {
  const data = { kind: 'invalid_payload', errors: [{ path: '/version', message: 'is no text' }], more: 1 };
  return withPeer(
    () => {
      throw { code: -32041, message: 'it does not fit', data };
    },
    async (client) => {
      const error = await client.emit('x', {}).catch((error) => error);
      assert(error instanceof DaemonError);
      assert.deepEqual([error.kind, error.data], ['invalid_payload', data]);
    },
  );
});

test('an error that has no data has the kind of its code', () => {
  const errors = {
    'no.data': { code: -32601, message: 'Method not found' },
    'null.data': { code: -32602, message: 'Invalid params', data: null },
    'text.data': { code: -32001, message: 'There is none', data: 'task-9999' },
    'foreign.code': { code: 7, message: 'Who knows' },
  };
  return withPeer(
    ({ method }) => {
      throw errors[method];
    },
    async (client) => {
      const kinds = [];
      for (const method of Object.keys(errors)) {
        const { kind, code, retryable, data } = await client.request(method).catch((error) => error);
        assert.deepEqual([code, data], [errors[method].code, {}]);
        kinds.push([kind, retryable]);
      }
      assert.deepEqual(kinds, [
        ['method_not_found', false],
        ['invalid_params', false],
        ['task_not_found', false],
        ['internal_error', true],
      ]);
    },
  );
});

test('an error without an id is that of the longest line', () =>
  withPeer(
    ({ params }, socket) => {
      if (params.text.length < 1000) return undefined;
      const error = { code: -32600, message: 'too long', data: { kind: 'invalid_request' } };
      socket.write(JSON.stringify({ jsonrpc: '2.0', id: null, error }) + '\n');
    },
    async (client, peer) => {
      const short = client.request('a', { text: 'x' });
      short.catch(() => {});
      await assert.rejects(client.request('b', { text: 'x'.repeat(2000) }), { code: -32600 });
      assert.equal(client.isConnected, true);
      const sent = await peer.saw('a');
      for (const socket of peer.connections) {
        socket.write(JSON.stringify({ jsonrpc: '2.0', id: sent.id, result: 'ok' }) + '\n');
      }
      assert.equal(await short, 'ok');
    },
  ));

test('a connection that is one too many fails all its calls with that', () =>
  withPeer(
    ({ method }, socket) => {
      if (method !== 'c') return;
      const error = { code: -32022, message: 'too many', data: { kind: 'too_many_connections' } };
      socket.end(JSON.stringify({ jsonrpc: '2.0', id: null, error }) + '\n');
    },
    async (client) => {
      const calls = ['a', 'b', 'c'].map((method) => client.request(method));
      const kinds = (await Promise.allSettled(calls)).map(({ reason }) => reason.kind);
      assert.deepEqual(kinds, Array(3).fill('too_many_connections'));
    },
  ));

/** Calls from a line that is known. */
async function lineOfTheCaller(client) {
  return await client.task.get({ taskId: 'task-9999' });
}

test('the stack of an error leads to the line that made the call', () =>
  withPeer(
    () => {
      throw { code: -32001, message: 'there is none', data: { kind: 'task_not_found' } };
    },
    async (client, peer) => {
      await client.connect();
      const refused = await lineOfTheCaller(client).catch((error) => error);
      assert.equal(refused.kind, 'task_not_found');
      assert.match(refused.stack, /lineOfTheCaller/);
      const path = join(peer.directory, 'gone');
      const alone = await lineOfTheCaller(new DaemonClient(path)).catch((error) => error);
      assert.equal(alone.kind, 'no_daemon');
      assert.equal(alone.path, path);
      assert.match(alone.stack, /lineOfTheCaller/);
    },
  ));

test('the client can be disposed of where the runtime has that', { skip: !Symbol.asyncDispose }, () =>
  withPeer(
    () => 'pong',
    async (client) => {
      await client.ping();
      await client[Symbol.asyncDispose]();
      assert.equal(client.isConnected, false);
    },
  ));

test('what cannot be sent rejects the call and nothing else', () =>
  withPeer(
    () => 'ok',
    async (client) => {
      await assert.rejects(client.emit('x', 1n), TypeError);
      assert.equal(await client.request('x'), 'ok');
    },
  ));

test('an abort sends rpc.cancel and rejects with the reason', () =>
  withPeer(
    () => undefined,
    async (client, peer) => {
      const controller = new AbortController();
      const call = client.task.wait({ taskId: 'task-0001' }, { signal: controller.signal });
      await peer.saw('task.wait');
      const reason = new Error('enough');
      controller.abort(reason);
      await assert.rejects(call, reason);
      const cancel = await peer.saw('rpc.cancel');
      assert.deepEqual(cancel, { jsonrpc: '2.0', method: 'rpc.cancel', params: { id: 1 } });
    },
  ));

test('a signal that is aborted already sends nothing', () =>
  withPeer(
    () => 'ok',
    async (client, peer) => {
      const signal = AbortSignal.abort();
      await assert.rejects(client.ping({}, { signal }), { name: 'AbortError' });
      assert.deepEqual(peer.requests, []);
    },
  ));

test('a time-out sends rpc.cancel and rejects; a late answer is dropped', () =>
  withPeer(
    ({ id, method }, socket) => {
      if (method !== 'rpc.cancel') return method === 'ping' ? 'pong' : undefined;
      socket.write(JSON.stringify({ jsonrpc: '2.0', id: 1, result: 'late' }) + '\n');
    },
    async (client, peer) => {
      const error = await client.request('slow', {}, { timeoutMs: 20 }).catch((error) => error);
      assert(error instanceof DaemonTimeoutError && error instanceof DaemonConnectionError);
      assert.equal(error.kind, 'timeout');
      assert.match(error.message, /slow within 20 ms/);
      await peer.saw('rpc.cancel');
      assert.equal(await client.ping(), 'pong');
    },
  ));

test('calls in flight fail when the daemon goes away, and the next call connects again', async () => {
  const peer = await startPeer(({ method }) => (method === 'ping' ? 'pong' : undefined));
  const client = new DaemonClient({ socketPath: peer.socketPath });
  const calls = [client.request('a'), client.request('b')];
  await peer.saw('b');
  for (const socket of peer.connections) socket.destroy();
  for (const call of calls) await assert.rejects(call, { kind: 'disconnected' });
  assert.equal(await client.ping(), 'pong');
  await client.disconnect();
  await peer.stop();
});

test('calls in flight fail when the client disconnects', () =>
  withPeer(
    () => undefined,
    async (client, peer) => {
      const call = assert.rejects(client.request('a'), { kind: 'disconnected' });
      await peer.saw('a');
      await client.disconnect();
      await call;
      await client.disconnect();
    },
  ));

test('disconnecting does not wait for a daemon that does not read', () =>
  withPeer(
    (request, socket) => void socket.pause(),
    async (client) => {
      const call = assert.rejects(client.request('a', { text: 'x'.repeat(50_000_000) }), {
        kind: 'disconnected',
      });
      await client.connect();
      await client.disconnect();
      await call;
    },
  ));

for (const line of ['HTTP/1.1 400 Bad Request', '7', 'null']) {
  test(`a peer that says ${line} is no daemon: the connection ends, not the process`, () =>
    withPeer(
      (request, socket) => void socket.write(line + '\n'),
      async (client) => {
        await assert.rejects(client.ping(), { kind: 'disconnected', message: /not JSON-RPC/ });
      },
    ));
}

test('notifications go to the listeners until they are taken away', () =>
  withPeer(
    (request, socket) => {
      socket.write('{"jsonrpc":"2.0","method":"event","params":{"seq":1}}\n');
      return 'ok';
    },
    async (client) => {
      const seen = [];
      const stop = client.onNotification((notification) => seen.push(notification));
      await client.ping();
      stop();
      await client.ping();
      assert.deepEqual(seen, [{ method: 'event', params: { seq: 1 } }]);
    },
  ));

test('a daemon that reads slowly gets everything in the end', () =>
  withPeer(
    ({ params }, socket) => {
      socket.pause();
      setTimeout(() => socket.resume(), 1);
      return params.n;
    },
    async (client) => {
      const padding = 'x'.repeat(20_000);
      const numbers = Array.from({ length: 200 }, (_, n) => n);
      const calls = numbers.map((n) => client.request('echo', { n, padding }));
      assert.deepEqual(await Promise.all(calls), numbers);
    },
  ));
