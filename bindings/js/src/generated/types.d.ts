// Generated from the definition in protocol/ by scripts/generate. Do not edit.

/** A word that the daemon sends: one of those that this package knows, or one that a newer daemon may have added. */
export type Open<T extends string> = T | (string & {});

/** An account, as far as the daemons of the user know it. */
export interface Account {
  /** Its id: a hash of the program and its login. */
  id: string;
  /** The program: `claude`. */
  program: string;
  /** The names of the variables that decide its login; their values are kept nowhere. */
  login: string[];
  /** True if agents of this project work with it. */
  isUsed: boolean;
  /** The state. */
  state: Open<AccountState>;
  /** Time at which that began; null if it is `ready` or `reserved`. */
  since: Timestamp | null;
  /** Time at which it ends by itself, as far as it is known; null if a person must act. */
  until: Timestamp | null;
  /** The window that is used up; null if the agent did not say, or none is. */
  window: string | null;
  /** The windows of its limits, as agents reported them last. */
  windows: AccountWindow[];
}

/** The payload of `agent:limited` and `agent:resumed`. */
export interface AccountEvent {
  /** The account's id. */
  account: string;
  /** The program: `claude`. */
  program: string;
  /**
   * The state that began: `limited`, `reserved`, `auth` or `billing`; `ready` when it is resumed.
   */
  state: Open<AccountState>;
  /** The window that is used up; absent if the agent did not say. */
  window?: string;
  /** Time at which one task tries again; absent if a person must act. */
  until?: Timestamp;
}

/** The answer to `account.list`. */
export interface AccountList {
  /** The accounts, those of this project first. */
  accounts: Account[];
}

/** The params of `account.resume`. */
export interface AccountResumeParams {
  /**
   * The account's id, or the beginning of it; the accounts of this project when absent. Length from
   * 1 to 200.
   */
  account?: string | undefined;
}

/** The answer to `account.resume`. */
export interface AccountResumed {
  /** The ids of the accounts that something held back; empty where nothing did. */
  resumed: string[];
  /**
   * The tasks with logins of their own that a limit held back: they are released where no account
   * is named.
   */
  tasks?: string[];
}

/**
 * The states of an account.
 *
 * - `ready`: Tasks start.
 * - `limited`: A limit is used up: tasks wait for its reset, or for someone to resume them.
 * - `probing`: The limit should be over: one task tries.
 * - `reserved`: The rest of a limit is people's share (`accounts.reserve`).
 * - `auth`: The login was refused: tasks wait for a person.
 * - `billing`: There is no credit: tasks wait for a person.
 */
export type AccountState = 'ready' | 'limited' | 'probing' | 'reserved' | 'auth' | 'billing';

/** The part of a window of an account's limits that is used up. */
export interface AccountWindow {
  /** The window, such as `five_hour` or `seven_day`. */
  name: string;
  /** The part that is used up, from 0 to 1. */
  utilization: number;
  /** Time of its reset; null if it is not known. */
  resetsAt: Timestamp | null;
  /** Time at which an agent reported it. */
  seenAt: Timestamp;
}

/** Money of an agent's tasks, in US dollars. */
export interface AgentSpending {
  /** The agent; null for the default one. */
  agent: string | null;
  /** Spent on this day. */
  dayUsd: number;
  /** Spent in this month. */
  monthUsd: number;
  /** Set aside for running tasks. */
  reservedUsd: number;
}

/** At each match. */
export interface AlwaysCondition {
  type: 'always';
}

/** Something that a person is asked for, with all that is known of it. */
export interface Approval {
  /** `approval-0001`, counting up, never reused. */
  id: string;
  /** The task that waits for it. */
  taskId: string;
  /** The kind. */
  kind: Open<ApprovalKind>;
  /** The state. */
  state: Open<ApprovalState>;
  /**
   * The matter to be decided, in one line that is safe to print: control characters are escaped.
   */
  summary: string;
  /** Time of the request. */
  requestedAt: Timestamp;
  /** Time until which it can be decided; null for no limit. */
  expiresAt: Timestamp | null;
  /** The decision that counts if nobody makes one in time. */
  onTimeout: Open<OnTimeout>;
  /** The request. */
  request: ApprovalRequest;
  /** The decision; null while there is none. */
  decision: ApprovalDecision | null;
}

/** The params of `approval.answer`. */
export interface ApprovalAnswerParams {
  /** The id of the question. Length at most 200. */
  approvalId: string;
  /** The answer: one of the question's options, if it has some. Length from 1 to 65536. */
  answer: string;
}

/** The params of `approval.ask`. */
export interface ApprovalAskParams {
  /** The question. Length from 1 to 16384, matches `\S`. */
  question: string;
  /** The answers to choose from, 20 at the most; any answer when absent. Length at most 20. */
  options?: string[] | undefined;
  /**
   * Time to answer, in minutes, at most a year; no limit when absent. At most 525600, more than 0.
   */
  timeoutMinutes?: number | undefined;
  /**
   * Time after which the daemon answers that nobody has answered yet, in milliseconds: the question
   * stays. No limit when absent.
   */
  waitMs?: number | undefined;
}

/** The params of `approval.approve` and `approval.reject`. */
export interface ApprovalDecideParams {
  /** The approval's id. Length at most 200. */
  approvalId: string;
  /**
   * The reason, up to 4,096 characters: it is kept, and an agent whose request is rejected gets it.
   * Length at most 4096.
   */
  reason?: string | undefined;
}

/** The one who has decided, as the system shows the process that has connected to the socket. */
export interface ApprovalDecider {
  /** The user's number; null if the system does not show it. */
  uid: number | null;
  /** The user's name; null if that is not known. */
  user: string | null;
  /** The name of the process's program; null if the system does not show it. */
  program: string | null;
  /** The process; null if the system does not show it. */
  pid: number | null;
  /** The way by which the decision came. */
  via: Open<ApprovalVia>;
}

/** A decision, and who made it. */
export interface ApprovalDecision {
  /** Time of the decision. */
  at: Timestamp;
  /** The answer to a question; null for none. `null` when absent. */
  answer: string | null;
  /** The person's reason; null for none. `null` when absent. */
  reason: string | null;
  /** The process at the other end of the connection that the decision came by, and its user. */
  by: ApprovalDecider;
}

/** The payload of the events of approvals. */
export interface ApprovalEvent {
  /** The approval's id. */
  approvalId: string;
  /** The task that waits for it. */
  taskId: string;
  /** The kind. */
  kind: Open<ApprovalKind>;
  /** The matter to be decided, in one line. */
  summary: string;
  /** Time until which it can be decided; absent for no limit. */
  expiresAt?: Timestamp;
  /**
   * With `approval:approved` and `approval:rejected`: the user who has decided; absent if that is
   * not known.
   */
  by?: string;
  /** With `approval:approved` and `approval:rejected`: the way by which the decision came. */
  via?: Open<ApprovalVia>;
  /** With `approval:approved` and `approval:rejected`: the person's reason; absent for none. */
  reason?: string;
  /** With `approval:timeout`: what it counts as. */
  countsAs?: Open<OnTimeout>;
}

/** The params of `approval.get`. */
export interface ApprovalGetParams {
  /** The approval's id. Length at most 200. */
  approvalId: string;
}

/**
 * The kinds of things that a person is asked for.
 *
 * - `task`: The start of a task.
 * - `permission`: The use of a tool by an agent.
 * - `question`: The answer to an agent's question.
 */
export type ApprovalKind = 'task' | 'permission' | 'question';

/** The time that a person has to approve a task, and what becomes of it after that. */
export interface ApprovalLimits {
  /**
   * Time to decide, in minutes, at most a year; no limit unless given. At most 525600, more than 0.
   */
  timeout_minutes?: number | undefined;
  /**
   * The decision that counts for the task if nobody makes one in time. Default: `reject`.
   * `"reject"` when absent.
   */
  on_timeout?: OnTimeout | undefined;
}

/** The params of `approval.list`. */
export interface ApprovalListParams {
  /** Only approvals in this state; `pending` when absent. */
  state?: ApprovalState | undefined;
  /** Only those that this task waits for. Length at most 200. */
  taskId?: string | undefined;
  /** Maximum number of approvals. From 1 to 1000; `100` when absent. */
  limit?: number | undefined;
}

/** A message that the agent of a task gets along with its prompt. */
export interface ApprovalMessage {
  /** The first 4,096 characters of it. */
  text: string;
  /** The task whose agent has sent it; null if a person or a script has. `null` when absent. */
  from: string | null;
}

/** The answer to `approval.ask`. */
export interface ApprovalOutcome {
  /** The approval's id; null if there is none for it. */
  approvalId: string | null;
  /** The state; null if there is no approval for it. A `timeout` is no answer. */
  state: Open<ApprovalState> | null;
  /** The answer to a question; null for none. */
  answer: string | null;
  /** The person's reason; null for none. */
  reason: string | null;
}

/** The answer to `approval.permission`. */
export interface ApprovalPermission {
  /** The answer. */
  verdict: Open<PermissionVerdict>;
  /** The approval that it comes from; null if there is none. */
  approvalId: string | null;
  /** The text for the agent, with `deny`; null for none. */
  message: string | null;
}

/** The params of `approval.permission`. */
export interface ApprovalPermissionParams {
  /** The step. */
  step: PermissionStep;
  /** The name of the tool. Length from 1 to 200. */
  tool: string;
  /**
   * Its input, up to 262,144 bytes of JSON. A decision counts for exactly this input; the order of
   * members does not matter.
   */
  input: unknown;
  /**
   * With the step `use`: the agent's own name for this use of the tool, by which it is the same one
   * when the agent goes on in its session. Length from 1 to 200.
   */
  toolUseId?: string | undefined;
  /** True if a subagent makes the call, which cannot be put off. Default: false. */
  subagent?: boolean | undefined;
  /**
   * With the step `ask`: time to wait for the decision, in milliseconds. After that the answer is
   * `deny`, with a message that tells the agent how it comes to be asked about still; the approval
   * stays. No limit when absent.
   */
  waitMs?: number | undefined;
}

/** The request to a person: members of other kinds are absent. */
export interface ApprovalRequest {
  /** Of a task: the first 4,096 characters of its prompt. */
  prompt?: string;
  /** Of a task: its rule. */
  rule?: string;
  /**
   * Of a task: true if its prompt or one of the messages is longer than it is here; `task.get` with
   * `whole` has all of it.
   */
  cut?: boolean;
  /** Of a task: the event that led to it. */
  event?: number;
  /** Of a task: the messages that its agent gets along with its prompt, the latest 100. */
  messages?: ApprovalMessage[];
  /** Of a task: the agent that is to do it. */
  agent?: string;
  /** Of a task: its lane. */
  lane?: string;
  /** Of a task: what it adds to its agent's environment. `${NAME}` stands as it was written. */
  env?: Record<string, string>;
  /** Of a task: the check by which it counts as done. */
  verify?: Verify;
  /** Of a permission: the name of the tool. */
  tool?: string;
  /** Of a permission: the input of the tool, as the agent gave it. */
  input?: unknown;
  /** Of a question: its text. */
  question?: string;
  /** Of a question: the answers to choose from; empty for any answer. */
  options?: string[];
}

