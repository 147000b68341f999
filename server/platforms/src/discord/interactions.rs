//! Commands that someone waits for: Discord shows that the bot thinks until an answer is there.
//!
//! An interaction's token lets anyone answer as the bot for a quarter of an hour. It is kept in memory only: what an earlier daemon has
//! heard is answered by a message.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

/// Stands before the id of an interaction where otherwise the id of a message stands.
const MARK: &str = "i:";

/// Time for which an interaction's token is used: Discord takes it for a quarter of an hour.
const LIVES: Duration = Duration::from_secs(14 * 60 + 30);

/// The longest wait for the acknowledgement of an interaction, which comes before its answer.
const ACKNOWLEDGED_BY: Duration = Duration::from_secs(10);

/// The way in which an interaction can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// It shows that the bot thinks, until an answer comes by this token.
    Thinks(String),
    /// It was answered by the message of this id.
    Answered(String),
    /// It cannot be answered any more, but by a message.
    Over,
}

#[derive(Debug)]
struct Known {
    came: Instant,
    /// None until it is acknowledged.
    way: Option<Way>,
}

/// The interactions of the last quarter of an hour.
#[derive(Debug, Default)]
pub(super) struct Interactions {
    known: Mutex<HashMap<String, Known>>,
    changed: Notify,
}

/// The name of an interaction among ids of messages.
pub(super) fn name(id: &str) -> String {
    format!("{MARK}{id}")
}

/// The id of an interaction that has such a name; none for the id of a message.
pub(super) fn id_of(name: &str) -> Option<&str> {
    name.strip_prefix(MARK)
}

impl Interactions {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An interaction has come that will be acknowledged.
    pub(super) fn came(&self, id: &str) {
        let now = Instant::now();
        let mut known = self.lock();
        known.retain(|_, one| now.duration_since(one.came) < LIVES);
        known.entry(id.to_owned()).or_insert(Known { came: now, way: None });
    }

    /// An interaction was acknowledged, or answered.
    pub(super) fn set(&self, id: &str, way: Way) {
        if let Some(known) = self.lock().get_mut(id) {
            known.way = Some(way);
        }
        self.changed.notify_waiters();
    }

    /// The way in which an interaction can be answered, once it is acknowledged.
    pub(super) async fn way(&self, id: &str) -> Way {
        let by = Instant::now() + ACKNOWLEDGED_BY;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            match self.lock().get(id) {
                Some(Known { way: Some(way), came }) if came.elapsed() < LIVES => return way.clone(),
                Some(Known { way: None, .. }) => {}
                _ => return Way::Over,
            }
            if timeout_at(by, changed).await.is_err() {
                return Way::Over;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_waits_for_the_acknowledgement() {
        let interactions = Interactions::default();
        assert_eq!(interactions.way("1").await, Way::Over, "of an earlier daemon");
        interactions.came("1");
        let (way, ()) = tokio::join!(interactions.way("1"), async {
            tokio::task::yield_now().await;
            interactions.set("1", Way::Thinks("t".to_owned()));
        });
        assert_eq!(way, Way::Thinks("t".to_owned()));
        interactions.set("1", Way::Answered("9".to_owned()));
        // The same once more.
        interactions.came("1");
        assert_eq!(interactions.way("1").await, Way::Answered("9".to_owned()));
        assert_eq!((id_of(&name("1")), id_of("1")), (Some("1"), None));
    }
}
