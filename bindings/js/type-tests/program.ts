// A typed program over the package: every method, the members of every result, errors and subscriptions. It must compile
// under `tsc --strict`, and says of each value what its type is to be, exactly.

import {
  DaemonClient,
  DaemonConnectionError,
  DaemonError,
  DaemonTimeoutError,
  ERROR_KINDS,
  PROTOCOL_VERSION,
  SpoolError,
  type AccountEvent,
  type CallOptions,
  type Cause,
  type ClientEvents,
  type ClientOptions,
  type ConnectionErrorKind,
  type DaemonStatus,
  type ErrorKind,
  type Event,
  type EventEmitted,
  type EventSource,
  type MethodMap,
  type Notification,
  type NotificationMap,
  type FileEvent,
  type RequestInfo,
  type ResponseInfo,
  type RoundEvent,
  type ScheduleEvent,
  type SubscribeOptions,
  type Subscription,
  type Task,
  type TaskEvent,
  type Open,
  type TaskState,
  type TaskSubmitParams,
  type TopicEvent,
} from 'aiwg';
import { DaemonClient as FromIpcClient } from 'aiwg/daemon/ipc-client';

/** Compiles only where both types are the same: assignable both ways is not enough, `any` is. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function isExactly<Expected>() {
  return <Actual>(_value: Actual, _same: Same<Expected, Actual>): void => {};
}

export async function connecting(): Promise<FromIpcClient> {
  const options: ClientOptions = { socketPath: '/tmp/daemon.sock', cwd: '/tmp', timeoutMs: 1000 };
  const unset: ClientOptions = { socketPath: undefined };
  const clients: FromIpcClient[] = [
    new DaemonClient(),
    new DaemonClient('/tmp/daemon.sock'),
    new DaemonClient(options),
    new DaemonClient(unset),
  ];
  const client = clients[0] ?? new DaemonClient();
  await client.connect();
  isExactly<boolean>()(client.isConnected, true);
  isExactly<string | undefined>()(client.socketPath, true);
  await client.disconnect();
  return client;
}

export async function events(client: DaemonClient, options: CallOptions): Promise<void> {
  const emitted = await client.emit('deployment:complete', { version: '1.2.3' }, options);
  isExactly<number>()(emitted.seq, true);
  isExactly<string | undefined>()(emitted.rules[0], true);
  const perhaps = await client.emit('git:commit', null, { offline: true });
  const path: string | undefined = 'path' in perhaps ? perhaps.path : undefined;
  isExactly<number>()(perhaps.seq, true);
  await client.event.emit({ topic: 'a', idempotencyKey: path }, { offline: false, retry: false });
  await client.emit('a', 1, { idempotencyKey: 'step-7', offline: false });
  const emit = client.emit('a', 1, { offline: Math.random() > 0.5 });
  isExactly<EventEmitted>()(await emit, true);
  await client.emit('no:payload');
  await client.emit('null:payload', null);
  const topic: string = 'computed:' + emitted.seq;
  await client.emit(topic, { any: 'payload' });
  const bound: (topic: string, payload?: unknown) => Promise<{ seq: number }> = client.emit;
  await bound('bound', 1);
  await client.event.emit({ topic: 'any:payload', payload: ['anything', 1, null] });
  const listed = await client.event.list({ topics: ['task:*'], since: emitted.seq, limit: 10 });
  isExactly<Event[]>()(listed, true);
  isExactly<Event[]>()(await client.event.list(), true);
  for (const event of listed) await eventMembers(event);
  const { subscription, since } = await client.event.subscribe({ topics: ['*'] });
  isExactly<number>()(subscription + since, true);
  const { unsubscribed } = await client.event.unsubscribe({ subscription });
  isExactly<boolean>()(unsubscribed, true);
}

async function eventMembers(event: Event): Promise<void> {
  isExactly<number>()(event.seq, true);
  isExactly<string>()(event.topic, true);
  isExactly<unknown>()(event.payload, true);
  isExactly<Open<EventSource>>()(event.source, true);
  isExactly<string>()(event.at, true);
  isExactly<number | undefined>()(event.causedBy?.depth, true);
  const cause: Cause = { depth: 0 };
  const withoutTask: string | undefined = cause.task;
  void [withoutTask, cause.rule, cause.event];
}

export async function tasks(client: DaemonClient): Promise<void> {
  const order: TaskSubmitParams = {
    prompt: 'Fix it',
    agent: 'tester',
    priority: 10,
    timeoutMinutes: 0.5,
    env: { CI: '1' },
    metadata: { ticket: 42, labels: ['a'] },
  };
  const { taskId, state } = await client.task.submit(order, { signal: AbortSignal.timeout(100), timeoutMs: 100 });
  isExactly<string>()(taskId, true);
  isExactly<Open<TaskState>>()(state, true);
  await client.task.submit({ prompt: 'The least that is needed' });
  await client.task.submit({ prompt: 'JSON has no undefined: it is left out', agent: undefined });
  taskMembers(await client.task.get({ taskId }));
  taskMembers(await client.task.wait({ taskId, timeoutMs: 60_000 }, { timeoutMs: 61_000 }));
  isExactly<Task[]>()(await client.task.list(), true);
  isExactly<Task[]>()(await client.task.list({ state: 'running', agent: 'x', limit: 1, cursor: taskId }), true);
  const cancelled = await client.task.cancel({ taskId });
  isExactly<Open<TaskState>>()(cancelled.state, true);
  isExactly<string>()((await client.task.retry({ taskId })).taskId, true);
  const stats = await client.task.stats();
  isExactly<number>()(
    stats.total + stats.queued + stats.running + stats.completed + stats.failed + stats.cancelled + stats.timeout,
    true,
  );
  const chunk = await client.task.output({ taskId, stream: 'stderr', offset: 0, waitMs: 10, encoding: 'base64' });
  isExactly<string>()(chunk.data, true);
  isExactly<boolean>()(chunk.ended, true);
  await client.task.output({ taskId, offset: chunk.nextOffset - chunk.offset });
}

function taskMembers(task: Task): void {
  isExactly<string>()(task.id + task.prompt + task.createdAt, true);
  isExactly<number>()(task.priority + task.attempts, true);
  // Always there, perhaps null: not the same as absent.
  isExactly<string | null>()(task.agent, true);
  isExactly<string | null>()(task.startedAt, true);
  isExactly<string | null>()(task.completedAt, true);
  isExactly<number | null>()(task.pid, true);
  isExactly<number | null>()(task.exitCode, true);
  isExactly<string | null>()(task.result, true);
  isExactly<string | null>()(task.error, true);
  isExactly<string | null>()(task.output, true);
  isExactly<number | null>()(task.timeoutMinutes, true);
  isExactly<Record<string, unknown>>()(task.metadata, true);
  // Perhaps absent, never null.
  isExactly<Cause | undefined>()(task.causedBy, true);
  isExactly<string>()(described(task.state), true);
}

/** A newer daemon may send a state that this package does not know: what is written for the known ones still compiles. */
function described(state: Open<TaskState>): string {
  return isKnown(state) ? describedKnown(state) : `something new: ${state}`;
}

