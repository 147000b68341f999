# Generated from the topics of .aiwg/daemon.json by `aiwg generate python`. Do not edit.
"""The topics of the project, typed: their payloads, and the clients of the daemon by topic.

from aiwg_events import DaemonClient
"""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Optional, TYPE_CHECKING, TypedDict, Union

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Callable, Generic, TypeVar, overload

    from aiwg import daemon as _daemon
    from aiwg.daemon.types import Event, EventEmitted
    from typing_extensions import TypeAlias
else:
    from aiwg.daemon import DaemonClient


class _AccountEvent(TypedDict):
    account: str
    """The account's id."""
    program: str
    """The program: `claude`."""
    state: Union[AccountState, str]
    """The state that began: `limited`, `reserved`, `auth` or `billing`; `ready` when it is resumed.
    """


class AccountEvent(_AccountEvent, total=False):
    """The payload of `agent:limited` and `agent:resumed`."""

    window: str
    """The window that is used up; absent if the agent did not say."""
    until: Timestamp
    """Time at which one task tries again; absent if a person must act."""


class _ApprovalEvent(TypedDict):
    approvalId: str
    """The approval's id."""
    taskId: str
    """The task that waits for it."""
    kind: Union[ApprovalKind, str]
    """The kind."""
    summary: str
    """The matter to be decided, in one line."""


class ApprovalEvent(_ApprovalEvent, total=False):
    """The payload of the events of approvals."""

    expiresAt: Timestamp
    """Time until which it can be decided; absent for no limit."""
    by: str
    """With `approval:approved` and `approval:rejected`: the user who has decided; absent if that is
    not known.
    """
    via: Union[ApprovalVia, str]
    """With `approval:approved` and `approval:rejected`: the way by which the decision came."""
    reason: str
    """With `approval:approved` and `approval:rejected`: the person's reason; absent for none."""
    countsAs: Union[OnTimeout, str]
    """With `approval:timeout`: what it counts as."""


class _AutomationEvent(TypedDict):
    rule: Optional[str]
    """The rule's id; null for all of automation."""


class AutomationEvent(_AutomationEvent, total=False):
    """The payload of the events of automation itself."""

    firings: int
    """With `automation:tripped`: how often it had fired."""
    minutes: int
    """With `automation:tripped`: within how many minutes."""
    failures: int
    """With `automation:tripped`: the number of its tasks in a row that ended for the same failure,
    if that is why.
    """
    reason: str
    """With `failures`: the reason."""
    event: int
    """With `automation:tripped`: the number of the event that would have made it fire once more."""


class _BudgetEvent(TypedDict):
    span: Union[BudgetSpan, str]
    """The time that the bound is for."""
    period: str
    """The day or the month: `2026-11-23`, `2026-11`."""
    limitUsd: float
    """The most that may be spent, in US dollars."""
    spentUsd: float
    """Spent so far, in US dollars."""
    reservedUsd: float
    """Set aside for running tasks, in US dollars."""
    leftUsd: float
    """Left besides both, in US dollars."""
    endsAt: Timestamp
    """Time at which the day or the month ends, and the bound begins anew."""


class BudgetEvent(_BudgetEvent, total=False):
    """The payload of the events about a budget."""

    rule: str
    """The rule whose tasks it bounds; absent for all tasks."""


class _CheckResult(TypedDict):
    exit: Optional[int]
    """Its exit code, 0 for success; null if a signal ended it, as when its time was up."""


class CheckResult(_CheckResult, total=False):
    """The result of a check."""

    ended: str
    """The reason for which the daemon ended it: its time was up, or it wrote too much. Absent if it
    did not.
    """
    tail: str
    """The last 8 KiB of what it wrote; absent in lists and in events."""


class ConfigProblem(TypedDict):
    """Something that is wrong in a configuration file."""

    file: str
    """The file."""
    line: Optional[int]
    """The line, from 1; null where the file could not be read."""
    column: Optional[int]
    """The column, from 1; null where the file could not be read."""
    message: str
    """The error and its remedy, for people."""


