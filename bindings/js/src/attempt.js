'use strict';

const { onAbort } = require('./aborts.js');
const { startTimer } = require('./timeout.js');

/**
 * The result of `body(signal)`, which ends when its signal aborts: with the reason of the caller's own signal, or with
 * `lateError()` when the time is over.
 */
async function attempt({ timeoutMs, signal }, lateError, body) {
  const controller = new AbortController();
  if (signal?.aborted) controller.abort(signal.reason);
  else if (timeoutMs <= 0) controller.abort(lateError());
  const ignore = signal && onAbort(signal, () => controller.abort(signal.reason));
  const timer = startTimer(timeoutMs, () => controller.abort(lateError()));
  try {
    return await body(controller.signal);
  } catch (error) {
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    ignore?.();
  }
}

/** The end of a promise, or of the wait for it: then the signal's reason. */
async function ended(promise, signal) {
  let ignore;
  const aborted = new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else ignore = onAbort(signal, () => reject(signal.reason));
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    ignore?.();
  }
}

module.exports = { attempt, ended };