function isKnown(state: Open<TaskState>): state is TaskState {
  return ['queued', 'running', 'completed', 'failed', 'cancelled', 'timeout'].includes(state);
}

/** Complete: a state that is not handled would make the result `undefined` too. */
function describedKnown(state: TaskState): string {
  switch (state) {
    case 'queued':
    case 'running':
      return 'under way';
    case 'completed':
      return 'done';
    case 'failed':
    case 'cancelled':
    case 'timeout':
      return 'not done';
  }
}

export async function daemon(client: DaemonClient): Promise<void> {
  const pong = await client.ping();
  isExactly<boolean>()(pong.pong, true);
  isExactly<string>()(pong.timestamp, true);
  await client.ping({}, { timeoutMs: 10 });
  isExactly<Record<string, unknown>>()(await client.rpc.discover(), true);
  const status = await client.daemon.status();
  isExactly<DaemonStatus>()(status, true);
  isExactly<Open<'healthy' | 'degraded'>>()(status.health, true);
  isExactly<string | undefined>()(status.issues[0]?.message, true);
  isExactly<string | null>()(status.config, true);
  const { ipc, supervisor, automation, file_watcher, scheduler, messaging } = status.subsystems;
  isExactly<number>()(ipc.clients + supervisor.maxConcurrency + automation.ruleCount, true);
  isExactly<number>()(file_watcher.events_received + scheduler.jobs, true);
  isExactly<string | undefined>()(messaging.adapters[0], true);
  isExactly<number | null | undefined>()(supervisor.tasks.running[0]?.pid, true);
  isExactly<string | null | undefined>()(supervisor.tasks.queued[0]?.agent, true);
  const { stopping, pid, running } = await client.daemon.stop();
  isExactly<boolean>()(stopping, true);
  isExactly<number>()(pid + running, true);
}

