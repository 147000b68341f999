# Generated from the definition in protocol/ by scripts/generate. Do not edit.
"""The types of results, and those within params."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Union

from .._reading import maybe
from .._result import Result, Timestamp as Timestamp, timestamp
from .._unknown import UnknownVariant
from .emitted import EventEmitted, RefusedMatch

__all__ = [
    "Account",
    "AccountEvent",
    "AccountList",
    "AccountResumed",
    "AccountState",
    "AccountWindow",
    "AgentSpending",
    "AlwaysCondition",
    "Approval",
    "ApprovalDecider",
    "ApprovalDecision",
    "ApprovalEvent",
    "ApprovalKind",
    "ApprovalLimits",
    "ApprovalMessage",
    "ApprovalOutcome",
    "ApprovalPermission",
    "ApprovalRequest",
    "ApprovalState",
    "ApprovalSummary",
    "ApprovalTerms",
    "ApprovalVia",
    "ApprovalsSubsystem",
    "AutomationEvent",
    "AutomationStatus",
    "AutomationSubsystem",
    "AutomationSwitched",
    "AutomationTested",
    "BudgetBound",
    "BudgetEvent",
    "BudgetSpan",
    "BudgetStatus",
    "BudgetSubsystem",
    "Cause",
    "ChatCleared",
    "ChatSent",
    "ChatTurn",
    "CheckCommand",
    "CheckResult",
    "Condition",
    "ConfigProblem",
    "DaemonLogs",
    "DaemonReloaded",
    "DaemonRestarting",
    "DaemonStatus",
    "DaySpending",
    "DayUsage",
    "DebounceCondition",
    "Delivery",
    "DiffFile",
    "Event",
    "EventEmitted",
    "EventMissedNotification",
    "EventNotification",
    "EventSource",
    "EventSubscribed",
    "EventTrigger",
    "EventUnsubscribed",
    "FileChangeTrigger",
    "FileEvent",
    "FileWatcherSubsystem",
    "Health",
    "HealthCheck",
    "HealthCheckItem",
    "HostList",
    "HostLost",
    "HostState",
    "HostStatus",
    "IpcSubsystem",
    "Issue",
    "MatchOutcome",
    "MessageState",
    "MessagingStatus",
    "MessagingSubsystem",
    "MessagingTested",
    "MessagingTrial",
    "Metrics",
    "MetricsFormat",
    "OnBusy",
    "OnTimeout",
    "OpenRpcDocument",
    "Origin",
    "OriginPerson",
    "OriginProcess",
    "OriginWebhook",
    "OutputEncoding",
    "OutputStream",
    "PendingMatches",
    "PermissionStep",
    "PermissionVerdict",
    "Phase",
    "PlatformState",
    "PlatformStatus",
    "Pong",
    "QueueEvent",
    "QueuePaused",
    "QueueResumed",
    "QueuedTaskSummary",
    "RefusedMatch",
    "Report",
    "ReportEvent",
    "ReportedTask",
    "RetryOn",
    "RetryPolicy",
    "Round",
    "RoundEvent",
    "RuleAction",
    "RuleActionKind",
    "RuleExecution",
    "RuleRefusal",
    "RuleSpending",
    "RuleStatus",
    "RuleTested",
    "RuleUsage",
    "RunningTaskSummary",
    "ScheduleEvent",
    "ScheduleRun",
    "ScheduleTrigger",
    "ScheduledJob",
    "SchedulerSubsystem",
    "Span",
    "Speaker",
    "SpoolSubsystem",
    "StopAcknowledged",
    "Subsystems",
    "SupervisorSubsystem",
    "Takeover",
    "Task",
    "TaskApplied",
    "TaskAppliedEvent",
    "TaskCancelled",
    "TaskCancelledOne",
    "TaskConflictEvent",
    "TaskCounts",
    "TaskDeliveredEvent",
    "TaskDiff",
    "TaskEdited",
    "TaskEvent",
    "TaskGiven",
    "TaskHeld",
    "TaskHost",
    "TaskMessage",
    "TaskOrder",
    "TaskOutput",
    "TaskRefusedEvent",
    "TaskReleased",
    "TaskRetried",
    "TaskSent",
    "TaskSentEvent",
    "TaskState",
    "TaskStats",
    "TaskSubmitted",
    "TaskSummaries",
    "TaskTaken",
    "TaskUsage",
    "TaskWorkspace",
    "TasksCancelled",
    "TasksRetried",
    "TelemetrySubsystem",
    "Timestamp",
    "TopicInfo",
    "TopicSource",
    "TracesStatus",
    "Trigger",
    "TrippedRule",
    "UsageStats",
    "UsageSum",
    "Verify",
    "Waiting",
    "WebhookStatus",
    "WebhooksSubsystem",
    "Why",
    "WhyDirection",
    "WhyKind",
    "WhyNode",
    "Workspace",
    "WorkspaceBack",
    "WorkspaceConflict",
    "WorkspaceList",
    "WorkspaceMode",
    "WorkspacePruned",
    "WorkspaceResult",
    "WorkspaceTerms",
    "WorkspaceTree",
]

AccountState = Literal["ready", "limited", "probing", "reserved", "auth", "billing"]
"""The states of an account.

- ``ready``: Tasks start.
- ``limited``: A limit is used up: tasks wait for its reset, or for someone to resume them.
- ``probing``: The limit should be over: one task tries.
- ``reserved``: The rest of a limit is people's share (`accounts.reserve`).
- ``auth``: The login was refused: tasks wait for a person.
- ``billing``: There is no credit: tasks wait for a person.
"""

ApprovalKind = Literal["task", "permission", "question"]
"""The kinds of things that a person is asked for.

- ``task``: The start of a task.
- ``permission``: The use of a tool by an agent.
- ``question``: The answer to an agent's question.
"""

ApprovalState = Literal["pending", "approved", "rejected", "timeout", "withdrawn"]
"""The states of an approval.

- ``pending``: Nobody has decided yet.
- ``approved``: A person has approved it, or answered the question.
- ``rejected``: A person has rejected it.
- ``timeout``: Nobody has decided in time: `onTimeout` says what it counts as.
- ``withdrawn``: Its task has ended before anybody decided, or is to do something else now.
"""

ApprovalVia = Literal["cli", "sdk", "chat"]
"""The way by which a decision came.

- ``cli``: The command `aiwg`.
- ``sdk``: Another client of the socket.
- ``chat``: A messaging platform: `user` names the person there.
"""

BudgetSpan = Literal["day", "month"]
"""The time that a bound is for.

- ``day``: A day in `schedule.timezone`.
- ``month``: A month in `schedule.timezone`.
"""

Delivery = Literal["live", "next_run", "queued"]
"""The way in which a message reaches a task's agent.

- ``live``: The agent gets it in its session while it works: between two of its steps, or as its
  next turn. If its run ends before, it is the next run's.
- ``next_run``: The agent gets it in its session when the run that is under way has ended; earlier
  where that has only just begun, and turns out to take messages while it works.
- ``queued``: The task has not begun, or waits to go on, or a person has it: the message comes with
  what its agent is asked then.
"""

EventSource = Literal[
    "client",
    "supervisor",
    "file_watcher",
    "scheduler",
    "automation",
    "daemon",
    "webhook",
]
"""The publisher of an event.

- ``client``: A client, with `event.emit`.
- ``supervisor``: The queue and the supervisor of agent tasks.
- ``file_watcher``: The file watcher.
- ``scheduler``: The scheduler.
- ``automation``: The rules.
- ``daemon``: The daemon itself.
- ``webhook``: Another service, by a webhook.
"""

Health = Literal["healthy", "degraded"]
"""The health of the daemon.

- ``healthy``: The daemon is well.
- ``degraded``: Something needs a person; `issues` says what.
"""

HostState = Literal["up", "draining", "silent", "lost", "stopped"]
"""The states of a host.

- ``up``: It works.
- ``draining``: It works, and is given no new tasks.
- ``silent``: It has not been heard of for a minute.
- ``lost``: It was given up: what ran there counts as interrupted.
- ``stopped``: Its daemon has ended in order.
"""

MatchOutcome = Literal["fire", "debounce", "coalesce", "refuse", "trip", "fail"]
"""The result of a match.

- ``fire``: A task, at once.
- ``debounce``: A task once the matches have settled.
- ``coalesce``: A task when the rule is no longer busy.
- ``refuse``: No task.
- ``trip``: No task, and the rule trips.
- ``fail``: A task that fails at once, since its prompt cannot be made of this event.
"""

MessageState = Literal["waiting", "undelivered", "unsure", "delivered"]
"""The state of a message to a task's agent.

- ``waiting``: No agent has it yet.
- ``undelivered``: Its task has ended before an agent had it: none ever will. A retry of the task
  does not get it either.
- ``unsure``: An agent was ended that had read it, and it is not known to be part of its session.
  The next run gets it, with a note of that.
- ``delivered``: It is part of the agent's session, or of what its agent was asked.
"""

MetricsFormat = Literal["openmetrics", "prometheus"]
"""A format of metrics.

- ``openmetrics``: OpenMetrics 1.0.
- ``prometheus``: The text format 0.0.4 of Prometheus.
"""

OnBusy = Literal["coalesce", "skip", "queue"]
"""Effect of a match while a task of its rule is queued or running.

- ``coalesce``: The match waits; all that wait make one task when the rule is no longer busy.
- ``skip``: The match is refused.
- ``queue``: The match makes a task of its own.
"""

OnTimeout = Literal["reject", "approve"]
"""The decision that counts for a request to a person if nobody makes one in time.

- ``reject``: It counts as rejected: the task is cancelled.
- ``approve``: It counts as approved: the task starts.
"""

OpenRpcDocument = dict[str, Any]
"""The OpenRPC document of this API: <https://spec.open-rpc.org>."""

OutputEncoding = Literal["utf8", "base64"]
"""The encoding of an output's bytes in JSON.

- ``utf8``: As text. Bytes that are no UTF-8 come as U+FFFD; a character is never cut in two.
- ``base64``: As base64 (RFC 4648, with padding): every byte survives.
"""

OutputStream = Literal["stdout", "stderr"]
"""One of an agent's two streams.

- ``stdout``: Standard output.
- ``stderr``: Standard error.
"""

PermissionStep = Literal["use", "ask"]
"""The steps in which an agent's program asks whether a tool may be used.

- ``use``: It is about to use the tool: what was decided on this call before counts, once.
- ``ask``: It may not, by its own rules: a person is asked.
"""

PermissionVerdict = Literal["undecided", "allow", "deny", "defer"]
"""The answers to an agent's program that asks whether a tool may be used.

- ``undecided``: Nothing was decided on this call: the program's own rules count.
- ``allow``: It may be used, this once.
- ``deny``: It may not.
- ``defer``: A person is to decide: the program ends with the call pending, and its task goes on
  when that is done.
"""

Phase = Literal["working", "checking"]
"""The part of a round that a running task with a check is in.

- ``working``: Its agent works.
- ``checking``: Its check runs.
"""

PlatformState = Literal["connecting", "connected", "retrying", "taken", "stopped"]
"""The states of the line to a messaging platform.

- ``connecting``: The line does not stand yet, or not again: the platform has not let the bot in.
- ``connected``: The line stands.
- ``retrying``: It does not answer, and is tried again.
- ``taken``: Someone else receives for the same bot.
- ``stopped``: It refuses the token, or its token or its address cannot be used: a person must act.
"""

RetryOn = Literal["exit", "timeout", "refused"]
"""The ends of a run after which a task is carried out again.

- ``exit``: The agent has failed: by its exit code, a signal, or its own account.
- ``timeout``: The agent ran longer than its time limit, or was silent for too long.
- ``refused``: The agent was refused something that it wanted to do, where that counts as a failure.
"""

RuleActionKind = Literal["submit_task"]
"""The kinds of actions.

- ``submit_task``: The action submits a task.
"""

Span = str
"""A length of time, written as a whole number with its unit: `90s`, `10m`, `26h`, `7d`. At most ten
years.
"""

Speaker = Literal["user", "agent"]
"""A speaker in a conversation.

- ``user``: A person, or a script from outside.
- ``agent``: An agent: the connection was that of a process that one has started.
"""

TaskOrder = Literal["newest", "oldest", "priority", "ended", "cost"]
"""The order of a list of tasks.

- ``newest``: Tasks that were submitted last come first.
- ``oldest``: Tasks that were submitted first come first.
- ``priority``: Tasks with the highest priority come first.
- ``ended``: Tasks that have ended last come first, then those that have not ended.
- ``cost``: Tasks that have cost most come first.
"""

TaskState = Literal["queued", "running", "completed", "failed", "cancelled", "timeout"]
"""The states of a task.

- ``queued``: Waiting for a slot.
- ``running``: Its agent's process is active.
- ``completed``: The agent succeeded.
- ``failed``: The agent failed, or could not be started.
- ``cancelled``: Cancelled by someone, or by the daemon's stop.
- ``timeout``: The task ran longer than its time limit.
"""

TopicSource = Literal["project", "daemon"]
"""The place where a topic is defined.

- ``project``: The project's configuration: clients emit it.
- ``daemon``: The daemon: only it publishes the topic.
"""

Waiting = Literal[
    "dependency",
    "delay",
    "hold",
    "rest",
    "lane",
    "paused",
    "budget",
    "limit",
    "taken",
    "approval",
    "host",
]
"""The reason for which a queued task waits, apart from a free slot.

- ``dependency``: A task of its `after`, or an earlier turn of its conversation, has not ended.
- ``delay``: The task is to start later.
- ``hold``: Someone holds it: `task.release` releases it.
- ``rest``: Its agent was lost or has failed, and it rests before it is started again.
- ``lane``: Its lane is full.
- ``paused``: The queue is paused.
- ``budget``: A budget does not allow it now.
- ``limit``: The account of its agent has reached a limit.
- ``taken``: A person has taken it over: `task.give` gives it back.
- ``approval``: A person is to approve something.
- ``host``: This host cannot run it: another one has its labels or its variables, or has begun with
  it.
"""

WhyDirection = Literal["causes", "effects"]
"""The direction in which a chain is followed.

- ``causes``: Up to what came from outside.
- ``effects``: Down to all that came of it.
"""

