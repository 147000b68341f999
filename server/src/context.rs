//! What every method can reach.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Instant,
};

use aiwg_protocol::{
    ApiError, ErrorKind,
    types::{HealthCheck, Timestamp},
};
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    api::{Growth, Memory},
    bus::Bus,
    components::watcher::FileWatcher,
    config::Settings,
    engine::{Automation, Engine, automation},
    health::Health,
    log::Log,
    project::Project,
    rules::compile,
    running::Running,
    store::Reader,
};

/// How many calls of all connections read at once. More than a few only help where some are stuck in a file system that does not answer.
pub(crate) const MOST_READS: usize = 64;

/// The daemon, as its methods see it.
pub(crate) struct Context {
    pub(crate) project: Project,
    pub(crate) settings: Settings,
    /// Whether a person asks for the new beginning that is asked for.
    pub(crate) restarts_attended: AtomicBool,
    /// Held by whoever reads the configuration again.
    pub(crate) reloading: tokio::sync::Mutex<()>,
    pub(crate) log: Log,
    pub(crate) engine: Engine,
    pub(crate) reader: Arc<Reader>,
    pub(crate) bus: Bus,
    pub(crate) running: Running,
    pub(crate) health: Health,
    /// The socket's path, the one to forward.
    pub(crate) socket: String,
    pub(crate) watcher: FileWatcher,
    /// What the last health check found.
    pub(crate) health_check: Mutex<Option<HealthCheck>>,
    /// Rung when `state.json` should tell something new before its time.
    pub(crate) status_changed: Notify,
    pub(crate) clients: AtomicU32,
    /// What connections may hold.
    pub(crate) memory: Memory,
    /// Held by each call that reads: no more threads than this do so at once.
    pub(crate) reading: Semaphore,
    /// The outputs that calls wait for.
    pub(crate) growth: Arc<Growth>,
    pub(crate) started: Instant,
    pub(crate) started_at: Timestamp,
    /// What a client has asked for, once one has.
    pub(crate) stop_asked: watch::Sender<Option<Stop>>,
    /// Whether whoever started it did not wait for its end.
    pub(crate) detached: bool,
    /// It has stopped working: those who still wait are told so.
    pub(crate) stopped: CancellationToken,
}

/// How a daemon is to end. What comes later here counts for more: who is told that it stops must not find one that begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stop {
    /// Without its agents, to begin anew at once and go on with them.
    Restart,
    /// Without its agents: the next start goes on with them.
    KeepAgents,
    /// With its agents.
    EndAgents,
}

impl Context {
    /// Has it end, as the one who asks for most wants it to.
    pub(crate) fn stop(&self, how: Stop) {
        self.stop_asked.send_if_modified(|asked| {
            let is_more = asked.is_none_or(|before| before < how);
            if is_more {
                *asked = Some(how);
            }
            is_more
        });
    }

    /// Runs what blocks beside the connections.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ApiError> {
        let reader = Arc::clone(&self.reader);
        let done = tokio::task::spawn_blocking(move || read(&reader)).await;
        done.map_err(|error| unreadable(&error))?.map_err(|error| unreadable(&error))
    }

    /// How the rules are. It takes no turn of the engine, which may just be waiting for the disk.
    pub(crate) async fn automation(&self) -> Result<Automation, ApiError> {
        let facts = self.read(|reader| reader.rule_facts()).await?;
        let rules = compile(&self.settings.get().config);
        Ok(automation(rules, facts, &self.engine.refusals()))
    }

    /// The largest payload that an event may have, in bytes.
    pub(crate) fn max_payload(&self) -> usize {
        kib(self.settings.get().config.daemon.max_payload_kb)
    }

    /// What the action `health-check` found last.
    pub(crate) fn last_health_check(&self) -> Option<HealthCheck> {
        self.health_check.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn count_client(self: &Arc<Self>) -> Client {
        self.clients.fetch_add(1, Ordering::Relaxed);
        Client(Arc::clone(self))
    }
}

/// The database cannot be read.
pub(crate) fn unreadable(error: &dyn std::fmt::Display) -> ApiError {
    ApiError::new(ErrorKind::StorageUnavailable, format!("the daemon could not read its database: {error}"))
}

/// So many KiB in bytes.
pub(crate) fn kib(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(1024)
}

/// A connected client, counted as long as this lives.
pub(crate) struct Client(Arc<Context>);

impl Drop for Client {
    fn drop(&mut self) {
        self.0.clients.fetch_sub(1, Ordering::Relaxed);
    }
}
