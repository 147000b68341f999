//! The daemon's own topics: what it publishes, and what their payloads say.

use crate::{
    definition::TypeRef,
    types::{
        AccountEvent, ApprovalEvent, AutomationEvent, BudgetEvent, DaemonReloaded, FileEvent, HealthCheck,
        QueueEvent, ReportEvent, RoundEvent, ScheduleEvent, TaskAppliedEvent, TaskConflictEvent,
        TaskDeliveredEvent, TaskEvent, TaskRefusedEvent, TaskSentEvent,
    },
};

/// A topic that only the daemon publishes.
#[derive(Debug)]
pub struct Topic {
    /// Its name; a glob where a name of the user's own is part of it.
    pub name: &'static str,
    /// The occasion on which it is published.
    pub docs: &'static str,
    /// The type of the payload.
    pub payload: fn() -> TypeRef,
}

const fn of_task(name: &'static str, docs: &'static str) -> Topic {
    Topic { name, docs, payload: TypeRef::of_result::<TaskEvent> }
}

const fn of_file(name: &'static str, docs: &'static str) -> Topic {
    Topic { name, docs, payload: TypeRef::of_result::<FileEvent> }
}

const fn of_health(name: &'static str, docs: &'static str) -> Topic {
    Topic { name, docs, payload: TypeRef::of_result::<HealthCheck> }
}

const fn of_approval(name: &'static str, docs: &'static str) -> Topic {
    Topic { name, docs, payload: TypeRef::of_result::<ApprovalEvent> }
}

/// All of them. Clients pass over those that they do not know: a newer daemon may have more.
pub static TOPICS: &[Topic] = &[
    of_task("task:queued", "A task was submitted, or is queued again after its agent was lost."),
    of_task("task:started", "An agent was started for a task."),
    of_task("task:stalled", "An agent has written nothing for `daemon.stall_minutes`."),
    Topic {
        name: "task:round",
        docs: "A round of a task with a check is over: its agent has worked, and the check has run.",
        payload: TypeRef::of_result::<RoundEvent>,
    },
    Topic {
        name: "task:verified",
        docs: "The check of a task has succeeded: the task completes.",
        payload: TypeRef::of_result::<RoundEvent>,
    },
    of_task("task:completed", "A task has completed."),
    of_task("task:failed", "A task has failed, or its agent could not be started."),
    of_task(
        "task:cancelled",
        "A task was cancelled: by someone, by the daemon's stop, or because it waited in vain.",
    ),
    of_task(
        "task:timeout",
        "A task was ended because it ran longer than its time limit, or was silent for too long.",
    ),
    Topic {
        name: "task:refused",
        docs: "An agent has submitted a task that would make the chain of tasks longer than `daemon.max_task_depth` allows: there is no such task.",
        payload: TypeRef::of_result::<TaskRefusedEvent>,
    },
    Topic {
        name: "task:applied",
        docs: "What a task has changed in its work tree was applied to the project's own files.",
        payload: TypeRef::of_result::<TaskAppliedEvent>,
    },
    Topic {
        name: "task:conflict",
        docs: "What a task has changed in its work tree could not be applied to the project's own files, which are as they were.",
        payload: TypeRef::of_result::<TaskConflictEvent>,
    },
    Topic {
        name: "agent:limited",
        docs: "The account of the agents has reached a limit, or its login was refused, or it has no credit, or what is left of a limit is \
               people's share: its tasks wait.",
        payload: TypeRef::of_result::<AccountEvent>,
    },
    Topic {
        name: "agent:resumed",
        docs: "The account of the agents is good again: its tasks start.",
        payload: TypeRef::of_result::<AccountEvent>,
    },
    of_file("file:created", "A watched file was made."),
    of_file("file:modified", "A watched file has other content, or may have."),
    of_file("file:deleted", "A watched file is no longer there."),
    of_file("file:renamed", "A watched file has another name."),
    Topic {
        name: "schedule:*",
        docs: "A job fires, or a rule whose trigger is a schedule: `schedule:` and its name, in which each character that a topic \
               cannot have is a `-`.",
        payload: TypeRef::of_result::<ScheduleEvent>,
    },
    of_approval(
        "approval:requested",
        "A person is asked to approve a task, to permit a tool, or to answer a question.",
    ),
    of_approval("approval:approved", "A person has approved it, or answered the question."),
    of_approval("approval:rejected", "A person has rejected it."),
    of_approval("approval:timeout", "Nobody has decided in time."),
    of_approval(
        "approval:withdrawn",
        "It is no longer asked: its task has ended, or was changed and is asked for anew, or the round is over that it was about.",
    ),
    of_health("health:ok", "The action `health-check` found all well."),
    of_health(
        "health:degraded",
        "The action `health-check` found something that is not well; or a rule or a job has not succeeded within its `expect`.",
    ),
    Topic {
        name: "task:sent",
        docs: "A message was sent to the agent of a task.",
        payload: TypeRef::of_result::<TaskSentEvent>,
    },
    Topic {
        name: "task:delivered",
        docs: "A message has become part of the session of a task's agent, or of what it was asked.",
        payload: TypeRef::of_result::<TaskDeliveredEvent>,
    },
    of_task(
        "task:edited",
        "Someone has changed a queued task: its prompt, its priority, its lane or its time.",
    ),
    of_task("task:held", "Someone holds a queued task back, or has changed until when."),
    of_task("task:released", "Someone has released a queued task; not when the time of a hold is over."),
    of_task("task:taken", "A person has taken a task over."),
    of_task("task:given", "A person has given a task back, or has finished it."),
    Topic {
        name: "automation:enabled",
        docs: "A rule, or all of automation, was switched on.",
        payload: TypeRef::of_result::<AutomationEvent>,
    },
    Topic {
        name: "automation:disabled",
        docs: "A rule, or all of automation, was switched off.",
        payload: TypeRef::of_result::<AutomationEvent>,
    },
    Topic {
        name: "automation:tripped",
        docs: "A rule has fired too often, or its tasks have failed again and again for one reason: it is out of force until it is enabled again.",
        payload: TypeRef::of_result::<AutomationEvent>,
    },
    Topic {
        name: "budget:warning",
        docs: "So much of a budget is spent as `budget.warn_at` says: once for each bound and day or month.",
        payload: TypeRef::of_result::<BudgetEvent>,
    },
    Topic {
        name: "budget:exhausted",
        docs: "A task does not start because too little of a budget is left: once for each bound and day or month.",
        payload: TypeRef::of_result::<BudgetEvent>,
    },
    Topic {
        name: "daemon:reloaded",
        docs: "The configuration was read again and is in force.",
        payload: TypeRef::of_result::<DaemonReloaded>,
    },
    Topic {
        name: "daemon:paused",
        docs: "Someone has paused the queue, or has the daemon end once no task runs any more: nothing is started.",
        payload: TypeRef::of_result::<QueueEvent>,
    },
    Topic {
        name: "daemon:resumed",
        docs: "Someone has resumed the queue.",
        payload: TypeRef::of_result::<QueueEvent>,
    },
    Topic {
        name: "daemon:report",
        docs: "A job with the built-in action `report` has fired: the report since it did so before.",
        payload: TypeRef::of_result::<ReportEvent>,
    },
];
