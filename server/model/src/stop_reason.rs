//! The reasons for which running tasks are ended.

/// The reason for which a running task is being ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// Someone cancelled it.
    Cancel,
    /// Its time is up.
    Timeout,
    /// The agent has written nothing for too long.
    Stalled,
    /// The agent has reported its result, but does not exit.
    Finished,
    /// It has cost as much as a budget allows.
    Budget,
    /// A person takes it over.
    Take,
    /// The daemon stops.
    Stop,
}

impl StopReason {
    /// All of them, each with the name under which it is stored.
    const ALL: [(Self, &'static str); 7] = [
        (Self::Cancel, "cancel"),
        (Self::Timeout, "timeout"),
        (Self::Stalled, "stalled"),
        (Self::Finished, "finished"),
        (Self::Budget, "budget"),
        (Self::Take, "take"),
        (Self::Stop, "stop"),
    ];

    /// The name under which it is stored.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(reason, _)| *reason == self).map_or("", |(_, name)| name)
    }

    /// The reason of this name; none where no reason has it.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(reason, _)| *reason)
    }
}
