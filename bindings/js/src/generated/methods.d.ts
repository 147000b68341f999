// Generated from the definition in protocol/ by scripts/generate. Do not edit.

import type { CallOptions } from '../calls.js';
import type {
  AccountList,
  AccountResumeParams,
  AccountResumed,
  Approval,
  ApprovalAnswerParams,
  ApprovalAskParams,
  ApprovalDecideParams,
  ApprovalGetParams,
  ApprovalListParams,
  ApprovalOutcome,
  ApprovalPermission,
  ApprovalPermissionParams,
  ApprovalSummary,
  AutomationStatus,
  AutomationSwitchParams,
  AutomationSwitched,
  AutomationTestParams,
  AutomationTested,
  BudgetStatus,
  ChatClearParams,
  ChatCleared,
  ChatHistoryParams,
  ChatSendParams,
  ChatSent,
  ChatTurn,
  DaemonDrainParams,
  DaemonLogs,
  DaemonLogsParams,
  DaemonReloaded,
  DaemonRestarting,
  DaemonStatus,
  DaemonStopParams,
  Event,
  EventEmitParams,
  EventEmitted,
  EventListParams,
  EventMissedNotification,
  EventNotification,
  EventSubscribeParams,
  EventSubscribed,
  EventUnsubscribeParams,
  EventUnsubscribed,
  HostDrainParams,
  HostList,
  HostLost,
  HostLostParams,
  HostStatus,
  MessagingStatus,
  MessagingTestParams,
  MessagingTested,
  Metrics,
  MetricsGetParams,
  NoParams,
  OpenRpcDocument,
  Pong,
  QueuePaused,
  QueueResumed,
  Report,
  ReportGetParams,
  ScheduleRun,
  ScheduleRunParams,
  ScheduledJob,
  StopAcknowledged,
  Task,
  TaskApplied,
  TaskApplyParams,
  TaskCancelParams,
  TaskCancelled,
  TaskDiff,
  TaskDiffParams,
  TaskEditParams,
  TaskEdited,
  TaskGetParams,
  TaskGiveParams,
  TaskGiven,
  TaskHeld,
  TaskHoldParams,
  TaskListParams,
  TaskOutput,
  TaskOutputParams,
  TaskReleaseParams,
  TaskReleased,
  TaskRetryParams,
  TaskSelection,
  TaskSendParams,
  TaskSent,
  TaskStats,
  TaskSubmitParams,
  TaskSubmitted,
  TaskTakeParams,
  TaskTaken,
  TaskWaitParams,
  TaskWhyParams,
  TasksCancelled,
  TasksRetried,
  TopicInfo,
  Why,
  WorkspaceList,
  WorkspacePruneParams,
  WorkspacePruned,
} from './types.js';

