// Generated from the definition in protocol/ by scripts/generate. Do not edit.

/** A word that the daemon sends: one of those that this package knows, or one that a newer daemon may have added. */
export type Open<T extends string> = T | (string & {});

/** At each match. */
export interface AlwaysCondition {
  type: 'always';
}

/** The payload of the events of automation itself. */
export interface AutomationEvent {
  /** The rule's id; null for all of automation. */
  rule: string | null;
  /** With `automation:tripped`: how often it had fired. */
  firings?: number;
  /** With `automation:tripped`: within how many minutes. */
  minutes?: number;
  /** With `automation:tripped`: the number of the event that would have made it fire once more. */
  event?: number;
}

/** The answer to `automation.status`. */
export interface AutomationStatus {
  /** Whether automation as a whole is switched on. */
  enabled: boolean;
  /** How many rules the configuration has; those of schedule jobs do not count. */
  ruleCount: number;
  /** Each of them, in the order of the configuration; those of schedule jobs come last. */
  rules: RuleStatus[];
  /**
   * What all file changes wait for: the mark of a git operation that is under way. Null when
   * nothing.
   */
  heldBy: string | null;
  /** Since when they wait for it. Null when for nothing. `null` when absent. */
  heldSince: Timestamp | null;
  /** The tasks that rules have made lately, the newest first; 50 at the most. */
  recentExecutions: RuleExecution[];
}

/** The rules. */
export interface AutomationSubsystem {
  /** Whether rules are acted upon at all. */
  enabled: boolean;
  /** How many rules the configuration has; those of schedule jobs do not count. */
  ruleCount: number;
}

/** The params of `automation.enable` and `automation.disable`. */
export interface AutomationSwitchParams {
  /** The rule; all of automation when absent. Length at most 200. */
  ruleId?: string | undefined;
}

/** The answer to `automation.enable` and `automation.disable`. */
export interface AutomationSwitched {
  /** Without a rule: whether automation is switched on now. */
  enabled?: boolean;
  /** With a rule: always true; what could not be done is an error. */
  success?: boolean;
}

/** The params of `automation.test`: one of `topic`, `file` and `schedule`. */
export interface AutomationTestParams {
  /** As if an event of this topic were emitted. Length at most 200. */
  topic?: string | undefined;
  /** The event's payload; `null` when absent. */
  payload?: unknown;
  /**
   * As if this file were modified: its path relative to the project, or absolute and within it.
   * Length at most 4096.
   */
  file?: string | undefined;
  /**
   * As if this schedule job fired, or the rule of this id whose trigger is a schedule. Length at
   * most 200.
   */
  schedule?: string | undefined;
}

/** The answer to `automation.test`. */
export interface AutomationTested {
  /** The topic of the event as it was tried. */
  topic: string;
  /** The file, relative to the project; absent where none was named. */
  file?: string;
  /**
   * What people should know besides: that the file is not watched, so that there would be no event
   * at all, or what the daemon itself does for a job. Absent where there is nothing.
   */
  notice?: string;
  /** Each rule that matches it, and what would come of it now. */
  rules: RuleTested[];
}

/** What led to an event or a task. */
export interface Cause {
  /** The task whose process emitted it, or whose state it reports. */
  task?: string;
  /** The rule that made it. */
  rule?: string;
  /** The number of the event that triggered the rule. */
  event?: number;
  /** How many tasks lie between this and what came from outside; 0 for none. */
  depth: number;
}

/** The params of `chat.clear`. */
export interface ChatClearParams {
  /** The conversation. Length from 1 to 200. */
  conversation: string;
}

/** The answer to `chat.clear`. */
export interface ChatCleared {
  /** How many turns are forgotten. Their tasks stay. */
  cleared: number;
}

/** The params of `chat.history`. */
export interface ChatHistoryParams {
  /** The conversation. Length from 1 to 200. */
  conversation: string;
  /**
   * How many of its last turns. There are fewer where they have more than 8 MiB together. From 1 to
   * 1000; `20` when absent.
   */
  limit?: number | undefined;
}

/** The params of `chat.send`. */
export interface ChatSendParams {
  /** What to say; up to 1 MiB. Length from 1 to 1048576. */
  message: string;
  /** Higher ones start first. From -1000 to 1000; `5` when absent. */
  priority?: number | undefined;
  /**
   * The conversation that it belongs to, by any name of up to 200 characters: the agent is told
   * what was said in it before, and answers one message after the other. Without one the message
   * stands alone. Length from 1 to 200.
   */
  conversation?: string | undefined;
}

/** The answer to `chat.send`. */
export interface ChatSent {
  /** The task whose output is the answer. */
  taskId: string;
}

