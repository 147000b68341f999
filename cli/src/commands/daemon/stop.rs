//! `aiwg daemon stop`: asks the daemon, and ends the one that does not answer. It waits for that very process, whoever takes over after it.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use aiwg_client::{
    ClientError, DaemonClient,
    types::{DaemonStopParams, StopAcknowledged, Timestamp},
};
use aiwg_protocol::START_COMMAND;
use aiwg_server::{
    boot::{is_running, last_holder, living_agents},
    lifecycle::Phase,
};
use aiwg_shim::{Process, Signal};
use serde::Serialize;
use tokio::time::sleep;

use super::{ask_at_once, attended, project_of, status_if_readable, tmux};
use crate::{
    error::CliError,
    output::{Output, count, note},
    project::{here, is_full, is_gone, is_silent},
};

/// Interval at which a daemon that restarts is asked again, and a process is checked for its end.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Time within which a daemon must take a signal in before it counts as one that hangs.
const TAKES_A_SIGNAL: Duration = Duration::from_secs(10);

/// Time within which a daemon must end: its agents have 15 seconds.
const ENDING: Duration = Duration::from_secs(45);

/// Time within which the kernel must end a process that is killed.
const DYING: Duration = Duration::from_secs(10);

/// Output of `--json`: the method's own result, whether the daemon had to be killed, and whose agents are still alive.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stopped {
    #[serde(flatten)]
    acknowledged: StopAcknowledged,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    killed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    agents_left: Vec<String>,
    #[serde(skip)]
    how: Ended,
    /// Its project, where it has stopped by itself and its tmux session is left.
    #[serde(skip)]
    project: Option<PathBuf>,
}

impl Stopped {
    /// Ends the daemon's tmux session. Last of all: this may be a pane of it.
    pub(super) fn end_session(&self) {
        // Not that of a daemon that has taken over.
        if let Some(project) = self.project.as_deref().filter(|project| !is_running(project)) {
            tmux::end(project);
        }
    }

    /// The sentence for people.
    pub(super) fn said(&self) -> &'static str {
        match self.how {
            Ended::Asked => "The daemon has stopped.",
            Ended::Signalled => "The daemon, which did not answer, has stopped.",
            Ended::Killed => "The daemon, which did not answer, was killed.",
        }
    }

    /// Whoever stops a daemon wants its agents to end: what is to be said where some are alive.
    pub(super) fn left(&self) -> Option<String> {
        let left = self.agents_left.join(", ");
        (!left.is_empty()).then(|| {
            format!(
                "agents are still alive, those of {left}: `{START_COMMAND}` finds them, and `aiwg task cancel` ends them then"
            )
        })
    }
}

/// The way in which a daemon has ended.
#[derive(Clone, Copy, PartialEq)]
enum Ended {
    Asked,
    Signalled,
    Killed,
}

/// A daemon that has said that it stops.
struct Asked {
    acknowledged: StopAcknowledged,
    /// Its project, where that is on this machine.
    here: Option<Here>,
}

/// A project of this machine, and the daemon that holds it.
struct Here {
    project: PathBuf,
    holder: Process,
    /// True if it can be seen from here: a container's processes have other numbers outside.
    is_visible: bool,
}

impl Here {
    fn of(project: PathBuf) -> Option<Self> {
        let holder = last_holder(&project)?.process;
        Some(Self { is_visible: holder.is_alive(), project, holder })
    }

    /// True if that daemon has ended, be there another one by now.
    fn has_ended(&self) -> bool {
        if self.is_visible {
            return !self.holder.is_alive();
        }
        !is_running(&self.project) || last_holder(&self.project).is_some_and(|now| now.process != self.holder)
    }

    fn ends_within(&self, time: Duration) -> bool {
        comes_within(time, || self.has_ended())
    }

    /// The tasks whose agents are still alive though it has ended. There are none where none ran and it has ended as it should.
    ///
    /// # Errors
    /// It is not known: their directories do not answer.
    fn agents_left(&self, running: u32, how: Ended) -> Result<Vec<String>, CliError> {
        // Another one may have taken over, and with it the agents.
        let is_followed = last_holder(&self.project).is_some_and(|now| now.process != self.holder);
        if is_followed || (running == 0 && how == Ended::Asked) {
            return Ok(Vec::new());
        }
        living_agents(&self.project).map_err(|_| {
            CliError::Failed(format!(
                "the daemon has ended, but it is not known whether agents are alive: the file system of {}/.aiwg/daemon/actions does not \
                 answer",
                self.project.display()
            ))
        })
    }

    fn is_stopping(&self) -> bool {
        last_holder(&self.project).is_some_and(|now| now.process == self.holder && now.phase == Phase::Stops)
    }
}

