// Generated from the definition in protocol/ by scripts/generate. Do not edit.

export const ERROR_KINDS = Object.freeze({
  /** The line is not valid JSON. */
  parse_error: { code: -32700, retryable: false },
  /** The JSON is not a JSON-RPC 2.0 request, or the line is longer than the limit. */
  invalid_request: { code: -32600, retryable: false },
  /** No method has this name. */
  method_not_found: { code: -32601, retryable: false },
  /**
   * A member of `params` is missing, unknown, of the wrong type or beyond its limits; `data.member`
   * names it.
   */
  invalid_params: { code: -32602, retryable: false },
  /** The daemon failed in a way it did not foresee; its log says more. */
  internal_error: { code: -32603, retryable: true },
  /** The daemon is stopping and takes no new work. */
  shutting_down: { code: -32000, retryable: true },
  /** No task has this id; it may have been pruned. */
  task_not_found: { code: -32001, retryable: false },
  /** The task has ended already. */
  task_ended: { code: -32002, retryable: false },
  /** No rule has this id. */
  rule_not_found: { code: -32003, retryable: false },
  /** The queue holds as many tasks as it may: try again when some have ended. */
  queue_full: { code: -32004, retryable: true },
  /** The wait was longer than `timeoutMs` of the params. */
  wait_timeout: { code: -32005, retryable: true },
  /** The caller cancelled the call with `rpc.cancel`. */
  cancelled: { code: -32006, retryable: true },
  /** The daemon could not write to its database: nothing of the request took effect. */
  storage_unavailable: { code: -32007, retryable: true },
  /** The topic belongs to the daemon and cannot be emitted by clients. */
  topic_reserved: { code: -32008, retryable: false },
  /**
   * This connection has as many calls waiting as is allowed: wait for one to end, or open another
   * connection.
   */
  too_many_waits: { code: -32009, retryable: true },
  /**
   * This connection has as many subscriptions as is allowed: end one, or open another connection.
   */
  too_many_subscriptions: { code: -32010, retryable: false },
  /** `after` names a task that does not exist; it may have been pruned. */
  dependency_not_found: { code: -32011, retryable: false },
  /** `after` names the very task that is being submitted. */
  dependency_on_itself: { code: -32012, retryable: false },
  /** No schedule job, and no rule with a schedule, has this name. */
  job_not_found: { code: -32013, retryable: false },
  /**
   * The request comes from the agent of a task that was itself submitted by the agent of a task,
   * and so on, as often as `daemon.max_task_depth` allows.
   */
  chain_too_deep: { code: -32014, retryable: false },
  /**
   * The request comes from an agent's process, and `daemon.agents_may` or `daemon.agents_env` does
   * not allow it: a person or a script from outside may, or the configuration allows it to agents.
   * Or it is one that only the agent of a task can make.
   */
  not_allowed: { code: -32015, retryable: false },
  /** The task is not queued any more: it runs, or has ended. */
  task_not_queued: { code: -32016, retryable: false },
  /** No account of an agent has this id, or several have an id that begins so. */
  account_not_found: { code: -32019, retryable: false },
  /** No event has this number; it may have been pruned. */
  event_not_found: { code: -32018, retryable: false },
  /** A person has taken the task over already. */
  task_is_taken: { code: -32033, retryable: false },
  /** Nobody has taken the task over. */
  task_is_not_taken: { code: -32034, retryable: false },
  /**
   * The task has got as many messages as one may: 100 that wait for its agent, or 1000 or 1 MiB in
   * all.
   */
  too_many_messages: { code: -32035, retryable: true },
  /** The task has no session in which a person could go on. */
  task_has_no_session: { code: -32036, retryable: false },
  /**
   * The task has asked people as much as one may: 20 questions that wait for an answer, or 500
   * approvals in all.
   */
  too_many_approvals: { code: -32037, retryable: true },
  /**
   * An event's payload, or a task's `metadata` or `env`, is larger than `daemon.max_payload_kb` or
   * `daemon.max_metadata_kb` allow; `data.member` names it.
   */
  payload_too_large: { code: -32020, retryable: false },
  /** No approval has this id; it may have been pruned with its task. */
  approval_not_found: { code: -32030, retryable: false },
  /** A person has decided already: the first decision counts. */
  approval_decided: { code: -32031, retryable: false },
  /** The time to decide is over, or the task has ended that waited for it. */
  approval_expired: { code: -32032, retryable: false },
  /**
   * A call with this `idempotencyKey` has been answered, and it was another one: of another method,
   * or with other params.
   */
  idempotency_conflict: { code: -32040, retryable: false },
  /**
   * There was no memory for the request or its answer within `daemon.max_memory_mb`: others took
   * it, or the answers to one batch were too long together, or too many calls wait and too much is
   * subscribed to.
   */
  over_memory: { code: -32021, retryable: true },
  /**
   * As many connections are open as is allowed. The error comes without an id, and the connection
   * is closed.
   */
  too_many_connections: { code: -32022, retryable: true },
});
