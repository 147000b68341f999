//! The configuration that is in force.

use aiwg_model::InForce;
use aiwg_store::Result;

use super::{driver::Connection, value::values, write::Writer};

impl<C: Connection> Writer<C> {
    /// Notes the configuration that is in force. True unless it was noted already.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn set_in_force(&mut self, in_force: &InForce) -> Result<bool> {
        // Every path that the daemon takes is text.
        let named = in_force.named.as_ref().and_then(|path| path.to_str());
        // Most starts find what they want to note, and need not wait for the disk.
        let written = self
            .statement(
                "INSERT INTO config_in_force (id, named, text) SELECT 0, CAST(?1 AS TEXT), CAST(?2 AS TEXT)
                 WHERE NOT EXISTS (
                     SELECT 1 FROM config_in_force WHERE named IS NOT DISTINCT FROM ?1 AND text IS NOT DISTINCT FROM ?2)
                 ON CONFLICT (id) DO UPDATE SET named = excluded.named, text = excluded.text",
            )?
            .execute(values![named, in_force.text])?;
        Ok(written > 0)
    }
}