/**
 * The states of an approval.
 *
 * - `pending`: Nobody has decided yet.
 * - `approved`: A person has approved it, or answered the question.
 * - `rejected`: A person has rejected it.
 * - `timeout`: Nobody has decided in time: `onTimeout` says what it counts as.
 * - `withdrawn`: Its task has ended before anybody decided, or is to do something else now.
 */
export type ApprovalState = 'pending' | 'approved' | 'rejected' | 'timeout' | 'withdrawn';

/** Something that a person is asked for, in short. */
export interface ApprovalSummary {
  /** `approval-0001`, counting up, never reused. */
  id: string;
  /** The task that waits for it. */
  taskId: string;
  /** The kind. */
  kind: Open<ApprovalKind>;
  /**
   * The matter to be decided, in one line that is safe to print: control characters are escaped.
   */
  summary: string;
  /** Time of the request. */
  requestedAt: Timestamp;
  /** Time until which it can be decided; null for no limit. */
  expiresAt: Timestamp | null;
}

/**
 * The wish that a person approves a task before it starts: `true`, or what becomes of it if nobody
 * decides in time.
 */
export type ApprovalTerms = boolean | ApprovalLimits;

/**
 * The way by which a decision came.
 *
 * - `cli`: The command `aiwg`.
 * - `sdk`: Another client of the socket.
 * - `chat`: A messaging platform: `user` names the person there.
 */
export type ApprovalVia = 'cli' | 'sdk' | 'chat';

/** Requests to people. */
export interface ApprovalsSubsystem {
  /** Number of approvals, permissions and answers that wait for a person. */
  pending: number;
}

/** The payload of the events of automation itself. */
export interface AutomationEvent {
  /** The rule's id; null for all of automation. */
  rule: string | null;
  /** With `automation:tripped`: how often it had fired. */
  firings?: number;
  /** With `automation:tripped`: within how many minutes. */
  minutes?: number;
  /**
   * With `automation:tripped`: the number of its tasks in a row that ended for the same failure, if
   * that is why.
   */
  failures?: number;
  /** With `failures`: the reason. */
  reason?: string;
  /** With `automation:tripped`: the number of the event that would have made it fire once more. */
  event?: number;
}

/** The answer to `automation.status`. */
export interface AutomationStatus {
  /** True if automation as a whole is switched on. */
  enabled: boolean;
  /** Number of rules in the configuration, without those of schedule jobs. */
  ruleCount: number;
  /** Each of them, in the order of the configuration; those of schedule jobs come last. */
  rules: RuleStatus[];
  /**
   * The mark of a git operation under way that holds all file changes back. Null if nothing does.
   */
  heldBy: string | null;
  /** Since when they wait for it. Null when for nothing. `null` when absent. */
  heldSince: Timestamp | null;
  /** The tasks that rules have made lately, the newest first; 50 at the most. */
  recentExecutions: RuleExecution[];
}

/** The rules. */
export interface AutomationSubsystem {
  /** True if automation as a whole is switched on. */
  enabled: boolean;
  /** Number of rules in the configuration, without those of schedule jobs. */
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
   * A note for people: the file is not watched, so that there would be no event at all, or the
   * daemon itself does something for a job. Absent if there is nothing to note.
   */
  notice?: string;
  /** Each rule that matches it, and what would come of it now. */
  rules: RuleTested[];
}

/** A bound, and what is left within it. All amounts are in US dollars. */
export interface BudgetBound {
  /** The time that it is for. */
  span: Open<BudgetSpan>;
  /** The rule whose tasks it bounds; null for all tasks. */
  rule: string | null;
  /** The most that may be spent. */
  limitUsd: number;
  /** Spent so far. */
  spentUsd: number;
  /** Set aside for running tasks. */
  reservedUsd: number;
  /** Left besides both. */
  leftUsd: number;
  /** Time at which it begins anew. */
  endsAt: Timestamp;
}

/** The payload of the events about a budget. */
export interface BudgetEvent {
  /** The time that the bound is for. */
  span: Open<BudgetSpan>;
  /** The day or the month: `2026-11-23`, `2026-11`. */
  period: string;
  /** The rule whose tasks it bounds; absent for all tasks. */
  rule?: string;
  /** The most that may be spent, in US dollars. */
  limitUsd: number;
  /** Spent so far, in US dollars. */
  spentUsd: number;
  /** Set aside for running tasks, in US dollars. */
  reservedUsd: number;
  /** Left besides both, in US dollars. */
  leftUsd: number;
  /** Time at which the day or the month ends, and the bound begins anew. */
  endsAt: Timestamp;
}

/**
 * The time that a bound is for.
 *
 * - `day`: A day in `schedule.timezone`.
 * - `month`: A month in `schedule.timezone`.
 */
export type BudgetSpan = 'day' | 'month';

/**
 * The answer to `budget.status`. All amounts are in US dollars; days and months are those of
 * `schedule.timezone`.
 */
export interface BudgetStatus {
  /** The day: `2026-11-23`. */
  day: string;
  /** Time at which it ends. */
  dayEndsAt: Timestamp;
  /** Spent on this day so far. */
  spentUsd: number;
  /** Set aside for the tasks that run. 0 where no budget is set. */
  reservedUsd: number;
  /**
   * Expected cost of the whole day: what is spent and set aside, and for the time that is left as
   * much as the same part of the seven days before has cost on average; where nothing is known of
   * these, as much as this day so far.
   */
  forecastUsd: number;
  /** The cap for each task over all its runs; null for none. */
  taskUsd: number | null;
  /** Each bound: those for all tasks first. */
  bounds: BudgetBound[];
  /** Each rule with money of this month or a budget of its own, the most expensive first. */
  byRule: RuleSpending[];
  /** Each agent with money of this month, the most expensive first. */
  byAgent: AgentSpending[];
  /** Each of the last 31 days on which something was spent, the newest first. */
  byDay: DaySpending[];
}

/** The budgets, in short: `budget.status` has more. */
export interface BudgetSubsystem {
  /** Spent on this day so far, in US dollars. */
  spentUsd: number;
  /** Set aside for the tasks that run, in US dollars. */
  reservedUsd: number;
  /** Expected cost of the whole day, in US dollars. */
  forecastUsd: number;
  /** Each bound: those for all tasks first. */
  bounds: BudgetBound[];
}

/** The cause of an event or a task. */
export interface Cause {
  /** The task whose process emitted it, or whose state it reports. */
  task?: string;
  /** The rule that made it. */
  rule?: string;
  /** The number of the event that triggered the rule. */
  event?: number;
  /** Number of tasks between this and what came from outside; 0 for none. */
  depth: number;
}

/** The params of `chat.clear`. */
export interface ChatClearParams {
  /** The conversation. Length from 1 to 200. */
  conversation: string;
}

/** The answer to `chat.clear`. */
export interface ChatCleared {
  /** Number of turns that were forgotten. Their tasks stay. */
  cleared: number;
}

/** The params of `chat.history`. */
export interface ChatHistoryParams {
  /** The conversation. Length from 1 to 200. */
  conversation: string;
  /**
   * Maximum number of turns, the latest. The answer has fewer if they exceed 8 MiB together. From 1
   * to 1000; `20` when absent.
   */
  limit?: number | undefined;
}

/** The params of `chat.send`. */
export interface ChatSendParams {
  /** The text of the message; up to 1 MiB. Length from 1 to 1048576. */
  message: string;
  /** Higher ones start first. From -1000 to 1000; `5` when absent. */
  priority?: number | undefined;
  /**
   * The conversation that it belongs to, by any name of up to 200 characters. The agent gets what
   * was said in it before, and answers one message after the other. Without one the message stands
   * alone. Length from 1 to 200.
   */
  conversation?: string | undefined;
  /**
   * A name for this call, any text of the caller's own: another call with it, of the same caller
   * within 24 hours, has no effect and gets the same answer. So a call whose answer was lost can be
   * repeated. If its params or its method differ, it is an error. Length from 1 to 200.
   */
  idempotencyKey?: string | undefined;
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
  /** The speaker. `"user"` when absent. */
  by: Open<Speaker>;
  /** The person on a messaging platform who has said it, as `telegram:77`; absent for others. */
  from?: string;
  /** The text of the message. */
  message: string;
  /** The answer; null while there is none. */
  answer: string | null;
  /** Reason for which there is no answer; null otherwise. */
  error: string | null;
  /** The state of the task. */
  state: Open<TaskState>;
  /** Time of the message. */
  at: Timestamp;
}

/** The command of a check. */
export type CheckCommand = string | string[];

/** The result of a check. */
export interface CheckResult {
  /** Its exit code, 0 for success; null if a signal ended it, as when its time was up. */
  exit: number | null;
  /**
   * The reason for which the daemon ended it: its time was up, or it wrote too much. Absent if it
   * did not.
   */
  ended?: string;
  /** The last 8 KiB of what it wrote; absent in lists and in events. */
  tail?: string;
}

/** The condition under which a rule proceeds. */
export type Condition = AlwaysCondition | DebounceCondition;

/** Something that is wrong in a configuration file. */
export interface ConfigProblem {
  /** The file. */
  file: string;
  /** The line, from 1; null where the file could not be read. */
  line: number | null;
  /** The column, from 1; null where the file could not be read. */
  column: number | null;
  /** The error and its remedy, for people. */
  message: string;
}

/** The params of `daemon.drain`. */
export interface DaemonDrainParams {
  /**
   * True if the daemon is to end once no task runs any more. It does not pause the queue at the
   * next start; a `daemon.pause` before it does. Default: false.
   */
  exit?: boolean | undefined;
  /**
   * How long to wait until no task runs any more, in milliseconds. From 0 to 60000; `0` when
   * absent.
   */
  waitMs?: number | undefined;
}

/** The answer to `daemon.logs`. */
export interface DaemonLogs {
  /** Lines as they are in the file, without their ends; some of them, if there are very many. */
  lines: string[];
  /**
   * Position after these lines, to continue from. It stays valid for the next daemon and after a
   * rotation.
   */
  cursor: string;
  /** True if lines after `cursor` are gone because their file was rotated away. */
  missed: boolean;
}

/** The params of `daemon.logs`. */
export interface DaemonLogsParams {
  /** Number of last lines to give, if there is no `cursor`. From 0 to 10000; `100` when absent. */
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
   * True if the file's configuration is in force now. If false, the one before stays in force as a
   * whole.
   */
  reloaded: boolean;
  /** The errors of the file. Empty if it was taken. */
  errors: ConfigProblem[];
  /** Settings of the file that have no effect, for people. */
  notices: string[];
  /**
   * The differences to the configuration that was in force before, a line each: those that only a
   * person may put in force first, up to 1,000, and the number of any more. In the event, their
   * places without the values. `[]` when absent.
   */
  changes: string[];
}

/** The answer to `daemon.restart`, sent before the daemon ends. */
export interface DaemonRestarting {
  /** True if the daemon restarts now. If false, nothing has changed. */
  restarting: boolean;
  /** Its process, which stays the same. */
  pid: number;
  /** The errors of the configuration file. Empty if the daemon restarts. */
  errors: ConfigProblem[];
  /**
   * The differences that the restart puts in force, a line each: those that only a person may put
   * in force first, up to 1,000, and the number of any more. Empty where an agent asks, since the
   * configuration in force stays then. `[]` when absent.
   */
  changes: string[];
}

