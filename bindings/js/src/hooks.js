'use strict';

const { callSafely } = require('./listeners.js');

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

module.exports = { Hooks };
