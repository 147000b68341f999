// Generated from the definition in protocol/ by scripts/generate. Do not edit.

/**
 * The kinds of error that the daemon answers with: what programs tell errors apart by. A daemon
 * newer than this package may know others.
 */
export type ErrorKind =
  | 'parse_error'
  | 'invalid_request'
  | 'method_not_found'
  | 'invalid_params'
  | 'internal_error'
  | 'shutting_down'
  | 'task_not_found'
  | 'task_ended'
  | 'rule_not_found'
  | 'queue_full'
  | 'wait_timeout'
  | 'cancelled'
  | 'storage_unavailable'
  | 'topic_reserved'
  | 'too_many_waits'
  | 'too_many_subscriptions'
  | 'dependency_not_found'
  | 'dependency_on_itself'
  | 'job_not_found'
  | 'chain_too_deep'
  | 'not_allowed'
  | 'task_not_queued'
  | 'account_not_found'
  | 'event_not_found'
  | 'task_is_taken'
  | 'task_is_not_taken'
  | 'too_many_messages'
  | 'task_has_no_session'
  | 'too_many_approvals'
  | 'task_has_no_result'
  | 'workspace_unusable'
  | 'host_not_found'
  | 'task_elsewhere'
  | 'payload_too_large'
  | 'invalid_payload'
  | 'unknown_topic'
  | 'approval_not_found'
  | 'approval_decided'
  | 'approval_expired'
  | 'idempotency_conflict'
  | 'over_memory'
  | 'too_many_connections';

/** What is known of a kind of error. */
export interface ErrorKindInfo {
  /** The JSON-RPC error code. */
  readonly code: number;
  /** Whether the same request may succeed when it is sent again later. */
  readonly retryable: boolean;
}

/** Every kind of error. */
export declare const ERROR_KINDS: {
  /** The line is not valid JSON. */
  readonly parse_error: ErrorKindInfo;
  /** The JSON is not a JSON-RPC 2.0 request, or the line is longer than the limit. */
  readonly invalid_request: ErrorKindInfo;
  /** No method has this name. */
  readonly method_not_found: ErrorKindInfo;
  /**
   * A member of `params` is missing, unknown, of the wrong type or beyond its limits; `data.member`
   * names it.
   */
  readonly invalid_params: ErrorKindInfo;
  /** The daemon failed in a way it did not foresee; its log says more. */
  readonly internal_error: ErrorKindInfo;
  /** The daemon is stopping and takes no new work. */
  readonly shutting_down: ErrorKindInfo;
  /** No task has this id; it may have been pruned. */
  readonly task_not_found: ErrorKindInfo;
  /** The task has ended already. */
  readonly task_ended: ErrorKindInfo;
  /** No rule has this id. */
  readonly rule_not_found: ErrorKindInfo;
  /** The queue holds as many tasks as it may: try again when some have ended. */
  readonly queue_full: ErrorKindInfo;
  /** The wait was longer than `timeoutMs` of the params. */
  readonly wait_timeout: ErrorKindInfo;
  /** The caller cancelled the call with `rpc.cancel`. */
  readonly cancelled: ErrorKindInfo;
  /** The daemon could not write to its database: nothing of the request took effect. */
  readonly storage_unavailable: ErrorKindInfo;
  /** The topic belongs to the daemon and cannot be emitted by clients. */
  readonly topic_reserved: ErrorKindInfo;
  /**
   * This connection has as many calls waiting as is allowed: wait for one to end, or open another
   * connection.
   */
  readonly too_many_waits: ErrorKindInfo;
  /**
   * This connection has as many subscriptions as is allowed: end one, or open another connection.
   */
  readonly too_many_subscriptions: ErrorKindInfo;
  /** `after` names a task that does not exist; it may have been pruned. */
  readonly dependency_not_found: ErrorKindInfo;
  /** `after` names the very task that is being submitted. */
  readonly dependency_on_itself: ErrorKindInfo;
  /** No schedule job, and no rule with a schedule, has this name. */
  readonly job_not_found: ErrorKindInfo;
  /**
   * The request comes from the agent of a task that was itself submitted by the agent of a task,
   * and so on, as often as `daemon.max_task_depth` allows.
   */
  readonly chain_too_deep: ErrorKindInfo;
  /**
   * The request comes from an agent's process, and `daemon.agents_may` or `daemon.agents_env` does
   * not allow it: a person or a script from outside may, or the configuration allows it to agents.
   * Or it is one that only the agent of a task can make.
   */
  readonly not_allowed: ErrorKindInfo;
  /** The task is not queued any more: it runs, or has ended. */
  readonly task_not_queued: ErrorKindInfo;
  /** No account of an agent has this id, or several have an id that begins so. */
  readonly account_not_found: ErrorKindInfo;
  /** No event has this number; it may have been pruned. */
  readonly event_not_found: ErrorKindInfo;
  /** A person has taken the task over already. */
  readonly task_is_taken: ErrorKindInfo;
  /** Nobody has taken the task over. */
  readonly task_is_not_taken: ErrorKindInfo;
  /**
   * The task has got as many messages as one may: 100 that wait for its agent, or 1000 or 1 MiB in
   * all.
   */
  readonly too_many_messages: ErrorKindInfo;
  /** The task has no session in which a person could go on. */
  readonly task_has_no_session: ErrorKindInfo;
  /**
   * The task has asked people as much as one may: 20 questions that wait for an answer, or 500
   * approvals in all.
   */
  readonly too_many_approvals: ErrorKindInfo;
  /** The task has left nothing in a work tree, or that is forgotten. */
  readonly task_has_no_result: ErrorKindInfo;
  /** The project can have no work trees: it is in no repository of git, say. */
  readonly workspace_unusable: ErrorKindInfo;
  /**
   * No host has this id or name, or several have; or the store is in the project's own directory,
   * and its one host is not to be replaced.
   */
  readonly host_not_found: ErrorKindInfo;
  /**
   * The task has run on another host, and what is asked for takes its files: the daemon of that
   * host has them.
   */
  readonly task_elsewhere: ErrorKindInfo;
  /**
   * An event's payload, or a task's `metadata` or `env`, is larger than `daemon.max_payload_kb` or
   * `daemon.max_metadata_kb` allow; `data.member` names it.
   */
  readonly payload_too_large: ErrorKindInfo;
  /**
   * The event's payload does not fit the schema that the configuration has for its topic;
   * `data.errors` names the places.
   */
  readonly invalid_payload: ErrorKindInfo;
  /**
   * The configuration does not declare the event's topic, and `strict_topics` asks for that;
   * `data.nearest` names the declared topic that is written most like it, if there is one.
   */
  readonly unknown_topic: ErrorKindInfo;
  /** No approval has this id; it may have been pruned with its task. */
  readonly approval_not_found: ErrorKindInfo;
  /** A person has decided already: the first decision counts. */
  readonly approval_decided: ErrorKindInfo;
  /** The time to decide is over, or the task has ended that waited for it. */
  readonly approval_expired: ErrorKindInfo;
  /**
   * A call with this `idempotencyKey` has been answered, and it was another one: of another method,
   * or with other params.
   */
  readonly idempotency_conflict: ErrorKindInfo;
  /**
   * There was no memory for the request or its answer within `daemon.max_memory_mb`: others took
   * it, or the answers to one batch were too long together, or too many calls wait and too much is
   * subscribed to.
   */
  readonly over_memory: ErrorKindInfo;
  /**
   * As many connections are open as is allowed. The error comes without an id, and the connection
   * is closed.
   */
  readonly too_many_connections: ErrorKindInfo;
};
