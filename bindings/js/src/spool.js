'use strict';

// Events that wait on disk for the next daemon. `tests/vectors/spool.json` describes the format for all languages.

const { randomBytes } = require('node:crypto');
const { constants, lstatSync } = require('node:fs');
const { mkdir, open, readdir, rename, rm, writeFile } = require('node:fs/promises');
const { dirname, join } = require('node:path');

const { projectOf } = require('./discovery.js');
const { SpoolError } = require('./errors.js');
const { RESERVED_TOPICS, START_COMMAND } = require('./generated/constants.js');
const { isTraceparent } = require('./trace.js');
const { checkTrusted } = require('./trust.js');

const MAX_FILES = 10_000;
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_FILE = 1024 * 1024;
const MAX_KEY = 200;
const SUFFIX = '.json';
const NAME = /^\d{16}-\d{1,10}-\d{6}-[0-9a-f]{8}\.json$/;
const TOPIC = /^[A-Za-z0-9_.:/-]{1,200}$/;
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/** The last time that a name can have. Microseconds are beyond what a number of JavaScript holds. */
const LAST_MICROS = 9_999_999_999_999_999n;

let lastMicros = 0n;
let count = 0;

/**
 * The name of this process's next file, after one of this time. Names sort in the order in which they are made, wherever the
 * clock is set.
 */
function nextName(after) {
  const last = lastMicros > after ? lastMicros : after;
  const now = BigInt(Date.now()) * 1000n;
  lastMicros = now > last ? now : last + 1n;
  if (lastMicros > LAST_MICROS) lastMicros = LAST_MICROS;
  return spoolName(lastMicros, process.pid, ++count, randomBytes(4).toString('hex'));
}

function spoolName(micros, pid, counter, random) {
  return `${String(micros).padStart(16, '0')}-${pid}-${String(counter % 1_000_000).padStart(6, '0')}-${random}`;
}

/** The time in the name of a file, in microseconds; 0 for what no client has named. */
function microsOf(name) {
  return NAME.test(name) ? BigInt(name.slice(0, 16)) : 0n;
}

/** The content of the file of an event. */
function content({ topic, payload = null, at, idempotencyKey, traceparent }) {
  return JSON.stringify({ version: 1, topic, payload, at, idempotencyKey, traceparent });
}

/** Half of a pair of surrogates, the only ones that `JSON.stringify` escapes: no daemon takes it. */
const HALF = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

/** Batches are written one after the other, so that names have the order of the calls. */
let before = Promise.resolve();

/**
 * Writes events durably to the spool of the project that the socket belongs to. Gives for each, in their order, its path or
 * the error for which it is not there.
 */
function write(address, events) {
  const written = before.then(() => writeAll(address, events));
  before = written.catch(() => {});
  return written;
}

async function writeAll(address, events) {
  const project = projectOf(address);
  if (project === undefined) {
    throw new SpoolError(
      `no daemon answers at ${address.path}, which is no project's socket: ` +
        'an event can wait in the spool of a project only, so call within one',
      { path: address.path },
    );
  }
  checkTrusted(project);
  const directory = join(project, 'spool');
  try {
    const spool = await Spool.open(directory);
    try {
      const outcomes = [];
      for (const event of events) outcomes.push(await spool.add(event).catch((error) => spoolError(directory, error)));
      await spool.sync();
      return outcomes;
    } finally {
      await spool.close();
    }
  } catch (error) {
    throw spoolError(directory, error);
  }
}

function spoolError(directory, error) {
  if (error instanceof SpoolError) return error;
  const why = ['ENOTDIR', 'ELOOP'].includes(error.code) ? 'it is no directory; remove it' : error.message;
  const message = `no daemon answers, and the event cannot be written to ${directory}: ${why}`;
  return new SpoolError(message, { path: directory, cause: error });
}

/** The spool of a project, as long as events are written to it. */
class Spool {
  #directory;
  #handle;
  #files;
  #bytes;
  /** The highest time in the names that were there. */
  #last = 0n;

