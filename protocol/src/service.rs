//! The service: the only place where a method is stated.
//!
//! To add one, write it here, give the handler in the server, and run `scripts/generate`.
//!
//! It is one file, however long: a service is one trait for `#[tarpc::service]`, and `#[methods]` reads names, documentation, errors and examples
//! off it. Parts in files of their own would have to be put together by a macro, and nobody could read the definition, or look a method up, where it stands.

use aiwg_protocol_macros::methods;

use crate::{
    definition::{Notification, TypeRef},
    error::ApiError,
    types::*,
};

/// The methods of the daemon.
#[methods]
#[tarpc::service(derive = [Clone])]
pub trait DaemonService {
    /// Answers at once, which shows that the daemon is alive.
    #[method(name = "ping", repeat = Safe, agents = Allowed)]
    #[example(
        name = "alive",
        params = "{}",
        result = r#"{"pong": true, "timestamp": "2026-11-23T14:33:23.042Z"}"#
    )]
    async fn ping(params: NoParams) -> Result<Pong, ApiError>;

    /// Gives the OpenRPC document of this API.
    ///
    /// The document describes every method, type and error, and is enough to write a client from.
    #[method(name = "rpc.discover", repeat = Safe, agents = Allowed)]
    #[example(
        name = "the document",
        params = "{}",
        result = r#"{"openrpc": "1.3.2", "info": {"title": "aiwg", "version": "1.0"}, "methods": []}"#
    )]
    async fn rpc_discover(params: NoParams) -> Result<OpenRpcDocument, ApiError>;

    /// Reports the state of the daemon and all its subsystems.
    #[method(name = "daemon.status", repeat = Safe, agents = Allowed)]
    #[example(
        name = "an idle daemon",
        params = "{}",
        result = r#"{
            "pid": 4711, "uptime_seconds": 42, "started_at": "2026-11-23T14:33:23.042Z", "health": "healthy", "issues": [],
            "health_check": null, "version": "0.1.0", "protocol_version": "1.0", "project": "/home/me/project",
            "socket": "/home/me/project/.aiwg/daemon/daemon.sock", "config": null, "detached": true,
            "stopped": false,
            "stats": {"total": 0, "queued": 0, "running": 0, "completed": 0, "failed": 0, "cancelled": 0, "timeout": 0},
            "subsystems": {
                "ipc": {"clients": 1},
                "supervisor": {"running": 0, "queued": 0, "maxConcurrency": 3, "tasks": {"running": [], "queued": []}},
                "automation": {"enabled": true, "ruleCount": 0},
                "file_watcher": {"enabled": false, "events_received": 0, "directories": 0, "files": 0, "polling": false,
                    "missing": [], "held_by": null, "held_since": null, "overflows": 0},
                "scheduler": {"enabled": false, "jobs": 0, "next_at": null},
                "messaging": {"enabled": false, "adapters": []},
                "approvals": {"pending": 0}
            }
        }"#
    )]
    async fn daemon_status(params: NoParams) -> Result<DaemonStatus, ApiError>;

    /// Stops the daemon.
    ///
    /// The answer comes first. Queued tasks stay queued for the next start. Running ones get SIGTERM, 15 seconds, then
    /// SIGKILL, every process they started included, and end as `cancelled`. With `keepAgents` they go on, and the next
    /// daemon supervises them.
    #[method(name = "daemon.stop", idempotent = true)]
    #[example(name = "stop", params = "{}", result = r#"{"stopping": true, "pid": 4711, "running": 0}"#)]
    #[example(
        name = "before a restart",
        params = r#"{"keepAgents": true}"#,
        result = r#"{"stopping": true, "pid": 4711, "running": 2}"#
    )]
    async fn daemon_stop(params: DaemonStopParams) -> Result<StopAcknowledged, ApiError>;

    /// Restarts the daemon in place, as the same process: it reads its program and its configuration again. Running
    /// agents go on, queued tasks stay queued.
    ///
    /// A bad configuration is refused, and nothing is restarted. The answer comes before the restart; afterwards
    /// `daemon.status` has another `started_at`. The daemon keeps its environment.
    #[method(name = "daemon.restart", errors = [ShuttingDown])]
    #[example(
        name = "a good file",
        params = "{}",
        result = r#"{"restarting": true, "pid": 4711, "errors": [], "changes": ["budget.day_usd: 25.0 -> 50.0"]}"#
    )]
    #[example(
        name = "a bad file",
        params = "{}",
        result = r#"{"restarting": false, "pid": 4711, "errors": [{"file": "/home/me/project/.aiwg/daemon.json", "line": 3,
            "column": 5, "message": "unknown key \"max_paralel_actions\"; did you mean \"max_parallel_actions\"?"}],
            "changes": []}"#
    )]
    async fn daemon_restart(params: NoParams) -> Result<DaemonRestarting, ApiError>;

    /// Reads the configuration again, and applies it as a whole or not at all.
    ///
    /// The queue, running tasks and connections are not disturbed. SIGHUP does the same.
    #[method(name = "daemon.reload", idempotent = true, errors = [StorageUnavailable, ShuttingDown])]
    #[example(
        name = "a good file",
        params = "{}",
        result = r#"{"reloaded": true, "errors": [], "notices": [], "changes": ["budget.day_usd: 25.0 -> 50.0"]}"#
    )]
    #[example(
        name = "a bad file",
        params = "{}",
        result = r#"{"reloaded": false, "errors": [{"file": "/home/me/project/.aiwg/daemon.json", "line": 3, "column": 5,
            "message": "unknown key \"max_paralel_actions\"; did you mean \"max_parallel_actions\"?"}],
            "notices": [], "changes": []}"#
    )]
    async fn daemon_reload(params: NoParams) -> Result<DaemonReloaded, ApiError>;

    /// Pauses the queue: nothing is started until `daemon.resume`, over restarts as well. Running tasks go on.
    #[method(name = "daemon.pause", idempotent = true, errors = [StorageUnavailable, ShuttingDown])]
    #[example(
        name = "one task goes on",
        params = "{}",
        result = r#"{"since": "2026-11-23T14:33:23.042Z", "running": 1}"#
    )]
    async fn daemon_pause(params: NoParams) -> Result<QueuePaused, ApiError>;

    /// Resumes a queue that was paused or drained.
    #[method(name = "daemon.resume", idempotent = true, errors = [StorageUnavailable, ShuttingDown])]
    #[example(name = "on again", params = "{}", result = r#"{"resumed": true}"#)]
    async fn daemon_resume(params: NoParams) -> Result<QueueResumed, ApiError>;

    /// Drains the queue: nothing is started, and running tasks go on to their ends. With `exit` the daemon ends after the last of them.
    ///
    /// Without `exit` it is the same as `daemon.pause`, of which all hosts of a store take notice; with `exit` it is of this host only. With `waitMs` the answer
    /// waits until no task runs any more, or someone resumes the queue: one with 0 as `running` says that the queue has drained. A daemon that ends before that
    /// answers `shutting_down`; one that restarts drains on.
    #[method(name = "daemon.drain", idempotent = true, errors = [StorageUnavailable, ShuttingDown, TooManyWaits])]
    #[example(
        name = "before the machine goes down",
        params = r#"{"exit": true}"#,
        result = r#"{"since": "2026-11-23T14:33:23.042Z", "running": 2}"#
    )]
    async fn daemon_drain(params: DaemonDrainParams) -> Result<QueuePaused, ApiError>;

    /// Gives lines of the daemon's log: the last ones, or those after an earlier answer.
    ///
    /// With `waitMs` the answer waits until there is something: to follow the log, over rotations and restarts, ask again
    /// from `cursor`.
    #[method(name = "daemon.logs", repeat = Safe, agents = Allowed, errors = [TooManyWaits, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "the last line",
        params = r#"{"lines": 1}"#,
        result = r#"{"lines": ["2026-11-23T14:33:23.042Z  INFO automation: fired rule=\"auto-test\" event=17"],
            "cursor": "4711.MjAyNi0xMS0yMw", "missed": false}"#
    )]
    #[example(
        name = "what comes next",
        params = r#"{"cursor": "4711.MjAyNi0xMS0yMw", "waitMs": 30000}"#,
        result = r#"{"lines": [], "cursor": "4711.MjAyNi0xMS0yMw", "missed": false}"#
    )]
    async fn daemon_logs(params: DaemonLogsParams) -> Result<DaemonLogs, ApiError>;

    /// Reports the state of all rules.
    #[method(name = "automation.status", repeat = Safe, agents = Allowed, errors = [StorageUnavailable])]
    #[example(
        name = "one rule",
        params = "{}",
        result = r#"{"enabled": true, "ruleCount": 1, "rules": [{
            "id": "auto-test", "trigger": {"type": "file_change", "pattern": "src/**/*.ts"},
            "condition": {"type": "debounce", "interval_ms": 5000},
            "action": {"type": "submit_task", "prompt": "Run tests for {{ files }}", "priority": 0, "agent": null},
            "enabled": true, "active": true, "reason": null, "onBusy": "coalesce", "trippedAt": null, "busy": 1,
            "pending": {"matches": 3, "dueAt": null}, "lastRefusal": {"at": "2026-11-23T14:33:25.107Z", "event": 21,
                "reason": "the change was made while a task of this rule ran"}
        }], "heldBy": null, "heldSince": null, "recentExecutions": [
            {"rule": "auto-test", "at": "2026-11-23T14:33:23.042Z", "event": 17, "matches": 2, "task": "task-0004"}
        ]}"#
    )]
    async fn automation_status(params: NoParams) -> Result<AutomationStatus, ApiError>;

    /// Switches a rule on, or all of automation. The switch outlasts restarts.
    ///
    /// A rule that has tripped starts to count its firings from zero. Switching on all of automation does not switch on
    /// single rules.
    #[method(name = "automation.enable", idempotent = true, errors = [RuleNotFound, StorageUnavailable])]
    #[example(name = "all", params = "{}", result = r#"{"enabled": true}"#)]
    #[example(name = "a rule", params = r#"{"ruleId": "auto-test"}"#, result = r#"{"success": true}"#)]
    async fn automation_enable(params: AutomationSwitchParams) -> Result<AutomationSwitched, ApiError>;

    /// Switches a rule off, or all of automation. It lasts over restarts.
    ///
    /// Pending matches, which have made no task yet, are kept until it is switched on again. Queued and running tasks stay.
    #[method(name = "automation.disable", idempotent = true, errors = [RuleNotFound, StorageUnavailable])]
    #[example(name = "all", params = "{}", result = r#"{"enabled": false}"#)]
    #[example(name = "a rule", params = r#"{"ruleId": "auto-test"}"#, result = r#"{"success": true}"#)]
    async fn automation_disable(params: AutomationSwitchParams) -> Result<AutomationSwitched, ApiError>;

    /// Reports what the rules would do with an event, and changes nothing.
    #[method(name = "automation.test", repeat = Safe, agents = Allowed, errors = [JobNotFound, StorageUnavailable])]
    #[example(
        name = "an event",
        params = r#"{"topic": "deployment:complete", "payload": {"version": "1.2.3"}}"#,
        result = r#"{"topic": "deployment:complete", "rules": [{"rule": "on-deployment-complete", "outcome": "fire",
            "reason": null, "prompt": "Run post-deployment smoke tests"}]}"#
    )]
    #[example(
        name = "a file",
        params = r#"{"file": "src/main.ts"}"#,
        result = r#"{"topic": "file:modified", "file": "src/main.ts", "rules": [{"rule": "auto-test", "outcome": "refuse",
            "reason": "the rule is disabled; `aiwg automation enable --rule auto-test` enables it",
            "prompt": "Run tests for [\"src/main.ts\"]"}]}"#
    )]
    async fn automation_test(params: AutomationTestParams) -> Result<AutomationTested, ApiError>;

    /// Emits an event.
    ///
    /// The answer comes once the event is in the log on disk, together with every task that a rule makes of it at once: no
    /// crash or power cut after it loses them.
    #[method(name = "event.emit", repeat = Key, agents = Allowed, effect = Adds, errors = [IdempotencyConflict, TopicReserved, UnknownTopic, InvalidPayload, StorageUnavailable, QueueFull, ShuttingDown])]
    #[example(
        name = "a deployment",
        params = r#"{"topic": "deployment:complete", "payload": {"version": "1.2.3"}}"#,
        result = r#"{"seq": 17, "rules": ["on-deployment-complete"]}"#
    )]
    async fn event_emit(params: EventEmitParams) -> Result<EventEmitted, ApiError>;

    /// Lists the topics that the configuration declares, by name, then the daemon's own, with the schemas of their payloads.
    #[method(name = "topic.list", repeat = Safe, agents = Allowed)]
    #[example(
        name = "one of each",
        params = "{}",
        result = r#"[{"name": "deployment:complete", "description": "A deployment went live.", "source": "project",
            "payload": {"type": "object", "required": ["version"], "properties": {"version": {"type": "string"}}}},
            {"name": "schedule:*", "description": "A job fires.", "source": "daemon", "payload": {"type": "object"}}]"#
    )]
    async fn topic_list(params: NoParams) -> Result<Vec<TopicInfo>, ApiError>;

    /// Lists events, the oldest first.
    #[method(name = "event.list", repeat = Safe, agents = Allowed, errors = [StorageUnavailable])]
    #[example(
        name = "what has come after number 16",
        params = r#"{"topics": ["deployment:*"], "since": 16, "limit": 1}"#,
        result = r#"[{"seq": 17, "topic": "deployment:complete", "payload": {"version": "1.2.3"}, "source": "client",
            "at": "2026-11-23T14:33:23.042Z"}]"#
    )]
    async fn event_list(params: EventListParams) -> Result<Vec<Event>, ApiError>;

    /// Pushes events to this connection as they happen.
    ///
    /// They come as `event` notifications, in the order of their numbers. With `since`, the events after that number
    /// come first. A subscriber that does not read delays nobody: if it falls behind, up to 10,000 events are read for
    /// it from the log. Beyond that, events are passed over, and `event.missed` reports their number. `event.missed`
    /// also comes if retention has deleted events before they were sent, and if the log was deleted and restarted, so
    /// that it does not reach `since`. The subscription ends with its connection.
    #[method(name = "event.subscribe", agents = Allowed, effect = Reads, errors = [TooManySubscriptions, StorageUnavailable])]
    #[example(
        name = "what becomes of tasks, from event 16 on",
        params = r#"{"topics": ["task:*"], "since": 16}"#,
        result = r#"{"subscription": 1, "since": 16}"#
    )]
    async fn event_subscribe(params: EventSubscribeParams) -> Result<EventSubscribed, ApiError>;

    /// Ends a subscription of this connection.
    #[method(name = "event.unsubscribe", agents = Allowed, effect = Reads, idempotent = true)]
    #[example(
        name = "the first one",
        params = r#"{"subscription": 1}"#,
        result = r#"{"unsubscribed": true}"#
    )]
    async fn event_unsubscribe(params: EventUnsubscribeParams) -> Result<EventUnsubscribed, ApiError>;

    /// Sends a message to an agent: a task of higher priority, whose output is the answer.
    ///
    /// `task.output` streams the answer and `task.wait` waits for it.
    #[method(name = "chat.send", repeat = Key, agents = Allowed, effect = Adds, errors = [IdempotencyConflict, QueueFull, ChainTooDeep, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "in a conversation",
        params = r#"{"message": "And which of them are slow?", "conversation": "tests"}"#,
        result = r#"{"taskId": "task-0002"}"#
    )]
    async fn chat_send(params: ChatSendParams) -> Result<ChatSent, ApiError>;

    /// Gives the last turns of a conversation, the oldest first; none if there is no such conversation.
    #[method(name = "chat.history", repeat = Safe, agents = Allowed, errors = [StorageUnavailable])]
    #[example(
        name = "the last turn",
        params = r#"{"conversation": "tests", "limit": 1}"#,
        result = r#"[{"taskId": "task-0001", "by": "user", "message": "What is our current test coverage?", "answer": "81 percent.",
            "error": null, "state": "completed", "at": "2026-11-23T14:33:23.042Z"}]"#
    )]
    async fn chat_history(params: ChatHistoryParams) -> Result<Vec<ChatTurn>, ApiError>;

    /// Forgets a conversation: agents no longer get what was said in it. Its tasks stay.
    #[method(name = "chat.clear", idempotent = true, errors = [StorageUnavailable, ShuttingDown])]
    #[example(name = "one turn", params = r#"{"conversation": "tests"}"#, result = r#"{"cleared": 1}"#)]
    async fn chat_clear(params: ChatClearParams) -> Result<ChatCleared, ApiError>;

    /// Lists the accounts that agents work with, as far as the user's daemons know something of them: limits, refused logins, what is used up.
    #[method(name = "account.list", repeat = Safe, agents = Allowed)]
    #[example(
        name = "a limit of five hours",
        params = "{}",
        result = r#"{"accounts": [{"id": "5f1c0c6f4e3f4d1b9a7d3c2e1f0a9b8c", "program": "claude", "login": ["HOME"], "isUsed": true,
            "state": "limited", "since": "2026-11-23T14:33:23.042Z", "until": "2026-11-23T18:02:11.000Z", "window": "five_hour",
            "windows": [{"name": "five_hour", "utilization": 1.0, "resetsAt": "2026-11-23T18:01:45.000Z",
                "seenAt": "2026-11-23T14:33:23.042Z"}]}]}"#
    )]
    async fn account_list(params: NoParams) -> Result<AccountList, ApiError>;

    /// Lifts what holds an account back: a limit, a share that is left to people, a refused login. Its tasks start, here and in the user's other
    /// projects.
    #[method(name = "account.resume", idempotent = true, errors = [AccountNotFound, ShuttingDown])]
    #[example(
        name = "after a login",
        params = "{}",
        result = r#"{"resumed": ["5f1c0c6f4e3f4d1b9a7d3c2e1f0a9b8c"]}"#
    )]
    async fn account_resume(params: AccountResumeParams) -> Result<AccountResumed, ApiError>;

    /// Reports what has happened since some moment: which tasks completed, failed and were cancelled, why, and what they cost; and which run or wait,
    /// and for what.
    #[method(name = "report.get", repeat = Safe, agents = Allowed, errors = [StorageUnavailable])]
    #[example(
        name = "the night",
        params = r#"{"since": "2026-11-23T18:00:00.000Z"}"#,
        result = r#"{"since": "2026-11-23T18:00:00.000Z", "until": "2026-11-24T07:30:00.000Z", "completed": [],
            "failed": [{"id": "task-0007", "prompt": "Fix the failing tests", "rule": "nightly", "state": "failed", "reason": "auth",
                "error": "the agent reported an error: API Error: 401", "startedAt": "2026-11-24T02:00:00.023Z",
                "completedAt": "2026-11-24T02:00:04.113Z"}],
            "cancelled": [], "running": [],
            "waiting": [{"id": "task-0008", "prompt": "Update the documentation", "rule": null, "state": "queued", "startedAt": null,
                "completedAt": null, "waiting": "limit", "waitingUntil": "2026-11-24T08:02:11.000Z"}],
            "reasons": {"auth": 1}, "costUsd": 0.0, "isCut": false}"#
    )]
    async fn report_get(params: ReportGetParams) -> Result<Report, ApiError>;

    /// Lists the schedules, each with its last and its next firing.
    #[method(name = "schedule.list", repeat = Safe, agents = Allowed, errors = [StorageUnavailable])]
    #[example(
        name = "a job",
        params = "{}",
        result = r#"[{"name": "daily-audit", "topic": "schedule:daily-audit", "cron": "0 9 * * *", "timezone": "Europe/Berlin",
            "action": "security-audit", "catchUp": false, "lastAt": "2026-11-23T08:00:00.000Z",
            "nextAt": "2026-11-24T08:00:00.000Z"}]"#
    )]
    async fn schedule_list(params: NoParams) -> Result<Vec<ScheduledJob>, ApiError>;

    /// Fires a schedule now, whether or not schedules are switched on.
    ///
    /// Its own times stay as they are.
    #[method(name = "schedule.run", effect = Adds, errors = [JobNotFound, QueueFull, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "an audit now",
        params = r#"{"job": "daily-audit"}"#,
        result = r#"{"seq": 42, "rules": ["schedule:daily-audit"]}"#
    )]
    async fn schedule_run(params: ScheduleRunParams) -> Result<ScheduleRun, ApiError>;

    /// Submits a task.
    ///
    /// The answer comes once the task is stored on disk.
    #[method(name = "task.submit", repeat = Key, agents = Allowed, effect = Adds, errors = [IdempotencyConflict, QueueFull, ChainTooDeep, DependencyNotFound, DependencyOnItself, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "an urgent task",
        params = r#"{"prompt": "Fix critical security bug", "priority": 10}"#,
        result = r#"{"taskId": "task-0001", "state": "running"}"#
    )]
    #[example(
        name = "a task that waits for another",
        params = r#"{"prompt": "Deploy", "after": ["task-0001"], "timeoutMinutes": 10}"#,
        result = r#"{"taskId": "task-0002", "state": "queued"}"#
    )]
    async fn task_submit(params: TaskSubmitParams) -> Result<TaskSubmitted, ApiError>;

    /// Cancels a task that has not ended.
    ///
    /// A queued task is cancelled at once. A running one is ended with every process it started: SIGTERM, 15 seconds, then
    /// SIGKILL; the answer does not wait for that.
    #[method(name = "task.cancel", agents = Own, idempotent = true, errors = [TaskNotFound, TaskEnded, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "a queued task",
        params = r#"{"taskId": "task-0002"}"#,
        result = r#"{"cancelled": true, "state": "cancelled"}"#
    )]
    async fn task_cancel(params: TaskCancelParams) -> Result<TaskCancelled, ApiError>;

    /// Cancels many tasks in one step: the named ones, or all that match and have not ended.
    ///
    /// Each is cancelled as by `task.cancel`. A named task that has already ended is reported with its state, and is no
    /// error. One answer holds at most 1000 tasks.
    #[method(name = "task.cancelMany", agents = Own, errors = [TaskNotFound, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "all that are queued for a rule",
        params = r#"{"state": "queued", "rule": "auto-test"}"#,
        result = r#"{"tasks": [{"taskId": "task-0002", "cancelled": true, "state": "cancelled"}], "more": false}"#
    )]
    async fn task_cancel_many(params: TaskSelection) -> Result<TasksCancelled, ApiError>;

    /// Holds a queued task back until `task.release`, or until a moment.
    #[method(name = "task.hold", idempotent = true, errors = [TaskNotFound, TaskNotQueued, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "until someone releases it",
        params = r#"{"taskId": "task-0002"}"#,
        result = r#"{"held": true}"#
    )]
    async fn task_hold(params: TaskHoldParams) -> Result<TaskHeld, ApiError>;

    /// Releases a task that is held by `task.hold`, that is to start later, or that has met a limit with a login of its own. What else it waits for
    /// stays.
    #[method(name = "task.release", idempotent = true, errors = [TaskNotFound, TaskNotQueued, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "a task that was held",
        params = r#"{"taskId": "task-0002"}"#,
        result = r#"{"released": true}"#
    )]
    async fn task_release(params: TaskReleaseParams) -> Result<TaskReleased, ApiError>;

    /// Changes a queued task: its prompt, priority, lane, or the time after which it is no longer wanted.
    #[method(name = "task.edit", errors = [TaskNotFound, TaskNotQueued, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "more urgent",
        params = r#"{"taskId": "task-0002", "priority": 10}"#,
        result = r#"{"edited": true}"#
    )]
    async fn task_edit(params: TaskEditParams) -> Result<TaskEdited, ApiError>;

    /// Sends a message to the agent of a task that has not ended.
    ///
    /// An agent that runs gets it in its session: while it works, if its program takes messages then (`agent.steer`), or when its run has ended, as
    /// a further run. One that is queued gets it with what it is asked. `task.get` tells in `messages` what has become of it. An agent may send to
    /// the tasks that it caused.
    #[method(name = "task.send", agents = Own, effect = Adds, errors = [TaskNotFound, TaskEnded, TooManyMessages, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "to an agent that runs",
        params = r#"{"taskId": "task-0002", "message": "Leave the public API as it is."}"#,
        result = r#"{"n": 1, "state": "running", "delivery": "live"}"#
    )]
    async fn task_send(params: TaskSendParams) -> Result<TaskSent, ApiError>;

    /// Takes a task over for a person: its session is the person's from when its agent has ended.
    ///
    /// One in whose session nobody could go on is refused, and stays as it is: its program tells no session, or has no command for that, or it has not
    /// begun. Until `task.give` the task is queued, and waits for `taken`. `task.get` then tells in `takeover` how to go on in its session.
    #[method(name = "task.take", errors = [TaskNotFound, TaskElsewhere, TaskEnded, TaskIsTaken, TaskHasNoSession, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "one that runs",
        params = r#"{"taskId": "task-0002"}"#,
        result = r#"{"state": "running"}"#
    )]
    async fn task_take(params: TaskTakeParams) -> Result<TaskTaken, ApiError>;

    /// Gives a task back that was taken over: its agent goes on in its session, or the task has completed.
    ///
    /// If its agent has not ended yet, the task goes on; one that is `done` completes when its agent has been ended for that.
    #[method(name = "task.give", errors = [TaskNotFound, TaskEnded, TaskIsNotTaken, StorageUnavailable, ShuttingDown])]
    #[example(name = "to go on", params = r#"{"taskId": "task-0002"}"#, result = r#"{"state": "queued"}"#)]
    async fn task_give(params: TaskGiveParams) -> Result<TaskGiven, ApiError>;

    /// Lists tasks, the newest first.
    ///
    /// In a list, `result` and `output` hold the last 4 KiB only: `task.get` has more.
    #[method(name = "task.list", repeat = Safe, agents = Allowed, errors = [StorageUnavailable])]
    #[example(
        name = "what is running",
        params = r#"{"state": "running", "limit": 1}"#,
        result = r#"[{"id": "task-0001", "prompt": "Fix critical security bug", "agent": null, "priority": 10,
            "state": "running", "createdAt": "2026-11-23T14:33:23.042Z", "startedAt": "2026-11-23T14:33:23.045Z",
            "completedAt": null, "pid": 4712, "exitCode": null, "signal": null, "attempts": 1, "result": null, "error": null,
            "output": "Looking at the code.\n", "timeoutMinutes": null, "after": [],
            "processesEnded": null, "processesLeft": null, "usage": null, "metadata": {}}]"#
    )]
    async fn task_list(params: TaskListParams) -> Result<Vec<Task>, ApiError>;

    /// Gives one task.
    #[method(name = "task.get", repeat = Safe, agents = Allowed, errors = [TaskNotFound, StorageUnavailable])]
    #[example(
        name = "a completed task",
        params = r#"{"taskId": "task-0001"}"#,
        result = r#"{"id": "task-0001", "prompt": "Run post-deployment smoke tests", "agent": null, "priority": 0,
            "state": "completed", "createdAt": "2026-11-23T14:33:23.042Z", "startedAt": "2026-11-23T14:33:23.045Z",
            "completedAt": "2026-11-23T14:35:01.730Z", "pid": null, "exitCode": 0, "signal": null, "attempts": 1,
            "result": "All tests pass.\n", "error": null, "output": "All tests pass.\n", "timeoutMinutes": null,
            "after": [], "processesEnded": 0, "processesLeft": 0,
            "usage": {"costUsd": 0.0421, "turns": 7, "inputTokens": 1204, "outputTokens": 2310, "cacheReadTokens": 88012,
                "cacheCreationTokens": 5120, "sessionId": "5e1f0c1e-8a56-4f0e-9b7e-3d8e6f1f2a10", "permissionDenials": []},
            "metadata": {}, "causedBy": {"rule": "on-deployment-complete", "event": 17, "depth": 0}}"#
    )]
    async fn task_get(params: TaskGetParams) -> Result<Task, ApiError>;

    /// Explains a task or an event: what led to it, from what came from outside on; or all that it led to.
    ///
    /// The chain goes over events, the rules that matched them, tasks and their runs, with times and costs. Matches that came to
    /// nothing are in it, with the reasons, and so is what queued tasks wait for now. It is answered from what is stored, for as long as
    /// retention keeps it; of lanes, budgets and accounts it says what the engine found when it last looked for a task to start.
    #[method(name = "task.why", repeat = Safe, agents = Allowed, errors = [TaskNotFound, EventNotFound, StorageUnavailable])]
    #[example(
        name = "what led to a task",
        params = r#"{"id": "task-0001"}"#,
        result = r#"{"asked": "task-0001", "cut": false, "nodes": [
            {"id": "origin-1", "kind": "origin", "causes": [], "at": null, "text": "python3 deploy.py",
                "origin": {"process": {"pid": 4711, "program": "python3", "script": "deploy.py"}, "cwd": "/home/me/project",
                    "uid": 1000, "user": "me", "parents": [{"pid": 4700, "program": "bash"}]}},
            {"id": "event-17", "kind": "event", "causes": ["origin-1"], "at": "2026-11-23T14:33:23.042Z",
                "text": "deployment:complete {\"version\":\"1.2.3\"}"},
            {"id": "event-17/rule-announce", "kind": "refusal", "causes": ["event-17"], "at": "2026-11-23T14:33:23.042Z",
                "text": "the rule is disabled; `aiwg automation enable --rule announce` enables it", "reason": "off",
                "rule": "announce"},
            {"id": "task-0001/rule", "kind": "rule", "causes": ["event-17"], "at": "2026-11-23T14:33:23.042Z",
                "text": "on-deployment-complete", "rule": "on-deployment-complete", "revision": 1},
            {"id": "task-0001", "kind": "task", "causes": ["task-0001/rule"], "at": "2026-11-23T14:33:23.042Z",
                "until": "2026-11-23T14:35:01.730Z", "text": "Run post-deployment smoke tests", "state": "completed",
                "reason": "done", "costUsd": 0.0421},
            {"id": "task-0001/run-1", "kind": "run", "causes": ["task-0001"], "at": "2026-11-23T14:33:23.045Z",
                "until": "2026-11-23T14:35:01.730Z", "text": "agent", "reason": "done", "costUsd": 0.0421}
        ]}"#
    )]
    #[example(
        name = "what an event led to",
        params = r#"{"id": "event-18", "direction": "effects"}"#,
        result = r#"{"asked": "event-18", "cut": false, "nodes": [
            {"id": "event-18", "kind": "event", "causes": [], "at": "2026-11-23T14:33:25.107Z", "text": "build:started null"}
        ]}"#
    )]
    async fn task_why(params: TaskWhyParams) -> Result<Why, ApiError>;

    /// Counts the tasks by state, and sums up the usage of their agents.
    #[method(name = "task.stats", repeat = Safe, agents = Allowed, errors = [StorageUnavailable])]
    #[example(
        name = "counts",
        params = "{}",
        result = r#"{
            "total": 3, "queued": 1, "running": 1, "completed": 1, "failed": 0, "cancelled": 0, "timeout": 0,
            "reasons": {"done": 1},
            "usage": {
                "total": {"tasks": 1, "costUsd": 0.0421, "turns": 7, "inputTokens": 1204, "outputTokens": 2310,
                    "cacheReadTokens": 88012, "cacheCreationTokens": 5120},
                "byRule": [{"rule": "on-deployment-complete", "usage": {"tasks": 1, "costUsd": 0.0421, "turns": 7,
                    "inputTokens": 1204, "outputTokens": 2310, "cacheReadTokens": 88012, "cacheCreationTokens": 5120}}],
                "byDay": [{"day": "2026-11-23", "usage": {"tasks": 1, "costUsd": 0.0421, "turns": 7,
                    "inputTokens": 1204, "outputTokens": 2310, "cacheReadTokens": 88012, "cacheCreationTokens": 5120}}]
            }}"#
    )]
    async fn task_stats(params: NoParams) -> Result<TaskStats, ApiError>;

    /// Waits until a task has ended, in whatever state, and gives it.
    ///
    /// The daemon measures `timeoutMs`: when it has passed, the answer is the error `wait_timeout`. A time-out that a
    /// client sets for the call runs in the client, which sends `rpc.cancel` when it has passed. Whichever passes first ends
    /// the wait. Neither ends the task. What it has changed in a work tree has come back by then, unless that takes a minute.
    #[method(name = "task.wait", repeat = Safe, agents = Allowed, errors = [TaskNotFound, WaitTimeout, TooManyWaits, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "wait for a minute at most",
        params = r#"{"taskId": "task-0001", "timeoutMs": 60000}"#,
        result = r#"{"id": "task-0001", "prompt": "Fix the tests", "agent": "tester", "priority": 0, "state": "failed",
            "createdAt": "2026-11-23T14:33:23.042Z", "startedAt": "2026-11-23T14:33:23.045Z",
            "completedAt": "2026-11-23T14:35:01.730Z", "pid": null, "exitCode": 1, "signal": null, "attempts": 1,
            "result": "", "error": "the agent exited with code 1", "output": "", "timeoutMinutes": 30,
            "after": [], "processesEnded": 2, "processesLeft": 0, "usage": null, "metadata": {"ticket": 42}}"#
    )]
    async fn task_wait(params: TaskWaitParams) -> Result<Task, ApiError>;

    /// Gives what a task's agent has written, from any byte on.
    ///
    /// With `waitMs` the answer waits until there is something, or the task has ended: to follow a task, ask again from
    /// `nextOffset` until `ended` is true. Of what has run on another host there are the beginning and the end, 8 MiB
    /// together.
    #[method(name = "task.output", repeat = Safe, agents = Allowed, errors = [TaskNotFound, TooManyWaits, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "the beginning",
        params = r#"{"taskId": "task-0001"}"#,
        result = r#"{"data": "Looking at the code.\n", "offset": 0, "nextOffset": 21, "attempt": 1, "ended": false}"#
    )]
    #[example(
        name = "what comes next",
        params = r#"{"taskId": "task-0001", "offset": 21, "waitMs": 30000}"#,
        result = r#"{"data": "Done.\n", "offset": 21, "nextOffset": 27, "attempt": 1, "ended": true}"#
    )]
    async fn task_output(params: TaskOutputParams) -> Result<TaskOutput, ApiError>;

    /// Gives what a task has changed in its work tree, as a unified diff.
    ///
    /// A diff of more than 1 MiB is cut after a line. What is no UTF-8 is replaced.
    #[method(name = "task.diff", repeat = Safe, agents = Allowed, errors = [TaskNotFound, TaskElsewhere, TaskHasNoResult, WorkspaceUnusable, StorageUnavailable])]
    #[example(
        name = "one file",
        params = r#"{"taskId": "task-0001"}"#,
        result = r#"{"taskId": "task-0001", "launch": 1, "base": "8c1f5e0c6a1b5f0e7d2a7f3f6b8d9e0a1b2c3d4e",
            "commit": "2f7c4a90b1d2e3f405162738495a6b7c8d9eaf01",
            "files": [{"path": "src/main.ts", "insertions": 1, "deletions": 1}], "insertions": 1, "deletions": 1,
            "diff": "diff --git a/src/main.ts b/src/main.ts\n--- a/src/main.ts\n+++ b/src/main.ts\n@@ -1 +1 @@\n-old\n+new\n",
            "isCut": false}"#
    )]
    async fn task_diff(params: TaskDiffParams) -> Result<TaskDiff, ApiError>;

    /// Applies what a task has changed in its work tree to the project's own files.
    ///
    /// All of them or none: a conflict is answered with its files, and leaves no markers. Nothing is committed.
    #[method(name = "task.apply", errors = [TaskNotFound, TaskElsewhere, TaskHasNoResult, WorkspaceUnusable, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "one file",
        params = r#"{"taskId": "task-0001"}"#,
        result = r#"{"taskId": "task-0001", "launch": 1, "applied": true, "paths": ["src/main.ts"]}"#
    )]
    #[example(
        name = "a conflict",
        params = r#"{"taskId": "task-0002"}"#,
        result = r#"{"taskId": "task-0002", "launch": 1, "applied": false, "paths": [],
            "conflict": {"paths": ["src/main.ts"], "why": "it has uncommitted changes"}}"#
    )]
    async fn task_apply(params: TaskApplyParams) -> Result<TaskApplied, ApiError>;

    /// Lists the project's work trees.
    #[method(name = "workspace.list", repeat = Safe, agents = Allowed, errors = [StorageUnavailable])]
    #[example(
        name = "one that is in use",
        params = "{}",
        result = r#"{"dir": "/home/me/.local/state/aiwg/worktrees/project-1f2e3d4c", "results": 3, "trees": [
            {"number": 1, "dir": "/home/me/.local/state/aiwg/worktrees/project-1f2e3d4c/1", "taskId": "task-0001", "isRunning": true}]}"#
    )]
    async fn workspace_list(params: NoParams) -> Result<WorkspaceList, ApiError>;

    /// Removes the work trees that no open task has. What was made there is kept.
    #[method(name = "workspace.prune", idempotent = true, errors = [WorkspaceUnusable, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "all that are free",
        params = "{}",
        result = r#"{"removed": [2, 3], "kept": [1], "failed": [], "forgotten": 0}"#
    )]
    async fn workspace_prune(params: WorkspacePruneParams) -> Result<WorkspacePruned, ApiError>;

    /// Lists the hosts that share the project's store.
    #[method(name = "host.list", repeat = Safe, agents = Allowed, errors = [StorageUnavailable])]
    #[example(
        name = "one",
        params = "{}",
        result = r#"{"hosts": [{"id": "5b0e7c9e-6d0a-4b5e-9c39-2f1c3a1d7e55", "name": "build-1", "place": "/srv/shop on build-1", "labels": ["linux", "gpu"],
            "state": "up", "isThis": false, "version": "0.1.0", "running": 2, "startedAt": "2026-11-30T08:00:00Z", "seenAt": "2026-11-30T09:00:00Z"}]}"#
    )]
    async fn host_list(params: NoParams) -> Result<HostList, ApiError>;

    /// Gives a host no new tasks, or gives it new ones again. What runs there goes on.
    #[method(name = "host.drain", idempotent = true, errors = [HostNotFound, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "before it is switched off",
        params = r#"{"host": "build-1"}"#,
        result = r#"{"id": "5b0e7c9e-6d0a-4b5e-9c39-2f1c3a1d7e55", "name": "build-1", "place": "/srv/shop on build-1", "labels": ["linux", "gpu"],
            "state": "draining", "isThis": false, "version": "0.1.0", "running": 2, "startedAt": "2026-11-30T08:00:00Z", "seenAt": "2026-11-30T09:00:00Z", "drainingSince": "2026-11-30T09:00:00Z"}"#
    )]
    async fn host_drain(params: HostDrainParams) -> Result<HostStatus, ApiError>;

    /// Gives a host up: what ran there is interrupted at once, and goes on elsewhere.
    ///
    /// Its agents have to be gone: nobody can end those of a machine that does not answer, and they would be at work twice.
    #[method(name = "host.lost", idempotent = true, errors = [HostNotFound, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "after a fire",
        params = r#"{"host": "5b0e7c9e"}"#,
        result = r#"{"tasks": ["task-0003"], "host": {"id": "5b0e7c9e-6d0a-4b5e-9c39-2f1c3a1d7e55", "name": "build-1", "place": "/srv/shop on build-1", "labels": ["linux", "gpu"],
            "state": "lost", "isThis": false, "version": "0.1.0", "running": 0, "startedAt": "2026-11-30T08:00:00Z", "seenAt": "2026-11-30T09:00:00Z", "lostAt": "2026-11-30T09:00:00Z"}}"#
    )]
    async fn host_lost(params: HostLostParams) -> Result<HostLost, ApiError>;

    /// Submits a new task with the specification of an earlier one.
    ///
    /// The new task waits for no other task, even if the earlier one did. Tasks that were cancelled because they were
    /// to start after the earlier one are submitted again as well, and start after the new one.
    #[method(name = "task.retry", repeat = Key, agents = Own, effect = Adds, errors = [IdempotencyConflict, TaskNotFound, QueueFull, ChainTooDeep, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "once more",
        params = r#"{"taskId": "task-0001"}"#,
        result = r#"{"taskId": "task-0003", "state": "queued"}"#
    )]
    async fn task_retry(params: TaskRetryParams) -> Result<TaskSubmitted, ApiError>;

    /// Retries many tasks in one step: the named ones, or all that match, did not end as `completed`, and were not retried
    /// before.
    ///
    /// Each is retried as by `task.retry`: all of them, or none. It takes at most 1000 tasks, not counting the dependent
    /// tasks that are submitted again with them.
    #[method(
        name = "task.retryMany",
        agents = Own,
        effect = Adds,
        errors = [TaskNotFound, QueueFull, ChainTooDeep, StorageUnavailable, ShuttingDown]
    )]
    #[example(
        name = "what has failed within an hour",
        params = r#"{"state": "failed", "withinMinutes": 60}"#,
        result = r#"{"tasks": [{"taskId": "task-0003", "retryOf": "task-0001", "state": "queued"}], "more": false}"#
    )]
    async fn task_retry_many(params: TaskSelection) -> Result<TasksRetried, ApiError>;

    /// Gives what agents have cost and what is left of the budgets: by day, rule and agent.
    #[method(name = "budget.status", repeat = Safe, agents = Allowed, errors = [StorageUnavailable])]
    #[example(
        name = "a day with a bound",
        params = "{}",
        result = r#"{"day": "2026-11-23", "dayEndsAt": "2026-11-23T23:00:00.000Z", "spentUsd": 3.5, "reservedUsd": 0.5, "forecastUsd": 6.2,
            "taskUsd": 2, "bounds": [{"span": "day", "rule": null, "limitUsd": 25, "spentUsd": 3.5, "reservedUsd": 0.5, "leftUsd": 21,
                "endsAt": "2026-11-23T23:00:00.000Z"}],
            "byRule": [{"rule": "auto-test", "dayUsd": 3.5, "monthUsd": 41.2, "reservedUsd": 0.5}],
            "byAgent": [{"agent": null, "dayUsd": 3.5, "monthUsd": 41.2, "reservedUsd": 0.5}],
            "byDay": [{"day": "2026-11-23", "spentUsd": 3.5}]}"#
    )]
    async fn budget_status(params: NoParams) -> Result<BudgetStatus, ApiError>;

    /// Gives the daemon's metrics, as Prometheus and others read them.
    #[method(name = "metrics.get", repeat = Safe, agents = Allowed, errors = [StorageUnavailable])]
    #[example(
        name = "in the format OpenMetrics",
        params = "{}",
        result = r##"{"contentType": "application/openmetrics-text; version=1.0.0; charset=utf-8",
            "text": "# HELP aiwg_connections Connected clients.\n# TYPE aiwg_connections gauge\naiwg_connections 1\n# EOF\n"}"##
    )]
    async fn metrics_get(params: MetricsGetParams) -> Result<Metrics, ApiError>;

    /// Gives how each messaging platform stands whose token the daemon has.
    #[method(name = "messaging.status", repeat = Safe, errors = [StorageUnavailable])]
    #[example(
        name = "a bot on Telegram",
        params = "{}",
        result = r#"{"platforms": [{"name": "telegram", "state": "connected", "account": "aiwg_shop_bot",
            "since": "2026-11-23T14:33:23.042Z", "lastReceivedAt": "2026-11-23T14:40:02.511Z", "chat": "-1001234567890", "people": 2,
            "waiting": 0, "unknown": 0, "dead": 0, "error": null}]}"#
    )]
    async fn messaging_status(params: NoParams) -> Result<MessagingStatus, ApiError>;

    /// Sends a message to try out whether messages arrive, and says what is missing where it does not.
    #[method(name = "messaging.test", agents = Never, effect = Adds)]
    #[example(
        name = "all platforms",
        params = "{}",
        result = r#"{"trials": [{"platform": "telegram", "ok": true, "message": "aiwg_shop_bot has sent a message to the chat -1001234567890"}]}"#
    )]
    async fn messaging_test(params: MessagingTestParams) -> Result<MessagingTested, ApiError>;

    /// Lists what people are asked for, the oldest first.
    #[method(name = "approval.list", repeat = Safe, errors = [TaskNotFound, StorageUnavailable])]
    #[example(
        name = "what waits",
        params = "{}",
        result = r#"[{"id": "approval-0001", "taskId": "task-0001", "kind": "task", "summary": "Deploy to production",
            "requestedAt": "2026-11-23T14:33:23.042Z", "expiresAt": "2026-11-23T15:33:23.042Z"}]"#
    )]
    async fn approval_list(params: ApprovalListParams) -> Result<Vec<ApprovalSummary>, ApiError>;

    /// Gives one of them, with the request and the decision.
    #[method(name = "approval.get", repeat = Safe, errors = [ApprovalNotFound, StorageUnavailable])]
    #[example(
        name = "a permission that was refused",
        params = r#"{"approvalId": "approval-0002"}"#,
        result = r#"{"id": "approval-0002", "taskId": "task-0001", "kind": "permission", "state": "rejected",
            "summary": "Bash: {\"command\":\"git push\"}", "requestedAt": "2026-11-23T14:33:23.042Z", "expiresAt": null,
            "onTimeout": "reject", "request": {"tool": "Bash", "input": {"command": "git push"}},
            "decision": {"at": "2026-11-23T14:34:01.730Z", "answer": null, "reason": "not before the review",
                "by": {"uid": 1000, "user": "me", "program": "aiwg", "pid": 4713, "via": "cli"}}}"#
    )]
    async fn approval_get(params: ApprovalGetParams) -> Result<Approval, ApiError>;

    /// Approves a task, which may start then, or permits the use of a tool.
    ///
    /// The first decision counts, and is kept with who made it. No agent may call it, whatever the configuration says.
    #[method(name = "approval.approve", agents = Never, idempotent = true, errors = [ApprovalNotFound, ApprovalDecided, ApprovalExpired, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "a task",
        params = r#"{"approvalId": "approval-0001"}"#,
        result = r#"{"id": "approval-0001", "taskId": "task-0001", "kind": "task", "state": "approved",
            "summary": "Deploy to production", "requestedAt": "2026-11-23T14:33:23.042Z", "expiresAt": null,
            "onTimeout": "reject", "request": {"prompt": "Deploy to production"},
            "decision": {"at": "2026-11-23T14:34:01.730Z", "answer": null, "reason": null,
                "by": {"uid": 1000, "user": "me", "program": "aiwg", "pid": 4713, "via": "cli"}}}"#
    )]
    async fn approval_approve(params: ApprovalDecideParams) -> Result<Approval, ApiError>;

    /// Rejects a task, which is cancelled then, refuses the use of a tool, or refuses to answer a question.
    ///
    /// The first decision counts, and is kept with who made it. No agent may call it, whatever the configuration says.
    #[method(name = "approval.reject", agents = Never, idempotent = true, errors = [ApprovalNotFound, ApprovalDecided, ApprovalExpired, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "a task",
        params = r#"{"approvalId": "approval-0001", "reason": "not on a Friday"}"#,
        result = r#"{"id": "approval-0001", "taskId": "task-0001", "kind": "task", "state": "rejected",
            "summary": "Deploy to production", "requestedAt": "2026-11-23T14:33:23.042Z", "expiresAt": null,
            "onTimeout": "reject", "request": {"prompt": "Deploy to production"},
            "decision": {"at": "2026-11-23T14:34:01.730Z", "answer": null, "reason": "not on a Friday",
                "by": {"uid": 1000, "user": "me", "program": "python3", "pid": 4713, "via": "sdk"}}}"#
    )]
    async fn approval_reject(params: ApprovalDecideParams) -> Result<Approval, ApiError>;

    /// Answers the question of an agent.
    ///
    /// The first answer counts, and is kept with who gave it. No agent may call it, whatever the configuration says.
    #[method(name = "approval.answer", agents = Never, idempotent = true, errors = [ApprovalNotFound, ApprovalDecided, ApprovalExpired, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "one of two",
        params = r#"{"approvalId": "approval-0003", "answer": "SQLite"}"#,
        result = r#"{"id": "approval-0003", "taskId": "task-0001", "kind": "question", "state": "approved",
            "summary": "Which of the two?", "requestedAt": "2026-11-23T14:33:23.042Z", "expiresAt": null,
            "onTimeout": "reject", "request": {"question": "Which of the two?", "options": ["SQLite", "PostgreSQL"]},
            "decision": {"at": "2026-11-23T14:34:01.730Z", "answer": "SQLite", "reason": null,
                "by": {"uid": 1000, "user": "me", "program": "aiwg", "pid": 4713, "via": "cli"}}}"#
    )]
    async fn approval_answer(params: ApprovalAnswerParams) -> Result<Approval, ApiError>;

    /// Asks a person a question, and waits for the answer. Only the agent of a task can ask.
    ///
    /// While it waits, the agent's slot is lent to other tasks, and its task's time does not run. A question that the task has asked in the same words before
    /// is not asked again: its answer comes at once, if there is one. So an agent whose wait was cut off asks once more,
    /// and loses nothing.
    #[method(name = "approval.ask", agents = Allowed, effect = Adds, idempotent = true, errors = [TaskNotFound, TaskEnded, TooManyApprovals, TooManyWaits, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "one of two",
        params = r#"{"question": "Which of the two?", "options": ["SQLite", "PostgreSQL"]}"#,
        result = r#"{"approvalId": "approval-0003", "state": "approved", "answer": "SQLite", "reason": null}"#
    )]
    async fn approval_ask(params: ApprovalAskParams) -> Result<ApprovalOutcome, ApiError>;

    /// Asks whether a tool may be used: first what was decided before, then a person. Only the agent of a task can ask, about its
    /// own calls.
    ///
    /// The hooks of an agent's program call it, where `agent.ask_permissions` is set. An approval counts for one call, of exactly
    /// this input. While a person is waited for, the agent's slot is lent to other tasks, and its task's time does not run.
    #[method(name = "approval.permission", agents = Allowed, effect = Adds, errors = [TooManyWaits, StorageUnavailable, ShuttingDown])]
    #[example(
        name = "about to use it",
        params = r#"{"step": "use", "tool": "Bash", "input": {"command": "git push"}, "toolUseId": "toolu_01"}"#,
        result = r#"{"verdict": "undecided", "approvalId": null, "message": null}"#
    )]
    #[example(
        name = "its rules do not allow it",
        params = r#"{"step": "ask", "tool": "Bash", "input": {"command": "git push"}, "waitMs": 120000}"#,
        result = r#"{"verdict": "allow", "approvalId": "approval-0002", "message": null}"#
    )]
    async fn approval_permission(params: ApprovalPermissionParams) -> Result<ApprovalPermission, ApiError>;
}

