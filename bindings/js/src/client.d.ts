import type { CallOptions, TimeOptions } from './calls.js';
import type { DaemonConnectionError, DaemonError } from './errors.js';
import type { MethodMap, Methods, NotificationMap } from './generated/methods.js';
import type { Event, EventEmitted } from './generated/types.js';
import type { Daemon, EventSpooled, Events, Tasks } from './tasks.js';
import type { EmitArguments, EmittableTopic, EventOf, OfflineArguments } from './topics.js';

/**
 * The address of the daemon, and what holds for all calls.
 *
 * @example
 * const client = new DaemonClient({
 *   timeoutMs: 10_000,
 *   onResponse: ({ method, durationMs, error }) => console.debug(method, durationMs, error?.message),
 * });
 * await client.ping();
 */
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
  /**
   * False to send each call once at most, and to fail at once when there is no connection. Otherwise a call whose answer was
   * lost with the connection is sent again, if the daemon knows it again, and calls wait for a daemon that
   * went away to come back: until their time-out, or for 30 seconds without one. True when absent.
   */
  retry?: boolean | undefined;
  /** Called before each call is sent: for logs and traces. */
  onRequest?: ((request: RequestInfo) => void) | undefined;
  /** Called when each call has its answer, or has failed. */
  onResponse?: ((response: ResponseInfo) => void) | undefined;
}

/** A call, as `onRequest` gets it. */
export interface RequestInfo {
  /** The number of the call in its client. */
  readonly id: number;
  /** The method, by its name on the wire. */
  readonly method: string;
  readonly params: unknown;
}

/** The outcome of a call, as `onResponse` gets it: `result`, or else `error`. */
export interface ResponseInfo extends RequestInfo {
  readonly result?: unknown;
  /** The error of the daemon or of the connection, or the reason of the caller's signal. */
  readonly error?: DaemonError | DaemonConnectionError | Error;
  /** How often the request was sent: 0 if the call failed before. */
  readonly attempts: number;
  /** Time from the call to its outcome, in milliseconds. */
  readonly durationMs: number;
}

/**
 * What happens to the client's connection, by name. Subscriptions have connections of their own.
 *
 * @example
 * client.on('disconnect', ({ error }) => console.warn(error?.message ?? 'disconnected'));
 * client.on('reconnect', ({ attempts }) => console.info(`connected again, attempt ${attempts}`));
 */
export interface ClientEvents {
  /** It stands, for the first time or after `disconnect()`. */
  connect: { path: string; attempts: number };
  /** It has ended: with an error, unless the client has ended it. */
  disconnect: { path: string; error: DaemonConnectionError | undefined };
  /** An attempt to connect again has failed, and calls wait for the next one, which comes in `delayMs` milliseconds. */
  reconnecting: { path: string; error: Error; attempts: number; delayMs: number };
  /** It stands again, after the daemon went away. */
  reconnect: { path: string; attempts: number };
}

/** Options of `waitFor`. */
export interface WaitForOptions<E extends Event = Event> extends TimeOptions {
  /** Takes only events for which it gives true. */
  where?: ((event: E) => boolean) | undefined;
  /** The number of the last event seen: those after it count. Only those from now on when absent. */
  since?: number | undefined;
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
export interface Subscription<E extends Event = Event>
  extends AsyncGenerator<E, undefined, void>,
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
 * for each other; they take effect in the order in which they were made. When the daemon goes away, the client
 * connects again, and repeats the calls that have no answer: each takes effect once. Those that cannot be repeated,
 * such as `task.cancel`, reject with a `DaemonConnectionError` of kind `disconnected`. An idle connection does not
 * keep the process alive. Its methods are bound: `const { emit } = client` works.
 *
 * @example
 * const client = new DaemonClient();
 * await client.emit('deployment:complete', { version: '1.2.3' });
 * const { taskId } = await client.task.submit({ prompt: 'Write the release notes' });
 * const task = await client.task.wait({ taskId });
 * await client.close();
 */
export declare class DaemonClient extends Methods {
  readonly daemon: Daemon;
  readonly event: Events;
  readonly task: Tasks;

  /** Takes the path of a socket in place of the options. */
  constructor(options?: ClientOptions | string);

  /** The socket that was last connected to, or tried. */
  get socketPath(): string | undefined;

