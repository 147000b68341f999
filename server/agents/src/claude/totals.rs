//! The totals that results tell of their sessions.

use crate::numbers::believed_usd;

/// The most sessions that are told apart. A run is in one, seldom in a few.
const MOST_SESSIONS: usize = 64;

/// The highest total that was told of each session, in US dollars. A lower one later takes nothing back: an unknown session is reported with a total
/// of 0, whatever it had cost.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Totals(Vec<(String, f64)>);

impl Totals {
    /// Takes in a total of this session.
    pub(super) fn take(&mut self, session: Option<&str>, usd: f64) {
        let session = session.unwrap_or_default();
        if let Some((_, highest)) = self.0.iter_mut().find(|(known, _)| known == session) {
            *highest = highest.max(usd);
        } else if self.0.len() < MOST_SESSIONS {
            self.0.push((session.to_owned(), usd));
        } else if let Some((_, others)) = self.0.last_mut() {
            *others = believed_usd(*others + usd);
        }
    }

    /// The total of this session; none where none was told.
    pub(super) fn of(&self, session: Option<&str>) -> Option<f64> {
        let session = session.unwrap_or_default();
        self.0.iter().find(|(known, _)| known == session).map(|(_, usd)| *usd)
    }

    /// The totals of the other sessions, by their ids.
    pub(super) fn others(&self, session: Option<&str>) -> Vec<(String, f64)> {
        let session = session.unwrap_or_default();
        self.0.iter().filter(|(known, _)| known != session && !known.is_empty()).cloned().collect()
    }

    /// The total of all sessions; none where none was told.
    pub(super) fn sum(&self) -> Option<f64> {
        self.0.iter().map(|(_, usd)| *usd).reduce(|sum, usd| believed_usd(sum + usd))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lower_total_takes_nothing_back_and_another_session_adds_its_own() {
        let mut totals = Totals::default();
        assert_eq!((totals.sum(), totals.of(Some("a"))), (None, None));
        for (session, usd) in [("a", 0.75), ("a", 0.0), ("b", 0.25), ("b", 0.5)] {
            totals.take(Some(session), usd);
        }
        assert_eq!(totals.sum(), Some(1.25));
        assert_eq!((totals.of(Some("a")), totals.of(Some("b"))), (Some(0.75), Some(0.5)));
        assert_eq!(totals.others(Some("b")), [("a".to_owned(), 0.75)]);
    }

    #[test]
    fn many_sessions_lose_nothing() {
        let mut totals = Totals::default();
        (0..1000).for_each(|n| totals.take(Some(&n.to_string()), 1.0));
        assert_eq!((totals.sum(), totals.0.len()), (Some(1000.0), MOST_SESSIONS));
    }
}
