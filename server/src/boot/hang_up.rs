//! SIGHUP, and its sender: a reload decides what runs, so an agent may not ask for one in this way either.

use std::io;

use futures::StreamExt;
use signal_hook::{
    consts::SIGHUP,
    iterator::exfiltrator::WithOrigin,
    low_level::siginfo::{Cause, Origin, Sent},
};
use signal_hook_tokio::SignalsInfo;

use crate::{
    api::{has_no_agents, is_from_outside, may_reload},
    context::Context,
};

/// The signals as they come. Once this exists, none of them ends the process.
pub(crate) struct HangUps(SignalsInfo<WithOrigin>);

/// The sender of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    /// This process: the kernel says so.
    Process(u32),
    /// The kernel itself: a terminal was closed.
    Kernel,
    /// An unknown sender: a process that sends a signal with a value writes its own number into it, so that number proves nothing.
    Unknown,
}

impl HangUps {
    /// Begins to receive them.
    ///
    /// # Errors
    /// The system refuses it.
    pub(crate) fn receive() -> io::Result<Self> {
        SignalsInfo::with_exfiltrator([SIGHUP], WithOrigin::default()).map(Self)
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Sender {
        match self.0.next().await {
            Some(origin) => Sender::of(&origin),
            // Its handle would have to be closed.
            None => std::future::pending().await,
        }
    }
}

impl Sender {
    fn of(origin: &Origin) -> Self {
        let pid = origin.process.as_ref().and_then(|process| u32::try_from(process.pid).ok());
        match (origin.cause, pid) {
            (Cause::Sent(Sent::User | Sent::TKill), Some(pid)) => Self::Process(pid),
            (Cause::Kernel, _) => Self::Kernel,
            _ => Self::Unknown,
        }
    }

    /// True if the signal may put a changed configuration in force.
    pub(crate) fn may_reload(self, context: &Context) -> bool {
        self != Self::Kernel && (self.is_person(context) || may_reload(context))
    }

    /// True if the sender is seen to be no agent.
    pub(crate) fn is_person(self, context: &Context) -> bool {
        match self {
            Self::Process(pid) => is_from_outside(pid, context),
            Self::Unknown => has_no_agents(context),
            Self::Kernel => false,
        }
    }
}
