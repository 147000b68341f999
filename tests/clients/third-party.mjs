// A JSON-RPC client that nobody here wrote, driving the daemon with nothing but the document.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

import { JSONRPCClient } from 'json-rpc-2.0';

const socket = connect(process.argv[2]);
const client = new JSONRPCClient((request) => socket.write(`${JSON.stringify(request)}\n`));
createInterface({ input: socket }).on('line', (line) => client.receive(JSON.parse(line)));

const document = await client.request('rpc.discover');
const methods = new Map(document.methods.map((method) => [method.name, method]));

/** Calls a method by what the document says of it. */
async function call(name, given = {}) {
  const method = methods.get(name);
  assert.ok(method, `the document has no ${name}`);
  for (const { name: member, required } of method.params) {
    assert.ok(!required || member in given, `${name} needs ${member}`);
  }
  const names = method.params.map((param) => param.name);
  assert.ok(Object.keys(given).every((member) => names.includes(member)));
  return await client.request(name, given);
}

assert.equal((await call('ping')).pong, true);
const { seq } = await call('event.emit', { topic: 'third:party', payload: [1, 'ä', null] });
const [event] = await call('event.list', { since: seq - 1, limit: 1 });
assert.deepEqual(event.payload, [1, 'ä', null]);
const { taskId } = await call('task.submit', { prompt: 'from elsewhere' });
const task = await call('task.wait', { taskId });
assert.equal(task.state, 'completed');
assert.match((await call('task.output', { taskId })).data, /from elsewhere/);
const error = await call('task.get', { taskId: 'task-9999' }).catch((error) => error);
assert.equal(error.code, document.components.errors.task_not_found.code);
const batch = await client.requestAdvanced([
  { jsonrpc: '2.0', id: 'a', method: 'ping' },
  { jsonrpc: '2.0', id: 'b', method: 'task.stats' },
]);
assert.deepEqual(batch.map((answer) => answer.id).sort(), ['a', 'b']);
socket.end();
console.log('driven by json-rpc-2.0');
