#!/usr/bin/env node
// The command `aiwg`: runs the program that the package for this platform brings.

'use strict';

const { spawn } = require('node:child_process');

/** What a process may be asked for from outside. */
const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'];

/** Exit code where the program cannot be run, as a shell's. */
const NOT_FOUND = 127;

const platform = `${process.platform}-${process.arch}`;
const program = find();
if (program === undefined) {
  process.stderr.write(missing());
  process.exitCode = NOT_FOUND;
} else {
  run(program, process.argv.slice(2));
}

/** The path of the program, if its package is installed. */
function find() {
  try {
    return require.resolve(`@aiwg/${platform}/bin/aiwg`);
  } catch {
    return undefined;
  }
}

function missing() {
  return [
    `aiwg: the package @aiwg/${platform}, which has the program, is not installed.`,
    platform === 'linux-x64'
      ? 'npm leaves it out with --omit=optional, and where the C library is not glibc: install `aiwg` again without that option.'
      : 'There is none for this platform yet.',
    'Or build the program: `cargo install --locked aiwg`, see https://rustup.rs. The JavaScript client works without it.',
    '',
  ].join('\n');
}

function run(program, args) {
  // In place of this process, where Node can do that (22.15 and 23.11): the program is then what is asked to end, and nothing waits for it.
  process.execve?.(program, [program, ...args], process.env);
  const child = spawn(program, args, { stdio: 'inherit' });
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
  // A terminal sends it to both.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  child.on('error', (error) => {
    process.stderr.write(`aiwg: ${program} cannot be run: ${error.message}\n`);
    process.exit(NOT_FOUND - 1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    for (const each of [...SIGNALS, 'SIGINT']) process.removeAllListeners(each);
    process.kill(process.pid, signal);
  });
}