/** A message and what came of it. */
export interface ChatTurn {
  /** The task that it is. */
  taskId: string;
  /** Who said it. `"user"` when absent. */
  by: Open<Speaker>;
  /** What was said. */
  message: string;
  /** The answer; null while there is none. */
  answer: string | null;
  /** Why there is no answer; null otherwise. */
  error: string | null;
  /** Where the task stands. */
  state: Open<TaskState>;
  /** When it was said. */
  at: Timestamp;
}

/** When a rule proceeds. */
export type Condition = AlwaysCondition | DebounceCondition;

/** Something that is wrong in a configuration file. */
export interface ConfigProblem {
  /** The file. */
  file: string;
  /** The line, from 1; null where the file could not be read. */
  line: number | null;
  /** The column, from 1; null where the file could not be read. */
  column: number | null;
  /** What is wrong and what would be right, for people. */
  message: string;
}

/** The answer to `daemon.logs`. */
export interface DaemonLogs {
  /** Lines as they are in the file, without their ends; some of them, if there are very many. */
  lines: string[];
  /** Where to go on. It means the same to the next daemon, and after a rotation. */
  cursor: string;
  /** Whether lines after `cursor` are gone, because their file was rotated away. */
  missed: boolean;
}

/** The params of `daemon.logs`. */
export interface DaemonLogsParams {
  /** How many of the last lines, where there is no `cursor`. From 0 to 10000; `100` when absent. */
  lines?: number | undefined;
  /** The `cursor` of an earlier answer: what comes after it. Length at most 200. */
  cursor?: string | undefined;
  /**
   * With a `cursor`, if there is nothing yet: how long to wait for something, in milliseconds. From
   * 0 to 60000; `0` when absent.
   */
  waitMs?: number | undefined;
}

/** The answer to `daemon.reload`. */
export interface DaemonReloaded {
  /**
   * Whether the file's configuration is in force now. If not, the one before still is, all of it.
   */
  reloaded: boolean;
  /** What is wrong with the file; empty when it was taken. */
  errors: ConfigProblem[];
  /** What the file asks for that is not acted upon, for people. */
  notices: string[];
}

/** The answer to `daemon.restart`, sent before the daemon ends. */
export interface DaemonRestarting {
  /** Whether it begins anew now. If not, nothing has changed. */
  restarting: boolean;
  /** Its process, which stays the same. */
  pid: number;
  /** What is wrong with the configuration file; empty where it is restarted. */
  errors: ConfigProblem[];
}

/** The daemon and all its subsystems. */
export interface DaemonStatus {
  /** The daemon's process. */
  pid: number;
  /** For how many whole seconds it has been up. */
  uptime_seconds: number;
  /** When it started. */
  started_at: Timestamp;
  /** Whether all is well. */
  health: Open<Health>;
  /** What is not well; empty when health is `healthy`. */
  issues: Issue[];
  /** What the action `health-check` found last; null before the first time since the start. */
  health_check: HealthCheck | null;
  /** The daemon's version. */
  version: string;
  /** The version of the wire contract. */
  protocol_version: string;
  /** The project's directory. */
  project: string;
  /** The path of the socket: the one to forward over SSH. */
  socket: string;
  /** The configuration in use; null when the defaults are. */
  config: string | null;
  /**
   * Whether it was started in the background. If not, it is the process of a service manager, a
   * container or a terminal, which its end would be told to: `daemon.restart` has it begin anew
   * without one.
   */
  detached: boolean;
  /** Whether it has ended: so in the `state.json` that it leaves behind. `false` when absent. */
  stopped: boolean;
  /**
   * How many tasks there are in which state: `task.stats` without what their agents used.
   * `{"total":0,"queued":0,"running":0,"completed":0,"failed":0,"cancelled":0,"timeout":0}` when
   * absent.
   */
  stats: TaskCounts;
  /** The subsystems. */
  subsystems: Subsystems;
}

/** The params of `daemon.stop`. */
export interface DaemonStopParams {
  /**
   * Whether running agents go on without the daemon; the next start finds them again. False when
   * absent: they are ended.
   */
  keepAgents?: boolean | undefined;
}

/** What the tasks that ended on one day used. */
export interface DayUsage {
  /** The day in UTC: `2026-11-23`. */
  day: string;
  /** What they used. */
  usage: UsageSum;
}

/** Once the matches have settled. */
export interface DebounceCondition {
  type: 'debounce';
  /** How long after the last match, in milliseconds; a year at most. From 0 to 31536000000. */
  interval_ms: number;
  /**
   * How long after the first match at the most, in milliseconds, however many follow; 10 times
   * `interval_ms` when left out. A year at most. From 0 to 31536000000.
   */
  max_wait_ms?: number;
}

/** Something that happened. */
export interface Event {
  /** Its number: 1 for the first event of the project, then counting up by one. */
  seq: number;
  /** What happened: `deployment:complete`. */
  topic: string;
  /** What the emitter said of it; `null` where it said nothing. */
  payload: unknown;
  /** Who published it. */
  source: Open<EventSource>;
  /** When the daemon took it in. */
  at: Timestamp;
  /** What led to it; absent when it came from outside. */
  causedBy?: Cause;
}