/** What each method takes and gives, by its name on the wire. */
export interface MethodMap {
  ping: { params: NoParams; result: Pong };
  'rpc.discover': { params: NoParams; result: OpenRpcDocument };
  'daemon.status': { params: NoParams; result: DaemonStatus };
  'daemon.stop': { params: DaemonStopParams; result: StopAcknowledged };
  'daemon.restart': { params: NoParams; result: DaemonRestarting };
  'daemon.reload': { params: NoParams; result: DaemonReloaded };
  'daemon.pause': { params: NoParams; result: QueuePaused };
  'daemon.resume': { params: NoParams; result: QueueResumed };
  'daemon.drain': { params: DaemonDrainParams; result: QueuePaused };
  'daemon.logs': { params: DaemonLogsParams; result: DaemonLogs };
  'automation.status': { params: NoParams; result: AutomationStatus };
  'automation.enable': { params: AutomationSwitchParams; result: AutomationSwitched };
  'automation.disable': { params: AutomationSwitchParams; result: AutomationSwitched };
  'automation.test': { params: AutomationTestParams; result: AutomationTested };
  'event.emit': { params: EventEmitParams; result: EventEmitted };
  'topic.list': { params: NoParams; result: TopicInfo[] };
  'event.list': { params: EventListParams; result: Event[] };
  'event.subscribe': { params: EventSubscribeParams; result: EventSubscribed };
  'event.unsubscribe': { params: EventUnsubscribeParams; result: EventUnsubscribed };
  'chat.send': { params: ChatSendParams; result: ChatSent };
  'chat.history': { params: ChatHistoryParams; result: ChatTurn[] };
  'chat.clear': { params: ChatClearParams; result: ChatCleared };
  'account.list': { params: NoParams; result: AccountList };
  'account.resume': { params: AccountResumeParams; result: AccountResumed };
  'report.get': { params: ReportGetParams; result: Report };
  'schedule.list': { params: NoParams; result: ScheduledJob[] };
  'schedule.run': { params: ScheduleRunParams; result: ScheduleRun };
  'task.submit': { params: TaskSubmitParams; result: TaskSubmitted };
  'task.cancel': { params: TaskCancelParams; result: TaskCancelled };
  'task.cancelMany': { params: TaskSelection; result: TasksCancelled };
  'task.hold': { params: TaskHoldParams; result: TaskHeld };
  'task.release': { params: TaskReleaseParams; result: TaskReleased };
  'task.edit': { params: TaskEditParams; result: TaskEdited };
  'task.send': { params: TaskSendParams; result: TaskSent };
  'task.take': { params: TaskTakeParams; result: TaskTaken };
  'task.give': { params: TaskGiveParams; result: TaskGiven };
  'task.list': { params: TaskListParams; result: Task[] };
  'task.get': { params: TaskGetParams; result: Task };
  'task.why': { params: TaskWhyParams; result: Why };
  'task.stats': { params: NoParams; result: TaskStats };
  'task.wait': { params: TaskWaitParams; result: Task };
  'task.output': { params: TaskOutputParams; result: TaskOutput };
  'task.diff': { params: TaskDiffParams; result: TaskDiff };
  'task.apply': { params: TaskApplyParams; result: TaskApplied };
  'workspace.list': { params: NoParams; result: WorkspaceList };
  'workspace.prune': { params: WorkspacePruneParams; result: WorkspacePruned };
  'host.list': { params: NoParams; result: HostList };
  'host.drain': { params: HostDrainParams; result: HostStatus };
  'host.lost': { params: HostLostParams; result: HostLost };
  'task.retry': { params: TaskRetryParams; result: TaskSubmitted };
  'task.retryMany': { params: TaskSelection; result: TasksRetried };
  'budget.status': { params: NoParams; result: BudgetStatus };
  'metrics.get': { params: MetricsGetParams; result: Metrics };
  'messaging.status': { params: NoParams; result: MessagingStatus };
  'messaging.test': { params: MessagingTestParams; result: MessagingTested };
  'approval.list': { params: ApprovalListParams; result: ApprovalSummary[] };
  'approval.get': { params: ApprovalGetParams; result: Approval };
  'approval.approve': { params: ApprovalDecideParams; result: Approval };
  'approval.reject': { params: ApprovalDecideParams; result: Approval };
  'approval.answer': { params: ApprovalAnswerParams; result: Approval };
  'approval.ask': { params: ApprovalAskParams; result: ApprovalOutcome };
  'approval.permission': { params: ApprovalPermissionParams; result: ApprovalPermission };
}

/** What each notification of the daemon brings, by its name. */
export interface NotificationMap {
  /** An event that matches a subscription of this connection. */
  event: EventNotification;
  /**
   * Events of a subscription were passed over: the subscriber fell too far behind, retention
   * deleted them before they were sent, or the log was deleted and restarted.
   *
   * The subscription goes on after them. `event.list` replays those that are still in the log.
   */
  'event.missed': EventMissedNotification;
}

/** The methods of `rpc`. */
export declare class RpcMethods {
  private constructor();

  /**
   * Gives the OpenRPC document of this API.
   *
   * The document describes every method, type and error, and is enough to write a client from.
   *
   * @example
   * await client.rpc.discover();
   */
  discover(params?: NoParams, options?: CallOptions): Promise<OpenRpcDocument>;
}

/** The methods of `daemon`. */
export declare class DaemonMethods {
  private constructor();

  /**
   * Reports the state of the daemon and all its subsystems.
   *
   * @example
   * await client.daemon.status();
   */
  status(params?: NoParams, options?: CallOptions): Promise<DaemonStatus>;

  /**
   * Stops the daemon.
   *
   * The answer comes first. Queued tasks stay queued for the next start. Running ones get SIGTERM,
   * 15 seconds, then SIGKILL, every process they started included, and end as `cancelled`. With
   * `keepAgents` they go on, and the next daemon supervises them.
   *
   * @example
   * await client.daemon.stop();
   */
  stop(params?: DaemonStopParams, options?: CallOptions): Promise<StopAcknowledged>;

  /**
   * Restarts the daemon in place, as the same process: it reads its program and its configuration
   * again. Running agents go on, queued tasks stay queued.
   *
   * A bad configuration is refused, and nothing is restarted. The answer comes before the restart;
   * afterwards `daemon.status` has another `started_at`. The daemon keeps its environment.
   *
   * @throws {DaemonError} of kind `shutting_down`
   *
   * @example
   * await client.daemon.restart();
   */
  restart(params?: NoParams, options?: CallOptions): Promise<DaemonRestarting>;