/// Every notification, in both directions.
pub static NOTIFICATIONS: &[Notification] = &[
    Notification {
        name: EVENT,
        docs: &["An event that matches a subscription of this connection."],
        params: TypeRef::of_result::<EventNotification>,
    },
    Notification {
        name: EVENT_MISSED,
        docs: &[
            "Events of a subscription were passed over: the subscriber fell too far behind, retention deleted them before they were sent, or the log was deleted and restarted.",
            "",
            "The subscription goes on after them. `event.list` replays those that are still in the log.",
        ],
        params: TypeRef::of_result::<EventMissedNotification>,
    },
    Notification {
        name: RPC_CANCEL,
        docs: &[
            "Cancels a call that is in flight on this connection.",
            "",
            "The call is answered with `cancelled`, unless its answer is under way already. Its effects stay.",
        ],
        params: TypeRef::of::<RpcCancelParams>,
    },
];

/// The notification that brings an event.
pub const EVENT: &str = "event";
/// The notification that events were passed over.
pub const EVENT_MISSED: &str = "event.missed";
/// The notification that cancels a call.
pub const RPC_CANCEL: &str = "rpc.cancel";

/// Name of `rpc.cancel` in editors' JSON-RPC libraries.
pub const RPC_CANCEL_ALIAS: &str = "$/cancelRequest";
