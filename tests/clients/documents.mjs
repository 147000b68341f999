// The documents: the OpenRPC document against the official meta-schema, and every example in it against its own schemas.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import jsonSchemaMeta from '@json-schema-tools/meta-schema';
import openrpcMeta from '@open-rpc/meta-schema';
import Ajv from 'ajv';
import formats from 'ajv-formats';
import { DaemonClient } from 'aiwg';

const document = JSON.parse(readFileSync(process.argv[2]));

const client = new DaemonClient();
assert.deepEqual(await client.rpc.discover(), document, 'rpc.discover answers another document');
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
for (const [name, schema] of Object.entries(document.components.schemas)) {
  assert.ok(schema.description, `${name} has no description`);
  for (const [member, { description }] of Object.entries(schema.properties ?? {})) {
    assert.ok(description, `${name}.${member} has no description`);
  }
}
console.log(`${document.methods.length} methods are as documented`);
