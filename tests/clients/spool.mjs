// Events that the packaged JavaScript client emits while no daemon runs, and while one is killed: the next daemon has each once, in
// order, with its time. Takes the path of aiwg.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { promisify } from 'node:util';

import { DaemonClient } from 'aiwg';

const run = promisify(execFile);
const client = new DaemonClient();
const spooled = () => (existsSync('.aiwg/spool') ? readdirSync('.aiwg/spool').filter((name) => name.endsWith('.json')) : []);

let count = 0;
const emit = () => client.emit('count:up', { n: count++ }, { offline: true });

const began = Date.now();
const first = await emit();
assert(existsSync(first.path));
const many = await Promise.all(Array.from({ length: 300 }, emit));
assert.equal(spooled().length, 301);
assert.deepEqual(many.map(({ path }) => path).sort(), many.map(({ path }) => path));
const over = Date.now();

await run(process.argv[2], ['daemon', 'start']);
const live = await emit();
assert(live.seq > 301, `${live.seq}`);
assert.deepEqual(spooled(), []);

// Killed while emits are under way: what had no answer waits on disk under the key with which it was sent.
const emits = Array.from({ length: 500 }, emit);
await emits[100];
process.kill(Number(readFileSync('.aiwg/daemon.pid')), 'SIGKILL');
// The daemon may have answered all of the others.
emits.push(...Array.from({ length: 50 }, emit));
const paths = (await Promise.all(emits)).filter((emitted) => 'path' in emitted);
assert(paths.length > 0);
await run(process.argv[2], ['daemon', 'start']);
await emit();
await client.close();

const reader = new DaemonClient();
const found = [];
for await (const event of reader.event.iterate({ topics: ['count:up'] })) found.push(event);
assert.deepEqual(
  found.map(({ payload }) => payload.n),
  Array.from({ length: count }, (_, n) => n),
);
for (const { at } of found.slice(0, 301)) assert(Date.parse(at) >= began && Date.parse(at) <= over, at);
await reader.close();
console.log(`${found.length} events, ${paths.length} of them over a kill: each once, in order`);