/** The daemon and all its subsystems. */
export interface DaemonStatus {
  /** The daemon's process. */
  pid: number;
  /** For how many whole seconds it has been up. */
  uptime_seconds: number;
  /** Time of its start. */
  started_at: Timestamp;
  /** `healthy`, or `degraded` if something needs a person. */
  health: Open<Health>;
  /** The problems; empty if `health` is `healthy`. */
  issues: Issue[];
  /** The last result of the action `health-check`; null before the first since the start. */
  health_check: HealthCheck | null;
  /** The daemon's version. */
  version: string;
  /** The version of the wire contract. */
  protocol_version: string;
  /** The project's directory. */
  project: string;
  /** The path of the socket: the one to forward over SSH. */
  socket: string;
  /** The store, where that is not in the project's directory: its address without a password. */
  store?: string;
  /** The configuration in use; null when the defaults are. */
  config: string | null;
  /**
   * True if it was started in the background. If false, it is the process of a service manager, a
   * container or a terminal, which would notice its end; `daemon.restart` restarts it without one.
   */
  detached: boolean;
  /** True if it has ended: so in the `state.json` that it leaves behind. `false` when absent. */
  stopped: boolean;
  /**
   * Number of tasks in each state: `task.stats` without the usage of their agents.
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
   * True if running agents go on without the daemon; the next start finds them again. False when
   * absent: they are ended.
   */
  keepAgents?: boolean | undefined;
}

/** Money of a day, in US dollars. */
export interface DaySpending {
  /** The day: `2026-11-23`. */
  day: string;
  /** Spent on it. */
  spentUsd: number;
}

/** Usage of the tasks that ended on one day. */
export interface DayUsage {
  /** The day in UTC: `2026-11-23`. */
  day: string;
  /** Their usage. */
  usage: UsageSum;
}

/** Once the matches have settled. */
export interface DebounceCondition {
  type: 'debounce';
  /**
   * Time without a further match before the rule fires, in milliseconds. At most a year. From 0 to
   * 31536000000.
   */
  interval_ms: number;
  /**
   * Time after the first match at which the rule fires at the latest, in milliseconds, however many
   * matches follow. Default: 10 times `interval_ms`. At most a year. From 0 to 31536000000.
   */
  max_wait_ms?: number;
}

/**
 * The way in which a message reaches a task's agent.
 *
 * - `live`: The agent gets it in its session while it works: between two of its steps, or as its
 *   next turn. If its run ends before, it is the next run's.
 * - `next_run`: The agent gets it in its session when the run that is under way has ended; earlier
 *   where that has only just begun, and turns out to take messages while it works.
 * - `queued`: The task has not begun, or waits to go on, or a person has it: the message comes with
 *   what its agent is asked then.
 */
export type Delivery = 'live' | 'next_run' | 'queued';

/** A file that a task has changed. */
export interface DiffFile {
  /** Its path, relative to the top of the repository. */
  path: string;
  /** Number of added lines; absent for a binary file. */
  insertions?: number;
  /** Number of removed lines; absent for a binary file. */
  deletions?: number;
}

/** Something that happened. */
export interface Event {
  /** Its number: 1 for the first event of the project, then counting up by one. */
  seq: number;
  /** The topic: `deployment:complete`. */
  topic: string;
  /** The details; `null` if the emitter gave none. */
  payload: unknown;
  /** The publisher. */
  source: Open<EventSource>;
  /**
   * Time at which the daemon received it; of an event that was emitted while there was no daemon,
   * the time at which it happened.
   */
  at: Timestamp;
  /** The cause; absent if it came from outside. */
  causedBy?: Cause;
  /**
   * The trace context of its emitter, as the header `traceparent` of W3C has it; absent if it had
   * none. A task that a rule makes of the event has it in its `metadata`.
   */
  traceparent?: string;
}

/** The params of `event.emit`. */
export interface EventEmitParams {
  /**
   * Up to 200 characters of `A-Z a-z 0-9 _ . : / -`. The daemon's own topics (`task:`, `agent:`,
   * `approval:`, `budget:`, `file:`, `schedule:`, `daemon:`, `automation:`, `health:`, `chat:`) are
   * refused. Matches `^[A-Za-z0-9_.:/-]{1,200}$`.
   */
  topic: string;
  /**
   * The details: any JSON value that can be read. It may hold no half of a surrogate pair, no
   * number beyond a double's range, no object that has a member twice, and at most 120 levels.
   */
  payload?: unknown;
  /**
   * A name for this call, any text of the caller's own: another call with it, of the same caller
   * within 24 hours, has no effect and gets the same answer. So a call whose answer was lost can be
   * repeated. If its params or its method differ, it is an error. Length from 1 to 200.
   */
  idempotencyKey?: string | undefined;
  /**
   * The trace context of the caller, as the header `traceparent` of W3C has it: 55 characters, and
   * none of its ids may be all zeros. The event has it, and each task that a rule makes of it
   * (`metadata`). With a key, a call that has another one is still the same. Matches
   * `^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`.
   */
  traceparent?: string | undefined;
}

/** The answer to `event.emit`: the event is in the log, and its tasks in the queue. */
export interface EventEmitted {
  /** The event's number. */
  seq: number;
  /** The ids of the rules that took it up: that have made a task of it, or will. */
  rules: string[];
  /**
   * The part of `rules` that has not made a task of it yet: they wait for quiet, for their own task
   * to end, or for room in the queue. Absent if there are none.
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
   * Maximum number of events. The answer has fewer if they exceed 8 MiB together. From 1 to 1000;
   * `100` when absent.
   */
  limit?: number | undefined;
}

/** The params of the notification `event.missed`. */
export interface EventMissedNotification {
  /** The subscription's number. */
  subscription: number;
  /**
   * Number of events that were passed over, of whatever topic: at most as many are missing from the
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
  /** The event. */
  event: Event;
}

/**
 * The publisher of an event.
 *
 * - `client`: A client, with `event.emit`.
 * - `supervisor`: The queue and the supervisor of agent tasks.
 * - `file_watcher`: The file watcher.
 * - `scheduler`: The scheduler.
 * - `automation`: The rules.
 * - `daemon`: The daemon itself.
 * - `webhook`: Another service, by a webhook.
 */
export type EventSource =
  'client' | 'supervisor' | 'file_watcher' | 'scheduler' | 'automation' | 'daemon' | 'webhook';

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
   * Number of the event after which events will come. It is lower than the requested one if the log
   * does not reach that: it was deleted and restarted.
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
  /** True if there was such a subscription. */
  unsubscribed: boolean;
}

/** A file is created, modified or deleted. */
export interface FileChangeTrigger {
  type: 'file_change';
  /**
   * The files, as a glob on the path relative to the project: the first one where there are
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
  /** The size of the file before, in bytes; absent if it was not there or is not known. */
  sizeBefore?: number;
  /** The size of the file now, in bytes; absent if it is gone or is not known. */
  size?: number;
  /** The bytes of `path` in base64, where they are not UTF-8. */
  pathBase64?: string;
  /** The bytes of `from` in base64, where they are not UTF-8. */
  fromBase64?: string;
}

/** The file watcher. */
export interface FileWatcherSubsystem {
  /** True if files are watched. */
  enabled: boolean;
  /** Number of changes that it has reported since the start. */
  events_received: number;
  /** Number of watched directories. */
  directories: number;
  /** Number of files in them. */
  files: number;
  /**
   * True if they are polled, because the configuration asks for it or the system cannot watch as
   * many.
   */
  polling: boolean;
  /** Paths that are to be watched and are not there; they are waited for. */
  missing: string[];
  /**
   * The mark of a git operation under way that holds changes back, such as `.git/index.lock`. Null
   * if nothing does.
   */
  held_by: string | null;
  /** Since when changes wait for it. Null when for nothing. `null` when absent. */
  held_since: Timestamp | null;
  /** Number of times that the system lost changes, after which everything was scanned again. */
  overflows: number;
}

/**
 * The health of the daemon.
 *
 * - `healthy`: The daemon is well.
 * - `degraded`: Something needs a person; `issues` says what.
 */
export type Health = 'healthy' | 'degraded';

/**
 * The findings of the built-in action `health-check`. It is also the payload of the events
 * `health:ok` and `health:degraded`.
 */
export interface HealthCheck {
  /** Time of the check. */
  at: Timestamp;
  /** `healthy` if every check is. */
  health: Open<Health>;
  /** Each check. */
  checks: HealthCheckItem[];
}

/** One of the checks. */
export interface HealthCheckItem {
  /** A stable name: `store`, `disk`, `socket`, `files`, `agent`, `queue`, `rules`, `expect`. */
  name: string;
  /** True if it is well. */
  ok: boolean;
  /** The finding and, if it is not well, the remedy. */
  message: string;
}

/** The params of `host.drain`. */
export interface HostDrainParams {
  /** The host's id, the beginning of it, or its name. Length from 1 to 200. */
  host: string;
  /** True to give it new tasks again. `false` when absent. */
  resume?: boolean | undefined;
}

/** The hosts of a project. */
export interface HostList {
  /** All that have the project's store, or have had it, in the order of their starts. */
  hosts: HostStatus[];
}

/** What became of a host that was given up. */
export interface HostLost {
  /** The host. */
  host: HostStatus;
  /** The tasks that ran there: interrupted, as after a crash of its machine. */
  tasks: string[];
}

/** The params of `host.lost`. */
export interface HostLostParams {
  /** The host's id, the beginning of it, or its name. Length from 1 to 200. */
  host: string;
}

/**
 * The states of a host.
 *
 * - `up`: It works.
 * - `draining`: It works, and is given no new tasks.
 * - `silent`: It has not been heard of for a minute.
 * - `lost`: It was given up: what ran there counts as interrupted.
 * - `stopped`: Its daemon has ended in order.
 */
export type HostState = 'up' | 'draining' | 'silent' | 'lost' | 'stopped';

/** A host: a daemon, its directory and its machine. */
export interface HostStatus {
  /** Its id, a UUID; `local` for the one host of a store in the project's own directory. */
  id: string;
  /** The name of its machine. */
  name: string;
  /** Its place, for people: the directory and the machine. */
  place: string;
  /** Its labels: `host.labels` of its configuration. */
  labels: string[];
  /** The state. */
  state: Open<HostState>;
  /** True for the host of the daemon that answers. */
  isThis: boolean;
  /** The version of its aiwg. */
  version: string;
  /** Number of tasks that run there. */
  running: number;
  /** Time at which its daemon has started. */
  startedAt: Timestamp;
  /** Time at which it was heard of last. */
  seenAt: Timestamp;
  /** Time since which it is given no new tasks; absent if it is. */
  drainingSince?: Timestamp;
  /** Time at which it was given up; absent if it was not, or has come back. */
  lostAt?: Timestamp;
}

/** The socket. */
export interface IpcSubsystem {
  /** Number of connected clients, the caller included. */
  clients: number;
}

/** Something that is not well. */
export interface Issue {
  /** A stable name: `storage`, `config`. */
  kind: string;
  /** The problem and its remedy. */
  message: string;
  /** Since when. */
  since: Timestamp;
}