export async function byName(client: DaemonClient): Promise<void> {
  const stats = await client.request('task.stats');
  isExactly<MethodMap['task.stats']['result']>()(stats, true);
  const task = await client.request('task.get', { taskId: 'task-0001' }, { timeoutMs: 10 });
  isExactly<Task>()(task, true);
  isExactly<unknown>()(await client.request('not.known.yet', { any: 'thing' }), true);
}

export async function subscriptions(client: DaemonClient, signal: AbortSignal): Promise<Event | undefined> {
  const options: SubscribeOptions = {
    since: 16,
    reconnect: true,
    signal,
    onMissed: ({ missed, since }) => isExactly<number>()(missed + since, true),
  };
  for await (const event of client.subscribe(['task:*', 'file:*'], options)) {
    if (event.topic === 'task:completed') {
      isExactly<TaskEvent>()(event.payload, true);
      return event;
    }
    if (event.topic === 'file:renamed') isExactly<FileEvent>()(event.payload, true);
  }
  for await (const { topic, payload } of client.subscribe('task:*')) {
    if (topic === 'task:round') isExactly<RoundEvent>()(payload, true);
  }
  for await (const event of client.subscribe(['*', 'ta*', 'deployment:*', 'task:?', 'task:nothing*'])) isExactly<Event>()(event, true);
  for await (const { payload } of client.subscribe('schedule:*')) isExactly<ScheduleEvent>()(payload, true);
  for await (const { payload } of client.subscribe('schedule:nightly-*')) isExactly<ScheduleEvent>()(payload, true);
  const ended = client.waitFor('{task:{completed,failed},deployment:complete}');
  isExactly<Event>()(await ended, true);
  const one = await client.waitFor('task:{completed,failed}', { where: ({ payload }) => payload.taskId === 'task-0001' });
  isExactly<'task:completed' | 'task:failed'>()(one.topic, true);
  isExactly<TaskEvent>()(one.payload, true);
  const mixed = await client.waitFor('{task:completed,deployment:complete}');
  isExactly<unknown>()(mixed.payload, true);
  const events: Subscription = client.subscribe('task:*');
  isExactly<void>()(await events.ready, true);
  const { value } = await events.next();
  isExactly<Event | undefined>()(value, true);
  for await (const event of client.subscribe(['task:completed', 'agent:limited'])) {
    if (event.topic === 'agent:limited') isExactly<AccountEvent>()(event.payload, true);
    else isExactly<string>()(event.payload.taskId, true);
  }
  const own = await client.waitFor('task:completed', { where: ({ payload }) => payload.taskId === 'task-0001' });
  isExactly<TopicEvent<'task:completed'>>()(own, true);
  isExactly<'task:completed'>()(own.topic, true);
  isExactly<string>()(own.payload.taskId, true);
  isExactly<unknown>()((await client.waitFor('deployment:complete')).payload, true);
  return value;
}