  /**
   * Reads the configuration again, and applies it as a whole or not at all.
   *
   * The queue, running tasks and connections are not disturbed. SIGHUP does the same.
   *
   * @throws {DaemonError} of kind `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.daemon.reload();
   */
  reload(params?: NoParams, options?: CallOptions): Promise<DaemonReloaded>;

  /**
   * Pauses the queue: nothing is started until `daemon.resume`, over restarts as well. Running
   * tasks go on.
   *
   * @throws {DaemonError} of kind `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.daemon.pause();
   */
  pause(params?: NoParams, options?: CallOptions): Promise<QueuePaused>;

  /**
   * Resumes a queue that was paused or drained.
   *
   * @throws {DaemonError} of kind `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.daemon.resume();
   */
  resume(params?: NoParams, options?: CallOptions): Promise<QueueResumed>;

  /**
   * Drains the queue: nothing is started, and running tasks go on to their ends. With `exit` the
   * daemon ends after the last of them.
   *
   * Without `exit` it is the same as `daemon.pause`, of which all hosts of a store take notice;
   * with `exit` it is of this host only. With `waitMs` the answer waits until no task runs any
   * more, or someone resumes the queue: one with 0 as `running` says that the queue has drained. A
   * daemon that ends before that answers `shutting_down`; one that restarts drains on.
   *
   * @throws {DaemonError} of kind `storage_unavailable`, `shutting_down`, `too_many_waits`
   *
   * @example
   * await client.daemon.drain({ exit: true });
   */
  drain(params?: DaemonDrainParams, options?: CallOptions): Promise<QueuePaused>;

  /**
   * Gives lines of the daemon's log: the last ones, or those after an earlier answer.
   *
   * With `waitMs` the answer waits until there is something: to follow the log, over rotations and
   * restarts, ask again from `cursor`.
   *
   * @throws {DaemonError} of kind `too_many_waits`, `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.daemon.logs({ lines: 1 });
   */
  logs(params?: DaemonLogsParams, options?: CallOptions): Promise<DaemonLogs>;
}

/** The methods of `automation`. */
export declare class AutomationMethods {
  private constructor();

  /**
   * Reports the state of all rules.
   *
   * @throws {DaemonError} of kind `storage_unavailable`
   *
   * @example
   * await client.automation.status();
   */
  status(params?: NoParams, options?: CallOptions): Promise<AutomationStatus>;

  /**
   * Switches a rule on, or all of automation. The switch outlasts restarts.
   *
   * A rule that has tripped starts to count its firings from zero. Switching on all of automation
   * does not switch on single rules.
   *
   * @throws {DaemonError} of kind `rule_not_found`, `storage_unavailable`
   *
   * @example
   * await client.automation.enable();
   */
  enable(params?: AutomationSwitchParams, options?: CallOptions): Promise<AutomationSwitched>;

  /**
   * Switches a rule off, or all of automation. It lasts over restarts.
   *
   * Pending matches, which have made no task yet, are kept until it is switched on again. Queued
   * and running tasks stay.
   *
   * @throws {DaemonError} of kind `rule_not_found`, `storage_unavailable`
   *
   * @example
   * await client.automation.disable();
   */
  disable(params?: AutomationSwitchParams, options?: CallOptions): Promise<AutomationSwitched>;

  /**
   * Reports what the rules would do with an event, and changes nothing.
   *
   * @throws {DaemonError} of kind `job_not_found`, `storage_unavailable`
   *
   * @example
   * await client.automation.test({ topic: 'deployment:complete', payload: { version: '1.2.3' } });
   */
  test(params?: AutomationTestParams, options?: CallOptions): Promise<AutomationTested>;
}

/** The methods of `event`. */
export declare class EventMethods {
  private constructor();

  /**
   * Emits an event.
   *
   * The answer comes once the event is in the log on disk, together with every task that a rule
   * makes of it at once: no crash or power cut after it loses them.
   *
   * @throws {DaemonError} of kind `idempotency_conflict`, `topic_reserved`, `unknown_topic`,
   * `invalid_payload`, `storage_unavailable`, `queue_full`, `shutting_down`
   *
   * @example
   * await client.event.emit({ topic: 'deployment:complete', payload: { version: '1.2.3' } });
   */
  emit(params: EventEmitParams, options?: CallOptions): Promise<EventEmitted>;