/** The params of `event.emit`. */
export interface EventEmitParams {
  /**
   * Up to 200 characters of `A-Z a-z 0-9 _ . : / -`. The daemon's own topics (`task:`, `file:`,
   * `schedule:`, `daemon:`, `automation:`, `health:`, `chat:`) are refused. Matches
   * `^[A-Za-z0-9_.:/-]{1,200}$`.
   */
  topic: string;
  /**
   * What to say of it; any JSON value that can be read: no half of a surrogate pair, no number
   * beyond a double's range, at most 120 levels deep.
   */
  payload?: unknown;
}

/** The answer to `event.emit`: the event is in the log, and its tasks in the queue. */
export interface EventEmitted {
  /** The event's number. */
  seq: number;
  /** The ids of the rules that took it up: that have made a task of it, or will. */
  rules: string[];
  /**
   * Those of `rules` that have made no task of it yet: they wait for quiet, for their own task to
   * end, or for room in the queue. Absent where there are none.
   */
  waiting?: string[];
  /** The rules that it matched as well and that made nothing of it; absent where there are none. */
  refused?: RefusedMatch[];
}

/** The params of `event.list`. */
export interface EventListParams {
  /**
   * Only events whose topic matches one of these globs: `*` and `?` match within it, `{a,b}`
   * either. All when absent or empty. Length at most 100.
   */
  topics?: string[] | undefined;
  /**
   * The number of the last event seen: the answer starts with the next one. Without it, the answer
   * holds the newest. Nothing comes after a number that the log has not reached, such as one of a
   * log that was deleted since.
   */
  since?: number | undefined;
  /**
   * How many at the most. There are fewer where they have more than 8 MiB together. From 1 to 1000;
   * `100` when absent.
   */
  limit?: number | undefined;
}

/** The params of the notification `event.missed`. */
export interface EventMissedNotification {
  /** The subscription's number. */
  subscription: number;
  /**
   * How many events were passed over, of whatever topic: no more than so many are missing from the
   * topics subscribed to.
   */
  missed: number;
  /**
   * The number of the last event before them: `event.list` with this `since` replays what is left
   * of them.
   */
  since: number;
}

/** The params of the notification `event`. */
export interface EventNotification {
  /** The subscription's number. */
  subscription: number;
  /** What happened. */
  event: Event;
}

/**
 * Who published an event.
 *
 * - `client`: A client, with `event.emit`.
 * - `supervisor`: The queue and the supervisor of agent tasks.
 * - `file_watcher`: The file watcher.
 * - `scheduler`: The scheduler.
 * - `automation`: The rules.
 * - `daemon`: The daemon itself.
 */
export type EventSource =
  'client' | 'supervisor' | 'file_watcher' | 'scheduler' | 'automation' | 'daemon';

/** The params of `event.subscribe`. */
export interface EventSubscribeParams {
  /**
   * Only events whose topic matches one of these globs: `*` and `?` match within it, `{a,b}`
   * either. All when absent or empty. Length at most 100.
   */
  topics?: string[] | undefined;
  /**
   * The number of the last event seen: those after it come first, then the live ones, without a gap
   * or a repeat. Only live ones when absent; 0 stands for the whole log. A number that the log has
   * not reached is one of a log that was deleted since: an `event.missed` comes first.
   */
  since?: number | undefined;
}

/** The answer to `event.subscribe`. It comes before the first of its events. */
export interface EventSubscribed {
  /** The subscription's number, unique on its connection. */
  subscription: number;
  /**
   * Events after this number will come. It is less than what was asked for where the log has not
   * reached that: it was begun anew.
   */
  since: number;
}

/** An event is published. */
export interface EventTrigger {
  type: 'event';
  /** Its topic, as a glob: the first one where there are several. */
  topic: string;
  /**
   * All of them where there are several; one that begins with `!` takes out of what those before it
   * match.
   */
  topics?: string[];
}

/** The params of `event.unsubscribe`. */
export interface EventUnsubscribeParams {
  /** The subscription's number. */
  subscription: number;
}

/** The answer to `event.unsubscribe`. */
export interface EventUnsubscribed {
  /** Whether there was such a subscription. */
  unsubscribed: boolean;
}

/** A file is created, modified or deleted. */
export interface FileChangeTrigger {
  type: 'file_change';
  /**
   * Which files, as a glob on the path relative to the project: the first one where there are
   * several.
   */
  pattern: string;
  /**
   * All of them where there are several; one that begins with `!` takes out of what those before it
   * match.
   */
  patterns?: string[];
}

/**
 * The payload of `file:created`, `file:modified`, `file:deleted` and `file:renamed`. Paths are
 * relative to the project.
 */
