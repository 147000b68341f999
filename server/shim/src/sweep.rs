//! Ending what a killed shim could not end any more.

/// What [`sweep`] found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many processes were killed.
    pub ended: u32,
    /// How many could not be.
    pub left: u32,
}

/// Kills every process of this user whose environment holds all the `NAME=value` pairs of `marker`, this one excepted, until
/// there is none; it tries for 5 seconds. What an agent starts inherits its environment, so it is found wherever it has gone.
///
/// An empty marker marks nothing. Only Linux shows environments; elsewhere this does nothing.
///
/// # Example
/// ```no_run
/// let swept = aiwg_shim::sweep(&[("AIWG_TASK_ID", "task-0001"), ("AIWG_DAEMON_SOCKET", "/p/.aiwg/daemon.sock")]);
/// assert_eq!(swept.left, 0);
/// ```
pub fn sweep(marker: &[(&str, &str)]) -> Swept {
    #[cfg(target_os = "linux")]
    if !marker.is_empty() {
        return linux::sweep(marker);
    }
    let _ = marker;
    Swept::default()
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        collections::HashSet,
        os::unix::fs::MetadataExt,
        time::{Duration, Instant},
    };

    use rustix::process::{Signal, geteuid};

    use super::Swept;
    use crate::{descendants::pids, process::Process};

    /// How long to try. What SIGKILL does not end by then is stuck in the kernel.
    const SWEEP_FOR: Duration = Duration::from_secs(5);

    /// What is killed needs a moment to go; a process that forks and exits in the middle of a walk can be missed by it.
    const LOOK_EVERY: Duration = Duration::from_millis(5);

    /// How many walks in a row must find nothing.
    const EMPTY_WALKS: u32 = 2;

    pub(super) fn sweep(marker: &[(&str, &str)]) -> Swept {
        let marker: Vec<String> = marker.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let until = Instant::now() + SWEEP_FOR;
        let mut killed: HashSet<Process> = HashSet::new();
        let mut empty_walks = 0;
        loop {
            let alive = marked(&marker);
            empty_walks = if alive.is_empty() { empty_walks + 1 } else { 0 };
            if empty_walks == EMPTY_WALKS || Instant::now() >= until {
                for process in &alive {
                    killed.remove(process);
                }
                let count = |length| u32::try_from(length).unwrap_or(u32::MAX);
                return Swept { ended: count(killed.len()), left: count(alive.len()) };
            }
            killed
                .extend(alive.into_iter().filter(|process| matches!(process.signal(Signal::KILL), Ok(true))));
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn marked(marker: &[String]) -> Vec<Process> {
        // Who it is comes first: if the number is reused while its environment is read, it is not signalled.
        pids()
            .filter(|pid| *pid != std::process::id())
            .filter_map(Process::of)
            .filter(|process| is_marked(process.pid, marker) && process.is_alive())
            .collect()
    }

    fn is_marked(pid: u32, marker: &[String]) -> bool {
        // The superuser can read other users' environments, but has no business there.
        let is_own = std::fs::metadata(format!("/proc/{pid}")).is_ok_and(|of| of.uid() == geteuid().as_raw());
        let Some(environment) = is_own.then(|| std::fs::read(format!("/proc/{pid}/environ")).ok()).flatten()
        else {
            return false;
        };
        marker.iter().all(|pair| environment.split(|byte| *byte == 0).any(|entry| entry == pair.as_bytes()))
    }
}