class DaemonReloaded(TypedDict):
    """The answer to `daemon.reload`."""

    reloaded: bool
    """True if the file's configuration is in force now. If false, the one before stays in force as
    a whole.
    """
    errors: List[ConfigProblem]
    """The errors of the file. Empty if it was taken."""
    notices: List[str]
    """Settings of the file that have no effect, for people."""
    changes: List[str]
    """The differences to the configuration that was in force before, a line each: those that only a
    person may put in force first, up to 1,000, and the number of any more. In the event, their
    places without the values. `[]` when absent.
    """


_FileEvent = TypedDict(
    "_FileEvent",
    {
        # The file. What is not UTF-8 in its name is replaced by U+FFFD.
        "path": "str",
    },
)


_FileEventOptional = TypedDict(
    "_FileEventOptional",
    {
        # With `file:renamed`: what it was called.
        "from": "str",
        # The size of the file before, in bytes; absent if it was not there or is not known.
        "sizeBefore": "int",
        # The size of the file now, in bytes; absent if it is gone or is not known.
        "size": "int",
        # The bytes of `path` in base64, where they are not UTF-8.
        "pathBase64": "str",
        # The bytes of `from` in base64, where they are not UTF-8.
        "fromBase64": "str",
    },
    total=False,
)


class FileEvent(_FileEvent, _FileEventOptional):
    """The payload of `file:created`, `file:modified`, `file:deleted` and `file:renamed`. Paths are
    relative to the project.
    """


class HealthCheck(TypedDict):
    """The findings of the built-in action `health-check`. It is also the payload of the events
    `health:ok` and `health:degraded`.
    """

    at: Timestamp
    """Time of the check."""
    health: Union[Health, str]
    """`healthy` if every check is."""
    checks: List[HealthCheckItem]
    """Each check."""


class HealthCheckItem(TypedDict):
    """One of the checks."""

    name: str
    """A stable name: `store`, `disk`, `socket`, `files`, `agent`, `queue`, `rules`, `expect`."""
    ok: bool
    """True if it is well."""
    message: str
    """The finding and, if it is not well, the remedy."""


class QueueEvent(TypedDict):
    """The payload of `daemon:paused` and `daemon:resumed`."""

    running: int
    """Number of tasks that run."""
    draining: bool
    """True if the daemon ends once no task runs any more."""


class ReportEvent(TypedDict):
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
    reasons: Dict[str, int]
    """Number of those that have ended, by reason."""
    costUsd: float
    """Cost of those that have ended, as far as their agents reported it, in US dollars."""
    failures: List[ReportedTask]
    """Those that have failed, 10 at the most: those that ended last first."""
    waits: List[ReportedTask]
    """Those that wait for more than a slot, 10 at the most: those that wait for a person first."""
    tripped: List[TrippedRule]
    """The rules that have tripped, 10 at the most, whenever that was."""
    isCut: bool
    """True if more have ended, or wait, than are counted: 1,000 of each."""


class _ReportedTask(TypedDict):
    id: str
    """Its id."""
    prompt: str
    """The beginning of its prompt, 200 characters at the most."""
    rule: Optional[str]
    """The rule that made it; null where someone submitted it."""
    state: Union[TaskState, str]
    """The state."""
    startedAt: Optional[Timestamp]
    """Time at which its agent was started last."""
    completedAt: Optional[Timestamp]
    """Time of its end."""


class ReportedTask(_ReportedTask, total=False):
    """A task in a report."""

    reason: str
    """The reason for its end, as one word; absent before its end."""
    error: str
    """The reason for which it did not complete, for people: the first 500 characters."""
    verified: bool
    """True if its check has said that it is done; absent where it has none, or has not completed.
    """
    costUsd: float
    """Cost of its agent, in US dollars; absent if the agent did not report it."""
    waiting: Union[Waiting, str]
    """The reason for which it waits; absent if only a slot is missing."""
    waitingUntil: Timestamp
    """Time at which that ends by itself; absent if it does not, or if the time is not known."""


class _Round(TypedDict):
    n: int
    """Its number, from 1. 0 is the check before the first round."""
    run: int
    """The number of the run of its agent; for round 0 that of the check."""
    at: Timestamp
    """Time of the end of its last run."""


