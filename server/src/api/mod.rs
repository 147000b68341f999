//! What a client can ask for, whatever it came over: the methods, who may call them, and what is pushed to it.

mod answer;
mod caller;
mod growth;
mod handler;
mod memory;
mod methods;
mod permit;
mod subscriptions;

pub(crate) use caller::{Peer, has_no_agents, of_process as agent_at, who};
pub(crate) use growth::Growth;
pub(crate) use handler::{Handler, Service};
pub(crate) use memory::Memory;
pub(crate) use methods::status;
pub(crate) use permit::may_reload;
pub(crate) use subscriptions::PUSHES;
