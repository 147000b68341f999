//! The keeper of one running task: from the order, or from what an earlier daemon left, to the task's end.

use std::{io, path::Path, time::Duration};

use aiwg_protocol::{
    config::{Config, DaemonConfig, InterruptedTasks, StalledTasks},
    types::Timestamp,
};
use aiwg_shim::{Abandon, Started};
use tokio::{sync::watch, time::Instant};

use super::{
    Shared,
    environment::TASK_ENV,
    outcome::{could_not_start, outcome},
    overdue::Overdue,
    prepare::prepare,
    shim,
    silence::Silence,
};
use crate::{
    agent_output::Format,
    engine::{EngineError, StartOrder},
    rules::minutes_to_ms,
    store::{Ending, Outcome, TaskNo, TaskRow},
};

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
    Ended(Outcome),
    /// Lost together with its shim. `started` tells whether there had been one at all.
    Lost {
        started: bool,
    },
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
        // One configuration from beginning to end, whatever is reloaded meanwhile.
        let loaded = shared.settings.get();
        let result = match self.order.take() {
            Some(order) => self.start(shared, &loaded.config, &dir, order, &mut end).await,
            None => self.adopt(shared, &loaded.config, &dir, &mut end).await,
        };
        let result = result.unwrap_or_else(|error| End::Ended(could_not_start(&error)));
        let requeue = loaded.config.daemon.interrupted_tasks == InterruptedTasks::Requeue;
        self.report(shared, &result, requeue).await;
    }

    async fn start(
        &self,
        shared: &Shared,
        config: &Config,
        dir: &Path,
        order: StartOrder,
        end: &mut watch::Receiver<Option<Ending>>,
    ) -> io::Result<End> {
        let order = match prepare(shared, &config.agent, dir, &order) {
            Ok(order) => order,
            Err(error) => return Ok(End::Ended(could_not_start(&error))),
        };
        let mut child = shim::spawn(&order).await?;
        drop(order);
        let ended = async {
            if let Some(Started::Started(process)) = shim::started(&mut child).await {
                shared.running.set_pid(self.no, process.pid);
            }
            let _ = child.wait().await;
        };
        self.until(shared, config, dir, ended, end).await;
        let ending = *end.borrow();
        self.end_of(shared, config, dir, ending).await
    }

    async fn adopt(
        &self,
        shared: &Shared,
        config: &Config,
        dir: &Path,
        end: &mut watch::Receiver<Option<Ending>>,
    ) -> io::Result<End> {
        match aiwg_shim::abandon(dir, self.launch) {
            Ok(Abandon::StillRunning) => {}
            // Nobody runs it, and from here on nobody can.
            Ok(Abandon::Done) => {
                shim::reap(dir);
                let ending = *end.borrow();
                return self.end_of(shared, config, dir, ending).await;
            }
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
        self.until(shared, config, dir, shim::gone(dir), end).await;
        shim::reap(dir);
        let ending = *end.borrow();
        self.end_of(shared, config, dir, ending).await
    }

    /// When its time is up: counted from its start, also over a restart of the daemon.
    fn time_limit(&self, daemon: &DaemonConfig) -> Instant {
        let limit = self.timeout_ms.unwrap_or_else(|| minutes_to_ms(daemon.action_timeout_minutes));
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
        config: &Config,
        dir: &Path,
        ended: impl Future<Output = ()>,
        end: &mut watch::Receiver<Option<Ending>>,
    ) {
        tokio::pin!(ended);
        let daemon = &config.daemon;
        let limit = self.time_limit(daemon);
        let may_be_silent = daemon.stall_minutes.map(|minutes| Duration::from_millis(minutes_to_ms(minutes)));
        let mut silence = Silence::of(dir, may_be_silent);
        let format = Format::of(&config.agent.command);
        let exit_within = Duration::from_secs_f64(config.agent.exit_seconds);
        let mut overdue = Overdue::of(format, &dir.join(aiwg_shim::STDOUT_FILE), exit_within);
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
                () = overdue.passed(), if !ending => self.order_end(shared, Ending::Finished).await,
                () = tokio::time::sleep_until(limit), if !ending => self.order_end(shared, Ending::Timeout).await,
            }
        }
    }

    /// Has the engine note why it is to end; the order comes from there.
    async fn order_end(&self, shared: &Shared, why: Ending) {
        if let Err(error) = shared.engine.end_running(self.no, why).await {
            tracing::warn!(task = %self.no, ?why, %error, "it is to end, but that could not be stored");
            tokio::time::sleep(RETRY).await;
        }
    }

    /// What the shim, now gone, has left.
    async fn end_of(
        &self,
        shared: &Shared,
        config: &Config,
        dir: &Path,
        ending: Option<Ending>,
    ) -> io::Result<End> {
        if let Some(record) = aiwg_shim::read_exit(dir, self.launch).map_err(io::Error::other)? {
            let (dir, command) = (dir.to_owned(), config.agent.command.clone());
            // It reads the whole output.
            let judge = move || outcome(&record, &dir, &command, ending);
            return tokio::task::spawn_blocking(judge).await.map(End::Ended).map_err(io::Error::other);
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
    async fn report(&self, shared: &Shared, end: &End, requeue: bool) {
        loop {
            let told = match end {
                End::Ended(outcome) => shared.engine.ended(self.no, outcome.clone()).await,
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