export interface FileEvent {
  /** The file. What is not UTF-8 in its name is replaced by U+FFFD. */
  path: string;
  /** With `file:renamed`: what it was called. */
  from?: string;
  /** The bytes of `path` in base64, where they are not UTF-8. */
  pathBase64?: string;
  /** The bytes of `from` in base64, where they are not UTF-8. */
  fromBase64?: string;
}

/** The file watcher. */
export interface FileWatcherSubsystem {
  /** Whether files are watched. */
  enabled: boolean;
  /** How many changes it has told of since the start. */
  events_received: number;
  /** How many directories are watched. */
  directories: number;
  /** How many files are in them. */
  files: number;
  /**
   * Whether they are polled, because the configuration asks for it or the system cannot watch as
   * many.
   */
  polling: boolean;
  /** Paths that are to be watched and are not there; they are waited for. */
  missing: string[];
  /**
   * What changes wait for: the mark of a git operation that is under way, such as
   * `.git/index.lock`. Null when nothing.
   */
  held_by: string | null;
  /** Since when changes wait for it. Null when for nothing. `null` when absent. */
  held_since: Timestamp | null;
  /** How often the system lost changes, so that everything was looked at again. */
  overflows: number;
}

/**
 * Whether all is well.
 *
 * - `healthy`: It is.
 * - `degraded`: Something needs a person; `issues` says what.
 */
export type Health = 'healthy' | 'degraded';

/**
 * What the built-in action `health-check` found. It is also the payload of the events `health:ok`
 * and `health:degraded`.
 */
export interface HealthCheck {
  /** When it was made. */
  at: Timestamp;
  /** `healthy` if every check is. */
  health: Open<Health>;
  /** Each check. */
  checks: HealthCheckItem[];
}

/** One of the checks. */
export interface HealthCheckItem {
  /** A stable name: `store`, `disk`, `socket`, `files`, `agent`, `queue`, `rules`. */
  name: string;
  /** Whether it is well. */
  ok: boolean;
  /** What was found; if it is not well, what to do about it. */
  message: string;
}

/** The socket. */
export interface IpcSubsystem {
  /** How many clients are connected, the one that asks included. */
  clients: number;
}

/** Something that is not well. */
export interface Issue {
  /** A stable name: `storage`, `config`. */
  kind: string;
  /** What it is and what to do about it. */
  message: string;
  /** Since when. */
  since: Timestamp;
}

/**
 * What comes of a match.
 *
 * - `fire`: A task, at once.
 * - `debounce`: A task once the matches have settled.
 * - `coalesce`: A task when the rule is no longer busy.
 * - `refuse`: Nothing.
 * - `trip`: Nothing, and the rule trips.
 * - `fail`: A task that fails at once, since its prompt cannot be made of this event.
 */
export type MatchOutcome = 'fire' | 'debounce' | 'coalesce' | 'refuse' | 'trip' | 'fail';

/** Messaging platforms. */
export interface MessagingSubsystem {
  /** Whether any is connected. */
  enabled: boolean;
  /** Their names. */
  adapters: string[];
}

/** No members: `params` may be left out. */
export type NoParams = Record<string, never>;

/**
 * What a match does while a task of its rule is queued or running.
 *
 * - `coalesce`: It waits; all that wait make one task when the rule is no longer busy.
 * - `skip`: It is passed over.
 * - `queue`: It makes a task of its own.
 */
export type OnBusy = 'coalesce' | 'skip' | 'queue';

/** The OpenRPC document of this API: <https://spec.open-rpc.org>. */
export type OpenRpcDocument = Record<string, unknown>;

/**
 * How the bytes of an output travel in JSON.
 *
 * - `utf8`: As text. Bytes that are no UTF-8 come as U+FFFD; a character is never cut in two.
 * - `base64`: As base64 (RFC 4648, with padding): every byte survives.
 */
export type OutputEncoding = 'utf8' | 'base64';

/**
 * One of an agent's two streams.
 *
 * - `stdout`: Standard output.
 * - `stderr`: Standard error.
 */
export type OutputStream = 'stdout' | 'stderr';

/** Matches of a rule that have not come to a task yet. */
export interface PendingMatches {
  /** How many. */
  matches: number;
  /** When they will, if nothing more comes; null when they wait for the rule's task to end. */
  dueAt: Timestamp | null;
}

/** The answer to `ping`. */
export interface Pong {
  /** Always true. */
  pong: boolean;
  /** The daemon's clock. */
  timestamp: Timestamp;
}

/** A queued task, in short. */
export interface QueuedTaskSummary {
  /** Its id. */
  id: string;
  /** The first 80 characters of its prompt. */
  prompt: string;
  /** Its agent; the default one when null. */
  agent: string | null;
  /** Its priority. */
  priority: number;
}

/** A rule that an event matched and that made nothing of it. */
export interface RefusedMatch {
  /** The rule's id. */
  rule: string;
  /** Why, for people. */
  reason: string;
}

