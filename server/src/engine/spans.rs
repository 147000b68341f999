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
pub(super) struct Spans(VecDeque<RunSpan>);

impl RunSpan {
    fn was_at(&self, at: Timestamp) -> bool {
        let at = at.as_millis();
        self.from.as_millis().saturating_sub(TICK_MS) <= at
            && self.until.is_none_or(|until| at <= until.as_millis())
    }
}

impl Transaction<'_> {
    /// Remembers when the run of a task was under way that ends now.
    pub(super) fn note_span(&mut self, task: &TaskRow) {
        let Some(slot) = self.state.running.get(&task.no) else { return };
        let spans = &mut self.state.spans.0;
        spans.push_back(RunSpan { until: Some(self.now), ..slot.span });
        if spans.len() > REMEMBERED {
            spans.pop_front();
        }
    }
}

impl State {
    /// True if the check of a task ran at this moment, and no agent, which could have made a change as well.
    pub(super) fn only_a_check_ran_at(&self, at: Timestamp) -> bool {
        let running = self.running.values().map(|slot| &slot.span);
        let mut ran = running.chain(&self.spans.0).filter(|span| span.was_at(at)).peekable();
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
        state.spans.0.extend([over(true, 1000, 2000), over(false, 1500, 1800)]);
        let was = |state: &State, ms| state.only_a_check_ran_at(at(ms));
        assert!(was(&state, 1200) && was(&state, 990) && was(&state, 1900));
        assert!(!was(&state, 1600) && !was(&state, 2001) && !was(&state, 100));
        let span = RunSpan { is_check: true, from: at(5000), until: None };
        state.running.insert(TaskNo(1), Slot { span, ..Slot::default() });
        assert!(was(&state, 6000));
        let span = RunSpan { is_check: false, ..span };
        state.running.insert(TaskNo(2), Slot { span, ..Slot::default() });
        assert!(!was(&state, 6000));
    }
}
