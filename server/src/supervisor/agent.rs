//! The keeper of one running task: from the order, or from what an earlier daemon left, to the task's end.

use std::{io, path::Path, time::Duration};

use aiwg_protocol::{
    config::{InterruptedTasks, StalledTasks},
    types::{Json, Timestamp},
};
use aiwg_shim::{Abandon, ExitRecord, Order, Started};
use tokio::{sync::watch, time::Instant};

use super::{
    Shared,
    environment::{REMOVED, TASK_ENV, command, environment},
    outcome::{could_not_start, outcome},
    shim,
    silence::Silence,
};
use crate::{
    engine::{EngineError, StartOrder},
    files::write_private,
    project::make_private_dir,
    rules::minutes_to_ms,
    store::{Ending, Outcome, TaskNo, TaskRow},
};

/// How long agents have between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(15);

/// How long to wait before the engine is told again what it could not store.
const RETRY: Duration = Duration::from_secs(1);

/// A task that is running in the store.
pub(super) struct Agent {
    no: TaskNo,
    launch: u32,
    timeout_ms: Option<u64>,
    started_at: Timestamp,
    /// None if an earlier daemon had it started.
    order: Option<StartOrder>,
}

/// What became of an agent.
enum End {
    Exited(ExitRecord),
    /// Lost together with its shim. `started` tells whether there had been one at all.
    Lost {
        started: bool,
    },
    NotStarted(Outcome),
}

impl Agent {
    /// One that is to be started.
    pub(super) fn ordered(order: StartOrder) -> Self {
        let StartOrder { no, launch, timeout_ms, started_at, .. } = order;
        Self { no, launch, timeout_ms, started_at, order: Some(order) }
    }

    /// One that an earlier daemon started, or was about to.
    pub(super) fn found(task: &TaskRow) -> Self {
        let started_at = task.started_at.unwrap_or_else(Timestamp::now);
        Self { no: task.no, launch: task.launch, timeout_ms: task.order.timeout_ms, started_at, order: None }
    }

    pub(super) fn no(&self) -> TaskNo {
        self.no
    }

    /// Keeps it until the engine knows of its end.
    pub(super) async fn keep(mut self, shared: &Shared, mut end: watch::Receiver<Option<Ending>>) {
        let dir = shared.project.action_dir(self.no);
        let result = match self.order.take() {
            Some(order) => self.start(shared, &dir, order, &mut end).await,
            None => self.adopt(shared, &dir, &mut end).await,
        };
        let result = result.unwrap_or_else(|error| End::NotStarted(could_not_start(&error)));
        self.report(shared, &dir, result).await;
    }

    async fn start(
        &self,
        shared: &Shared,
        dir: &Path,
        order: StartOrder,
        end: &mut watch::Receiver<Option<Ending>>,
    ) -> io::Result<End> {
        let order = match prepare(shared, dir, &order) {
            Ok(order) => order,
            Err(error) => return Ok(End::NotStarted(could_not_start(&error))),
        };
        let mut child = shim::spawn(&order).await?;
        drop(order);
        let limit = self.time_limit(shared);
        let ended = async {
            if let Some(Started::Started(process)) = shim::started(&mut child).await {
                shared.running.set_pid(self.no, process.pid);
            }
            let _ = child.wait().await;
        };
        self.until(shared, dir, ended, limit, end).await;
        self.end_of(shared, dir).await
    }

    async fn adopt(
        &self,
        shared: &Shared,
        dir: &Path,
        end: &mut watch::Receiver<Option<Ending>>,
    ) -> io::Result<End> {
        match aiwg_shim::abandon(dir, self.launch) {
            Ok(Abandon::StillRunning) => {}
            // Nobody runs it, and from here on nobody can.
            Ok(Abandon::Done) => return self.end_of(shared, dir).await,
            // The crash came before its directory was made.
            Err(error) if error.is_not_found() => return Ok(End::Lost { started: false }),
            Err(error) => return Err(io::Error::other(error)),
        }
        if let Ok(Some(run)) = aiwg_shim::read_run(dir)
            && let Some(agent) = run.agent
        {
            shared.running.set_pid(self.no, agent.pid);
        }
        tracing::info!(task = %self.no, "found its agent still running, and goes on with it");
        let limit = self.time_limit(shared);
        self.until(shared, dir, shim::gone(dir), limit, end).await;
        self.end_of(shared, dir).await
    }

    /// When its time is up: counted from its start, also over a restart of the daemon.
    fn time_limit(&self, shared: &Shared) -> Instant {
        let limit = self
            .timeout_ms
            .unwrap_or_else(|| minutes_to_ms(shared.settings.get().config.daemon.action_timeout_minutes));
        let passed = u64::try_from(Timestamp::now().as_millis() - self.started_at.as_millis()).unwrap_or(0);
        // Thirty years stand for no limit, where adding would overflow the clock.
        let left = Duration::from_millis(limit.saturating_sub(passed))
            .min(Duration::from_secs(30 * 365 * 24 * 3600));
        Instant::now() + left
    }

