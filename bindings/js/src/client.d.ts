import type { CallOptions } from './calls.js';
import type { MethodMap, Methods, NotificationMap } from './generated/methods.js';
import type { Event, EventEmitted } from './generated/types.js';

/** The address of the daemon, and the time-out. */
export interface ClientOptions {
  /**
   * The daemon's socket. Without it, `AIWG_DAEMON_SOCKET` names it, or else it is
   * that of the project that `cwd` is in: the nearest directory upwards that has a `.aiwg`.
   */
  socketPath?: string | undefined;
  /** Directory from which to look upwards. Default: the working directory. */
  cwd?: string | undefined;
  /**
   * Maximum time of each call, of connecting and of subscribing, in milliseconds; a call may set its own. No limit when
   * absent, `null` or `Infinity`. A value that is not above 0 is a `RangeError`.
   */
  timeoutMs?: number | null | undefined;
}

/** A message that the daemon sends without a request. */
export type Notification = {
  [M in keyof NotificationMap]: { method: M; params: NotificationMap[M] };
}[keyof NotificationMap];

/** Options of a subscription. */
export interface SubscribeOptions {
  /** The number of the last event seen: those after it come first. Only live ones when absent. */
  since?: number | undefined;
  /** True to connect again when the connection is lost, and go on where it stopped. False when absent. */
  reconnect?: boolean | undefined;
  /** Ends the loop with the signal's reason. */
  signal?: AbortSignal | undefined;
  /**
   * Called when events were passed over: the subscription could not keep up, retention deleted them, or the log was
   * deleted and restarted. `event.list` with this `since` replays those that are left.
   */
  onMissed?: ((missed: { missed: number; since: number }) => void) | undefined;
}

/**
 * The events of a subscription. They end when the loop over them is left, by `return()`, and when the client disconnects.
 *
 * It keeps the process alive only while someone waits for its next event.
 */
export interface Subscription
  extends AsyncGenerator<Event, undefined, void>,
    Record<Exclude<AsyncDispose, keyof AsyncGenerator>, () => PromiseLike<void>> {
  /**
   * Settled when the daemon has accepted it: every event that is emitted from then on will come. A caller that does not
   * wait for it gets a failure from `next()`.
   *
   * @throws {DaemonConnectionError} when there is no daemon, or it does not answer in the client's `timeoutMs`
   */
  readonly ready: Promise<void>;
}

/** `Symbol.asyncDispose`, where the types of the runtime have it. */
type AsyncDispose = SymbolConstructor extends { readonly asyncDispose: infer S extends symbol } ? S : never;

/** The params of a method: of a known one by its own type. */
type ParamsOf<M extends string> = M extends keyof MethodMap ? MethodMap[M]['params'] : object;

/** The result of a method: of a known one by its own type. */
type ResultOf<M extends string> = M extends keyof MethodMap ? MethodMap[M]['result'] : unknown;

/**
 * A client of the daemon.
 *
 * It connects with its first call, or by `connect()`. Calls share one connection and need not wait
 * for each other. When the daemon goes away, calls in flight reject with a `DaemonConnectionError`
 * of kind `disconnected`, and the next call connects again. An idle connection does not keep the
 * process alive.
 *
 * @example
 * const client = new DaemonClient();
 * await client.emit('deployment:complete', { version: '1.2.3' });
 * const { taskId } = await client.task.submit({ prompt: 'Write the release notes' });
 * const task = await client.task.wait({ taskId });
 * await client.disconnect();
 */
export declare class DaemonClient extends Methods {
  /** Takes the path of a socket in place of the options. */
  constructor(options?: ClientOptions | string);

  /** The socket that was last connected to, or tried. */
  get socketPath(): string | undefined;

  /** True if the connection stands. */
  get isConnected(): boolean;

  /**
   * Connects, unless it is connected already.
   *
   * @throws {DaemonConnectionError} of kind `no_daemon`
   */
  connect(): Promise<void>;

  /** Disconnects. Calls in flight reject with a `DaemonConnectionError` of kind `disconnected`, and its subscriptions end. */
  disconnect(): Promise<void>;

  /**
   * Emits an event: `event.emit`. The payload is any value that JSON can hold.
   */
  emit(topic: string, payload?: unknown, options?: CallOptions): Promise<EventEmitted>;

  /** Calls a method by its name on the wire; one that this package does not know, too. */
  request<M extends keyof MethodMap | (string & {})>(
    method: M,
    params?: ParamsOf<M>,
    options?: CallOptions,
  ): Promise<ResultOf<M>>;

  /**
   * Every event from now on whose topic matches one of the globs (all when there are none), or from `since` on, without a gap
   * or a repeat. It has a connection of its own, which is made at once and closed when the loop is left.
   *
   * @example
   * const events = client.subscribe('task:*');
   * await events.ready; // no event that is emitted from here on is missed
   * const { taskId } = await client.task.submit({ prompt: 'Write the release notes' });
   * for await (const event of events) if (event.topic === 'task:completed') break;
   *
   * @example
   * for await (const event of client.subscribe('task:*', { reconnect: true })) console.log(event.topic);
   *
   * @throws {DaemonConnectionError} when there is no daemon, or the connection is lost and `reconnect` is not set
   */
  subscribe(topics?: string | readonly string[], options?: SubscribeOptions): Subscription;

  /**
   * Calls `listener` for each notification of the daemon, until the returned function is called.
   */
  onNotification(listener: (notification: Notification) => void): () => void;
}

/** `await using client = new DaemonClient()` disconnects in the end, where the runtime has that. */
export interface DaemonClient extends Record<AsyncDispose, () => Promise<void>> {}