WhyKind = Literal["origin", "event", "rule", "task", "run", "approval", "refusal", "wait"]
"""The kind of a node.

- ``origin``: Something that came from outside: a client's process, a change of a file, a schedule,
  the daemon itself.
- ``event``: An event.
- ``rule``: A rule that made a task, or is going to.
- ``task``: A task.
- ``run``: A run of a task.
- ``approval``: A request of a task to a person: that it may start, that its agent may use a tool,
  or an answer.
- ``refusal``: A rule that an event matched and that made nothing of it.
- ``wait``: Something that a queued task, or the agent of a running one, waits for.
"""

WorkspaceBack = Literal["branch", "patch", "apply"]
"""The way back of what a task has changed in its work tree.

- ``branch``: A branch, `aiwg/` and the task's id.
- ``patch``: A patch, in the directory of its run.
- ``apply``: The project's own files are changed; a conflict leaves them as they are.
"""

WorkspaceMode = Literal["shared", "worktree"]
"""The place in which a task's agent works.

- ``shared``: The project's own directory, with all others.
- ``worktree``: A work tree of git that no other task has then.
"""


class Account(Result):
    """An account, as far as the daemons of the user know it."""

    id: str
    """Its id: a hash of the program and its login."""
    program: str
    """The program: `claude`."""
    login: list[str]
    """The names of the variables that decide its login; their values are kept nowhere."""
    is_used: bool
    """True if agents of this project work with it."""
    state: AccountState | str
    """The state."""
    since: Timestamp | None
    """Time at which that began; null if it is `ready` or `reserved`."""
    until: Timestamp | None
    """Time at which it ends by itself, as far as it is known; null if a person must act."""
    window: str | None
    """The window that is used up; null if the agent did not say, or none is."""
    windows: list[AccountWindow]
    """The windows of its limits, as agents reported them last."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Account:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            id=wire["id"],
            program=wire["program"],
            login=wire["login"],
            is_used=wire["isUsed"],
            state=wire["state"],
            since=maybe(timestamp, wire["since"]),
            until=maybe(timestamp, wire["until"]),
            window=wire["window"],
            windows=[AccountWindow.from_wire(item) for item in wire["windows"]],
        )


class AccountEvent(Result):
    """The payload of `agent:limited` and `agent:resumed`."""

    account: str
    """The account's id."""
    program: str
    """The program: `claude`."""
    state: AccountState | str
    """The state that began: `limited`, `reserved`, `auth` or `billing`; `ready` when it is resumed.
    """
    window: str | None = None
    """The window that is used up; absent if the agent did not say."""
    until: Timestamp | None = None
    """Time at which one task tries again; absent if a person must act."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> AccountEvent:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            account=wire["account"],
            program=wire["program"],
            state=wire["state"],
            window=wire.get("window"),
            until=maybe(timestamp, wire.get("until")),
        )


class AccountList(Result):
    """The answer to `account.list`."""

    accounts: list[Account]
    """The accounts, those of this project first."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> AccountList:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            accounts=[Account.from_wire(item) for item in wire["accounts"]],
        )


class AccountResumed(Result):
    """The answer to `account.resume`."""

    resumed: list[str]
    """The ids of the accounts that something held back; empty where nothing did."""
    tasks: list[str] | None = None
    """The tasks with logins of their own that a limit held back: they are released where no account
    is named.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> AccountResumed:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            resumed=wire["resumed"],
            tasks=wire.get("tasks"),
        )


class AccountWindow(Result):
    """The part of a window of an account's limits that is used up."""

    name: str
    """The window, such as `five_hour` or `seven_day`."""
    utilization: float
    """The part that is used up, from 0 to 1."""
    resets_at: Timestamp | None
    """Time of its reset; null if it is not known."""
    seen_at: Timestamp
    """Time at which an agent reported it."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> AccountWindow:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            name=wire["name"],
            utilization=wire["utilization"],
            resets_at=maybe(timestamp, wire["resetsAt"]),
            seen_at=timestamp(wire["seenAt"]),
        )


class AgentSpending(Result):
    """Money of an agent's tasks, in US dollars."""

    agent: str | None
    """The agent; null for the default one."""
    day_usd: float
    """Spent on this day."""
    month_usd: float
    """Spent in this month."""
    reserved_usd: float
    """Set aside for running tasks."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> AgentSpending:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            agent=wire["agent"],
            day_usd=wire["dayUsd"],
            month_usd=wire["monthUsd"],
            reserved_usd=wire["reservedUsd"],
        )


class AlwaysCondition(Result):
    """At each match."""

    type: Literal["always"]

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> AlwaysCondition:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            type=wire["type"],
        )


class Approval(Result):
    """Something that a person is asked for, with all that is known of it."""

    id: str
    """`approval-0001`, counting up, never reused."""
    task_id: str
    """The task that waits for it."""
    kind: ApprovalKind | str
    """The kind."""
    state: ApprovalState | str
    """The state."""
    summary: str
    """The matter to be decided, in one line that is safe to print: control characters are escaped.
    """
    requested_at: Timestamp
    """Time of the request."""
    expires_at: Timestamp | None
    """Time until which it can be decided; null for no limit."""
    on_timeout: OnTimeout | str
    """The decision that counts if nobody makes one in time."""
    request: ApprovalRequest
    """The request."""
    decision: ApprovalDecision | None
    """The decision; null while there is none."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Approval:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            id=wire["id"],
            task_id=wire["taskId"],
            kind=wire["kind"],
            state=wire["state"],
            summary=wire["summary"],
            requested_at=timestamp(wire["requestedAt"]),
            expires_at=maybe(timestamp, wire["expiresAt"]),
            on_timeout=wire["onTimeout"],
            request=ApprovalRequest.from_wire(wire["request"]),
            decision=maybe(ApprovalDecision.from_wire, wire["decision"]),
        )


class ApprovalDecider(Result):
    """The one who has decided, as the system shows the process that has connected to the socket."""

    uid: int | None
    """The user's number; null if the system does not show it."""
    user: str | None
    """The user's name; null if that is not known."""
    program: str | None
    """The name of the process's program; null if the system does not show it."""
    pid: int | None
    """The process; null if the system does not show it."""
    via: ApprovalVia | str
    """The way by which the decision came."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ApprovalDecider:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            uid=wire["uid"],
            user=wire["user"],
            program=wire["program"],
            pid=wire["pid"],
            via=wire["via"],
        )


class ApprovalDecision(Result):
    """A decision, and who made it."""

    at: Timestamp
    """Time of the decision."""
    answer: str | None
    """The answer to a question; null for none. `null` when absent."""
    reason: str | None
    """The person's reason; null for none. `null` when absent."""
    by: ApprovalDecider
    """The process at the other end of the connection that the decision came by, and its user."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ApprovalDecision:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            at=timestamp(wire["at"]),
            answer=wire["answer"],
            reason=wire["reason"],
            by=ApprovalDecider.from_wire(wire["by"]),
        )


class ApprovalEvent(Result):
    """The payload of the events of approvals."""

    approval_id: str
    """The approval's id."""
    task_id: str
    """The task that waits for it."""
    kind: ApprovalKind | str
    """The kind."""
    summary: str
    """The matter to be decided, in one line."""
    expires_at: Timestamp | None = None
    """Time until which it can be decided; absent for no limit."""
    by: str | None = None
    """With `approval:approved` and `approval:rejected`: the user who has decided; absent if that is
    not known.
    """
    via: ApprovalVia | str | None = None
    """With `approval:approved` and `approval:rejected`: the way by which the decision came."""
    reason: str | None = None
    """With `approval:approved` and `approval:rejected`: the person's reason; absent for none."""
    counts_as: OnTimeout | str | None = None
    """With `approval:timeout`: what it counts as."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ApprovalEvent:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            approval_id=wire["approvalId"],
            task_id=wire["taskId"],
            kind=wire["kind"],
            summary=wire["summary"],
            expires_at=maybe(timestamp, wire.get("expiresAt")),
            by=wire.get("by"),
            via=wire.get("via"),
            reason=wire.get("reason"),
            counts_as=wire.get("countsAs"),
        )


class ApprovalLimits(Result):
    """The time that a person has to approve a task, and what becomes of it after that."""

    timeout_minutes: float | None = None
    """Time to decide, in minutes, at most a year; no limit unless given. At most 525600, more than
    0.
    """
    on_timeout: OnTimeout | None = None
    """The decision that counts for the task if nobody makes one in time. Default: `reject`.
    `"reject"` when absent.
    """

    def to_wire(self) -> dict[str, Any]:
        """Writes it as JSON. Members that are None and may be absent are left out."""
        wire: dict[str, Any] = {
        }
        if self.timeout_minutes is not None:
            wire["timeout_minutes"] = self.timeout_minutes
        if self.on_timeout is not None:
            wire["on_timeout"] = self.on_timeout
        return wire


class ApprovalMessage(Result):
    """A message that the agent of a task gets along with its prompt."""

    text: str
    """The first 4,096 characters of it."""
    from_: str | None
    """The task whose agent has sent it; null if a person or a script has. `null` when absent."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ApprovalMessage:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            text=wire["text"],
            from_=wire["from"],
        )


class ApprovalOutcome(Result):
    """The answer to `approval.ask`."""

    approval_id: str | None
    """The approval's id; null if there is none for it."""
    state: ApprovalState | str | None
    """The state; null if there is no approval for it. A `timeout` is no answer."""
    answer: str | None
    """The answer to a question; null for none."""
    reason: str | None
    """The person's reason; null for none."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ApprovalOutcome:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            approval_id=wire["approvalId"],
            state=wire["state"],
            answer=wire["answer"],
            reason=wire["reason"],
        )


class ApprovalPermission(Result):
    """The answer to `approval.permission`."""

    verdict: PermissionVerdict | str
    """The answer."""
    approval_id: str | None
    """The approval that it comes from; null if there is none."""
    message: str | None
    """The text for the agent, with `deny`; null for none."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ApprovalPermission:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            verdict=wire["verdict"],
            approval_id=wire["approvalId"],
            message=wire["message"],
        )


class ApprovalRequest(Result):
    """The request to a person: members of other kinds are absent."""

    prompt: str | None = None
    """Of a task: the first 4,096 characters of its prompt."""
    rule: str | None = None
    """Of a task: its rule."""
    cut: bool | None = None
    """Of a task: true if its prompt or one of the messages is longer than it is here; `task.get`
    with `whole` has all of it.
    """
    event: int | None = None
    """Of a task: the event that led to it."""
    messages: list[ApprovalMessage] | None = None
    """Of a task: the messages that its agent gets along with its prompt, the latest 100."""
    agent: str | None = None
    """Of a task: the agent that is to do it."""
    lane: str | None = None
    """Of a task: its lane."""
    env: dict[str, str] | None = None
    """Of a task: what it adds to its agent's environment. `${NAME}` stands as it was written."""
    verify: Verify | None = None
    """Of a task: the check by which it counts as done."""
    tool: str | None = None
    """Of a permission: the name of the tool."""
    input: Any = None
    """Of a permission: the input of the tool, as the agent gave it."""
    question: str | None = None
    """Of a question: its text."""
    options: list[str] | None = None
    """Of a question: the answers to choose from; empty for any answer."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ApprovalRequest:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            prompt=wire.get("prompt"),
            rule=wire.get("rule"),
            cut=wire.get("cut"),
            event=wire.get("event"),
            messages=maybe(
                lambda value: [ApprovalMessage.from_wire(item) for item in value],
                wire.get("messages"),
            ),
            agent=wire.get("agent"),
            lane=wire.get("lane"),
            env=wire.get("env"),
            verify=maybe(Verify.from_wire, wire.get("verify")),
            tool=wire.get("tool"),
            input=wire.get("input"),
            question=wire.get("question"),
            options=wire.get("options"),
        )


class ApprovalSummary(Result):
    """Something that a person is asked for, in short."""

    id: str
    """`approval-0001`, counting up, never reused."""
    task_id: str
    """The task that waits for it."""
    kind: ApprovalKind | str
    """The kind."""
    summary: str
    """The matter to be decided, in one line that is safe to print: control characters are escaped.
    """
    requested_at: Timestamp
    """Time of the request."""
    expires_at: Timestamp | None
    """Time until which it can be decided; null for no limit."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ApprovalSummary:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            id=wire["id"],
            task_id=wire["taskId"],
            kind=wire["kind"],
            summary=wire["summary"],
            requested_at=timestamp(wire["requestedAt"]),
            expires_at=maybe(timestamp, wire["expiresAt"]),
        )


class ApprovalsSubsystem(Result):
    """Requests to people."""

    pending: int
    """Number of approvals, permissions and answers that wait for a person."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ApprovalsSubsystem:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            pending=wire["pending"],
        )


class AutomationEvent(Result):
    """The payload of the events of automation itself."""

    rule: str | None
    """The rule's id; null for all of automation."""
    firings: int | None = None
    """With `automation:tripped`: how often it had fired."""
    minutes: int | None = None
    """With `automation:tripped`: within how many minutes."""
    failures: int | None = None
    """With `automation:tripped`: the number of its tasks in a row that ended for the same failure,
    if that is why.
    """
    reason: str | None = None
    """With `failures`: the reason."""
    event: int | None = None
    """With `automation:tripped`: the number of the event that would have made it fire once more."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> AutomationEvent:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            rule=wire["rule"],
            firings=wire.get("firings"),
            minutes=wire.get("minutes"),
            failures=wire.get("failures"),
            reason=wire.get("reason"),
            event=wire.get("event"),
        )


class AutomationStatus(Result):
    """The answer to `automation.status`."""

    enabled: bool
    """True if automation as a whole is switched on."""
    rule_count: int
    """Number of rules in the configuration, without those of schedule jobs."""
    rules: list[RuleStatus]
    """Each of them, in the order of the configuration; those of schedule jobs come last."""
    held_by: str | None
    """The mark of a git operation under way that holds all file changes back. Null if nothing does.
    """
    held_since: Timestamp | None
    """Since when they wait for it. Null when for nothing. `null` when absent."""
    recent_executions: list[RuleExecution]
    """The tasks that rules have made lately, the newest first; 50 at the most."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> AutomationStatus:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            enabled=wire["enabled"],
            rule_count=wire["ruleCount"],
            rules=[RuleStatus.from_wire(item) for item in wire["rules"]],
            held_by=wire["heldBy"],
            held_since=maybe(timestamp, wire["heldSince"]),
            recent_executions=[RuleExecution.from_wire(item) for item in wire["recentExecutions"]],
        )