  /**
   * Lists events, the oldest first.
   *
   * @throws {DaemonError} of kind `storage_unavailable`
   *
   * @example
   * await client.event.list({ topics: ['deployment:*'], since: 16, limit: 1 });
   */
  list(params?: EventListParams, options?: CallOptions): Promise<Event[]>;

  /**
   * Pushes events to this connection as they happen.
   *
   * They come as `event` notifications, in the order of their numbers. With `since`, the events
   * after that number come first. A subscriber that does not read delays nobody: if it falls
   * behind, up to 10,000 events are read for it from the log. Beyond that, events are passed over,
   * and `event.missed` reports their number. `event.missed` also comes if retention has deleted
   * events before they were sent, and if the log was deleted and restarted, so that it does not
   * reach `since`. The subscription ends with its connection.
   *
   * @throws {DaemonError} of kind `too_many_subscriptions`, `storage_unavailable`
   *
   * @example
   * await client.event.subscribe({ topics: ['task:*'], since: 16 });
   */
  subscribe(params?: EventSubscribeParams, options?: CallOptions): Promise<EventSubscribed>;

  /**
   * Ends a subscription of this connection.
   *
   * @example
   * await client.event.unsubscribe({ subscription: 1 });
   */
  unsubscribe(params: EventUnsubscribeParams, options?: CallOptions): Promise<EventUnsubscribed>;
}

/** The methods of `topic`. */
export declare class TopicMethods {
  private constructor();

  /**
   * Lists the topics that the configuration declares, by name, then the daemon's own, with the
   * schemas of their payloads.
   *
   * @example
   * await client.topic.list();
   */
  list(params?: NoParams, options?: CallOptions): Promise<TopicInfo[]>;
}

/** The methods of `chat`. */
export declare class ChatMethods {
  private constructor();

  /**
   * Sends a message to an agent: a task of higher priority, whose output is the answer.
   *
   * `task.output` streams the answer and `task.wait` waits for it.
   *
   * @throws {DaemonError} of kind `idempotency_conflict`, `queue_full`, `chain_too_deep`,
   * `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.chat.send({ message: 'And which of them are slow?', conversation: 'tests' });
   */
  send(params: ChatSendParams, options?: CallOptions): Promise<ChatSent>;

  /**
   * Gives the last turns of a conversation, the oldest first; none if there is no such
   * conversation.
   *
   * @throws {DaemonError} of kind `storage_unavailable`
   *
   * @example
   * await client.chat.history({ conversation: 'tests', limit: 1 });
   */
  history(params: ChatHistoryParams, options?: CallOptions): Promise<ChatTurn[]>;

  /**
   * Forgets a conversation: agents no longer get what was said in it. Its tasks stay.
   *
   * @throws {DaemonError} of kind `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.chat.clear({ conversation: 'tests' });
   */
  clear(params: ChatClearParams, options?: CallOptions): Promise<ChatCleared>;
}

/** The methods of `account`. */
export declare class AccountMethods {
  private constructor();

  /**
   * Lists the accounts that agents work with, as far as the user's daemons know something of them:
   * limits, refused logins, what is used up.
   *
   * @example
   * await client.account.list();
   */
  list(params?: NoParams, options?: CallOptions): Promise<AccountList>;

  /**
   * Lifts what holds an account back: a limit, a share that is left to people, a refused login. Its
   * tasks start, here and in the user's other projects.
   *
   * @throws {DaemonError} of kind `account_not_found`, `shutting_down`
   *
   * @example
   * await client.account.resume();
   */
  resume(params?: AccountResumeParams, options?: CallOptions): Promise<AccountResumed>;
}

/** The methods of `report`. */
export declare class ReportMethods {
  private constructor();

  /**
   * Reports what has happened since some moment: which tasks completed, failed and were cancelled,
   * why, and what they cost; and which run or wait, and for what.
   *
   * @throws {DaemonError} of kind `storage_unavailable`
   *
   * @example
   * await client.report.get({ since: '2026-11-23T18:00:00.000Z' });
   */
  get(params?: ReportGetParams, options?: CallOptions): Promise<Report>;
}

/** The methods of `schedule`. */
export declare class ScheduleMethods {
  private constructor();

  /**
   * Lists the schedules, each with its last and its next firing.
   *
   * @throws {DaemonError} of kind `storage_unavailable`
   *
   * @example
   * await client.schedule.list();
   */
  list(params?: NoParams, options?: CallOptions): Promise<ScheduledJob[]>;

