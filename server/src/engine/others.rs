//! What other hosts have done since this one has had the store open: their events are published here as well, whoever waits here for the end of a task or
//! for a decision is woken, and what they have stored about runs of this host is carried out.

use std::sync::Arc;

use aiwg_model::{ApprovalNo, RunId, StopReason, TaskNo};
use aiwg_protocol::types::{ApprovalEvent, Event, TaskEvent};
use aiwg_store::View;

use super::{command::Order, state::State, steer::messages_for_agent};
use crate::bus::Bus;

/// Maximum number of events of others that are read at once.
const AT_ONCE: usize = 256;

/// What is to be done once all of it is read.
#[derive(Default)]
pub(super) struct Others {
    /// Orders for the supervisor.
    pub(super) orders: Vec<Order>,
    /// True if others may have written something that is to be sent.
    pub(super) messages: bool,
}

impl State {
    /// Reads again what it holds of the store, and what others have done with it.
    pub(super) fn catch_up(&mut self, store: &dyn View, bus: &Bus) -> aiwg_store::Result<Others> {
        self.load(store)?;
        if self.hosts.me().is_none() {
            return Ok(Others::default());
        }
        self.publish_of_others(store, bus)?;
        let mut orders = self.orders_of_others(store)?;
        orders.extend(self.brought_by_others(store)?.into_iter().map(Order::Bring));
        Ok(Others { orders, messages: self.config.messaging.is_some() })
    }

    /// Publishes the events of others, which are committed.
    fn publish_of_others(&self, store: &dyn View, bus: &Bus) -> aiwg_store::Result<()> {
        let mut next = bus.last_seq() + 1;
        while next <= self.last_event {
            let last = self.last_event.min(next + AT_ONCE as u64 - 1);
            let events: Vec<Arc<Event>> =
                store.events_between(next, last)?.into_iter().map(Arc::new).collect();
            let ended: Vec<_> = events.iter().filter_map(|event| ended_by(event)).collect();
            let decided: Vec<_> = events.iter().filter_map(|event| decided_by(event)).collect();
            bus.publish(events, &ended, &decided);
            next = last + 1;
        }
        Ok(())
    }

    /// What others have stored about runs that this host keeps.
    fn orders_of_others(&mut self, store: &dyn View) -> aiwg_store::Result<Vec<Order>> {
        let mut orders = Vec::new();
        for (no, slot) in std::mem::take(&mut self.kept) {
            let run = RunId { task: no, n: slot.n };
            let Some(now) = self.running.get_mut(&no).filter(|now| now.n == run.n && !now.is_elsewhere)
            else {
                // It was given up, and counts for nothing any more.
                self.leaving.insert(run);
                orders.push(Order::End(run, StopReason::Stop));
                continue;
            };
            now.go_on_from(slot);
            // One that cannot be read fails.
            let Some(task) = store.task_if_readable(no)? else { continue };
            if let Some(ending) = task.ending.filter(|_| !now.is_told_to_end) {
                now.is_told_to_end = true;
                orders.push(Order::End(run, ending));
            }
            let known = std::mem::replace(&mut now.told, task.spec.terms.sent.len());
            let is_new = |message: &aiwg_model::Message| usize::try_from(message.n).is_ok_and(|n| n > known);
            let new = messages_for_agent(&task.spec.terms).into_iter().filter(is_new);
            orders.extend(new.map(|message| Order::Tell(run, message)));
        }
        Ok(orders)
    }
}

/// The task that has ended, if an event says so.
fn ended_by(event: &Event) -> Option<TaskNo> {
    let name = event.topic.strip_prefix("task:")?;
    let is_end = matches!(name, "completed" | "failed" | "cancelled" | "timeout");
    let event: TaskEvent = is_end.then(|| serde_json::from_str(event.payload.as_str()).ok())??;
    event.task_id.parse().ok()
}

/// The approval that nobody has to decide on any more, if an event says so.
fn decided_by(event: &Event) -> Option<ApprovalNo> {
    let name = event.topic.strip_prefix("approval:")?;
    let is_over = name != "requested";
    let event: ApprovalEvent = is_over.then(|| serde_json::from_str(event.payload.as_str()).ok())??;
    event.approval_id.parse().ok()
}
