//! Waiting for the agent's end, and ending it with all it started.

use std::{
    collections::HashSet,
    io::{self, Read},
    os::unix::net::UnixStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Signal, WaitOptions, WaitStatus, wait},
};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};

use crate::{descendants::descendants, process::Process};

/// How often to look while processes have time to end: those that are not our children end unseen.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How often to kill what is left.
const KILL_EVERY: Duration = Duration::from_millis(5);

/// How long to try. What SIGKILL does not end by then is stuck in the kernel.
const KILL_FOR: Duration = Duration::from_secs(5);

/// The signals that a shim lives by. To be made before the agent is started, so that none is missed.
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
        for signal in [SIGTERM, SIGINT, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&end_requested))?;
            signal_hook::low_level::pipe::register(signal, wake.try_clone()?)?;
        }
        signal_hook::low_level::pipe::register(SIGCHLD, wake)?;
        Ok(Self { woken, end_requested })
    }

    fn end_requested(&self) -> bool {
        self.end_requested.load(Ordering::Relaxed)
    }

    /// Sleeps until a signal comes or the time is over.
    fn sleep(&mut self, time: Option<Duration>) {
        let timeout = time.map(|time| Timespec {
            tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: time.subsec_nanos().into(),
        });
        let mut fds = [PollFd::new(&self.woken, PollFlags::IN)];
        // Interrupted or not: the loop looks at everything again.
        let _ = poll(&mut fds, timeout.as_ref());
        let mut drained = [0; 64];
        while matches!(self.woken.read(&mut drained), Ok(count) if count > 0) {}
    }
}

/// How the tree came to its end.
pub(crate) struct End {
    pub(crate) status: Option<WaitStatus>,
    pub(crate) requested: bool,
    pub(crate) ended: u32,
    pub(crate) left: u32,
}

enum Phase {
    /// The agent runs.
    Running,
    /// Everything has been told to end.
    Ending { until: Instant },
    /// Everything is being killed.
    Killing { until: Instant },
}

struct Tree {
    agent: Process,
    status: Option<WaitStatus>,
    /// Those that have been told to end.
    told: HashSet<Process>,
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
        tree.reap();
        let requested = signals.end_requested();
        let pause = match phase {
            Phase::Running if requested || tree.status.is_some() => {
                let grace = if requested { grace } else { leftover_grace };
                phase = Phase::Ending { until: Instant::now() + grace };
                Some(Duration::ZERO)
            }
            Phase::Running => None,
            Phase::Ending { until } => {
                if tree.tell_all(Signal::TERM, false) == 0 {
                    return tree.end(requested, 0);
                }
                if Instant::now() >= until {
                    phase = Phase::Killing { until: Instant::now() + KILL_FOR };
                }
                Some(LOOK_EVERY)
            }
            Phase::Killing { until } => {
                let left = tree.tell_all(Signal::KILL, true);
                if left == 0 || Instant::now() >= until {
                    return tree.end(requested, left);
                }
                Some(KILL_EVERY)
            }
        };
        if pause != Some(Duration::ZERO) {
            signals.sleep(pause);
        }
    }
}

impl Tree {
    /// Reaps every child that has ended, the adopted ones included.
    fn reap(&mut self) {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            if pid.as_raw_nonzero().get().unsigned_abs() == self.agent.pid {
                self.status = Some(status);
            }
        }
    }

    /// Sends the signal to all that live, again to those that have been told if `again`. Gives how many live.
    fn tell_all(&mut self, signal: Signal, again: bool) -> u32 {
        let alive = descendants();
        for process in &alive {
            if self.told.insert(*process) || again {
                // One that has just ended is what was wanted.
                let _ = process.signal(signal);
            }
        }
        // Where descendants cannot be seen, the agent itself stands for them.
        let agent_only = alive.is_empty() && self.status.is_none();
        if agent_only && (self.told.insert(self.agent) || again) {
            let _ = self.agent.signal(signal);
        }
        u32::try_from(alive.len()).unwrap_or(u32::MAX).max(u32::from(agent_only))
    }

    fn end(mut self, requested: bool, left: u32) -> End {
        self.reap();
        End {
            status: self.status,
            requested,
            ended: u32::try_from(self.told.len()).unwrap_or(u32::MAX).saturating_sub(left),
            left,
        }
    }
}