/// Stops the daemon, and says how it went.
pub(super) fn run(project: Option<&Path>, output: &Output) -> Result<ExitCode, CliError> {
    let stopped = stop(project, !output.json)?;
    output.result(&stopped, |out, stopped| {
        writeln!(out, "{} `{START_COMMAND}` starts it again.", stopped.said())
    })?;
    let left = stopped.left();
    left.iter().for_each(|left| note(&format!("aiwg: {left}")));
    stopped.end_session();
    Ok(if left.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Asks until there is a daemon to take it: one may just be restarting. One that does not answer is ended by signals,
/// and so is one that takes
/// no more connections: whoever keeps them all open must not keep a person from stopping it.
pub(super) fn stop(project: Option<&Path>, says_more: bool) -> Result<Stopped, CliError> {
    let began = Instant::now();
    loop {
        let error = match ask_it(project, says_more) {
            Ok(asked) => return wait_for(project, asked),
            Err(CliError::Client(error)) if is_gone(&error) || is_silent(&error) || is_full(&error) => error,
            Err(other) => return Err(other),
        };
        if is_silent(&error) || is_full(&error) || !restarts(project, &error) || began.elapsed() > ENDING {
            return end_holder(project, error);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Asks the daemon to stop, and waits for its word that it does.
fn ask_it(project: Option<&Path>, says_more: bool) -> Result<Asked, CliError> {
    let mut asked = None;
    ask_at_once(project, async |client| {
        // Whatever is the matter with its database, it can be stopped.
        let status = status_if_readable(client).await?;
        let here = project_of(project, client, status.as_ref()).and_then(Here::of);
        let acknowledged = client.daemon_stop(DaemonStopParams::default()).await?;
        if says_more && acknowledged.running > 0 {
            let running = count(acknowledged.running.into(), "running task", "running tasks");
            note(&format!("Ending {running}: this takes up to 15 seconds."));
        }
        // Whoever says that he is a daemon of this machine holds its lock.
        let here = here.filter(|here| here.holder.pid == acknowledged.pid);
        if here.is_none() {
            until_gone(client, status.map(|status| status.started_at)).await;
        }
        asked = Some(Asked { acknowledged, here });
        Ok(ExitCode::SUCCESS)
    })?;
    asked.ok_or_else(|| CliError::Failed("the daemon was not asked".to_owned()))
}

/// Waits until a daemon of another machine, which began at that moment, answers no more, or another one does. That moment is not known of one
/// whose database does not answer.
async fn until_gone(client: &DaemonClient, started_at: Option<Timestamp>) {
    let began = Instant::now();
    let is_there = async || {
        let status = status_if_readable(client).await;
        status.is_ok_and(|status| status.map(|status| status.started_at) == started_at)
    };
    while began.elapsed() < ENDING && is_there().await {
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until a daemon has ended that has said so. One of this project's that does not is ended.
fn wait_for(project: Option<&Path>, Asked { acknowledged, here: of }: Asked) -> Result<Stopped, CliError> {
    let Some(of) = of else { return Ok(stopped(acknowledged, Ended::Asked, Vec::new())) };
    let mut how = Ended::Asked;
    if !of.ends_within(ENDING) {
        let is_own = here(project).and_then(|own| own.canonicalize().ok()) == of.project.canonicalize().ok();
        if !is_own {
            let pid = of.holder.pid;
            let log = of.project.join(".aiwg/daemon/daemon.log");
            return Err(CliError::Failed(format!("process {pid} does not end; see {}", log.display())));
        }
        how = end(&of)?;
    }
    let left = of.agents_left(acknowledged.running, how)?;
    Ok(Stopped { project: Some(of.project), ..stopped(acknowledged, how, left) })
}

/// True if the daemon, though it is gone, is to be there again in a moment.
fn restarts(project: Option<&Path>, error: &ClientError) -> bool {
    let running = here(project).filter(|here| is_running(here));
    let Some(holder) = running.and_then(|here| last_holder(&here)) else { return false };
    holder.phase == Phase::Restarts || !error.is_no_daemon()
}

/// Ends a daemon that holds the project's lock and does not answer: it hangs, its socket was removed, or it is not so far yet.
fn end_holder(project: Option<&Path>, error: ClientError) -> Result<Stopped, CliError> {
    // The processes of another machine are not here.
    let Some(of) = here(project).filter(|here| is_running(here)).and_then(Here::of) else {
        return Err(error.into());
    };
    if !of.is_visible {
        return Err(error.into());
    }
    if attended::is_agent() {
        return Err(CliError::Failed(format!(
            "{error}; an agent may not end it by signals, as a person may where it hangs"
        )));
    }
    let how = end(&of)?;
    let acknowledged = StopAcknowledged { stopping: true, pid: of.holder.pid, running: 0 };
    Ok(stopped(acknowledged, how, of.agents_left(0, how)?))
}

/// Ends a daemon by signals, through its number and its start time, so that it is nobody else.
fn end(of: &Here) -> Result<Ended, CliError> {
    let (process, pid) = (of.holder, of.holder.pid);
    let send = |signal| {
        let not_allowed =
            |error| CliError::Failed(format!("process {pid}, the daemon, cannot be ended: {error}"));
        process.signal(signal).map_err(not_allowed)
    };
    send(Signal::TERM)?;
    // One that was stopped takes it in when it goes on.
    send(Signal::CONT)?;
    let takes_it = comes_within(TAKES_A_SIGNAL, || of.is_stopping() || of.has_ended());
    if takes_it && of.ends_within(ENDING) {
        return Ok(Ended::Signalled);
    }
    note(&format!("aiwg: process {pid}, the daemon, does not end by SIGTERM; it is killed"));
    send(Signal::KILL)?;
    if of.ends_within(DYING) {
        return Ok(Ended::Killed);
    }
    Err(CliError::Failed(format!(
        "process {pid}, the daemon, does not end by SIGKILL: it hangs in the kernel"
    )))
}

fn stopped(acknowledged: StopAcknowledged, how: Ended, agents_left: Vec<String>) -> Stopped {
    Stopped { acknowledged, killed: how == Ended::Killed, agents_left, how, project: None }
}

/// True if something comes to be in time.
fn comes_within(time: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > time {
            return false;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    true
}
