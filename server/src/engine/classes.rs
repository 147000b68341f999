//! Classes of the queue: which tasks are kept from starting together.

use std::{collections::BTreeMap, sync::Arc};

use aiwg_protocol::config::LaneConfig;
use aiwg_store::Classified;

/// Separates the parts of a class's name: no lane, agent or rule has it in its name.
const SEPARATOR: char = '\u{1f}';

/// The configured classes: lanes, and whatever else keeps some tasks from starting and not others.
///
/// A project that uses none of it has one class, with an empty name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Classes {
    lanes: Arc<BTreeMap<String, LaneConfig>>,
}

/// A class, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Class<'a> {
    /// The lane; empty for none.
    pub(super) lane: &'a str,
}

impl<'a> Class<'a> {
    /// The class of this name.
    pub(super) fn named(name: &'a str) -> Self {
        Self { lane: name.split(SEPARATOR).next().unwrap_or_default() }
    }
}

impl Classes {
    /// The classes of a configuration with these lanes.
    pub fn of(lanes: &BTreeMap<String, LaneConfig>) -> Self {
        Self { lanes: Arc::new(lanes.clone()) }
    }

    /// True if tasks may be of other classes than the common one.
    pub(super) fn are_used(&self) -> bool {
        !self.lanes.is_empty()
    }

    /// The lane of this name; none if the configuration has no such lane.
    pub(super) fn lane(&self, name: &str) -> Option<&LaneConfig> {
        self.lanes.get(name)
    }

    /// The name of the class of a task. A lane that the configuration no longer has counts for nothing.
    pub(super) fn class_of(&self, task: &Classified<'_>) -> String {
        task.lane.filter(|lane| self.lanes.contains_key(*lane)).unwrap_or_default().to_owned()
    }
}
