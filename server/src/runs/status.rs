//! The queue and its agents, as the status and the health check show them.

use std::collections::HashSet;

use aiwg_model::{TaskNo, TaskRow};
use aiwg_protocol::types::{
    BudgetStatus, BudgetSubsystem, HealthCheckItem, QueuedTaskSummary, RunningTaskSummary, Subsystems,
    SupervisorSubsystem, TaskState, TaskSummaries, Waiting,
};
use aiwg_store::Reader;
use futures::future::BoxFuture;

use crate::{
    agent_program,
    component::{Component, item},
    context::Context,
    engine::budget_status,
    health::IssueKind,
};

/// Length of the part of a prompt that a summary shows, in characters.
const PROMPT_CHARS: usize = 80;

/// Number of running tasks that the status shows.
const RUNNING_SHOWN: u32 = 1000;

/// Number of queued tasks that the status shows.
const QUEUED_SHOWN: u32 = 100;

/// Agents wait for what cannot come while they do.
const WAITS_ISSUE: IssueKind = IssueKind::named("waits");

/// Tells how the queue and its agents are. [`supervise`](super::supervise) is not its `run`: it goes on until the engine has ended.
pub(crate) struct Supervisor;

impl Component for Supervisor {
    fn name(&self) -> &'static str {
        "the supervisor"
    }

    fn status(
        &self,
        context: &Context,
        reader: &dyn Reader,
        into: &mut Subsystems,
    ) -> aiwg_store::Result<()> {
        let config = &context.settings.get().config;
        agent_program::check(config, context.project.root(), &context.health);
        let running = reader.running(RUNNING_SHOWN)?;
        match stuck(context, reader, &running)? {
            Some(why) => context.health.report(WAITS_ISSUE, why),
            None => context.health.clear(WAITS_ISSUE),
        }
        let own = context.running.tasks();
        let elsewhere = running.iter().filter(|task| !own.contains(&task.no)).count();
        let elsewhere = u32::try_from(elsewhere).unwrap_or(u32::MAX);
        let running: Vec<_> = running.into_iter().map(|task| summarize_running(task, context)).collect();
        into.supervisor = SupervisorSubsystem {
            running: u32::try_from(running.len()).unwrap_or(u32::MAX),
            running_elsewhere: context.store.is_some().then_some(elsewhere),
            queued: reader.stats()?.queued,
            max_concurrency: config.daemon.max_parallel_actions,
            paused_since: context.engine.paused_since(),
            draining_since: context.engine.draining_since(),
            host_draining_since: context.engine.host_draining_since(),
            tasks: TaskSummaries {
                running,
                queued: reader.queued(QUEUED_SHOWN)?.into_iter().map(summarize_queued).collect(),
            },
        };
        if config.budget.is_set() {
            into.budget = Some(in_short(budget_status(config, reader, context.engine.now())?));
        }
        Ok(())
    }

    fn probe<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Vec<HealthCheckItem>> {
        Box::pin(async { vec![item("agent", agent(context)), item("queue", queue(context).await)] })
    }
}

/// The programs of the agents, if all are there.
fn agent(context: &Context) -> Result<String, String> {
    let found = agent_program::find_all(&context.settings.get().config, context.project.root())?;
    let paths: Vec<String> = found.iter().map(|path| path.display().to_string()).collect();
    Ok(format!("{} {} there", paths.join(" and "), if paths.len() == 1 { "is" } else { "are" }))
}

