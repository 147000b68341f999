//! The number of starts of a project's daemons, restarts in place among them.

use aiwg_model::Cursor;
use aiwg_store::Reader;

use super::{call::Call, command::EngineError, handle::Engine, transaction::Transaction};

/// The source of the cursor with the number.
const STARTS: &str = "starts";

impl Engine {
    /// Counts this start.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn count_start(&self) -> Result<(), EngineError> {
        let count = |tx: &mut Transaction<'_>| -> aiwg_store::Result<()> {
            let before = tx.store.cursor(STARTS, "")?.and_then(|count| count.parse::<u64>().ok());
            let count = before.unwrap_or(0).saturating_add(1);
            tx.store.move_cursor(&Cursor::moved(STARTS, "", count.to_string()))
        };
        self.call(Call::changing(count)).await
    }
}

/// The number of starts so far.
///
/// # Errors
/// The database cannot be read.
pub(crate) fn starts(reader: &dyn Reader) -> aiwg_store::Result<u64> {
    let cursors = reader.cursors(STARTS)?;
    Ok(cursors.get("").and_then(|count| count.parse().ok()).unwrap_or(0))
}
