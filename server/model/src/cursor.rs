//! The positions of sources.

use aiwg_protocol::types::Timestamp;

/// The position of a source of events, for one of its keys. It moves in the transaction that stores the events that the
/// source publishes: so no event behind it is lost or stored twice, whenever the daemon ends. Only the source knows the
/// meaning of its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The source.
    pub source: &'static str,
    /// The key of one of its cursors: a schedule's name, or the id of a message that must not be taken in twice.
    pub key: String,
    /// The new position, as the source writes it; none to forget the cursor.
    pub value: Option<String>,
    /// The position that it must have for anything to happen.
    pub only_if: OnlyIf,
    /// Time from which it may be forgotten; never if none.
    pub until: Option<Timestamp>,
}

/// The position that a cursor must have.
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
