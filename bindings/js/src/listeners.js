'use strict';

/** Functions that are called when something happens, by its name. */
class Listeners {
  #byName = new Map();
  #names;

  constructor(names) {
    this.#names = names;
  }

  /** Adds a listener, and gives the function that takes it away. */
  on(name, listener) {
    if (!this.#names.includes(name)) {
      throw new RangeError(`a client has the events ${this.#names.join(', ')}, and not ${String(name)}`);
    }
    if (typeof listener !== 'function') throw new TypeError('a listener is a function');
    const listeners = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  once(name, listener) {
    const off = this.on(name, (details) => {
      off();
      listener(details);
    });
    return off;
  }

  off(name, listener) {
    this.#byName.get(name)?.delete(listener);
  }

  count(name) {
    return this.#byName.get(name)?.size ?? 0;
  }

  tell(name, details) {
    for (const listener of this.#byName.get(name) ?? []) callSafely(listener, details);
  }
}

/** Calls a function of the program. Its own mistake shows as any other uncaught one does, and the connection goes on. */
function callSafely(listener, details) {
  try {
    listener(details);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** The program's functions that are told of each call. */
class Hooks {
  #onRequest;
  #onResponse;

  constructor({ onRequest, onResponse }) {
    this.#onRequest = checked('onRequest', onRequest);
    this.#onResponse = checked('onResponse', onResponse);
  }

  /** Tells of a call that is about to be made. Gives the function that waits for its outcome, and tells of that. */
  request(request, call) {
    if (this.#onRequest) callSafely(this.#onRequest, request);
    if (!this.#onResponse) return () => call.outcome();
    const started = performance.now();
    const tell = (outcome) => {
      const durationMs = performance.now() - started;
      callSafely(this.#onResponse, { ...request, ...outcome, attempts: call.attempts, durationMs });
    };
    return async () => {
      try {
        const result = await call.outcome();
        tell({ result });
        return result;
      } catch (error) {
        tell({ error });
        throw error;
      }
    };
  }
}

function checked(name, hook) {
  if (hook === undefined || typeof hook === 'function') return hook;
  throw new TypeError(`${name} is a function`);
}

module.exports = { Hooks, Listeners };
