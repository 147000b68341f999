use std::{sync::Arc, time::Duration};

use aiwg_protocol::{
    ApiError, ErrorKind,
    types::{
        ConfigProblem, DaemonDrainParams, DaemonReloaded, DaemonRestarting, DaemonStatus, DaemonStopParams,
        NoParams, Pong, QueuePaused, QueueResumed, StopAcknowledged, Timestamp,
    },
};

use tokio::time::Instant;

use super::check;
use crate::{
    api::{Handler, answer::Part},
    context::Context,
    engine::{By, Draining, EngineError},
    own_program,
    reload::{self, Read},
    status::status,
    stop::Stop,
};

/// Time between two looks whether a queue has drained.
const DRAINED_EVERY: Duration = Duration::from_millis(100);

pub(crate) async fn ping(_: &Handler, _: NoParams) -> Result<Pong, ApiError> {
    Ok(Pong { pong: true, timestamp: Timestamp::now() })
}

pub(crate) async fn daemon_status(handler: &Handler, _: NoParams) -> Result<DaemonStatus, ApiError> {
    handler.settled().await;
    handler
        .answer(|_| async {
            let _place = handler.place().await;
            Ok(Part::new(status(&handler.context, &handler.api.components).await?, false))
        })
        .await
}

pub(crate) async fn daemon_reload(handler: &Handler, _: NoParams) -> Result<DaemonReloaded, ApiError> {
    // In a task of its own: a caller who goes away must not leave half of it in force.
    let (api, by_person) = (Arc::clone(&handler.api), handler.agent.is_none());
    let (cause, sender) = (handler.cause(), handler.sender());
    let done = tokio::spawn(async move { api.reload.reload(cause, sender, by_person).await });
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
    context.stop.ask(if keep_agents { Stop::KeepAgents } else { Stop::EndAgents });
    Ok(StopAcknowledged {
        stopping: true,
        pid: std::process::id(),
        running: u32::try_from(running).unwrap_or(u32::MAX),
    })
}

/// Who calls, for what comes of it.
fn by(handler: &Handler) -> By {
    By { cause: handler.cause(), sender: handler.sender() }
}

pub(crate) async fn daemon_pause(handler: &Handler, _: NoParams) -> Result<QueuePaused, ApiError> {
    let paused = handler.command(handler.context.engine.pause(by(handler))).await?;
    tracing::info!("a client paused the queue");
    Ok(paused)
}

pub(crate) async fn daemon_resume(handler: &Handler, _: NoParams) -> Result<QueueResumed, ApiError> {
    let resumed = handler.command(handler.context.engine.resume(by(handler))).await?;
    tracing::info!("a client resumed the queue");
    Ok(QueueResumed { resumed })
}

pub(crate) async fn daemon_drain(
    handler: &Handler,
    params: DaemonDrainParams,
) -> Result<QueuePaused, ApiError> {
    let context = &handler.context;
    let exit = params.exit.unwrap_or(false);
    let wait = Duration::from_millis(check::wait_ms(params.wait_ms)?);
    tracing::info!(exit, "a client drains the queue");
    let paused = match exit {
        true => drain_and_exit(handler).await?,
        false => daemon_pause(handler, NoParams {}).await?,
    };
    if wait.is_zero() {
        return Ok(paused);
    }
    let _place = handler.wait()?;
    let until = Instant::now() + wait;
    loop {
        let state = context.engine.draining(exit).await;
        let here = u32::try_from(context.running.count()).unwrap_or(u32::MAX);
        let running = match state {
            Ok(Draining::Busy(running)) => running.max(here),
            _ => here,
        };
        let now = QueuePaused { since: paused.since, running };
        match state {
            _ if context.stop.has_drained() => return Ok(QueuePaused { running: 0, ..now }),
            Ok(Draining::Empty) if !exit => return Ok(QueuePaused { running: 0, ..now }),
            Ok(Draining::Resumed) => return Ok(now),
            Err(error) => return Err(error.into()),
            Ok(Draining::Empty | Draining::Busy(_)) if Instant::now() >= until => return Ok(now),
            Ok(Draining::Empty | Draining::Busy(_)) => {}
        }
        tokio::select! {
            () = tokio::time::sleep_until(until.min(Instant::now() + DRAINED_EVERY)) => {}
            () = context.stopped.cancelled() => {
                return match context.stop.has_drained() {
                    true => Ok(QueuePaused { running: 0, ..now }),
                    false => Err(EngineError::Closing.into()),
                };
            }
        }
    }
}

