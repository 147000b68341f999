'use strict';

/** The longest time that a timer of Node takes, in milliseconds: 24 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * A time-out in milliseconds; undefined where there is no limit, which null and Infinity say, too. What is no time to wait
 * is refused before anything is sent.
 */
function checkedTimeout(timeoutMs) {
  if (timeoutMs === undefined || timeoutMs === null || timeoutMs === Infinity) return undefined;
  if (typeof timeoutMs === 'number' && timeoutMs > 0) return timeoutMs;
  throw new RangeError(
    `timeoutMs is a number of milliseconds above 0, or Infinity or null for no limit, and not ${timeoutMs}`,
  );
}

/** The time left until a moment, a Date or milliseconds since 1970: not above 0 where it has passed. */
function timeUntil(deadline) {
  const moment = deadline instanceof Date ? deadline.getTime() : deadline;
  if (typeof moment !== 'number' || Number.isNaN(moment)) {
    throw new RangeError(`deadline is a valid Date, or a number of milliseconds since 1970, and not ${deadline}`);
  }
  return moment - Date.now();
}

/** The time that a call has: its own time-out or else the client's, and no longer than until its deadline. */
function timeOf({ timeoutMs, deadline }, clients) {
  const limit = timeoutMs === undefined ? clients : checkedTimeout(timeoutMs);
  if (deadline === undefined || deadline === null) return limit;
  const left = Math.min(limit ?? Infinity, timeUntil(deadline));
  return left === Infinity ? undefined : left;
}

/** Calls `late()` when the time is over, unless the timer is cleared; there is none where that is further away than timers go. */
function startTimer(timeoutMs, late) {
  if (timeoutMs === undefined || timeoutMs > LONGEST_TIMER) return undefined;
  return setTimeout(late, timeoutMs);
}

module.exports = { checkedTimeout, startTimer, timeOf };