/** What a rule does. The environment that it gives to its tasks is not shown. */
export interface RuleAction {
  /** Always `submit_task`. */
  type: Open<RuleActionKind>;
  /** The prompt, as a template. */
  prompt: string;
  /** The priority of its tasks. */
  priority: number;
  /** The agent; the default one when null. */
  agent: string | null;
}

/**
 * The kinds of actions.
 *
 * - `submit_task`: It submits a task.
 */
export type RuleActionKind = 'submit_task';

/** A task that a rule made. */
export interface RuleExecution {
  /** The rule's id. */
  rule: string;
  /** When. */
  at: Timestamp;
  /** The number of the last event that led to it. */
  event: number;
  /** How many matches it stands for. */
  matches: number;
  /** The task's id. */
  task: string;
}

/** A match that came to nothing. */
export interface RuleRefusal {
  /** When. */
  at: Timestamp;
  /** The number of the event. */
  event: number;
  /** Why. */
  reason: string;
}

/** A rule and how it is. */
export interface RuleStatus {
  /** Its name. */
  id: string;
  /** What it waits for. */
  trigger: Trigger;
  /** When it proceeds. */
  condition: Condition;
  /** What it does. */
  action: RuleAction;
  /** Whether it is switched on. */
  enabled: boolean;
  /** Whether a match makes a task now. If not, `reason` says why. */
  active: boolean;
  /** Why a match makes no task; null where it does. */
  reason: string | null;
  /** What a match does while it is busy. */
  onBusy: Open<OnBusy>;
  /** When it tripped, because it fired too often; null if it has not. */
  trippedAt: Timestamp | null;
  /** How many of its tasks are queued or running. */
  busy: number;
  /** Matches that have not come to a task yet; null if there are none. */
  pending: PendingMatches | null;
  /**
   * The last match that came to nothing since the daemon was started and the rule was enabled; null
   * if none has.
   */
  lastRefusal: RuleRefusal | null;
}

/** What would come of a match. */
export interface RuleTested {
  /** The rule's id. */
  rule: string;
  /** What would come of it. */
  outcome: Open<MatchOutcome>;
  /** Why nothing would, or why the task would fail; null otherwise. */
  reason: string | null;
  /** The prompt of the task; null where it cannot be made of this event. */
  prompt: string | null;
}

/** What the tasks of a rule used. */
export interface RuleUsage {
  /** The rule's id; null for the tasks that no rule made. */
  rule: string | null;
  /** What they used. */
  usage: UsageSum;
}

/** A running task, in short. */
export interface RunningTaskSummary {
  /** Its id. */
  id: string;
  /** The first 80 characters of its prompt. */
  prompt: string;
  /** Its agent; the default one when null. */
  agent: string | null;
  /** When its agent was started. */
  startedAt: Timestamp | null;
  /** The agent's process; null while it is being started. */
  pid: number | null;
}

/** The payload of a schedule's event. */
export interface ScheduleEvent {
  /** The job's name, or the id of the rule. */
  job: string;
  /** The time for which it fires: its own, or with `schedule.run` the moment of the call. */
  at: Timestamp;
  /** Whether that time was missed and is made up for, as `catch_up` asks. */
  caughtUp: boolean;
  /** Whether somebody ran it by hand. */
  manual: boolean;
}

/** The answer to `schedule.run`: the job has fired. */
export interface ScheduleRun {
  /** The number of its event. */
  seq: number;
  /** The ids of the rules that took it up. A job with an action is one itself: `schedule:<job>`. */
  rules: string[];
}

/** The params of `schedule.run`. */
export interface ScheduleRunParams {
  /** The job's name, or the id of a rule whose trigger is a schedule. Length at most 200. */
  job: string;
}

/** A schedule fires. */
export interface ScheduleTrigger {
  type: 'schedule';
  /** When, as in crontab(5), in `schedule.timezone`. */
  cron: string;
}

/** A job of `schedule.jobs`, or a rule whose trigger is a schedule. */
export interface ScheduledJob {
  /** Its name; of a rule, its id. */
  name: string;
  /** The topic of its event. */
  topic: string;
  /** When, as in crontab(5). */
  cron: string;
  /** The time zone of that, by its IANA name; null where the machine's own has none. */
  timezone: string | null;
  /** What the job does; null for a rule, which says so itself. */
  action: string | null;
  /** Whether it fires once for all the times that passed while no daemon ran. */
  catchUp: boolean;
  /** The time for which it fired last; null before the first. */
  lastAt: Timestamp | null;
  /** The time for which it fires next; null if it never does, or schedules are switched off. */
  nextAt: Timestamp | null;
}

/** The scheduler. */
export interface SchedulerSubsystem {
  /** Whether schedules fire. */
  enabled: boolean;
  /** How many jobs there are, rules whose trigger is a schedule included. */
  jobs: number;
  /** When the next of them fires; null if none does. */
  next_at: Timestamp | null;
}

