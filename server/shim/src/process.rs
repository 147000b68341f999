//! Processes by number and start time: a number alone may belong to another one by the time it is used.

use std::io;

use rustix::process::{Pid, Signal};
use serde::{Deserialize, Serialize};

/// A process that cannot be mistaken for a later one of the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// When it was started, in clock ticks since the machine's start: field 22 of proc_pid_stat(5). 0 where the system
    /// does not tell.
    pub start_time: u64,
}

impl Process {
    /// The calling process.
    pub fn current() -> Self {
        Self::of(std::process::id()).unwrap_or(Self { pid: std::process::id(), start_time: 0 })
    }

    /// The process that has this number now, be it a zombie.
    pub fn of(pid: u32) -> Option<Self> {
        stat(pid).map(|stat| Self { pid, start_time: stat.start_time })
    }

    /// Whether it still runs. A zombie does not: it waits to be reaped, which on some machines nobody does.
    pub fn is_alive(&self) -> bool {
        stat(self.pid).is_some_and(|stat| stat.start_time == self.start_time && !stat.is_zombie)
    }

    /// Sends it a signal; false if it is gone.
    ///
    /// # Errors
    /// The signal is not allowed.
    pub fn signal(&self, signal: Signal) -> io::Result<bool> {
        let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) else { return Ok(false) };
        match send(self, pid, signal) {
            Ok(sent) => Ok(sent),
            Err(rustix::io::Errno::SRCH) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Through a descriptor of the process: once that is open and the start time agrees, it cannot be another one.
#[cfg(target_os = "linux")]
fn send(process: &Process, pid: Pid, signal: Signal) -> rustix::io::Result<bool> {
    use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};
    let descriptor = pidfd_open(pid, PidfdFlags::empty())?;
    if !process.is_alive() {
        return Ok(false);
    }
    pidfd_send_signal(descriptor, signal)?;
    Ok(true)
}

#[cfg(not(target_os = "linux"))]
fn send(process: &Process, pid: Pid, signal: Signal) -> rustix::io::Result<bool> {
    if !process.is_alive() {
        return Ok(false);
    }
    rustix::process::kill_process(pid, signal)?;
    Ok(true)
}

/// What is needed of proc_pid_stat(5).
pub(crate) struct Stat {
    pub(crate) parent: u32,
    pub(crate) start_time: u64,
    pub(crate) is_zombie: bool,
}

#[cfg(target_os = "linux")]
pub(crate) fn stat(pid: u32) -> Option<Stat> {
    let text = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    parse(&String::from_utf8_lossy(&text))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn stat(pid: u32) -> Option<Stat> {
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
    rustix::process::test_kill_process(raw).ok()?;
    Some(Stat { parent: 0, start_time: 0, is_zombie: false })
}

/// The program's name comes second, in parentheses, and may itself hold any characters: the fields are counted after it.
fn parse(text: &str) -> Option<Stat> {
    let rest = &text[text.rfind(')')? + 1..];
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    Some(Stat {
        is_zombie: matches!(*fields.first()?, "Z" | "X"),
        parent: fields.get(1)?.parse().ok()?,
        start_time: fields.get(19)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_have_any_name() {
        let stat = parse("7 (a) R (b) Z 3 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 42 0").unwrap();
        assert_eq!((stat.parent, stat.start_time, stat.is_zombie), (3, 42, true));
        assert!(parse("7 (a").is_none());
    }

    #[test]
    fn a_process_of_another_start_time_is_not_it() {
        let me = Process::current();
        assert!(me.is_alive());
        let other = Process { start_time: me.start_time + 1, ..me };
        assert!(!other.is_alive());
        // It would end this test.
        assert!(!other.signal(Signal::KILL).unwrap());
    }
}
