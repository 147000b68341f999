//! Ends the processes that no shim ends any more: it was killed, its agent keeps it from working, or no daemon knows of it.

use crate::process::Process;

/// The result of a sweep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// The number of processes that were killed.
    pub ended: u32,
    /// The number of processes that could not be: they are stuck in the kernel, or not this user's.
    pub left: u32,
}

/// Kills every process of this user whose environment holds all the `NAME=value` pairs of `marker`, and all that is below such a process, until
/// there is none. A process that an agent starts inherits its environment, so it is found wherever it has gone. Shims come last: as long as one
/// is there, it takes in the orphans below it. This process and those below it are spared, unless it is marked itself.
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

/// Kills all processes below this shim, and continues it: then it puts the end on record. It is for a shim that cannot do so itself, since its
/// agent keeps stopping it. Where the system does not show what is below it, this only continues it.
pub fn end_tree(shim: &Process) -> Swept {
    #[cfg(target_os = "linux")]
    let swept = linux::end_tree(*shim);
    #[cfg(not(target_os = "linux"))]
    let swept = Swept::default();
    let _ = shim.signal(rustix::process::Signal::CONT);
    swept
}

/// Makes this process the new parent of orphans below it: the processes kept by a shim that was killed. Only Linux
/// can do that.
///
/// # Errors
/// The system refuses it.
pub fn take_in_orphans() -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    Ok(())
}

/// Kills the processes that this one has taken in, with all that is below them, until there is none, and reaps the dead among them. These are the
/// children in other sessions than its own, except shims: those for whose number `is_shim` is true. A shim begins a session of its own, and only
/// after it has taken its lock.
pub fn end_strays(is_shim: impl Fn(u32) -> bool) -> Swept {
    #[cfg(target_os = "linux")]
    return linux::end_strays(is_shim);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = is_shim;
        Swept::default()
    }
}

/// The living shims of this user whose environment holds all these pairs and which have taken the locks of their runs, in no order: others start
/// nothing once their daemon is gone. An empty marker marks nothing, and only Linux shows environments.
pub fn shims(marker: &[(&str, &str)]) -> Vec<Process> {
    #[cfg(target_os = "linux")]
    if !marker.is_empty() {
        return linux::shims(marker);
    }
    let _ = marker;
    Vec::new()
}

/// This user's living processes that call themselves shims, of whichever daemon. Empty where the system does not say.
pub fn all_shims() -> Vec<u32> {
    #[cfg(target_os = "linux")]
    return linux::all_shims().collect();
    #[cfg(not(target_os = "linux"))]
    Vec::new()
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        os::unix::fs::MetadataExt,
        time::{Duration, Instant},
    };

    use rustix::process::{Pid, WaitOptions, geteuid, waitpid};

    use super::Swept;
    use crate::{
        descendants::{All, Seen, pids},
        killing::{Killing, Next},
        process::{Process, environment},
    };

    /// The time between two walks: a killed process needs a moment to go, and a walk can miss one that forks and exits in the middle of it.
    const LOOK_EVERY: Duration = Duration::from_millis(5);

    /// The number of walks in a row that must find nothing.
    const EMPTY_WALKS: u32 = 2;

    pub(super) fn sweep(marker: &[(&str, &str)]) -> Swept {
        let marker = pairs(marker);
        kill_all(|| {
            let marked = marked(&marker);
            let below = All::now().below(marked.iter().map(|process| process.pid));
            let mut all: Vec<Process> = below.iter().map(|seen| seen.process).chain(marked).collect();
            all.sort_unstable_by_key(|process| process.pid);
            all.dedup();
            let (shims, others): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|process| Process::is_shim(process.pid));
            if others.is_empty() { shims } else { others }
        })
    }

    pub(super) fn end_tree(shim: Process) -> Swept {
        kill_all(|| {
            let all = All::now();
            if !all.iter().any(|seen| seen.process == shim) {
                return Vec::new();
            }
            all.below([shim.pid]).iter().map(|seen| seen.process).collect()
        })
    }

    pub(super) fn end_strays(is_shim: impl Fn(u32) -> bool) -> Swept {
        let me = std::process::id();
        let Some(own) = crate::process::stat(me) else { return Swept::default() };
        kill_all(|| {
            let all = All::now();
            let strays: Vec<Seen> = all
                .children(me)
                .filter(|seen| seen.session != own.session && !is_shim(seen.process.pid))
                .collect();
            for dead in strays.iter().filter(|seen| seen.is_dead) {
                // No other thread waits for it: it was not started here.
                let pid = i32::try_from(dead.process.pid).ok().and_then(Pid::from_raw);
                let _ = waitpid(pid, WaitOptions::NOHANG);
            }
            let below = all.below(strays.iter().map(|seen| seen.process.pid));
            let living = strays.iter().copied().filter(|seen| !seen.is_dead);
            living.chain(below).map(|seen| seen.process).collect()
        })
    }

    pub(super) fn shims(marker: &[(&str, &str)]) -> Vec<Process> {
        let marker = pairs(marker);
        let leads = |pid: &u32| crate::process::stat(*pid).is_some_and(|stat| stat.session == *pid);
        all_shims().filter(leads).filter_map(|pid| known(pid, &marker)).collect()
    }

    pub(super) fn all_shims() -> impl Iterator<Item = u32> {
        let is_alive = |pid: &u32| Process::of(*pid).is_some_and(|process| process.is_alive());
        pids().filter(|pid| Process::is_shim(*pid) && is_own(*pid)).filter(is_alive)
    }

    /// Kills the processes that it finds until it finds none.
    fn kill_all(find: impl Fn() -> Vec<Process>) -> Swept {
        let mut killing = Killing::default();
        let mut empty_walks = 0;
        loop {
            let alive = find();
            empty_walks = if alive.is_empty() { empty_walks + 1 } else { 0 };
            let next = match empty_walks {
                0 => killing.round(&alive, Instant::now()),
                EMPTY_WALKS => Next::GiveUp,
                _ => Next::Wait,
            };
            match next {
                Next::Look => {}
                Next::Wait => std::thread::sleep(LOOK_EVERY),
                Next::GiveUp => {
                    let ended = killing.reached().filter(|process| !alive.contains(process)).count();
                    let count = |length| u32::try_from(length).unwrap_or(u32::MAX);
                    return Swept { ended: count(ended), left: count(alive.len()) };
                }
            }
        }
    }

    fn pairs(marker: &[(&str, &str)]) -> Vec<String> {
        marker.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    fn marked(marker: &[String]) -> Vec<Process> {
        pids().filter(|pid| *pid != std::process::id()).filter_map(|pid| known(pid, marker)).collect()
    }

    /// This process, if it lives and is marked.
    fn known(pid: u32, marker: &[String]) -> Option<Process> {
        // Its identity comes first: if the number is reused while its environment is read, it is not signalled.
        let process = Process::of(pid)?;
        (is_marked(pid, marker) && process.is_alive()).then_some(process)
    }

    /// The superuser can look at other users' processes, but has no business there.
    fn is_own(pid: u32) -> bool {
        std::fs::metadata(format!("/proc/{pid}")).is_ok_and(|of| of.uid() == geteuid().as_raw())
    }

    fn is_marked(pid: u32, marker: &[String]) -> bool {
        let Some(environment) = is_own(pid).then(|| environment(pid).ok()).flatten() else { return false };
        marker.iter().all(|pair| environment.split(|byte| *byte == 0).any(|entry| entry == pair.as_bytes()))
    }
}
