// Subscriptions of the packaged JavaScript client, over a restart of the daemon. Takes the path of aiwg.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { DaemonClient, DaemonConnectionError } from 'aiwg';

/** Starts the daemon again. Node sees that the old connection is gone only when it gets to look. */
async function restart() {
  execFileSync(process.argv[2], ['daemon', 'start']);
  while (client.isConnected) await new Promise((resolve) => setTimeout(resolve, 5));
}
const client = new DaemonClient();
const emit = async (topic) => (await client.emit(topic)).seq;

const missed = [await emit('a:1'), await emit('b:1'), await emit('a:2')];
const events = client.subscribe('a:*', { since: 0, reconnect: true });
const next = async (iterator = events) => (await iterator.next()).value.seq;
assert.deepEqual([await next(), await next()], [missed[0], missed[2]]);
const live = await emit('a:3');
assert.equal(await next(), live);

const plain = client.subscribe(['a:*']);
const all = client.subscribe([]);
await Promise.all([plain.ready, all.ready]);
const both = await emit('a:4');
const other = await emit('b:2');
assert.deepEqual([await next(), await next(plain)], [both, both]);
assert.deepEqual([await next(all), await next(all)], [both, other]);
assert.equal((await client.event.list({ topics: [], limit: 1 }))[0].seq, other);

const told = [];
const ofAnotherLog = client.subscribe('a:*', { since: other + 500, onMissed: (missed) => told.push(missed) });
await ofAnotherLog.ready;
const afresh = await emit('a:4');
assert.equal(await next(ofAnotherLog), afresh);
assert.deepEqual(told, [{ missed: other, since: 0 }]);
assert.deepEqual([await next(), await next(plain)], [afresh, afresh]);

process.kill(Number(readFileSync('.aiwg/daemon.pid')), 'SIGKILL');
await assert.rejects(plain.next(), (error) => error instanceof DaemonConnectionError && error.kind === 'disconnected');
await restart();
const after = [await emit('a:5'), await emit('a:6')];
assert.deepEqual([await next(), await next()], after);
await events.return();

const controller = new AbortController();
const aborted = client.subscribe(undefined, { signal: controller.signal }).next();
setTimeout(() => controller.abort(new Error('enough')), 20);
await assert.rejects(aborted, /enough/);

const { taskId } = await client.task.submit({ prompt: 'do: sleep 1000' });
await assert.rejects(client.task.wait({ taskId }, { signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' });
await assert.rejects(client.task.wait({ taskId }, { timeoutMs: 20 }), { kind: 'timeout' });
const pending = client.task.wait({ taskId }, { retry: false });
const patient = client.task.wait({ taskId });
await client.ping();
process.kill(Number(readFileSync('.aiwg/daemon.pid')), 'SIGKILL');
await assert.rejects(pending, { kind: 'disconnected' });
await restart();
assert.equal((await client.task.get({ taskId })).state, 'running');
await client.task.cancel({ taskId });
assert.equal((await patient).state, 'cancelled');
await client.disconnect();
console.log('no gap and no repeat');
