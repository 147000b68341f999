//! The source of `file:*` events: it publishes the changes that [`aiwg_watch`] reports.

mod check;
mod component;
mod events;
mod in_vain;
mod links;
mod notices;
mod notices_in_config;
mod options;
mod reported;

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
use aiwg_watch::{Asking, ChangeSet, Notice, Options, WatchError, Watcher};
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
pub(crate) use reported::WatchCursor;

/// Files cannot be watched as they should be.
pub(super) const WATCH_ISSUE: IssueKind = IssueKind::named("watch");

/// The number of changes that go to the engine at once: so many that a large change set is stored fast, so few that others need not wait long.
const AT_ONCE: usize = 500;

/// The time before the engine is asked again to store what it could not.
const RETRY: Duration = Duration::from_secs(1);

/// Watches the files that the configuration names.
pub(crate) struct FileWatcher {
    project: Project,
    engine: Engine,
    health: Health,
    /// Cancelled when nothing more may be published.
    stopped: CancellationToken,
    /// The number of changes that have been published.
    published: Arc<AtomicU64>,
    /// The number of change sets that have been published, by all watchers.
    change_sets: Arc<AtomicU64>,
    /// True once files are watched, or it is known that none are to be.
    has_begun: AtomicBool,
    /// The cursor of an earlier daemon, until the changes since are reported.
    before: Mutex<Option<WatchCursor>>,
    watcher: Mutex<Option<Watcher>>,
    /// The configuration of the watching: whether files are watched, and the section `watch`.
    watched: Mutex<Option<(bool, WatchConfig)>>,
    /// The watching has failed.
    failed: Arc<Notify>,
    /// The answer to whether changes gather is published here.
    gatherer: Arc<Gatherer>,
}

impl FileWatcher {
    /// A watcher that does not watch yet. `before` is the cursor that an earlier daemon has left.
    pub(crate) fn of(context: &Context, before: Option<WatchCursor>, gatherer: Gatherer) -> Self {
        let Context { project, engine, health, stopped, .. } = context;
        let (before, watcher) = (Mutex::new(before), Mutex::new(None));
        Self {
            project: project.clone(),
            engine: engine.clone(),
            health: health.clone(),
            stopped: stopped.clone(),
            published: Arc::default(),
            change_sets: Arc::default(),
            has_begun: AtomicBool::new(false),
            before,
            watcher,
            watched: Mutex::default(),
            failed: Arc::default(),
            gatherer: Arc::new(gatherer),
        }
    }

    /// Watches the files that a configuration names from here on, and no longer those of the one before. Changes in between are reported, perhaps
    /// twice; those that git holds back are handed over. The first time, the changes since an earlier daemon are reported as well, unless that was
    /// long ago. It takes as long as a look at all directories, so it is not for a thread with other things to do.
    ///
    /// # Errors
    /// It cannot start; then the files of the one before are still watched.
    fn watch(&self, config: &Config) -> Result<(), WatchError> {
        let done = self.replace_watcher(config);
        self.has_begun.store(true, Ordering::Release);
        self.gatherer.changed();
        done
    }

    fn replace_watcher(&self, config: &Config) -> Result<(), WatchError> {
        let wanted = self.watches(config).then(|| options(self.project.root(), config));
        self.health.clear(WATCH_ISSUE);
        let failed = self.lock().as_ref().filter(|watcher| watcher.has_failed()).map(Watcher::status);
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(status) = failed {
            *before = Some(WatchCursor { at: reported::timestamp(status.reported_up_to()), stopped: false });
        }
        let since = before.and_then(|cursor| reported::since(cursor, SystemTime::now()));
        let new = wanted.map(|options| self.start(&Options { since, ..options })).transpose()?;
        *before = None;
        if let Some(new) = &new {
            let gatherer = Arc::clone(&self.gatherer);
            new.on_gathering(move || gatherer.changed());
        }
        let old = std::mem::replace(&mut *self.lock(), new);
        let finished = old.and_then(Watcher::finish);
        // If nothing is watched any more, changes from here on are not wanted, and the cursor is removed.
        let reported_up_to = finished.as_ref().map(|finished| reported::timestamp(finished.reported_up_to));
        let at = self.reported_up_to().map(|at| reported_up_to.unwrap_or(at));
        self.store_cursor(at.map(|at| WatchCursor { at, stopped: false }));
        if let (Some(rest), Some(new)) = (finished.and_then(|finished| finished.rest), &*self.lock()) {
            new.inherit(rest);
        }
        Ok(())
    }

    /// Ends the watching, and reports the changes until now, unless git holds them back: then the next daemon does. `is_for_good` is true if there
    /// may be no daemon for long.
    fn finish_watching(&self, is_for_good: bool) {
        // A call for the status does not wait for that.
        let watcher = self.lock().take();
        let finished = watcher.and_then(Watcher::finish);
        // Otherwise it may have reported nothing.
        if let Some(finished) = finished.filter(|_| !self.stopped.is_cancelled()) {
            self.store_cursor(Some(WatchCursor {
                at: reported::timestamp(finished.reported_up_to),
                stopped: is_for_good,
            }));
        }
    }

