// Events that find no daemon, and wait for one on disk.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, readdir, realpath, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { DaemonClient, DaemonConnectionError, SpoolError } from 'aiwg';

import { startPeer } from '../test-support/peer.mjs';

const vectors = JSON.parse(readFileSync(new URL('../../../tests/vectors/spool.json', import.meta.url)));
const { content, spoolName } = createRequire(import.meta.url)('../src/spool.js');
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
  const files = async () => (await readdir(spool)).sort();
  const events = async () => Promise.all((await files()).map(async (name) => JSON.parse(await readFile(join(spool, name)))));
  return { cwd, client, spool, files, events };
}

test('names and contents are as the vectors have them', () => {
  for (const { micros, pid, counter, random, name } of vectors.names) {
    assert.equal(spoolName(micros, pid, counter, random), name);
  }
  for (const { name, file, ...event } of vectors.written) assert.deepEqual(JSON.parse(content(event)), file, name);
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
  for (const yes of ['1', 'true']) {
    process.env.AIWG_OFFLINE = yes;
    await client.emit('a', yes);
    await assert.rejects(client.emit('a', 'no', { offline: false }), { kind: 'no_daemon' });
    await assert.rejects(client.task.submit({ prompt: 'x' }), { kind: 'no_daemon' });
  }
  for (const no of ['', '0', 'false']) {
    process.env.AIWG_OFFLINE = no;
    await assert.rejects(client.emit('a', 'no'), { kind: 'no_daemon' });
  }
  assert.deepEqual(
    (await events()).map(({ payload }) => payload),
    ['1', 'true'],
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

test('a spool has bounds, and an event has', async (t) => {
  const { client, spool, files } = await projectFor(t);
  const big = client.emit('a', 'x'.repeat(vectors.maxFileBytes), { offline: true });
  await assert.rejects(big, { name: 'SpoolError', kind: 'spool', message: /1048576 are the most/ });
  const small = client.emit('a', 'x', { offline: true });
  await assert.rejects(client.emit('a b', 1, { offline: true }), SpoolError);
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
  for (let n = 1; n < vectors.maxFiles; n++) await writeFile(join(spool, `${n}.json`), '');
  await assert.rejects(client.emit('a', 1, { offline: true }), /is full/);
  assert.equal((await files()).length, vectors.maxFiles);
  assert.equal((await files()).filter((name) => name.startsWith(vectors.temporaryPrefix)).length, 0);
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
  await mkdir(spool, { mode: 0o777 });
  await chmod(spool, 0o777);
  await client.emit('a', 1, { offline: true });
  assert.equal((await stat(spool)).mode & 0o777, 0o700);
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
