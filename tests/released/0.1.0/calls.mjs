// The call vectors through the packaged JavaScript client.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { DaemonClient, DaemonError } from 'aiwg/daemon/ipc-client';

const vectors = process.argv.slice(2).flatMap((file) => JSON.parse(readFileSync(file)));
const client = new DaemonClient();
await client.connect();
for (const { name, method, params, result, error, accepted } of vectors) {
  const outcome = await client.request(method, params).then(
    (result) => ({ result }),
    (error) => ({ error }),
  );
  if (accepted) {
    assert.notEqual(outcome.error?.kind, 'invalid_params', `${name}: ${outcome.error}`);
  } else if (error) {
    assert.ok(outcome.error instanceof DaemonError, `${name}: ${JSON.stringify(outcome)}`);
    const { code, kind, member } = outcome.error;
    assert.deepEqual({ code, kind, member }, { member: undefined, ...error }, name);
  } else {
    assert.ok('result' in outcome, `${name}: ${outcome.error}`);
    assert.deepEqual(pick(outcome.result, result), result, name);
  }
}
await client.disconnect();
console.log(`${vectors.length} calls are as they should be`);

/** What the vector tells of the result: members that it does not name may be anything. */
function pick(value, wanted) {
  if (Array.isArray(wanted)) return Array.isArray(value) ? value.map((item, index) => pick(item, wanted[index])) : value;
  if (wanted === null || typeof wanted !== 'object' || value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(wanted).map((key) => [key, pick(value[key], wanted[key])]));
}