    /// Waits for the shim's end, and has it end the agent when someone says so or the time is up.
    async fn until(
        &self,
        shared: &Shared,
        dir: &Path,
        ended: impl Future<Output = ()>,
        limit: Instant,
        end: &mut watch::Receiver<Option<Ending>>,
    ) {
        tokio::pin!(ended);
        let daemon = &shared.settings.get().config.daemon;
        let may_be_silent = daemon.stall_minutes.map(|minutes| Duration::from_millis(minutes_to_ms(minutes)));
        let mut silence = Silence::of(dir, may_be_silent);
        let mut ending = end.borrow_and_update().is_some();
        loop {
            tokio::select! {
                () = &mut ended => return,
                // The request is repeated: it may have come before the shim could take it.
                () = tokio::time::sleep(RETRY), if ending => request_end(dir),
                Ok(()) = end.changed(), if !ending => {
                    ending = true;
                    request_end(dir);
                }
                silent = silence.too_long(), if !ending => {
                    let end = daemon.stalled_tasks == StalledTasks::End;
                    let silent_ms = u64::try_from(silent.as_millis()).unwrap_or(u64::MAX);
                    if let Err(error) = shared.engine.stalled(self.no, silent_ms, end).await {
                        tracing::warn!(task = %self.no, %error, "it is stalled, but that could not be stored");
                    }
                }
                () = tokio::time::sleep_until(limit), if !ending => {
                    // The engine notes why, and orders the end.
                    if let Err(error) = shared.engine.end_running(self.no, Ending::Timeout).await {
                        tracing::warn!(task = %self.no, %error, "its time is up, but that could not be stored");
                        tokio::time::sleep(RETRY).await;
                    }
                }
            }
        }
    }

    /// What the shim, now gone, has left.
    async fn end_of(&self, shared: &Shared, dir: &Path) -> io::Result<End> {
        if let Some(record) = aiwg_shim::read_exit(dir, self.launch).map_err(io::Error::other)? {
            return Ok(End::Exited(record));
        }
        let run = aiwg_shim::read_run(dir).ok().flatten().filter(|run| run.attempt == self.launch);
        let started = run.is_some_and(|run| run.agent.is_some());
        // The shim was killed: what it kept may still be running, and nobody else would end it.
        let (task, socket) = (self.no.to_string(), shared.socket.clone());
        // It waits for the processes to end.
        let swept = tokio::task::spawn_blocking(move || {
            aiwg_shim::sweep(&[(TASK_ENV, &task), (aiwg_protocol::SOCKET_ENV, &socket)])
        })
        .await
        .map_err(io::Error::other)?;
        tracing::warn!(task = %self.no, ended = swept.ended, left = swept.left, "its shim is gone without a record");
        Ok(End::Lost { started })
    }

    /// Tells the engine, until it could store it.
    async fn report(&self, shared: &Shared, dir: &Path, end: End) {
        let loaded = shared.settings.get();
        let program = loaded.config.agent.command.first().map_or("", String::as_str);
        let requeue = loaded.config.daemon.interrupted_tasks == InterruptedTasks::Requeue;
        loop {
            let told = match &end {
                End::Exited(record) => shared.engine.ended(self.no, outcome(record, dir, program)).await,
                End::NotStarted(outcome) => shared.engine.ended(self.no, outcome.clone()).await,
                End::Lost { started } => shared.engine.interrupted(self.no, *started, requeue).await,
            };
            match told {
                Err(EngineError::Storage(_)) => tokio::time::sleep(RETRY).await,
                Err(error) => return tracing::error!(task = %self.no, %error, "its end was not taken in"),
                Ok(()) => return,
            }
        }
    }
}

fn request_end(dir: &Path) {
    let asked = aiwg_shim::read_run(dir).ok().flatten().map(|run| aiwg_shim::request_end(&run));
    if let Some(Err(error)) = asked {
        tracing::warn!(dir = %dir.display(), %error, "the shim could not be asked to end its agent");
    }
}

/// Makes the task's directory and writes down what the agent is given.
fn prepare(shared: &Shared, dir: &Path, order: &StartOrder) -> io::Result<Order> {
    make_private_dir(dir)?;
    let prompt_file = dir.join("prompt.txt");
    write_private(&prompt_file, order.prompt.as_bytes())?;
    let event = order.event.as_ref().map(Json::new).transpose()?;
    let event_file = dir.join("event.json");
    if let Some(event) = &event {
        write_private(&event_file, event.as_str().as_bytes())?;
    }
    let env = environment(
        order,
        &shared.socket,
        event.is_some().then_some(event_file.as_path()),
        event.as_ref().map(Json::as_str),
    )
    .map_err(io::Error::other)?;
    let agent = &shared.settings.get().config.agent;
    let by_stdin = agent.prompt == aiwg_protocol::config::PromptBy::Stdin;
    Ok(Order {
        task_id: order.no.to_string(),
        attempt: order.launch,
        command: command(agent, order),
        env,
        env_remove: REMOVED.map(str::to_owned).to_vec(),
        cwd: shared.project.root().to_owned(),
        dir: dir.to_owned(),
        prompt_file: by_stdin.then_some(prompt_file),
        grace_ms: u64::try_from(GRACE.as_millis()).unwrap_or(u64::MAX),
        leftover_grace_ms: 2000,
        open_files: shared.open_files,
    })
}