/// Drains the queue, and has the daemon end after it.
async fn drain_and_exit(handler: &Handler) -> Result<QueuePaused, ApiError> {
    let context = &handler.context;
    let before = context.engine.draining_since();
    let drained = handler.command(context.engine.drain(by(handler))).await;
    match before {
        // It ends for that very reason, and takes in nothing any more.
        Some(since) if context.stop.has_drained() => Ok(QueuePaused { since, running: 0 }),
        // One looks for the end of the tasks already.
        Some(_) => drained,
        None => {
            let paused = drained?;
            tokio::spawn(stop_when_empty(Arc::clone(context)));
            Ok(paused)
        }
    }
}

/// Stops the daemon once its queue has drained; not if someone resumes it.
pub(crate) async fn stop_when_empty(context: Arc<Context>) {
    loop {
        match context.engine.draining(true).await {
            Ok(Draining::Busy(_)) => {}
            Ok(Draining::Empty) => {
                tracing::info!("the queue has drained: no task runs any more");
                return context.stop.ask_since_drained();
            }
            Ok(Draining::Resumed) | Err(_) => return,
        }
        tokio::select! {
            () = tokio::time::sleep(DRAINED_EVERY) => {}
            () = context.stopped.cancelled() => return,
        }
    }
}

/// True if tasks are queued or run.
async fn has_open_tasks(handler: &Handler) -> Result<bool, ApiError> {
    let stats = handler.read(|reader| reader.stats()).await?;
    Ok(stats.queued + stats.running > 0)
}

/// Why there is no next daemon: its program is not there, as in the middle of an update. This one would be gone.
fn no_program() -> Option<ConfigProblem> {
    let program = own_program().ok().filter(|program| !program.is_file())?;
    let message = "the program of the next daemon is not there, so this one goes on: install aiwg there again, or stop the daemon and start it \
                   with the program that you have"
        .to_owned();
    Some(ConfigProblem { file: program.display().to_string(), line: None, column: None, message })
}

pub(crate) async fn daemon_restart(handler: &Handler, _: NoParams) -> Result<DaemonRestarting, ApiError> {
    let context = &handler.context;
    if let Some(problem) = handler.apart(no_program).await? {
        let (errors, changes) = (vec![problem], Vec::new());
        return Ok(DaemonRestarting { restarting: false, pid: std::process::id(), errors, changes });
    }
    // A restart that an agent asks for goes on with the configuration in force, whatever the file says.
    let by_person = handler.agent.is_none();
    let pid = std::process::id();
    let (changes, approved) = match by_person {
        false => (Vec::new(), None),
        true => match reload::read(context).await {
            Ok(Read { loaded, differences, .. }) => {
                // The next daemon would not start, and this one be gone.
                if let Some(problem) = reload::another_store(context, &loaded)
                    && has_open_tasks(handler).await?
                {
                    let (errors, changes) = (vec![problem], Vec::new());
                    return Ok(DaemonRestarting { restarting: false, pid, errors, changes });
                }
                (differences.lines(), Some(loaded.digest()))
            }
            Err(error) => {
                let (errors, changes) = (error.problems(), Vec::new());
                return Ok(DaemonRestarting { restarting: false, pid, errors, changes });
            }
        },
    };
    tracing::info!(by_person, "a client asked the daemon to restart");
    context.stop.ask_for_restart(approved);
    Ok(DaemonRestarting { restarting: true, pid, errors: Vec::new(), changes })
}
