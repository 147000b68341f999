// Wrong uses: each of them must be a type error. A line that stops being one fails, since nothing is left to expect.

import {
  DaemonClient,
  DaemonError,
  DaemonTimeoutError,
  ERROR_KINDS,
  type Cause,
  type ErrorKind,
  type Event,
  type Notification,
  type Task,
  type TaskState,
} from 'aiwg';
// @ts-expect-error only what is exported by name can be imported
import { Calls } from 'aiwg/src/calls.js';

export async function calls(client: DaemonClient): Promise<void> {
  // @ts-expect-error the topic is a string
  await client.emit(1);
  // @ts-expect-error the topic is missing
  await client.emit();
  // @ts-expect-error it is an event of one of these two topics
  if ((await client.waitFor('task:{completed,failed}')).topic === 'task:queued') return;
  // @ts-expect-error there is no such member in the payload of the daemon's own event
  void (await client.waitFor('task:completed')).payload.taskID;
  // @ts-expect-error the prompt is missing
  await client.task.submit({});
  // @ts-expect-error the params are missing
  await client.task.submit();
  // @ts-expect-error there is no such member
  await client.task.submit({ prompt: 'x', promtp: 'y' });
  // @ts-expect-error what may be absent may not be null
  await client.task.submit({ prompt: 'x', agent: null });
  // @ts-expect-error variables are strings
  await client.task.submit({ prompt: 'x', env: { RETRIES: 3 } });
  // @ts-expect-error a number of minutes
  await client.task.submit({ prompt: 'x', timeoutMinutes: '5' });
  // @ts-expect-error there is no such state
  await client.task.list({ state: 'finished' });
  // @ts-expect-error the name on the wire
  await client.task.get({ task_id: 'task-0001' });
  // @ts-expect-error an id is a string
  await client.task.wait({ taskId: 1 });
  // @ts-expect-error there is no such stream
  await client.task.output({ taskId: 'task-0001', stream: 'stdin' });
  // @ts-expect-error globs come as a list
  await client.event.list({ topics: 'task:*' });
  // @ts-expect-error which subscription
  await client.event.unsubscribe({});
  // @ts-expect-error no params
  await client.ping({ loud: true });
  // @ts-expect-error there is no such method
  await client.task.remove({ taskId: 'task-0001' });
  // @ts-expect-error there is no such namespace
  await client.tasks.list();
}

export async function options(client: DaemonClient): Promise<void> {
  // @ts-expect-error milliseconds, as a number
  await client.ping({}, { timeoutMs: '10s' });
  // @ts-expect-error there is no such option
  await client.ping({}, { timeout: 10 });
  // @ts-expect-error the key is one of the params
  await client.event.emit({ topic: 'a' }, { idempotencyKey: 'mine' });
  // @ts-expect-error an event waits for a daemon, and no task
  await client.task.submit({ prompt: 'x' }, { offline: true });
  // @ts-expect-error a key is a text
  await client.emit('a', 1, { idempotencyKey: 7 });
  // @ts-expect-error there is no such option
  await client.emit('a', 1, { idempotency_key: 'mine' });
  // @ts-expect-error the signal, not its controller
  await client.ping({}, { signal: new AbortController() });
  // @ts-expect-error there is no such option
  new DaemonClient({ socket: '/tmp/daemon.sock' });
  // @ts-expect-error namespaces are not replaced
  client.task = client.event;
  // @ts-expect-error the daemon makes them
  new DaemonError();
}

export async function helpers(client: DaemonClient): Promise<void> {
  // @ts-expect-error there is no such event of the connection
  client.on('connected', () => {});
  // @ts-expect-error a moment, not a text
  await client.ping({}, { deadline: '2026-01-01' });
  // @ts-expect-error the prompt is missing
  await client.task.run({});
  // @ts-expect-error the cursor is the client's own business
  client.task.iterate({ cursor: 'task-0001' });
  // @ts-expect-error pages have the order in which tasks were submitted
  client.task.iterate({ sort: 'oldest' });
  // @ts-expect-error it gives text
  client.task.follow({ taskId: 'task-0001', encoding: 'base64' });
  // @ts-expect-error it judges an event
  await client.waitFor('a', { where: (topic: string) => topic === 'a' });
}

export async function byName(client: DaemonClient): Promise<void> {
  // @ts-expect-error the params of a known method are checked here too
  await client.request('task.get', { id: 'task-0001' });
  // @ts-expect-error params are by name
  await client.request('not.known.yet', 'task-0001');
  // @ts-expect-error what is not known has to be looked at first
  (await client.request('not.known.yet')).length;
  // @ts-expect-error the result is a list
  (await client.request('task.list')).id;
}

export function results(task: Task, event: Event, state: TaskState): void {
  // @ts-expect-error what is null is no string
  task.agent.toUpperCase();
  // @ts-expect-error null is not undefined
  const pid: number | undefined = task.pid;
  // @ts-expect-error what may be absent may be undefined
  task.causedBy.depth.toFixed();
  // @ts-expect-error absent is not null
  const cause: Cause | null = task.causedBy;
  // @ts-expect-error any JSON has to be looked at first
  event.payload.version;
  // @ts-expect-error there is no such state
  if (state === 'done') return;
  // @ts-expect-error the name on the wire
  task.created_at;
  void [pid, cause];
}

export async function subscriptions(client: DaemonClient): Promise<void> {
  // @ts-expect-error an iterator of events, not a promise
  (await client.subscribe('task:*')).topic;
  // @ts-expect-error a number
  client.subscribe('task:*', { since: 'task-0001' });
  // @ts-expect-error it is told how many and since when
  client.subscribe('task:*', { onMissed: (missed: number) => missed });
  for await (const event of client.subscribe()) {
    // @ts-expect-error an event has no such member
    event.name;
  }
}

export function notifications(client: DaemonClient, notification: Notification): void {
  // @ts-expect-error which one it is has to be known first
  notification.params.event;
  // @ts-expect-error there is no such notification
  if (notification.method === 'event.lost') return;
  // @ts-expect-error an `event` says nothing of what was missed
  if (notification.method === 'event') notification.params.missed;
  // @ts-expect-error it gets the notification, not its name
  client.onNotification((method: string) => method);
}

export function errors(error: DaemonError, timeout: DaemonTimeoutError): void {
  // @ts-expect-error there is no such kind
  const missing: ErrorKind = 'task_missing';
  // @ts-expect-error another class has this kind
  const elsewhere: ErrorKind = 'no_daemon';
  // @ts-expect-error it has one kind only
  if (timeout.kind === 'disconnected') return;
  // @ts-expect-error it is not written
  error.kind = 'queue_full';
  // @ts-expect-error only `invalid_params` names one
  error.member.length;
  // @ts-expect-error there is no such kind
  ERROR_KINDS.task_missing;
  void [Calls, missing, elsewhere];
}