  /** True if the connection stands. */
  get isConnected(): boolean;

  /**
   * Connects, unless it is connected already.
   *
   * @example
   * await client.connect();
   *
   * @throws {DaemonConnectionError} of kind `no_daemon`
   */
  connect(): Promise<void>;

  /**
   * Disconnects at once. Calls in flight reject with a `DaemonConnectionError` of kind `disconnected`, and its subscriptions
   * end. A later call connects again.
   *
   * @example
   * await client.disconnect();
   */
  disconnect(): Promise<void>;

  /**
   * Closes the client for good: takes no more calls (they reject with a `DaemonConnectionError` of kind `closed`), ends its
   * subscriptions, waits until the calls in flight have their answers, and disconnects. Those that have none when the time
   * is over, or the signal aborts, reject as with `disconnect()`.
   *
   * @example
   * for (let step = 1; step <= 3; step++) client.emit('build:step', { step }); // nobody waits for these
   * await client.close({ timeoutMs: 10_000 });
   *
   * @throws {DaemonTimeoutError} when the time is over; it is closed then, too
   */
  close(options?: TimeOptions): Promise<void>;

  /**
   * Emits an event: `event.emit`. The payload is any value that JSON can hold, and that of a topic in `TopicMap` the one there.
   *
   * @example
   * const { seq, rules } = await client.emit('deployment:complete', { version: '1.2.3' });
   */
  emit<T extends EmittableTopic>(topic: T, ...payload: OfflineArguments<T>): Promise<EventEmitted | EventSpooled>;
  emit<T extends EmittableTopic>(topic: T, ...payload: EmitArguments<T>): Promise<EventEmitted>;

  /**
   * Calls a method by its name on the wire; one that this package does not know, too. All other methods come down to it.
   *
   * @example
   * const { total } = await client.request('task.stats');
   */
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
   * for await (const { topic } of client.subscribe('task:*', { since: 0, reconnect: true })) {
   *   if (topic === 'task:completed') break;
   * }
   *
   * @throws {DaemonConnectionError} when there is no daemon, or the connection is lost and `reconnect` is not set
   */
  subscribe<T extends string = string>(
    topics?: T | readonly T[],
    options?: SubscribeOptions,
  ): Subscription<EventOf<T>>;

  /**
   * The first event from now on whose topic matches one of the globs, and for which `where` gives true. It goes on over a
   * restart of the daemon. What happens before the daemon has taken the subscription counts with `since` only.
   *
   * @example
   * const { taskId } = await client.task.submit({ prompt: 'Tidy up' });
   * const { topic } = await client.waitFor('task:{completed,failed}', {
   *   since: 0,
   *   where: ({ payload }) => payload.taskId === taskId,
   *   timeoutMs: 60_000,
   * });
   *
   * @throws {DaemonTimeoutError} when there is none in time
   */
  waitFor<T extends string>(
    topics: T | readonly T[],
    options?: WaitForOptions<EventOf<T>>,
  ): Promise<EventOf<T>>;

  /**
   * Calls `listener` when that happens to the connection, until the returned function or `off` is called.
   *
   * @example
   * const off = client.on('disconnect', ({ path, error }) => console.warn(path, error));
   * off();
   */
  on<E extends keyof ClientEvents>(event: E, listener: (details: ClientEvents[E]) => void): () => void;

  /**
   * The same, for the next time only.
   *
   * @example
   * client.once('connect', ({ path }) => console.info(`connected to ${path}`));
   */
  once<E extends keyof ClientEvents>(event: E, listener: (details: ClientEvents[E]) => void): () => void;

  /**
   * Takes away a listener that was given to `on`.
   *
   * @example
   * client.off('disconnect', console.warn);
   */
  off<E extends keyof ClientEvents>(event: E, listener: (details: ClientEvents[E]) => void): void;

  /**
   * Calls `listener` for each notification of the daemon, until the returned function is called.
   *
   * @example
   * const stop = client.onNotification(({ method, params }) => console.log(method, params));
   * await client.event.subscribe({ topics: ['task:*'] });
   * stop();
   */
  onNotification(listener: (notification: Notification) => void): () => void;
}

/** `await using client = new DaemonClient()` closes it in the end, where the runtime has that. */
export interface DaemonClient extends Record<AsyncDispose, () => Promise<void>> {}
