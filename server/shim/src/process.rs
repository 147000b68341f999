//! Processes by number and start time: a number alone may belong to another one by the time it is used.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::Path,
    time::Duration,
};

use rustix::process::{Pid, Signal};
use serde::{Deserialize, Serialize};

/// The number of bytes read at once of files without a size: enough for most of them.
pub(crate) const AT_ONCE: usize = 8 * 1024;

/// The most that Linux gives a program in arguments and environment together, in bytes: three quarters of 8 MiB.
const LONGEST_ENVIRONMENT: u64 = 6 * 1024 * 1024;

/// The flag of a task that ends, `PF_EXITING` of the kernel's include/linux/sched.h: in field 9 of proc_pid_stat(5).
#[cfg(any(target_os = "linux", test))]
const EXITING: u64 = 4;

/// The name of a shim in lists of processes: it is started by a path that says nothing.
pub(crate) const NAME: &std::ffi::CStr = c"aiwg-shim";

/// The name of a daemon in lists of processes.
const DAEMON_NAME: &std::ffi::CStr = c"aiwg-daemon";

/// A process that cannot be mistaken for a later one of the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// The time of its start, in clock ticks since the machine's start: field 22 of proc_pid_stat(5). 0 where the system does not say, as on
    /// macOS.
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

    /// The parent of the process that has this number now: the process that started it, or that has taken it in since. None if there is no such
    /// process, or where the system does not say.
    pub fn parent_of(pid: u32) -> Option<u32> {
        stat(pid).map(|stat| stat.parent).filter(|parent| *parent != 0)
    }

    /// True if the calling process was started by an agent: all that it leaves behind is ended with that agent, wherever it has gone. Always false
    /// where the system does not say.
    pub fn current_is_kept() -> bool {
        Self::is_kept(std::process::id())
    }

    /// True if the process that has this number is below a shim: it was started by an agent. Always false where the system does not say.
    pub fn is_kept(pid: u32) -> bool {
        !Self::shims_above(pid).is_empty()
    }

    /// The processes that call themselves shims among the parents of the process with this number, the nearest first. Empty where the system does
    /// not say.
    pub fn shims_above(pid: u32) -> Vec<u32> {
        let above = std::iter::successors(Some(pid), |pid| Self::parent_of(*pid)).skip(1);
        above.filter(|pid| Self::is_shim(*pid)).collect()
    }

    /// True if the process that has this number calls itself a shim, which any process may do. Always false where the system does not say.
    pub fn is_shim(pid: u32) -> bool {
        Self::is_called(pid, NAME)
    }

    /// True if the process that has this number calls itself a daemon, which any process may do. Always false where the system does not say.
    pub fn is_daemon(pid: u32) -> bool {
        Self::is_called(pid, DAEMON_NAME)
    }

    /// Names the calling process a daemon. To be called by its first thread, whose name is the process's.
    pub fn name_daemon() {
        // A daemon without the name works as well.
        let _ = rustix::thread::set_name(DAEMON_NAME);
    }

    fn is_called(pid: u32, name: &std::ffi::CStr) -> bool {
        let found = read_small(format!("/proc/{pid}/comm").as_ref()).unwrap_or_default();
        found.trim_ascii_end() == name.to_bytes()
    }

    /// True if the calling process was started by a process of the same program that is no shim itself, as a daemon starts its shims. Also true
    /// where the system does not say which program that is.
    ///
    /// Without this check, everyone who may run this program could have it run any other: a shim runs the launch specification on its standard input.
    pub fn current_is_a_daemons() -> bool {
        let program = |pid: u32| {
            let found = std::fs::metadata(format!("/proc/{pid}/exe")).ok()?;
            Some((found.dev(), found.ino()))
        };
        let parent = std::os::unix::process::parent_id();
        let is_same = match (program(std::process::id()), program(parent)) {
            (Some(own), Some(parents)) => own == parents,
            _ => true,
        };
        // The processes that an agent leaves behind are taken in by its shim.
        is_same && !Self::is_shim(parent)
    }

    /// True if it still runs. A zombie does not: it waits to be reaped, which on some machines never happens.
    pub fn is_alive(&self) -> bool {
        stat(self.pid).is_some_and(|stat| stat.start_time == self.start_time && !stat.is_dead)
    }

    /// True if it was killed, or ends by itself, and is not over yet: what it holds is held until its last thread has ended, which may just write to
    /// a slow disk. Always false where the system does not say.
    pub fn is_ending(&self) -> bool {
        let found = stat(self.pid).filter(|stat| stat.start_time == self.start_time && !stat.is_dead);
        found.is_some_and(|stat| stat.is_exiting || is_being_killed(self.pid))
    }

    /// The time since its start, however the clock has been set meanwhile; none where the system does not say.
    #[cfg(target_os = "linux")]
    pub fn age(&self) -> Option<Duration> {
        use rustix::time::{ClockId, clock_gettime};
        let now = clock_gettime(ClockId::Boottime);
        let now = Duration::new(u64::try_from(now.tv_sec).ok()?, u32::try_from(now.tv_nsec).ok()?);
        let per_second = rustix::param::clock_ticks_per_second().max(1);
        let started = Duration::from_millis(self.start_time.checked_mul(1000)? / per_second);
        now.checked_sub(started)
    }

    /// The time since its start: unknown on this system.
    #[cfg(not(target_os = "linux"))]
    pub fn age(&self) -> Option<Duration> {
        None
    }

    /// Sends it a signal; false if it is gone or a zombie. Never hits a later process of the same number.
    ///
    /// # Errors
    /// The process belongs to someone else.
    ///
    /// # Example
    /// ```
    /// use aiwg_shim::{Process, Signal};
    ///
    /// let mut child = std::process::Command::new("sleep").arg("1000").spawn()?;
    /// let process = Process::of(child.id()).ok_or(std::io::ErrorKind::NotFound)?;
    /// assert!(process.signal(Signal::KILL)?);
    /// child.wait()?;
    /// assert!(!process.is_alive() && !process.signal(Signal::KILL)?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
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