class AutomationSubsystem(Result):
    """The rules."""

    enabled: bool
    """True if automation as a whole is switched on."""
    rule_count: int
    """Number of rules in the configuration, without those of schedule jobs."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> AutomationSubsystem:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            enabled=wire["enabled"],
            rule_count=wire["ruleCount"],
        )


class AutomationSwitched(Result):
    """The answer to `automation.enable` and `automation.disable`."""

    enabled: bool | None = None
    """Without a rule: whether automation is switched on now."""
    success: bool | None = None
    """With a rule: always true; what could not be done is an error."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> AutomationSwitched:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            enabled=wire.get("enabled"),
            success=wire.get("success"),
        )


class AutomationTested(Result):
    """The answer to `automation.test`."""

    topic: str
    """The topic of the event as it was tried."""
    rules: list[RuleTested]
    """Each rule that matches it, and what would come of it now."""
    file: str | None = None
    """The file, relative to the project; absent where none was named."""
    notice: str | None = None
    """A note for people: the file is not watched, so that there would be no event at all, or the
    daemon itself does something for a job. Absent if there is nothing to note.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> AutomationTested:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            topic=wire["topic"],
            rules=[RuleTested.from_wire(item) for item in wire["rules"]],
            file=wire.get("file"),
            notice=wire.get("notice"),
        )


class BudgetBound(Result):
    """A bound, and what is left within it. All amounts are in US dollars."""

    span: BudgetSpan | str
    """The time that it is for."""
    rule: str | None
    """The rule whose tasks it bounds; null for all tasks."""
    limit_usd: float
    """The most that may be spent."""
    spent_usd: float
    """Spent so far."""
    reserved_usd: float
    """Set aside for running tasks."""
    left_usd: float
    """Left besides both."""
    ends_at: Timestamp
    """Time at which it begins anew."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> BudgetBound:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            span=wire["span"],
            rule=wire["rule"],
            limit_usd=wire["limitUsd"],
            spent_usd=wire["spentUsd"],
            reserved_usd=wire["reservedUsd"],
            left_usd=wire["leftUsd"],
            ends_at=timestamp(wire["endsAt"]),
        )


class BudgetEvent(Result):
    """The payload of the events about a budget."""

    span: BudgetSpan | str
    """The time that the bound is for."""
    period: str
    """The day or the month: `2026-11-23`, `2026-11`."""
    limit_usd: float
    """The most that may be spent, in US dollars."""
    spent_usd: float
    """Spent so far, in US dollars."""
    reserved_usd: float
    """Set aside for running tasks, in US dollars."""
    left_usd: float
    """Left besides both, in US dollars."""
    ends_at: Timestamp
    """Time at which the day or the month ends, and the bound begins anew."""
    rule: str | None = None
    """The rule whose tasks it bounds; absent for all tasks."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> BudgetEvent:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            span=wire["span"],
            period=wire["period"],
            limit_usd=wire["limitUsd"],
            spent_usd=wire["spentUsd"],
            reserved_usd=wire["reservedUsd"],
            left_usd=wire["leftUsd"],
            ends_at=timestamp(wire["endsAt"]),
            rule=wire.get("rule"),
        )


class BudgetStatus(Result):
    """The answer to `budget.status`. All amounts are in US dollars; days and months are those of
    `schedule.timezone`.
    """

    day: str
    """The day: `2026-11-23`."""
    day_ends_at: Timestamp
    """Time at which it ends."""
    spent_usd: float
    """Spent on this day so far."""
    reserved_usd: float
    """Set aside for the tasks that run. 0 where no budget is set."""
    forecast_usd: float
    """Expected cost of the whole day: what is spent and set aside, and for the time that is left as
    much as the same part of the seven days before has cost on average; where nothing is known of
    these, as much as this day so far.
    """
    task_usd: float | None
    """The cap for each task over all its runs; null for none."""
    bounds: list[BudgetBound]
    """Each bound: those for all tasks first."""
    by_rule: list[RuleSpending]
    """Each rule with money of this month or a budget of its own, the most expensive first."""
    by_agent: list[AgentSpending]
    """Each agent with money of this month, the most expensive first."""
    by_day: list[DaySpending]
    """Each of the last 31 days on which something was spent, the newest first."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> BudgetStatus:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            day=wire["day"],
            day_ends_at=timestamp(wire["dayEndsAt"]),
            spent_usd=wire["spentUsd"],
            reserved_usd=wire["reservedUsd"],
            forecast_usd=wire["forecastUsd"],
            task_usd=wire["taskUsd"],
            bounds=[BudgetBound.from_wire(item) for item in wire["bounds"]],
            by_rule=[RuleSpending.from_wire(item) for item in wire["byRule"]],
            by_agent=[AgentSpending.from_wire(item) for item in wire["byAgent"]],
            by_day=[DaySpending.from_wire(item) for item in wire["byDay"]],
        )


class BudgetSubsystem(Result):
    """The budgets, in short: `budget.status` has more."""

    spent_usd: float
    """Spent on this day so far, in US dollars."""
    reserved_usd: float
    """Set aside for the tasks that run, in US dollars."""
    forecast_usd: float
    """Expected cost of the whole day, in US dollars."""
    bounds: list[BudgetBound]
    """Each bound: those for all tasks first."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> BudgetSubsystem:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            spent_usd=wire["spentUsd"],
            reserved_usd=wire["reservedUsd"],
            forecast_usd=wire["forecastUsd"],
            bounds=[BudgetBound.from_wire(item) for item in wire["bounds"]],
        )


class Cause(Result):
    """The cause of an event or a task."""

    depth: int
    """Number of tasks between this and what came from outside; 0 for none."""
    task: str | None = None
    """The task whose process emitted it, or whose state it reports."""
    rule: str | None = None
    """The rule that made it."""
    event: int | None = None
    """The number of the event that triggered the rule."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Cause:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            depth=wire["depth"],
            task=wire.get("task"),
            rule=wire.get("rule"),
            event=wire.get("event"),
        )


class ChatCleared(Result):
    """The answer to `chat.clear`."""

    cleared: int
    """Number of turns that were forgotten. Their tasks stay."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ChatCleared:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            cleared=wire["cleared"],
        )


class ChatSent(Result):
    """The answer to `chat.send`."""

    task_id: str
    """The task whose output is the answer."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ChatSent:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            task_id=wire["taskId"],
        )


class ChatTurn(Result):
    """A message and what came of it."""

    task_id: str
    """The task that it is."""
    by: Speaker | str
    """The speaker. `"user"` when absent."""
    message: str
    """The text of the message."""
    answer: str | None
    """The answer; null while there is none."""
    error: str | None
    """Reason for which there is no answer; null otherwise."""
    state: TaskState | str
    """The state of the task."""
    at: Timestamp
    """Time of the message."""
    from_: str | None = None
    """The person on a messaging platform who has said it, as `telegram:77`; absent for others."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ChatTurn:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            task_id=wire["taskId"],
            by=wire["by"],
            message=wire["message"],
            answer=wire["answer"],
            error=wire["error"],
            state=wire["state"],
            at=timestamp(wire["at"]),
            from_=wire.get("from"),
        )


class CheckResult(Result):
    """The result of a check."""

    exit: int | None
    """Its exit code, 0 for success; null if a signal ended it, as when its time was up."""
    ended: str | None = None
    """The reason for which the daemon ended it: its time was up, or it wrote too much. Absent if it
    did not.
    """
    tail: str | None = None
    """The last 8 KiB of what it wrote; absent in lists and in events."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> CheckResult:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            exit=wire["exit"],
            ended=wire.get("ended"),
            tail=wire.get("tail"),
        )


class ConfigProblem(Result):
    """Something that is wrong in a configuration file."""

    file: str
    """The file."""
    line: int | None
    """The line, from 1; null where the file could not be read."""
    column: int | None
    """The column, from 1; null where the file could not be read."""
    message: str
    """The error and its remedy, for people."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ConfigProblem:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            file=wire["file"],
            line=wire["line"],
            column=wire["column"],
            message=wire["message"],
        )


class DaemonLogs(Result):
    """The answer to `daemon.logs`."""

    lines: list[str]
    """Lines as they are in the file, without their ends; some of them, if there are very many."""
    cursor: str
    """Position after these lines, to continue from. It stays valid for the next daemon and after a
    rotation.
    """
    missed: bool
    """True if lines after `cursor` are gone because their file was rotated away."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> DaemonLogs:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            lines=wire["lines"],
            cursor=wire["cursor"],
            missed=wire["missed"],
        )


class DaemonReloaded(Result):
    """The answer to `daemon.reload`."""

    reloaded: bool
    """True if the file's configuration is in force now. If false, the one before stays in force as
    a whole.
    """
    errors: list[ConfigProblem]
    """The errors of the file. Empty if it was taken."""
    notices: list[str]
    """Settings of the file that have no effect, for people."""
    changes: list[str]
    """The differences to the configuration that was in force before, a line each: those that only a
    person may put in force first, up to 1,000, and the number of any more. In the event, their
    places without the values. `[]` when absent.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> DaemonReloaded:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            reloaded=wire["reloaded"],
            errors=[ConfigProblem.from_wire(item) for item in wire["errors"]],
            notices=wire["notices"],
            changes=wire["changes"],
        )


class DaemonRestarting(Result):
    """The answer to `daemon.restart`, sent before the daemon ends."""

    restarting: bool
    """True if the daemon restarts now. If false, nothing has changed."""
    pid: int
    """Its process, which stays the same."""
    errors: list[ConfigProblem]
    """The errors of the configuration file. Empty if the daemon restarts."""
    changes: list[str]
    """The differences that the restart puts in force, a line each: those that only a person may put
    in force first, up to 1,000, and the number of any more. Empty where an agent asks, since the
    configuration in force stays then. `[]` when absent.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> DaemonRestarting:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            restarting=wire["restarting"],
            pid=wire["pid"],
            errors=[ConfigProblem.from_wire(item) for item in wire["errors"]],
            changes=wire["changes"],
        )


class DaemonStatus(Result):
    """The daemon and all its subsystems."""

    pid: int
    """The daemon's process."""
    uptime_seconds: int
    """For how many whole seconds it has been up."""
    started_at: Timestamp
    """Time of its start."""
    health: Health | str
    """`healthy`, or `degraded` if something needs a person."""
    issues: list[Issue]
    """The problems; empty if `health` is `healthy`."""
    health_check: HealthCheck | None
    """The last result of the action `health-check`; null before the first since the start."""
    version: str
    """The daemon's version."""
    protocol_version: str
    """The version of the wire contract."""
    project: str
    """The project's directory."""
    socket: str
    """The path of the socket: the one to forward over SSH."""
    config: str | None
    """The configuration in use; null when the defaults are."""
    detached: bool
    """True if it was started in the background. If false, it is the process of a service manager, a
    container or a terminal, which would notice its end; `daemon.restart` restarts it without
    one.
    """
    stopped: bool
    """True if it has ended: so in the `state.json` that it leaves behind. `false` when absent."""
    stats: TaskCounts
    """Number of tasks in each state: `task.stats` without the usage of their agents.
    `{"total":0,"queued":0,"running":0,"completed":0,"failed":0,"cancelled":0,"timeout":0}` when
    absent.
    """
    subsystems: Subsystems
    """The subsystems."""
    store: str | None = None
    """The store, where that is not in the project's directory: its address without a password."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> DaemonStatus:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            pid=wire["pid"],
            uptime_seconds=wire["uptime_seconds"],
            started_at=timestamp(wire["started_at"]),
            health=wire["health"],
            issues=[Issue.from_wire(item) for item in wire["issues"]],
            health_check=maybe(HealthCheck.from_wire, wire["health_check"]),
            version=wire["version"],
            protocol_version=wire["protocol_version"],
            project=wire["project"],
            socket=wire["socket"],
            config=wire["config"],
            detached=wire["detached"],
            stopped=wire["stopped"],
            stats=TaskCounts.from_wire(wire["stats"]),
            subsystems=Subsystems.from_wire(wire["subsystems"]),
            store=wire.get("store"),
        )


class DaySpending(Result):
    """Money of a day, in US dollars."""

    day: str
    """The day: `2026-11-23`."""
    spent_usd: float
    """Spent on it."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> DaySpending:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            day=wire["day"],
            spent_usd=wire["spentUsd"],
        )


class DayUsage(Result):
    """Usage of the tasks that ended on one day."""

    day: str
    """The day in UTC: `2026-11-23`."""
    usage: UsageSum
    """Their usage."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> DayUsage:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            day=wire["day"],
            usage=UsageSum.from_wire(wire["usage"]),
        )


class DebounceCondition(Result):
    """Once the matches have settled."""

    type: Literal["debounce"]
    interval_ms: int
    """Time without a further match before the rule fires, in milliseconds. At most a year. From 0
    to 31536000000.
    """
    max_wait_ms: int | None = None
    """Time after the first match at which the rule fires at the latest, in milliseconds, however
    many matches follow. Default: 10 times `interval_ms`. At most a year. From 0 to 31536000000.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> DebounceCondition:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            type=wire["type"],
            interval_ms=wire["interval_ms"],
            max_wait_ms=wire.get("max_wait_ms"),
        )


class DiffFile(Result):
    """A file that a task has changed."""

    path: str
    """Its path, relative to the top of the repository."""
    insertions: int | None = None
    """Number of added lines; absent for a binary file."""
    deletions: int | None = None
    """Number of removed lines; absent for a binary file."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> DiffFile:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            path=wire["path"],
            insertions=wire.get("insertions"),
            deletions=wire.get("deletions"),
        )


class Event(Result):
    """Something that happened."""

    seq: int
    """Its number: 1 for the first event of the project, then counting up by one."""
    topic: str
    """The topic: `deployment:complete`."""
    payload: Any
    """The details; `null` if the emitter gave none."""
    source: EventSource | str
    """The publisher."""
    at: Timestamp
    """Time at which the daemon received it; of an event that was emitted while there was no daemon,
    the time at which it happened.
    """
    caused_by: Cause | None = None
    """The cause; absent if it came from outside."""
    traceparent: str | None = None
    """The trace context of its emitter, as the header `traceparent` of W3C has it; absent if it had
    none. A task that a rule makes of the event has it in its `metadata`.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Event:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            seq=wire["seq"],
            topic=wire["topic"],
            payload=wire["payload"],
            source=wire["source"],
            at=timestamp(wire["at"]),
            caused_by=maybe(Cause.from_wire, wire.get("causedBy")),
            traceparent=wire.get("traceparent"),
        )


