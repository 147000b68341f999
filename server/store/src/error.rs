//! The errors of a store.

/// The kind of a failure, which decides what can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Others keep it to themselves for longer than one waits: the same works once they let go.
    Busy,
    /// There is no room left.
    Full,
    /// The stored data is damaged.
    Damaged,
    /// The store is not where it was, or does not answer: a file that was removed, a connection that was lost.
    Gone,
    /// This one row cannot be read; all others can.
    Row,
    /// A newer version has made it: nothing in it was changed.
    Newer,
    /// It is somebody else's, or has become that: nothing in it was changed.
    Foreign,
    /// Anything else.
    Other,
}

/// The reason for which the store cannot be opened, read or written.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    kind: ErrorKind,
    message: String,
}

impl StoreError {
    /// An error of this kind; the message says what happened, and where.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The error of a store that has no room for what is new.
    pub fn full() -> Self {
        Self::new(ErrorKind::Full, "database or disk is full")
    }

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}