/**
 * The result of a match.
 *
 * - `fire`: A task, at once.
 * - `debounce`: A task once the matches have settled.
 * - `coalesce`: A task when the rule is no longer busy.
 * - `refuse`: No task.
 * - `trip`: No task, and the rule trips.
 * - `fail`: A task that fails at once, since its prompt cannot be made of this event.
 */
export type MatchOutcome = 'fire' | 'debounce' | 'coalesce' | 'refuse' | 'trip' | 'fail';

/**
 * The state of a message to a task's agent.
 *
 * - `waiting`: No agent has it yet.
 * - `undelivered`: Its task has ended before an agent had it: none ever will. A retry of the task
 *   does not get it either.
 * - `unsure`: An agent was ended that had read it, and it is not known to be part of its session.
 *   The next run gets it, with a note of that.
 * - `delivered`: It is part of the agent's session, or of what its agent was asked.
 */
export type MessageState = 'waiting' | 'undelivered' | 'unsure' | 'delivered';

/** The answer to `messaging.status`. */
export interface MessagingStatus {
  /** Each platform whose token the daemon has; empty where it has none. */
  platforms: PlatformStatus[];
  /** Time until which notices wait since someone has muted them; absent if nobody has. */
  mutedUntil?: Timestamp;
  /** Time until which notices wait since these are quiet hours; absent outside of them. */
  quietUntil?: Timestamp;
}

/** Messaging platforms. */
export interface MessagingSubsystem {
  /** True if any is connected. */
  enabled: boolean;
  /** The names of those that are connected. */
  adapters: string[];
  /** Each platform whose token the daemon has. */
  platforms?: PlatformStatus[];
  /** Time until which notices wait since someone has muted them; absent if nobody has. */
  mutedUntil?: Timestamp;
  /** Time until which notices wait since these are quiet hours; absent outside of them. */
  quietUntil?: Timestamp;
}

/** The params of `messaging.test`. */
export interface MessagingTestParams {
  /** The platform; all whose token the daemon has when absent. Length at most 200. */
  platform?: string | undefined;
}

/** The answer to `messaging.test`. */
export interface MessagingTested {
  /** Each platform on which a message was tried. */
  trials: MessagingTrial[];
}

/** A message that was tried. */
export interface MessagingTrial {
  /** The platform. */
  platform: string;
  /** True if the message was sent. */
  ok: boolean;
  /** The place to which it was sent; or what is missing, and the remedy. */
  message: string;
}

/** The answer to `metrics.get`. */
export interface Metrics {
  /** The media type of the text. */
  contentType: string;
  /** The metrics. */
  text: string;
}

/**
 * A format of metrics.
 *
 * - `openmetrics`: OpenMetrics 1.0.
 * - `prometheus`: The text format 0.0.4 of Prometheus.
 */
export type MetricsFormat = 'openmetrics' | 'prometheus';

/** The params of `metrics.get`. */
export interface MetricsGetParams {
  /** The format. `"openmetrics"` when absent. */
  format?: MetricsFormat | undefined;
}

/** No members: `params` may be left out. */
export type NoParams = Record<string, never>;

/**
 * Effect of a match while a task of its rule is queued or running.
 *
 * - `coalesce`: The match waits; all that wait make one task when the rule is no longer busy.
 * - `skip`: The match is refused.
 * - `queue`: The match makes a task of its own.
 */
export type OnBusy = 'coalesce' | 'skip' | 'queue';

/**
 * The decision that counts for a request to a person if nobody makes one in time.
 *
 * - `reject`: It counts as rejected: the task is cancelled.
 * - `approve`: It counts as approved: the task starts.
 */
export type OnTimeout = 'reject' | 'approve';

/** The OpenRPC document of this API: <https://spec.open-rpc.org>. */
export type OpenRpcDocument = Record<string, unknown>;

/**
 * A client, as the system showed its process when it connected. What is absent was not to be seen.
 */
export interface Origin {
  /** The process. */
  process?: OriginProcess;
  /** Its working directory. */
  cwd?: string;
  /** The number of its user. */
  uid?: number;
  /** The name of its user. */
  user?: string;
  /** The processes above it, the nearest first: up to three. */
  parents?: OriginProcess[];
  /** The person who has written it on a messaging platform. There is no process then. */
  person?: OriginPerson;
  /** The webhook by which it was delivered. There is no process then. */
  webhook?: OriginWebhook;
}

/** A person on a messaging platform. */
export interface OriginPerson {
  /** The person's id, with the platform before it: `telegram:77`. */
  id: string;
  /** The name that the person had there at that time; absent if the platform gave none. */
  name?: string;
  /** The chat in which it was written, with the platform before it. */
  chat: string;
}

/** A process, by the name that it gives itself. */
export interface OriginProcess {
  /** Its number. */
  pid: number;
  /** The program, without its directory; absent if it had ended already. */
  program?: string;
  /**
   * The script that it executes, if it is an interpreter's. No other part of its command line is
   * kept.
   */
  script?: string;
}

/** A webhook, as the configuration has it. */
export interface OriginWebhook {
  /** The path of its requests: `/github`. */
  path: string;
  /** The kind of its sender: `github`, `gitlab`, `slack`, `standard` or `json`. */
  kind: string;
  /**
   * True if its requests are signed with a secret. Otherwise anyone on the daemon's machine may
   * have sent it.
   */
  signed: boolean;
}

/**
 * The encoding of an output's bytes in JSON.
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
  /** Number of matches. */
  matches: number;
  /**
   * Time at which they become a task, if no more come. Null if they wait for the rule's task to
   * end.
   */
  dueAt: Timestamp | null;
}

/**
 * The steps in which an agent's program asks whether a tool may be used.
 *
 * - `use`: It is about to use the tool: what was decided on this call before counts, once.
 * - `ask`: It may not, by its own rules: a person is asked.
 */
export type PermissionStep = 'use' | 'ask';

/**
 * The answers to an agent's program that asks whether a tool may be used.
 *
 * - `undecided`: Nothing was decided on this call: the program's own rules count.
 * - `allow`: It may be used, this once.
 * - `deny`: It may not.
 * - `defer`: A person is to decide: the program ends with the call pending, and its task goes on
 *   when that is done.
 */
export type PermissionVerdict = 'undecided' | 'allow' | 'deny' | 'defer';

/**
 * The part of a round that a running task with a check is in.
 *
 * - `working`: Its agent works.
 * - `checking`: Its check runs.
 */
export type Phase = 'working' | 'checking';

/**
 * The states of the line to a messaging platform.
 *
 * - `connecting`: The line does not stand yet, or not again: the platform has not let the bot in.
 * - `connected`: The line stands.
 * - `retrying`: It does not answer, and is tried again.
 * - `taken`: Someone else receives for the same bot.
 * - `stopped`: It refuses the token, or its token or its address cannot be used: a person must act.
 */
export type PlatformState = 'connecting' | 'connected' | 'retrying' | 'taken' | 'stopped';

/** A messaging platform whose token the daemon has. */
export interface PlatformStatus {
  /** `slack`, `discord` or `telegram`. */
  name: string;
  /** The state of the line. */
  state: Open<PlatformState>;
  /** The name of the bot; null while it is not known. */
  account: string | null;
  /** Since when the line is in its state. */
  since: Timestamp;
  /** Time at which the platform was last heard of; null before the first time. */
  lastReceivedAt: Timestamp | null;
  /** The id of the chat for notices; null if none is set. */
  chat: string | null;
  /** Number of people who are listed for the platform. */
  people: number;
  /** Number of messages that wait to be sent. */
  waiting: number;
  /** Number of those of which nobody knows whether they were sent. */
  unknown: number;
  /** Number of messages that could not be sent, of the last week. */
  dead: number;
  /** The fault, and the remedy; null if nothing is wrong. */
  error: string | null;
}

/** The answer to `ping`. */
export interface Pong {
  /** Always true. */
  pong: boolean;
  /** The daemon's clock. */
  timestamp: Timestamp;
}

/** The payload of `daemon:paused` and `daemon:resumed`. */
export interface QueueEvent {
  /** Number of tasks that run. */
  running: number;
  /** True if the daemon ends once no task runs any more. */
  draining: boolean;
}

/** The answer to `daemon.pause`. */
export interface QueuePaused {
  /** Time since which the queue is paused. */
  since: Timestamp;
  /** Number of tasks that run, and go on. */
  running: number;
}

/** The answer to `daemon.resume`. */
export interface QueueResumed {
  /** False if the queue was not paused. */
  resumed: boolean;
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
  /** The reason, for people. */
  reason: string;
}

/** The answer to `report.get`: what ran since then, and what waits. */
export interface Report {
  /** The moment from which on things are reported. */
  since: Timestamp;
  /** The moment of the report. */
  until: Timestamp;
  /** The tasks that have completed, those that ended last first. */
  completed: ReportedTask[];
  /** The tasks that have failed, or took too long. */
  failed: ReportedTask[];
  /** The tasks that were cancelled. */
  cancelled: ReportedTask[];
  /** The tasks that run. */
  running: ReportedTask[];
  /** The tasks that wait, in the order in which they will start. */
  waiting: ReportedTask[];
  /** Number of those that have ended, by reason. */
  reasons: Record<string, number>;
  /** Cost of those that have ended, as far as their agents reported it, in US dollars. */
  costUsd: number;
  /** True if more have ended, or wait, than are listed: 1,000 of each. */
  isCut: boolean;
  /** The rules that have tripped, whenever that was. */
  tripped?: TrippedRule[];
}

/**
 * The payload of `daemon:report`: a report in short, as the built-in action `report` of a job makes
 * it.
 */
export interface ReportEvent {
  /** The job's name. */
  job: string;
  /**
   * The moment from which on things are reported: the one up to which the job has reported before,
   * or 24 hours ago.
   */
  since: Timestamp;
  /** The moment of the report. */
  until: Timestamp;
  /** The sentence that sums it up, for people. */
  summary: string;
  /** Number of tasks that have completed. */
  completed: number;
  /** Number of those that a check has called done. */
  verified: number;
  /** Number of tasks that have failed, or took too long. */
  failed: number;
  /** Number of tasks that were cancelled. */
  cancelled: number;
  /** Number of tasks that run. */
  running: number;
  /** Number of tasks that wait. */
  waiting: number;
  /** Number of those that have ended, by reason. */
  reasons: Record<string, number>;
  /** Cost of those that have ended, as far as their agents reported it, in US dollars. */
  costUsd: number;
  /** Those that have failed, 10 at the most: those that ended last first. */
  failures: ReportedTask[];
  /** Those that wait for more than a slot, 10 at the most: those that wait for a person first. */
  waits: ReportedTask[];
  /** The rules that have tripped, 10 at the most, whenever that was. */
  tripped: TrippedRule[];
  /** True if more have ended, or wait, than are counted: 1,000 of each. */
  isCut: boolean;
}

/** The params of `report.get`. */
export interface ReportGetParams {
  /** The moment from which on things are reported; 24 hours ago when absent. */
  since?: Timestamp | undefined;
}

