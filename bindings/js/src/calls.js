import { onAbort } from './aborts.js';
import { DaemonError, notUnderstood } from './errors.js';
import { startTimer } from './timeout.js';

/** A call that waits for its answer. It is settled once; what comes later is ignored. */
class Call {
  /** Size of its request, in bytes; 0 until it is sent. */
  size = 0;
  #calls;
  #settle;
  #settled = new Promise((settle) => (this.#settle = settle));
  #timer;
  #ignoreAbort;

  constructor(calls, id) {
    this.#calls = calls;
    this.id = id;
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

  get isSettled() {
    return !this.#calls.has(this);
  }

  succeed(result) {
    if (this.#finish()) this.#settle({ result });
  }

  /** Takes a function that makes the error. */
  fail(error) {
    if (this.#finish()) this.#settle({ error });
  }

  /** Calls `cancel(error)` when the signal aborts, or when the time is over. */
  watch({ signal, timeoutMs }, timeoutError, cancel) {
    if (signal) this.#ignoreAbort = onAbort(signal, () => cancel(() => signal.reason));
    this.#timer = startTimer(timeoutMs, () => cancel(timeoutError));
  }

  #finish() {
    if (!this.#calls.delete(this)) return false;
    clearTimeout(this.#timer);
    this.#ignoreAbort?.();
    return true;
  }
}

/** The kind of error that is about the whole connection: it is one too many, and the daemon reads nothing of it. */
const OF_ALL = 'too_many_connections';

/** The calls that wait for their answers. */
export class Calls {
  #waiting = new Map();
  #lastId = 0;

  get count() {
    return this.#waiting.size;
  }

  open() {
    const call = new Call(this, ++this.#lastId);
    this.#waiting.set(call.id, call);
    return call;
  }

  has(call) {
    return this.#waiting.has(call.id);
  }

  delete(call) {
    return this.#waiting.delete(call.id);
  }

  /** Takes an answer. The one to a call that was cancelled finds nobody, and is dropped. */
  settle({ id, result, error }, path) {
    const isRefused = error !== undefined && error !== null;
    if (isRefused && isError(error) && error.data?.kind === OF_ALL) {
      this.failAll(() => new DaemonError(error));
      return;
    }
    const call = id === null && isRefused ? this.#longest() : this.#waiting.get(id);
    const wrong = (why) => call?.fail(() => notUnderstood(path, why));
    if (isRefused) {
      if (!isError(error)) wrong("its error is not JSON-RPC's");
      else call?.fail(() => new DaemonError(error));
    } else if (result === undefined) wrong('it has neither a result nor an error');
    else call?.succeed(result);
  }

  /** Fails all of them. */
  failAll(error) {
    for (const call of [...this.#waiting.values()]) call.fail(error);
  }

  /**
   * An error without an id is about a line over the daemon's limit, which it does not read: the only
   * thing that this client sends of which the daemon cannot read the id. Whatever the limit is, the
   * longest line is over it.
   */
  #longest() {
    let longest;
    for (const call of this.#waiting.values()) {
      if (call.size > (longest?.size ?? 0)) longest = call;
    }
    return longest;
  }
}

function isError({ code, message }) {
  return Number.isInteger(code) && typeof message === 'string';
}
