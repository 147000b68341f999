//! The context that every part of the daemon has.

use std::{sync::Arc, time::Instant};

use aiwg_protocol::{ApiError, ErrorKind, types::Timestamp};
use aiwg_store::Reader;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    accounts::Accounts,
    bus::Bus,
    config::Settings,
    engine::{Automation, Engine, automation, rule_facts},
    health::Health,
    lifecycle::Host,
    log::Log,
    project::Project,
    rules::compile,
    running::Running,
    stop::StopRequests,
    workspaces::Workspaces,
};

/// The daemon, as its parts see it.
pub(crate) struct Context {
    pub(crate) host: Host,
    pub(crate) project: Project,
    pub(crate) settings: Settings,
    pub(crate) log: Log,
    pub(crate) engine: Engine,
    pub(crate) reader: Arc<dyn Reader>,
    pub(crate) bus: Bus,
    pub(crate) running: Running,
    pub(crate) health: Health,
    /// The accounts of agents, as far as they are known.
    pub(crate) accounts: Accounts,
    /// The work trees of the project.
    pub(crate) workspaces: Workspaces,
    /// The socket's path, the one to forward.
    pub(crate) socket: String,
    /// Rung when `state.json` should say something new before its time.
    pub(crate) status_changed: Notify,
    /// Rung by the engine when events have brought much, or the disk is full.
    pub(crate) grown: Arc<Notify>,
    /// Rung by the engine when messages to platforms wait to be sent, or people for an agent that works.
    pub(crate) messages: Arc<Notify>,
    pub(crate) started: Instant,
    pub(crate) started_at: Timestamp,
    /// True if the daemon runs in the background.
    pub(crate) detached: bool,
    /// The requests to end the daemon.
    pub(crate) stop: StopRequests,
    /// Cancelled when the daemon has stopped working: all parts end.
    pub(crate) stopped: CancellationToken,
}

impl Context {
    /// Reads the store on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Reader) -> aiwg_store::Result<T> + Send + 'static,
    ) -> Result<T, ApiError> {
        let reader = Arc::clone(&self.reader);
        let done = tokio::task::spawn_blocking(move || read(&*reader)).await;
        done.map_err(|error| unreadable(&error))?.map_err(|error| unreadable(&error))
    }

    /// The status of automation. It does not go through the engine, which may just be waiting for the disk.
    pub(crate) async fn automation(&self) -> Result<Automation, ApiError> {
        let facts = self.read(rule_facts).await?;
        let rules = compile(&self.settings.get().config);
        Ok(automation(rules, facts, &self.engine.refusals()))
    }

    /// The same, for what reads already.
    pub(crate) fn automation_in(&self, reader: &dyn Reader) -> aiwg_store::Result<Automation> {
        let rules = compile(&self.settings.get().config);
        Ok(automation(rules, rule_facts(reader)?, &self.engine.refusals()))
    }
}

/// The database cannot be read.
pub(crate) fn unreadable(error: &dyn std::fmt::Display) -> ApiError {
    ApiError::new(ErrorKind::StorageUnavailable, format!("the daemon could not read its database: {error}"))
}
