//! The number of starts of a project's daemons, restarts in place among them.

use aiwg_model::Cursor;
use aiwg_store::View;

use super::{call::Call, command::EngineError, handle::Engine, transaction::Transaction};

/// The source of the cursor with the number.
const STARTS: &str = "starts";

impl Engine {
    /// Stores that this is a start, where it is not stored yet: without this it is with the first event, and costs no transaction of its own.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn count_start(&self) -> Result<(), EngineError> {
        self.call(Call::changing(|tx| tx.count_start())).await
    }
}

impl Transaction<'_> {
    /// Stores the number of starts, once.
    pub(super) fn count_start(&mut self) -> aiwg_store::Result<()> {
        if let Some(count) = self.state.uncounted_start.filter(|_| !self.effects.counts_start) {
            self.store.move_cursor(&Cursor::moved(STARTS, "", count.to_string()))?;
            self.effects.counts_start = true;
        }
        Ok(())
    }
}

/// The number of starts before this one.
///
/// # Errors
/// The database cannot be read.
pub(super) fn starts_before(store: &dyn View) -> aiwg_store::Result<u64> {
    Ok(store.cursor(STARTS, "")?.and_then(|count| count.parse().ok()).unwrap_or(0))
}
