/** Options of a single call: its cancellation and its time-out. */
export interface CallOptions {
  /** Cancels the call: it rejects with the signal's reason, and the daemon stops working on it. */
  signal?: AbortSignal | undefined;
  /**
   * Cancels the call after this many milliseconds: it rejects with a `DaemonTimeoutError`. `null` and `Infinity` are no
   * limit, whatever the client's own is. A value that is not above 0 is a `RangeError`.
   */
  timeoutMs?: number | null | undefined;
}
