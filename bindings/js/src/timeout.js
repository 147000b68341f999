/** The longest time that a timer of Node takes, in milliseconds: 24 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * A time-out in milliseconds; undefined where there is no limit, which null and Infinity say, too. What is no time to wait
 * is refused before anything is sent.
 */
export function checkedTimeout(timeoutMs) {
  if (timeoutMs === undefined || timeoutMs === null || timeoutMs === Infinity) return undefined;
  if (typeof timeoutMs === 'number' && timeoutMs > 0) return timeoutMs;
  throw new RangeError(
    `timeoutMs is a number of milliseconds above 0, or Infinity or null for no limit, and not ${timeoutMs}`,
  );
}

/** Calls `late()` when the time is over, unless the timer is cleared; there is none where that is further away than timers go. */
export function startTimer(timeoutMs, late) {
  if (timeoutMs === undefined || timeoutMs > LONGEST_TIMER) return undefined;
  return setTimeout(late, timeoutMs);
}
