//! The answer to why: a walk over stored records, from one task or event up to its causes or down to its effects.

mod bounds;
mod draw;
#[cfg(test)]
mod tests;
mod text;
mod walk;

use std::collections::HashMap;

use aiwg_model::{Follow, TaskNo};
use aiwg_protocol::types::{Waiting, Why, WhyKind, WhyNode};
use aiwg_store::Reader;

use walk::Walk;

use crate::waits::Now;

/// The largest number of nodes of an answer, and its largest size as JSON, in bytes.
const MOST_NODES: usize = 10_000;
const MOST_BYTES: usize = 1 << 20;

/// The size of an answer besides its nodes, in bytes.
const AROUND_NODES: usize = 100;

/// The text of a wait for a decision, for one who may not see what is to be decided.
const UNDECIDED: &str = "until someone decides";

/// The one that was asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A task.
    Task(TaskNo),
    /// The event with this number.
    Event(u64),
}

impl Asked {
    /// The id of its node.
    fn id(self) -> String {
        match self {
            Self::Task(no) => no.to_string(),
            Self::Event(seq) => event_id(seq),
        }
    }
}

fn event_id(seq: u64) -> String {
    format!("event-{seq}")
}

/// Leaves out what people were asked for, and the events about that, for one who may not see it.
pub(crate) fn leave_out_approvals(why: &mut Why) {
    let is_about = |node: &WhyNode| {
        node.kind == WhyKind::Approval || node.kind == WhyKind::Event && node.text.starts_with("approval:")
    };
    let left: Vec<String> =
        why.nodes.iter().filter(|node| is_about(node)).map(|node| node.id.clone()).collect();
    why.nodes.retain(|node| !is_about(node));
    for node in &mut why.nodes {
        node.causes.retain(|cause| !left.contains(cause));
        if node.kind == WhyKind::Wait && node.reason.as_deref() == Some(Waiting::Approval.name()) {
            node.text = UNDECIDED.to_owned();
        }
    }
}

/// Puts the names of hosts in place of their ids, which are longer but for the names of a few.
fn name_hosts(reader: &dyn Reader, why: &mut Why) -> aiwg_store::Result<()> {
    let names: HashMap<String, String> =
        reader.hosts()?.into_iter().map(|(host, _)| (host.id, host.name)).collect();
    for host in why.nodes.iter_mut().filter_map(|node| node.host.as_mut()) {
        if let Some(name) = names.get(host) {
            host.clone_from(name);
        }
    }
    // A store that is one host's alone again.
    if names.is_empty() {
        why.nodes.iter_mut().for_each(|node| node.host = None);
    }
    Ok(())
}

/// Follows the chain, up to an answer of so many bytes as JSON, and tells how many it has at the most. None if there is no such task or event.
///
/// # Errors
/// The store cannot be read.
pub(super) fn why(
    reader: &dyn Reader,
    now: &Now<'_>,
    (asked, follow): (Asked, Follow),
    bytes: usize,
) -> aiwg_store::Result<Option<(Why, usize)>> {
    let bytes = bytes.min(MOST_BYTES);
    let Some(mut walk) = Walk::from(reader, asked, follow, bytes)? else { return Ok(None) };
    walk.look_at_waits(reader, now)?;
    let (mut why, nodes) = draw::drawn(&walk, asked, follow, bytes.saturating_sub(AROUND_NODES));
    if why.nodes.iter().any(|node| node.host.is_some()) {
        name_hosts(reader, &mut why)?;
    }
    Ok(Some((why, nodes.saturating_add(AROUND_NODES))))
}
