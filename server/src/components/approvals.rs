//! Approvals in the status: those that wait for a person. The engine carries out decisions itself.

use aiwg_model::TaskNo;
use aiwg_protocol::types::{ApprovalsSubsystem, Subsystems};
use aiwg_store::Reader;

use crate::{component::Component, context::Context, health::IssueKind};

/// Approvals are gone for which tasks wait.
const LOST_ISSUE: IssueKind = IssueKind::named("approvals");

/// Maximum number of tasks that an issue names.
const SHOWN: u32 = 10;

/// The issue of tasks whose approvals are gone, for a person.
fn in_vain(lost: &[TaskNo]) -> String {
    let names: Vec<String> = lost.iter().map(TaskNo::to_string).collect();
    format!(
        "{} cannot start: the approval that it waits for is no longer in the database, or cannot be read; `aiwg task cancel` and \
         `aiwg task retry` have a person asked once more",
        names.join(", ")
    )
}

/// The status of what people are asked for.
pub(crate) struct Approvals;

impl Component for Approvals {
    fn name(&self) -> &'static str {
        "the approvals"
    }

    fn status(
        &self,
        context: &Context,
        reader: &dyn Reader,
        into: &mut Subsystems,
    ) -> aiwg_store::Result<()> {
        into.approvals = ApprovalsSubsystem { pending: reader.pending_approvals()? };
        match reader.held_in_vain(SHOWN)?.as_slice() {
            [] => context.health.clear(LOST_ISSUE),
            lost => context.health.report(LOST_ISSUE, in_vain(lost)),
        }
        Ok(())
    }
}
