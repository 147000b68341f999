// Events that find no daemon, and wait for one on disk.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, readdir, realpath, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { DaemonClient, DaemonConnectionError, SpoolError } from 'aiwg';

import { startPeer } from '../test-support/peer.mjs';

const vectors = JSON.parse(readFileSync(new URL('../../../tests/vectors/spool.json', import.meta.url)));
const require = createRequire(import.meta.url);
const { Connection } = require('../src/connection.js');
const { content, spoolName } = require('../src/spool.js');
const NAME = new RegExp(vectors.namePattern);

/** A project without a daemon, and a client of it. */
async function projectFor(t, options = {}) {
  const cwd = await realpath(await mkdtemp(join(tmpdir(), 'aiwg-')));
  await mkdir(join(cwd, '.aiwg'));
  const client = new DaemonClient({ cwd, ...options });
  t.after(async () => {
    await client.disconnect();
    await rm(cwd, { recursive: true, force: true });
  });
  const spool = join(cwd, vectors.directory);
  const files = async () => (await readdir(spool)).filter((name) => name.endsWith(vectors.suffix)).sort();
  const events = async () => Promise.all((await files()).map(async (name) => JSON.parse(await readFile(join(spool, name)))));
  return { cwd, client, spool, files, events };
}

test('names and contents are as the vectors have them', () => {
  for (const { micros, pid, counter, random, name } of vectors.names) {
    assert.equal(spoolName(micros, pid, counter, random), name);
  }
  for (const { name, file, ...event } of vectors.written) assert.deepEqual(JSON.parse(content(event)), file, name);
});

test('names go on after those of a clock that was ahead', async (t) => {
  const { client, spool, files } = await projectFor(t);
  await client.emit('a', 1, { offline: true });
  // The second one is beyond what a number holds exactly.
  const ahead = ['4000000000000000-1-000001-00000001.json', '9007199254740993-1-000001-00000001.json'];
  for (const name of ahead) await writeFile(join(spool, name), '');
  const paths = [await client.emit('a', 2, { offline: true }), await client.emit('a', 3, { offline: true })].map(({ path }) => path);
  const expected = [...ahead.map((name) => join(spool, name)), ...paths];
  assert.deepEqual((await files()).slice(1).map((name) => join(spool, name)), expected);
  assert.match(paths[1], /9007199254740995-[^/]*$/);
});

test('an event that finds no daemon is a file, durable and private', async (t) => {
  const { client, spool, files, events } = await projectFor(t);
  const before = Date.now();
  const emitted = await client.emit('deployment:complete', { version: '1.2.3' }, { offline: true });
  const [name] = await files();
  assert.deepEqual(emitted, { seq: 0, rules: [], path: join(spool, name) });
  assert(NAME.test(name.slice(0, -vectors.suffix.length)) && name.endsWith(vectors.suffix), name);
  assert.equal(((await stat(spool)).mode & 0o777).toString(8), vectors.directoryMode);
  assert.equal(((await stat(emitted.path)).mode & 0o777).toString(8), vectors.fileMode);
  assert.equal(await readFile(join(spool, vectors.ignore.name), 'utf8'), vectors.ignore.content);
  const [event] = await events();
  assert.deepEqual(Object.keys(event).sort(), Object.keys(vectors.members).sort());
  assert.deepEqual([event.version, event.topic, event.payload], [1, 'deployment:complete', { version: '1.2.3' }]);
  assert.match(event.at, new RegExp(vectors.members.at));
  assert(Date.parse(event.at) >= before && Date.parse(event.at) <= Date.now());
  assert(event.idempotencyKey.length <= 200);
  await client.event.emit({ topic: 'a', idempotencyKey: 'mine' }, { offline: true });
  assert.equal((await events())[1].idempotencyKey, 'mine');
});

test('names sort in the order of the calls, at once and one after the other', async (t) => {
  const { client, events } = await projectFor(t);
  const payload = { n: 0 };
  const emits = [];
  for (; payload.n < 100; payload.n++) emits.push(client.emit('count', payload, { offline: true }));
  await Promise.all(emits);
  t.mock.method(Date, 'now', () => 1);
  await client.emit('count', { n: 100 }, { offline: true });
  assert.deepEqual(
    (await events()).map(({ payload }) => payload.n),
    Array.from({ length: 101 }, (_, n) => n),
  );
});

