use std::sync::{Arc, atomic::Ordering};

use aiwg_protocol::{
    ApiError, ErrorKind, PROTOCOL_VERSION,
    config::Config,
    types::{
        AutomationSubsystem, DaemonReloaded, DaemonRestarting, DaemonStatus, DaemonStopParams, IpcSubsystem,
        MessagingSubsystem, NoParams, Pong, QueuedTaskSummary, RunningTaskSummary, SchedulerSubsystem,
        StopAcknowledged, Subsystems, SupervisorSubsystem, TaskCounts, TaskSummaries, Timestamp,
    },
};

use super::automation::rule_count;
use crate::{
    agent_program,
    api::{Handler, answer::Part},
    beside::beside,
    components::scheduler::{scheduled, zone},
    context::{Context, Stop},
    reload,
    store::TaskRow,
};

/// How much of a prompt a summary shows.
const PROMPT_CHARS: usize = 80;

/// How many running tasks the status shows.
const RUNNING_SHOWN: u32 = 1000;

/// How many queued tasks the status shows.
const QUEUED_SHOWN: u32 = 100;

pub(crate) async fn ping(_: &Handler, _: NoParams) -> Result<Pong, ApiError> {
    Ok(Pong { pong: true, timestamp: Timestamp::now() })
}

pub(crate) async fn daemon_status(handler: &Handler, _: NoParams) -> Result<DaemonStatus, ApiError> {
    handler.settled().await;
    handler
        .answer(|_| async {
            let _place = handler.place().await;
            Ok(Part::new(status(&handler.context).await?, false))
        })
        .await
}

pub(crate) async fn daemon_reload(handler: &Handler, _: NoParams) -> Result<DaemonReloaded, ApiError> {
    // In a task of its own: a caller who goes away must not leave half of it in force.
    let (context, cause) = (Arc::clone(&handler.context), handler.cause());
    let done = tokio::spawn(async move { reload::reload(&context, cause).await });
    Ok(done.await.map_err(|error| ApiError::new(ErrorKind::InternalError, error.to_string()))??)
}

pub(crate) async fn daemon_stop(
    handler: &Handler,
    params: DaemonStopParams,
) -> Result<StopAcknowledged, ApiError> {
    let context = &handler.context;
    let running = context.running.count();
    let keep_agents = params.keep_agents.unwrap_or(false);
    tracing::info!(keep_agents, "a client asked the daemon to stop");
    context.stop(if keep_agents { Stop::KeepAgents } else { Stop::EndAgents });
    Ok(StopAcknowledged {
        stopping: true,
        pid: std::process::id(),
        running: u32::try_from(running).unwrap_or(u32::MAX),
    })
}

pub(crate) async fn daemon_restart(handler: &Handler, _: NoParams) -> Result<DaemonRestarting, ApiError> {
    let context = &handler.context;
    // What an agent asks for goes on with what is in force, whatever the file says.
    let by_person = handler.origin.is_none();
    let errors = match reload::read(context).await {
        Err(error) if by_person => error.problems(),
        _ => Vec::new(),
    };
    let restarting = errors.is_empty();
    if restarting {
        tracing::info!(by_person, "a client asked the daemon to begin anew");
        context.restarts_attended.fetch_or(by_person, Ordering::Relaxed);
        context.stop(Stop::Restart);
    }
    Ok(DaemonRestarting { restarting, pid: std::process::id(), errors })
}

/// The status, also for `state.json`.
pub(crate) async fn status(context: &Arc<Context>) -> Result<DaemonStatus, ApiError> {
    let (supervisor, stats) = supervisor(context).await?;
    let looking = Arc::clone(context);
    beside(move || {
        agent_program::check(&looking.settings.get().config.agent, looking.project.root(), &looking.health);
    })
    .await;
    Ok(DaemonStatus {
        pid: std::process::id(),
        uptime_seconds: context.started.elapsed().as_secs(),
        started_at: context.started_at,
        health: context.health.state(),
        issues: context.health.issues(),
        health_check: context.last_health_check(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol_version: PROTOCOL_VERSION.to_owned(),
        project: context.project.root().display().to_string(),
        socket: context.socket.clone(),
        config: context.settings.get().path.as_ref().map(|path| path.display().to_string()),
        detached: context.detached,
        stopped: context.stopped.is_cancelled(),
        stats,
        subsystems: Subsystems {
            ipc: IpcSubsystem { clients: context.clients.load(Ordering::Relaxed) },
            supervisor,
            automation: AutomationSubsystem {
                enabled: context.read(|reader| reader.automation_enabled()).await?,
                rule_count: rule_count(&context.settings.get().config),
            },
            file_watcher: context.watcher.status(),
            scheduler: scheduler(&context.settings.get().config),
            messaging: MessagingSubsystem { enabled: false, adapters: Vec::new() },
        },
    })
}

fn scheduler(config: &Config) -> SchedulerSubsystem {
    let zone = zone(config).unwrap_or(jiff::tz::TimeZone::UTC);
    let now = jiff::Timestamp::now();
    let jobs = scheduled(config);
    let next =
        jobs.iter().filter(|job| job.is_on).filter_map(|job| job.schedule.next_after(now, &zone)).min();
    SchedulerSubsystem {
        enabled: jobs.iter().any(|job| job.is_on),
        jobs: u32::try_from(jobs.len()).unwrap_or(u32::MAX),
        next_at: next.map(|next| Timestamp::from_millis(next.as_millisecond())),
    }
}

async fn supervisor(context: &Arc<Context>) -> Result<(SupervisorSubsystem, TaskCounts), ApiError> {
    let (stats, running, queued) = context
        .read(|reader| Ok((reader.stats()?, reader.running(RUNNING_SHOWN)?, reader.queued(QUEUED_SHOWN)?)))
        .await?;
    let running: Vec<_> = running.into_iter().map(|task| summarize_running(task, context)).collect();
    let subsystem = SupervisorSubsystem {
        running: u32::try_from(running.len()).unwrap_or(u32::MAX),
        queued: stats.queued,
        max_concurrency: context.settings.get().config.daemon.max_parallel_actions,
        tasks: TaskSummaries { running, queued: queued.into_iter().map(summarize_queued).collect() },
    };
    Ok((subsystem, stats.into()))
}

fn summarize_running(task: TaskRow, context: &Context) -> RunningTaskSummary {
    RunningTaskSummary {
        id: task.no.to_string(),
        prompt: task.order.prompt.chars().take(PROMPT_CHARS).collect(),
        agent: task.order.agent,
        started_at: task.started_at,
        pid: context.running.pid(task.no),
    }
}

fn summarize_queued(task: TaskRow) -> QueuedTaskSummary {
    QueuedTaskSummary {
        id: task.no.to_string(),
        prompt: task.order.prompt.chars().take(PROMPT_CHARS).collect(),
        agent: task.order.agent,
        priority: task.order.priority,
    }
}