/** A task in a report. */
export interface ReportedTask {
  /** Its id. */
  id: string;
  /** The beginning of its prompt, 200 characters at the most. */
  prompt: string;
  /** The rule that made it; null where someone submitted it. */
  rule: string | null;
  /** The state. */
  state: Open<TaskState>;
  /** The reason for its end, as one word; absent before its end. */
  reason?: string;
  /** The reason for which it did not complete, for people: the first 500 characters. */
  error?: string;
  /** True if its check has said that it is done; absent where it has none, or has not completed. */
  verified?: boolean;
  /** Cost of its agent, in US dollars; absent if the agent did not report it. */
  costUsd?: number;
  /** Time at which its agent was started last. */
  startedAt: Timestamp | null;
  /** Time of its end. */
  completedAt: Timestamp | null;
  /** The reason for which it waits; absent if only a slot is missing. */
  waiting?: Open<Waiting>;
  /** Time at which that ends by itself; absent if it does not, or if the time is not known. */
  waitingUntil?: Timestamp;
}

/**
 * The ends of a run after which a task is carried out again.
 *
 * - `exit`: The agent has failed: by its exit code, a signal, or its own account.
 * - `timeout`: The agent ran longer than its time limit, or was silent for too long.
 * - `refused`: The agent was refused something that it wanted to do, where that counts as a
 *   failure.
 */
export type RetryOn = 'exit' | 'timeout' | 'refused';

/** The policy by which a task is carried out again by itself, before it counts as failed. */
export interface RetryPolicy {
  /** Number of times that it is carried out again at the most. From 1 to 100. */
  max: number;
  /**
   * The ends after which it is. Default: `exit` and `timeout`. Length from 1 to 10;
   * `["exit","timeout"]` when absent.
   */
  on?: RetryOn[] | undefined;
  /**
   * The pause before the first time, which varies by a fifth; it doubles each time, up to an hour,
   * unless it is longer than that from the beginning: then it stays as it is. Default: `30s`.
   * `"30s"` when absent.
   */
  delay?: Span | undefined;
}

/** One round of a task with a check: its agent worked, then the check ran. */
export interface Round {
  /** Its number, from 1. 0 is the check before the first round. */
  n: number;
  /** The number of the run of its agent; for round 0 that of the check. */
  run: number;
  /** Exit code of the agent; absent if it did not exit by itself, and for round 0. */
  exit?: number;
  /** The result of the check; absent while the round is under way. */
  verify?: CheckResult;
  /**
   * Cost of its agent, in US dollars, over all its runs in this round, as it counts towards the
   * budgets; absent if it is not known.
   */
  costUsd?: number;
  /**
   * Number of turns of its agent, over all its runs in this round; absent if the agent does not
   * report it.
   */
  turns?: number;
  /**
   * Number of files that were changed while its agent worked, ignored ones left out; absent where
   * that is not known, as after an interruption by a limit.
   */
  files?: number;
  /**
   * The first of the protected files that were not as on record, when its agent had ended or its
   * check had succeeded.
   */
  protected?: string[];
  /** Time of the end of its last run. */
  at: Timestamp;
}

/** The payload of `task:round` and `task:verified`. */
export interface RoundEvent {
  /** The task's id. */
  taskId: string;
  /** Its agent; the default one when null. */
  agent: string | null;
  /**
   * The rule that made it, or made the task whose agent submitted it; absent when there was none.
   */
  rule?: string;
  /** True if the check has succeeded, and the task is done. */
  verified: boolean;
  /** Maximum number of rounds. */
  maxRounds: number;
  /** The round that is over, without the check's output. */
  round: Round;
}

/** The action of a rule. The environment that it gives to its tasks is not shown. */
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
 * - `submit_task`: The action submits a task.
 */
export type RuleActionKind = 'submit_task';

/** A task that a rule made. */
export interface RuleExecution {
  /** The rule's id. */
  rule: string;
  /** Time at which the task was made. */
  at: Timestamp;
  /** The number of the last event that led to it. */
  event: number;
  /** Number of matches that it stands for. */
  matches: number;
  /** The task's id. */
  task: string;
}

/** A match that came to nothing. */
export interface RuleRefusal {
  /** Time of the match. */
  at: Timestamp;
  /** The number of the event. */
  event: number;
  /** The reason. */
  reason: string;
}

/** Money of a rule's tasks, in US dollars. */
export interface RuleSpending {
  /** The rule; null for the tasks of no rule. */
  rule: string | null;
  /** Spent on this day. */
  dayUsd: number;
  /** Spent in this month. */
  monthUsd: number;
  /** Set aside for running tasks. */
  reservedUsd: number;
}

/** A rule and how it is. */
export interface RuleStatus {
  /** Its name. */
  id: string;
  /** The occasion it waits for. */
  trigger: Trigger;
  /** The condition under which it proceeds. */
  condition: Condition;
  /** The action it takes. */
  action: RuleAction;
  /** True if it is switched on. */
  enabled: boolean;
  /** True if a match makes a task now. If false, `reason` says why. */
  active: boolean;
  /** Reason for which a match makes no task; null where it does. */
  reason: string | null;
  /** Effect of a match while it is busy. */
  onBusy: Open<OnBusy>;
  /**
   * Time at which it tripped because it fired too often, or its tasks failed again and again. Null
   * if it has not.
   */
  trippedAt: Timestamp | null;
  /** Number of its tasks that are queued or running. */
  busy: number;
  /** Matches that have not come to a task yet; null if there are none. */
  pending: PendingMatches | null;
  /**
   * The last match that came to nothing since the daemon was started and the rule was enabled; null
   * if none has.
   */
  lastRefusal: RuleRefusal | null;
}

/** The expected result of a match. */
export interface RuleTested {
  /** The rule's id. */
  rule: string;
  /** The expected result. */
  outcome: Open<MatchOutcome>;
  /** Reason for which the match would make no task, or its task would fail; null otherwise. */
  reason: string | null;
  /** The prompt of the task; null where it cannot be made of this event. */
  prompt: string | null;
}

/** Usage of the tasks of a rule. */
export interface RuleUsage {
  /** The rule's id; null for the tasks that no rule made. */
  rule: string | null;
  /** Their usage. */
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
  /** Time at which its agent was started. */
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
  /** True if that time was missed, and `catch_up` makes up for it. */
  caughtUp: boolean;
  /** True if somebody ran it by hand. */
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
  /** Times, as in crontab(5), in `schedule.timezone`. */
  cron: string;
}

/** A job of `schedule.jobs`, or a rule whose trigger is a schedule. */
export interface ScheduledJob {
  /** Its name; of a rule, its id. */
  name: string;
  /** The topic of its event. */
  topic: string;
  /** Times, as in crontab(5). */
  cron: string;
  /** The time zone of that, by its IANA name; null where the machine's own has none. */
  timezone: string | null;
  /** The action of the job; null for a rule, whose action is its own. */
  action: string | null;
  /** True if it fires once for all the times that passed while no daemon ran. */
  catchUp: boolean;
  /** The time for which it fired last; null before the first. */
  lastAt: Timestamp | null;
  /** The time for which it fires next; null if it never does, or schedules are switched off. */
  nextAt: Timestamp | null;
}

/** The scheduler. */
export interface SchedulerSubsystem {
  /** True if schedules fire. */
  enabled: boolean;
  /** Number of jobs, rules whose trigger is a schedule included. */
  jobs: number;
  /** Time at which the next of them fires; null if none does. */
  next_at: Timestamp | null;
}

/**
 * A length of time, written as a whole number with its unit: `90s`, `10m`, `26h`, `7d`. At most ten
 * years.
 */
export type Span = string;

/**
 * A speaker in a conversation.
 *
 * - `user`: A person, or a script from outside.
 * - `agent`: An agent: the connection was that of a process that one has started.
 */
export type Speaker = 'user' | 'agent';

/** The spool, while its events are taken in. */
export interface SpoolSubsystem {
  /** Number of files left. */
  left: number;
  /** Since when. */
  since: Timestamp;
}

/** The answer to `daemon.stop`, sent before the daemon stops. */
export interface StopAcknowledged {
  /** Always true. */
  stopping: boolean;
  /** The daemon's process id: it has stopped when this process has ended. */
  pid: number;
  /**
   * Number of running tasks. They get SIGTERM, 15 seconds, then SIGKILL. With `keepAgents` they go
   * on.
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
  /** The budgets; absent where none is set. */
  budget?: BudgetSubsystem;
  /** Requests to people. `{"pending":0}` when absent. */
  approvals: ApprovalsSubsystem;
  /** Webhooks; absent where none are configured. */
  webhooks?: WebhooksSubsystem;
  /** The spool, while its events are taken in; absent otherwise. */
  spool?: SpoolSubsystem;
  /** What collects metrics; absent where nothing is set up to. */
  telemetry?: TelemetrySubsystem;
}

/** The queue and its agents. */
export interface SupervisorSubsystem {
  /** Number of running tasks, on all hosts. */
  running: number;
  /**
   * The number of those that run on other hosts; absent where no other host can share the queue.
   */
  runningElsewhere?: number;
  /** Number of queued tasks. */
  queued: number;
  /** Maximum number of tasks that run at once, on this host. */
  maxConcurrency: number;
  /** Time since which the queue is paused, or drains; absent if it does neither. */
  pausedSince?: Timestamp;
  /**
   * Time since which the queue drains: the daemon ends once no task runs. Absent if it does not.
   */
  drainingSince?: Timestamp;
  /**
   * Time since which this one of several hosts is given no new tasks (`host.drain`); absent if it
   * is.
   */
  hostDrainingSince?: Timestamp;
  /** The running and queued tasks. */
  tasks: TaskSummaries;
}

/** A task that a person has taken over. */
export interface Takeover {
  /** Time at which it was taken. */
  since: Timestamp;
  /** The session of its agent; absent if it has none. */
  session?: string;
  /** The directory of its session, in a work tree; absent for the project's own. */
  dir?: string;
  /**
   * The command by which a person goes on in that session, in `dir` or else the project's
   * directory; empty if the agent's program has none.
   */
  command?: string[];
}

