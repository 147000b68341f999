// What programs do with a client: take its methods off, wrap it, replace parts of it, load it by `require`.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspect, promisify } from 'node:util';

import * as imported from 'aiwg';

import { startPeer } from '../test-support/peer.mjs';

const { DaemonClient } = imported;

async function pair(t, answer) {
  const peer = await startPeer(answer);
  const client = new DaemonClient(peer.socketPath);
  t.after(async () => {
    await client.disconnect();
    await peer.stop();
  });
  return { peer, client };
}

test('import and require give the same', () => {
  const require = createRequire(import.meta.url);
  for (const name of ['aiwg', 'aiwg/daemon/ipc-client']) {
    const required = require(name);
    const names = Object.keys(imported).filter((key) => key !== 'default' && key !== 'module.exports');
    assert.deepEqual(names.sort(), Object.keys(required).sort());
    for (const key of names) assert.equal(required[key], imported[key], key);
  }
});

test('methods are bound', async (t) => {
  const { client } = await pair(t, ({ method }) => method);
  const { emit, ping, request, waitFor, close } = client;
  const { submit, iterate } = client.task;
  assert.equal(await emit('a'), 'event.emit');
  assert.equal(await ping(), 'ping');
  assert.equal(await request('x'), 'x');
  assert.equal(await submit({ prompt: 'x' }), 'task.submit');
  assert.equal(typeof iterate().next, 'function');
  assert.equal(typeof waitFor, 'function');
  await close();
});

test('a Proxy of a client is a client, and so is what inherits from one', async (t) => {
  const { client } = await pair(t, ({ method }) => method);
  const called = [];
  const proxy = new Proxy(client, {
    get(target, name, receiver) {
      called.push(name);
      return Reflect.get(target, name, receiver);
    },
  });
  for (const wrapped of [proxy, new Proxy(client, {}), Object.create(client)]) {
    assert.equal(await wrapped.emit('a'), 'event.emit');
    assert.equal(await wrapped.task.list(), 'task.list');
    assert.equal(wrapped.isConnected, true);
    assert.equal(wrapped.socketPath, client.socketPath);
    wrapped.on('connect', () => {})();
    wrapped.onNotification(() => {})();
  }
  assert(called.includes('emit') && called.includes('task'));
});

test('what is put in place of a method takes effect', async (t) => {
  const { client, peer } = await pair(t, ({ method }) => method);
  client.request = async (method) => `fake ${method}`;
  assert.equal(await client.emit('a'), 'fake event.emit');
  assert.equal(await client.task.list(), 'fake task.list');
  client.task.list = async () => 'fake list';
  assert.equal(await client.task.list(), 'fake list');

  class Mine extends DaemonClient {
    async emit(topic) {
      return `mine ${await super.emit(topic)}`;
    }

    get ping() {
      return () => 'my ping';
    }
  }
  const mine = new Mine(peer.socketPath);
  const { emit } = mine;
  assert.equal(await emit('a'), 'mine event.emit');
  assert.equal(mine.ping(), 'my ping');
  t.mock.method(DaemonClient.prototype, 'request', async () => 'mocked');
  assert.equal(await mine.task.list(), 'mocked');
  t.mock.restoreAll();
  assert.equal(await mine.task.list(), 'task.list');
  await mine.disconnect();
});

test('a client that is printed shows no inner parts', () => {
  assert.doesNotMatch(inspect(new DaemonClient(), { depth: 5 }), /Core|Symbol|Function/);
});

test('the client loads nothing that is not needed', async () => {
  const script = `
    require('aiwg');
    const loaded = Object.keys(require.cache).filter((path) => path.includes('spool'));
    console.log(JSON.stringify(loaded));`;
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { cwd });
  assert.deepEqual(JSON.parse(stdout), []);
});
