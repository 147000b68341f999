'use strict';

/** The callbacks that wait for each signal. */
const waiting = new WeakMap();

/**
 * Calls `abort()` when the signal aborts, until the function that this gives is called. However many wait for a signal, it
 * has one listener: Node takes more than ten for a leak, and one signal for all calls is what signals are for.
 */
function onAbort(signal, abort) {
  const callbacks = waiting.get(signal) ?? listen(signal);
  // One function may wait twice.
  const entry = { abort };
  callbacks.add(entry);
  return () => {
    if (callbacks.delete(entry) && callbacks.size === 0) stop(signal, callbacks);
  };
}

function listen(signal) {
  const callbacks = new Set();
  callbacks.tell = () => {
    stop(signal, callbacks);
    for (const entry of callbacks) {
      callbacks.delete(entry);
      entry.abort();
    }
  };
  waiting.set(signal, callbacks);
  signal.addEventListener('abort', callbacks.tell, { once: true });
  return callbacks;
}

function stop(signal, callbacks) {
  signal.removeEventListener('abort', callbacks.tell);
  if (waiting.get(signal) === callbacks) waiting.delete(signal);
}

module.exports = { onAbort };