class Round(_Round, total=False):
    """One round of a task with a check: its agent worked, then the check ran."""

    exit: int
    """Exit code of the agent; absent if it did not exit by itself, and for round 0."""
    verify: CheckResult
    """The result of the check; absent while the round is under way."""
    costUsd: float
    """Cost of its agent, in US dollars, over all its runs in this round, as it counts towards the
    budgets; absent if it is not known.
    """
    turns: int
    """Number of turns of its agent, over all its runs in this round; absent if the agent does not
    report it.
    """
    files: int
    """Number of files that were changed while its agent worked, ignored ones left out; absent where
    that is not known, as after an interruption by a limit.
    """
    protected: List[str]
    """The first of the protected files that were not as on record, when its agent had ended or its
    check had succeeded.
    """


class _RoundEvent(TypedDict):
    taskId: str
    """The task's id."""
    agent: Optional[str]
    """Its agent; the default one when null."""
    verified: bool
    """True if the check has succeeded, and the task is done."""
    maxRounds: int
    """Maximum number of rounds."""
    round: Round
    """The round that is over, without the check's output."""


class RoundEvent(_RoundEvent, total=False):
    """The payload of `task:round` and `task:verified`."""

    rule: str
    """The rule that made it, or made the task whose agent submitted it; absent when there was none.
    """


class ScheduleEvent(TypedDict):
    """The payload of a schedule's event."""

    job: str
    """The job's name, or the id of the rule."""
    at: Timestamp
    """The time for which it fires: its own, or with `schedule.run` the moment of the call."""
    caughtUp: bool
    """True if that time was missed, and `catch_up` makes up for it."""
    manual: bool
    """True if somebody ran it by hand."""


class _TaskAppliedEvent(TypedDict):
    taskId: str
    """The task's id."""
    launch: int
    """The number of the run."""
    commit: str
    """The commit that was applied."""
    paths: List[str]
    """The changed files, up to 100 of them."""


class TaskAppliedEvent(_TaskAppliedEvent, total=False):
    """The payload of `task:applied`."""

    rule: str
    """The rule that made the task, or made the task whose agent submitted it; absent when there was
    none.
    """


class _TaskConflictEvent(TypedDict):
    taskId: str
    """The task's id."""
    launch: int
    """The number of the run."""
    commit: str
    """The commit that could not be applied."""
    paths: List[str]
    """The files on account of which it could not, up to 100 of them."""
    why: str
    """The reason, for people."""


class TaskConflictEvent(_TaskConflictEvent, total=False):
    """The payload of `task:conflict`."""

    rule: str
    """The rule that made the task, or made the task whose agent submitted it; absent when there was
    none.
    """


class TaskDeliveredEvent(TypedDict):
    """The payload of `task:delivered`."""

    taskId: str
    """The task's id."""
    n: int
    """The number of the message within the task, from 1."""
    run: int
    """The number of the run that has got it."""


class _TaskEvent(TypedDict):
    taskId: str
    """The task's id."""
    state: Union[TaskState, str]
    """The state of the task now."""
    agent: Optional[str]
    """Its agent; the default one when null."""
    priority: int
    """Its priority."""
    attempt: int
    """Number of attempts that count, for each of which an agent was started."""


class TaskEvent(_TaskEvent, total=False):
    """The payload of every event of a task."""

    rule: str
    """The rule that made it, or made the task whose agent submitted it; absent when there was none.
    """
    host: str
    """The name of the host that it runs on, or ran on when it ended, where several share the
    project's store; absent otherwise.
    """
    durationMs: int
    """Time from its start to its end, in milliseconds; absent before its end."""
    exitCode: int
    """Exit code of the agent's process; absent if it did not exit by itself."""
    signal: int
    """The signal that ended the agent's process; absent when none did."""
    error: str
    """Reason for which it did not complete: the last 2,000 bytes of that."""
    reason: str
    """The reason for its end, as one word: see `reason` of a task; absent before its end."""
    processesEnded: int
    """Number of processes that its agent left, or that were to end with it, and have been ended;
    absent before its end.
    """
    processesLeft: int
    """Number of processes that could not be ended; absent before its end."""
    costUsd: float
    """Its cost, in US dollars; absent if the agent does not report it."""
    silentMs: int
    """With `task:stalled`: for how many milliseconds it has written nothing."""


