//! Ending what a killed shim could not end any more.

/// What [`sweep`] found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many processes were killed.
    pub ended: u32,
    /// How many could not be.
    pub left: u32,
}

/// Kills every process of this user whose environment holds all of `marks`, this one excepted, until there is none. What an agent
/// starts inherits its environment, so it is found wherever it has gone. Only Linux shows environments; elsewhere this does nothing.
#[cfg(target_os = "linux")]
pub fn sweep(marks: &[(&str, &str)]) -> Swept {
    use std::{
        collections::HashSet,
        time::{Duration, Instant},
    };

    use rustix::process::Signal;

    use crate::process::Process;

    let until = Instant::now() + Duration::from_secs(5);
    let mut told: HashSet<Process> = HashSet::new();
    loop {
        let alive = marked(marks);
        if alive.is_empty() || Instant::now() >= until {
            let left = u32::try_from(alive.len()).unwrap_or(u32::MAX);
            return Swept { ended: u32::try_from(told.len()).unwrap_or(u32::MAX).saturating_sub(left), left };
        }
        for process in alive {
            told.insert(process);
            let _ = process.signal(Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(target_os = "linux")]
fn marked(marks: &[(&str, &str)]) -> Vec<crate::process::Process> {
    use crate::{descendants::pids, process::Process};

    let wanted: Vec<Vec<u8>> =
        marks.iter().map(|(name, value)| format!("{name}={value}").into_bytes()).collect();
    let is_marked = |pid: &u32| {
        // Other users' cannot be read.
        let Ok(environment) = std::fs::read(format!("/proc/{pid}/environ")) else { return false };
        wanted.iter().all(|mark| environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_slice()))
    };
    pids()
        .filter(|pid| *pid != std::process::id())
        .filter(is_marked)
        .filter_map(Process::of)
        .filter(Process::is_alive)
        .collect()
}

/// Only Linux shows environments.
#[cfg(not(target_os = "linux"))]
pub fn sweep(_: &[(&str, &str)]) -> Swept {
    Swept::default()
}
