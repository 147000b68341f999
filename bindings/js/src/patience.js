'use strict';

const { mayComeBack } = require('./errors.js');
const { sleep } = require('./sleep.js');

/** First and longest pause before connecting again, in milliseconds. Each is up to half as long at random. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 1000;

/** How long a call without a time-out waits for a daemon that went away, in milliseconds. */
const PATIENCE = 30_000;

/**
 * How long a connection stands, in milliseconds, before it says that a daemon is there. One that is ended by what it is sent
 * would otherwise be sent it again and again.
 */
const STANDS = 1000;

/** How long a client goes on when its daemon went away, and how often it tries to connect. */
class Patience {
  /** Attempts to connect since a daemon answered last. */
  attempts = 0;
  #pause = 0;
  /** Time of the next attempt, as `performance.now()` has it. */
  #next = 0;

  /** Waits before an attempt to connect, if those before it were in vain. */
  async pause(signal) {
    this.attempts++;
    const delay = this.#next - performance.now();
    if (delay > 0) await sleep(delay, signal);
  }

  /** Notes that there is no connection. Gives the time until the next attempt, in milliseconds. */
  failed() {
    this.#pause = Math.min(this.#pause * 2 || FIRST_PAUSE, LONGEST_PAUSE);
    const delay = Math.ceil(this.#pause * (1 - Math.random() / 2));
    this.#next = performance.now() + delay;
    return delay;
  }

  /** Notes that a daemon answers. True if that is new. */
  answered() {
    if (this.attempts === 0) return false;
    this.attempts = this.#pause = this.#next = 0;
    return true;
  }

  /** True if a connection that was made then has stood for long. */
  hasStood(connectedAt) {
    return performance.now() - connectedAt >= STANDS;
  }

  /** True if the call may wait for another connection: until its own time-out, or as long as this has patience. */
  allows(call, error) {
    if (error && !mayComeBack(error)) return false;
    const now = performance.now();
    call.lostAt ??= now;
    return call.isTimed || now - call.lostAt < PATIENCE;
  }
}

module.exports = { Patience };
