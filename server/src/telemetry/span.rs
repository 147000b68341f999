//! Spans that are over, and the buffer in which they wait to be sent.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use aiwg_protocol::types::{EventSource, Timestamp};
use tokio::sync::Notify;

use super::{Placed, SpanContext};

/// Maximum number of spans that wait: about a megabyte.
const MOST_WAITING: usize = 2048;

/// Maximum length of a text in a span, in bytes: a name, or the value of an attribute.
const LONGEST_TEXT: usize = 256;

/// The role of a span, by the number that the protocol has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpanKind {
    /// Something within the daemon.
    Internal = 1,
    /// Something that came from elsewhere.
    Consumer = 5,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Attribute {
    Text(String),
    Number(i64),
    Real(f64),
}

/// The span of an event, of which there may be very many: it is put into words where it is sent, and not on the engine's thread.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EventSpan {
    /// The place.
    pub(crate) place: Placed,
    /// The event's number.
    pub(crate) seq: u64,
    /// Its time.
    pub(crate) at: Timestamp,
    /// Time of its commit.
    pub(crate) until: Timestamp,
    /// Its topic.
    pub(crate) topic: String,
    /// Its source.
    pub(crate) source: EventSource,
}

/// A span that is over, and waits to be sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ended {
    Event(EventSpan),
    Other(Box<Span>),
}

/// A span that is over, of anything but an event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Span {
    /// The place.
    pub(crate) place: Placed,
    /// The name.
    pub(crate) name: String,
    /// Time of its beginning.
    pub(crate) from: Timestamp,
    /// Time of its end.
    pub(crate) until: Timestamp,
    /// The attributes.
    pub(crate) attributes: Vec<(&'static str, Attribute)>,
    /// Other spans that have led to it.
    pub(crate) links: Vec<SpanContext>,
    /// True if it is a failure.
    pub(crate) is_error: bool,
}

impl Span {
    /// One without attributes.
    pub(crate) fn new(place: Placed, name: String, (from, until): (Timestamp, Timestamp)) -> Self {
        let (attributes, links) = (Vec::new(), Vec::new());
        let name = bounded(name);
        Self { place, name, from, until, attributes, links, is_error: false }
    }

    /// Adds a text.
    #[must_use]
    pub(crate) fn text(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, Attribute::Text(bounded(value.into()))));
        self
    }

    /// Adds a text, if there is one.
    #[must_use]
    pub(crate) fn may_text(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// Adds a number.
    #[must_use]
    pub(crate) fn number(mut self, name: &'static str, value: u64) -> Self {
        self.attributes.push((name, Attribute::Number(i64::try_from(value).unwrap_or(i64::MAX))));
        self
    }

    /// Adds a number that may be below 0, if there is one.
    #[must_use]
    pub(crate) fn may_integer(mut self, name: &'static str, value: Option<i64>) -> Self {
        self.attributes.extend(value.map(|value| (name, Attribute::Number(value))));
        self
    }

    /// Adds an amount, if there is one.
    #[must_use]
    pub(crate) fn may_real(mut self, name: &'static str, value: Option<f64>) -> Self {
        self.attributes.extend(value.map(|value| (name, Attribute::Real(value))));
        self
    }
}

fn bounded(mut text: String) -> String {
    text.truncate(within_bound(&text).len());
    text
}

/// As much of a text as a span may have.
pub(super) fn within_bound(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST_TEXT)).unwrap_or_default()
}

/// The spans that wait to be sent, and what has become of those before. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spans(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<VecDeque<Ended>>,
    /// Rung when there are some.
    come: Notify,
    sent: AtomicU64,
    full: AtomicU64,
    failed: AtomicU64,
}

/// What has become of spans since the daemon's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpanCounts {
    /// Number of those that the collector has taken.
    pub(crate) sent: u64,
    /// Number of those for which there was no room.
    pub(crate) full: u64,
    /// Number of those that the collector has refused, or that it could not be given until the end.
    pub(crate) failed: u64,
}

impl Spans {
    /// Puts spans in; those for which there is no room are dropped. It waits for nobody.
    pub(crate) fn put(&self, spans: Vec<Ended>) {
        if spans.is_empty() {
            return;
        }
        let mut waiting = self.lock();
        let room = MOST_WAITING.saturating_sub(waiting.len());
        let dropped = spans.len().saturating_sub(room);
        waiting.extend(spans.into_iter().take(room));
        drop(waiting);
        self.0.full.fetch_add(dropped as u64, Ordering::Relaxed);
        self.0.come.notify_one();
    }

    /// Takes the first ones, so many at most.
    pub(crate) fn take(&self, most: usize) -> Vec<Ended> {
        let mut waiting = self.lock();
        let count = most.min(waiting.len());
        waiting.drain(..count).collect()
    }

    /// The number of those that wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Waits until some have come.
    pub(crate) async fn come(&self) {
        while self.len() == 0 {
            self.0.come.notified().await;
        }
    }

    /// Notes that so many were sent, and that so many others were refused or given up.
    pub(crate) fn note(&self, sent: u64, failed: u64) {
        self.0.sent.fetch_add(sent, Ordering::Relaxed);
        self.0.failed.fetch_add(failed, Ordering::Relaxed);
    }

    /// What has become of them.
    pub(crate) fn counts(&self) -> SpanCounts {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        SpanCounts { sent: of(&self.0.sent), full: of(&self.0.full), failed: of(&self.0.failed) }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Ended>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Id, Kind},
        *,
    };

    fn span(name: &str) -> Span {
        let at = Timestamp::from_millis;
        Span::new(Placed::first(Id::of(1, Kind::Task, [1, 2, 3])), name.to_owned(), (at(5), at(3)))
    }

    fn ended(name: &str) -> Ended {
        Ended::Other(Box::new(span(name)))
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_counted() {
        let spans = Spans::default();
        spans.put(vec![ended("a"); MOST_WAITING - 1]);
        spans.put(vec![ended("b"), ended("c"), ended("d")]);
        assert_eq!((spans.len(), spans.counts().full), (MOST_WAITING, 2));
        assert_eq!(spans.take(MOST_WAITING).last(), Some(&ended("b")));
        assert!(spans.take(5).is_empty());
        spans.note(3, 1);
        assert_eq!(spans.counts(), SpanCounts { sent: 3, full: 2, failed: 1 });
    }

    #[test]
    fn texts_are_bounded() {
        let span =
            span(&"\u{e4}".repeat(200)).text("x", "\u{20ac}".repeat(200)).may_text("y", None::<String>);
        assert_eq!((span.name.len(), span.attributes.len()), (256, 1));
        assert_eq!(span.attributes[0].1, Attribute::Text("\u{20ac}".repeat(85)));
    }
}
