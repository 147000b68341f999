// Generated from the definition in protocol/ by scripts/generate. Do not edit.

import type {
  AccountEvent,
  ApprovalEvent,
  AutomationEvent,
  BudgetEvent,
  DaemonReloaded,
  FileEvent,
  HealthCheck,
  QueueEvent,
  ReportEvent,
  RoundEvent,
  ScheduleEvent,
  TaskAppliedEvent,
  TaskConflictEvent,
  TaskDeliveredEvent,
  TaskEvent,
  TaskRefusedEvent,
  TaskSentEvent,
} from './types.js';

/** The topics of the events that only the daemon emits, each with its payload. */
export interface DaemonTopics {
  /** A task was submitted, or is queued again after its agent was lost. */
  'task:queued': TaskEvent;
  /** An agent was started for a task. */
  'task:started': TaskEvent;
  /** An agent has written nothing for `daemon.stall_minutes`. */
  'task:stalled': TaskEvent;
  /** A round of a task with a check is over: its agent has worked, and the check has run. */
  'task:round': RoundEvent;
  /** The check of a task has succeeded: the task completes. */
  'task:verified': RoundEvent;
  /** A task has completed. */
  'task:completed': TaskEvent;
  /** A task has failed, or its agent could not be started. */
  'task:failed': TaskEvent;
  /** A task was cancelled: by someone, by the daemon's stop, or because it waited in vain. */
  'task:cancelled': TaskEvent;
  /** A task was ended because it ran longer than its time limit, or was silent for too long. */
  'task:timeout': TaskEvent;
  /**
   * An agent has submitted a task that would make the chain of tasks longer than
   * `daemon.max_task_depth` allows: there is no such task.
   */
  'task:refused': TaskRefusedEvent;
  /** What a task has changed in its work tree was applied to the project's own files. */
  'task:applied': TaskAppliedEvent;
  /**
   * What a task has changed in its work tree could not be applied to the project's own files, which
   * are as they were.
   */
  'task:conflict': TaskConflictEvent;
  /**
   * The account of the agents has reached a limit, or its login was refused, or it has no credit,
   * or what is left of a limit is people's share: its tasks wait.
   */
  'agent:limited': AccountEvent;
  /** The account of the agents is good again: its tasks start. */
  'agent:resumed': AccountEvent;
  /** A watched file was made. */
  'file:created': FileEvent;
  /** A watched file has other content, or may have. */
  'file:modified': FileEvent;
  /** A watched file is no longer there. */
  'file:deleted': FileEvent;
  /** A watched file has another name. */
  'file:renamed': FileEvent;
  /**
   * A job fires, or a rule whose trigger is a schedule: `schedule:` and its name, in which each
   * character that a topic cannot have is a `-`.
   */
  [topic: `schedule:${string}`]: ScheduleEvent;
  /** A person is asked to approve a task, to permit a tool, or to answer a question. */
  'approval:requested': ApprovalEvent;
  /** A person has approved it, or answered the question. */
  'approval:approved': ApprovalEvent;
  /** A person has rejected it. */
  'approval:rejected': ApprovalEvent;
  /** Nobody has decided in time. */
  'approval:timeout': ApprovalEvent;
  /**
   * It is no longer asked: its task has ended, or was changed and is asked for anew, or the round
   * is over that it was about.
   */
  'approval:withdrawn': ApprovalEvent;
  /** The action `health-check` found all well. */
  'health:ok': HealthCheck;
  /**
   * The action `health-check` found something that is not well; or a rule or a job has not
   * succeeded within its `expect`.
   */
  'health:degraded': HealthCheck;
  /** A message was sent to the agent of a task. */
  'task:sent': TaskSentEvent;
  /** A message has become part of the session of a task's agent, or of what it was asked. */
  'task:delivered': TaskDeliveredEvent;
  /** Someone has changed a queued task: its prompt, its priority, its lane or its time. */
  'task:edited': TaskEvent;
  /** Someone holds a queued task back, or has changed until when. */
  'task:held': TaskEvent;
  /** Someone has released a queued task; not when the time of a hold is over. */
  'task:released': TaskEvent;
  /** A person has taken a task over. */
  'task:taken': TaskEvent;
  /** A person has given a task back, or has finished it. */
  'task:given': TaskEvent;
  /** A rule, or all of automation, was switched on. */
  'automation:enabled': AutomationEvent;
  /** A rule, or all of automation, was switched off. */
  'automation:disabled': AutomationEvent;
  /**
   * A rule has fired too often, or its tasks have failed again and again for one reason: it is out
   * of force until it is enabled again.
   */
  'automation:tripped': AutomationEvent;
  /**
   * So much of a budget is spent as `budget.warn_at` says: once for each bound and day or month.
   */
  'budget:warning': BudgetEvent;
  /**
   * A task does not start because too little of a budget is left: once for each bound and day or
   * month.
   */
  'budget:exhausted': BudgetEvent;
  /** The configuration was read again and is in force. */
  'daemon:reloaded': DaemonReloaded;
  /**
   * Someone has paused the queue, or has the daemon end once no task runs any more: nothing is
   * started.
   */
  'daemon:paused': QueueEvent;
  /** Someone has resumed the queue. */
  'daemon:resumed': QueueEvent;
  /** A job with the built-in action `report` has fired: the report since it did so before. */
  'daemon:report': ReportEvent;
}