    /// The moment before which all changes have been reported. `None` if nothing is watched.
    fn reported_up_to(&self) -> Option<Timestamp> {
        self.lock().as_ref().map(|watcher| reported::timestamp(watcher.status().reported_up_to()))
    }

    fn store_cursor(&self, cursor: Option<WatchCursor>) {
        if let Err(error) = block_on(self.engine.publish_all(reported::to(cursor))) {
            tracing::warn!(%error, "the watch cursor could not be stored");
        }
    }

    /// Watches nothing any more.
    fn stop(&self) {
        let watcher = self.lock().take();
        drop(watcher);
    }

    fn start(&self, options: &Options) -> Result<Watcher, WatchError> {
        let polled = Arc::new(AtomicBool::new(options.polling));
        let publisher = ChangePublisher {
            project: self.project.clone(),
            engine: self.engine.clone(),
            stopped: self.stopped.clone(),
            published: Arc::clone(&self.published),
            change_sets: Arc::clone(&self.change_sets),
            polled: Arc::clone(&polled),
        };
        let health = self.health.clone();
        let mut problems = notices::Problems::default();
        let failed = Arc::clone(&self.failed);
        Watcher::start(
            options,
            move |change_set| publisher.publish(&change_set),
            move |notice| {
                if matches!(notice, Notice::FellBackToPolling { .. }) {
                    polled.store(true, Ordering::Relaxed);
                }
                if notice == Notice::Failed {
                    failed.notify_one();
                }
                problems.note(notice, &health);
            },
        )
    }

    /// True if files are to be watched here: of several hosts that share the store, one does it.
    fn watches(&self, config: &Config) -> bool {
        config.watches_files() && *self.engine.leads().borrow()
    }

    /// True if files are watched if they should be, and as they should be.
    fn is_well(&self, config: &Config) -> bool {
        let status = self.lock().as_ref().map(Watcher::status);
        let polls = status.as_ref().is_some_and(|status| status.polling);
        let has_failed = self.lock().as_ref().is_some_and(Watcher::has_failed);
        status.is_some() == self.watches(config) && !has_failed && (!polls || config.watch.use_polling)
    }

    /// The changes that gather and have not been published yet. Waits for the watcher, so it is not for a thread with other things to do.
    fn gathering(&self) -> Gathering {
        let published = self.change_sets.load(Ordering::Relaxed);
        if !self.has_begun.load(Ordering::Acquire) {
            return Gathering { is_open: true, is_held_back: false, published };
        }
        let asking = self.lock().as_ref().map(Watcher::asking);
        let status = asking.as_ref().map(Asking::status_now).unwrap_or_default();
        Gathering { is_open: status.gathering, is_held_back: status.held_back.is_some(), published }
    }

    /// The status of the watching.
    pub(crate) fn watch_status(&self) -> FileWatcherSubsystem {
        let found = self.lock().as_ref().map(Watcher::status);
        let enabled = found.is_some();
        let status = found.unwrap_or_default();
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        FileWatcherSubsystem {
            enabled,
            events_received: self.published.load(Ordering::Relaxed),
            directories: count(status.directories),
            files: count(status.files),
            polling: status.polling,
            missing: status.missing.iter().map(|path| path.display().to_string()).collect(),
            held_by: status.held_back.as_ref().map(|(mark, _)| mark.display().to_string()),
            held_since: status.held_back.map(|(_, since)| reported::timestamp(since)),
            overflows: status.overflows,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Watcher>> {
        self.watcher.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Publishes changes through the engine, from the watcher's thread. While it does, changes gather.
struct ChangePublisher {
    project: Project,
    engine: Engine,
    stopped: CancellationToken,
    published: Arc<AtomicU64>,
    change_sets: Arc<AtomicU64>,
    /// True if changes are found by polling, and not reported by the system.
    polled: Arc<AtomicBool>,
}

impl ChangePublisher {
    fn publish(&self, change_set: &ChangeSet) {
        let polled = self.polled.load(Ordering::Relaxed);
        let mut new_events = events::new_events(self.project.root(), change_set, polled).peekable();
        while new_events.peek().is_some() {
            let some: Vec<NewEvent> = new_events.by_ref().take(AT_ONCE).collect();
            let reported_up_to =
                new_events.peek().is_none().then(|| reported::timestamp(change_set.reported_up_to));
            if !self.publish_some(&some, reported_up_to) {
                return;
            }
        }
        self.change_sets.fetch_add(1, Ordering::Relaxed);
    }

    /// False when the daemon stops.
    fn publish_some(&self, new_events: &[NewEvent], reported_up_to: Option<Timestamp>) -> bool {
        let cursor = |at| WatchCursor::moved(Some(WatchCursor { at, stopped: false }));
        while !self.stopped.is_cancelled() {
            // It is accepted even from the last look of a stopping daemon: it could not be published again.
            let publication = Publication {
                events: new_events.to_vec(),
                cursors: reported_up_to.map(cursor).into_iter().collect(),
                is_complete: reported_up_to.is_some(),
                when_closing: true,
            };
            match block_on(self.engine.publish_all(publication)) {
                Ok(_) => {
                    self.published.fetch_add(new_events.len() as u64, Ordering::Relaxed);
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
