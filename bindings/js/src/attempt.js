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

module.exports = { attempt };