class TaskRefusedEvent(TypedDict):
    """The payload of `task:refused`."""

    reason: str
    """The kind of the error by which it was refused: `chain_too_deep`."""
    prompt: str
    """The beginning of its prompt, up to 200 characters."""


_TaskSentEvent = TypedDict(
    "_TaskSentEvent",
    {
        # The task's id.
        "taskId": "str",
        # The number of the message within the task, from 1.
        "n": "int",
        # The state of the task.
        "state": "TaskState",
        # The first 1,000 bytes of the message.
        "message": "str",
        # The way in which the message reaches its agent.
        "delivery": "Delivery",
    },
)


_TaskSentEventOptional = TypedDict(
    "_TaskSentEventOptional",
    {
        # The task whose agent has sent it; absent if a person or a script has.
        "from": "str",
    },
    total=False,
)


class TaskSentEvent(_TaskSentEvent, _TaskSentEventOptional):
    """The payload of `task:sent`."""


class TrippedRule(TypedDict):
    """A rule that has tripped: it is out of force until it is enabled again."""

    rule: str
    """Its id."""
    at: Timestamp
    """Time at which it tripped."""
    why: str
    """The reason, for people."""

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

Health = Literal["healthy", "degraded"]
"""The health of the daemon.

- ``healthy``: The daemon is well.
- ``degraded``: Something needs a person; `issues` says what.
"""

