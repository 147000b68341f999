//! The times in which agents and checks ran: what a check changes fires no rule.

use std::collections::VecDeque;

use aiwg_model::TaskRow;
use aiwg_protocol::types::Timestamp;

use super::{state::State, transaction::Transaction};

/// Number of runs that are remembered once they are over.
const REMEMBERED: usize = 1000;

/// Time by which the clock of a file system may be behind, in milliseconds.
const TICK_MS: i64 = 20;

/// The time in which a run was under way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RunSpan {
    /// True if it was one of a check.
    pub(super) is_check: bool,
    pub(super) from: Timestamp,
    /// None while it is under way.
    pub(super) until: Option<Timestamp>,
}

/// The latest runs that are over. A daemon that comes anew knows of none: then what they have changed fires rules like any other change.
#[derive(Debug, Default)]
pub(super) struct Spans {
    latest: VecDeque<RunSpan>,
    /// Number of checks among them.
    checks: usize,
}

impl Spans {
    fn remember(&mut self, span: RunSpan) {
        self.checks += usize::from(span.is_check);
        self.latest.push_back(span);
        if self.latest.len() > REMEMBERED {
            let forgotten = self.latest.pop_front();
            self.checks -= forgotten.map_or(0, |span| usize::from(span.is_check));
        }
    }
}

impl RunSpan {
    fn was_at(&self, at: Timestamp) -> bool {
        let at = at.as_millis();
        // An agent often begins in the moment in which a check has ended, and it takes longer to start than a clock is behind: what was changed before
        // that is the check's.
        let tick_ms = if self.is_check { TICK_MS } else { 0 };
        self.from.as_millis().saturating_sub(tick_ms) <= at
            && self.until.is_none_or(|until| at <= until.as_millis())
    }
}

impl Transaction<'_> {
    /// Remembers when the run of a task was under way that ends now.
    pub(super) fn note_span(&mut self, task: &TaskRow) {
        let Some(slot) = self.state.running.get(&task.no).filter(|slot| !slot.is_in_tree) else { return };
        let span = RunSpan { until: Some(self.now), ..slot.span };
        self.state.spans.remember(span);
    }
}

impl State {
    /// True if the check of a task ran at this moment, and no agent, which could have made a change as well.
    pub(super) fn only_a_check_ran_at(&self, at: Timestamp) -> bool {
        let running = || self.running.values().filter(|slot| !slot.is_in_tree).map(|slot| &slot.span);
        // Asked for each change of a file: where no task has a check, nothing of what ran is looked at.
        if self.spans.checks == 0 && !running().any(|span| span.is_check) {
            return false;
        }
        let mut ran = running().chain(&self.spans.latest).filter(|span| span.was_at(at)).peekable();
        ran.peek().is_some() && ran.all(|span| span.is_check)
    }
}

#[cfg(test)]
mod tests {
    use aiwg_model::TaskNo;

    use super::*;
    use crate::engine::{EngineConfig, state::Slot, waits::Waits};

    #[test]
    fn a_change_is_the_checks_where_nothing_else_ran() {
        let at = Timestamp::from_millis;
        let mut state = State::new(EngineConfig::default(), Waits::default());
        let over = |is_check, from, until| RunSpan { is_check, from: at(from), until: Some(at(until)) };
        [over(true, 1000, 2000), over(false, 1500, 1800)]
            .into_iter()
            .for_each(|span| state.spans.remember(span));
        let was = |state: &State, ms| state.only_a_check_ran_at(at(ms));
        assert!(was(&state, 1200) && was(&state, 990) && was(&state, 1900));
        assert!(!was(&state, 1600) && !was(&state, 2001) && !was(&state, 100));
        // The next agent begins when the check ends, which changes something in its last moment.
        state.spans.remember(over(false, 2000, 2500));
        assert!(was(&state, 1999) && was(&state, 1981) && !was(&state, 2000));
        let span = RunSpan { is_check: true, from: at(5000), until: None };
        state.running.insert(TaskNo(1), Slot { span, ..Slot::default() });
        assert!(was(&state, 6000));
        let span = RunSpan { is_check: false, ..span };
        state.running.insert(TaskNo(2), Slot { span, ..Slot::default() });
        assert!(!was(&state, 6000));
        // What is forgotten counts no more.
        state.running.clear();
        (0..REMEMBERED).for_each(|_| state.spans.remember(over(false, 7000, 8000)));
        assert!(!was(&state, 1200) && state.spans.checks == 0 && state.spans.latest.len() == REMEMBERED);
        state.spans.remember(over(true, 9000, 9500));
        assert!(was(&state, 9100));
    }
}
