// Every example in the declarations of the packaged JavaScript client, each run as it stands, against a daemon. Takes the path
// of aiwg.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import * as aiwg from 'aiwg';

const AsyncFunction = (async () => {}).constructor;

/** What a generated example may well be answered with: its task, approval or subscription is another project's. */
const REFUSED = (error) =>
  error instanceof aiwg.DaemonError && !['invalid_params', 'method_not_found', 'internal_error'].includes(error.kind);

/** Methods that end the daemon, or the start of tasks: their examples come last, each with a daemon that runs. */
const LAST = ['daemon.pause', 'daemon.drain', 'daemon.restart', 'daemon.stop'];

const sources = dirname(createRequire(import.meta.url).resolve('aiwg'));
const files = readdirSync(sources, { recursive: true }).filter((name) => name.endsWith('.d.ts'));
const examples = files.flatMap((file) => examplesOf(file, readFileSync(join(sources, file), 'utf8')));
examples.sort((a, b) => place(a) - place(b));
// The task that they speak of.
const first = new aiwg.DaemonClient();
assert.equal((await first.task.run({ prompt: 'The first' })).id, 'task-0001');
await first.close();
for (const example of examples) await run(example);
console.log(`${examples.length} examples ran`);

function examplesOf(file, text) {
  const found = [];
  for (const [comment] of text.matchAll(/\/\*\*.*?\*\//gs)) {
    const lines = comment.replace(/\s*\*\/$/, '').split('\n').map((line) => line.replace(/^\s*\* ?/, ''));
    let code;
    for (const line of lines) {
      if (line.startsWith('@')) code = undefined;
      if (line === '@example') found.push({ file, code: (code = []) });
      else code?.push(line);
    }
  }
  return found.map(({ code }) => ({ file, code: code.join('\n'), isGenerated: file.startsWith('generated') }));
}

function place({ code, isGenerated }) {
  return isGenerated ? LAST.findIndex((method) => code.includes(`client.${method}(`)) + 1 : 0;
}

async function run({ file, code, isGenerated }) {
  if (place({ code, isGenerated }) > 0) spawnSync(process.argv[2], ['daemon', 'start']);
  const client = new aiwg.DaemonClient();
  const names = Object.keys(aiwg).filter((name) => name !== 'default' && name !== 'module.exports');
  const body = new AsyncFunction(...names, 'client', `{ ${code}\n}`);
  try {
    await body(...names.map((name) => aiwg[name]), client);
  } catch (error) {
    assert(isGenerated && REFUSED(error), `${file}:\n${code}\n${error.stack}`);
  } finally {
    await client.disconnect();
  }
}