  /**
   * Fires a schedule now, whether or not schedules are switched on.
   *
   * Its own times stay as they are.
   *
   * @throws {DaemonError} of kind `job_not_found`, `queue_full`, `storage_unavailable`,
   * `shutting_down`
   *
   * @example
   * await client.schedule.run({ job: 'daily-audit' });
   */
  run(params: ScheduleRunParams, options?: CallOptions): Promise<ScheduleRun>;
}

/** The methods of `task`. */
export declare class TaskMethods {
  private constructor();

  /**
   * Submits a task.
   *
   * The answer comes once the task is stored on disk.
   *
   * @throws {DaemonError} of kind `idempotency_conflict`, `queue_full`, `chain_too_deep`,
   * `dependency_not_found`, `dependency_on_itself`, `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.task.submit({ prompt: 'Fix critical security bug', priority: 10 });
   */
  submit(params: TaskSubmitParams, options?: CallOptions): Promise<TaskSubmitted>;

  /**
   * Cancels a task that has not ended.
   *
   * A queued task is cancelled at once. A running one is ended with every process it started:
   * SIGTERM, 15 seconds, then SIGKILL; the answer does not wait for that.
   *
   * @throws {DaemonError} of kind `task_not_found`, `task_ended`, `storage_unavailable`,
   * `shutting_down`
   *
   * @example
   * await client.task.cancel({ taskId: 'task-0002' });
   */
  cancel(params: TaskCancelParams, options?: CallOptions): Promise<TaskCancelled>;

  /**
   * Cancels many tasks in one step: the named ones, or all that match and have not ended.
   *
   * Each is cancelled as by `task.cancel`. A named task that has already ended is reported with its
   * state, and is no error. One answer holds at most 1000 tasks.
   *
   * @throws {DaemonError} of kind `task_not_found`, `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.task.cancelMany({ state: 'queued', rule: 'auto-test' });
   */
  cancelMany(params?: TaskSelection, options?: CallOptions): Promise<TasksCancelled>;

  /**
   * Holds a queued task back until `task.release`, or until a moment.
   *
   * @throws {DaemonError} of kind `task_not_found`, `task_not_queued`, `storage_unavailable`,
   * `shutting_down`
   *
   * @example
   * await client.task.hold({ taskId: 'task-0002' });
   */
  hold(params: TaskHoldParams, options?: CallOptions): Promise<TaskHeld>;

  /**
   * Releases a task that is held by `task.hold`, that is to start later, or that has met a limit
   * with a login of its own. What else it waits for stays.
   *
   * @throws {DaemonError} of kind `task_not_found`, `task_not_queued`, `storage_unavailable`,
   * `shutting_down`
   *
   * @example
   * await client.task.release({ taskId: 'task-0002' });
   */
  release(params: TaskReleaseParams, options?: CallOptions): Promise<TaskReleased>;

  /**
   * Changes a queued task: its prompt, priority, lane, or the time after which it is no longer
   * wanted.
   *
   * @throws {DaemonError} of kind `task_not_found`, `task_not_queued`, `storage_unavailable`,
   * `shutting_down`
   *
   * @example
   * await client.task.edit({ taskId: 'task-0002', priority: 10 });
   */
  edit(params: TaskEditParams, options?: CallOptions): Promise<TaskEdited>;

  /**
   * Sends a message to the agent of a task that has not ended.
   *
   * An agent that runs gets it in its session: while it works, if its program takes messages then
   * (`agent.steer`), or when its run has ended, as a further run. One that is queued gets it with
   * what it is asked. `task.get` tells in `messages` what has become of it. An agent may send to
   * the tasks that it caused.
   *
   * @throws {DaemonError} of kind `task_not_found`, `task_ended`, `too_many_messages`,
   * `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.task.send({ taskId: 'task-0002', message: 'Leave the public API as it is.' });
   */
  send(params: TaskSendParams, options?: CallOptions): Promise<TaskSent>;

  /**
   * Takes a task over for a person: its session is the person's from when its agent has ended.
   *
   * One in whose session nobody could go on is refused, and stays as it is: its program tells no
   * session, or has no command for that, or it has not begun. Until `task.give` the task is queued,
   * and waits for `taken`. `task.get` then tells in `takeover` how to go on in its session.
   *
   * @throws {DaemonError} of kind `task_not_found`, `task_elsewhere`, `task_ended`,
   * `task_is_taken`, `task_has_no_session`, `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.task.take({ taskId: 'task-0002' });
   */
  take(params: TaskTakeParams, options?: CallOptions): Promise<TaskTaken>;

