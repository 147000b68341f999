/** The time that something may take, and what ends it before. */
export interface TimeOptions {
  /** Ends it: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /**
   * Maximum time, in milliseconds: then it rejects with a `DaemonTimeoutError`. `null` and `Infinity` are no limit,
   * whatever the client's own is. A value that is not above 0 is a `RangeError`.
   */
  timeoutMs?: number | null | undefined;
  /**
   * Moment at which it rejects with a `DaemonTimeoutError`: a Date, or milliseconds since 1970. With a `timeoutMs` too, the
   * earlier one counts. One that has passed sends nothing.
   */
  deadline?: Date | number | null | undefined;
}

/**
 * Options of a single call: its cancellation and its time. A call that is ended by them is cancelled in the daemon too.
 *
 * @example
 * const task = { taskId: 'task-0001' };
 * await client.task.get(task, { timeoutMs: 5000 });
 * await client.task.get(task, { deadline: Date.now() + 5000 });
 * await client.task.get(task, { signal: AbortSignal.timeout(5000) });
 */
export interface CallOptions extends TimeOptions {
  /**
   * False to send it once at most, and to fail at once when there is no connection. Default: as the client does.
   */
  retry?: boolean | undefined;
}

/**
 * Options of `event.emit`.
 *
 * @example
 * const emitted = await client.event.emit({ topic: 'commit:made' }, { offline: true });
 * if ('path' in emitted) console.warn(`no daemon runs: the event waits in ${emitted.path}`);
 */
export interface OfflineOptions extends CallOptions {
  /**
   * True to write the event to the project's spool where no daemon answers: the next daemon takes it in, once, with the time
   * of this call. A daemon that answers nothing in time is none: for 10 seconds, where there is no other time-out. Default:
   * true if the environment variable `AIWG_OFFLINE` is `1`.
   */
  offline?: boolean | undefined;
}

/**
 * Options of an `emit`.
 *
 * @example
 * const emitted = await client.emit('commit:made', { branch: 'main' }, { offline: true });
 * if ('path' in emitted) console.warn(`no daemon runs: the event waits in ${emitted.path}`);
 *
 * @example
 * await client.emit('release:step', { step: 7 }, { idempotencyKey: 'release-1.2.3-step-7' }); // once, however often it runs
 */
export interface EmitOptions extends OfflineOptions {
  /**
   * A name for this call, of 1 to 200 characters: another call with it, within 24 hours, has no effect and gets the same
   * answer. If its params differ, it is an error. A new one for each call when absent.
   */
  idempotencyKey?: string | undefined;
}
