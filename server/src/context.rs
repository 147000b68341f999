//! The context that every part of the daemon has.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use aiwg_protocol::{
    ApiError, ErrorKind,
    types::{Subsystems, TaskStats, Timestamp},
};
use aiwg_store::Reader;
use futures::{FutureExt, future::Either};
use tokio::{sync::Notify, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    accounts::Accounts,
    bus::Bus,
    config::Settings,
    engine::{Automation, Engine, automation, rule_facts},
    health::{Health, IssueKind},
    leases::Leases,
    lifecycle::Host,
    log::Log,
    outputs::Outputs,
    place::Local,
    project::Project,
    rules::compile,
    running::Running,
    stop::StopRequests,
    workspaces::Workspaces,
};

/// Longest wait for a store that is elsewhere. It is less than clients wait for an answer by default, so that they hear what is the matter.
const LONGEST_WAIT: Duration = Duration::from_secs(7);

/// The store says nothing.
const SILENT_ISSUE: IssueKind = IssueKind::named("store_silent");

/// What the store has said of the status last, for the time in which one that is elsewhere does not answer: the health says so then, and that is what is asked for.
#[derive(Default)]
pub(crate) struct LastSeen(Option<Mutex<Option<(Subsystems, TaskStats)>>>);

impl LastSeen {
    /// Nothing yet. It notes something where the store `is_elsewhere`.
    pub(crate) fn of(is_elsewhere: bool) -> Self {
        Self(is_elsewhere.then(Mutex::default))
    }

    /// What was read; what was read last where that was not possible.
    pub(crate) fn or(
        &self,
        read: Result<(Subsystems, TaskStats), ApiError>,
    ) -> Result<(Subsystems, TaskStats), ApiError> {
        let Some(seen) = &self.0 else { return read };
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(read) => Ok(seen.insert(read).clone()),
            Err(error) => seen.clone().ok_or(error),
        }
    }
}

/// The daemon, as its parts see it.
pub(crate) struct Context {
    pub(crate) host: Host,
    pub(crate) project: Project,
    pub(crate) settings: Settings,
    pub(crate) log: Log,
    pub(crate) engine: Engine,
    pub(crate) reader: Arc<dyn Reader>,
    /// The store's address, where that is not in the project's directory.
    pub(crate) store: Option<String>,
    /// The leases of the agents, where other hosts may be given their tasks.
    pub(crate) leases: Option<Leases>,
    /// What agents write, on its way to other hosts, where there can be such.
    pub(crate) outputs: Option<Outputs>,
    /// What the store has said last.
    pub(crate) last_seen: LastSeen,
    /// The database in the project's own directory, where the store is elsewhere.
    pub(crate) local: Option<Local>,
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
        let done = self.in_time(tokio::task::spawn_blocking(move || read(&*reader))).await?;
        done.map_err(|error| unreadable(&error))?.map_err(|error| unreadable(&error))
    }

    /// What comes of something that needs the store, where that answers in time: one that is elsewhere may say nothing for long.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub(crate) fn in_time<T>(
        &self,
        answer: impl Future<Output = T>,
    ) -> impl Future<Output = Result<T, ApiError>> {
        // An `async fn` would hold the answer's future several times, and each call in flight is one.
        match &self.store {
            None => Either::Left(answer.map(Ok)),
            Some(place) => Either::Right(Box::pin(self.within_limit(place, answer))),
        }
    }

    async fn within_limit<T>(&self, place: &str, answer: impl Future<Output = T>) -> Result<T, ApiError> {
        if let Ok(answer) = timeout(LONGEST_WAIT, answer).await {
            return Ok(answer);
        }
        let longest = LONGEST_WAIT.as_secs();
        self.health.report(
            SILENT_ISSUE,
            format!(
                "the store {place} has said nothing for {longest} s. Agents go on, and all else does by itself once it answers"
            ),
        );
        let message = format!(
            "the store {place} has said nothing for {longest} s, and whether anything has come of this call is not known. Look, or ask again with the same key, once \
             it answers"
        );
        Err(ApiError::new(ErrorKind::StorageUnavailable, message))
    }

    /// Notes that the store has answered.
    pub(crate) fn has_answered(&self) {
        if self.store.is_some() {
            self.health.clear(SILENT_ISSUE);
        }
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