class EventMissedNotification(Result):
    """The params of the notification `event.missed`."""

    subscription: int
    """The subscription's number."""
    missed: int
    """Number of events that were passed over, of whatever topic: at most as many are missing from
    the topics subscribed to.
    """
    since: int
    """The number of the last event before them: `event.list` with this `since` replays what is left
    of them.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> EventMissedNotification:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            subscription=wire["subscription"],
            missed=wire["missed"],
            since=wire["since"],
        )


class EventNotification(Result):
    """The params of the notification `event`."""

    subscription: int
    """The subscription's number."""
    event: Event
    """The event."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> EventNotification:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            subscription=wire["subscription"],
            event=Event.from_wire(wire["event"]),
        )


class EventSubscribed(Result):
    """The answer to `event.subscribe`. It comes before the first of its events."""

    subscription: int
    """The subscription's number, unique on its connection."""
    since: int
    """Number of the event after which events will come. It is lower than the requested one if the
    log does not reach that: it was deleted and restarted.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> EventSubscribed:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            subscription=wire["subscription"],
            since=wire["since"],
        )


class EventTrigger(Result):
    """An event is published."""

    type: Literal["event"]
    topic: str
    """Its topic, as a glob: the first one where there are several."""
    topics: list[str] | None = None
    """All of them where there are several; one that begins with `!` takes out of what those before
    it match.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> EventTrigger:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            type=wire["type"],
            topic=wire["topic"],
            topics=wire.get("topics"),
        )


class EventUnsubscribed(Result):
    """The answer to `event.unsubscribe`."""

    unsubscribed: bool
    """True if there was such a subscription."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> EventUnsubscribed:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            unsubscribed=wire["unsubscribed"],
        )


class FileChangeTrigger(Result):
    """A file is created, modified or deleted."""

    type: Literal["file_change"]
    pattern: str
    """The files, as a glob on the path relative to the project: the first one where there are
    several.
    """
    patterns: list[str] | None = None
    """All of them where there are several; one that begins with `!` takes out of what those before
    it match.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> FileChangeTrigger:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            type=wire["type"],
            pattern=wire["pattern"],
            patterns=wire.get("patterns"),
        )


class FileEvent(Result):
    """The payload of `file:created`, `file:modified`, `file:deleted` and `file:renamed`. Paths are
    relative to the project.
    """

    path: str
    """The file. What is not UTF-8 in its name is replaced by U+FFFD."""
    from_: str | None = None
    """With `file:renamed`: what it was called."""
    size_before: int | None = None
    """The size of the file before, in bytes; absent if it was not there or is not known."""
    size: int | None = None
    """The size of the file now, in bytes; absent if it is gone or is not known."""
    path_base64: str | None = None
    """The bytes of `path` in base64, where they are not UTF-8."""
    from_base64: str | None = None
    """The bytes of `from` in base64, where they are not UTF-8."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> FileEvent:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            path=wire["path"],
            from_=wire.get("from"),
            size_before=wire.get("sizeBefore"),
            size=wire.get("size"),
            path_base64=wire.get("pathBase64"),
            from_base64=wire.get("fromBase64"),
        )


class FileWatcherSubsystem(Result):
    """The file watcher."""

    enabled: bool
    """True if files are watched."""
    events_received: int
    """Number of changes that it has reported since the start."""
    directories: int
    """Number of watched directories."""
    files: int
    """Number of files in them."""
    polling: bool
    """True if they are polled, because the configuration asks for it or the system cannot watch as
    many.
    """
    missing: list[str]
    """Paths that are to be watched and are not there; they are waited for."""
    held_by: str | None
    """The mark of a git operation under way that holds changes back, such as `.git/index.lock`.
    Null if nothing does.
    """
    held_since: Timestamp | None
    """Since when changes wait for it. Null when for nothing. `null` when absent."""
    overflows: int
    """Number of times that the system lost changes, after which everything was scanned again."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> FileWatcherSubsystem:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            enabled=wire["enabled"],
            events_received=wire["events_received"],
            directories=wire["directories"],
            files=wire["files"],
            polling=wire["polling"],
            missing=wire["missing"],
            held_by=wire["held_by"],
            held_since=maybe(timestamp, wire["held_since"]),
            overflows=wire["overflows"],
        )


class HealthCheck(Result):
    """The findings of the built-in action `health-check`. It is also the payload of the events
    `health:ok` and `health:degraded`.
    """

    at: Timestamp
    """Time of the check."""
    health: Health | str
    """`healthy` if every check is."""
    checks: list[HealthCheckItem]
    """Each check."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> HealthCheck:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            at=timestamp(wire["at"]),
            health=wire["health"],
            checks=[HealthCheckItem.from_wire(item) for item in wire["checks"]],
        )


class HealthCheckItem(Result):
    """One of the checks."""

    name: str
    """A stable name: `store`, `disk`, `socket`, `files`, `agent`, `queue`, `rules`, `expect`."""
    ok: bool
    """True if it is well."""
    message: str
    """The finding and, if it is not well, the remedy."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> HealthCheckItem:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            name=wire["name"],
            ok=wire["ok"],
            message=wire["message"],
        )


class HostList(Result):
    """The hosts of a project."""

    hosts: list[HostStatus]
    """All that have the project's store, or have had it, in the order of their starts."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> HostList:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            hosts=[HostStatus.from_wire(item) for item in wire["hosts"]],
        )


class HostLost(Result):
    """What became of a host that was given up."""

    host: HostStatus
    """The host."""
    tasks: list[str]
    """The tasks that ran there: interrupted, as after a crash of its machine."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> HostLost:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            host=HostStatus.from_wire(wire["host"]),
            tasks=wire["tasks"],
        )


class HostStatus(Result):
    """A host: a daemon, its directory and its machine."""

    id: str
    """Its id, a UUID; `local` for the one host of a store in the project's own directory."""
    name: str
    """The name of its machine."""
    place: str
    """Its place, for people: the directory and the machine."""
    labels: list[str]
    """Its labels: `host.labels` of its configuration."""
    state: HostState | str
    """The state."""
    is_this: bool
    """True for the host of the daemon that answers."""
    version: str
    """The version of its aiwg."""
    running: int
    """Number of tasks that run there."""
    started_at: Timestamp
    """Time at which its daemon has started."""
    seen_at: Timestamp
    """Time at which it was heard of last."""
    draining_since: Timestamp | None = None
    """Time since which it is given no new tasks; absent if it is."""
    lost_at: Timestamp | None = None
    """Time at which it was given up; absent if it was not, or has come back."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> HostStatus:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            id=wire["id"],
            name=wire["name"],
            place=wire["place"],
            labels=wire["labels"],
            state=wire["state"],
            is_this=wire["isThis"],
            version=wire["version"],
            running=wire["running"],
            started_at=timestamp(wire["startedAt"]),
            seen_at=timestamp(wire["seenAt"]),
            draining_since=maybe(timestamp, wire.get("drainingSince")),
            lost_at=maybe(timestamp, wire.get("lostAt")),
        )


class IpcSubsystem(Result):
    """The socket."""

    clients: int
    """Number of connected clients, the caller included."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> IpcSubsystem:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            clients=wire["clients"],
        )


class Issue(Result):
    """Something that is not well."""

    kind: str
    """A stable name: `storage`, `config`."""
    message: str
    """The problem and its remedy."""
    since: Timestamp
    """Since when."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Issue:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            kind=wire["kind"],
            message=wire["message"],
            since=timestamp(wire["since"]),
        )


class MessagingStatus(Result):
    """The answer to `messaging.status`."""

    platforms: list[PlatformStatus]
    """Each platform whose token the daemon has; empty where it has none."""
    muted_until: Timestamp | None = None
    """Time until which notices wait since someone has muted them; absent if nobody has."""
    quiet_until: Timestamp | None = None
    """Time until which notices wait since these are quiet hours; absent outside of them."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> MessagingStatus:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            platforms=[PlatformStatus.from_wire(item) for item in wire["platforms"]],
            muted_until=maybe(timestamp, wire.get("mutedUntil")),
            quiet_until=maybe(timestamp, wire.get("quietUntil")),
        )


class MessagingSubsystem(Result):
    """Messaging platforms."""

    enabled: bool
    """True if any is connected."""
    adapters: list[str]
    """The names of those that are connected."""
    platforms: list[PlatformStatus] | None = None
    """Each platform whose token the daemon has."""
    muted_until: Timestamp | None = None
    """Time until which notices wait since someone has muted them; absent if nobody has."""
    quiet_until: Timestamp | None = None
    """Time until which notices wait since these are quiet hours; absent outside of them."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> MessagingSubsystem:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            enabled=wire["enabled"],
            adapters=wire["adapters"],
            platforms=maybe(
                lambda value: [PlatformStatus.from_wire(item) for item in value],
                wire.get("platforms"),
            ),
            muted_until=maybe(timestamp, wire.get("mutedUntil")),
            quiet_until=maybe(timestamp, wire.get("quietUntil")),
        )


class MessagingTested(Result):
    """The answer to `messaging.test`."""

    trials: list[MessagingTrial]
    """Each platform on which a message was tried."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> MessagingTested:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            trials=[MessagingTrial.from_wire(item) for item in wire["trials"]],
        )


class MessagingTrial(Result):
    """A message that was tried."""

    platform: str
    """The platform."""
    ok: bool
    """True if the message was sent."""
    message: str
    """The place to which it was sent; or what is missing, and the remedy."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> MessagingTrial:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            platform=wire["platform"],
            ok=wire["ok"],
            message=wire["message"],
        )


class Metrics(Result):
    """The answer to `metrics.get`."""

    content_type: str
    """The media type of the text."""
    text: str
    """The metrics."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Metrics:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            content_type=wire["contentType"],
            text=wire["text"],
        )


class Origin(Result):
    """A client, as the system showed its process when it connected. What is absent was not to be
    seen.
    """

    process: OriginProcess | None = None
    """The process."""
    cwd: str | None = None
    """Its working directory."""
    uid: int | None = None
    """The number of its user."""
    user: str | None = None
    """The name of its user."""
    parents: list[OriginProcess] | None = None
    """The processes above it, the nearest first: up to three."""
    person: OriginPerson | None = None
    """The person who has written it on a messaging platform. There is no process then."""
    webhook: OriginWebhook | None = None
    """The webhook by which it was delivered. There is no process then."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Origin:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            process=maybe(OriginProcess.from_wire, wire.get("process")),
            cwd=wire.get("cwd"),
            uid=wire.get("uid"),
            user=wire.get("user"),
            parents=maybe(
                lambda value: [OriginProcess.from_wire(item) for item in value],
                wire.get("parents"),
            ),
            person=maybe(OriginPerson.from_wire, wire.get("person")),
            webhook=maybe(OriginWebhook.from_wire, wire.get("webhook")),
        )


class OriginPerson(Result):
    """A person on a messaging platform."""

    id: str
    """The person's id, with the platform before it: `telegram:77`."""
    chat: str
    """The chat in which it was written, with the platform before it."""
    name: str | None = None
    """The name that the person had there at that time; absent if the platform gave none."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> OriginPerson:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            id=wire["id"],
            chat=wire["chat"],
            name=wire.get("name"),
        )


class OriginProcess(Result):
    """A process, by the name that it gives itself."""

    pid: int
    """Its number."""
    program: str | None = None
    """The program, without its directory; absent if it had ended already."""
    script: str | None = None
    """The script that it executes, if it is an interpreter's. No other part of its command line is
    kept.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> OriginProcess:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            pid=wire["pid"],
            program=wire.get("program"),
            script=wire.get("script"),
        )


class OriginWebhook(Result):
    """A webhook, as the configuration has it."""

    path: str
    """The path of its requests: `/github`."""
    kind: str
    """The kind of its sender: `github`, `gitlab`, `slack`, `standard` or `json`."""
    signed: bool
    """True if its requests are signed with a secret. Otherwise anyone on the daemon's machine may
    have sent it.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> OriginWebhook:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            path=wire["path"],
            kind=wire["kind"],
            signed=wire["signed"],
        )


class PendingMatches(Result):
    """Matches of a rule that have not come to a task yet."""

    matches: int
    """Number of matches."""
    due_at: Timestamp | None
    """Time at which they become a task, if no more come. Null if they wait for the rule's task to
    end.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> PendingMatches:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            matches=wire["matches"],
            due_at=maybe(timestamp, wire["dueAt"]),
        )


class PlatformStatus(Result):
    """A messaging platform whose token the daemon has."""

    name: str
    """`slack`, `discord` or `telegram`."""
    state: PlatformState | str
    """The state of the line."""
    account: str | None
    """The name of the bot; null while it is not known."""
    since: Timestamp
    """Since when the line is in its state."""
    last_received_at: Timestamp | None
    """Time at which the platform was last heard of; null before the first time."""
    chat: str | None
    """The id of the chat for notices; null if none is set."""
    people: int
    """Number of people who are listed for the platform."""
    waiting: int
    """Number of messages that wait to be sent."""
    unknown: int
    """Number of those of which nobody knows whether they were sent."""
    dead: int
    """Number of messages that could not be sent, of the last week."""
    error: str | None
    """The fault, and the remedy; null if nothing is wrong."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> PlatformStatus:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            name=wire["name"],
            state=wire["state"],
            account=wire["account"],
            since=timestamp(wire["since"]),
            last_received_at=maybe(timestamp, wire["lastReceivedAt"]),
            chat=wire["chat"],
            people=wire["people"],
            waiting=wire["waiting"],
            unknown=wire["unknown"],
            dead=wire["dead"],
            error=wire["error"],
        )


class Pong(Result):
    """The answer to `ping`."""

    pong: bool
    """Always true."""
    timestamp: Timestamp
    """The daemon's clock."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Pong:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            pong=wire["pong"],
            timestamp=timestamp(wire["timestamp"]),
        )


class QueueEvent(Result):
    """The payload of `daemon:paused` and `daemon:resumed`."""

    running: int
    """Number of tasks that run."""
    draining: bool
    """True if the daemon ends once no task runs any more."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> QueueEvent:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            running=wire["running"],
            draining=wire["draining"],
        )


class QueuePaused(Result):
    """The answer to `daemon.pause`."""

    since: Timestamp
    """Time since which the queue is paused."""
    running: int
    """Number of tasks that run, and go on."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> QueuePaused:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            since=timestamp(wire["since"]),
            running=wire["running"],
        )