/**
 * Who says something in a conversation.
 *
 * - `user`: A person, or a script from outside.
 * - `agent`: An agent: the connection was that of a process that one has started.
 */
export type Speaker = 'user' | 'agent';

/** The answer to `daemon.stop`, sent before the daemon stops. */
export interface StopAcknowledged {
  /** Always true. */
  stopping: boolean;
  /** The daemon's process id: it has stopped when this process has ended. */
  pid: number;
  /**
   * How many tasks are running. They get SIGTERM, 15 seconds, then SIGKILL; or go on, with
   * `keepAgents`.
   */
  running: number;
}

/** The subsystems. */
export interface Subsystems {
  /** The socket. */
  ipc: IpcSubsystem;
  /** The queue and its agents. */
  supervisor: SupervisorSubsystem;
  /** The rules. */
  automation: AutomationSubsystem;
  /** The file watcher. */
  file_watcher: FileWatcherSubsystem;
  /** The scheduler. */
  scheduler: SchedulerSubsystem;
  /** Messaging platforms. */
  messaging: MessagingSubsystem;
}

/** The queue and its agents. */
export interface SupervisorSubsystem {
  /** How many tasks are running. */
  running: number;
  /** How many are queued. */
  queued: number;
  /** How many may run at once. */
  maxConcurrency: number;
  /** Which ones. */
  tasks: TaskSummaries;
}

/** An order to an agent, and what came of it. */
export interface Task {
  /** `task-0001`, counting up, never reused. */
  id: string;
  /** What the agent is asked to do. */
  prompt: string;
  /** The agent that is to do it; the default one when null. */
  agent: string | null;
  /** Higher ones start first; 0 unless given. */
  priority: number;
  /** Where it stands. */
  state: Open<TaskState>;
  /** When it was submitted. */
  createdAt: Timestamp;
  /** When its agent was started, the last time if there were several attempts. */
  startedAt: Timestamp | null;
  /** When it ended, in whatever state. */
  completedAt: Timestamp | null;
  /** The agent's process, while it runs. */
  pid: number | null;
  /** What the agent's process exited with; null when it did not exit by itself. */
  exitCode: number | null;
  /** The signal that ended the agent's process; null when none did. */
  signal: number | null;
  /**
   * How often an agent was started for it. More than 1 after an agent was lost with the machine.
   */
  attempts: number;
  /**
   * The agent's answer, once it has ended: the `result` of its output where that is `claude`'s
   * JSON, else the last 64 KiB of its standard output.
   */
  result: string | null;
  /** Why it did not complete, for people. */
  error: string | null;
  /** The last 64 KiB of the agent's standard output so far. */
  output: string | null;
  /** Its time limit in minutes; `daemon.action_timeout_minutes` when null. */
  timeoutMinutes: number | null;
  /** The ids of the tasks that must have completed before it starts. */
  after: string[];
  /**
   * How many processes were left when its agent's own had ended, or were to end with it, and have
   * been ended; null before.
   */
  processesEnded: number | null;
  /**
   * How many of its processes could not be ended: 0, unless one belongs to another user. Null
   * before it has ended.
   */
  processesLeft: number | null;
  /**
   * What its agent used; null where the agent does not tell, which takes `claude`'s
   * `--output-format json` or `stream-json`.
   */
  usage: TaskUsage | null;
  /** The submitter's own notes. */
  metadata: Record<string, unknown>;
  /** The conversation that it is a turn of; absent when it is of none. */
  conversation?: string;
  /** What led to it; absent when a client submitted it. */
  causedBy?: Cause;
}

/** The params of `task.cancel`. */
export interface TaskCancelParams {
  /** The task's id. Length at most 200. */
  taskId: string;
}

/** The answer to `task.cancel`. */
export interface TaskCancelled {
  /** Always true: what could not be cancelled is an error. */
  cancelled: boolean;
  /**
   * `cancelled` for a task that was queued; `running` for one whose agent is being ended, which
   * takes up to 15 seconds: `task.wait` waits for it.
   */
  state: Open<TaskState>;
}

/** What became of one task of `task.cancelMany`. */
export interface TaskCancelledOne {
  /** The task's id. */
  taskId: string;
  /** False for one that had ended already. */
  cancelled: boolean;
  /**
   * `cancelled` for a task that was queued; `running` for one whose agent is being ended; how it
   * had ended for another.
   */
  state: Open<TaskState>;
}

/** How many tasks there are in which state. */
export interface TaskCounts {
  /** All of them. */
  total: number;
  /** Waiting. */
  queued: number;
  /** Running. */
  running: number;
  /** Completed. */
  completed: number;
  /** Failed. */
  failed: number;
  /** Cancelled. */
  cancelled: number;
  /** Ended by their time limit. */
  timeout: number;
}