  /**
   * Gives a task back that was taken over: its agent goes on in its session, or the task has
   * completed.
   *
   * If its agent has not ended yet, the task goes on; one that is `done` completes when its agent
   * has been ended for that.
   *
   * @throws {DaemonError} of kind `task_not_found`, `task_ended`, `task_is_not_taken`,
   * `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.task.give({ taskId: 'task-0002' });
   */
  give(params: TaskGiveParams, options?: CallOptions): Promise<TaskGiven>;

  /**
   * Lists tasks, the newest first.
   *
   * In a list, `result` and `output` hold the last 4 KiB only: `task.get` has more.
   *
   * @throws {DaemonError} of kind `storage_unavailable`
   *
   * @example
   * await client.task.list({ state: 'running', limit: 1 });
   */
  list(params?: TaskListParams, options?: CallOptions): Promise<Task[]>;

  /**
   * Gives one task.
   *
   * @throws {DaemonError} of kind `task_not_found`, `storage_unavailable`
   *
   * @example
   * await client.task.get({ taskId: 'task-0001' });
   */
  get(params: TaskGetParams, options?: CallOptions): Promise<Task>;

  /**
   * Explains a task or an event: what led to it, from what came from outside on; or all that it led
   * to.
   *
   * The chain goes over events, the rules that matched them, tasks and their runs, with times and
   * costs. Matches that came to nothing are in it, with the reasons, and so is what queued tasks
   * wait for now. It is answered from what is stored, for as long as retention keeps it; of lanes,
   * budgets and accounts it says what the engine found when it last looked for a task to start.
   *
   * @throws {DaemonError} of kind `task_not_found`, `event_not_found`, `storage_unavailable`
   *
   * @example
   * await client.task.why({ id: 'task-0001' });
   */
  why(params: TaskWhyParams, options?: CallOptions): Promise<Why>;

  /**
   * Counts the tasks by state, and sums up the usage of their agents.
   *
   * @throws {DaemonError} of kind `storage_unavailable`
   *
   * @example
   * await client.task.stats();
   */
  stats(params?: NoParams, options?: CallOptions): Promise<TaskStats>;

  /**
   * Waits until a task has ended, in whatever state, and gives it.
   *
   * The daemon measures `timeoutMs`: when it has passed, the answer is the error `wait_timeout`. A
   * time-out that a client sets for the call runs in the client, which sends `rpc.cancel` when it
   * has passed. Whichever passes first ends the wait. Neither ends the task. What it has changed in
   * a work tree has come back by then, unless that takes a minute.
   *
   * @throws {DaemonError} of kind `task_not_found`, `wait_timeout`, `too_many_waits`,
   * `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.task.wait({ taskId: 'task-0001', timeoutMs: 60000 });
   */
  wait(params: TaskWaitParams, options?: CallOptions): Promise<Task>;

  /**
   * Gives what a task's agent has written, from any byte on.
   *
   * With `waitMs` the answer waits until there is something, or the task has ended: to follow a
   * task, ask again from `nextOffset` until `ended` is true. Of what has run on another host there
   * are the beginning and the end, 8 MiB together.
   *
   * @throws {DaemonError} of kind `task_not_found`, `too_many_waits`, `storage_unavailable`,
   * `shutting_down`
   *
   * @example
   * await client.task.output({ taskId: 'task-0001' });
   */
  output(params: TaskOutputParams, options?: CallOptions): Promise<TaskOutput>;

  /**
   * Gives what a task has changed in its work tree, as a unified diff.
   *
   * A diff of more than 1 MiB is cut after a line. What is no UTF-8 is replaced.
   *
   * @throws {DaemonError} of kind `task_not_found`, `task_elsewhere`, `task_has_no_result`,
   * `workspace_unusable`, `storage_unavailable`
   *
   * @example
   * await client.task.diff({ taskId: 'task-0001' });
   */
  diff(params: TaskDiffParams, options?: CallOptions): Promise<TaskDiff>;

  /**
   * Applies what a task has changed in its work tree to the project's own files.
   *
   * All of them or none: a conflict is answered with its files, and leaves no markers. Nothing is
   * committed.
   *
   * @throws {DaemonError} of kind `task_not_found`, `task_elsewhere`, `task_has_no_result`,
   * `workspace_unusable`, `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.task.apply({ taskId: 'task-0001' });
   */
  apply(params: TaskApplyParams, options?: CallOptions): Promise<TaskApplied>;