class QueueResumed(Result):
    """The answer to `daemon.resume`."""

    resumed: bool
    """False if the queue was not paused."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> QueueResumed:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            resumed=wire["resumed"],
        )


class QueuedTaskSummary(Result):
    """A queued task, in short."""

    id: str
    """Its id."""
    prompt: str
    """The first 80 characters of its prompt."""
    agent: str | None
    """Its agent; the default one when null."""
    priority: int
    """Its priority."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> QueuedTaskSummary:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            id=wire["id"],
            prompt=wire["prompt"],
            agent=wire["agent"],
            priority=wire["priority"],
        )


class Report(Result):
    """The answer to `report.get`: what ran since then, and what waits."""

    since: Timestamp
    """The moment from which on things are reported."""
    until: Timestamp
    """The moment of the report."""
    completed: list[ReportedTask]
    """The tasks that have completed, those that ended last first."""
    failed: list[ReportedTask]
    """The tasks that have failed, or took too long."""
    cancelled: list[ReportedTask]
    """The tasks that were cancelled."""
    running: list[ReportedTask]
    """The tasks that run."""
    waiting: list[ReportedTask]
    """The tasks that wait, in the order in which they will start."""
    reasons: dict[str, int]
    """Number of those that have ended, by reason."""
    cost_usd: float
    """Cost of those that have ended, as far as their agents reported it, in US dollars."""
    is_cut: bool
    """True if more have ended, or wait, than are listed: 1,000 of each."""
    tripped: list[TrippedRule] | None = None
    """The rules that have tripped, whenever that was."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Report:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            since=timestamp(wire["since"]),
            until=timestamp(wire["until"]),
            completed=[ReportedTask.from_wire(item) for item in wire["completed"]],
            failed=[ReportedTask.from_wire(item) for item in wire["failed"]],
            cancelled=[ReportedTask.from_wire(item) for item in wire["cancelled"]],
            running=[ReportedTask.from_wire(item) for item in wire["running"]],
            waiting=[ReportedTask.from_wire(item) for item in wire["waiting"]],
            reasons=wire["reasons"],
            cost_usd=wire["costUsd"],
            is_cut=wire["isCut"],
            tripped=maybe(
                lambda value: [TrippedRule.from_wire(item) for item in value],
                wire.get("tripped"),
            ),
        )


class ReportEvent(Result):
    """The payload of `daemon:report`: a report in short, as the built-in action `report` of a job
    makes it.
    """

    job: str
    """The job's name."""
    since: Timestamp
    """The moment from which on things are reported: the one up to which the job has reported
    before, or 24 hours ago.
    """
    until: Timestamp
    """The moment of the report."""
    summary: str
    """The sentence that sums it up, for people."""
    completed: int
    """Number of tasks that have completed."""
    verified: int
    """Number of those that a check has called done."""
    failed: int
    """Number of tasks that have failed, or took too long."""
    cancelled: int
    """Number of tasks that were cancelled."""
    running: int
    """Number of tasks that run."""
    waiting: int
    """Number of tasks that wait."""
    reasons: dict[str, int]
    """Number of those that have ended, by reason."""
    cost_usd: float
    """Cost of those that have ended, as far as their agents reported it, in US dollars."""
    failures: list[ReportedTask]
    """Those that have failed, 10 at the most: those that ended last first."""
    waits: list[ReportedTask]
    """Those that wait for more than a slot, 10 at the most: those that wait for a person first."""
    tripped: list[TrippedRule]
    """The rules that have tripped, 10 at the most, whenever that was."""
    is_cut: bool
    """True if more have ended, or wait, than are counted: 1,000 of each."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ReportEvent:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            job=wire["job"],
            since=timestamp(wire["since"]),
            until=timestamp(wire["until"]),
            summary=wire["summary"],
            completed=wire["completed"],
            verified=wire["verified"],
            failed=wire["failed"],
            cancelled=wire["cancelled"],
            running=wire["running"],
            waiting=wire["waiting"],
            reasons=wire["reasons"],
            cost_usd=wire["costUsd"],
            failures=[ReportedTask.from_wire(item) for item in wire["failures"]],
            waits=[ReportedTask.from_wire(item) for item in wire["waits"]],
            tripped=[TrippedRule.from_wire(item) for item in wire["tripped"]],
            is_cut=wire["isCut"],
        )


class ReportedTask(Result):
    """A task in a report."""

    id: str
    """Its id."""
    prompt: str
    """The beginning of its prompt, 200 characters at the most."""
    rule: str | None
    """The rule that made it; null where someone submitted it."""
    state: TaskState | str
    """The state."""
    started_at: Timestamp | None
    """Time at which its agent was started last."""
    completed_at: Timestamp | None
    """Time of its end."""
    reason: str | None = None
    """The reason for its end, as one word; absent before its end."""
    error: str | None = None
    """The reason for which it did not complete, for people: the first 500 characters."""
    verified: bool | None = None
    """True if its check has said that it is done; absent where it has none, or has not completed.
    """
    cost_usd: float | None = None
    """Cost of its agent, in US dollars; absent if the agent did not report it."""
    waiting: Waiting | str | None = None
    """The reason for which it waits; absent if only a slot is missing."""
    waiting_until: Timestamp | None = None
    """Time at which that ends by itself; absent if it does not, or if the time is not known."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ReportedTask:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            id=wire["id"],
            prompt=wire["prompt"],
            rule=wire["rule"],
            state=wire["state"],
            started_at=maybe(timestamp, wire["startedAt"]),
            completed_at=maybe(timestamp, wire["completedAt"]),
            reason=wire.get("reason"),
            error=wire.get("error"),
            verified=wire.get("verified"),
            cost_usd=wire.get("costUsd"),
            waiting=wire.get("waiting"),
            waiting_until=maybe(timestamp, wire.get("waitingUntil")),
        )


class RetryPolicy(Result):
    """The policy by which a task is carried out again by itself, before it counts as failed."""

    max: int
    """Number of times that it is carried out again at the most. From 1 to 100."""
    on: list[RetryOn] | None = None
    """The ends after which it is. Default: `exit` and `timeout`. Length from 1 to 10;
    `["exit","timeout"]` when absent.
    """
    delay: Span | None = None
    """The pause before the first time, which varies by a fifth; it doubles each time, up to an
    hour, unless it is longer than that from the beginning: then it stays as it is. Default:
    `30s`. `"30s"` when absent.
    """

    def to_wire(self) -> dict[str, Any]:
        """Writes it as JSON. Members that are None and may be absent are left out."""
        wire: dict[str, Any] = {
            "max": self.max,
        }
        if self.on is not None:
            wire["on"] = self.on
        if self.delay is not None:
            wire["delay"] = self.delay
        return wire


class Round(Result):
    """One round of a task with a check: its agent worked, then the check ran."""

    n: int
    """Its number, from 1. 0 is the check before the first round."""
    run: int
    """The number of the run of its agent; for round 0 that of the check."""
    at: Timestamp
    """Time of the end of its last run."""
    exit: int | None = None
    """Exit code of the agent; absent if it did not exit by itself, and for round 0."""
    verify: CheckResult | None = None
    """The result of the check; absent while the round is under way."""
    cost_usd: float | None = None
    """Cost of its agent, in US dollars, over all its runs in this round, as it counts towards the
    budgets; absent if it is not known.
    """
    turns: int | None = None
    """Number of turns of its agent, over all its runs in this round; absent if the agent does not
    report it.
    """
    files: int | None = None
    """Number of files that were changed while its agent worked, ignored ones left out; absent where
    that is not known, as after an interruption by a limit.
    """
    protected: list[str] | None = None
    """The first of the protected files that were not as on record, when its agent had ended or its
    check had succeeded.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Round:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            n=wire["n"],
            run=wire["run"],
            at=timestamp(wire["at"]),
            exit=wire.get("exit"),
            verify=maybe(CheckResult.from_wire, wire.get("verify")),
            cost_usd=wire.get("costUsd"),
            turns=wire.get("turns"),
            files=wire.get("files"),
            protected=wire.get("protected"),
        )


class RoundEvent(Result):
    """The payload of `task:round` and `task:verified`."""

    task_id: str
    """The task's id."""
    agent: str | None
    """Its agent; the default one when null."""
    verified: bool
    """True if the check has succeeded, and the task is done."""
    max_rounds: int
    """Maximum number of rounds."""
    round: Round
    """The round that is over, without the check's output."""
    rule: str | None = None
    """The rule that made it, or made the task whose agent submitted it; absent when there was none.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> RoundEvent:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            task_id=wire["taskId"],
            agent=wire["agent"],
            verified=wire["verified"],
            max_rounds=wire["maxRounds"],
            round=Round.from_wire(wire["round"]),
            rule=wire.get("rule"),
        )


class RuleAction(Result):
    """The action of a rule. The environment that it gives to its tasks is not shown."""

    type: RuleActionKind | str
    """Always `submit_task`."""
    prompt: str
    """The prompt, as a template."""
    priority: int
    """The priority of its tasks."""
    agent: str | None
    """The agent; the default one when null."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> RuleAction:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            type=wire["type"],
            prompt=wire["prompt"],
            priority=wire["priority"],
            agent=wire["agent"],
        )


class RuleExecution(Result):
    """A task that a rule made."""

    rule: str
    """The rule's id."""
    at: Timestamp
    """Time at which the task was made."""
    event: int
    """The number of the last event that led to it."""
    matches: int
    """Number of matches that it stands for."""
    task: str
    """The task's id."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> RuleExecution:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            rule=wire["rule"],
            at=timestamp(wire["at"]),
            event=wire["event"],
            matches=wire["matches"],
            task=wire["task"],
        )


class RuleRefusal(Result):
    """A match that came to nothing."""

    at: Timestamp
    """Time of the match."""
    event: int
    """The number of the event."""
    reason: str
    """The reason."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> RuleRefusal:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            at=timestamp(wire["at"]),
            event=wire["event"],
            reason=wire["reason"],
        )


class RuleSpending(Result):
    """Money of a rule's tasks, in US dollars."""

    rule: str | None
    """The rule; null for the tasks of no rule."""
    day_usd: float
    """Spent on this day."""
    month_usd: float
    """Spent in this month."""
    reserved_usd: float
    """Set aside for running tasks."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> RuleSpending:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            rule=wire["rule"],
            day_usd=wire["dayUsd"],
            month_usd=wire["monthUsd"],
            reserved_usd=wire["reservedUsd"],
        )


class RuleStatus(Result):
    """A rule and how it is."""

    id: str
    """Its name."""
    trigger: Trigger
    """The occasion it waits for."""
    condition: Condition
    """The condition under which it proceeds."""
    action: RuleAction
    """The action it takes."""
    enabled: bool
    """True if it is switched on."""
    active: bool
    """True if a match makes a task now. If false, `reason` says why."""
    reason: str | None
    """Reason for which a match makes no task; null where it does."""
    on_busy: OnBusy | str
    """Effect of a match while it is busy."""
    tripped_at: Timestamp | None
    """Time at which it tripped because it fired too often, or its tasks failed again and again.
    Null if it has not.
    """
    busy: int
    """Number of its tasks that are queued or running."""
    pending: PendingMatches | None
    """Matches that have not come to a task yet; null if there are none."""
    last_refusal: RuleRefusal | None
    """The last match that came to nothing since the daemon was started and the rule was enabled;
    null if none has.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> RuleStatus:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            id=wire["id"],
            trigger=_read_trigger(wire["trigger"]),
            condition=_read_condition(wire["condition"]),
            action=RuleAction.from_wire(wire["action"]),
            enabled=wire["enabled"],
            active=wire["active"],
            reason=wire["reason"],
            on_busy=wire["onBusy"],
            tripped_at=maybe(timestamp, wire["trippedAt"]),
            busy=wire["busy"],
            pending=maybe(PendingMatches.from_wire, wire["pending"]),
            last_refusal=maybe(RuleRefusal.from_wire, wire["lastRefusal"]),
        )


class RuleTested(Result):
    """The expected result of a match."""

    rule: str
    """The rule's id."""
    outcome: MatchOutcome | str
    """The expected result."""
    reason: str | None
    """Reason for which the match would make no task, or its task would fail; null otherwise."""
    prompt: str | None
    """The prompt of the task; null where it cannot be made of this event."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> RuleTested:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            rule=wire["rule"],
            outcome=wire["outcome"],
            reason=wire["reason"],
            prompt=wire["prompt"],
        )


class RuleUsage(Result):
    """Usage of the tasks of a rule."""

    rule: str | None
    """The rule's id; null for the tasks that no rule made."""
    usage: UsageSum
    """Their usage."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> RuleUsage:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            rule=wire["rule"],
            usage=UsageSum.from_wire(wire["usage"]),
        )


class RunningTaskSummary(Result):
    """A running task, in short."""

    id: str
    """Its id."""
    prompt: str
    """The first 80 characters of its prompt."""
    agent: str | None
    """Its agent; the default one when null."""
    started_at: Timestamp | None
    """Time at which its agent was started."""
    pid: int | None
    """The agent's process; null while it is being started."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> RunningTaskSummary:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            id=wire["id"],
            prompt=wire["prompt"],
            agent=wire["agent"],
            started_at=maybe(timestamp, wire["startedAt"]),
            pid=wire["pid"],
        )


class ScheduleEvent(Result):
    """The payload of a schedule's event."""

    job: str
    """The job's name, or the id of the rule."""
    at: Timestamp
    """The time for which it fires: its own, or with `schedule.run` the moment of the call."""
    caught_up: bool
    """True if that time was missed, and `catch_up` makes up for it."""
    manual: bool
    """True if somebody ran it by hand."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ScheduleEvent:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            job=wire["job"],
            at=timestamp(wire["at"]),
            caught_up=wire["caughtUp"],
            manual=wire["manual"],
        )


class ScheduleRun(Result):
    """The answer to `schedule.run`: the job has fired."""

    seq: int
    """The number of its event."""
    rules: list[str]
    """The ids of the rules that took it up. A job with an action is one itself: `schedule:<job>`.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ScheduleRun:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            seq=wire["seq"],
            rules=wire["rules"],
        )