test('the environment may say so, and a call otherwise', async (t) => {
  t.after(() => delete process.env.AIWG_OFFLINE);
  const { client, events } = await projectFor(t);
  assert.equal(vectors.environment.name, 'AIWG_OFFLINE');
  for (const yes of vectors.environment.on) {
    process.env.AIWG_OFFLINE = yes;
    await client.emit('a', yes);
    await client.event.emit({ topic: 'a', payload: yes });
    await assert.rejects(client.emit('a', 'no', { offline: false }), { kind: 'no_daemon' });
    await assert.rejects(client.task.submit({ prompt: 'x' }), { kind: 'no_daemon' });
  }
  for (const no of vectors.environment.off) {
    process.env.AIWG_OFFLINE = no;
    await assert.rejects(client.emit('a', 'no'), { kind: 'no_daemon' }, JSON.stringify(no));
  }
  assert.deepEqual(
    (await events()).map(({ payload }) => payload),
    ['1', '1'],
  );
});

test('an emit whose answer was lost is spooled under the key with which it was sent', async (t) => {
  const { cwd, client, events } = await projectFor(t);
  const directory = join(cwd, '.aiwg/daemon');
  await mkdir(directory);
  const peer = await startPeer(({ params }) => (params.payload === 1 ? { seq: 1 } : undefined), {
    socketPath: join(directory, 'daemon.sock'),
  });
  assert.deepEqual(await client.emit('a', 1, { offline: true }), { seq: 1 });
  const calls = [2, 3].map((n) => client.emit('a', n, { offline: true }));
  while (peer.requests.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
  await peer.stop();
  await Promise.all(calls);
  const found = await events();
  assert.deepEqual(
    found.map(({ payload, idempotencyKey }) => ({ payload, idempotencyKey })),
    peer.requests.slice(1).map(({ params: { payload, idempotencyKey } }) => ({ payload, idempotencyKey })),
  );
});

/** A daemon of the project: what is emitted to it, and what of that is answered, is said by `answer`. */
async function daemonOf(cwd, answer) {
  await mkdir(join(cwd, '.aiwg/daemon'), { recursive: true });
  return await startPeer(answer, { socketPath: join(cwd, '.aiwg/daemon/daemon.sock') });
}

test('what is emitted while earlier events are still being spooled comes after them, whoever takes it', async (t) => {
  const { cwd, client, files, events } = await projectFor(t);
  const first = await daemonOf(cwd, () => ({ seq: 1 }));
  await client.ping();
  await first.stop();
  const early = Array.from({ length: 200 }, (_, n) => client.emit('count', n, { offline: true }));
  // The first of them are being written, and the daemon is there again.
  const spooledAtFirst = async () => (await files().catch(() => [])).length;
  while ((await spooledAtFirst()) === 0) await new Promise((resolve) => setImmediate(resolve));
  const found = [];
  const second = await daemonOf(cwd, ({ params }, socket) => {
    // It would have taken in what was there when this connection was made.
    socket.spooled ??= readdirSync(join(cwd, vectors.directory)).filter((name) => NAME.test(name.slice(0, -5))).length;
    found.push([params.payload, socket.spooled]);
    return { seq: 1 };
  });
  t.after(() => second.stop());
  const late = Array.from({ length: 10 }, (_, n) => client.emit('count', 200 + n, { offline: true }));
  const emitted = await Promise.all([...early, ...late]);
  const spooled = (await events()).map(({ payload }) => payload);
  assert.deepEqual(
    [...spooled, ...found.map(([payload]) => payload)],
    Array.from({ length: 210 }, (_, n) => n),
  );
  assert.equal(emitted.filter(({ path }) => path !== undefined).length, spooled.length);
  assert(spooled.length >= 200, `${spooled.length}`);
  for (const [, before] of found) assert.equal(before, spooled.length);
});

test('where a daemon hangs, an event is spooled once its time is over', async (t) => {
  const { cwd, client, events } = await projectFor(t, { timeoutMs: 50 });
  const peer = await daemonOf(cwd, ({ method }) => (method === 'ping' ? {} : undefined));
  t.after(() => peer.stop());
  const emits = [1, 2, 3].map((n) => client.emit('a', n, { offline: true }));
  await assert.rejects(client.emit('a', 0), { kind: 'timeout' });
  for (const { path } of await Promise.all(emits)) assert(existsSync(path));
  const found = await events();
  const sent = peer.requests.filter(({ method, params }) => method === 'event.emit' && params.payload > 0);
  assert.deepEqual(
    found.map(({ payload, idempotencyKey }) => [payload, idempotencyKey]),
    sent.map(({ params: { payload, idempotencyKey } }) => [payload, idempotencyKey]),
  );
  assert.deepEqual(
    sent.map(({ params }) => params.payload),
    [1, 2, 3],
  );
  assert(peer.requests.every(({ method, params }) => method !== 'rpc.cancel' || params.id > sent.at(-1).id));
  await client.ping();
});

test('where a daemon reads nothing, what was not sent is spooled too, in its place, and all that follows comes after it', async (t) => {
  const { cwd, client, events } = await projectFor(t, { timeoutMs: 200 });
  const peer = await daemonOf(cwd, () => ({}));
  t.after(() => peer.stop());
  await client.ping();
  for (const socket of peer.connections) socket.pause();
  const padding = 'x'.repeat(50_000);
  const emits = Array.from({ length: 40 }, (_, n) => client.emit('a', { n, padding }, { offline: true }));
  const paths = (await Promise.all(emits)).map(({ path }) => path);
  assert.deepEqual(paths, [...paths].sort());
  assert.deepEqual(
    (await events()).map(({ payload }) => payload.n),
    Array.from({ length: 40 }, (_, n) => n),
  );
  // By a new connection, whose daemon has looked at the spool.
  await client.ping();
});

test('a daemon that takes no connection in time is none to an event', async (t) => {
  const { client, events } = await projectFor(t, { timeoutMs: 50 });
  t.mock.method(Connection, 'open', () => new Promise(() => {}));
  const emit = client.emit('a', 1, { offline: true });
  await assert.rejects(client.emit('a', 2), { kind: 'timeout' });
  assert((await emit).path);
  assert((await client.emit('a', 3, { offline: true, timeoutMs: 10 })).path);
  assert.deepEqual(
    (await events()).map(({ payload }) => payload),
    [1, 3],
  );
});

test('without a time-out, an event waits for a daemon that hangs for ten seconds', async (t) => {
  const { cwd, client } = await projectFor(t);
  const peer = await daemonOf(cwd, () => undefined);
  t.after(() => peer.stop());
  const real = setTimeout;
  const times = [];
  t.mock.method(globalThis, 'setTimeout', (late, ms, ...rest) => {
    times.push(ms);
    return real(late, ms / 1000, ...rest);
  });
  const forever = client.emit('a', 0, { offline: true, timeoutMs: Infinity });
  assert((await client.emit('a', 1, { offline: true })).path);
  assert.deepEqual(times, [10_000]);
  const ended = assert.rejects(forever, { kind: 'disconnected' });
  await client.disconnect();
  await ended;
});

test('what no daemon would take is not spooled', async (t) => {
  const { client, files } = await projectFor(t);
  const never = vectors.refused.filter(({ kind }) => kind === 'topic_reserved' || kind === 'invalid_params');
  assert(never.length > 10);
  for (const { name, content } of never) {
    const { topic, payload, idempotencyKey, traceparent } = JSON.parse(content);
    const params = { topic, payload, idempotencyKey, traceparent };
    await assert.rejects(client.event.emit(params, { offline: true }), SpoolError, name);
  }
  for (const topic of [undefined, 5, null]) await assert.rejects(client.emit(topic, 1, { offline: true }), SpoolError);
  for (const idempotencyKey of [5, '\ud800']) {
    await assert.rejects(client.emit('a', 1, { offline: true, idempotencyKey }), SpoolError);
  }
  await assert.rejects(client.emit('a', ['\\\udc00'], { offline: true }), /half of a surrogate pair/);
  assert.deepEqual(await files(), []);
  const characters = ['😀', '\\ud800', '\\\\ud800'];
  assert((await client.emit('a', characters, { offline: true })).path);
  for (const { name, content } of vectors.taken) {
    const { topic, payload, idempotencyKey } = JSON.parse(content);
    assert((await client.emit(topic, payload, { offline: true, idempotencyKey })).path, name);
  }
});

test('a spool has bounds, and an event has', async (t) => {
  const { client, spool, files } = await projectFor(t);
  const big = client.emit('a', 'x'.repeat(vectors.maxFileBytes), { offline: true });
  await assert.rejects(big, { name: 'SpoolError', kind: 'spool', message: /1048576 are the most/ });
  const small = client.emit('a', 'x', { offline: true });
  await small;
  const filler = join(spool, `${spoolName(1, 1, 1, '00000000')}.json`);
  await writeFile(filler, '');
  await truncate(filler, vectors.maxBytes);
  await assert.rejects(client.emit('a', 1, { offline: true }), (error) => {
    assert(error instanceof SpoolError && error instanceof DaemonConnectionError);
    assert.match(error.message, /is full.*aiwg daemon start/);
    return true;
  });
  await rm(filler);
  // What a writer that was killed has left, and what is hidden, is no event.
  const left = join(spool, `${vectors.temporaryPrefix}${spoolName(1, 1, 1, '00000000')}.json`);
  await writeFile(left, '');
  await truncate(left, vectors.maxBytes);
  await client.emit('a', 1, { offline: true });
  await rm(left);
  for (let n = 2; n < vectors.maxFiles; n++) await writeFile(join(spool, `${n}.json`), '');
  await assert.rejects(client.emit('a', 1, { offline: true }), /is full/);
  assert.equal((await files()).length, vectors.maxFiles);
  assert.equal((await readdir(spool)).filter((name) => name.startsWith(vectors.temporaryPrefix)).length, 0);
});

test('a spool that somebody else has put there is not used', async (t) => {
  const { cwd, client, spool } = await projectFor(t);
  const elsewhere = join(cwd, 'elsewhere');
  await mkdir(elsewhere);
  await symlink(elsewhere, spool);
  await assert.rejects(client.emit('a', 1, { offline: true }), SpoolError);
  await rm(spool);
  await writeFile(spool, '');
  await assert.rejects(client.emit('a', 1, { offline: true }), SpoolError);
  await rm(spool);
  await mkdir(spool);
  for (const mode of vectors.openDirectoryModes.map((mode) => parseInt(mode, 8))) {
    await chmod(spool, mode);
    await assert.rejects(client.emit('a', 1, { offline: true }), { name: 'SpoolError', message: /others can write.*`chmod 700` it/ });
    assert.equal((await stat(spool)).mode & 0o777, mode);
  }
  assert.deepEqual(await readdir(spool), []);
  await chmod(spool, 0o755);
  await client.emit('a', 1, { offline: true });
  assert.equal((await stat(spool)).mode & 0o777, 0o755);
  assert.deepEqual(await readdir(elsewhere), []);
  if (process.geteuid() !== 0) return t.diagnostic('giving files away takes root');
  await chown(spool, 65534, 65534);
  await assert.rejects(client.emit('a', 1, { offline: true }), /user 65534/);
});

test('only a project has a spool', async (t) => {
  const { cwd } = await projectFor(t);
  const nowhere = new DaemonClient({ cwd: tmpdir() });
  await assert.rejects(nowhere.emit('a', 1, { offline: true }), { kind: 'no_daemon', message: /has a .aiwg/ });
  const tunnel = new DaemonClient(join(cwd, 'tunnel.sock'));
  await assert.rejects(tunnel.emit('a', 1, { offline: true }), { kind: 'spool', message: /no project's socket/ });
  const named = new DaemonClient(join(cwd, '.aiwg/daemon/daemon.sock'));
  assert((await named.emit('a', 1, { offline: true })).path.startsWith(join(cwd, '.aiwg/spool/')));
  await named.close();
});
