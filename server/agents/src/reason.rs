//! The reasons for which an agent's work ends, in one vocabulary for all programs.

use std::fmt;

/// The reason for which the run of an agent ended. What is not understood is [`Failed`](Self::Failed), never [`Done`](Self::Done).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The agent came to the end of its work by its own account, and was refused nothing.
    Done,
    /// The agent came to the end of its work by its own account, but was refused tools on the way.
    Refused,
    /// The agent put off the use of a tool until someone decides on it: its session goes on where it stopped
    /// ([`Evaluation::deferred`](crate::evaluation::Evaluation::deferred)).
    Deferred,
    /// The account's limit is used up: nothing of it goes on before the limit resets
    /// ([`Evaluation::limit`](crate::evaluation::Evaluation::limit)).
    Limited,
    /// The service did not answer, or not this fast: overload, a limit by the minute, no network. It passes by itself within minutes.
    Overloaded,
    /// The login was refused, or there is none. It stays so until a person acts.
    Auth,
    /// There is no credit left, or no way to pay. It stays so until a person acts.
    Billing,
    /// The cap that it was given for its own cost is used up.
    Budget,
    /// The program broke off without a word: a signal ended it that was not the daemon's.
    Crashed,
    /// The agent did not do its work, and nothing more is known.
    #[default]
    Failed,
}

/// The way a run counts in which the agent was refused tools, but came to the end of its work by its own account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RefusedTasks {
    /// As a success.
    #[default]
    Complete,
    /// As a failure.
    Fail,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Done,
        Self::Refused,
        Self::Deferred,
        Self::Limited,
        Self::Overloaded,
        Self::Auth,
        Self::Billing,
        Self::Budget,
        Self::Crashed,
        Self::Failed,
    ];

    /// Its name, as it is stored and as rules match it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Deferred => "deferred",
            Self::Limited => "limited",
            Self::Overloaded => "overloaded",
            Self::Auth => "auth",
            Self::Billing => "billing",
            Self::Budget => "budget",
            Self::Crashed => "crashed",
            Self::Failed => "failed",
        }
    }

    /// The reason of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// True if the work counts as done.
    #[must_use]
    pub fn is_success(self, refused: RefusedTasks) -> bool {
        self == Self::Done || self == Self::Refused && refused == RefusedTasks::Complete
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name_of_its_own() {
        for reason in Reason::ALL {
            assert_eq!(Reason::named(reason.name()), Some(reason));
        }
        assert_eq!(Reason::named("lost"), None);
        assert_eq!(Reason::default(), Reason::Failed);
    }

    #[test]
    fn only_what_is_done_succeeds() {
        let succeed =
            |refused| Reason::ALL.into_iter().filter(|reason| reason.is_success(refused)).collect::<Vec<_>>();
        assert_eq!(succeed(RefusedTasks::Complete), [Reason::Done, Reason::Refused]);
        assert_eq!(succeed(RefusedTasks::Fail), [Reason::Done]);
    }
}