class ScheduleTrigger(Result):
    """A schedule fires."""

    type: Literal["schedule"]
    cron: str
    """Times, as in crontab(5), in `schedule.timezone`."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ScheduleTrigger:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            type=wire["type"],
            cron=wire["cron"],
        )


class ScheduledJob(Result):
    """A job of `schedule.jobs`, or a rule whose trigger is a schedule."""

    name: str
    """Its name; of a rule, its id."""
    topic: str
    """The topic of its event."""
    cron: str
    """Times, as in crontab(5)."""
    timezone: str | None
    """The time zone of that, by its IANA name; null where the machine's own has none."""
    action: str | None
    """The action of the job; null for a rule, whose action is its own."""
    catch_up: bool
    """True if it fires once for all the times that passed while no daemon ran."""
    last_at: Timestamp | None
    """The time for which it fired last; null before the first."""
    next_at: Timestamp | None
    """The time for which it fires next; null if it never does, or schedules are switched off."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ScheduledJob:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            name=wire["name"],
            topic=wire["topic"],
            cron=wire["cron"],
            timezone=wire["timezone"],
            action=wire["action"],
            catch_up=wire["catchUp"],
            last_at=maybe(timestamp, wire["lastAt"]),
            next_at=maybe(timestamp, wire["nextAt"]),
        )


class SchedulerSubsystem(Result):
    """The scheduler."""

    enabled: bool
    """True if schedules fire."""
    jobs: int
    """Number of jobs, rules whose trigger is a schedule included."""
    next_at: Timestamp | None
    """Time at which the next of them fires; null if none does."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> SchedulerSubsystem:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            enabled=wire["enabled"],
            jobs=wire["jobs"],
            next_at=maybe(timestamp, wire["next_at"]),
        )


class SpoolSubsystem(Result):
    """The spool, while its events are taken in."""

    left: int
    """Number of files left."""
    since: Timestamp
    """Since when."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> SpoolSubsystem:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            left=wire["left"],
            since=timestamp(wire["since"]),
        )


class StopAcknowledged(Result):
    """The answer to `daemon.stop`, sent before the daemon stops."""

    stopping: bool
    """Always true."""
    pid: int
    """The daemon's process id: it has stopped when this process has ended."""
    running: int
    """Number of running tasks. They get SIGTERM, 15 seconds, then SIGKILL. With `keepAgents` they
    go on.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> StopAcknowledged:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            stopping=wire["stopping"],
            pid=wire["pid"],
            running=wire["running"],
        )


class Subsystems(Result):
    """The subsystems."""

    ipc: IpcSubsystem
    """The socket."""
    supervisor: SupervisorSubsystem
    """The queue and its agents."""
    automation: AutomationSubsystem
    """The rules."""
    file_watcher: FileWatcherSubsystem
    """The file watcher."""
    scheduler: SchedulerSubsystem
    """The scheduler."""
    messaging: MessagingSubsystem
    """Messaging platforms."""
    approvals: ApprovalsSubsystem
    """Requests to people. `{"pending":0}` when absent."""
    budget: BudgetSubsystem | None = None
    """The budgets; absent where none is set."""
    webhooks: WebhooksSubsystem | None = None
    """Webhooks; absent where none are configured."""
    spool: SpoolSubsystem | None = None
    """The spool, while its events are taken in; absent otherwise."""
    telemetry: TelemetrySubsystem | None = None
    """What collects metrics; absent where nothing is set up to."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Subsystems:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            ipc=IpcSubsystem.from_wire(wire["ipc"]),
            supervisor=SupervisorSubsystem.from_wire(wire["supervisor"]),
            automation=AutomationSubsystem.from_wire(wire["automation"]),
            file_watcher=FileWatcherSubsystem.from_wire(wire["file_watcher"]),
            scheduler=SchedulerSubsystem.from_wire(wire["scheduler"]),
            messaging=MessagingSubsystem.from_wire(wire["messaging"]),
            approvals=ApprovalsSubsystem.from_wire(wire["approvals"]),
            budget=maybe(BudgetSubsystem.from_wire, wire.get("budget")),
            webhooks=maybe(WebhooksSubsystem.from_wire, wire.get("webhooks")),
            spool=maybe(SpoolSubsystem.from_wire, wire.get("spool")),
            telemetry=maybe(TelemetrySubsystem.from_wire, wire.get("telemetry")),
        )


class SupervisorSubsystem(Result):
    """The queue and its agents."""

    running: int
    """Number of running tasks, on all hosts."""
    queued: int
    """Number of queued tasks."""
    max_concurrency: int
    """Maximum number of tasks that run at once, on this host."""
    tasks: TaskSummaries
    """The running and queued tasks."""
    running_elsewhere: int | None = None
    """The number of those that run on other hosts; absent where no other host can share the queue.
    """
    paused_since: Timestamp | None = None
    """Time since which the queue is paused, or drains; absent if it does neither."""
    draining_since: Timestamp | None = None
    """Time since which the queue drains: the daemon ends once no task runs. Absent if it does not.
    """
    host_draining_since: Timestamp | None = None
    """Time since which this one of several hosts is given no new tasks (`host.drain`); absent if it
    is.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> SupervisorSubsystem:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            running=wire["running"],
            queued=wire["queued"],
            max_concurrency=wire["maxConcurrency"],
            tasks=TaskSummaries.from_wire(wire["tasks"]),
            running_elsewhere=wire.get("runningElsewhere"),
            paused_since=maybe(timestamp, wire.get("pausedSince")),
            draining_since=maybe(timestamp, wire.get("drainingSince")),
            host_draining_since=maybe(timestamp, wire.get("hostDrainingSince")),
        )


class Takeover(Result):
    """A task that a person has taken over."""

    since: Timestamp
    """Time at which it was taken."""
    session: str | None = None
    """The session of its agent; absent if it has none."""
    dir: str | None = None
    """The directory of its session, in a work tree; absent for the project's own."""
    command: list[str] | None = None
    """The command by which a person goes on in that session, in `dir` or else the project's
    directory; empty if the agent's program has none.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Takeover:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            since=timestamp(wire["since"]),
            session=wire.get("session"),
            dir=wire.get("dir"),
            command=wire.get("command"),
        )


class Task(Result):
    """An order to an agent, and what came of it."""

    id: str
    """`task-0001`, counting up, never reused."""
    prompt: str
    """The agent's prompt."""
    agent: str | None
    """The agent that is to do it, a profile of the configuration or a role; the default one when
    null.
    """
    priority: int
    """Higher ones start first; 0 unless given."""
    state: TaskState | str
    """The state."""
    created_at: Timestamp
    """Time of submission."""
    started_at: Timestamp | None
    """Time at which its agent was started, for the last time if there were several attempts."""
    completed_at: Timestamp | None
    """Time of its end, in whatever state."""
    pid: int | None
    """The agent's process, while it runs."""
    exit_code: int | None
    """Exit code of the agent's process; null if it did not exit by itself."""
    signal: int | None
    """The signal that ended the agent's process; null when none did."""
    attempts: int
    """Number of attempts that count, for each of which an agent was started. What a limit, a budget
    or a person has put off goes on as the same one, and counts only once it does, or has ended.
    More than 1 after an agent was lost with the machine.
    """
    result: str | None
    """The agent's answer, once it has ended: the `result` of its output where that is `claude`'s
    JSON, else the last 64 KiB of its standard output. Where the beginning is left out, the first
    line says so.
    """
    error: str | None
    """Reason for which it did not complete, for people."""
    output: str | None
    """The last 64 KiB of the agent's standard output so far."""
    timeout_minutes: float | None
    """Its time limit in minutes; `daemon.action_timeout_minutes` when null."""
    after: list[str]
    """The ids of the tasks that must have completed before it starts."""
    processes_ended: int | None
    """Number of processes that outlived the agent's own, or were to end with it, and have been
    ended; null before.
    """
    processes_left: int | None
    """Number of its processes that could not be ended: 0, unless one belongs to another user. Null
    before it has ended.
    """
    usage: TaskUsage | None
    """Usage of its agent, of one that has not ended in the runs that have; null if the agent does
    not report it. `claude` reports it with `--output-format json` or `stream-json`.
    """
    metadata: dict[str, Any]
    """The submitter's own notes."""
    profiles: list[str] | None = None
    """The profiles by which its agents were started, one for each run in their order; `agent`
    stands for the section `agent`. Only in `task.get` and `task.wait`, and absent while all of
    them are that.
    """
    waiting: Waiting | str | None = None
    """The reason for which it waits while it is queued; absent if only a slot is missing."""
    waiting_until: Timestamp | None = None
    """Time at which that ends by itself; absent if it does not, or if the time is not known."""
    limit_resets_at: Timestamp | None = None
    """Time at which the limit resets after which a person is to have it go on (`accounts.resume` is
    `ask`); absent for any other wait.
    """
    waits_for: list[str] | None = None
    """The tasks whose end its agent waits for while it runs, by `task.wait` or `task.output`: up to
    100 of them. Absent for none, and in lists.
    """
    takeover: Takeover | None = None
    """The person's session, while a person has it; absent otherwise, and in lists."""
    messages: list[TaskMessage] | None = None
    """The messages that were sent to its agent, in their order; absent for none, and in lists."""
    lane: str | None = None
    """The lane in which it runs; absent for none."""
    runs_on: list[str] | None = None
    """The labels that its host must have; absent for any host."""
    expires_at: Timestamp | None = None
    """Time after which it is no longer wanted, if it has not been started by then; absent for any
    time.
    """
    reason: str | None = None
    """The reason for its end, as one word; absent before its end, and for tasks of older daemons.
    `done`, `refused`, `deferred`, `limited`, `overloaded`, `auth`, `billing`, `budget`,
    `crashed` and `failed` are an agent's ends; `cancel`, `rejected`, `expired`, `timeout`,
    `stalled`, `stop`, `lost` and `not_started` those that the daemon knows of; `rounds`,
    `stuck`, `check_failed_to_run` and `session_lost` those of tasks with a check, and `by_hand`
    that of one that a person has finished. A newer daemon may have more.
    """
    verify: Verify | None = None
    """The check by which it counts as done; absent for none."""
    phase: Phase | str | None = None
    """The part of its round that it is in while it runs; absent without a check."""
    before: CheckResult | None = None
    """The result of its check before the first round (`before` of `verify`); absent where it has
    not run.
    """
    rounds: list[Round] | None = None
    """Its rounds so far, in their order; empty without a check."""
    verified: bool | None = None
    """True if its check has succeeded; absent otherwise."""
    skipped: bool | None = None
    """True if its check has succeeded before the first round, so that no agent was started; absent
    otherwise.
    """
    workspace: TaskWorkspace | None = None
    """The work tree in which its agent works; absent for the project's own directory."""
    host: TaskHost | None = None
    """The host of its latest run, where several share the project's store; absent otherwise, and
    before its first run.
    """
    conversation: str | None = None
    """The conversation that it is a turn of; absent when it is of none."""
    caused_by: Cause | None = None
    """The cause; absent if a client submitted it."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Task:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            id=wire["id"],
            prompt=wire["prompt"],
            agent=wire["agent"],
            priority=wire["priority"],
            state=wire["state"],
            created_at=timestamp(wire["createdAt"]),
            started_at=maybe(timestamp, wire["startedAt"]),
            completed_at=maybe(timestamp, wire["completedAt"]),
            pid=wire["pid"],
            exit_code=wire["exitCode"],
            signal=wire["signal"],
            attempts=wire["attempts"],
            result=wire["result"],
            error=wire["error"],
            output=wire["output"],
            timeout_minutes=wire["timeoutMinutes"],
            after=wire["after"],
            processes_ended=wire["processesEnded"],
            processes_left=wire["processesLeft"],
            usage=maybe(TaskUsage.from_wire, wire["usage"]),
            metadata=wire["metadata"],
            profiles=wire.get("profiles"),
            waiting=wire.get("waiting"),
            waiting_until=maybe(timestamp, wire.get("waitingUntil")),
            limit_resets_at=maybe(timestamp, wire.get("limitResetsAt")),
            waits_for=wire.get("waitsFor"),
            takeover=maybe(Takeover.from_wire, wire.get("takeover")),
            messages=maybe(
                lambda value: [TaskMessage.from_wire(item) for item in value],
                wire.get("messages"),
            ),
            lane=wire.get("lane"),
            runs_on=wire.get("runsOn"),
            expires_at=maybe(timestamp, wire.get("expiresAt")),
            reason=wire.get("reason"),
            verify=maybe(Verify.from_wire, wire.get("verify")),
            phase=wire.get("phase"),
            before=maybe(CheckResult.from_wire, wire.get("before")),
            rounds=maybe(
                lambda value: [Round.from_wire(item) for item in value],
                wire.get("rounds"),
            ),
            verified=wire.get("verified"),
            skipped=wire.get("skipped"),
            workspace=maybe(TaskWorkspace.from_wire, wire.get("workspace")),
            host=maybe(TaskHost.from_wire, wire.get("host")),
            conversation=wire.get("conversation"),
            caused_by=maybe(Cause.from_wire, wire.get("causedBy")),
        )


class TaskApplied(Result):
    """The answer to `task.apply`."""

    task_id: str
    """The task's id."""
    launch: int
    """The number of the run."""
    applied: bool
    """True if it was applied; false for a conflict."""
    paths: list[str]
    """The changed files, up to 10,000 of them."""
    conflict: WorkspaceConflict | None = None
    """The reason for which it could not be applied; absent if it was."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskApplied:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            task_id=wire["taskId"],
            launch=wire["launch"],
            applied=wire["applied"],
            paths=wire["paths"],
            conflict=maybe(WorkspaceConflict.from_wire, wire.get("conflict")),
        )


class TaskAppliedEvent(Result):
    """The payload of `task:applied`."""

    task_id: str
    """The task's id."""
    launch: int
    """The number of the run."""
    commit: str
    """The commit that was applied."""
    paths: list[str]
    """The changed files, up to 100 of them."""
    rule: str | None = None
    """The rule that made the task, or made the task whose agent submitted it; absent when there was
    none.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskAppliedEvent:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            task_id=wire["taskId"],
            launch=wire["launch"],
            commit=wire["commit"],
            paths=wire["paths"],
            rule=wire.get("rule"),
        )


class TaskCancelled(Result):
    """The answer to `task.cancel`."""

    cancelled: bool
    """Always true: what could not be cancelled is an error."""
    state: TaskState | str
    """`cancelled` for a task that was queued; `running` for one whose agent is being ended, which
    takes up to 15 seconds: `task.wait` waits for it.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskCancelled:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            cancelled=wire["cancelled"],
            state=wire["state"],
        )


