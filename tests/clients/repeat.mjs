// 10,000 emits that nobody awaits, while the daemon is killed ten times: each takes effect once, in their order, and none fails.
// Takes the path of aiwg.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import { DaemonClient } from 'aiwg';

const EMITS = 10_000;
const KILLS = 10;

const run = promisify(execFile);
const client = new DaemonClient();
let answered = 0;
let reconnects = 0;
client.on('reconnect', () => reconnects++);
const emits = [];
const emit = () => emits.push(client.emit('count:up', { n: emits.length }).finally(() => answered++));
while (emits.length < EMITS - KILLS) emit();

async function until(isSo) {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

for (let kill = 0; kill < KILLS; kill++) {
  await until(() => answered >= kill * (EMITS / KILLS) + 50);
  process.kill(Number(readFileSync('.aiwg/daemon.pid')), 'SIGKILL');
  await run(process.argv[2], ['daemon', 'start']);
  // The daemon may have answered all the others before: this one takes a new connection in any case.
  emit();
  await until(() => reconnects > kill);
}
const seqs = (await Promise.all(emits)).map(({ seq }) => seq);
await client.close();
assert(reconnects >= KILLS, `${reconnects} reconnects`);

const reader = new DaemonClient();
const found = [];
for await (const { seq, payload } of reader.event.iterate({ topics: ['count:up'], limit: 1000 })) found.push([payload.n, seq]);
assert.deepEqual(found, seqs.map((seq, n) => [n, seq]));
await reader.close();
console.log(`${found.length} emits over ${KILLS} kills: each once, in order`);
