//! What a store says of its having been moved to another place.
//!
//! The database in the project's own directory decides which store is in force: a move counts from the moment on at which its note is there, be it away or back.
//! Until then what has arrived at the other place is nothing, and is replaced by the next try.

use aiwg_model::Cursor;
use aiwg_protocol::types::Timestamp;
use aiwg_store::{ErrorKind, StoreError, Transaction, View};
use serde::{Deserialize, Serialize};

/// The source of the cursors with the notes. No move carries them.
pub(crate) const SOURCE: &str = "store";

/// What a store says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note {
    /// Its rows are those of before the move: it is somewhere else now.
    Left,
    /// Its rows have come from somewhere else, and it is not known yet that this counts.
    Arriving,
    /// Its rows have come back from somewhere else, where it was before.
    Back,
}

/// A move of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Move {
    /// Its id.
    pub(crate) id: String,
    /// The id of the host that moves it.
    pub(crate) host: String,
    /// Where the store was, for people.
    pub(crate) from: String,
    /// Where it is then, for people.
    pub(crate) to: String,
    /// When.
    pub(crate) at: Timestamp,
}

impl Note {
    /// The key of its cursor.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Arriving => "arriving",
            Self::Back => "back",
        }
    }

    /// The move that is noted, if there is one.
    ///
    /// # Errors
    /// The store cannot be read, or nobody knows what the note says: then nothing is to be done with it.
    pub(crate) fn read(self, view: &dyn View) -> Result<Option<Move>, StoreError> {
        view.cursor(SOURCE, self.key())?.as_deref().map(|text| self.parse(text)).transpose()
    }

    /// The same, of the text of the note.
    pub(crate) fn parse(self, text: &str) -> Result<Move, StoreError> {
        serde_json::from_str(text).map_err(|error| {
            let why = format!(
                "it says that it was moved, but not where to or from ({error}): look at the row of the table cursor with source = '{SOURCE}' and key = '{}'",
                self.key()
            );
            StoreError::new(ErrorKind::Damaged, why)
        })
    }

    /// Notes a move.
    pub(crate) fn write(self, transaction: &mut dyn Transaction, noted: &Move) -> Result<(), StoreError> {
        let text = serde_json::to_string(noted)
            .map_err(|error| StoreError::new(ErrorKind::Other, error.to_string()))?;
        transaction.move_cursor(&Cursor::moved(SOURCE, self.key(), text))
    }

    /// Forgets the move that is noted.
    pub(crate) fn forget(self, transaction: &mut dyn Transaction) -> Result<(), StoreError> {
        transaction.move_cursor(&Cursor { value: None, ..Cursor::moved(SOURCE, self.key(), "") })
    }
}
