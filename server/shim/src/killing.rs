//! Killing processes that may keep making others.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::{descendants::signal, process::Process};

/// The wait for killed processes to end. One that is still there after it is stuck in the kernel.
const KILL_FOR: Duration = Duration::from_secs(5);

/// Kills the processes that it is given, round by round.
///
/// The processes are stopped first, and killed only when a round has found no new one. A killed process makes room
/// for others, and where many replace each other, those that are still running do so; a stopped process does neither.
/// The only limit is that all given processes were killed long ago: a process that makes new ones all the time must
/// not be left for that.
#[derive(Default)]
pub(crate) struct Killing {
    met: HashMap<Process, Met>,
}

struct Met {
    /// True if it takes signals.
    in_reach: bool,
    killed: Option<Instant>,
}

/// The next thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Look again at once.
    Look,
    /// Wait for those that have been killed.
    Wait,
    /// Leave them: they are stuck.
    GiveUp,
}

impl Killing {
    /// Takes the next step with all that live now.
    pub(crate) fn round(&mut self, alive: &[Process], now: Instant) -> Next {
        let mut any_new = false;
        for process in alive {
            self.met.entry(*process).or_insert_with(|| {
                any_new = true;
                Met { in_reach: signal(*process, Signal::STOP), killed: None }
            });
        }
        if any_new {
            return Next::Look;
        }
        let mut all_stuck = !alive.is_empty();
        for process in alive {
            if let Some(met) = self.met.get_mut(process) {
                met.in_reach |= signal(*process, Signal::KILL);
                let since = *met.killed.get_or_insert(now);
                all_stuck &= now.saturating_duration_since(since) >= KILL_FOR;
            }
        }
        if all_stuck { Next::GiveUp } else { Next::Wait }
    }

    /// All processes that it has met and could signal.
    pub(crate) fn reached(&self) -> impl Iterator<Item = Process> {
        self.met.iter().filter(|(_, met)| met.in_reach).map(|(process, _)| *process)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_killed_long_ago_is_given_up() {
        // No processes have these numbers.
        let processes: Vec<Process> =
            (1..4).map(|n| Process { pid: u32::MAX - n, start_time: u64::from(n) }).collect();
        let mut killing = Killing::default();
        let began = Instant::now();
        assert_eq!(killing.round(&processes[..2], began), Next::Look);
        assert_eq!(killing.round(&processes[..2], began), Next::Wait);
        let late = began + KILL_FOR;
        assert_eq!(killing.round(&processes, late), Next::Look);
        assert_eq!(killing.round(&processes, late), Next::Wait);
        assert_eq!(killing.round(&processes[..2], late), Next::GiveUp);
        assert_eq!(killing.round(&processes, late + KILL_FOR), Next::GiveUp);
        assert_eq!(killing.round(&[], late), Next::Wait);
        assert_eq!(killing.reached().count(), 0);
    }
}
