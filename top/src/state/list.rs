//! The list of what can be chosen: which of it is shown, in which order, and what is chosen.

use std::cmp::Reverse;

use aiwg_client::types::{TaskOrder, TaskState, Timestamp};

use crate::{
    message::Key,
    state::{Row, State},
};

/// Number of rows before the end of what is known at which more is asked for.
const NEAR: usize = 50;

/// What is listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum View {
    #[default]
    All,
    Running,
    Waiting,
    Ended,
    Approvals,
    Events,
}

impl View {
    pub(crate) const ALL: [Self; 6] =
        [Self::All, Self::Running, Self::Waiting, Self::Ended, Self::Approvals, Self::Events];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Running => "Running",
            Self::Waiting => "Waiting",
            Self::Ended => "Ended",
            Self::Approvals => "Approvals",
            Self::Events => "Events",
        }
    }

    /// True if tasks are listed.
    pub(crate) fn is_of_tasks(self) -> bool {
        !matches!(self, Self::Approvals | Self::Events)
    }

    /// True if that is listed of which there may be more than is known.
    pub(crate) fn has_pages(self) -> bool {
        matches!(self, Self::All | Self::Waiting | Self::Ended | Self::Events)
    }

    pub(super) fn has(self, state: TaskState) -> bool {
        match self {
            Self::Running => state == TaskState::Running,
            Self::Waiting => state == TaskState::Queued,
            Self::Ended => state.is_final(),
            _ => true,
        }
    }
}

/// The order of tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// What runs, what waits as it will start, what has ended last.
    #[default]
    Usual,
    Newest,
    Cost,
    /// What runs, or ran, for longest comes first.
    Duration,
    Priority,
    Rule,
}

impl Sort {
    const ALL: [Self; 6] =
        [Self::Usual, Self::Newest, Self::Cost, Self::Duration, Self::Priority, Self::Rule];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Usual => "as they go",
            Self::Newest => "newest",
            Self::Cost => "cost",
            Self::Duration => "duration",
            Self::Priority => "priority",
            Self::Rule => "rule",
        }
    }

    /// The order of the daemon's by which the first ones of all are found, where those that are known may not have them.
    pub(super) fn asked(self) -> Option<TaskOrder> {
        match self {
            Self::Cost => Some(TaskOrder::Cost),
            Self::Priority => Some(TaskOrder::Priority),
            Self::Usual | Self::Newest | Self::Duration | Self::Rule => None,
        }
    }

    /// The order so many further on.
    pub(crate) fn next(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|sort| *sort == self).unwrap_or(0);
        Self::ALL[(at + by) % Self::ALL.len()]
    }
}

/// The list.
#[derive(Debug, Clone, Default)]
pub(crate) struct List {
    pub(crate) view: View,
    pub(crate) sort: Sort,
    /// Only what has this text; all where it is empty.
    pub(crate) filter: String,
    /// What is listed, in its order.
    pub(crate) shown: Vec<Key>,
    /// What is chosen, as long as it is listed.
    pub(crate) chosen: Option<Key>,
    /// Its place.
    pub(crate) at: usize,
    /// Number of rows above the window.
    pub(crate) top: usize,
    /// True if a person has chosen it: it stays chosen wherever it goes. Else the first one is.
    pub(super) is_held: bool,
    /// True if a person has gone to the last one, until another key: it is loaded, however many are before it.
    pub(super) is_to_end: bool,
    /// True if what is listed may be other than it was.
    pub(super) is_stale: bool,
}

impl List {
    /// True if the end of what is listed is in sight, or nearly.
    pub(super) fn is_near_end(&self) -> bool {
        self.at + NEAR >= self.shown.len()
    }

    /// Chooses another one, so many rows further on.
    pub(super) fn step(&mut self, by: isize) {
        let last = self.shown.len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(by).min(last);
        self.chosen = self.shown.get(self.at).copied();
        // At the first one, whatever is first is meant.
        self.is_held = self.at > 0;
    }

    pub(super) fn go_to(&mut self, view: View) {
        if self.view != view {
            (self.view, self.chosen, self.at, self.top) = (view, None, 0, 0);
            (self.is_held, self.is_stale) = (false, true);
        }
    }

