//! What waits for a person, as far as the status says something of it. The engine carries out decisions itself.

use aiwg_protocol::types::{ApprovalsSubsystem, Subsystems};
use aiwg_store::Reader;

use crate::{component::Component, context::Context};

/// The status of what people are asked for.
pub(crate) struct Approvals;

impl Component for Approvals {
    fn name(&self) -> &'static str {
        "the approvals"
    }

    fn status(
        &self,
        _context: &Context,
        reader: &dyn Reader,
        into: &mut Subsystems,
    ) -> aiwg_store::Result<()> {
        into.approvals = ApprovalsSubsystem { pending: reader.pending_approvals()? };
        Ok(())
    }
}