/** The payload of every event of a task. */
export interface TaskEvent {
  /** The task's id. */
  taskId: string;
  /** Where it stands now. */
  state: Open<TaskState>;
  /** Its agent; the default one when null. */
  agent: string | null;
  /** Its priority. */
  priority: number;
  /**
   * The rule that made it, or made the task whose agent submitted it; absent when there was none.
   */
  rule?: string;
  /** How often an agent was started for it. */
  attempt: number;
  /** How long it took from its start to its end, in milliseconds; absent before. */
  durationMs?: number;
  /** What the agent's process exited with; absent when it did not exit by itself. */
  exitCode?: number;
  /** The signal that ended the agent's process; absent when none did. */
  signal?: number;
  /** Why it did not complete: the last 2,000 bytes of that. */
  error?: string;
  /**
   * How many processes that its agent left, or that were to end with it, have been ended; absent
   * before its end.
   */
  processesEnded?: number;
  /** How many could not be; absent before its end. */
  processesLeft?: number;
  /** What it cost, in US dollars; absent where the agent does not tell. */
  costUsd?: number;
  /** With `task:stalled`: for how many milliseconds it has written nothing. */
  silentMs?: number;
}

/** The params of `task.get`. */
export interface TaskGetParams {
  /** The task's id. Length at most 200. */
  taskId: string;
}

/** The params of `task.list`. */
export interface TaskListParams {
  /** Only tasks in this state. */
  state?: TaskState | undefined;
  /** Only tasks for this agent. Length at most 200. */
  agent?: string | undefined;
  /**
   * How many at the most. There are fewer where they have more than 8 MiB together. From 1 to 1000;
   * `20` when absent.
   */
  limit?: number | undefined;
  /**
   * The id of the last task of the page before: the answer goes on with the next older one. Length
   * at most 200, matches `^task-[0-9]{4,}$`.
   */
  cursor?: string | undefined;
}

/** The answer to `task.output`: a chunk. */
export interface TaskOutput {
  /** Up to 256 KiB of the output, encoded as asked for; empty when there is nothing there yet. */
  data: string;
  /** The byte it begins at. */
  offset: number;
  /** The byte to go on at. */
  nextOffset: number;
  /**
   * Which attempt at the task wrote it, from 1; 0 if there has been none. Each attempt's output
   * begins at 0: whoever follows it goes back there when this has changed. `0` when absent.
   */
  attempt: number;
  /**
   * Whether this is all there will ever be: the task has ended, and the chunk reaches the end of
   * its output.
   */
  ended: boolean;
}

/** The params of `task.output`. */
export interface TaskOutputParams {
  /** The task's id. Length at most 200. */
  taskId: string;
  /** Which stream. `"stdout"` when absent. */
  stream?: OutputStream | undefined;
  /** From which byte on: 0 is the beginning. `0` when absent. */
  offset?: number | undefined;
  /**
   * If there is nothing there yet: how long to wait for something, in milliseconds. From 0 to
   * 60000; `0` when absent.
   */
  waitMs?: number | undefined;
  /** How the bytes come. `"utf8"` when absent. */
  encoding?: OutputEncoding | undefined;
}

/** A task of `task.retryMany`. */
export interface TaskRetried {
  /** The new task's id. */
  taskId: string;
  /** The earlier one's. */
  retryOf: string;
  /** `running` when a slot was free, else `queued`. */
  state: Open<TaskState>;
}

/** The params of `task.retry`. */
export interface TaskRetryParams {
  /** The id of the task whose order is to be carried out again. Length at most 200. */
  taskId: string;
}

/**
 * Which tasks: those that are named, or all that fit what is said of them. Something must be said.
 */
export interface TaskSelection {
  /** These tasks, by their ids, 1000 at the most, whatever else is said. Length at most 1000. */
  taskIds?: string[] | undefined;
  /** Only tasks in this state. */
  state?: TaskState | undefined;
  /** Only tasks for this agent. Length at most 200. */
  agent?: string | undefined;
  /** Only tasks that this rule has made. Length at most 200. */
  rule?: string | undefined;
  /**
   * Only tasks that have ended within so many minutes, or were submitted within them and have not
   * ended. At most 5256000, more than 0.
   */
  withinMinutes?: number | undefined;
}

/**
 * The states of a task.
 *
 * - `queued`: Waiting for a slot.
 * - `running`: Its agent's process is active.
 * - `completed`: The agent succeeded.
 * - `failed`: The agent failed, or could not be started.
 * - `cancelled`: Cancelled by someone, or by the daemon's stop.
 * - `timeout`: It ran longer than its time limit.
 */
export type TaskState = 'queued' | 'running' | 'completed' | 'failed' | 'cancelled' | 'timeout';

/**
 * The answer to `task.stats`: how many tasks there are, in all and in each state, and what they
 * used.
 */