class TaskCancelledOne(Result):
    """The result for one task of `task.cancelMany`."""

    task_id: str
    """The task's id."""
    cancelled: bool
    """False for one that had ended already."""
    state: TaskState | str
    """`cancelled` for a task that was queued; `running` for one whose agent is being ended; how it
    had ended for another.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskCancelledOne:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            task_id=wire["taskId"],
            cancelled=wire["cancelled"],
            state=wire["state"],
        )


class TaskConflictEvent(Result):
    """The payload of `task:conflict`."""

    task_id: str
    """The task's id."""
    launch: int
    """The number of the run."""
    commit: str
    """The commit that could not be applied."""
    paths: list[str]
    """The files on account of which it could not, up to 100 of them."""
    why: str
    """The reason, for people."""
    rule: str | None = None
    """The rule that made the task, or made the task whose agent submitted it; absent when there was
    none.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskConflictEvent:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            task_id=wire["taskId"],
            launch=wire["launch"],
            commit=wire["commit"],
            paths=wire["paths"],
            why=wire["why"],
            rule=wire.get("rule"),
        )


class TaskCounts(Result):
    """Number of tasks in each state."""

    total: int
    """All of them."""
    queued: int
    """Waiting."""
    running: int
    """Running."""
    completed: int
    """Completed."""
    failed: int
    """Failed."""
    cancelled: int
    """Cancelled."""
    timeout: int
    """Ended by their time limit."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskCounts:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            total=wire["total"],
            queued=wire["queued"],
            running=wire["running"],
            completed=wire["completed"],
            failed=wire["failed"],
            cancelled=wire["cancelled"],
            timeout=wire["timeout"],
        )


class TaskDeliveredEvent(Result):
    """The payload of `task:delivered`."""

    task_id: str
    """The task's id."""
    n: int
    """The number of the message within the task, from 1."""
    run: int
    """The number of the run that has got it."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskDeliveredEvent:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            task_id=wire["taskId"],
            n=wire["n"],
            run=wire["run"],
        )


class TaskDiff(Result):
    """What a task has changed in its work tree."""

    task_id: str
    """The task's id."""
    launch: int
    """The number of the run."""
    base: str
    """The commit from which the task began."""
    commit: str
    """The commit that it has left."""
    files: list[DiffFile]
    """The changed files, up to 10,000 of them."""
    insertions: int
    """Number of added lines."""
    deletions: int
    """Number of removed lines."""
    diff: str
    """The unified diff, as `git diff` prints it."""
    is_cut: bool
    """True if it is longer: `git diff BASE COMMIT` prints all of it."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskDiff:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            task_id=wire["taskId"],
            launch=wire["launch"],
            base=wire["base"],
            commit=wire["commit"],
            files=[DiffFile.from_wire(item) for item in wire["files"]],
            insertions=wire["insertions"],
            deletions=wire["deletions"],
            diff=wire["diff"],
            is_cut=wire["isCut"],
        )


class TaskEdited(Result):
    """The answer to `task.edit`."""

    edited: bool
    """False if it was like that before."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskEdited:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            edited=wire["edited"],
        )


class TaskEvent(Result):
    """The payload of every event of a task."""

    task_id: str
    """The task's id."""
    state: TaskState | str
    """The state of the task now."""
    agent: str | None
    """Its agent; the default one when null."""
    priority: int
    """Its priority."""
    attempt: int
    """Number of attempts that count, for each of which an agent was started."""
    rule: str | None = None
    """The rule that made it, or made the task whose agent submitted it; absent when there was none.
    """
    host: str | None = None
    """The name of the host that it runs on, or ran on when it ended, where several share the
    project's store; absent otherwise.
    """
    duration_ms: int | None = None
    """Time from its start to its end, in milliseconds; absent before its end."""
    exit_code: int | None = None
    """Exit code of the agent's process; absent if it did not exit by itself."""
    signal: int | None = None
    """The signal that ended the agent's process; absent when none did."""
    error: str | None = None
    """Reason for which it did not complete: the last 2,000 bytes of that."""
    reason: str | None = None
    """The reason for its end, as one word: see `reason` of a task; absent before its end."""
    processes_ended: int | None = None
    """Number of processes that its agent left, or that were to end with it, and have been ended;
    absent before its end.
    """
    processes_left: int | None = None
    """Number of processes that could not be ended; absent before its end."""
    cost_usd: float | None = None
    """Its cost, in US dollars; absent if the agent does not report it."""
    silent_ms: int | None = None
    """With `task:stalled`: for how many milliseconds it has written nothing."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskEvent:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            task_id=wire["taskId"],
            state=wire["state"],
            agent=wire["agent"],
            priority=wire["priority"],
            attempt=wire["attempt"],
            rule=wire.get("rule"),
            host=wire.get("host"),
            duration_ms=wire.get("durationMs"),
            exit_code=wire.get("exitCode"),
            signal=wire.get("signal"),
            error=wire.get("error"),
            reason=wire.get("reason"),
            processes_ended=wire.get("processesEnded"),
            processes_left=wire.get("processesLeft"),
            cost_usd=wire.get("costUsd"),
            silent_ms=wire.get("silentMs"),
        )


class TaskGiven(Result):
    """The answer to `task.give`."""

    state: TaskState | str
    """The state of the task."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskGiven:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            state=wire["state"],
        )


class TaskHeld(Result):
    """The answer to `task.hold`."""

    held: bool
    """False if it was held before; `until` counts from now on."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskHeld:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            held=wire["held"],
        )


class TaskHost(Result):
    """The host of a task."""

    id: str
    """Its id."""
    name: str
    """The name of its machine."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskHost:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            id=wire["id"],
            name=wire["name"],
        )


class TaskMessage(Result):
    """A message to a task's agent."""

    n: int
    """Its number within the task, from 1."""
    message: str
    """Its first 1,000 bytes; with `whole`, all of it."""
    state: MessageState | str
    """The state."""
    at: Timestamp | None = None
    """Time at which it was sent; absent for one of an older daemon."""
    from_: str | None = None
    """The task whose agent has sent it; absent if a person or a script has."""
    cut: bool | None = None
    """True if it is longer than `message`; absent otherwise."""
    run: int | None = None
    """The number of the run that has got it; absent while it waits."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskMessage:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            n=wire["n"],
            message=wire["message"],
            state=wire["state"],
            at=maybe(timestamp, wire.get("at")),
            from_=wire.get("from"),
            cut=wire.get("cut"),
            run=wire.get("run"),
        )


class TaskOutput(Result):
    """The answer to `task.output`: a chunk."""

    data: str
    """Up to 256 KiB of the output, encoded as asked for; empty when there is nothing there yet."""
    offset: int
    """The byte it begins at: the one asked for, or a later one where what is between is not kept.
    """
    next_offset: int
    """The byte to go on at."""
    attempt: int
    """The attempt at the task that wrote it, from 1; 0 if there has been none. Each attempt's
    output begins at 0: a client that follows it goes back there when this has changed. `0` when
    absent.
    """
    ended: bool
    """True if no more will follow: the task has ended, and the chunk reaches the end of its output.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskOutput:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            data=wire["data"],
            offset=wire["offset"],
            next_offset=wire["nextOffset"],
            attempt=wire["attempt"],
            ended=wire["ended"],
        )


class TaskRefusedEvent(Result):
    """The payload of `task:refused`."""

    reason: str
    """The kind of the error by which it was refused: `chain_too_deep`."""
    prompt: str
    """The beginning of its prompt, up to 200 characters."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskRefusedEvent:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            reason=wire["reason"],
            prompt=wire["prompt"],
        )


class TaskReleased(Result):
    """The answer to `task.release`."""

    released: bool
    """False if nobody held it, and it was not to start later."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskReleased:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            released=wire["released"],
        )


class TaskRetried(Result):
    """A task of `task.retryMany`."""

    task_id: str
    """The new task's id."""
    retry_of: str
    """The earlier one's."""
    state: TaskState | str
    """`running` when a slot was free, else `queued`."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskRetried:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            task_id=wire["taskId"],
            retry_of=wire["retryOf"],
            state=wire["state"],
        )


class TaskSent(Result):
    """The answer to `task.send`."""

    n: int
    """The number of the message within the task, from 1."""
    state: TaskState | str
    """The state of the task."""
    delivery: Delivery | str
    """The way in which the message reaches its agent."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskSent:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            n=wire["n"],
            state=wire["state"],
            delivery=wire["delivery"],
        )


class TaskSentEvent(Result):
    """The payload of `task:sent`."""

    task_id: str
    """The task's id."""
    n: int
    """The number of the message within the task, from 1."""
    state: TaskState | str
    """The state of the task."""
    message: str
    """The first 1,000 bytes of the message."""
    delivery: Delivery | str
    """The way in which the message reaches its agent."""
    from_: str | None = None
    """The task whose agent has sent it; absent if a person or a script has."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskSentEvent:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            task_id=wire["taskId"],
            n=wire["n"],
            state=wire["state"],
            message=wire["message"],
            delivery=wire["delivery"],
            from_=wire.get("from"),
        )


class TaskStats(Result):
    """The answer to `task.stats`: how many tasks there are, in all and in each state, and what they
    used.
    """

    total: int
    """All that the store holds."""
    queued: int
    """Waiting for a slot."""
    running: int
    """With an active agent."""
    completed: int
    """Succeeded."""
    failed: int
    """Failed."""
    cancelled: int
    """Cancelled."""
    timeout: int
    """Ended at their time limit."""
    reasons: dict[str, int]
    """Number of ends by reason (a task's `reason`), since the reasons are kept; those of tasks that
    are gone count as well. `{}` when absent.
    """
    usage: UsageStats
    """Usage of their agents."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskStats:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            total=wire["total"],
            queued=wire["queued"],
            running=wire["running"],
            completed=wire["completed"],
            failed=wire["failed"],
            cancelled=wire["cancelled"],
            timeout=wire["timeout"],
            reasons=wire["reasons"],
            usage=UsageStats.from_wire(wire["usage"]),
        )


class TaskSubmitted(Result):
    """The answer to `task.submit`: the task is stored."""

    task_id: str
    """The new task's id."""
    state: TaskState | str
    """`running` when a slot was free, else `queued`; `cancelled` when a task of `after` has ended
    without completing.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskSubmitted:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            task_id=wire["taskId"],
            state=wire["state"],
        )


class TaskSummaries(Result):
    """The running and queued tasks."""

    running: list[RunningTaskSummary]
    """All that are running."""
    queued: list[QueuedTaskSummary]
    """The first 100 that are queued, in the order in which they will start."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskSummaries:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            running=[RunningTaskSummary.from_wire(item) for item in wire["running"]],
            queued=[QueuedTaskSummary.from_wire(item) for item in wire["queued"]],
        )


class TaskTaken(Result):
    """The answer to `task.take`."""

    state: TaskState | str
    """The state of the task. While it is `running`, its session is still its agent's: wait until it
    is `queued`.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskTaken:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            state=wire["state"],
        )


class TaskUsage(Result):
    """An agent's usage for a task, as its program reports it."""

    turns: int
    """Number of model turns that the agent took."""
    input_tokens: int
    """Tokens read, without those from the cache."""
    output_tokens: int
    """Tokens written."""
    cache_read_tokens: int
    """Tokens read from the cache."""
    cache_creation_tokens: int
    """Tokens put into the cache."""
    session_id: str | None
    """The agent's session, which `claude --resume` takes; null if the agent does not report it."""
    permission_denials: list[str]
    """The tools that the agent was not allowed to use, one entry for each refusal."""
    cost_usd: float | None = None
    """The cost as it counts towards the budgets, in US dollars: what the agent reported, or its
    tokens by the configured prices, or `budget.unknown_cost_usd` where a budget is set and
    neither is known. For a session that was resumed, what this task added. Absent if nothing is
    known of it.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskUsage:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            turns=wire["turns"],
            input_tokens=wire["inputTokens"],
            output_tokens=wire["outputTokens"],
            cache_read_tokens=wire["cacheReadTokens"],
            cache_creation_tokens=wire["cacheCreationTokens"],
            session_id=wire["sessionId"],
            permission_denials=wire["permissionDenials"],
            cost_usd=wire.get("costUsd"),
        )


class TaskWorkspace(Result):
    """The work tree of a task."""

    mode: WorkspaceMode | str
    """The mode: `worktree`."""
    back: WorkspaceBack | str
    """The way back of the changes."""
    base: str | None = None
    """The base that was asked for; absent for the default."""
    dir: str | None = None
    """The directory in which its agent works; absent before its first run, and in lists."""
    result: WorkspaceResult | None = None
    """What its latest run has left; absent for none, and in lists."""
    error: str | None = None
    """The reason for which not all of that could be kept; absent if it could."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TaskWorkspace:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            mode=wire["mode"],
            back=wire["back"],
            base=wire.get("base"),
            dir=wire.get("dir"),
            result=maybe(WorkspaceResult.from_wire, wire.get("result")),
            error=wire.get("error"),
        )


class TasksCancelled(Result):
    """The answer to `task.cancelMany`."""

    tasks: list[TaskCancelledOne]
    """The tasks that were selected, in the order of their numbers."""
    more: bool
    """True if there are more: ask again."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TasksCancelled:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            tasks=[TaskCancelledOne.from_wire(item) for item in wire["tasks"]],
            more=wire["more"],
        )


class TasksRetried(Result):
    """The answer to `task.retryMany`."""

    tasks: list[TaskRetried]
    """The new tasks, in the order in which they were submitted, those included that had been
    cancelled since they were to start after one that is retried.
    """
    more: bool
    """True if there are more: ask again."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TasksRetried:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            tasks=[TaskRetried.from_wire(item) for item in wire["tasks"]],
            more=wire["more"],
        )


