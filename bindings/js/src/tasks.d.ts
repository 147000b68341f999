import type { CallOptions, OfflineOptions, TimeOptions } from './calls.js';
import type { DaemonMethods, EventMethods, TaskMethods } from './generated/methods.js';
import type {
  DaemonLogsParams,
  Event,
  EventEmitParams,
  EventEmitted,
  EventListParams,
  Task,
  TaskListParams,
  TaskOutputParams,
  TaskSubmitParams,
} from './generated/types.js';

/** Options of `task.run`. Its time counts from the submission to the end of the task. */
export interface RunOptions extends TimeOptions {
  /** Called with each piece of what the agent writes to its standard output, as it comes. */
  onOutput?: ((text: string) => void) | undefined;
}

/**
 * The methods of `task`, and what is made of them.
 *
 * Where the program traces with `@opentelemetry/api`, `submit` and `run` put the `traceparent` of the caller's context into
 * the task's `metadata`.
 */
export interface Tasks extends TaskMethods {
  /**
   * Submits a task, waits until it has ended, in whatever state, and gives it. When the signal aborts, when the time is
   * over, or when `onOutput` throws, this rejects at once and the task is cancelled: where the daemon has not answered the
   * submission yet, as soon as it does.
   *
   * @example
   * const signal = AbortSignal.timeout(60_000);
   * const task = await client.task.run({ prompt: 'Write the release notes' }, { signal });
   * console.log(task.state, task.result);
   *
   * @example
   * await client.task.run({ prompt: 'Tidy up' }, { onOutput: (text) => process.stdout.write(text) });
   */
  run(params: TaskSubmitParams, options?: RunOptions): Promise<Task>;

  /**
   * The output of a task from the byte `offset` on, in pieces, until the task has ended and all is read. When the task is
   * attempted again, the output of that attempt follows from its beginning.
   *
   * The options are those of each call that it makes.
   *
   * @example
   * const { taskId } = await client.task.submit({ prompt: 'Tidy up' });
   * for await (const text of client.task.follow({ taskId })) process.stdout.write(text);
   */
  follow(
    params: Omit<TaskOutputParams, 'encoding' | 'waitMs'>,
    options?: CallOptions,
  ): AsyncGenerator<string, undefined, undefined>;

  /**
   * Every task that matches, the newest first, page by page: `limit` is the size of a page. Tasks that are submitted
   * meanwhile do not appear.
   *
   * @example
   * for await (const task of client.task.iterate({ state: 'completed' })) console.log(task.id, task.result);
   */
  iterate(
    params?: Omit<TaskListParams, 'cursor' | 'sort'>,
    options?: CallOptions,
  ): AsyncGenerator<Task, undefined, undefined>;
}

/** The answer to an `emit` that found no daemon: `seq` is 0, and `rules` is empty. The next daemon takes the event in. */
export interface EventSpooled extends EventEmitted {
  /** The file of the event. */
  path: string;
}

/**
 * The methods of `event`, and what is made of them.
 *
 * Where the program traces with `@opentelemetry/api`, `emit` gives the event the `traceparent` of the caller's context, and so
 * do `client.emit` and events that are spooled.
 */
export interface Events extends EventMethods {
  /**
   * Emits an event.
   *
   * @example
   * await client.event.emit({ topic: 'deployment:complete', payload: { version: '1.2.3' } }, { offline: true });
   *
   * @throws {DaemonError} as of `event.emit`
   * @throws {SpoolError} when it can neither be sent nor be spooled, or when no daemon would take it
   */
  emit(params: EventEmitParams, options: OfflineOptions & { offline: true }): Promise<EventEmitted | EventSpooled>;
  emit(params: EventEmitParams, options?: OfflineOptions): Promise<EventEmitted>;

  /**
   * Every event that the log holds, from the oldest one or from the one after `since` on, page by page: `limit` is the size
   * of a page. It ends with the newest; a subscription goes on.
   *
   * @example
   * for await (const event of client.event.iterate({ topics: ['task:*'] })) console.log(event.seq, event.topic);
   */
  iterate(params?: EventListParams, options?: CallOptions): AsyncGenerator<Event, undefined, undefined>;
}

/** The methods of `daemon`, and what is made of them. */
export interface Daemon extends DaemonMethods {
  /**
   * Lines of the daemon's log: the last `lines` (100 when absent), and those that come, until the loop is left.
   *
   * @example
   * for await (const line of client.daemon.followLogs({ lines: 1000 })) {
   *   console.log(line);
   *   if (line.includes('the daemon starts')) break;
   * }
   */
  followLogs(
    params?: Pick<DaemonLogsParams, 'lines'>,
    options?: CallOptions,
  ): AsyncGenerator<string, undefined, undefined>;
}