/// Checks that tasks that could start do.
async fn queue(context: &Context) -> Result<String, String> {
    let read = context.read(|reader| Ok((reader.stats()?, reader.queued(1)?))).await;
    let (stats, next) = read.map_err(|error| error.message)?;
    let slots = u64::from(context.settings.get().config.daemon.max_parallel_actions);
    let is_open = |task: &TaskRow| !task.is_waiting && context.engine.gate(&task.spec.class).is_none();
    let can_start = next.first().is_some_and(is_open);
    if can_start && stats.running < slots {
        return Err(format!(
            "{} tasks are queued and only {} of {slots} run: restart the daemon, and look into its log",
            stats.queued, stats.running
        ));
    }
    if let Some(why) = ring(context) {
        return Err(why);
    }
    let waits = context.engine.waits();
    let asked = waits.clone();
    let rows = context.read(move |reader| awaited(reader, &asked)).await.map_err(|error| error.message)?;
    if let Some(why) = kept_by_budget(context, &waits, rows) {
        return Err(why);
    }
    let running = match context.store {
        Some(_) => {
            format!("{} running here of {slots}, {} on all hosts", context.running.count(), stats.running)
        }
        None => format!("{} running of {slots}", stats.running),
    };
    Ok(format!("{running}, {} queued", stats.queued))
}

/// Tells that running tasks keep each other: in a ring, or since all of them wait, and what they wait for needs what is set aside for them. While any
/// other runs, its end may free that.
fn stuck(context: &Context, reader: &dyn Reader, running: &[TaskRow]) -> aiwg_store::Result<Option<String>> {
    if let Some(why) = ring(context) {
        return Ok(Some(why));
    }
    let waits = context.engine.waits();
    let waiting: HashSet<TaskNo> =
        waits.iter().filter(|(by, other)| by != other).map(|(by, _)| *by).collect();
    if waiting.is_empty() || !running.iter().all(|task| waiting.contains(&task.no)) {
        return Ok(None);
    }
    Ok(kept_by_budget(context, &waits, awaited(reader, &waits)?))
}

/// The tasks that agents wait for, in the order of the waits.
fn awaited(reader: &dyn Reader, waits: &[(TaskNo, TaskNo)]) -> aiwg_store::Result<Vec<Option<TaskRow>>> {
    waits.iter().map(|(_, other)| reader.task(*other)).collect()
}

/// The agents that wait for each other, if there are any.
fn ring(context: &Context) -> Option<String> {
    let rings = context.engine.rings();
    let first = rings.first()?;
    let rings: Vec<String> = rings.iter().map(ToString::to_string).collect();
    Some(format!(
        "the agents of {} wait for each other's end, so that none comes: cancel one of them, as with `aiwg task cancel {first}`",
        rings.join(", ")
    ))
}

/// The first agent that waits for a task which a budget keeps from starting: what the agent itself holds of the budget may be all that is missing.
fn kept_by_budget(
    context: &Context,
    waits: &[(TaskNo, TaskNo)],
    rows: Vec<Option<TaskRow>>,
) -> Option<String> {
    let kept = waits.iter().zip(rows).find_map(|((task, other), row)| {
        let row = row.filter(|row| row.state == TaskState::Queued && !row.is_waiting)?;
        let gate = context.engine.gate(&row.spec.class).filter(|gate| gate.waiting == Waiting::Budget)?;
        Some((task, other, gate.until))
    });
    kept.map(|(task, other, until)| {
        let until = until.map(|until| format!(", until {until} if nothing changes")).unwrap_or_default();
        format!(
            "the agent of {task} waits for {other}, which a budget keeps from starting{until}: `aiwg budget` shows what is left; raise the bound \
             and reload, cancel {other}, or have a person submit it again with --ignore-budget"
        )
    })
}

fn in_short(budgets: BudgetStatus) -> BudgetSubsystem {
    let BudgetStatus { spent_usd, reserved_usd, forecast_usd, bounds, .. } = budgets;
    BudgetSubsystem { spent_usd, reserved_usd, forecast_usd, bounds }
}

fn summarize_running(task: TaskRow, context: &Context) -> RunningTaskSummary {
    RunningTaskSummary {
        id: task.no.to_string(),
        prompt: task.spec.prompt.chars().take(PROMPT_CHARS).collect(),
        agent: task.spec.agent,
        started_at: task.started_at,
        pid: context.running.pid(task.no),
    }
}

fn summarize_queued(task: TaskRow) -> QueuedTaskSummary {
    QueuedTaskSummary {
        id: task.no.to_string(),
        prompt: task.spec.prompt.chars().take(PROMPT_CHARS).collect(),
        agent: task.spec.agent,
        priority: task.spec.priority,
    }
}
