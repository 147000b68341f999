'use strict';

const { ended } = require('./attempt.js');
const { again } = require('./errors.js');

/** How long a daemon may take to answer before an event is spooled, in milliseconds, where there is no other time-out. */
const OFFLINE_TIMEOUT = 10_000;

/** True if an event that finds no daemon is to be spooled: as the caller says, or else the environment. */
function isOffline(given) {
  return given ?? process.env.AIWG_OFFLINE === '1';
}

/** Spools the events of calls that find no daemon, in order. What comes while it writes follows in one batch. */
class Spooler {
  /** Number of batches so far. */
  batches = 0;
  #find;
  #onIdle;
  #waiting = [];
  /** Set while it writes: settled when all is written. */
  #writing;

  /** `find()` gives the address of the project's daemon, and `onIdle()` is called when all is written. */
  constructor(find, onIdle) {
    this.#find = find;
    this.#onIdle = onIdle;
  }

  /** Takes calls that nobody else settles. In no project there is no spool: there they fail with the error. */
  add(calls, error) {
    for (const call of calls) this.#waiting.push({ call, error });
    this.#writing ??= this.#write();
  }

  /** Waits until all is written. */
  async idle(signal) {
    while (this.#writing) await ended(this.#writing, signal);
  }

  async #write() {
    while (this.#waiting.length > 0) {
      this.batches++;
      await this.#spool(this.#waiting.splice(0).filter(({ call }) => !call.isOver));
    }
    this.#writing = undefined;
    this.#onIdle();
  }

  async #spool(entries) {
    let address;
    try {
      address = this.#find();
    } catch {
      for (const { call, error } of entries) call.fail(() => again(error));
      return;
    }
    await spool(
      address,
      entries.map(({ call }) => call),
    );
  }
}

/**
 * Spools the events of calls that find no daemon, and settles each: with the path of its file, or with an error. What is
 * written is what was to be sent, whatever has become of the payload since.
 */
async function spool(address, calls) {
  try {
    const { write } = require('./spool.js');
    const outcomes = await write(address, calls.map(eventOf));
    calls.forEach((call, n) => {
      if (outcomes[n] instanceof Error) call.fail(() => outcomes[n]);
      else call.succeed({ seq: 0, rules: [], path: outcomes[n] });
    });
  } catch (error) {
    for (const call of calls) call.fail(() => error);
  }
}

function eventOf({ line, offlineAt }) {
  const { newKey } = require('./keys.js');
  const { topic, payload, idempotencyKey = newKey(), traceparent } = JSON.parse(line).params ?? {};
  return { topic, payload, at: offlineAt, idempotencyKey, traceparent };
}

module.exports = { OFFLINE_TIMEOUT, Spooler, isOffline };
