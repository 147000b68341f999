# Generated from the definition in protocol/ by scripts/generate. Do not edit.
"""The kinds of error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from .._result import Result

__all__ = ["ERROR_KINDS", "ErrorKind", "ErrorKindInfo"]

ErrorKind = Literal[
    "parse_error",
    "invalid_request",
    "method_not_found",
    "invalid_params",
    "internal_error",
    "shutting_down",
    "task_not_found",
    "task_ended",
    "rule_not_found",
    "queue_full",
    "wait_timeout",
    "cancelled",
    "storage_unavailable",
    "topic_reserved",
    "too_many_waits",
    "too_many_subscriptions",
    "dependency_not_found",
    "dependency_on_itself",
    "job_not_found",
    "chain_too_deep",
    "not_allowed",
    "task_not_queued",
    "account_not_found",
    "event_not_found",
    "task_is_taken",
    "task_is_not_taken",
    "too_many_messages",
    "task_has_no_session",
    "too_many_approvals",
    "task_has_no_result",
    "workspace_unusable",
    "host_not_found",
    "task_elsewhere",
    "payload_too_large",
    "invalid_payload",
    "unknown_topic",
    "approval_not_found",
    "approval_decided",
    "approval_expired",
    "idempotency_conflict",
    "over_memory",
    "too_many_connections",
]
"""The kinds of error that the daemon answers with: what programs tell errors apart by.