OnTimeout = Literal["reject", "approve"]
"""The decision that counts for a request to a person if nobody makes one in time.

- ``reject``: It counts as rejected: the task is cancelled.
- ``approve``: It counts as approved: the task starts.
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

Timestamp: TypeAlias = str
"""A moment: RFC 3339 in UTC with milliseconds."""

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


class _DeploymentComplete(TypedDict):
    version: str
    """The version that is live. Not empty."""


class DeploymentComplete(_DeploymentComplete, total=False):
    """A deployment went live."""

    environment: DeploymentCompleteEnvironment
    hosts: List[DeploymentCompleteHost]
    took: Optional[float]
    """In seconds; null where nobody has looked."""


class _DeploymentCompleteHost(TypedDict):
    name: str


class DeploymentCompleteHost(_DeploymentCompleteHost, total=False):
    port: int

AnythingGoes: TypeAlias = Any

BuildStarted: TypeAlias = None

DeploymentCompleteEnvironment = Literal["staging", "production"]


if TYPE_CHECKING:
    _Payload = TypeVar("_Payload")

    class TopicEvent(Event, Generic[_Payload]):
        """An event of a topic whose payload is known."""

        payload: _Payload

    class TopicSubscription(_daemon.Subscription, Generic[_Payload]):
        """The events of a subscription to a topic whose payload is known."""

        def __iter__(self) -> TopicSubscription[_Payload]: ...
        def __next__(self) -> TopicEvent[_Payload]: ...
        def __enter__(self) -> TopicSubscription[_Payload]: ...
        def wait_for(
            self,
            where: Optional[Callable[[Any], object]] = None,
            *,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[_Payload]: ...

    class AsyncTopicSubscription(_daemon.AsyncSubscription, Generic[_Payload]):
        """The events of a subscription to a topic whose payload is known."""

        def __aiter__(self) -> AsyncTopicSubscription[_Payload]: ...
        async def __anext__(self) -> TopicEvent[_Payload]: ...
        async def __aenter__(self) -> AsyncTopicSubscription[_Payload]: ...
        async def wait_for(
            self,
            where: Optional[Callable[[Any], object]] = None,
            *,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[_Payload]: ...

    class DaemonClient(_daemon.DaemonClient):
        """A client of the daemon, which knows the topics of the project."""

        @overload  # type: ignore[override]
        def emit(
            self,
            topic: Literal["anything:goes"],
            payload: AnythingGoes = None,
            *,
            idempotency_key: Optional[str] = None,
            offline: Optional[bool] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
            retry: Optional[bool] = None,
        ) -> EventEmitted: ...
        @overload
        def emit(
            self,
            topic: Literal["build:started"],
            payload: BuildStarted = None,
            *,
            idempotency_key: Optional[str] = None,
            offline: Optional[bool] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
            retry: Optional[bool] = None,
        ) -> EventEmitted: ...
        @overload
        def emit(
            self,
            topic: Literal["deployment:complete"],
            payload: DeploymentComplete,
            *,
            idempotency_key: Optional[str] = None,
            offline: Optional[bool] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
            retry: Optional[bool] = None,
        ) -> EventEmitted: ...
        def emit(
            self,
            topic: str,
            payload: Any = None,
            *,
            idempotency_key: Optional[str] = None,
            offline: Optional[bool] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
            retry: Optional[bool] = None,
        ) -> EventEmitted: ...
        @overload
        def subscribe(
            self,
            topics: Literal["anything:goes"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[AnythingGoes]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["build:started"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[BuildStarted]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["deployment:complete"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[DeploymentComplete]: ...
        @overload
        def subscribe(
            self,
            topics: Literal[
                "task:queued",
                "task:started",
                "task:stalled",
                "task:completed",
                "task:failed",
                "task:cancelled",
                "task:timeout",
                "task:edited",
                "task:held",
                "task:released",
                "task:taken",
                "task:given",
            ],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[TaskEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["task:round", "task:verified"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[RoundEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["task:refused"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[TaskRefusedEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["task:applied"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[TaskAppliedEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["task:conflict"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[TaskConflictEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["agent:limited", "agent:resumed"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[AccountEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["file:created", "file:modified", "file:deleted", "file:renamed"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[FileEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal[
                "approval:requested",
                "approval:approved",
                "approval:rejected",
                "approval:timeout",
                "approval:withdrawn",
            ],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[ApprovalEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["health:ok", "health:degraded"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[HealthCheck]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["task:sent"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[TaskSentEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["task:delivered"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[TaskDeliveredEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["automation:enabled", "automation:disabled", "automation:tripped"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[AutomationEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["budget:warning", "budget:exhausted"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[BudgetEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["daemon:reloaded"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[DaemonReloaded]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["daemon:paused", "daemon:resumed"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[QueueEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["daemon:report"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[ReportEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Union[str, Sequence[str], None] = None,
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> _daemon.Subscription: ...
        def subscribe(
            self,
            topics: Union[str, Sequence[str], None] = None,
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> _daemon.Subscription: ...
        @overload
        def wait_for(
            self,
            topics: Literal["anything:goes"],
            *,
            where: Optional[Callable[[TopicEvent[AnythingGoes]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[AnythingGoes]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["build:started"],
            *,
            where: Optional[Callable[[TopicEvent[BuildStarted]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[BuildStarted]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["deployment:complete"],
            *,
            where: Optional[Callable[[TopicEvent[DeploymentComplete]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[DeploymentComplete]: ...
        @overload
        def wait_for(
            self,
            topics: Literal[
                "task:queued",
                "task:started",
                "task:stalled",
                "task:completed",
                "task:failed",
                "task:cancelled",
                "task:timeout",
                "task:edited",
                "task:held",
                "task:released",
                "task:taken",
                "task:given",
            ],
            *,
            where: Optional[Callable[[TopicEvent[TaskEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TaskEvent]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["task:round", "task:verified"],
            *,
            where: Optional[Callable[[TopicEvent[RoundEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[RoundEvent]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["task:refused"],
            *,
            where: Optional[Callable[[TopicEvent[TaskRefusedEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TaskRefusedEvent]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["task:applied"],
            *,
            where: Optional[Callable[[TopicEvent[TaskAppliedEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TaskAppliedEvent]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["task:conflict"],
            *,
            where: Optional[Callable[[TopicEvent[TaskConflictEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TaskConflictEvent]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["agent:limited", "agent:resumed"],
            *,
            where: Optional[Callable[[TopicEvent[AccountEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[AccountEvent]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["file:created", "file:modified", "file:deleted", "file:renamed"],
            *,
            where: Optional[Callable[[TopicEvent[FileEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[FileEvent]: ...
        @overload
        def wait_for(
            self,
            topics: Literal[
                "approval:requested",
                "approval:approved",
                "approval:rejected",
                "approval:timeout",
                "approval:withdrawn",
            ],
            *,
            where: Optional[Callable[[TopicEvent[ApprovalEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[ApprovalEvent]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["health:ok", "health:degraded"],
            *,
            where: Optional[Callable[[TopicEvent[HealthCheck]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[HealthCheck]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["task:sent"],
            *,
            where: Optional[Callable[[TopicEvent[TaskSentEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TaskSentEvent]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["task:delivered"],
            *,
            where: Optional[Callable[[TopicEvent[TaskDeliveredEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TaskDeliveredEvent]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["automation:enabled", "automation:disabled", "automation:tripped"],
            *,
            where: Optional[Callable[[TopicEvent[AutomationEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[AutomationEvent]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["budget:warning", "budget:exhausted"],
            *,
            where: Optional[Callable[[TopicEvent[BudgetEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[BudgetEvent]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["daemon:reloaded"],
            *,
            where: Optional[Callable[[TopicEvent[DaemonReloaded]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[DaemonReloaded]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["daemon:paused", "daemon:resumed"],
            *,
            where: Optional[Callable[[TopicEvent[QueueEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[QueueEvent]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["daemon:report"],
            *,
            where: Optional[Callable[[TopicEvent[ReportEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[ReportEvent]: ...
        @overload
        def wait_for(
            self,
            topics: Union[str, Sequence[str], None] = None,
            *,
            where: Optional[Callable[[Event], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> Event: ...
        def wait_for(
            self,
            topics: Union[str, Sequence[str], None] = None,
            *,
            where: Optional[Callable[[Any], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> Event: ...

    class AsyncDaemonClient(_daemon.AsyncDaemonClient):
        """A client of the daemon, which knows the topics of the project."""

        @overload  # type: ignore[override]
        async def emit(
            self,
            topic: Literal["anything:goes"],
            payload: AnythingGoes = None,
            *,
            idempotency_key: Optional[str] = None,
            offline: Optional[bool] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
            retry: Optional[bool] = None,
        ) -> EventEmitted: ...
        @overload
        async def emit(
            self,
            topic: Literal["build:started"],
            payload: BuildStarted = None,
            *,
            idempotency_key: Optional[str] = None,
            offline: Optional[bool] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
            retry: Optional[bool] = None,
        ) -> EventEmitted: ...
        @overload
        async def emit(
            self,
            topic: Literal["deployment:complete"],
            payload: DeploymentComplete,
            *,
            idempotency_key: Optional[str] = None,
            offline: Optional[bool] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
            retry: Optional[bool] = None,
        ) -> EventEmitted: ...
        async def emit(
            self,
            topic: str,
            payload: Any = None,
            *,
            idempotency_key: Optional[str] = None,
            offline: Optional[bool] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
            retry: Optional[bool] = None,
        ) -> EventEmitted: ...
        @overload
        def subscribe(
            self,
            topics: Literal["anything:goes"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[AnythingGoes]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["build:started"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[BuildStarted]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["deployment:complete"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[DeploymentComplete]: ...
        @overload
        def subscribe(
            self,
            topics: Literal[
                "task:queued",
                "task:started",
                "task:stalled",
                "task:completed",
                "task:failed",
                "task:cancelled",
                "task:timeout",
                "task:edited",
                "task:held",
                "task:released",
                "task:taken",
                "task:given",
            ],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[TaskEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["task:round", "task:verified"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[RoundEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["task:refused"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[TaskRefusedEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["task:applied"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[TaskAppliedEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["task:conflict"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[TaskConflictEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["agent:limited", "agent:resumed"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[AccountEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["file:created", "file:modified", "file:deleted", "file:renamed"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[FileEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal[
                "approval:requested",
                "approval:approved",
                "approval:rejected",
                "approval:timeout",
                "approval:withdrawn",
            ],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[ApprovalEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["health:ok", "health:degraded"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[HealthCheck]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["task:sent"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[TaskSentEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["task:delivered"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[TaskDeliveredEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["automation:enabled", "automation:disabled", "automation:tripped"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[AutomationEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["budget:warning", "budget:exhausted"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[BudgetEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["daemon:reloaded"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[DaemonReloaded]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["daemon:paused", "daemon:resumed"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[QueueEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["daemon:report"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[ReportEvent]: ...
        @overload
        def subscribe(
            self,
            topics: Union[str, Sequence[str], None] = None,
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> _daemon.AsyncSubscription: ...
        def subscribe(
            self,
            topics: Union[str, Sequence[str], None] = None,
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> _daemon.AsyncSubscription: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["anything:goes"],
            *,
            where: Optional[Callable[[TopicEvent[AnythingGoes]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[AnythingGoes]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["build:started"],
            *,
            where: Optional[Callable[[TopicEvent[BuildStarted]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[BuildStarted]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["deployment:complete"],
            *,
            where: Optional[Callable[[TopicEvent[DeploymentComplete]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[DeploymentComplete]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal[
                "task:queued",
                "task:started",
                "task:stalled",
                "task:completed",
                "task:failed",
                "task:cancelled",
                "task:timeout",
                "task:edited",
                "task:held",
                "task:released",
                "task:taken",
                "task:given",
            ],
            *,
            where: Optional[Callable[[TopicEvent[TaskEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TaskEvent]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["task:round", "task:verified"],
            *,
            where: Optional[Callable[[TopicEvent[RoundEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[RoundEvent]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["task:refused"],
            *,
            where: Optional[Callable[[TopicEvent[TaskRefusedEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TaskRefusedEvent]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["task:applied"],
            *,
            where: Optional[Callable[[TopicEvent[TaskAppliedEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TaskAppliedEvent]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["task:conflict"],
            *,
            where: Optional[Callable[[TopicEvent[TaskConflictEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TaskConflictEvent]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["agent:limited", "agent:resumed"],
            *,
            where: Optional[Callable[[TopicEvent[AccountEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[AccountEvent]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["file:created", "file:modified", "file:deleted", "file:renamed"],
            *,
            where: Optional[Callable[[TopicEvent[FileEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[FileEvent]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal[
                "approval:requested",
                "approval:approved",
                "approval:rejected",
                "approval:timeout",
                "approval:withdrawn",
            ],
            *,
            where: Optional[Callable[[TopicEvent[ApprovalEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[ApprovalEvent]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["health:ok", "health:degraded"],
            *,
            where: Optional[Callable[[TopicEvent[HealthCheck]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[HealthCheck]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["task:sent"],
            *,
            where: Optional[Callable[[TopicEvent[TaskSentEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TaskSentEvent]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["task:delivered"],
            *,
            where: Optional[Callable[[TopicEvent[TaskDeliveredEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TaskDeliveredEvent]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["automation:enabled", "automation:disabled", "automation:tripped"],
            *,
            where: Optional[Callable[[TopicEvent[AutomationEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[AutomationEvent]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["budget:warning", "budget:exhausted"],
            *,
            where: Optional[Callable[[TopicEvent[BudgetEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[BudgetEvent]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["daemon:reloaded"],
            *,
            where: Optional[Callable[[TopicEvent[DaemonReloaded]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[DaemonReloaded]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["daemon:paused", "daemon:resumed"],
            *,
            where: Optional[Callable[[TopicEvent[QueueEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[QueueEvent]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["daemon:report"],
            *,
            where: Optional[Callable[[TopicEvent[ReportEvent]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[ReportEvent]: ...
        @overload
        async def wait_for(
            self,
            topics: Union[str, Sequence[str], None] = None,
            *,
            where: Optional[Callable[[Event], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> Event: ...
        async def wait_for(
            self,
            topics: Union[str, Sequence[str], None] = None,
            *,
            where: Optional[Callable[[Any], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> Event: ...

else:

    class _Generic:
        def __class_getitem__(cls, _):
            return cls

    class TopicEvent(_Generic):
        """The type of an event of a topic whose payload is known."""

    class TopicSubscription(_Generic):
        """The type of a subscription to a topic whose payload is known."""

    class AsyncTopicSubscription(_Generic):
        """The type of a subscription to a topic whose payload is known, for asyncio."""

    def __getattr__(name):
        # asyncio is slow to import, and a program that blocks has no use for it.
        if name != "AsyncDaemonClient":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from aiwg.daemon import AsyncDaemonClient

        return AsyncDaemonClient
