'use strict';

const { onAbort } = require('./aborts.js');
const { DaemonError, notUnderstood } = require('./errors.js');
const { startTimer } = require('./timeout.js');

/** A call that waits for its answer. It is settled once; what comes later is ignored. */
class Call {
  /** Size of its request, in bytes; 0 while it waits to be sent for the first time on a connection. */
  size = 0;
  /** The members of its params that a daemon may be too old to know. */
  optional = new Set();
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
  #method;
  #params;

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
    this.optional = optional;
    this.#method = method;
    this.#params = params;
    this.line = JSON.stringify({ jsonrpc: '2.0', id: this.id, method, params });
  }

  /** Writes the line again without one of those members. Without its key, it may not be sent twice. */
  leaveOut(member) {
    const { [member]: _, ...rest } = this.#params;
    this.optional.delete(member);
    this.write(this.#method, rest, this.optional);
    if (member === KEY) this.isRepeatable = false;
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

/** The member by which a daemon knows a call again. */
const KEY = 'idempotencyKey';

/** The kind of error that is about the whole connection: it is one too many, and the daemon reads nothing of it. */
const OF_ALL = 'too_many_connections';

/**
 * The knowledge of which members of params the daemon of a connection takes, of those that it may be too old for. A call that is
 * refused for one is sent again without it. So that no order changes, a call is not sent while one is in flight that may come back
 * like that, and would then take effect after it.
 */
class Members {
  /** By member: true if the daemon takes it, false if not. */
  #isKnown = {};
  /** By member: number of calls in flight that have it. */
  #inFlight = {};

  /** True if the daemon is too old for a member. */
  lacks(member) {
    return this.#isKnown[member] === false;
  }

  /** True while calls are in flight that are about to be refused: nothing is sent before they are sent again. */
  get isWaiting() {
    return this.#some((member) => this.lacks(member));
  }

  /** True if a call may be sent now. One that changes nothing may, and one that would come back like those before it. */
  mayFollow({ isSafe, optional }) {
    return isSafe || !this.#some((member) => !this.#isKnown[member] && !optional.has(member));
  }

  /** Notes that a call is in flight, or no longer is. */
  count({ optional }, change) {
    for (const member of optional) this.#inFlight[member] = (this.#inFlight[member] ?? 0) + change;
  }

  /** Notes that the daemon has carried out a call. */
  took({ optional }) {
    for (const member of optional) this.#isKnown[member] = true;
  }

  /** Notes that the daemon has refused a call for this member. True if it is too old for it. */
  refused({ optional }, member) {
    if (!optional.has(member) || this.#isKnown[member]) return false;
    this.#isKnown[member] = false;
    return true;
  }

  #some(test) {
    return Object.keys(this.#inFlight).some((member) => this.#inFlight[member] && test(member));
  }
}

/** The calls that wait for their answers, in the order in which they were made. */
class Calls {
  /** Those that are sent, and then those that are not: each call has a higher id than those before it. */
  #sent = new Map();
  #unsent = new Map();
  /** Those that a daemon did not take because it is ending: the next one gets them. */
  #held = new Map();
  /** Those that are no daemon's any more. */
  #parked = new Map();
  /** True if some of those that are not sent are not in their places. */
  #isMixed = false;
  #lastId = 0;
  #idle = [];
  /** The knowledge of the daemon that is connected to. */
  members = new Members();

  get count() {
    return this.#sent.size + this.#unsent.size + this.#held.size + this.#parked.size;
  }

  /** The calls that wait to be sent, the first one first. */
  get unsent() {
    if (this.#isMixed) {
      this.#unsent = inOrder(this.#unsent);
      this.#isMixed = false;
    }
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

  /** Notes that there is a connection, and that nothing is known of the daemon there. */
  connected() {
    this.members = new Members();
  }

  /** Notes that a call is sent. */
  sent(call) {
    call.attempts++;
    this.#unsent.delete(call.id);
    this.#sent.set(call.id, call);
    this.members.count(call, 1);
  }

  /** Has a call sent again on this connection, in its place. */
  back(call) {
    this.#takeBack(call);
    this.#unsent.set(call.id, call);
    this.#isMixed = true;
  }

  /** Keeps a call for the next connection, in its place. */
  hold(call) {
    this.#takeBack(call);
    this.#held.set(call.id, call);
  }

  /** Takes a call out of the order: somebody else settles it. */
  park(call) {
    this.#takeBack(call);
    for (const calls of this.#all) calls.delete(call.id);
    call.isParked = true;
    this.#parked.set(call.id, call);
  }

  /** Notes that the connection ended. Gives the calls that were sent: they are to be sent again, or to fail. */
  lost() {
    const lost = [...this.#sent.values()];
    this.#unsent = inOrder([...this.#sent, ...this.#held, ...this.#unsent]);
    for (const call of this.#unsent.values()) call.size = 0;
    this.#sent = new Map();
    this.#held = new Map();
    this.#isMixed = false;
    this.connected();
    return lost;
  }

  /** Notes that an answer has come: the calls that were lost once are sent again for good. */
  answered() {
    for (const call of this.#sent.values()) call.lostAt = undefined;
  }

  delete(call) {
    const isWaiting = this.#takeBack(call) || this.#all.some((calls) => calls.delete(call.id));
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
    else if (call) {
      this.members.took(call);
      call.succeed(result);
    }
  }

  /** Fails all of them. */
  failAll(error) {
    for (const calls of this.#all) for (const call of [...calls.values()]) call.fail(error);
  }

  #takeBack(call) {
    const wasSent = this.#sent.delete(call.id);
    if (wasSent) this.members.count(call, -1);
    return wasSent;
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

/** Calls by their ids, each after those that were made before it. */
function inOrder(calls) {
  return new Map([...calls].sort(([a], [b]) => a - b));
}

function isError({ code, message }) {
  return Number.isInteger(code) && typeof message === 'string';
}

module.exports = { Calls };