  /**
   * Submits a new task with the specification of an earlier one.
   *
   * The new task waits for no other task, even if the earlier one did. Tasks that were cancelled
   * because they were to start after the earlier one are submitted again as well, and start after
   * the new one.
   *
   * @throws {DaemonError} of kind `idempotency_conflict`, `task_not_found`, `queue_full`,
   * `chain_too_deep`, `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.task.retry({ taskId: 'task-0001' });
   */
  retry(params: TaskRetryParams, options?: CallOptions): Promise<TaskSubmitted>;

  /**
   * Retries many tasks in one step: the named ones, or all that match, did not end as `completed`,
   * and were not retried before.
   *
   * Each is retried as by `task.retry`: all of them, or none. It takes at most 1000 tasks, not
   * counting the dependent tasks that are submitted again with them.
   *
   * @throws {DaemonError} of kind `task_not_found`, `queue_full`, `chain_too_deep`,
   * `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.task.retryMany({ state: 'failed', withinMinutes: 60 });
   */
  retryMany(params?: TaskSelection, options?: CallOptions): Promise<TasksRetried>;
}

/** The methods of `workspace`. */
export declare class WorkspaceMethods {
  private constructor();

  /**
   * Lists the project's work trees.
   *
   * @throws {DaemonError} of kind `storage_unavailable`
   *
   * @example
   * await client.workspace.list();
   */
  list(params?: NoParams, options?: CallOptions): Promise<WorkspaceList>;

  /**
   * Removes the work trees that no open task has. What was made there is kept.
   *
   * @throws {DaemonError} of kind `workspace_unusable`, `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.workspace.prune();
   */
  prune(params?: WorkspacePruneParams, options?: CallOptions): Promise<WorkspacePruned>;
}

/** The methods of `host`. */
export declare class HostMethods {
  private constructor();

  /**
   * Lists the hosts that share the project's store.
   *
   * @throws {DaemonError} of kind `storage_unavailable`
   *
   * @example
   * await client.host.list();
   */
  list(params?: NoParams, options?: CallOptions): Promise<HostList>;

  /**
   * Gives a host no new tasks, or gives it new ones again. What runs there goes on.
   *
   * @throws {DaemonError} of kind `host_not_found`, `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.host.drain({ host: 'build-1' });
   */
  drain(params: HostDrainParams, options?: CallOptions): Promise<HostStatus>;

  /**
   * Gives a host up: what ran there is interrupted at once, and goes on elsewhere.
   *
   * Its agents have to be gone: nobody can end those of a machine that does not answer, and they
   * would be at work twice.
   *
   * @throws {DaemonError} of kind `host_not_found`, `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.host.lost({ host: '5b0e7c9e' });
   */
  lost(params: HostLostParams, options?: CallOptions): Promise<HostLost>;
}

/** The methods of `budget`. */
export declare class BudgetMethods {
  private constructor();

  /**
   * Gives what agents have cost and what is left of the budgets: by day, rule and agent.
   *
   * @throws {DaemonError} of kind `storage_unavailable`
   *
   * @example
   * await client.budget.status();
   */
  status(params?: NoParams, options?: CallOptions): Promise<BudgetStatus>;
}

/** The methods of `metrics`. */
export declare class MetricsMethods {
  private constructor();

  /**
   * Gives the daemon's metrics, as Prometheus and others read them.
   *
   * @throws {DaemonError} of kind `storage_unavailable`
   *
   * @example
   * await client.metrics.get();
   */
  get(params?: MetricsGetParams, options?: CallOptions): Promise<Metrics>;
}

/** The methods of `messaging`. */
export declare class MessagingMethods {
  private constructor();

  /**
   * Gives how each messaging platform stands whose token the daemon has.
   *
   * @throws {DaemonError} of kind `storage_unavailable`
   *
   * @example
   * await client.messaging.status();
   */
  status(params?: NoParams, options?: CallOptions): Promise<MessagingStatus>;

  /**
   * Sends a message to try out whether messages arrive, and says what is missing where it does not.
   *
   * @example
   * await client.messaging.test();
   */
  test(params?: MessagingTestParams, options?: CallOptions): Promise<MessagingTested>;
}

/** The methods of `approval`. */
export declare class ApprovalMethods {
  private constructor();

  /**
   * Lists what people are asked for, the oldest first.
   *
   * @throws {DaemonError} of kind `task_not_found`, `storage_unavailable`
   *
   * @example
   * await client.approval.list();
   */
  list(params?: ApprovalListParams, options?: CallOptions): Promise<ApprovalSummary[]>;