/** An order to an agent, and what came of it. */
export interface Task {
  /** `task-0001`, counting up, never reused. */
  id: string;
  /** The agent's prompt. */
  prompt: string;
  /**
   * The agent that is to do it, a profile of the configuration or a role; the default one when
   * null.
   */
  agent: string | null;
  /**
   * The profiles by which its agents were started, one for each run in their order; `agent` stands
   * for the section `agent`. Only in `task.get` and `task.wait`, and absent while all of them are
   * that.
   */
  profiles?: string[];
  /** Higher ones start first; 0 unless given. */
  priority: number;
  /** The state. */
  state: Open<TaskState>;
  /** The reason for which it waits while it is queued; absent if only a slot is missing. */
  waiting?: Open<Waiting>;
  /** Time at which that ends by itself; absent if it does not, or if the time is not known. */
  waitingUntil?: Timestamp;
  /**
   * Time at which the limit resets after which a person is to have it go on (`accounts.resume` is
   * `ask`); absent for any other wait.
   */
  limitResetsAt?: Timestamp;
  /**
   * The tasks whose end its agent waits for while it runs, by `task.wait` or `task.output`: up to
   * 100 of them. Absent for none, and in lists.
   */
  waitsFor?: string[];
  /** The person's session, while a person has it; absent otherwise, and in lists. */
  takeover?: Takeover;
  /** The messages that were sent to its agent, in their order; absent for none, and in lists. */
  messages?: TaskMessage[];
  /** The lane in which it runs; absent for none. */
  lane?: string;
  /** The labels that its host must have; absent for any host. */
  runsOn?: string[];
  /**
   * Time after which it is no longer wanted, if it has not been started by then; absent for any
   * time.
   */
  expiresAt?: Timestamp;
  /**
   * The reason for its end, as one word; absent before its end, and for tasks of older daemons.
   * `done`, `refused`, `deferred`, `limited`, `overloaded`, `auth`, `billing`, `budget`, `crashed`
   * and `failed` are an agent's ends; `cancel`, `rejected`, `expired`, `timeout`, `stalled`,
   * `stop`, `lost` and `not_started` those that the daemon knows of; `rounds`, `stuck`,
   * `check_failed_to_run` and `session_lost` those of tasks with a check, and `by_hand` that of one
   * that a person has finished. A newer daemon may have more.
   */
  reason?: string;
  /** The check by which it counts as done; absent for none. */
  verify?: Verify;
  /** The part of its round that it is in while it runs; absent without a check. */
  phase?: Open<Phase>;
  /**
   * The result of its check before the first round (`before` of `verify`); absent where it has not
   * run.
   */
  before?: CheckResult;
  /** Its rounds so far, in their order; empty without a check. */
  rounds?: Round[];
  /** True if its check has succeeded; absent otherwise. */
  verified?: boolean;
  /**
   * True if its check has succeeded before the first round, so that no agent was started; absent
   * otherwise.
   */
  skipped?: boolean;
  /** The work tree in which its agent works; absent for the project's own directory. */
  workspace?: TaskWorkspace;
  /**
   * The host of its latest run, where several share the project's store; absent otherwise, and
   * before its first run.
   */
  host?: TaskHost;
  /** Time of submission. */
  createdAt: Timestamp;
  /** Time at which its agent was started, for the last time if there were several attempts. */
  startedAt: Timestamp | null;
  /** Time of its end, in whatever state. */
  completedAt: Timestamp | null;
  /** The agent's process, while it runs. */
  pid: number | null;
  /** Exit code of the agent's process; null if it did not exit by itself. */
  exitCode: number | null;
  /** The signal that ended the agent's process; null when none did. */
  signal: number | null;
  /**
   * Number of attempts that count, for each of which an agent was started. What a limit, a budget
   * or a person has put off goes on as the same one, and counts only once it does, or has ended.
   * More than 1 after an agent was lost with the machine.
   */
  attempts: number;
  /**
   * The agent's answer, once it has ended: the `result` of its output where that is `claude`'s
   * JSON, else the last 64 KiB of its standard output. Where the beginning is left out, the first
   * line says so.
   */
  result: string | null;
  /** Reason for which it did not complete, for people. */
  error: string | null;
  /** The last 64 KiB of the agent's standard output so far. */
  output: string | null;
  /** Its time limit in minutes; `daemon.action_timeout_minutes` when null. */
  timeoutMinutes: number | null;
  /** The ids of the tasks that must have completed before it starts. */
  after: string[];
  /**
   * Number of processes that outlived the agent's own, or were to end with it, and have been ended;
   * null before.
   */
  processesEnded: number | null;
  /**
   * Number of its processes that could not be ended: 0, unless one belongs to another user. Null
   * before it has ended.
   */
  processesLeft: number | null;
  /**
   * Usage of its agent, of one that has not ended in the runs that have; null if the agent does not
   * report it. `claude` reports it with `--output-format json` or `stream-json`.
   */
  usage: TaskUsage | null;
  /** The submitter's own notes. */
  metadata: Record<string, unknown>;
  /** The conversation that it is a turn of; absent when it is of none. */
  conversation?: string;
  /** The cause; absent if a client submitted it. */
  causedBy?: Cause;
}

/** The answer to `task.apply`. */
export interface TaskApplied {
  /** The task's id. */
  taskId: string;
  /** The number of the run. */
  launch: number;
  /** True if it was applied; false for a conflict. */
  applied: boolean;
  /** The changed files, up to 10,000 of them. */
  paths: string[];
  /** The reason for which it could not be applied; absent if it was. */
  conflict?: WorkspaceConflict;
}

/** The payload of `task:applied`. */
export interface TaskAppliedEvent {
  /** The task's id. */
  taskId: string;
  /** The number of the run. */
  launch: number;
  /** The commit that was applied. */
  commit: string;
  /**
   * The rule that made the task, or made the task whose agent submitted it; absent when there was
   * none.
   */
  rule?: string;
  /** The changed files, up to 100 of them. */
  paths: string[];
}

/** The params of `task.apply`. */
export interface TaskApplyParams {
  /** The task's id. Length at most 200. */
  taskId: string;
  /** The number of the run that is meant; the latest one when absent. At least 1. */
  launch?: number | undefined;
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

/** The result for one task of `task.cancelMany`. */
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

/** The payload of `task:conflict`. */
export interface TaskConflictEvent {
  /** The task's id. */
  taskId: string;
  /** The number of the run. */
  launch: number;
  /** The commit that could not be applied. */
  commit: string;
  /**
   * The rule that made the task, or made the task whose agent submitted it; absent when there was
   * none.
   */
  rule?: string;
  /** The files on account of which it could not, up to 100 of them. */
  paths: string[];
  /** The reason, for people. */
  why: string;
}

/** Number of tasks in each state. */
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

/** The payload of `task:delivered`. */
export interface TaskDeliveredEvent {
  /** The task's id. */
  taskId: string;
  /** The number of the message within the task, from 1. */
  n: number;
  /** The number of the run that has got it. */
  run: number;
}

/** What a task has changed in its work tree. */
export interface TaskDiff {
  /** The task's id. */
  taskId: string;
  /** The number of the run. */
  launch: number;
  /** The commit from which the task began. */
  base: string;
  /** The commit that it has left. */
  commit: string;
  /** The changed files, up to 10,000 of them. */
  files: DiffFile[];
  /** Number of added lines. */
  insertions: number;
  /** Number of removed lines. */
  deletions: number;
  /** The unified diff, as `git diff` prints it. */
  diff: string;
  /** True if it is longer: `git diff BASE COMMIT` prints all of it. */
  isCut: boolean;
}

/** The params of `task.diff`. */
export interface TaskDiffParams {
  /** The task's id. Length at most 200. */
  taskId: string;
  /** The number of the run that is meant; the latest one when absent. At least 1. */
  launch?: number | undefined;
}

/** The params of `task.edit`: what is absent stays as it is. */
export interface TaskEditParams {
  /** The task's id. Length at most 200. */
  taskId: string;
  /** Another prompt, at most 1 MiB of UTF-8; not blank. Length from 1 to 1048576, matches `\S`. */
  prompt?: string | undefined;
  /** Another priority. From -1000 to 1000. */
  priority?: number | undefined;
  /** Another lane, of those in `lanes`; empty for none. Length at most 100. */
  lane?: string | undefined;
  /** Time, from now on, after which it is no longer wanted, if it has not been started by then. */
  expires?: Span | undefined;
}

/** The answer to `task.edit`. */
export interface TaskEdited {
  /** False if it was like that before. */
  edited: boolean;
}

/** The payload of every event of a task. */
export interface TaskEvent {
  /** The task's id. */
  taskId: string;
  /** The state of the task now. */
  state: Open<TaskState>;
  /** Its agent; the default one when null. */
  agent: string | null;
  /** Its priority. */
  priority: number;
  /**
   * The rule that made it, or made the task whose agent submitted it; absent when there was none.
   */
  rule?: string;
  /**
   * The name of the host that it runs on, or ran on when it ended, where several share the
   * project's store; absent otherwise.
   */
  host?: string;
  /** Number of attempts that count, for each of which an agent was started. */
  attempt: number;
  /** Time from its start to its end, in milliseconds; absent before its end. */
  durationMs?: number;
  /** Exit code of the agent's process; absent if it did not exit by itself. */
  exitCode?: number;
  /** The signal that ended the agent's process; absent when none did. */
  signal?: number;
  /** Reason for which it did not complete: the last 2,000 bytes of that. */
  error?: string;
  /** The reason for its end, as one word: see `reason` of a task; absent before its end. */
  reason?: string;
  /**
   * Number of processes that its agent left, or that were to end with it, and have been ended;
   * absent before its end.
   */
  processesEnded?: number;
  /** Number of processes that could not be ended; absent before its end. */
  processesLeft?: number;
  /** Its cost, in US dollars; absent if the agent does not report it. */
  costUsd?: number;
  /** With `task:stalled`: for how many milliseconds it has written nothing. */
  silentMs?: number;
}

/** The params of `task.get`. */
export interface TaskGetParams {
  /** The task's id. Length at most 200. */
  taskId: string;
  /**
   * True to have each message to its agent as a whole. Default: false, the first 1,000 bytes of
   * each.
   */
  whole?: boolean | undefined;
}

/** The params of `task.give`. */
export interface TaskGiveParams {
  /** The task's id. Length at most 200. */
  taskId: string;
  /**
   * True if nothing is left to do: the task has completed, or completes when its agent has been
   * ended. Otherwise its agent goes on.
   */
  done?: boolean | undefined;
}

/** The answer to `task.give`. */
export interface TaskGiven {
  /** The state of the task. */
  state: Open<TaskState>;
}

/** The answer to `task.hold`. */
export interface TaskHeld {
  /** False if it was held before; `until` counts from now on. */
  held: boolean;
}

/** The params of `task.hold`. */
export interface TaskHoldParams {
  /** The task's id. Length at most 200. */
  taskId: string;
  /** Time at which it is released by itself; never when absent. */
  until?: Timestamp | undefined;
}

/** The host of a task. */
export interface TaskHost {
  /** Its id. */
  id: string;
  /** The name of its machine. */
  name: string;
}

/**
 * The params of `task.list`. With `rule`, `lane`, `text`, `since` or `until`, or sorted by
 * `priority`, `ended` or `cost`, the latest 50,000 tasks before `cursor` are looked at.
 */
export interface TaskListParams {
  /** Only tasks in this state. */
  state?: TaskState | undefined;
  /** Only tasks for this agent. Length at most 200. */
  agent?: string | undefined;
  /** Only tasks that this rule has made. Length at most 200. */
  rule?: string | undefined;
  /** Only tasks in this lane. Length at most 100. */
  lane?: string | undefined;
  /** Only tasks whose prompt holds this text, whatever its case in ASCII. Length from 1 to 1000. */
  text?: string | undefined;
  /** Only tasks that were submitted at this moment or later. */
  since?: Timestamp | undefined;
  /** Only tasks that were submitted before this moment. */
  until?: Timestamp | undefined;
  /** The order of the answer. Default: `newest`. */
  sort?: TaskOrder | undefined;
  /**
   * Maximum number of tasks. The answer has fewer if they exceed 8 MiB together. From 1 to 1000;
   * `20` when absent.
   */
  limit?: number | undefined;
  /**
   * The id of the last task of the page before: the answer goes on with the next older one. Only
   * with the order `newest`. Length at most 200, matches `^task-[0-9]{4,}$`.
   */
  cursor?: string | undefined;
}

/** A message to a task's agent. */
export interface TaskMessage {
  /** Its number within the task, from 1. */
  n: number;
  /** Time at which it was sent; absent for one of an older daemon. */
  at?: Timestamp;
  /** The task whose agent has sent it; absent if a person or a script has. */
  from?: string;
  /** Its first 1,000 bytes; with `whole`, all of it. */
  message: string;
  /** True if it is longer than `message`; absent otherwise. */
  cut?: boolean;
  /** The state. */
  state: Open<MessageState>;
  /** The number of the run that has got it; absent while it waits. */
  run?: number;
}

/**
 * The order of a list of tasks.
 *
 * - `newest`: Tasks that were submitted last come first.
 * - `oldest`: Tasks that were submitted first come first.
 * - `priority`: Tasks with the highest priority come first.
 * - `ended`: Tasks that have ended last come first, then those that have not ended.
 * - `cost`: Tasks that have cost most come first.
 */
export type TaskOrder = 'newest' | 'oldest' | 'priority' | 'ended' | 'cost';

/** The answer to `task.output`: a chunk. */
export interface TaskOutput {
  /** Up to 256 KiB of the output, encoded as asked for; empty when there is nothing there yet. */
  data: string;
  /** The byte it begins at: the one asked for, or a later one where what is between is not kept. */
  offset: number;
  /** The byte to go on at. */
  nextOffset: number;
  /**
   * The attempt at the task that wrote it, from 1; 0 if there has been none. Each attempt's output
   * begins at 0: a client that follows it goes back there when this has changed. `0` when absent.
   */
  attempt: number;
  /**
   * True if no more will follow: the task has ended, and the chunk reaches the end of its output.
   */
  ended: boolean;
}

/** The params of `task.output`. */
export interface TaskOutputParams {
  /** The task's id. Length at most 200. */
  taskId: string;
  /** The stream. `"stdout"` when absent. */
  stream?: OutputStream | undefined;
  /** From which byte on: 0 is the beginning. `0` when absent. */
  offset?: number | undefined;
  /**
   * If there is nothing there yet: how long to wait for something, in milliseconds. From 0 to
   * 60000; `0` when absent.
   */
  waitMs?: number | undefined;
  /** The encoding of the bytes. `"utf8"` when absent. */
  encoding?: OutputEncoding | undefined;
}

/** The payload of `task:refused`. */
export interface TaskRefusedEvent {
  /** The kind of the error by which it was refused: `chain_too_deep`. */
  reason: string;
  /** The beginning of its prompt, up to 200 characters. */
  prompt: string;
}

/** The params of `task.release`. */
export interface TaskReleaseParams {
  /** The task's id. Length at most 200. */
  taskId: string;
}

/** The answer to `task.release`. */
export interface TaskReleased {
  /** False if nobody held it, and it was not to start later. */
  released: boolean;
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
  /**
   * A name for this call, any text of the caller's own: another call with it, of the same caller
   * within 24 hours, has no effect and gets the same answer. So a call whose answer was lost can be
   * repeated. If its params or its method differ, it is an error. Length from 1 to 200.
   */
  idempotencyKey?: string | undefined;
}

/**
 * Selects tasks: those that are named, or all that meet the conditions. At least one member must be
 * there.
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

/** The params of `task.send`. */
export interface TaskSendParams {
  /** The task's id. Length at most 200. */
  taskId: string;
  /** The message, at most 64 KiB of UTF-8; not blank. Length from 1 to 65536, matches `\S`. */
  message: string;
}

/** The answer to `task.send`. */
export interface TaskSent {
  /** The number of the message within the task, from 1. */
  n: number;
  /** The state of the task. */
  state: Open<TaskState>;
  /** The way in which the message reaches its agent. */
  delivery: Open<Delivery>;
}

/** The payload of `task:sent`. */
export interface TaskSentEvent {
  /** The task's id. */
  taskId: string;
  /** The number of the message within the task, from 1. */
  n: number;
  /** The state of the task. */
  state: Open<TaskState>;
  /** The first 1,000 bytes of the message. */
  message: string;
  /** The task whose agent has sent it; absent if a person or a script has. */
  from?: string;
  /** The way in which the message reaches its agent. */
  delivery: Open<Delivery>;
}

/**
 * The states of a task.
 *
 * - `queued`: Waiting for a slot.
 * - `running`: Its agent's process is active.
 * - `completed`: The agent succeeded.
 * - `failed`: The agent failed, or could not be started.
 * - `cancelled`: Cancelled by someone, or by the daemon's stop.
 * - `timeout`: The task ran longer than its time limit.
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
  /**
   * Number of ends by reason (a task's `reason`), since the reasons are kept; those of tasks that
   * are gone count as well. `{}` when absent.
   */
  reasons: Record<string, number>;
  /** Usage of their agents. */
  usage: UsageStats;
}

