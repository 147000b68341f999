//! The socket: connections in, the service on each.

mod answer;
mod connection;
mod daemon;
mod executor;
mod growth;
mod listener;
mod memory;
mod methods;
mod origin;
mod permit;
mod places;
mod socket;
mod subscriptions;
mod until;

pub(crate) use daemon::{Daemon, MOST_READS, Stop};
pub(crate) use growth::Growth;
pub(crate) use listener::serve;
pub(crate) use memory::Memory;
pub(crate) use methods::status;
pub(crate) use origin::{has_no_agents, of_process as agent_at};
pub(crate) use permit::may_reload;
pub(crate) use socket::{Listener, bind, is_answered_within};
