//! The source of `file:*` events: what [`aiwg_watch`] tells of goes to the engine.

mod events;
mod notices;
mod options;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::sleep,
    time::Duration,
};

use aiwg_protocol::{config::Config, types::FileWatcherSubsystem};
use aiwg_watch::{Batch, Notice, Options, WatchError, Watcher};
use futures::executor::block_on;
use tokio_util::sync::CancellationToken;

use crate::{
    engine::{Draft, Engine, EngineError, Gathering},
    health::{Health, IssueKind},
    project::Project,
};
pub(crate) use options::options;

/// How many changes go to the engine at once: so many that a large batch is stored fast, so few that others need not wait long.
const AT_ONCE: usize = 500;

/// How long to wait before the engine is told again what it could not store.
const RETRY: Duration = Duration::from_secs(1);

/// Watches the files that the configuration names.
pub(crate) struct FileWatcher {
    project: Project,
    engine: Engine,
    health: Health,
    /// Nothing is told from here on.
    stopped: CancellationToken,
    told: Arc<AtomicU64>,
    watcher: Mutex<Option<Watcher>>,
}

impl FileWatcher {
    /// One that does not watch yet.
    pub(crate) fn new(project: Project, engine: Engine, health: Health, stopped: CancellationToken) -> Self {
        Self { project, engine, health, stopped, told: Arc::default(), watcher: Mutex::new(None) }
    }

    /// Watches what a configuration says from here on, and no longer what another one said. What changes meanwhile is told, perhaps
    /// twice. Takes as long as it takes to look at all directories, so it is not for a thread with other things to do.
    ///
    /// # Errors
    /// It cannot start; what was watched still is.
    pub(crate) fn watch(&self, config: &Config) -> Result<(), WatchError> {
        let wanted = config.watches_files().then(|| options(self.project.root(), config));
        self.health.clear(IssueKind::Watch);
        let new = wanted.map(|options| self.start(&options)).transpose()?;
        let old = std::mem::replace(&mut *self.lock(), new);
        if let Some(old) = old {
            old.finish();
        }
        Ok(())
    }

    /// Watches nothing any more.
    pub(crate) fn stop(&self) {
        let watcher = self.lock().take();
        drop(watcher);
    }

    fn start(&self, options: &Options) -> Result<Watcher, WatchError> {
        let polled = Arc::new(AtomicBool::new(options.polling));
        let teller = Teller {
            project: self.project.clone(),
            engine: self.engine.clone(),
            stopped: self.stopped.clone(),
            told: Arc::clone(&self.told),
            polled: Arc::clone(&polled),
        };
        let health = self.health.clone();
        let mut troubles = notices::Troubles::default();
        Watcher::start(
            options,
            move |batch| teller.tell(&batch),
            move |notice| {
                if matches!(notice, Notice::FellBackToPolling { .. }) {
                    polled.store(true, Ordering::Relaxed);
                }
                troubles.note(notice, &health);
            },
        )
    }

    /// Whether files are watched if they should be.
    pub(crate) fn is_well(&self, config: &Config) -> bool {
        self.lock().is_some() == config.watches_files()
    }

    /// Whether changes gather that have not been told yet.
    pub(crate) fn gathering(&self) -> Gathering {
        // Not even looked at while watching begins: that takes a moment, and this is asked by those who serve everyone.
        let watcher = self.watcher.try_lock().ok();
        let status = watcher.and_then(|watcher| watcher.as_ref().map(Watcher::status)).unwrap_or_default();
        Gathering { is_open: status.gathering, told: status.tellings }
    }

    /// How the watching stands.
    pub(crate) fn status(&self) -> FileWatcherSubsystem {
        let found = self.lock().as_ref().map(Watcher::status);
        let enabled = found.is_some();
        let status = found.unwrap_or_default();
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        FileWatcherSubsystem {
            enabled,
            events_received: self.told.load(Ordering::Relaxed),
            directories: count(status.directories),
            files: count(status.files),
            polling: status.polling,
            missing: status.missing.iter().map(|path| path.display().to_string()).collect(),
            held_by: status.held.map(|mark| mark.display().to_string()),
            overflows: status.overflows,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Watcher>> {
        self.watcher.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the engine, from the watcher's thread. While it does, changes gather.
struct Teller {
    project: Project,
    engine: Engine,
    stopped: CancellationToken,
    told: Arc<AtomicU64>,
    /// Whether changes are found by looking, and not told by the system.
    polled: Arc<AtomicBool>,
}

impl Teller {
    fn tell(&self, batch: &Batch) {
        let polled = self.polled.load(Ordering::Relaxed);
        let mut drafts = events::drafts(self.project.root(), batch, polled);
        let mut some: Vec<Draft> = drafts.by_ref().take(AT_ONCE).collect();
        while !some.is_empty() {
            let rest: Vec<Draft> = drafts.by_ref().take(AT_ONCE).collect();
            if !self.publish(&some, !rest.is_empty()) {
                return;
            }
            some = rest;
        }
    }

    /// Tells of changes, and whether more of them is to come. False when the daemon stops.
    fn publish(&self, drafts: &[Draft], more: bool) -> bool {
        while !self.stopped.is_cancelled() {
            match block_on(self.engine.publish_all(drafts.to_vec(), more)) {
                Ok(()) => {
                    self.told.fetch_add(drafts.len() as u64, Ordering::Relaxed);
                    return true;
                }
                Err(EngineError::Closing) => return false,
                Err(error) => {
                    tracing::warn!(%error, "changes of files could not be stored; trying again");
                    sleep(RETRY);
                }
            }
        }
        false
    }
}