    pub(super) fn look_for(&mut self, filter: &str) {
        filter.clone_into(&mut self.filter);
        self.is_stale = true;
    }
}

impl State {
    /// Brings the list up to date: before it is drawn, and before a key counts for what is chosen.
    pub(crate) fn settle(&mut self) {
        if std::mem::take(&mut self.list.is_stale) {
            self.list.shown = self.listed();
        }
        let list = &mut self.list;
        let place = list.chosen.filter(|_| list.is_held);
        let place = place.and_then(|chosen| list.shown.iter().position(|key| *key == chosen));
        let last = list.shown.len().saturating_sub(1);
        list.at = match place {
            Some(at) => at,
            None if list.is_held => list.at.min(last),
            None => 0,
        };
        list.chosen = list.shown.get(list.at).copied();
        let height = usize::from(self.areas().list.height).max(1);
        let list = &mut self.list;
        list.top = list.top.min(list.at).max((list.at + 1).saturating_sub(height));
        list.top = list.top.min(list.shown.len().saturating_sub(height));
    }

    fn listed(&self) -> Vec<Key> {
        let text = self.list.filter.to_lowercase();
        let has = |is_in: &dyn Fn(&str) -> bool| text.is_empty() || is_in(&text);
        match self.list.view {
            View::Approvals => {
                let mut asked: Vec<_> = self.approvals.values().collect();
                asked.retain(|asked| has(&|text| asked.has(text, self.name_of(asked.key.project))));
                asked.sort_by_key(|asked| (asked.requested_at, asked.key));
                asked.into_iter().map(|asked| asked.key).collect()
            }
            View::Events => {
                let events = self.events.iter().rev();
                let shown =
                    events.filter(|heard| has(&|text| heard.has(text, self.name_of(heard.key.project))));
                shown.map(|heard| heard.key).collect()
            }
            view => {
                let tasks = self.tasks.values().filter(|row| view.has(row.state));
                let mut rows: Vec<&Row> =
                    tasks.filter(|row| has(&|text| row.has(text, self.name_of(row.key.project)))).collect();
                rows.sort_by_cached_key(|row| self.place(row));
                rows.into_iter().map(|row| row.key).collect()
            }
        }
    }

    /// What tells the place of a task in the list: the least comes first.
    fn place<'a>(&self, row: &'a Row) -> impl Ord + use<'a> {
        let newest = Reverse((row.created_at, row.key));
        let of_rule = row.rule.as_deref().unwrap_or_default();
        // Millionths of a dollar.
        let cost = row.cost.map_or(-1, |usd| (usd * 1e6) as i64);
        let (place, rule) = match self.list.sort {
            Sort::Usual => (usual(row), ""),
            Sort::Newest => (first(0), ""),
            Sort::Cost => (first(-cost), ""),
            Sort::Duration => (first(-row.duration(self.now).unwrap_or(-1)), ""),
            Sort::Priority => (first(-i64::from(row.priority)), ""),
            // Those of no rule come last.
            Sort::Rule => (first(i64::from(row.rule.is_none())), of_rule),
        };
        (place, rule, newest)
    }

    /// The task that is chosen.
    pub(crate) fn chosen_task(&self) -> Option<Key> {
        let chosen = self.list.chosen?;
        match self.list.view {
            View::Approvals => self.approvals.get(&chosen)?.task,
            View::Events => self.events.iter().find(|heard| heard.key == chosen)?.task,
            _ => Some(chosen),
        }
    }
}

/// A place by one number.
fn first(number: i64) -> [i64; 5] {
    [number, 0, 0, 0, 0]
}

/// What runs, then what waits as it is to start, then what has ended.
fn usual(row: &Row) -> [i64; 5] {
    match row.state {
        TaskState::Running => [0, 0, 0, row.started_at.map_or(0, Timestamp::as_millis), 0],
        TaskState::Queued => {
            // What is held back comes after what only a slot is missing for.
            let is_held = i64::from(row.waiting.is_some());
            let number = i64::try_from(row.key.number).unwrap_or(i64::MAX);
            [1, is_held, -i64::from(row.priority), row.created_at.as_millis(), number]
        }
        _ => [2, 0, 0, -row.completed_at.map_or(0, Timestamp::as_millis), 0],
    }
}