/// The environment of a process as it was started: `NAME=value`, each with a 0 behind it. A process can say that its environment is anywhere
/// in its memory, so no more is read than the system lets it have.
///
/// # Errors
/// There is no such process, it is someone else's, or the system does not show it.
pub fn environment(pid: u32) -> io::Result<Vec<u8>> {
    let mut text = Vec::with_capacity(AT_ONCE);
    File::open(format!("/proc/{pid}/environ"))?.take(LONGEST_ENVIRONMENT).read_to_end(&mut text)?;
    Ok(text)
}

/// Reads a file that the kernel makes up. It has no size, so that std would begin with reads of 32 bytes.
pub(crate) fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::with_capacity(AT_ONCE);
    File::open(path)?.take(u64::MAX).read_to_end(&mut text)?;
    Ok(text)
}

/// The fields of proc_pid_stat(5) that are needed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) parent: u32,
    /// The number of its session: that of the process that began it. 0 where the system does not say.
    pub(crate) session: u32,
    pub(crate) start_time: u64,
    /// A zombie that waits to be reaped.
    pub(crate) is_dead: bool,
    /// Its first thread is about to end, or has ended.
    pub(crate) is_exiting: bool,
    /// The processor time of the children that it has reaped and of theirs, in clock ticks: in user mode, in the kernel.
    pub(crate) children_ticks: (u64, u64),
}

