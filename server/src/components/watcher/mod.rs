//! The source of `file:*` events: what [`aiwg_watch`] tells of goes to the engine.

mod check;
mod component;
mod events;
mod in_vain;
mod links;
mod notices;
mod notices_in_config;
mod options;
mod told;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::sleep,
    time::{Duration, SystemTime},
};

use aiwg_protocol::{
    config::{Config, WatchConfig},
    types::{FileWatcherSubsystem, Timestamp},
};
use aiwg_watch::{Asking, Batch, Notice, Options, WatchError, Watcher};
use futures::executor::block_on;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    context::Context,
    engine::{Engine, EngineError, Gatherer, Gathering, NewEvent, Publication},
    health::{Health, IssueKind},
    project::Project,
};
pub(crate) use check::WatchCheck;
pub(crate) use options::options;
pub(crate) use told::WatchCursor;

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
    /// How often some that had gathered were told, by whichever watcher.
    tellings: Arc<AtomicU64>,
    /// Whether files are watched, or it is known that they are not to be.
    has_begun: AtomicBool,
    /// Up to when an earlier daemon has told changes, until what came then is told.
    before: Mutex<Option<WatchCursor>>,
    watcher: Mutex<Option<Watcher>>,
    /// What the watching goes by.
    watched: Mutex<Option<(bool, WatchConfig)>>,
    /// The watching has failed.
    failed: Arc<Notify>,
    /// Where it is published whether changes gather.
    gatherer: Arc<Gatherer>,
}

impl FileWatcher {
    /// One that does not watch yet. `before` says up to when an earlier daemon has told changes.
    pub(crate) fn of(context: &Context, before: Option<WatchCursor>, gatherer: Gatherer) -> Self {
        let Context { project, engine, health, stopped, .. } = context;
        let (before, watcher) = (Mutex::new(before), Mutex::new(None));
        Self {
            project: project.clone(),
            engine: engine.clone(),
            health: health.clone(),
            stopped: stopped.clone(),
            told: Arc::default(),
            tellings: Arc::default(),
            has_begun: AtomicBool::new(false),
            before,
            watcher,
            watched: Mutex::default(),
            failed: Arc::default(),
            gatherer: Arc::new(gatherer),
        }
    }

    /// Watches what a configuration says from here on, and no longer what another one said. What changes meanwhile is told, perhaps
    /// twice; what git holds back is handed over. The first time, what has changed since an earlier daemon is told as well, unless that
    /// was long ago. Takes as long as it takes to look at all directories, so it is not for a thread with other things to do.
    ///
    /// # Errors
    /// It cannot start; what was watched still is.
    fn watch(&self, config: &Config) -> Result<(), WatchError> {
        let done = self.watch_anew(config);
        self.has_begun.store(true, Ordering::Release);
        self.gatherer.changed();
        done
    }

    fn watch_anew(&self, config: &Config) -> Result<(), WatchError> {
        let wanted = config.watches_files().then(|| options(self.project.root(), config));
        self.health.clear(IssueKind::Watch);
        let failed = self.lock().as_ref().filter(|watcher| watcher.has_failed()).map(Watcher::status);
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(status) = failed {
            *before = Some(WatchCursor { at: told::timestamp(status.reported_up_to()), stopped: false });
        }
        let since = before.and_then(|told| told::since(told, SystemTime::now()));
        let new = wanted.map(|options| self.start(&Options { since, ..options })).transpose()?;
        *before = None;
        if let Some(new) = &new {
            let gatherer = Arc::clone(&self.gatherer);
            new.on_gathering(move || gatherer.changed());
        }
        let old = std::mem::replace(&mut *self.lock(), new);
        let finished = old.and_then(Watcher::finish);
        // Where nothing is watched any more, nobody wants to know what changes from here on.
        let told_up_to = finished.as_ref().map(|finished| told::timestamp(finished.reported_up_to));
        let at = self.told_up_to().map(|at| told_up_to.unwrap_or(at));
        self.note_told(at.map(|at| WatchCursor { at, stopped: false }));
        if let (Some(rest), Some(new)) = (finished.and_then(|finished| finished.rest), &*self.lock()) {
            new.inherit(rest);
        }
        Ok(())
    }

