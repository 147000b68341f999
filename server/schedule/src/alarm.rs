//! Sleeping until a time of day, and no longer if the clock is set meanwhile.

use std::io;

use jiff::Timestamp;

/// An alarm clock, for one who waits at a time.
///
/// On Linux it is a timer of the kernel's on the real time clock: it rings right after a suspend that it was due in, it lets the
/// waiter know at once when somebody sets the clock, and it never wakes anybody otherwise. Elsewhere it
/// looks at the clock every 20 seconds.
#[derive(Debug)]
pub struct Alarm(system::Alarm);

impl Alarm {
    /// A new one. It must be made in a tokio runtime with I/O and time. Fails where the process has no descriptors left.
    pub fn new() -> io::Result<Self> {
        system::Alarm::new().map(Self)
    }

    /// Waits for a time; for ever if there is none. It returns earlier if the clock may have been set, so look at the clock
    /// afterwards and call it again. At once if the time has passed.
    ///
    /// Dropping the future loses nothing.
    pub async fn until(&mut self, time: Option<Timestamp>) -> io::Result<()> {
        match time {
            Some(time) => self.0.until(time).await,
            None => std::future::pending().await,
        }
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::{
        io::{self, ErrorKind},
        os::fd::OwnedFd,
    };

    use jiff::Timestamp;
    use rustix::{
        io::{Errno, read},
        time::{
            Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
            timerfd_settime,
        },
    };
    use tokio::io::{Interest, unix::AsyncFd};

    #[derive(Debug)]
    pub(super) struct Alarm(AsyncFd<OwnedFd>);

    impl Alarm {
        #[allow(unsafe_code)]
        pub(super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Realtime, flags)?;
            // SAFETY: the `AsyncFd` owns the descriptor, and nothing else closes or replaces it.
            Ok(Self(unsafe { AsyncFd::register_with_interest(timer, Interest::READABLE)? }))
        }

        pub(super) async fn until(&mut self, time: Timestamp) -> io::Result<()> {
            let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
            // The kernel says here, too, that the clock has been set: since it was asked last.
            if was_set(timerfd_settime(self.0.get_ref(), flags, &at(time)))?.is_none() {
                return Ok(());
            }
            loop {
                let mut ready = self.0.readable().await?;
                let rung = ready
                    .try_io(|timer| was_set(read(timer.get_ref(), &mut [0; 8])).map_err(io::Error::from));
                match rung {
                    Ok(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                    Ok(rung) => return rung.map(drop),
                    Err(_nothing_yet) => {}
                }
            }
        }
    }

    /// None if the clock has been set.
    fn was_set<T>(result: Result<T, Errno>) -> Result<Option<T>, Errno> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(Errno::CANCELED) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// Once, at this time. Times before 1970 are the first moment after it: zero would switch the timer off.
    fn at(time: Timestamp) -> Itimerspec {
        let never = Timespec { tv_sec: 0, tv_nsec: 0 };
        let first = Timespec { tv_sec: 0, tv_nsec: 1 };
        let is_later = time > Timestamp::UNIX_EPOCH;
        let value = Timespec { tv_sec: time.as_second(), tv_nsec: time.subsec_nanosecond().into() };
        Itimerspec { it_interval: never, it_value: if is_later { value } else { first } }
    }
}

/// Interval at which the clock is read on systems other than Linux: 20 seconds.
#[cfg(not(target_os = "linux"))]
const LOOK: std::time::Duration = std::time::Duration::from_secs(20);

#[cfg(not(target_os = "linux"))]
mod system {
    use std::{io, time::Duration};

    use jiff::Timestamp;

    #[derive(Debug)]
    pub(super) struct Alarm;

    impl Alarm {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        /// The time to sleep is counted by a clock that a suspend may stop and that nobody sets, so it is never long.
        pub(super) async fn until(&mut self, time: Timestamp) -> io::Result<()> {
            let left = Duration::try_from(time.duration_since(Timestamp::now())).unwrap_or_default();
            tokio::time::sleep(left.min(super::LOOK)).await;
            Ok(())
        }
    }
}
