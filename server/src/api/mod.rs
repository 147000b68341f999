//! The API, whichever gateway a call came through: the methods, who may call them, and the events that are pushed to clients.

mod answer;
mod caller;
mod growth;
mod handler;
mod lineage;
mod memory;
mod methods;
mod once;
mod origin;
mod peer;
mod permit;
mod subscriptions;

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::{
    component::Components,
    components::{messaging::Messaging, watcher::FileWatcher},
    context::Context,
    reload::Reload,
};

pub(crate) use caller::{Caller, caller_of, calling_agent, has_no_agents, is_from_outside};
use growth::Growth;
pub(crate) use handler::{Handler, Service};
use memory::{Memory, kib};
pub(crate) use methods::{emitted, report, stop_when_empty};
pub(crate) use origin::origin_of;
pub(crate) use peer::Peer;
pub(crate) use permit::may_reload;
pub(crate) use subscriptions::PUSHES;

/// The number of calls of all connections that read at once. More than a few only help where some are stuck in a file system that does not answer.
const MOST_READS: usize = 64;

/// The state that the calls of all clients share.
pub(crate) struct Api {
    pub(crate) context: Arc<Context>,
    components: Components,
    watcher: Arc<FileWatcher>,
    messaging: Arc<Messaging>,
    pub(crate) reload: Reload,
    /// The memory that connections may hold.
    pub(crate) memory: Memory,
    /// Held by each call that reads: no more threads than this do so at once.
    reading: Semaphore,
    /// Held by the one call that compiles patterns that may take much: see [`methods`].
    compiling: Semaphore,
    /// Held by the one look through all that an agent has written.
    looking: Arc<Semaphore>,
    /// The outputs that calls wait for.
    growth: Arc<Growth>,
}

impl Api {
    pub(crate) fn new(
        context: Arc<Context>,
        components: Components,
        watcher: Arc<FileWatcher>,
        messaging: Arc<Messaging>,
    ) -> Self {
        // Beside all else: users may be listed on another machine.
        tokio::task::spawn_blocking(peer::look_up_user);
        Self {
            reload: Reload::new(Arc::clone(&context), components.clone()),
            memory: Memory::new(context.settings.get().config.daemon.max_memory_mb),
            reading: Semaphore::new(MOST_READS),
            compiling: Semaphore::new(1),
            looking: Arc::new(Semaphore::new(1)),
            growth: Arc::default(),
            context,
            components,
            watcher,
            messaging,
        }
    }

    /// The largest payload that an event may have, in bytes.
    fn max_payload(&self) -> usize {
        kib(self.context.settings.get().config.daemon.max_payload_kb)
    }
}