export interface TaskStats {
  /** All that the store holds. */
  total: number;
  /** Waiting for a slot. */
  queued: number;
  /** With an active agent. */
  running: number;
  /** Succeeded. */
  completed: number;
  /** Failed. */
  failed: number;
  /** Cancelled. */
  cancelled: number;
  /** Ended at their time limit. */
  timeout: number;
  /** What their agents have used. */
  usage: UsageStats;
}

/** The params of `task.submit`. */
export interface TaskSubmitParams {
  /**
   * What the agent is asked to do, at most 1 MiB of UTF-8; not blank. Length from 1 to 1048576,
   * matches `\S`.
   */
  prompt: string;
  /**
   * The agent that is to do it, as `--agent` of the agent command; the default one when absent.
   * Length at most 200, matches `^[^-\x00][^\x00]*$`.
   */
  agent?: string | undefined;
  /** Higher ones start first. From -1000 to 1000; `0` when absent. */
  priority?: number | undefined;
  /**
   * The time limit in minutes, a year at the most; `daemon.action_timeout_minutes` of the
   * configuration when absent. At most 525600, more than 0.
   */
  timeoutMinutes?: number | undefined;
  /**
   * Added to the agent's environment. `${NAME}` in a value is resolved from the daemon's
   * environment when the process starts, and is written nowhere. Names match `^[^=\x00]+$`.
   */
  env?: Record<string, string> | undefined;
  /** The submitter's own notes, kept with the task. */
  metadata?: Record<string, unknown> | undefined;
  /**
   * The ids of tasks that must have completed before it starts, 100 at the most. When one of them
   * ends in another way, it is cancelled. Length at most 100.
   */
  after?: string[] | undefined;
}

/** The answer to `task.submit`: the task is stored. */
export interface TaskSubmitted {
  /** The new task's id. */
  taskId: string;
  /**
   * `running` when a slot was free, else `queued`; `cancelled` when a task of `after` has ended
   * without completing.
   */
  state: Open<TaskState>;
}

/** Which tasks are running and queued. */
export interface TaskSummaries {
  /** All that are running. */
  running: RunningTaskSummary[];
  /** The first 100 that are queued, in the order in which they will start. */
  queued: QueuedTaskSummary[];
}

/** What an agent used for a task, as `claude` tells it in its `result` message. */
export interface TaskUsage {
  /** In US dollars. For a session that was resumed, what this task added. */
  costUsd: number;
  /** How many turns the agent took. */
  turns: number;
  /** Tokens read, without those from the cache. */
  inputTokens: number;
  /** Tokens written. */
  outputTokens: number;
  /** Tokens read from the cache. */
  cacheReadTokens: number;
  /** Tokens put into the cache. */
  cacheCreationTokens: number;
  /** The agent's session, which `claude --resume` takes; null where it does not tell. */
  sessionId: string | null;
  /** The tools that the agent was not allowed to use, one entry for each refusal. */
  permissionDenials: string[];
}

/** The params of `task.wait`. */
export interface TaskWaitParams {
  /** The task's id. Length at most 200. */
  taskId: string;
  /**
   * How long the daemon waits, in milliseconds, before it answers with `wait_timeout`; as long as
   * it takes when absent.
   */
  timeoutMs?: number | undefined;
}

/** The answer to `task.cancelMany`. */
export interface TasksCancelled {
  /** The tasks that were selected, in the order of their numbers. */
  tasks: TaskCancelledOne[];
  /** Whether there are more: ask again. */
  more: boolean;
}

/** The answer to `task.retryMany`. */
export interface TasksRetried {
  /**
   * The new tasks, in the order in which they were submitted, those included that had been
   * cancelled since they were to start after one that is retried.
   */
  tasks: TaskRetried[];
  /** Whether there are more: ask again. */
  more: boolean;
}

/** A moment: RFC 3339 in UTC with milliseconds. */
export type Timestamp = string;

/** What a rule waits for. */
export type Trigger = FileChangeTrigger | ScheduleTrigger | EventTrigger;

/** What agents have used, as far as they told. It outlives the tasks themselves. */
export interface UsageStats {
  /** Since the project's beginning. */
  total: UsageSum;
  /** For each rule, the most expensive first. */
  byRule: RuleUsage[];
  /** For each of the last 30 days on which there was something, the newest first. */
  byDay: DayUsage[];
}

/** What the agents of many tasks used together. */
export interface UsageSum {
  /** How many tasks told what they used. */
  tasks: number;
  /** In US dollars. */
  costUsd: number;
  /** Turns of the agents. */
  turns: number;
  /** Tokens read, without those from the cache. */
  inputTokens: number;
  /** Tokens written. */
  outputTokens: number;
  /** Tokens read from the cache. */
  cacheReadTokens: number;
  /** Tokens put into the cache. */
  cacheCreationTokens: number;
}
