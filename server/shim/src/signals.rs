//! The signals that a shim lives by, and those its agent must not inherit as ignored.

use std::{
    io::{self, Read},
    os::{fd::BorrowedFd, unix::net::UnixStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{FORBIDDEN, SIGCHLD, SIGHUP, SIGINT, SIGPIPE, SIGTERM};

use crate::process::read_small;

/// The signals to a shim. To be made before the agent is started, so that none is missed.
pub(crate) struct Signals {
    /// Becomes readable with every signal.
    woken: UnixStream,
    end_requested: Arc<AtomicBool>,
}

impl Signals {
    /// Takes over the signals: SIGTERM, SIGINT and SIGHUP request the agent's end, and never end the shim.
    pub(crate) fn take() -> io::Result<Self> {
        let (woken, wake) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        wake.set_nonblocking(true)?;
        let end_requested = Arc::new(AtomicBool::new(false));
        // A reader of its output may be gone, which changes nothing. The agent has the default again.
        signal_hook::flag::register(SIGPIPE, Arc::default())?;
        for signal in [SIGTERM, SIGINT, SIGHUP] {
            // In this order: a thread that is woken finds the flag set.
            signal_hook::flag::register(signal, Arc::clone(&end_requested))?;
            signal_hook::low_level::pipe::register(signal, wake.try_clone()?)?;
        }
        signal_hook::low_level::pipe::register(SIGCHLD, wake)?;
        handle_what_is_ignored();
        Ok(Self { woken, end_requested })
    }

    /// True if the agent's end has been requested.
    pub(crate) fn end_requested(&self) -> bool {
        self.end_requested.load(Ordering::Relaxed)
    }

    /// Sleeps until a signal comes, one of the others is ready for what it is to be, or the time is over; without a time, until one of the first two.
    pub(crate) fn sleep<'a>(
        &mut self,
        others: impl IntoIterator<Item = (BorrowedFd<'a>, PollFlags)>,
        time: Option<Duration>,
    ) {
        let timeout = time.map(|time| Timespec {
            tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: time.subsec_nanos().into(),
        });
        let mut fds = vec![PollFd::new(&self.woken, PollFlags::IN)];
        fds.extend(others.into_iter().map(|(fd, flags)| PollFd::from_borrowed_fd(fd, flags)));
        // Interrupted or not: the caller looks at everything again.
        let _ = poll(&mut fds, timeout.as_ref());
        drop(fds);
        let mut drained = [0; 64];
        while matches!(self.woken.read(&mut drained), Ok(count) if count > 0) {}
    }
}

/// An ignored signal stays ignored over exec; a handled one becomes the default again. So a daemon under nohup, or in the background
/// of a script, would have agents that do not hear Ctrl-\ and the like. SIGPIPE is another matter: the shim must go on ignoring
/// it, and std gives the agent the default.
fn handle_what_is_ignored() {
    let ignored = ignored();
    for signal in (1..=64).filter(|signal| ignored >> (signal - 1) & 1 == 1) {
        if signal != SIGPIPE && !FORBIDDEN.contains(&signal) {
            // Those that the C library keeps for itself are refused.
            let _ = signal_hook::flag::register(signal, Arc::default());
        }
    }
}

/// The ignored signals as a mask, the lowest bit for signal 1. None are known where there is no `/proc`.
fn ignored() -> u64 {
    let status = read_small("/proc/self/status".as_ref()).unwrap_or_default();
    let status = String::from_utf8_lossy(&status);
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