/** The params of `task.submit`. */
export interface TaskSubmitParams {
  /**
   * The agent's prompt, at most 1 MiB of UTF-8; not blank. Length from 1 to 1048576, matches `\S`.
   */
  prompt: string;
  /**
   * The agent that is to do it: a profile of `agents` of the configuration, or else a role, which
   * its command gets as `--agent`. The default one when absent. Length at most 200, matches
   * `^[^-\x00][^\x00]*$`.
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
  /**
   * The lane in which it runs, one of `lanes` of the configuration; none when absent. Length from 1
   * to 100.
   */
  lane?: string | undefined;
  /**
   * The labels that its host must have, where several share the project's store: `host.labels` of
   * that one's configuration. Length at most 50.
   */
  runsOn?: string[] | undefined;
  /** Time before which it does not start, from now on. */
  delay?: Span | undefined;
  /** Moment before which it does not start. With `delay`, the later of the two. */
  startAt?: Timestamp | undefined;
  /**
   * Time, from now on, after which it is no longer wanted, if it has not been started by then: it
   * is cancelled, with the reason `expired`.
   */
  expires?: Span | undefined;
  /**
   * The policy by which it is carried out again by itself before it counts as failed; not at all
   * when absent.
   */
  retry?: RetryPolicy | undefined;
  /**
   * True if it starts whatever is left of the budgets. It still counts towards them, and
   * `budget.task_usd` still ends it. Agents may not ask for that.
   */
  ignoreBudget?: boolean | undefined;
  /**
   * The check by which it counts as done; none when absent. `{}` stands for `defaults.verify` of
   * the configuration.
   */
  verify?: Verify | undefined;
  /**
   * A person must approve it before it starts: `true`, or how long that may take. Nobody is asked
   * when absent.
   */
  approval?: ApprovalTerms | undefined;
  /** The place in which its agent works; `workspace` of the configuration when absent. */
  workspace?: Workspace | undefined;
  /**
   * A name for this call, any text of the caller's own: another call with it, of the same caller
   * within 24 hours, has no effect and gets the same answer. So a call whose answer was lost can be
   * repeated. If its params or its method differ, it is an error. Length from 1 to 200.
   */
  idempotencyKey?: string | undefined;
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

/** The running and queued tasks. */
export interface TaskSummaries {
  /** All that are running. */
  running: RunningTaskSummary[];
  /** The first 100 that are queued, in the order in which they will start. */
  queued: QueuedTaskSummary[];
}

/** The params of `task.take`. */
export interface TaskTakeParams {
  /** The task's id. Length at most 200. */
  taskId: string;
  /** True to end the run that is under way, in place of waiting for its end. */
  now?: boolean | undefined;
}

/** The answer to `task.take`. */
export interface TaskTaken {
  /**
   * The state of the task. While it is `running`, its session is still its agent's: wait until it
   * is `queued`.
   */
  state: Open<TaskState>;
}

/** An agent's usage for a task, as its program reports it. */
export interface TaskUsage {
  /**
   * The cost as it counts towards the budgets, in US dollars: what the agent reported, or its
   * tokens by the configured prices, or `budget.unknown_cost_usd` where a budget is set and neither
   * is known. For a session that was resumed, what this task added. Absent if nothing is known of
   * it.
   */
  costUsd?: number;
  /** Number of model turns that the agent took. */
  turns: number;
  /** Tokens read, without those from the cache. */
  inputTokens: number;
  /** Tokens written. */
  outputTokens: number;
  /** Tokens read from the cache. */
  cacheReadTokens: number;
  /** Tokens put into the cache. */
  cacheCreationTokens: number;
  /** The agent's session, which `claude --resume` takes; null if the agent does not report it. */
  sessionId: string | null;
  /** The tools that the agent was not allowed to use, one entry for each refusal. */
  permissionDenials: string[];
}

/** The params of `task.wait`. */
export interface TaskWaitParams {
  /** The task's id. Length at most 200. */
  taskId: string;
  /**
   * Time after which the daemon answers with `wait_timeout`, in milliseconds; no limit when absent.
   */
  timeoutMs?: number | undefined;
}

/** The params of `task.why`. */
export interface TaskWhyParams {
  /** A task's id, as `task-0004`, or an event's, as `event-17`. */
  id: string;
  /** The direction. Default: `causes`. */
  direction?: WhyDirection | undefined;
}

/** The work tree of a task. */
export interface TaskWorkspace {
  /** The mode: `worktree`. */
  mode: Open<WorkspaceMode>;
  /** The base that was asked for; absent for the default. */
  base?: string;
  /** The way back of the changes. */
  back: Open<WorkspaceBack>;
  /** The directory in which its agent works; absent before its first run, and in lists. */
  dir?: string;
  /** What its latest run has left; absent for none, and in lists. */
  result?: WorkspaceResult;
  /** The reason for which not all of that could be kept; absent if it could. */
  error?: string;
}

/** The answer to `task.cancelMany`. */
export interface TasksCancelled {
  /** The tasks that were selected, in the order of their numbers. */
  tasks: TaskCancelledOne[];
  /** True if there are more: ask again. */
  more: boolean;
}

/** The answer to `task.retryMany`. */
export interface TasksRetried {
  /**
   * The new tasks, in the order in which they were submitted, those included that had been
   * cancelled since they were to start after one that is retried.
   */
  tasks: TaskRetried[];
  /** True if there are more: ask again. */
  more: boolean;
}

/** What collects metrics and traces of the daemon. */
export interface TelemetrySubsystem {
  /** True if the metrics are written to `.aiwg/daemon/metrics.prom`. */
  textfile: boolean;
  /** Address at which `GET /metrics` is answered, as `127.0.0.1:9464`; null while it is not. */
  address: string | null;
  /** The traces; absent where none are sent. */
  traces?: TracesStatus;
}

/** A moment: RFC 3339 in UTC with milliseconds. */
export type Timestamp = string;

/**
 * A topic that events may have: one that the configuration declares, or one of the daemon's own.
 */
export interface TopicInfo {
  /** Its name; a glob where a name of the user's own is part of it, as in `schedule:*`. */
  name: string;
  /** The occasion on which it is emitted; null where nobody has said. */
  description: string | null;
  /** The schema of the payload: JSON Schema 2020-12, with references within itself only. */
  payload: unknown;
  /** The definition's place. */
  source: Open<TopicSource>;
}

/**
 * The place where a topic is defined.
 *
 * - `project`: The project's configuration: clients emit it.
 * - `daemon`: The daemon: only it publishes the topic.
 */
export type TopicSource = 'project' | 'daemon';

/** Traces, with their spans since the daemon's start. */
export interface TracesStatus {
  /** Address of the collector. */
  otlp: string;
  /** Number of spans that it has taken. */
  sent: number;
  /** Number of spans that were dropped. */
  dropped: number;
  /** Number of spans that wait. */
  waiting: number;
}

/** The occasion that a rule waits for. */
export type Trigger = FileChangeTrigger | ScheduleTrigger | EventTrigger;

/** A rule that has tripped: it is out of force until it is enabled again. */
export interface TrippedRule {
  /** Its id. */
  rule: string;
  /** Time at which it tripped. */
  at: Timestamp;
  /** The reason, for people. */
  why: string;
}

/** Usage of agents, as far as they reported it. It outlives the tasks themselves. */
export interface UsageStats {
  /** Since the project's beginning. */
  total: UsageSum;
  /** For each rule, the most expensive first. */
  byRule: RuleUsage[];
  /** For each of the last 30 days on which there was something, the newest first. */
  byDay: DayUsage[];
}

/** Usage of the agents of many tasks together. */
export interface UsageSum {
  /** Number of tasks whose agents reported their usage. */
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

/**
 * A check by which a task counts as done: its agent works in rounds, in one session, until the
 * check's command exits with 0.
 *
 * Absent members are taken from `defaults.verify` of the configuration, then from the defaults
 * here.
 */
export interface Verify {
  /** False for no check, whatever `defaults.verify` says. `true` when absent. */
  enabled?: boolean | undefined;
  /** The command of the check. It runs in the project as a run of its own. */
  command?: CheckCommand | undefined;
  /**
   * Maximum number of rounds: in each, the agent works and the check runs. From 1 to 1000; `5` when
   * absent.
   */
  max_rounds?: number | undefined;
  /**
   * The time limit of one run of the check, in minutes, at most a year. A check that takes longer
   * is ended, and has failed. At most 525600, more than 0; `20` when absent.
   */
  timeout_minutes?: number | undefined;
  /**
   * True if the check runs before the first round as well: where it succeeds, no agent is started.
   * `false` when absent.
   */
  before?: boolean | undefined;
  /**
   * Files that the agent may not change, as globs on the path relative to the project: `tests/**`.
   * A round that leaves one of them other than it was before the first round does not count as
   * done. What git ignores is not protected, unless it is named without a wildcard. Length at most
   * 100.
   */
  protect?: string[] | undefined;
}

/**
 * The reason for which a queued task waits, apart from a free slot.
 *
 * - `dependency`: A task of its `after`, or an earlier turn of its conversation, has not ended.
 * - `delay`: The task is to start later.
 * - `hold`: Someone holds it: `task.release` releases it.
 * - `rest`: Its agent was lost or has failed, and it rests before it is started again.
 * - `lane`: Its lane is full.
 * - `paused`: The queue is paused.
 * - `budget`: A budget does not allow it now.
 * - `limit`: The account of its agent has reached a limit.
 * - `taken`: A person has taken it over: `task.give` gives it back.
 * - `approval`: A person is to approve something.
 * - `host`: This host cannot run it: another one has its labels or its variables, or has begun with
 *   it.
 */
export type Waiting =
  | 'dependency'
  | 'delay'
  | 'hold'
  | 'rest'
  | 'lane'
  | 'paused'
  | 'budget'
  | 'limit'
  | 'taken'
  | 'approval'
  | 'host';

/** A sender of webhooks, with what has come from it since the daemon's start. */
export interface WebhookStatus {
  /** The path of its requests. */
  path: string;
  /** Its kind: `github`, `gitlab`, `slack`, `standard` or `json`. */
  kind: string;
  /** The template of its topics. */
  topic: string;
  /** True if its requests must be signed. */
  signed: boolean;
  /** Number of deliveries that were taken in, repeated ones included. */
  accepted: number;
  /** Number of requests that were refused. */
  refused: number;
  /** Time of the last delivery that was taken in; null before the first. */
  lastAt: Timestamp | null;
  /** The reason for which nothing can be taken in from it, for people; absent if all is well. */
  error?: string;
}

/** The listener for webhooks. */
export interface WebhooksSubsystem {
  /**
   * Address at which they are listened to, as `127.0.0.1:8787`; null while they are not, which an
   * issue explains.
   */
  address: string | null;
  /** The senders. */
  sources: WebhookStatus[];
}

/** A chain of causes and effects, as a graph without circles. */
export interface Why {
  /** The id of the node that was asked about. */
  asked: string;
  /** The nodes. Each comes after those that it came of. */
  nodes: WhyNode[];
  /**
   * True if there is more: the answer has up to 10,000 nodes and 1 MiB. With `causes`, the part
   * nearest to the one asked about is there.
   */
  cut: boolean;
}

/**
 * The direction in which a chain is followed.
 *
 * - `causes`: Up to what came from outside.
 * - `effects`: Down to all that came of it.
 */
export type WhyDirection = 'causes' | 'effects';

/**
 * The kind of a node.
 *
 * - `origin`: Something that came from outside: a client's process, a change of a file, a schedule,
 *   the daemon itself.
 * - `event`: An event.
 * - `rule`: A rule that made a task, or is going to.
 * - `task`: A task.
 * - `run`: A run of a task.
 * - `approval`: A request of a task to a person: that it may start, that its agent may use a tool,
 *   or an answer.
 * - `refusal`: A rule that an event matched and that made nothing of it.
 * - `wait`: Something that a queued task, or the agent of a running one, waits for.
 */
export type WhyKind =
  'origin' | 'event' | 'rule' | 'task' | 'run' | 'approval' | 'refusal' | 'wait';

/** A link of a chain of causes and effects. */
export interface WhyNode {
  /** The id, which no other node of the answer has: `event-17`, `task-0004`, `task-0004/run-1`. */
  id: string;
  /** The kind. */
  kind: Open<WhyKind>;
  /**
   * The ids of the nodes that it came of, the main one first; empty where a chain begins, and where
   * what came before is forgotten.
   */
  causes: string[];
  /** Time at which it came about; `null` if it is unknown. */
  at: Timestamp | null;
  /**
   * The end of a task or a run; the time up to which a task waits, if that is known; absent for
   * others.
   */
  until?: Timestamp;
  /**
   * The node in a few words, for people: of a task the beginning of its prompt, of a refusal its
   * reason.
   */
  text: string;
  /** The state of a task. */
  state?: Open<TaskState>;
  /**
   * The reason in a word: for which a task or a run ended, for which a rule refused (`off`,
   * `all_off`, `tripped`, `too_deep`, `own_change`, `busy`, `rule_changed`, `rule_removed`),
   * `waiting` of a rule whose matches have made no task yet, or for which a task waits: as the
   * member `waiting` of a task has it, `slot`, or `task` where its agent waits for the end of
   * another one.
   */
  reason?: string;
  /** The reason for which a task did not complete, for people: its beginning. */
  error?: string;
  /**
   * The profile by which the agent of a run was started; `agent` stands for the section `agent`.
   */
  profile?: string;
  /** The name of the host of a run, where several share the project's store. */
  host?: string;
  /** The one who has finished a task by hand, and who had taken it over when, for people. */
  finishedBy?: string;
  /** The cost of a task or a run, in US dollars. */
  costUsd?: number;
  /** The rule's id. */
  rule?: string;
  /** The number of the rule's revision, from 1: it counts up when a changed rule makes a task. */
  revision?: number;
  /**
   * The rule as it was in this revision, without `env`: with the first node of each revision only.
   */
  definition?: unknown;
  /** The client that it came from; of an approval, the one that has decided. */
  origin?: Origin;
}

/** The workspace of a task. */
export type Workspace = WorkspaceMode | WorkspaceTerms;

/**
 * The way back of what a task has changed in its work tree.
 *
 * - `branch`: A branch, `aiwg/` and the task's id.
 * - `patch`: A patch, in the directory of its run.
 * - `apply`: The project's own files are changed; a conflict leaves them as they are.
 */
export type WorkspaceBack = 'branch' | 'patch' | 'apply';

/** The reason for which a result could not be applied. */
export interface WorkspaceConflict {
  /** The files on account of which it could not, up to 100 of them. */
  paths: string[];
  /** The reason, for people. */
  why: string;
}

/** The answer to `workspace.list`. */
export interface WorkspaceList {
  /** The directory of the project's work trees, which need not be there. */
  dir: string;
  /** The work trees, by their numbers. */
  trees: WorkspaceTree[];
  /** Number of results that are kept. */
  results: number;
  /** The reason for which the project can have no work trees; absent if it can. */
  unusable?: string;
}

/**
 * The place in which a task's agent works.
 *
 * - `shared`: The project's own directory, with all others.
 * - `worktree`: A work tree of git that no other task has then.
 */
export type WorkspaceMode = 'shared' | 'worktree';

/** The params of `workspace.prune`. */
export interface WorkspacePruneParams {
  /** True if the results of all tasks that have ended are forgotten as well. Branches stay. */
  results?: boolean | undefined;
}

/** The answer to `workspace.prune`. */
export interface WorkspacePruned {
  /** The numbers of the work trees that were removed. */
  removed: number[];
  /** The numbers of those that a task still has. */
  kept: number[];
  /** The reasons for which others could not be removed. */
  failed: string[];
  /** Number of results that were forgotten. `0` when absent. */
  forgotten: number;
}

/** What a run has left in a work tree, as a commit. */
export interface WorkspaceResult {
  /** The number of the run. */
  launch: number;
  /** Its name: `refs/aiwg/tasks/task-0001/1`. */
  ref: string;
  /** The commit. */
  commit: string;
  /** The commit from which the task began. */
  base: string;
  /** Number of changed files. */
  files: number;
  /** Number of added lines. */
  insertions: number;
  /** Number of removed lines. */
  deletions: number;
  /** The branch as which it has come back. */
  branch?: string;
  /** Path of the patch as which it has come back. */
  patch?: string;
  /** Time at which it was applied to the project's own files. */
  applied?: Timestamp;
  /** The reason for which it could not come back. */
  conflict?: WorkspaceConflict;
  /**
   * Its name on the repository's remote, from which all hosts that share the store can fetch it;
   * absent where it is only on the host of its run.
   */
  remoteRef?: string;
  /**
   * The reason for which it is not on the remote, and only on the host of its run for now; absent
   * if it is, or is not to be.
   */
  unsent?: string;
}

/** A workspace. Absent members are those of the configuration. */
export interface WorkspaceTerms {
  /** The mode. Default: `worktree`. */
  mode?: WorkspaceMode | undefined;
  /**
   * The files with which the agent begins: `snapshot` (as they are then), `head` (the last commit),
   * or a branch, a tag or a hash. Default: what the tasks of `after` have made, or else `snapshot`.
   * Length at most 200, matches `^[^-\x00][^\x00]*$`.
   */
  base?: string | undefined;
  /** The way back of the changes, once the task has completed. Default: `branch`. */
  back?: WorkspaceBack | undefined;
}

/** A work tree, which tasks have one after the other. */
export interface WorkspaceTree {
  /** Its number. */
  number: number;
  /** Its directory. */
  dir: string;
  /** The task that has it, or had it last; absent if that is not known. */
  taskId?: string;
  /** True if a run of that task is under way. */
  isRunning: boolean;
  /** The reason for which nobody can work there; absent if that is possible. */
  broken?: string;
}
