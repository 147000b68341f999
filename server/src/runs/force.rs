//! Ending agents whose shim does not end them, and those that nobody keeps.

use std::{path::Path, sync::Arc, time::Duration};

use aiwg_fs::is_absent;
use aiwg_protocol::SOCKET_ENV;
use aiwg_shim::{PATIENCE, Process, Swept, end_shims, force_end};
use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    Shared,
    environment::TASK_ENV,
    launch::{Launch, RETRY},
    shim::{self, ANSWERS_WITHIN},
};
use crate::{beside::beside, context::Context, lifecycle::Host, running::Running};

/// Precision with which the system tells the start of a process: a hundredth of a second on all systems that are known.
const CLOCK_TICK: Duration = Duration::from_millis(20);

/// The steps against a shim that does not end its agent when it was asked to.
#[derive(Default)]
pub(super) struct Force {
    due: Option<Instant>,
    steps: u32,
}

impl Force {
    /// The agent's end has just been requested.
    pub(super) fn requested(&mut self) {
        self.due = Some(Instant::now() + PATIENCE);
    }

    /// Returns when it should have ended long ago. May be dropped and called again.
    pub(super) async fn due(&self) {
        match self.due {
            Some(due) => sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    /// Takes the next step against that: against this shim, or the one that holds the lock in its run's directory.
    pub(super) async fn end(&mut self, task: Launch, known: Option<Process>, dir: &Path) {
        self.due = Some(Instant::now() + RETRY);
        let shim = match known {
            None => shim::holder(dir).await.ok().flatten(),
            known => known,
        };
        let Some(shim) = shim else { return };
        let steps = self.steps;
        self.steps += 1;
        // It waits for the processes to end.
        if let Ok(killed) = spawn_blocking(move || force_end(&shim, steps)).await {
            tracing::warn!(task = %task.no, shim = shim.pid, killed, "its shim did not end it in time, so the daemon does");
        }
    }
}

/// Ends what is left of an agent of which there is no record: what is marked as its, and what this process has taken in. Tells whether its shim
/// was still there: then what that is found by was taken away.
pub(super) async fn end_what_is_left(task: Launch, shared: &Arc<Shared>) -> bool {
    let shared = Arc::clone(shared);
    let end = move || {
        let name = task.no.to_string();
        let marker = [(TASK_ENV, name.as_str()), (SOCKET_ENV, shared.context.socket.as_str())];
        let had_shim = !aiwg_shim::shims(&marker).is_empty();
        let marked = aiwg_shim::sweep(&marker);
        let strays = match shared.context.host {
            Host::Own => aiwg_shim::end_strays(|pid| shared.context.running.may_be_shim(pid)),
            // Its children may be anyone's.
            Host::Shared => Swept::default(),
        };
        (had_shim, Swept { ended: marked.ended + strays.ended, left: marked.left + strays.left })
    };
    // It waits for the processes to end.
    let Ok((had_shim, Swept { ended, left })) = spawn_blocking(end).await else { return false };
    if had_shim || ended > 0 || left > 0 {
        tracing::warn!(task = %task.no, had_shim, ended, left, "there is no record of its agent's end: what was left of it is ended");
    }
    had_shim
}

/// Lets the agents go on without this daemon, which ends without them. Where the project is in its place, but the directory of an agent's run
/// was taken away, nobody could find that agent: it is ended.
pub(crate) async fn leave_agents(running: &Running, is_in_place: bool) {
    // Those that find their directory gone end their agents by themselves, unless these have stopped them.
    running.wake_shims();
    if !is_in_place {
        return;
    }
    let dirs = running.dirs();
    let gone = beside(move || {
        let gone =
            dirs.into_iter().filter(|(_, dir)| dir.symlink_metadata().is_err_and(|error| is_absent(&error)));
        gone.map(|(no, _)| no).collect::<Vec<_>>()
    });
    // What does not answer is not gone.
    let gone = timeout(ANSWERS_WITHIN, gone).await.unwrap_or_default();
    let shims: Vec<Process> = gone.into_iter().filter_map(|no| running.shim(no)).collect();
    if shims.is_empty() {
        return;
    }
    tracing::warn!(?shims, "the directories of their runs were taken away: their agents are being ended");
    let _ = spawn_blocking(move || end_shims(shims)).await;
}

/// Ends the agents of this project that nobody keeps, where their shims were there before this daemon began: what their tasks are known by was
/// taken away, while there was none.
pub(super) async fn end_unkept(shared: Arc<Shared>, began: Instant) {
    // Whoever goes on with one has found it by then; and to look at all processes takes too long for a start.
    sleep(RETRY).await;
    let was_before = move |shim: &Process| shim.age().is_some_and(|age| age > began.elapsed() + CLOCK_TICK);
    end_those(Arc::clone(&shared.context), was_before).await;
}

/// Ends the agents of this project that nobody keeps, for a daemon that ends its own ones: it may end before it has looked for them.
pub(crate) async fn end_left_over(context: &Arc<Context>) {
    end_those(Arc::clone(context), |_| true).await;
}

async fn end_those(context: Arc<Context>, is_meant: impl Fn(&Process) -> bool + Send + 'static) {
    let find = move || {
        let is_unkept = |shim: &Process| is_meant(shim) && !context.running.may_be_shim(shim.pid);
        let shims = aiwg_shim::shims(&[(SOCKET_ENV, &context.socket)]).into_iter();
        shims.filter(is_unkept).collect::<Vec<_>>()
    };
    let unkept = beside(find).await;
    if unkept.is_empty() {
        return;
    }
    tracing::warn!(shims = ?unkept, "nobody keeps their agents any more: they are being ended");
    match spawn_blocking(move || end_shims(unkept)).await {
        Ok(left) if !left.is_empty() => tracing::error!(shims = ?left, "they cannot be ended"),
        _ => {}
    }
}
