//! The limit on connections: in all, and half of that for processes of agents, so that people reach the daemon whatever their agents do.

use std::sync::Arc;

use aiwg_model::TaskNo;
use rustix::process::{Resource, getrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::health::{Health, IssueKind};

/// The limit on connections is reached, of all or of agents.
const CONNECTION_LIMIT_ISSUE: IssueKind = IssueKind::named("connection_limit");

/// The places for connections, and whether it is reported that none is left.
pub(super) struct Places {
    most: usize,
    most_of_agents: usize,
    all: Arc<Semaphore>,
    agents: Arc<Semaphore>,
    health: Health,
    is_reported: bool,
}

/// The place of one connection: it is free again when this is dropped.
pub(super) struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_agents: Option<OwnedSemaphorePermit>,
}

impl Places {
    /// The configured number of places, as far as the system lets so many files be open. Half of those are kept for agents and the database.
    pub(super) fn new(wanted: u32, health: &Health) -> Self {
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX) / 2;
        let most = usize::try_from(files.min(wanted.into())).unwrap_or(usize::MAX);
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        let most_of_agents = most.div_ceil(2);
        Self {
            most,
            most_of_agents,
            all: Arc::new(Semaphore::new(most)),
            agents: Arc::new(Semaphore::new(most_of_agents)),
            health: health.clone(),
            is_reported: false,
        }
    }

    /// A place for a connection: of an agent's process or not, and of which task here, if that is known.
    ///
    /// # Errors
    /// None is left. The message is reported to the health as well.
    pub(super) fn take(&mut self, is_agents: bool, task: Option<TaskNo>) -> Result<Place, String> {
        let Ok(of_all) = Arc::clone(&self.all).try_acquire_owned() else {
            let message = format!(
                "{} connections are open, which is the limit: close some, or raise daemon.max_connections and the limit of open files",
                self.most
            );
            return Err(self.report(message));
        };
        if !is_agents {
            return Ok(Place { _of_all: of_all, _of_agents: None });
        }
        match Arc::clone(&self.agents).try_acquire_owned() {
            Ok(of_agents) => Ok(Place { _of_all: of_all, _of_agents: Some(of_agents) }),
            Err(_) => Err(self.report(self.of_agents(task))),
        }
    }

    /// Removes the issue once an eighth of the places is free again, so that it does not change with each connection at the limit.
    pub(super) fn look(&mut self) {
        let is_free = |places: &Semaphore, most: usize| places.available_permits() > most / 8;
        if self.is_reported && is_free(&self.all, self.most) && is_free(&self.agents, self.most_of_agents) {
            self.is_reported = false;
            self.health.clear(CONNECTION_LIMIT_ISSUE);
            tracing::info!("there is room for connections again");
        }
    }

    fn of_agents(&self, task: Option<TaskNo>) -> String {
        let whose = task.map_or_else(String::new, |no| {
            format!("; one more was refused to {no}, which `aiwg task cancel {no}` ends")
        });
        format!(
            "agents' processes have {} connections open, half of daemon.max_connections, and may have no more{whose}",
            self.most_of_agents
        )
    }

    /// Reports to the health, and to the log if it is new.
    fn report(&mut self, message: String) -> String {
        if !std::mem::replace(&mut self.is_reported, true) {
            tracing::warn!("{message}");
        }
        self.health.report(CONNECTION_LIMIT_ISSUE, message.clone());
        message
    }
}
