//! What a task waits for, in the words of a chat.

use aiwg_messaging::notice::minute;
use aiwg_protocol::types::{Timestamp, Waiting};

/// What a task waits for, after "it waits for": the reason, and until when, where that is known.
pub(crate) fn wait_in_words(waiting: Waiting, until: Option<Timestamp>) -> String {
    let what = match waiting {
        Waiting::Dependency => "another task to end",
        Waiting::Delay => "its time to start",
        Waiting::Hold => "someone to release it",
        Waiting::Rest => "a while, since its last run has failed or was lost",
        Waiting::Lane => "room in its lane",
        Waiting::Paused => "someone to resume the queue, which is paused",
        Waiting::Budget => "a budget that allows it",
        Waiting::Limit => "the limit of its agent's account to be over",
        Waiting::Taken => "the person who has taken it over",
        Waiting::Host => "another host, since this one cannot run it",
        Waiting::Approval => "someone to decide",
        other => other.name(),
    };
    // The time of an approval is a limit, and no time at which anything goes on.
    match until.filter(|_| waiting != Waiting::Approval) {
        Some(at) => format!("{what}, at the latest until {}", minute(at)),
        None => what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_named_with_its_end() {
        let at = "2026-12-01T00:00:00Z".parse().ok();
        assert_eq!(
            wait_in_words(Waiting::Budget, at),
            "a budget that allows it, at the latest until 2026-12-01 00:00 UTC"
        );
        assert_eq!(wait_in_words(Waiting::Approval, at), "someone to decide");
        assert_eq!(wait_in_words(Waiting::Lane, None), "room in its lane");
    }
}