A daemon newer than this package may know others.
"""


class ErrorKindInfo(Result):
    """What is known of a kind of error.

    Example::

        assert ERROR_KINDS["queue_full"].retryable
    """

    code: int
    """The JSON-RPC error code."""
    retryable: bool
    """Whether the same request may succeed when it is sent again later."""


ERROR_KINDS: Final[Mapping[str, ErrorKindInfo]] = {
    # The line is not valid JSON.
    "parse_error": ErrorKindInfo(code=-32700, retryable=False),
    # The JSON is not a JSON-RPC 2.0 request, or the line is longer than the limit.
    "invalid_request": ErrorKindInfo(code=-32600, retryable=False),
    # No method has this name.
    "method_not_found": ErrorKindInfo(code=-32601, retryable=False),
    # A member of `params` is missing, unknown, of the wrong type or beyond its limits;
    # `data.member` names it.
    "invalid_params": ErrorKindInfo(code=-32602, retryable=False),
    # The daemon failed in a way it did not foresee; its log says more.
    "internal_error": ErrorKindInfo(code=-32603, retryable=True),
    # The daemon is stopping and takes no new work.
    "shutting_down": ErrorKindInfo(code=-32000, retryable=True),
    # No task has this id; it may have been pruned.
    "task_not_found": ErrorKindInfo(code=-32001, retryable=False),
    # The task has ended already.
    "task_ended": ErrorKindInfo(code=-32002, retryable=False),
    # No rule has this id.
    "rule_not_found": ErrorKindInfo(code=-32003, retryable=False),
    # The queue holds as many tasks as it may: try again when some have ended.
    "queue_full": ErrorKindInfo(code=-32004, retryable=True),
    # The wait was longer than `timeoutMs` of the params.
    "wait_timeout": ErrorKindInfo(code=-32005, retryable=True),
    # The caller cancelled the call with `rpc.cancel`.
    "cancelled": ErrorKindInfo(code=-32006, retryable=True),
    # The daemon could not write to its database: nothing of the request took effect.
    "storage_unavailable": ErrorKindInfo(code=-32007, retryable=True),
    # The topic belongs to the daemon and cannot be emitted by clients.
    "topic_reserved": ErrorKindInfo(code=-32008, retryable=False),
    # This connection has as many calls waiting as is allowed: wait for one to end, or open another
    # connection.
    "too_many_waits": ErrorKindInfo(code=-32009, retryable=True),
    # This connection has as many subscriptions as is allowed: end one, or open another connection.
    "too_many_subscriptions": ErrorKindInfo(code=-32010, retryable=False),
    # `after` names a task that does not exist; it may have been pruned.
    "dependency_not_found": ErrorKindInfo(code=-32011, retryable=False),
    # `after` names the very task that is being submitted.
    "dependency_on_itself": ErrorKindInfo(code=-32012, retryable=False),
    # No schedule job, and no rule with a schedule, has this name.
    "job_not_found": ErrorKindInfo(code=-32013, retryable=False),
    # The request comes from the agent of a task that was itself submitted by the agent of a task,
    # and so on, as often as `daemon.max_task_depth` allows.
    "chain_too_deep": ErrorKindInfo(code=-32014, retryable=False),
    # The request comes from an agent's process, and `daemon.agents_may` or `daemon.agents_env` does
    # not allow it: a person or a script from outside may, or the configuration allows it to agents.
    # Or it is one that only the agent of a task can make.
    "not_allowed": ErrorKindInfo(code=-32015, retryable=False),
    # The task is not queued any more: it runs, or has ended.
    "task_not_queued": ErrorKindInfo(code=-32016, retryable=False),
    # No account of an agent has this id, or several have an id that begins so.
    "account_not_found": ErrorKindInfo(code=-32019, retryable=False),
    # No event has this number; it may have been pruned.
    "event_not_found": ErrorKindInfo(code=-32018, retryable=False),
    # A person has taken the task over already.
    "task_is_taken": ErrorKindInfo(code=-32033, retryable=False),
    # Nobody has taken the task over.
    "task_is_not_taken": ErrorKindInfo(code=-32034, retryable=False),
    # The task has got as many messages as one may: 100 that wait for its agent, or 1000 or 1 MiB in
    # all.
    "too_many_messages": ErrorKindInfo(code=-32035, retryable=True),
    # The task has no session in which a person could go on.
    "task_has_no_session": ErrorKindInfo(code=-32036, retryable=False),
    # The task has asked people as much as one may: 20 questions that wait for an answer, or 500
    # approvals in all.
    "too_many_approvals": ErrorKindInfo(code=-32037, retryable=True),
    # The task has left nothing in a work tree, or that is forgotten.
    "task_has_no_result": ErrorKindInfo(code=-32038, retryable=False),
    # The project can have no work trees: it is in no repository of git, say.
    "workspace_unusable": ErrorKindInfo(code=-32039, retryable=False),
    # No host has this id or name, or several have; or the store is in the project's own directory,
    # and its one host is not to be replaced.
    "host_not_found": ErrorKindInfo(code=-32044, retryable=False),
    # The task has run on another host, and what is asked for takes its files: the daemon of that
    # host has them.
    "task_elsewhere": ErrorKindInfo(code=-32043, retryable=False),
    # An event's payload, or a task's `metadata` or `env`, is larger than `daemon.max_payload_kb` or
    # `daemon.max_metadata_kb` allow; `data.member` names it.
    "payload_too_large": ErrorKindInfo(code=-32020, retryable=False),
    # The event's payload does not fit the schema that the configuration has for its topic;
    # `data.errors` names the places.
    "invalid_payload": ErrorKindInfo(code=-32040, retryable=False),
    # The configuration does not declare the event's topic, and `strict_topics` asks for that;
    # `data.nearest` names the declared topic that is written most like it, if there is one.
    "unknown_topic": ErrorKindInfo(code=-32041, retryable=False),
    # No approval has this id; it may have been pruned with its task.
    "approval_not_found": ErrorKindInfo(code=-32030, retryable=False),
    # A person has decided already: the first decision counts.
    "approval_decided": ErrorKindInfo(code=-32031, retryable=False),
    # The time to decide is over, or the task has ended that waited for it.
    "approval_expired": ErrorKindInfo(code=-32032, retryable=False),
    # A call with this `idempotencyKey` has been answered, and it was another one: of another
    # method, or with other params.
    "idempotency_conflict": ErrorKindInfo(code=-32042, retryable=False),
    # There was no memory for the request or its answer within `daemon.max_memory_mb`: others took
    # it, or the answers to one batch were too long together, or too many calls wait and too much is
    # subscribed to.
    "over_memory": ErrorKindInfo(code=-32021, retryable=True),
    # As many connections are open as is allowed. The error comes without an id, and the connection
    # is closed.
    "too_many_connections": ErrorKindInfo(code=-32022, retryable=True),
}
"""Every kind of error."""
