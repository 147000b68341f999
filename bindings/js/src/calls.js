'use strict';

const { onAbort } = require('./aborts.js');
const { DaemonError, notUnderstood } = require('./errors.js');
const { startTimer } = require('./timeout.js');

/** A call that waits for its answer. It is settled once; what comes later is ignored. */
class Call {
  /** Size of its request, in bytes; 0 while it waits to be sent. */
  size = 0;
  /** Number of times it was sent. */
  attempts = 0;
  /** Time at which its connection failed, where no answer of any call has come since. */
  lostAt;
  /** True once its event is to be spooled. */
  isParked = false;
  /** True once it is settled. */
  isOver = false;
  #calls;
  #settle;
  #settled = new Promise((settle) => (this.#settle = settle));
  #timer;
  #ignoreAbort;
  #leaveOut;

  constructor(calls, id, traits) {
    this.#calls = calls;
    this.id = id;
    Object.assign(this, traits);
  }

  /**
   * Waits for the end, and gives the result. An error is made here, where it is awaited: so its stack
   * leads to the line that made the call, and not into the middle of a socket.
   */
  async outcome() {
    const { result, error } = await this.#settled;
    if (error !== undefined) throw error();
    return result;
  }

  succeed(result) {
    if (this.#finish()) this.#settle({ result });
  }

  /** Takes a function that makes the error. */
  fail(error) {
    if (this.#finish()) this.#settle({ error });
  }

  /** Calls `cancel(error)` when the signal aborts, and `late()` when the time is over. */
  watch({ signal, timeoutMs }, cancel, late) {
    if (signal) this.#ignoreAbort = onAbort(signal, () => cancel(() => signal.reason));
    this.#timer = startTimer(timeoutMs, late);
  }

  /** Writes the line to send. `optional` has the members of the params that a daemon may be too old to know. */
  write(method, params, optional) {
    this.line = JSON.stringify({ jsonrpc: '2.0', id: this.id, method, params });
    this.#leaveOut = (member) => {
      if (!Object.hasOwn(optional, member) || !optional[member]) return false;
      const { [member]: _, ...rest } = params;
      this.write(method, rest, { ...optional, [member]: false });
      return true;
    };
  }

  /** Writes the line again without a member that the daemon need not know. False if there is none of this name. */
  leaveOut(member) {
    return this.#leaveOut?.(member) ?? false;
  }

  /** True if its event may be spooled: also if it was sent, where the daemon knows it again by its key. */
  get maySpool() {
    return this.offlineAt !== undefined && this.line !== undefined;
  }

  #finish() {
    if (!this.#calls.delete(this)) return false;
    this.isOver = true;
    clearTimeout(this.#timer);
    this.#ignoreAbort?.();
    return true;
  }
}

/** The kind of error that is about the whole connection: it is one too many, and the daemon reads nothing of it. */
const OF_ALL = 'too_many_connections';

/** The calls that wait for their answers, in the order in which they were made. */
class Calls {
  /** Those that are sent, and then those that are not: each call has a higher id than those before it. */
  #sent = new Map();
  #unsent = new Map();
  /** Those that a daemon did not take because it is ending: the next one gets them. */
  #held = new Map();
  /** Those that are no daemon's any more. */
  #parked = new Map();
  #lastId = 0;
  #idle = [];

  get count() {
    return this.#sent.size + this.#unsent.size + this.#held.size + this.#parked.size;
  }

  /** The calls that wait to be sent, the first one first. */
  get unsent() {
    return this.#unsent.values();
  }

  get hasUnsent() {
    return this.#unsent.size > 0;
  }

  /** A new call, the last to be sent. */
  open(traits) {
    const call = new Call(this, ++this.#lastId, traits);
    this.#unsent.set(call.id, call);
    return call;
  }

  /** Notes that a call is sent. */
  sent(call) {
    call.attempts++;
    this.#unsent.delete(call.id);
    this.#sent.set(call.id, call);
  }

  /** Has a call sent again on this connection. */
  back(call) {
    this.#sent.delete(call.id);
    this.#unsent.set(call.id, call);
  }

  /** Keeps a call for the next connection, in its place. */
  hold(call) {
    this.#sent.delete(call.id);
    this.#held.set(call.id, call);
  }

  /** Takes a call out of the order: somebody else settles it. */
  park(call) {
    for (const calls of this.#all) calls.delete(call.id);
    call.isParked = true;
    this.#parked.set(call.id, call);
  }

  /** Notes that the connection ended. Gives the calls that were sent: they are to be sent again, or to fail. */
  lost() {
    const lost = [...this.#sent.values()];
    const before = [...this.#sent, ...this.#held].sort(([a], [b]) => a - b);
    for (const [, call] of before) call.size = 0;
    this.#unsent = new Map([...before, ...this.#unsent]);
    this.#sent = new Map();
    this.#held = new Map();
    return lost;
  }

  /** Notes that an answer has come: the calls that were lost once are sent again for good. */
  answered() {
    for (const call of this.#sent.values()) call.lostAt = undefined;
  }

  delete(call) {
    const isWaiting = this.#sent.delete(call.id) || this.#all.some((calls) => calls.delete(call.id));
    if (this.count === 0) for (const resolve of this.#idle.splice(0)) resolve();
    return isWaiting;
  }

  /** Waits until no call waits. */
  async idle() {
    while (this.count > 0) await new Promise((resolve) => this.#idle.push(resolve));
  }

  /**
   * Takes an answer. The one to a call that was cancelled finds nobody, and is dropped. `isHeld(call, error)` keeps a call
   * whose refusal another daemon may take back.
   */
  settle({ id, result, error }, path, isHeld) {
    const isRefused = error !== undefined && error !== null;
    if (isRefused && isError(error) && error.data?.kind === OF_ALL) {
      this.failAll(() => new DaemonError(error));
      return;
    }
    const call = id === null && isRefused ? this.#longest() : this.#sent.get(id);
    const wrong = (why) => call?.fail(() => notUnderstood(path, why));
    if (isRefused) {
      if (!isError(error)) wrong("its error is not JSON-RPC's");
      else if (call && !isHeld(call, error)) call.fail(() => new DaemonError(error));
    } else if (result === undefined) wrong('it has neither a result nor an error');
    else call?.succeed(result);
  }

  /** Fails all of them. */
  failAll(error) {
    for (const calls of this.#all) for (const call of [...calls.values()]) call.fail(error);
  }

  get #all() {
    return [this.#sent, this.#held, this.#unsent, this.#parked];
  }

  /**
   * An error without an id is about a line over the daemon's limit, which it does not read: the only
   * thing that this client sends of which the daemon cannot read the id. Whatever the limit is, the
   * longest line is over it.
   */
  #longest() {
    let longest;
    for (const call of this.#sent.values()) {
      if (call.size > (longest?.size ?? 0)) longest = call;
    }
    return longest;
  }
}

function isError({ code, message }) {
  return Number.isInteger(code) && typeof message === 'string';
}

module.exports = { Calls };