    /// Watches no longer, and tells what has changed until now, unless git holds it back: then the next daemon does. `is_for_good` says
    /// that there may be none for long.
    fn finish_watching(&self, is_for_good: bool) {
        // Whoever asks how it is does not wait for that.
        let watcher = self.lock().take();
        let finished = watcher.and_then(Watcher::finish);
        // Otherwise it may have told nothing.
        if let Some(finished) = finished.filter(|_| !self.stopped.is_cancelled()) {
            self.note_told(Some(WatchCursor {
                at: told::timestamp(finished.reported_up_to),
                stopped: is_for_good,
            }));
        }
    }

    /// All that changed before this moment has been told. `None` if nothing is watched.
    fn told_up_to(&self) -> Option<Timestamp> {
        self.lock().as_ref().map(|watcher| told::timestamp(watcher.status().reported_up_to()))
    }

    fn note_told(&self, told: Option<WatchCursor>) {
        if let Err(error) = block_on(self.engine.publish_all(told::to(told))) {
            tracing::warn!(%error, "up to when changes of files have been told could not be stored");
        }
    }

    /// Watches nothing any more.
    fn stop(&self) {
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
            tellings: Arc::clone(&self.tellings),
            polled: Arc::clone(&polled),
        };
        let health = self.health.clone();
        let mut troubles = notices::Troubles::default();
        let failed = Arc::clone(&self.failed);
        Watcher::start(
            options,
            move |batch| teller.tell(&batch),
            move |notice| {
                if matches!(notice, Notice::FellBackToPolling { .. }) {
                    polled.store(true, Ordering::Relaxed);
                }
                if notice == Notice::Failed {
                    failed.notify_one();
                }
                troubles.note(notice, &health);
            },
        )
    }

    /// Whether files are watched if they should be, and as they should be.
    fn is_well(&self, config: &Config) -> bool {
        let status = self.lock().as_ref().map(Watcher::status);
        let polls = status.as_ref().is_some_and(|status| status.polling);
        let has_failed = self.lock().as_ref().is_some_and(Watcher::has_failed);
        status.is_some() == config.watches_files() && !has_failed && (!polls || config.watch.use_polling)
    }

    /// Whether changes gather that have not been told yet. Waits for the watcher, so it is not for a thread with other things to do.
    fn gathering(&self) -> Gathering {
        let published = self.tellings.load(Ordering::Relaxed);
        if !self.has_begun.load(Ordering::Acquire) {
            return Gathering { is_open: true, is_held: false, published };
        }
        let asking = self.lock().as_ref().map(Watcher::asking);
        let status = asking.as_ref().map(Asking::status_now).unwrap_or_default();
        Gathering { is_open: status.gathering, is_held: status.held.is_some(), published }
    }

    /// How the watching stands.
    fn watch_status(&self) -> FileWatcherSubsystem {
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
            held_by: status.held.as_ref().map(|(mark, _)| mark.display().to_string()),
            held_since: status.held.map(|(_, since)| told::timestamp(since)),
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
    tellings: Arc<AtomicU64>,
    /// Whether changes are found by looking, and not told by the system.
    polled: Arc<AtomicBool>,
}

impl Teller {
    fn tell(&self, batch: &Batch) {
        let polled = self.polled.load(Ordering::Relaxed);
        let mut drafts = events::drafts(self.project.root(), batch, polled).peekable();
        while drafts.peek().is_some() {
            let some: Vec<NewEvent> = drafts.by_ref().take(AT_ONCE).collect();
            let told_up_to = drafts.peek().is_none().then(|| told::timestamp(batch.reported_up_to));
            if !self.publish(&some, told_up_to) {
                return;
            }
        }
        self.tellings.fetch_add(1, Ordering::Relaxed);
    }

    /// False when the daemon stops.
    fn publish(&self, drafts: &[NewEvent], told_up_to: Option<Timestamp>) -> bool {
        let cursor = |at| WatchCursor::moved(Some(WatchCursor { at, stopped: false }));
        while !self.stopped.is_cancelled() {
            // It is not refused, the last look of a stopping daemon included: nobody could publish it again.
            let publication = Publication {
                events: drafts.to_vec(),
                cursors: told_up_to.map(cursor).into_iter().collect(),
                is_complete: told_up_to.is_some(),
                when_closing: true,
            };
            match block_on(self.engine.publish_all(publication)) {
                Ok(_) => {
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
