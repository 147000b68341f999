//! An event, as it is shown.

use aiwg_client::types::{Event, Timestamp};

use crate::{message::Key, text::one_line};

/// Number of bytes of a payload that are kept.
const MOST_PAYLOAD: usize = 2000;

/// Number of bytes of a topic.
const MOST_TOPIC: usize = 200;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) key: Key,
    pub(crate) topic: String,
    pub(crate) at: Timestamp,
    pub(crate) source: String,
    pub(crate) payload: String,
    /// The task that it is about.
    pub(crate) task: Option<Key>,
}

impl Heard {
    pub(crate) fn of(project: usize, event: &Event) -> Self {
        let task = event.payload.to::<About>().ok();
        Self {
            key: Key { project, number: event.seq },
            topic: one_line(&event.topic, MOST_TOPIC),
            at: event.at,
            source: one_line(event.source.name(), MOST_TOPIC),
            payload: one_line(event.payload.as_str(), MOST_PAYLOAD),
            task: task.and_then(|about| Key::of(project, &about.task_id)),
        }
    }

    /// What it says, in a few words: of the daemon's own about a task, which one.
    pub(crate) fn short(&self) -> String {
        match self.task {
            Some(task) if self.topic.starts_with("task:") => task.task_id(),
            _ if self.payload == "null" => String::new(),
            _ => self.payload.clone(),
        }
    }

    /// True if a text, in small letters, is in what is shown of it.
    pub(crate) fn has(&self, text: &str, project: &str) -> bool {
        let is_in = |part: &str| part.to_lowercase().contains(text);
        is_in(&self.topic) || is_in(&self.payload) || is_in(project)
    }
}

/// A payload that is about a task.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    task_id: String,
}
