'use strict';

/** How long the daemon waits for something new before it answers, in milliseconds. */
const WAIT = 20_000;

/**
 * The options of a call that waits for something new, and how long the daemon is to wait, in milliseconds. The client's
 * time-out is for answers that come at once.
 */
function waiting({ timeoutMs = null, ...options } = {}) {
  return { ...options, timeoutMs, waitMs: Math.min(WAIT, Math.ceil((timeoutMs ?? Infinity) / 2)) };
}

module.exports = { waiting };
