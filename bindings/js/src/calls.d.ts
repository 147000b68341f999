/** How long to wait for an answer. */
export interface CallOptions {
  /** Cancels the call: it rejects with the signal's reason, and the daemon stops working on it. */
  signal?: AbortSignal | undefined;
  /** Cancels the call after this many milliseconds: it rejects with a `DaemonTimeoutError`. */
  timeoutMs?: number | undefined;
}
