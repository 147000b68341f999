// The documents: the OpenRPC document against the official meta-schema, and every example in it against its own schemas.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import jsonSchemaMeta from '@json-schema-tools/meta-schema';
import openrpcMeta from '@open-rpc/meta-schema';
import Ajv from 'ajv';
import formats from 'ajv-formats';
import { DaemonClient } from 'aiwg';

const document = JSON.parse(readFileSync(process.argv[2]));

const client = new DaemonClient();
assert.deepEqual(await client.rpc.discover(), document, 'rpc.discover answers another document');
// Something of each kind, so that there are events of the daemon's own.
for (const prompt of ['x', 'do: exit 3', 'do: sleep 100', 'do: sleep 100']) await client.task.submit({ prompt, timeoutMinutes: 0.01 });
await client.task.cancel({ taskId: 'task-0004' });
for (let number = 1; number <= 4; number++) await client.task.wait({ taskId: `task-000${number}` });
await client.daemon.reload();
// Schedules, the health check, and files.
await client.schedule.run({ job: 'health-check' });
writeFileSync('src/a.ts', '');
for await (const { topic } of client.subscribe('file:*', { since: 0 })) if (topic === 'file:created') break;
const events = await client.event.list({ since: 0, limit: 1000 });
await client.disconnect();

/** A meta-schema that Ajv takes: without the dialect it names, and with an id that does not end in a slash. */
function plain(module) {
  const text = JSON.stringify(module.default ?? module);
  const { $schema, ...schema } = JSON.parse(text.replaceAll(/https:\/\/meta\.json-schema\.tools\/?/g, 'https://meta.test/schema'));
  return schema;
}

const ajv = new Ajv({ strict: false, allErrors: true });
formats(ajv);
ajv.addSchema(plain(jsonSchemaMeta));
const isOpenRpc = ajv.compile(plain(openrpcMeta));
assert.ok(isOpenRpc(document), JSON.stringify(isOpenRpc.errors, null, 2));

ajv.addFormat('uint32', true).addFormat('uint64', true).addFormat('double', true).addFormat('int32', true);
ajv.addSchema({ $id: 'https://aiwg.test/document', components: document.components });
const check = (schema, value, what) => {
  const text = JSON.stringify(schema).replaceAll('"#/', '"https://aiwg.test/document#/');
  const validate = ajv.compile(JSON.parse(text));
  assert.ok(validate(value), `${what}: ${JSON.stringify(validate.errors)}`);
};
for (const method of document.methods) {
  assert.ok(method.summary && method.examples.length > 0, `${method.name} has no documentation or no example`);
  for (const example of method.examples) {
    const params = Object.fromEntries(example.params.map(({ name, value }) => [name, value]));
    check(method['x-params'], params, `${method.name}, ${example.name}, params`);
    check(method.result.schema, example.result.value, `${method.name}, ${example.name}, result`);
  }
  for (const { $ref } of method.errors) {
    assert.ok(document.components.errors[$ref.split('/').pop()], `${method.name}: ${$ref}`);
  }
}
// The files that others read.
for (const [file, name] of [['heartbeat', 'heartbeat'], ['state.json', 'state']]) {
  const schema = JSON.parse(readFileSync(`${dirname(process.argv[2])}/${name}.schema.json`));
  const validate = ajv.compile(schema);
  assert.ok(validate(JSON.parse(readFileSync(`.aiwg/daemon/${file}`))), `${file}: ${JSON.stringify(validate.errors)}`);
}
/** Whether a topic is of this name, in which a star stands for a name of the user's own. */
const isOf = (topic, name) => (name.endsWith('*') ? topic.startsWith(name.slice(0, -1)) : topic === name);
for (const { topic, payload } of events) {
  const row = document['x-topics'].find(({ name }) => isOf(topic, name));
  assert.ok(row, `${topic} is not in the document`);
  check(row.payload, payload, topic);
}
const published = new Set(events.map(({ topic }) => topic));
for (const topic of ['task:queued', 'task:started', 'task:completed', 'task:failed', 'task:cancelled', 'task:timeout', 'daemon:reloaded',
  'schedule:health-check', 'health:ok', 'file:created']) {
  assert.ok(published.has(topic), `${topic} was not published`);
}
for (const [name, schema] of Object.entries(document.components.schemas)) {
  assert.ok(schema.description, `${name} has no description`);
  for (const [member, { description }] of Object.entries(schema.properties ?? {})) {
    assert.ok(description, `${name}.${member} has no description`);
  }
}
console.log(`${document.methods.length} methods are as documented`);
