# Generated from the topics of .aiwg/daemon.json by `aiwg generate python`. Do not edit.
"""The topics of the project, typed: their payloads, and the clients of the daemon by topic.

from aiwg_events import DaemonClient
"""

from __future__ import annotations

from typing import (
    Any,
    Dict,
    List,
    Literal,
    NewType,
    NoReturn,
    Optional,
    TYPE_CHECKING,
    TypedDict,
    Union,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Callable, Generic, TypeVar, overload

    from aiwg import daemon as _daemon
    from aiwg.daemon.types import Event, EventEmitted
    from typing_extensions import TypeAlias
else:
    from aiwg.daemon import DaemonClient

AnyTopic = NewType("AnyTopic", str)
"""A topic that the project does not declare: ``client.emit(AnyTopic("other:topic"), {})``."""


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


_ProtoOptional = TypedDict(
    "_ProtoOptional",
    {
        "__proto__": "str",
        "constructor": "str",
        "__x": "int",
    },
    total=False,
)


class Proto(_ProtoOptional):
    pass


class Circles(TypedDict, total=False):
    a: CirclesA
    c: CirclesC
    u: CirclesU
    root: Circles
    path: CirclesPropertiesNamedPropertiesDeep
    named: CirclesNamed
    escaped: CirclesWith1slashAnd
    none: Any
    """The schema demands more than the type says: `$ref`."""
    remote: Any
    """The schema demands more than the type says: `$ref`."""


class CirclesNamedDeep(TypedDict, total=False):
    x: int


class CirclesNamed(TypedDict, total=False):
    deep: CirclesNamedDeep


class CirclesPropertiesNamedPropertiesDeep(TypedDict, total=False):
    x: int


class Endless(TypedDict, total=False):
    n: EndlessN
    m: EndlessNM
    o: EndlessNMMO
    s: EndlessS


class EndlessNMMO(TypedDict, total=False):
    n: EndlessN
    m: EndlessNM
    o: EndlessNMMO


class _EndlessNMM(TypedDict):
    q: Any


class EndlessNMM(_EndlessNMM, total=False):
    n: EndlessN
    m: EndlessNMM
    o: EndlessNMMO


class EndlessNM(TypedDict, total=False):
    n: EndlessN
    m: EndlessNMM
    o: EndlessNMMO


class _EndlessN(TypedDict):
    n: EndlessN


class EndlessN(_EndlessN, total=False):
    m: EndlessNM
    o: EndlessNMMO


class EventPayload(TypedDict, total=False):
    option: str


_From = TypedDict(
    "_From",
    {
        "from": "str",
    },
)


class From(_From):
    """Ends with a "quote\""""


class TopicEventPayloadItem(TypedDict, total=False):
    a: str


class _TreeNode(TypedDict):
    value: str


class TreeNode(_TreeNode, total=False):
    left: TreeNode
    right: Optional[TreeNode]
    children: List[TreeNode]
    byName: Dict[str, TreeNode]
    pair: List[Union[TreeNode, str]]
    """Length at least 2."""


class Tuples(TypedDict, total=False):
    exact: List[Union[float, str]]
    """Length at least 2."""
    short: List[Union[float, Optional[str]]]
    long: List[Union[float, str]]
    """Not empty."""
    one: List[float]
    """Length from 1 to 1."""
    same: List[float]
    nullable: List[Optional[str]]


class Type(TypedDict):
    pass


class UnionMixed(TypedDict, total=False):
    a: UnionMixedA
    b: UnionMixedB
    c: Optional[UnionMixedC]
    d: UnionMixedD
    e: Optional[UnionMixedE]
    f: UnionMixedF
    g: UnionMixedG
    j: str
    k: UnionMixedK
    l: UnionMixedL


class UnionMixedE(TypedDict, total=False):
    x: str


class UnionSharedVariant1(TypedDict):
    text: str
    id: int


class UnionSharedVariant2(TypedDict):
    number: float
    id: int


class UnionTaggedCircle(TypedDict):
    kind: UnionTaggedCircleKind
    radius: float


class UnionTaggedSquare(TypedDict):
    kind: UnionTaggedSquareKind
    side: float


class UnionTaggedOtherShape(TypedDict):
    """Other shape"""

    kind: UnionTaggedOtherShapeKind


class UnsaidEither(TypedDict, total=False):
    """The schema demands more than the type says: `anyOf`."""

    a: Any
    b: Any

Topic9438: TypeAlias = NoReturn

Topic12: TypeAlias = Literal[12]

TopicPayload = Literal["x"]

AB1f00: TypeAlias = float

Topic196e: TypeAlias = None

ABdf63: TypeAlias = bool

ABf50c: TypeAlias = int

AB75c1: TypeAlias = None

AB: TypeAlias = str

Ab: TypeAlias = Any

AnyPayload: TypeAlias = Any
"""Its schema refers to nothing but itself: any JSON."""

CirclesWith1slashAnd: TypeAlias = str

CirclesU: TypeAlias = Any
"""Its schema refers to nothing but itself: any JSON."""

CirclesC: TypeAlias = Any
"""Its schema refers to nothing but itself: any JSON."""

CirclesA: TypeAlias = Any
"""Its schema refers to nothing but itself: any JSON."""

CirclesB: TypeAlias = CirclesA

Class: TypeAlias = Dict[str, Any]
"""Has */ and /* and \"\"\" and \\ and \\u0041 and {{ braces }} in it\\"""

DaemonClientPayload: TypeAlias = Dict[str, Any]

EndlessS: TypeAlias = Any

MemberNames: TypeAlias = Dict[str, Any]
"""No TypedDict can say it. Its members, beside which others may be allowed:

- ``from``: str
- ``class``: str
- ``type``: str
- ``self``: str
- ``Self``: str, optional
- ``SELF``: str, optional
- ``super``: str, optional
- ``crate``: str, optional
- ``fn``: str, optional
- ``gen``: str, optional
- ``async``: str, optional
- ``None``: str, optional
- ``fooBar``: str, optional
- ``foo_bar``: str, optional
- ``FooBar``: str, optional
- ``foo-bar``: str, optional
- ````: str
- `` ``: str, optional
- ``1``: str, optional
- ``größe``: str, optional
- ``日本``: str, optional
- ``🎉``: str, optional
- ``²``: str, optional
- ``a
b``: str, optional
- ``a"b``: str, optional
- ``a'b``: str, optional
- ``a\\b``: str, optional
- ``a b``: str, optional
- ``*/``: str, optional
- ``list``: List[str]
- ``int``: int
- ``dict``: Dict[str, Any], optional
- ``keys``: str, optional
- ``get``: str, optional
- ``other``: str, optional
- ``_``: str, optional
- ``__``: str, optional
- ``constructor``: str, optional
- ``__proto__``: str, optional
- ``with docs``: str, optional
- ``not declared``: Any
"""

Open: TypeAlias = Dict[str, Any]
"""No TypedDict can say it. Its members, beside which others may be allowed:

- ``a``: str
- ``other``: str, optional
"""

OpenAny: TypeAlias = Dict[str, Any]
"""No TypedDict can say it. Its members, beside which others may be allowed:

- ``a``: str, optional
"""

ProjectTopicsPayload: TypeAlias = List[Any]

SelfPayload = Literal[
    "self",
    "Self",
    "SELF",
    "",
    "1",
    "-",
    "a b",
    "a-b",
    "ä",
    "\"",
    "'",
    "\\",
    "\u000a",
    "None",
    "true",
]

StringPayload: TypeAlias = str

TaskEvent3921: TypeAlias = str

TopicEventPayload: TypeAlias = List[TopicEventPayloadItem]

Tree: TypeAlias = TreeNode

TypedDictPayload: TypeAlias = Dict[str, int]

UnionMixedA: TypeAlias = Union[str, int]

UnionMixedB: TypeAlias = Union[str, List[float]]

UnionMixedC = Literal["x"]

UnionMixedD = Literal["low", "high"]
"""- ``low``: Little."""

UnionMixedF: TypeAlias = Literal[True]

UnionMixedG: TypeAlias = Union[Literal[1], Literal[2], Literal[3]]

UnionMixedK: TypeAlias = NoReturn

UnionMixedL: TypeAlias = NoReturn

UnionShared: TypeAlias = Union[UnionSharedVariant1, UnionSharedVariant2]

UnionTagged: TypeAlias = Union[UnionTaggedCircle, UnionTaggedSquare, UnionTaggedOtherShape]

UnionTaggedCircleKind = Literal["circle"]

UnionTaggedSquareKind = Literal["square"]

UnionTaggedOtherShapeKind = Literal["other"]

UnionTypesValue: TypeAlias = Union[str, int, List[str]]

UnionTypes: TypeAlias = Optional[UnionTypesValue]

Unsaid: TypeAlias = Dict[str, Any]
"""Beyond types.

The schema demands more than the type says: `minProperties`, `patternProperties`.

No TypedDict can say it. Its members, beside which others may be allowed:

- ``when``: str, optional
- ``not``: str, optional
- ``if``: Any, optional
- ``size``: int, optional
- ``headers``: Dict[str, str], optional
- ``either``: UnsaidEither, optional
"""

ValuePayloadValue: TypeAlias = Union[Literal[1], float, Literal[True], Literal["x"]]

ValuePayload: TypeAlias = Optional[ValuePayloadValue]

Json: TypeAlias = Optional["JsonValue"]

JsonValue: TypeAlias = Union[str, float, bool, List[Json], Dict[str, Json]]


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
            topic: Literal["-"],
            payload: Topic9438,
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
            topic: Literal["1:2"],
            payload: Topic12,
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
            topic: Literal[":"],
            payload: TopicPayload,
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
            topic: Literal["A:B"],
            payload: AB1f00,
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
            topic: Literal["_"],
            payload: Topic196e = None,
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
            topic: Literal["__proto__"],
            payload: Proto,
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
            topic: Literal["a-b"],
            payload: ABdf63,
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
            topic: Literal["a.b"],
            payload: ABf50c,
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
            topic: Literal["a/b"],
            payload: AB75c1 = None,
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
            topic: Literal["a:b"],
            payload: AB,
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
            topic: Literal["ab"],
            payload: Ab = None,
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
            topic: Literal["any"],
            payload: AnyPayload = None,
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
            topic: Literal["circles"],
            payload: Circles,
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
            topic: Literal["class"],
            payload: Class,
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
            topic: Literal["daemon-client"],
            payload: DaemonClientPayload,
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
            topic: Literal["endless"],
            payload: Endless,
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
            topic: Literal["event"],
            payload: EventPayload,
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
            topic: Literal["from"],
            payload: From,
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
            topic: Literal["json"],
            payload: Json = None,
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
            topic: Literal["member:names"],
            payload: MemberNames,
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
            topic: Literal["open"],
            payload: Open,
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
            topic: Literal["open:any"],
            payload: OpenAny,
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
            topic: Literal["project:topics"],
            payload: ProjectTopicsPayload,
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
            topic: Literal["self"],
            payload: SelfPayload,
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
            topic: Literal["string"],
            payload: StringPayload,
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
            topic: Literal["task-event"],
            payload: TaskEvent3921,
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
            topic: Literal["topic:event"],
            payload: TopicEventPayload,
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
            topic: Literal["tree"],
            payload: Tree,
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
            topic: Literal["tuples"],
            payload: Tuples,
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
            topic: Literal["type"],
            payload: Type,
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
            topic: Literal["typed:dict"],
            payload: TypedDictPayload,
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
            topic: Literal["union:mixed"],
            payload: UnionMixed,
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
            topic: Literal["union:shared"],
            payload: UnionShared,
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
            topic: Literal["union:tagged"],
            payload: UnionTagged,
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
            topic: Literal["union:types"],
            payload: UnionTypes = None,
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
            topic: Literal["unsaid"],
            payload: Unsaid,
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
            topic: Literal["value"],
            payload: ValuePayload = None,
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
            topic: AnyTopic,
            payload: Any = None,
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
            topics: Literal["-"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[Topic9438]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["1:2"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[Topic12]: ...
        @overload
        def subscribe(
            self,
            topics: Literal[":"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[TopicPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["A:B"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[AB1f00]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["_"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[Topic196e]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["__proto__"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[Proto]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["a-b"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[ABdf63]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["a.b"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[ABf50c]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["a/b"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[AB75c1]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["a:b"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[AB]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["ab"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[Ab]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["any"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[AnyPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["circles"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[Circles]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["class"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[Class]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["daemon-client"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[DaemonClientPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["endless"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[Endless]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["event"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[EventPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["from"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[From]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["json"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[Json]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["member:names"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[MemberNames]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["open"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[Open]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["open:any"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[OpenAny]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["project:topics"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[ProjectTopicsPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["self"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[SelfPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["string"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[StringPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["task-event"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[TaskEvent3921]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["topic:event"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[TopicEventPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["tree"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[Tree]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["tuples"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[Tuples]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["type"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[Type]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["typed:dict"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[TypedDictPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["union:mixed"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[UnionMixed]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["union:shared"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[UnionShared]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["union:tagged"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[UnionTagged]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["union:types"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[UnionTypes]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["unsaid"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[Unsaid]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["value"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> TopicSubscription[ValuePayload]: ...
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
            topics: Literal["-"],
            *,
            where: Optional[Callable[[TopicEvent[Topic9438]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Topic9438]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["1:2"],
            *,
            where: Optional[Callable[[TopicEvent[Topic12]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Topic12]: ...
        @overload
        def wait_for(
            self,
            topics: Literal[":"],
            *,
            where: Optional[Callable[[TopicEvent[TopicPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TopicPayload]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["A:B"],
            *,
            where: Optional[Callable[[TopicEvent[AB1f00]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[AB1f00]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["_"],
            *,
            where: Optional[Callable[[TopicEvent[Topic196e]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Topic196e]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["__proto__"],
            *,
            where: Optional[Callable[[TopicEvent[Proto]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Proto]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["a-b"],
            *,
            where: Optional[Callable[[TopicEvent[ABdf63]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[ABdf63]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["a.b"],
            *,
            where: Optional[Callable[[TopicEvent[ABf50c]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[ABf50c]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["a/b"],
            *,
            where: Optional[Callable[[TopicEvent[AB75c1]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[AB75c1]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["a:b"],
            *,
            where: Optional[Callable[[TopicEvent[AB]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[AB]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["ab"],
            *,
            where: Optional[Callable[[TopicEvent[Ab]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Ab]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["any"],
            *,
            where: Optional[Callable[[TopicEvent[AnyPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[AnyPayload]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["circles"],
            *,
            where: Optional[Callable[[TopicEvent[Circles]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Circles]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["class"],
            *,
            where: Optional[Callable[[TopicEvent[Class]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Class]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["daemon-client"],
            *,
            where: Optional[Callable[[TopicEvent[DaemonClientPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[DaemonClientPayload]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["endless"],
            *,
            where: Optional[Callable[[TopicEvent[Endless]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Endless]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["event"],
            *,
            where: Optional[Callable[[TopicEvent[EventPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[EventPayload]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["from"],
            *,
            where: Optional[Callable[[TopicEvent[From]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[From]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["json"],
            *,
            where: Optional[Callable[[TopicEvent[Json]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Json]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["member:names"],
            *,
            where: Optional[Callable[[TopicEvent[MemberNames]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[MemberNames]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["open"],
            *,
            where: Optional[Callable[[TopicEvent[Open]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Open]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["open:any"],
            *,
            where: Optional[Callable[[TopicEvent[OpenAny]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[OpenAny]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["project:topics"],
            *,
            where: Optional[Callable[[TopicEvent[ProjectTopicsPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[ProjectTopicsPayload]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["self"],
            *,
            where: Optional[Callable[[TopicEvent[SelfPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[SelfPayload]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["string"],
            *,
            where: Optional[Callable[[TopicEvent[StringPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[StringPayload]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["task-event"],
            *,
            where: Optional[Callable[[TopicEvent[TaskEvent3921]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TaskEvent3921]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["topic:event"],
            *,
            where: Optional[Callable[[TopicEvent[TopicEventPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TopicEventPayload]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["tree"],
            *,
            where: Optional[Callable[[TopicEvent[Tree]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Tree]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["tuples"],
            *,
            where: Optional[Callable[[TopicEvent[Tuples]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Tuples]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["type"],
            *,
            where: Optional[Callable[[TopicEvent[Type]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Type]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["typed:dict"],
            *,
            where: Optional[Callable[[TopicEvent[TypedDictPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TypedDictPayload]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["union:mixed"],
            *,
            where: Optional[Callable[[TopicEvent[UnionMixed]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[UnionMixed]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["union:shared"],
            *,
            where: Optional[Callable[[TopicEvent[UnionShared]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[UnionShared]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["union:tagged"],
            *,
            where: Optional[Callable[[TopicEvent[UnionTagged]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[UnionTagged]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["union:types"],
            *,
            where: Optional[Callable[[TopicEvent[UnionTypes]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[UnionTypes]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["unsaid"],
            *,
            where: Optional[Callable[[TopicEvent[Unsaid]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Unsaid]: ...
        @overload
        def wait_for(
            self,
            topics: Literal["value"],
            *,
            where: Optional[Callable[[TopicEvent[ValuePayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[ValuePayload]: ...
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
            topic: Literal["-"],
            payload: Topic9438,
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
            topic: Literal["1:2"],
            payload: Topic12,
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
            topic: Literal[":"],
            payload: TopicPayload,
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
            topic: Literal["A:B"],
            payload: AB1f00,
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
            topic: Literal["_"],
            payload: Topic196e = None,
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
            topic: Literal["__proto__"],
            payload: Proto,
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
            topic: Literal["a-b"],
            payload: ABdf63,
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
            topic: Literal["a.b"],
            payload: ABf50c,
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
            topic: Literal["a/b"],
            payload: AB75c1 = None,
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
            topic: Literal["a:b"],
            payload: AB,
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
            topic: Literal["ab"],
            payload: Ab = None,
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
            topic: Literal["any"],
            payload: AnyPayload = None,
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
            topic: Literal["circles"],
            payload: Circles,
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
            topic: Literal["class"],
            payload: Class,
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
            topic: Literal["daemon-client"],
            payload: DaemonClientPayload,
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
            topic: Literal["endless"],
            payload: Endless,
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
            topic: Literal["event"],
            payload: EventPayload,
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
            topic: Literal["from"],
            payload: From,
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
            topic: Literal["json"],
            payload: Json = None,
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
            topic: Literal["member:names"],
            payload: MemberNames,
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
            topic: Literal["open"],
            payload: Open,
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
            topic: Literal["open:any"],
            payload: OpenAny,
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
            topic: Literal["project:topics"],
            payload: ProjectTopicsPayload,
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
            topic: Literal["self"],
            payload: SelfPayload,
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
            topic: Literal["string"],
            payload: StringPayload,
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
            topic: Literal["task-event"],
            payload: TaskEvent3921,
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
            topic: Literal["topic:event"],
            payload: TopicEventPayload,
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
            topic: Literal["tree"],
            payload: Tree,
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
            topic: Literal["tuples"],
            payload: Tuples,
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
            topic: Literal["type"],
            payload: Type,
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
            topic: Literal["typed:dict"],
            payload: TypedDictPayload,
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
            topic: Literal["union:mixed"],
            payload: UnionMixed,
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
            topic: Literal["union:shared"],
            payload: UnionShared,
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
            topic: Literal["union:tagged"],
            payload: UnionTagged,
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
            topic: Literal["union:types"],
            payload: UnionTypes = None,
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
            topic: Literal["unsaid"],
            payload: Unsaid,
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
            topic: Literal["value"],
            payload: ValuePayload = None,
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
            topic: AnyTopic,
            payload: Any = None,
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
            topics: Literal["-"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[Topic9438]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["1:2"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[Topic12]: ...
        @overload
        def subscribe(
            self,
            topics: Literal[":"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[TopicPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["A:B"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[AB1f00]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["_"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[Topic196e]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["__proto__"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[Proto]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["a-b"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[ABdf63]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["a.b"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[ABf50c]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["a/b"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[AB75c1]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["a:b"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[AB]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["ab"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[Ab]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["any"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[AnyPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["circles"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[Circles]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["class"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[Class]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["daemon-client"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[DaemonClientPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["endless"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[Endless]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["event"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[EventPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["from"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[From]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["json"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[Json]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["member:names"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[MemberNames]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["open"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[Open]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["open:any"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[OpenAny]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["project:topics"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[ProjectTopicsPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["self"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[SelfPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["string"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[StringPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["task-event"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[TaskEvent3921]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["topic:event"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[TopicEventPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["tree"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[Tree]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["tuples"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[Tuples]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["type"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[Type]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["typed:dict"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[TypedDictPayload]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["union:mixed"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[UnionMixed]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["union:shared"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[UnionShared]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["union:tagged"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[UnionTagged]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["union:types"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[UnionTypes]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["unsaid"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[Unsaid]: ...
        @overload
        def subscribe(
            self,
            topics: Literal["value"],
            *,
            since: Optional[int] = None,
            reconnect: bool = False,
            on_missed: Optional[Callable[[_daemon.Missed], object]] = None,
        ) -> AsyncTopicSubscription[ValuePayload]: ...
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
            topics: Literal["-"],
            *,
            where: Optional[Callable[[TopicEvent[Topic9438]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Topic9438]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["1:2"],
            *,
            where: Optional[Callable[[TopicEvent[Topic12]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Topic12]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal[":"],
            *,
            where: Optional[Callable[[TopicEvent[TopicPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TopicPayload]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["A:B"],
            *,
            where: Optional[Callable[[TopicEvent[AB1f00]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[AB1f00]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["_"],
            *,
            where: Optional[Callable[[TopicEvent[Topic196e]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Topic196e]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["__proto__"],
            *,
            where: Optional[Callable[[TopicEvent[Proto]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Proto]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["a-b"],
            *,
            where: Optional[Callable[[TopicEvent[ABdf63]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[ABdf63]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["a.b"],
            *,
            where: Optional[Callable[[TopicEvent[ABf50c]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[ABf50c]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["a/b"],
            *,
            where: Optional[Callable[[TopicEvent[AB75c1]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[AB75c1]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["a:b"],
            *,
            where: Optional[Callable[[TopicEvent[AB]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[AB]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["ab"],
            *,
            where: Optional[Callable[[TopicEvent[Ab]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Ab]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["any"],
            *,
            where: Optional[Callable[[TopicEvent[AnyPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[AnyPayload]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["circles"],
            *,
            where: Optional[Callable[[TopicEvent[Circles]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Circles]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["class"],
            *,
            where: Optional[Callable[[TopicEvent[Class]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Class]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["daemon-client"],
            *,
            where: Optional[Callable[[TopicEvent[DaemonClientPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[DaemonClientPayload]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["endless"],
            *,
            where: Optional[Callable[[TopicEvent[Endless]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Endless]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["event"],
            *,
            where: Optional[Callable[[TopicEvent[EventPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[EventPayload]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["from"],
            *,
            where: Optional[Callable[[TopicEvent[From]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[From]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["json"],
            *,
            where: Optional[Callable[[TopicEvent[Json]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Json]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["member:names"],
            *,
            where: Optional[Callable[[TopicEvent[MemberNames]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[MemberNames]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["open"],
            *,
            where: Optional[Callable[[TopicEvent[Open]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Open]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["open:any"],
            *,
            where: Optional[Callable[[TopicEvent[OpenAny]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[OpenAny]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["project:topics"],
            *,
            where: Optional[Callable[[TopicEvent[ProjectTopicsPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[ProjectTopicsPayload]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["self"],
            *,
            where: Optional[Callable[[TopicEvent[SelfPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[SelfPayload]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["string"],
            *,
            where: Optional[Callable[[TopicEvent[StringPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[StringPayload]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["task-event"],
            *,
            where: Optional[Callable[[TopicEvent[TaskEvent3921]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TaskEvent3921]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["topic:event"],
            *,
            where: Optional[Callable[[TopicEvent[TopicEventPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TopicEventPayload]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["tree"],
            *,
            where: Optional[Callable[[TopicEvent[Tree]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Tree]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["tuples"],
            *,
            where: Optional[Callable[[TopicEvent[Tuples]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Tuples]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["type"],
            *,
            where: Optional[Callable[[TopicEvent[Type]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Type]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["typed:dict"],
            *,
            where: Optional[Callable[[TopicEvent[TypedDictPayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[TypedDictPayload]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["union:mixed"],
            *,
            where: Optional[Callable[[TopicEvent[UnionMixed]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[UnionMixed]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["union:shared"],
            *,
            where: Optional[Callable[[TopicEvent[UnionShared]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[UnionShared]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["union:tagged"],
            *,
            where: Optional[Callable[[TopicEvent[UnionTagged]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[UnionTagged]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["union:types"],
            *,
            where: Optional[Callable[[TopicEvent[UnionTypes]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[UnionTypes]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["unsaid"],
            *,
            where: Optional[Callable[[TopicEvent[Unsaid]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[Unsaid]: ...
        @overload
        async def wait_for(
            self,
            topics: Literal["value"],
            *,
            where: Optional[Callable[[TopicEvent[ValuePayload]], object]] = None,
            since: Optional[int] = None,
            timeout: Optional[float] = None,
            deadline: Union[datetime, float, None] = None,
        ) -> TopicEvent[ValuePayload]: ...
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