  /**
   * Gives one of them, with the request and the decision.
   *
   * @throws {DaemonError} of kind `approval_not_found`, `storage_unavailable`
   *
   * @example
   * await client.approval.get({ approvalId: 'approval-0002' });
   */
  get(params: ApprovalGetParams, options?: CallOptions): Promise<Approval>;

  /**
   * Approves a task, which may start then, or permits the use of a tool.
   *
   * The first decision counts, and is kept with who made it. No agent may call it, whatever the
   * configuration says.
   *
   * @throws {DaemonError} of kind `approval_not_found`, `approval_decided`, `approval_expired`,
   * `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.approval.approve({ approvalId: 'approval-0001' });
   */
  approve(params: ApprovalDecideParams, options?: CallOptions): Promise<Approval>;

  /**
   * Rejects a task, which is cancelled then, refuses the use of a tool, or refuses to answer a
   * question.
   *
   * The first decision counts, and is kept with who made it. No agent may call it, whatever the
   * configuration says.
   *
   * @throws {DaemonError} of kind `approval_not_found`, `approval_decided`, `approval_expired`,
   * `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.approval.reject({ approvalId: 'approval-0001', reason: 'not on a Friday' });
   */
  reject(params: ApprovalDecideParams, options?: CallOptions): Promise<Approval>;

  /**
   * Answers the question of an agent.
   *
   * The first answer counts, and is kept with who gave it. No agent may call it, whatever the
   * configuration says.
   *
   * @throws {DaemonError} of kind `approval_not_found`, `approval_decided`, `approval_expired`,
   * `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.approval.answer({ approvalId: 'approval-0003', answer: 'SQLite' });
   */
  answer(params: ApprovalAnswerParams, options?: CallOptions): Promise<Approval>;

  /**
   * Asks a person a question, and waits for the answer. Only the agent of a task can ask.
   *
   * While it waits, the agent's slot is lent to other tasks, and its task's time does not run. A
   * question that the task has asked in the same words before is not asked again: its answer comes
   * at once, if there is one. So an agent whose wait was cut off asks once more, and loses nothing.
   *
   * @throws {DaemonError} of kind `task_not_found`, `task_ended`, `too_many_approvals`,
   * `too_many_waits`, `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.approval.ask({ question: 'Which of the two?', options: ['SQLite', 'PostgreSQL'] });
   */
  ask(params: ApprovalAskParams, options?: CallOptions): Promise<ApprovalOutcome>;

  /**
   * Asks whether a tool may be used: first what was decided before, then a person. Only the agent
   * of a task can ask, about its own calls.
   *
   * The hooks of an agent's program call it, where `agent.ask_permissions` is set. An approval
   * counts for one call, of exactly this input. While a person is waited for, the agent's slot is
   * lent to other tasks, and its task's time does not run.
   *
   * @throws {DaemonError} of kind `too_many_waits`, `storage_unavailable`, `shutting_down`
   *
   * @example
   * await client.approval.permission({ step: 'use', tool: 'Bash', input: { command: 'git push' }, toolUseId: 'toolu_01' });
   */
  permission(params: ApprovalPermissionParams, options?: CallOptions): Promise<ApprovalPermission>;
}

/** Every method of the daemon, by namespace. */
export declare abstract class Methods {
  /** The methods of `rpc`. */
  readonly rpc: RpcMethods;
  /** The methods of `daemon`. */
  readonly daemon: DaemonMethods;
  /** The methods of `automation`. */
  readonly automation: AutomationMethods;
  /** The methods of `event`. */
  readonly event: EventMethods;
  /** The methods of `topic`. */
  readonly topic: TopicMethods;
  /** The methods of `chat`. */
  readonly chat: ChatMethods;
  /** The methods of `account`. */
  readonly account: AccountMethods;
  /** The methods of `report`. */
  readonly report: ReportMethods;
  /** The methods of `schedule`. */
  readonly schedule: ScheduleMethods;
  /** The methods of `task`. */
  readonly task: TaskMethods;
  /** The methods of `workspace`. */
  readonly workspace: WorkspaceMethods;
  /** The methods of `host`. */
  readonly host: HostMethods;
  /** The methods of `budget`. */
  readonly budget: BudgetMethods;
  /** The methods of `metrics`. */
  readonly metrics: MetricsMethods;
  /** The methods of `messaging`. */
  readonly messaging: MessagingMethods;
  /** The methods of `approval`. */
  readonly approval: ApprovalMethods;

  /**
   * Answers at once, which shows that the daemon is alive.
   *
   * @example
   * await client.ping();
   */
  ping(params?: NoParams, options?: CallOptions): Promise<Pong>;
}
