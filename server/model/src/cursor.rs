//! How far sources have come.

use aiwg_protocol::types::Timestamp;

/// How far a source of events has come, by one of its keys. It is moved in the transaction that takes in what the source
/// publishes: so what is behind it is neither lost nor taken in twice, whenever the daemon ends. What it says is the source's alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The source.
    pub source: &'static str,
    /// Which of its cursors: a schedule's name, or the id of a message that must not be taken in twice.
    pub key: String,
    /// Where it is from then on, as the source writes it; none to forget it.
    pub value: Option<String>,
    /// Where it must be for anything to happen.
    pub only_if: OnlyIf,
    /// When it may be forgotten; never if none.
    pub until: Option<Timestamp>,
}

/// Where a cursor must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnlyIf {
    /// Anywhere.
    Always,
    /// Nowhere: it has not been seen yet.
    Unseen,
    /// There, and not moved on by anybody else.
    At(String),
}

impl OnlyIf {
    /// Still there where it was found, if it was.
    pub fn still(found: Option<&String>) -> Self {
        found.map_or(Self::Unseen, |value| Self::At(value.clone()))
    }
}

impl Cursor {
    /// One that is moved there from wherever it is, and is never forgotten by itself.
    pub fn moved(source: &'static str, key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { source, key: key.into(), value: Some(value.into()), only_if: OnlyIf::Always, until: None }
    }
}
