// The official client for TypeScript against `aiwg mcp`: sdk.mjs AIWG, in a project whose daemon runs. It holds each result to the tool's schema.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import assert from 'node:assert/strict';

const packages = createRequire(join(process.env.MCP_PACKAGES, 'package.json'));
const { Client } = packages('@modelcontextprotocol/sdk/client/index.js');
const { StdioClientTransport } = packages('@modelcontextprotocol/sdk/client/stdio.js');

const [aiwg] = process.argv.slice(2);
const client = new Client({ name: 'aiwg-tests', version: '1.0.0' });
await client.connect(new StdioClientTransport({ command: aiwg, args: ['mcp'], stderr: 'inherit' }));
assert.equal(client.getServerVersion().name, 'aiwg');

const { tools } = await client.listTools();
const names = tools.map(({ name }) => name);
for (const name of ['task_submit', 'task_wait', 'event_emit', 'task_why']) assert.ok(names.includes(name), name);
for (const name of ['task_cancel', 'approval_approve', 'automation_disable', 'daemon_stop', 'event_subscribe', 'ask'])
  assert.ok(!names.includes(name), name);
const hints = Object.fromEntries(tools.map(({ name, annotations }) => [name, annotations]));
assert.deepEqual(hints.task_submit, { readOnlyHint: false, destructiveHint: false, idempotentHint: false });
assert.deepEqual(hints.task_get, { readOnlyHint: true, destructiveHint: false, idempotentHint: true });

const call = async (name, args, options) => {
  const result = await client.callTool({ name, arguments: args }, undefined, options);
  assert.ok(!result.isError, JSON.stringify(result.content));
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  return result.structuredContent;
};

// Each tool that reads and needs no argument: the client itself holds what it gets to the tool's schema.
const reading = tools.filter(({ annotations, inputSchema }) => annotations.readOnlyHint && !inputSchema.required?.length)
  .filter(({ name }) => name !== 'automation_test');
assert.ok(reading.length > 10);
for (const { name } of reading) await call(name, {});

const { taskId } = await call('task_submit', { prompt: 'do: sleep 1; echo done' });
const progress = [];
const ended = await call('task_wait', { taskId }, { onprogress: (said) => progress.push(said), resetTimeoutOnProgress: true });
assert.equal(ended.state, 'completed');
assert.ok(progress.length > 0 && progress[0].message.startsWith(`${taskId} is `), JSON.stringify(progress));
assert.match((await call('task_output', { taskId })).data, /done/);
assert.equal((await call('task_why', { id: taskId })).subject?.id ?? taskId, taskId);

const { seq } = await call('event_emit', { topic: 'tests:ran', payload: { passed: true } });
const listed = await call('event_list', { topics: ['tests:ran'] });
assert.deepEqual(listed.items.map((event) => [event.seq, event.payload]), [[seq, { passed: true }]]);

// Long results are cut, and fit their schema still.
for (let n = 0; n < 20; n += 1) await call('event_emit', { topic: 'tests:long', payload: { text: 'x'.repeat(5000) } });
const long = await call('event_list', { topics: ['tests:long'] });
assert.ok(JSON.stringify(long).length < 40_000 && long.leftOut.length > 0 && long.items.length > 0);

const wrong = await client.callTool({ name: 'task_get', arguments: { taskId: 'task-9999' } });
assert.ok(wrong.isError && wrong.content[0].text.startsWith('task_not_found: '), JSON.stringify(wrong));
const unfit = await client.callTool({ name: 'task_get', arguments: { task: 1 } });
assert.ok(unfit.isError && unfit.content[0].text.startsWith('invalid_params: '), JSON.stringify(unfit));
await assert.rejects(client.callTool({ name: 'daemon_stop' }), /--tools all/);

// A wait that is cancelled ends, and the task goes on.
const slow = await call('task_submit', { prompt: 'do: while [ ! -e go ]; do sleep 0.1; done' });
const aborted = new AbortController();
const waiting = client.callTool({ name: 'task_wait', arguments: { taskId: slow.taskId } }, undefined, { signal: aborted.signal });
setTimeout(() => aborted.abort('enough'), 300);
await assert.rejects(waiting);
assert.notEqual((await call('task_get', { taskId: slow.taskId })).state, 'cancelled');
await client.close();
console.log('ok');