export async function closing(client: DaemonClient, signal: AbortSignal): Promise<void> {
  await client.ping({}, { deadline: new Date(), retry: false });
  await client.ping({}, { deadline: Date.now() + 1000 });
  isExactly<void>()(await client.close(), true);
  await client.close({ timeoutMs: 1000, deadline: null, signal });
}

export function connections(client: DaemonClient): void {
  const off = client.on('disconnect', ({ path, error }) => {
    isExactly<string>()(path, true);
    isExactly<DaemonConnectionError | undefined>()(error, true);
  });
  isExactly<() => void>()(off, true);
  client.once('reconnecting', ({ attempts, delayMs }) => isExactly<number>()(attempts + delayMs, true));
  const listener = ({ attempts }: ClientEvents['reconnect']): void => void attempts;
  client.on('reconnect', listener);
  client.off('reconnect', listener);
}

export function hooks(): DaemonClient {
  const onRequest = ({ id, method, params }: RequestInfo): void => void [id, method, params];
  const onResponse = ({ attempts, durationMs, error, result }: ResponseInfo): void => {
    isExactly<number>()(attempts + durationMs, true);
    void [error?.message, result];
  };
  return new DaemonClient({ retry: false, onRequest, onResponse });
}

export async function iterating(client: DaemonClient, signal: AbortSignal): Promise<Task> {
  for await (const task of client.task.iterate({ state: 'failed', limit: 100 })) isExactly<Task>()(task, true);
  for await (const event of client.event.iterate({ since: 3 })) isExactly<Event>()(event, true);
  for await (const text of client.task.follow({ taskId: 'task-0001' }, { signal })) isExactly<string>()(text, true);
  for await (const line of client.daemon.followLogs()) isExactly<string>()(line, true);
  const where = ({ topic }: Event): boolean => topic !== 'a:b';
  isExactly<Event>()(await client.waitFor(['a:*'], { since: 1, where, timeoutMs: 10, signal }), true);
  const { run, submit } = client.task;
  void submit;
  return await run({ prompt: 'x' }, { signal, onOutput: (text) => isExactly<string>()(text, true) });
}

/** A part of a client may be a fake: nothing in it is private. */
export function fake(client: DaemonClient): Pick<DaemonClient, 'emit' | 'task'> {
  const task: Pick<DaemonClient['task'], 'list'> & DaemonClient['task'] = client.task;
  return { emit: () => Promise.resolve({ seq: 1, rules: [] }), task };
}

export function notifications(client: DaemonClient): () => void {
  const listener = (notification: Notification): void => {
    switch (notification.method) {
      case 'event':
        isExactly<NotificationMap['event']>()(notification.params, true);
        isExactly<string>()(notification.params.event.topic, true);
        break;
      case 'event.missed':
        isExactly<number>()(notification.params.missed + notification.params.since, true);
        break;
    }
  };
  return client.onNotification(listener);
}

export function errors(error: unknown): boolean {
  if (error instanceof DaemonTimeoutError) {
    isExactly<'timeout'>()(error.kind, true);
    return error.timeoutMs > 0;
  }
  if (error instanceof SpoolError) {
    isExactly<'spool'>()(error.kind, true);
    return false;
  }
  if (error instanceof DaemonConnectionError) {
    isExactly<ConnectionErrorKind>()(error.kind, true);
    return (error.kind === 'disconnected' || error.kind === 'not_allowed') && error.path !== undefined;
  }
  if (!(error instanceof DaemonError)) return false;
  isExactly<Open<ErrorKind>>()(error.kind, true);
  const kind: string = error.kind;
  isExactly<string | undefined>()(error.member, true);
  for (const { path, message } of error.data.errors ?? []) isExactly<string>()(path + message, true);
  isExactly<string | undefined>()(error.data.nearest, true);
  isExactly<unknown>()(error.data['whatever'], true);
  switch (error.kind) {
    case 'queue_full':
      return true;
    case 'invalid_params':
      return error.member?.startsWith('env.') ?? false;
    default:
      return error.retryable && error.code < 0 && kind in ERROR_KINDS && PROTOCOL_VERSION !== '';
  }
}
