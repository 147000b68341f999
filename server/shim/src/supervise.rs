//! Waiting for the agent's end, and ending it with all it started.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use rustix::{
    io::Errno,
    process::{Signal, WaitOptions, WaitStatus, wait},
};

use crate::{
    descendants::{Descendant, descendants, remain_without_children, signal},
    process::Process,
    signals::Signals,
};

/// How often to look while processes have time to end. On Linux the tree's end always comes with a SIGCHLD: the last to end is
/// our child. Elsewhere, members of the group that are not our children end unseen.
const LOOK_EVERY: Duration =
    if cfg!(target_os = "linux") { Duration::MAX } else { Duration::from_millis(50) };

/// How often to kill what is left, at least: each death that it leads to starts another round at once.
const KILL_EVERY: Duration = Duration::from_millis(20);

/// How long to try. What SIGKILL does not end by then is stuck in the kernel.
const KILL_FOR: Duration = Duration::from_secs(5);

/// How the tree came to its end.
pub(crate) struct End {
    /// None if the agent could not be ended.
    pub(crate) status: Option<WaitStatus>,
    pub(crate) requested: bool,
    pub(crate) ended: u32,
    pub(crate) left: u32,
}

/// What the tree is given time for.
#[derive(Clone, Copy)]
enum Phase {
    /// The agent runs.
    Running,
    /// Everything has been told to end.
    Ending { until: Instant },
    /// Everything is being killed.
    Killing { until: Instant },
}

/// Returns when the agent has exited and nothing is left of what it started, or could not be ended.
pub(crate) fn supervise(
    agent: Process,
    signals: &mut Signals,
    grace: Duration,
    leftover_grace: Duration,
) -> End {
    let mut tree = Tree { agent, status: None, told: HashSet::new() };
    let mut phase = Phase::Running;
    loop {
        let requested = signals.end_requested();
        let now = Instant::now();
        if tree.is_gone() {
            return tree.end(requested);
        }
        phase = match phase {
            Phase::Running if requested => tree.tell_to_end(after(now, grace)),
            Phase::Running if tree.status.is_some() => tree.tell_to_end(after(now, leftover_grace)),
            Phase::Ending { until } if now >= until => Phase::Killing { until: now + KILL_FOR },
            Phase::Killing { until } if now >= until => return tree.end(requested),
            unchanged => unchanged,
        };
        match phase {
            Phase::Running => signals.sleep(None),
            Phase::Ending { until } => {
                tree.tell_orphans();
                signals.sleep(Some(until.saturating_duration_since(now).min(LOOK_EVERY)));
            }
            Phase::Killing { .. } => {
                tree.kill();
                signals.sleep(Some(KILL_EVERY));
            }
        }
    }
}

/// A grace may be meant as "for ever", which the clock cannot hold.
fn after(now: Instant, grace: Duration) -> Instant {
    now.checked_add(grace).unwrap_or(now + Duration::from_secs(30 * 365 * 24 * 3600))
}

/// The agent and all it started.
struct Tree {
    agent: Process,
    status: Option<WaitStatus>,
    /// Those that have been told to end.
    told: HashSet<Process>,
}

impl Tree {
    /// Reaps every child that has ended, the adopted ones included, and says whether that was all there is.
    fn is_gone(&mut self) -> bool {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if u32::try_from(pid.as_raw_pid()) == Ok(self.agent.pid) => {
                    self.status = Some(status);
                }
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return false,
                Err(_) => return !remain_without_children(self.agent),
            }
        }
    }

    /// SIGTERM to all, once.
    fn tell_to_end(&mut self, until: Instant) -> Phase {
        for Descendant { process, .. } in descendants(self.agent) {
            self.tell(process, Signal::TERM);
        }
        Phase::Ending { until }
    }

    /// SIGTERM to those that have not had it and whose parent has died: they were forked while the others were being told. What
    /// a living process starts after it has been told is its way of ending, to clean up say, and is left alone.
    fn tell_orphans(&mut self) {
        for Descendant { process, is_child } in descendants(self.agent) {
            if is_child && !self.told.contains(&process) {
                self.tell(process, Signal::TERM);
            }
        }
    }

    /// SIGKILL to all.
    fn kill(&mut self) {
        for Descendant { process, .. } in descendants(self.agent) {
            self.tell(process, Signal::KILL);
        }
    }

    fn tell(&mut self, process: Process, what: Signal) {
        if signal(process, what) {
            self.told.insert(process);
        }
    }

    fn end(mut self, requested: bool) -> End {
        let left = if self.is_gone() { Vec::new() } else { descendants(self.agent) };
        for Descendant { process, .. } in &left {
            self.told.remove(process);
        }
        let count = |length| u32::try_from(length).unwrap_or(u32::MAX);
        End { status: self.status, requested, ended: count(self.told.len()), left: count(left.len()) }
    }
}