class TelemetrySubsystem(Result):
    """What collects metrics and traces of the daemon."""

    textfile: bool
    """True if the metrics are written to `.aiwg/daemon/metrics.prom`."""
    address: str | None
    """Address at which `GET /metrics` is answered, as `127.0.0.1:9464`; null while it is not."""
    traces: TracesStatus | None = None
    """The traces; absent where none are sent."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TelemetrySubsystem:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            textfile=wire["textfile"],
            address=wire["address"],
            traces=maybe(TracesStatus.from_wire, wire.get("traces")),
        )


class TopicInfo(Result):
    """A topic that events may have: one that the configuration declares, or one of the daemon's
    own.
    """

    name: str
    """Its name; a glob where a name of the user's own is part of it, as in `schedule:*`."""
    description: str | None
    """The occasion on which it is emitted; null where nobody has said."""
    payload: Any
    """The schema of the payload: JSON Schema 2020-12, with references within itself only."""
    source: TopicSource | str
    """The definition's place."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TopicInfo:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            name=wire["name"],
            description=wire["description"],
            payload=wire["payload"],
            source=wire["source"],
        )


class TracesStatus(Result):
    """Traces, with their spans since the daemon's start."""

    otlp: str
    """Address of the collector."""
    sent: int
    """Number of spans that it has taken."""
    dropped: int
    """Number of spans that were dropped."""
    waiting: int
    """Number of spans that wait."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TracesStatus:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            otlp=wire["otlp"],
            sent=wire["sent"],
            dropped=wire["dropped"],
            waiting=wire["waiting"],
        )


class TrippedRule(Result):
    """A rule that has tripped: it is out of force until it is enabled again."""

    rule: str
    """Its id."""
    at: Timestamp
    """Time at which it tripped."""
    why: str
    """The reason, for people."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> TrippedRule:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            rule=wire["rule"],
            at=timestamp(wire["at"]),
            why=wire["why"],
        )


class UsageStats(Result):
    """Usage of agents, as far as they reported it. It outlives the tasks themselves."""

    total: UsageSum
    """Since the project's beginning."""
    by_rule: list[RuleUsage]
    """For each rule, the most expensive first."""
    by_day: list[DayUsage]
    """For each of the last 30 days on which there was something, the newest first."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> UsageStats:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            total=UsageSum.from_wire(wire["total"]),
            by_rule=[RuleUsage.from_wire(item) for item in wire["byRule"]],
            by_day=[DayUsage.from_wire(item) for item in wire["byDay"]],
        )


class UsageSum(Result):
    """Usage of the agents of many tasks together."""

    tasks: int
    """Number of tasks whose agents reported their usage."""
    cost_usd: float
    """In US dollars."""
    turns: int
    """Turns of the agents."""
    input_tokens: int
    """Tokens read, without those from the cache."""
    output_tokens: int
    """Tokens written."""
    cache_read_tokens: int
    """Tokens read from the cache."""
    cache_creation_tokens: int
    """Tokens put into the cache."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> UsageSum:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            tasks=wire["tasks"],
            cost_usd=wire["costUsd"],
            turns=wire["turns"],
            input_tokens=wire["inputTokens"],
            output_tokens=wire["outputTokens"],
            cache_read_tokens=wire["cacheReadTokens"],
            cache_creation_tokens=wire["cacheCreationTokens"],
        )


class Verify(Result):
    """A check by which a task counts as done: its agent works in rounds, in one session, until the
    check's command exits with 0.

    Absent members are taken from `defaults.verify` of the configuration, then from the defaults
    here.
    """

    enabled: bool | None = None
    """False for no check, whatever `defaults.verify` says. `true` when absent."""
    command: CheckCommand | None = None
    """The command of the check. It runs in the project as a run of its own."""
    max_rounds: int | None = None
    """Maximum number of rounds: in each, the agent works and the check runs. From 1 to 1000; `5`
    when absent.
    """
    timeout_minutes: float | None = None
    """The time limit of one run of the check, in minutes, at most a year. A check that takes longer
    is ended, and has failed. At most 525600, more than 0; `20` when absent.
    """
    before: bool | None = None
    """True if the check runs before the first round as well: where it succeeds, no agent is
    started. `false` when absent.
    """
    protect: list[str] | None = None
    """Files that the agent may not change, as globs on the path relative to the project:
    `tests/**`. A round that leaves one of them other than it was before the first round does not
    count as done. What git ignores is not protected, unless it is named without a wildcard.
    Length at most 100.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Verify:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            enabled=wire.get("enabled"),
            command=wire.get("command"),
            max_rounds=wire.get("max_rounds"),
            timeout_minutes=wire.get("timeout_minutes"),
            before=wire.get("before"),
            protect=wire.get("protect"),
        )

    def to_wire(self) -> dict[str, Any]:
        """Writes it as JSON. Members that are None and may be absent are left out."""
        wire: dict[str, Any] = {
        }
        if self.enabled is not None:
            wire["enabled"] = self.enabled
        if self.command is not None:
            wire["command"] = self.command
        if self.max_rounds is not None:
            wire["max_rounds"] = self.max_rounds
        if self.timeout_minutes is not None:
            wire["timeout_minutes"] = self.timeout_minutes
        if self.before is not None:
            wire["before"] = self.before
        if self.protect is not None:
            wire["protect"] = self.protect
        return wire


class WebhookStatus(Result):
    """A sender of webhooks, with what has come from it since the daemon's start."""

    path: str
    """The path of its requests."""
    kind: str
    """Its kind: `github`, `gitlab`, `slack`, `standard` or `json`."""
    topic: str
    """The template of its topics."""
    signed: bool
    """True if its requests must be signed."""
    accepted: int
    """Number of deliveries that were taken in, repeated ones included."""
    refused: int
    """Number of requests that were refused."""
    last_at: Timestamp | None
    """Time of the last delivery that was taken in; null before the first."""
    error: str | None = None
    """The reason for which nothing can be taken in from it, for people; absent if all is well."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> WebhookStatus:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            path=wire["path"],
            kind=wire["kind"],
            topic=wire["topic"],
            signed=wire["signed"],
            accepted=wire["accepted"],
            refused=wire["refused"],
            last_at=maybe(timestamp, wire["lastAt"]),
            error=wire.get("error"),
        )


class WebhooksSubsystem(Result):
    """The listener for webhooks."""

    address: str | None
    """Address at which they are listened to, as `127.0.0.1:8787`; null while they are not, which an
    issue explains.
    """
    sources: list[WebhookStatus]
    """The senders."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> WebhooksSubsystem:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            address=wire["address"],
            sources=[WebhookStatus.from_wire(item) for item in wire["sources"]],
        )


class Why(Result):
    """A chain of causes and effects, as a graph without circles."""

    asked: str
    """The id of the node that was asked about."""
    nodes: list[WhyNode]
    """The nodes. Each comes after those that it came of."""
    cut: bool
    """True if there is more: the answer has up to 10,000 nodes and 1 MiB. With `causes`, the part
    nearest to the one asked about is there.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Why:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            asked=wire["asked"],
            nodes=[WhyNode.from_wire(item) for item in wire["nodes"]],
            cut=wire["cut"],
        )


class WhyNode(Result):
    """A link of a chain of causes and effects."""

    id: str
    """The id, which no other node of the answer has: `event-17`, `task-0004`, `task-0004/run-1`."""
    kind: WhyKind | str
    """The kind."""
    causes: list[str]
    """The ids of the nodes that it came of, the main one first; empty where a chain begins, and
    where what came before is forgotten.
    """
    at: Timestamp | None
    """Time at which it came about; `null` if it is unknown."""
    text: str
    """The node in a few words, for people: of a task the beginning of its prompt, of a refusal its
    reason.
    """
    until: Timestamp | None = None
    """The end of a task or a run; the time up to which a task waits, if that is known; absent for
    others.
    """
    state: TaskState | str | None = None
    """The state of a task."""
    reason: str | None = None
    """The reason in a word: for which a task or a run ended, for which a rule refused (`off`,
    `all_off`, `tripped`, `too_deep`, `own_change`, `busy`, `rule_changed`, `rule_removed`),
    `waiting` of a rule whose matches have made no task yet, or for which a task waits: as the
    member `waiting` of a task has it, `slot`, or `task` where its agent waits for the end of
    another one.
    """
    error: str | None = None
    """The reason for which a task did not complete, for people: its beginning."""
    profile: str | None = None
    """The profile by which the agent of a run was started; `agent` stands for the section `agent`.
    """
    host: str | None = None
    """The name of the host of a run, where several share the project's store."""
    finished_by: str | None = None
    """The one who has finished a task by hand, and who had taken it over when, for people."""
    cost_usd: float | None = None
    """The cost of a task or a run, in US dollars."""
    rule: str | None = None
    """The rule's id."""
    revision: int | None = None
    """The number of the rule's revision, from 1: it counts up when a changed rule makes a task."""
    definition: Any = None
    """The rule as it was in this revision, without `env`: with the first node of each revision
    only.
    """
    origin: Origin | None = None
    """The client that it came from; of an approval, the one that has decided."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> WhyNode:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            id=wire["id"],
            kind=wire["kind"],
            causes=wire["causes"],
            at=maybe(timestamp, wire["at"]),
            text=wire["text"],
            until=maybe(timestamp, wire.get("until")),
            state=wire.get("state"),
            reason=wire.get("reason"),
            error=wire.get("error"),
            profile=wire.get("profile"),
            host=wire.get("host"),
            finished_by=wire.get("finishedBy"),
            cost_usd=wire.get("costUsd"),
            rule=wire.get("rule"),
            revision=wire.get("revision"),
            definition=wire.get("definition"),
            origin=maybe(Origin.from_wire, wire.get("origin")),
        )


class WorkspaceConflict(Result):
    """The reason for which a result could not be applied."""

    paths: list[str]
    """The files on account of which it could not, up to 100 of them."""
    why: str
    """The reason, for people."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> WorkspaceConflict:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            paths=wire["paths"],
            why=wire["why"],
        )


class WorkspaceList(Result):
    """The answer to `workspace.list`."""

    dir: str
    """The directory of the project's work trees, which need not be there."""
    trees: list[WorkspaceTree]
    """The work trees, by their numbers."""
    results: int
    """Number of results that are kept."""
    unusable: str | None = None
    """The reason for which the project can have no work trees; absent if it can."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> WorkspaceList:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            dir=wire["dir"],
            trees=[WorkspaceTree.from_wire(item) for item in wire["trees"]],
            results=wire["results"],
            unusable=wire.get("unusable"),
        )


class WorkspacePruned(Result):
    """The answer to `workspace.prune`."""

    removed: list[int]
    """The numbers of the work trees that were removed."""
    kept: list[int]
    """The numbers of those that a task still has."""
    failed: list[str]
    """The reasons for which others could not be removed."""
    forgotten: int
    """Number of results that were forgotten. `0` when absent."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> WorkspacePruned:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            removed=wire["removed"],
            kept=wire["kept"],
            failed=wire["failed"],
            forgotten=wire["forgotten"],
        )


class WorkspaceResult(Result):
    """What a run has left in a work tree, as a commit."""

    launch: int
    """The number of the run."""
    ref: str
    """Its name: `refs/aiwg/tasks/task-0001/1`."""
    commit: str
    """The commit."""
    base: str
    """The commit from which the task began."""
    files: int
    """Number of changed files."""
    insertions: int
    """Number of added lines."""
    deletions: int
    """Number of removed lines."""
    branch: str | None = None
    """The branch as which it has come back."""
    patch: str | None = None
    """Path of the patch as which it has come back."""
    applied: Timestamp | None = None
    """Time at which it was applied to the project's own files."""
    conflict: WorkspaceConflict | None = None
    """The reason for which it could not come back."""
    remote_ref: str | None = None
    """Its name on the repository's remote, from which all hosts that share the store can fetch it;
    absent where it is only on the host of its run.
    """
    unsent: str | None = None
    """The reason for which it is not on the remote, and only on the host of its run for now; absent
    if it is, or is not to be.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> WorkspaceResult:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            launch=wire["launch"],
            ref=wire["ref"],
            commit=wire["commit"],
            base=wire["base"],
            files=wire["files"],
            insertions=wire["insertions"],
            deletions=wire["deletions"],
            branch=wire.get("branch"),
            patch=wire.get("patch"),
            applied=maybe(timestamp, wire.get("applied")),
            conflict=maybe(WorkspaceConflict.from_wire, wire.get("conflict")),
            remote_ref=wire.get("remoteRef"),
            unsent=wire.get("unsent"),
        )


class WorkspaceTerms(Result):
    """A workspace. Absent members are those of the configuration."""

    mode: WorkspaceMode | None = None
    """The mode. Default: `worktree`."""
    base: str | None = None
    """The files with which the agent begins: `snapshot` (as they are then), `head` (the last
    commit), or a branch, a tag or a hash. Default: what the tasks of `after` have made, or else
    `snapshot`. Length at most 200, matches `^[^-\\x00][^\\x00]*$`.
    """
    back: WorkspaceBack | None = None
    """The way back of the changes, once the task has completed. Default: `branch`."""

    def to_wire(self) -> dict[str, Any]:
        """Writes it as JSON. Members that are None and may be absent are left out."""
        wire: dict[str, Any] = {
        }
        if self.mode is not None:
            wire["mode"] = self.mode
        if self.base is not None:
            wire["base"] = self.base
        if self.back is not None:
            wire["back"] = self.back
        return wire


class WorkspaceTree(Result):
    """A work tree, which tasks have one after the other."""

    number: int
    """Its number."""
    dir: str
    """Its directory."""
    is_running: bool
    """True if a run of that task is under way."""
    task_id: str | None = None
    """The task that has it, or had it last; absent if that is not known."""
    broken: str | None = None
    """The reason for which nobody can work there; absent if that is possible."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> WorkspaceTree:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            number=wire["number"],
            dir=wire["dir"],
            is_running=wire["isRunning"],
            task_id=wire.get("taskId"),
            broken=wire.get("broken"),
        )


ApprovalTerms = Union[bool, ApprovalLimits]
"""The wish that a person approves a task before it starts: `true`, or what becomes of it if nobody
decides in time.
"""

CheckCommand = Union[str, list[str]]
"""The command of a check."""

Condition = Union[AlwaysCondition, DebounceCondition, UnknownVariant]
"""The condition under which a rule proceeds."""


def _read_condition(wire: Mapping[str, Any]) -> Condition:
    tag = wire["type"]
    if tag == "always":
        return AlwaysCondition.from_wire(wire)
    if tag == "debounce":
        return DebounceCondition.from_wire(wire)
    return UnknownVariant(tag, wire)

Trigger = Union[FileChangeTrigger, ScheduleTrigger, EventTrigger, UnknownVariant]
"""The occasion that a rule waits for."""


def _read_trigger(wire: Mapping[str, Any]) -> Trigger:
    tag = wire["type"]
    if tag == "file_change":
        return FileChangeTrigger.from_wire(wire)
    if tag == "schedule":
        return ScheduleTrigger.from_wire(wire)
    if tag == "event":
        return EventTrigger.from_wire(wire)
    return UnknownVariant(tag, wire)

Workspace = Union[WorkspaceMode, WorkspaceTerms]
"""The workspace of a task."""
