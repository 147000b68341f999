import type { ErrorKind } from './generated/errors.js';
import type { Open } from './generated/types.js';

/** What the daemon tells programs of an error; a newer one may tell more. */
export interface ErrorData {
  readonly kind?: Open<ErrorKind>;
  readonly member?: string;
  /** With `invalid_payload`: the places of the payload that are wrong, each as a JSON Pointer. */
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  /** With `unknown_topic`: the declared topic that is nearest to it. */
  readonly nearest?: string;
  readonly [name: string]: unknown;
}

/**
 * The daemon answered with an error.
 *
 * @example
 * try {
 *   await client.task.get({ taskId: 'task-9999' });
 * } catch (error) {
 *   if (!(error instanceof DaemonError && error.kind === 'task_not_found')) throw error;
 * }
 */
export declare class DaemonError extends Error {
  private constructor();

  readonly name: 'DaemonError';
  /** The JSON-RPC error code. */
  readonly code: number;
  /** The stable name of the error: distinguish errors by it, never by the message. By its code where the daemon gives none. */
  readonly kind: Open<ErrorKind>;
  /** With `invalid_params`: the member that is wrong, as a path such as `env.PATH`. */
  readonly member: string | undefined;
  /** All that the daemon tells programs of the error. */
  readonly data: ErrorData;
  /** True if the same request may succeed when it is sent again later. */
  get retryable(): boolean;
}

/**
 * Why there was no answer to use.
 *
 * - `no_daemon`: nothing answers at the socket, or there is none.
 * - `not_allowed`: the socket cannot be opened. Only the user who started the daemon can, and root. Or
 *   it is not to be: its project could be anyone's, or its socket leads elsewhere.
 * - `disconnected`: the connection ended first. The request may or may not have taken effect.
 * - `timeout`: the time that the caller gave is over.
 * - `unreadable`: the answer came, and cannot be understood: the daemon may be newer than this package. Other calls go on.
 * - `closed`: the client takes no more calls since `close()`.
 * - `spool`: no daemon answers, and the event cannot wait for one on disk either.
 */
export type ConnectionErrorKind =
  | 'no_daemon'
  | 'not_allowed'
  | 'disconnected'
  | 'timeout'
  | 'unreadable'
  | 'closed'
  | 'spool';

/**
 * There was no answer to use.
 *
 * @example
 * try {
 *   await client.ping();
 * } catch (error) {
 *   if (error instanceof DaemonConnectionError && error.kind === 'no_daemon') console.warn(error.message);
 *   else throw error;
 * }
 */
export declare class DaemonConnectionError extends Error {
  protected constructor();

  readonly kind: ConnectionErrorKind;
  /** The socket that was tried. */
  readonly path: string | undefined;
}

/**
 * There was no answer within `timeoutMs`, which is not above 0 where a deadline had passed; the call is cancelled.
 *
 * @example
 * try {
 *   await client.waitFor('never:*', { timeoutMs: 10 });
 * } catch (error) {
 *   if (!(error instanceof DaemonTimeoutError)) throw error;
 * }
 */
export declare class DaemonTimeoutError extends DaemonConnectionError {
  private constructor();

  readonly kind: 'timeout';
  /** The method that was not answered, by its name on the wire. */
  readonly method: string;
  readonly timeoutMs: number;
}

/**
 * No daemon answers, and the event cannot wait for one on disk either: the spool is full or cannot be written to, others can
 * write to it, the event is larger than 1 MiB, or no daemon would take its topic or its key.
 *
 * @example
 * try {
 *   await client.emit('commit:made', {}, { offline: true });
 * } catch (error) {
 *   if (!(error instanceof SpoolError)) throw error;
 *   console.warn(error.message);
 * }
 */
export declare class SpoolError extends DaemonConnectionError {
  private constructor();

  readonly kind: 'spool';
}