  static async open(directory) {
    await make(directory);
    const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY | O_NOFOLLOW);
    try {
      const { uid, mode } = await handle.stat();
      if (uid !== process.geteuid() && uid !== 0) throw refused(directory, `it belongs to user ${uid}; remove it`);
      if (mode & 0o022) throw refused(directory, 'others can write to it; look at what is in it, then `chmod 700` it');
      const spool = new Spool(directory, handle);
      await spool.#count();
      return spool;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  constructor(directory, handle) {
    this.#directory = directory;
    this.#handle = handle;
  }

  /** Writes an event, which lasts once `sync` is done. Gives its path. */
  async add(event) {
    const text = content(event);
    const bytes = Buffer.from(text);
    this.#check(event, text, bytes.length);
    const name = `${nextName(this.#last)}${SUFFIX}`;
    const path = join(this.#directory, name);
    const temporary = join(this.#directory, `.tmp-${name}`);
    try {
      await writeNew(temporary, bytes);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
    this.#files++;
    this.#bytes += bytes.length;
    return path;
  }

  async sync() {
    await this.#handle.sync();
  }

  async close() {
    await this.#handle.close();
  }

  #check(event, text, size) {
    const path = this.#directory;
    let why = whyNever(event);
    if (HALF.test(text)) why ??= 'half of a surrogate pair is in it, which is no character';
    if (size > MAX_FILE) why ??= `it has ${size} bytes, and ${MAX_FILE} are the most`;
    if (why !== undefined) throw new SpoolError(`the event was not written to ${path}: ${why}`, { path });
    if (this.#files < MAX_FILES && this.#bytes + size <= MAX_BYTES) return;
    const what = `it has ${this.#files} events with ${this.#bytes} bytes, and ${MAX_FILES} or ${MAX_BYTES} are the most`;
    const message = `no daemon answers, and ${path} is full: ${what}; start the daemon with \`${START_COMMAND}\`, which takes them in`;
    throw new SpoolError(message, { path });
  }

  async #count() {
    const entries = await readdir(this.#directory, { withFileTypes: true });
    // One that is hidden is still being written, or is no event.
    const isEvent = ({ name }) => name.endsWith(SUFFIX) && !name.startsWith('.');
    const files = entries.filter((entry) => entry.isFile() && isEvent(entry));
    this.#files = files.length;
    this.#bytes = 0;
    for (const { name } of files) {
      const micros = microsOf(name);
      if (micros > this.#last) this.#last = micros;
      this.#bytes += lstatSync(join(this.#directory, name), { throwIfNoEntry: false })?.size ?? 0;
    }
  }
}

/**
 * Makes the directory, unless it is there, so that it is there after a power cut as well. Its events are nothing for the
 * project's history.
 */
async function make(directory) {
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    if (error.code === 'EEXIST') return;
    throw error;
  }
  await writeFile(join(directory, '.gitignore'), '*\n');
  const parent = await open(dirname(directory), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await parent.sync();
  } finally {
    await parent.close();
  }
}

function refused(path, why) {
  return new SpoolError(`no event is written to ${path}: ${why}`, { path });
}

/** Why no daemon would ever take this event, if none would. */
function whyNever({ topic, idempotencyKey, traceparent }) {
  const text = `${JSON.stringify(topic)?.slice(0, 100)}`;
  if (typeof topic !== 'string' || !TOPIC.test(topic)) {
    return `${text} is no topic, which has 1 to 200 letters, digits and _ . : / -`;
  }
  const reserved = RESERVED_TOPICS.find((prefix) => topic.startsWith(prefix));
  if (reserved) return `topics that start with "${reserved}" are the daemon's own: choose another for ${text}`;
  if (traceparent !== undefined && !isTraceparent(traceparent)) return 'its traceparent is none, as W3C has it';
  if (isKey(idempotencyKey)) return undefined;
  return `an idempotencyKey is a text of 1 to ${MAX_KEY} characters`;
}

/** True if a call may have this key. Its characters count, and not the halves of those that have two. */
function isKey(key) {
  if (typeof key !== 'string' || key === '') return false;
  return key.length <= MAX_KEY || (key.length <= 2 * MAX_KEY && [...key].length <= MAX_KEY);
}

async function writeNew(path, bytes) {
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

module.exports = { content, spoolName, write };
