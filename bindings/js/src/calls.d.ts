/** How long to wait for an answer. */
export interface CallOptions {
  /** Cancels the call: it rejects with the signal's reason, and the daemon stops working on it. */
  signal?: AbortSignal | undefined;
  /**
   * Cancels the call after this many milliseconds: it rejects with a `DaemonTimeoutError`. `null` and `Infinity` are no
   * limit, whatever the client's own is. What is not above 0 is a `RangeError`.
   */
  timeoutMs?: number | null | undefined;
}