#[cfg(target_os = "linux")]
pub(crate) fn stat(pid: u32) -> Option<Stat> {
    let text = read_small(format!("/proc/{pid}/stat").as_ref()).ok()?;
    parse(&String::from_utf8_lossy(&text))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn stat(pid: u32) -> Option<Stat> {
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
    rustix::process::test_kill_process(raw).ok()?;
    Some(Stat {
        parent: 0,
        session: 0,
        start_time: 0,
        is_dead: false,
        is_exiting: false,
        children_ticks: (0, 0),
    })
}

/// True if the kernel is about to end the first thread of the process: SIGKILL is pending for it, see proc_pid_status(5).
#[cfg(target_os = "linux")]
fn is_being_killed(pid: u32) -> bool {
    let status = read_small(format!("/proc/{pid}/status").as_ref()).unwrap_or_default();
    has_pending_kill(&String::from_utf8_lossy(&status))
}

#[cfg(any(target_os = "linux", test))]
fn has_pending_kill(status: &str) -> bool {
    let pending = status
        .lines()
        .filter_map(|line| line.strip_prefix("SigPnd:").or_else(|| line.strip_prefix("ShdPnd:")))
        .filter_map(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .fold(0, |all, mask| all | mask);
    pending & (1 << (Signal::KILL.as_raw() - 1)) != 0
}

#[cfg(not(target_os = "linux"))]
fn is_being_killed(_: u32) -> bool {
    false
}

/// The program's name comes second, in parentheses, and may itself hold any characters: the fields are counted after it.
#[cfg(any(target_os = "linux", test))]
fn parse(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(')')?;
    // The manual counts from 1, and the state is its third.
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3).copied();
    let number = |at: usize| field(at)?.parse::<u64>().ok();
    // A process whose first thread has ended also shows as a zombie, as long as another one runs.
    let is_dead = matches!(field(3)?, "Z" | "X") && number(20)? <= 1;
    Some(Stat {
        parent: field(4)?.parse().ok()?,
        // The session of a process in another name space may have no number in this one.
        session: field(6)?.parse().unwrap_or(0),
        start_time: number(22)?,
        is_dead,
        is_exiting: number(9)? & EXITING != 0,
        children_ticks: (number(16)?, number(17)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its fields from the fourth on are 4, 5, 6, and so on.
    fn line(name: &str, state: &str, threads: u32) -> String {
        let fields: Vec<String> =
            (4..=52).map(|field| if field == 20 { threads } else { field }.to_string()).collect();
        format!("7 ({name}) {state} {}", fields.join(" "))
    }

    #[test]
    fn a_process_that_is_killed_is_known_before_it_is_gone() {
        let flags = |flags: &str| line("a", "D", 2).replacen(" 9 ", flags, 1);
        assert!(parse(&flags(" 4194564 ")).unwrap().is_exiting, "PF_EXITING and two others");
        assert!(!parse(&flags(" 4194560 ")).unwrap().is_exiting, "the two others");
        let status =
            |own, shared| format!("Name:\ta\nSigPnd:\t{own}\nShdPnd:\t{shared}\nSigBlk:\tffffffffffffffff\n");
        let (none, kill, term) = ("0000000000000000", "0000000000000100", "0000000000004000");
        assert!(has_pending_kill(&status(kill, none)) && has_pending_kill(&status(none, kill)));
        assert!(!has_pending_kill(&status(term, none)) && !has_pending_kill(""));
        assert!(!Process::current().is_ending());
    }

    #[test]
    fn a_program_may_have_any_name() {
        let stat = parse(&line("a) R 1 (b", "S", 1)).unwrap();
        let expected = Stat {
            parent: 4,
            session: 6,
            start_time: 22,
            is_dead: false,
            is_exiting: false,
            children_ticks: (16, 17),
        };
        assert_eq!(stat, expected);
        assert_eq!(parse("7 (a"), None);
        assert_eq!(parse("7 (a) S 1"), None);
    }

    #[test]
    fn a_zombie_is_dead_unless_its_other_threads_run() {
        assert!(parse(&line("a", "Z", 1)).unwrap().is_dead);
        assert!(!parse(&line("a", "Z", 2)).unwrap().is_dead);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_age_is_counted_from_the_start() {
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let (me, other) = (Process::current(), Process::of(child.id()).unwrap());
        assert!(other.age().unwrap() <= me.age().unwrap() && me.age().unwrap() < Duration::from_secs(3600));
        child.kill().unwrap();
        child.wait().unwrap();
        let to_come = Process { start_time: u64::MAX / 2000, ..me };
        assert_eq!(to_come.age(), None);
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
