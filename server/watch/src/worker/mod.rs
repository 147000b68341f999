//! The thread that gathers hints, looks, and reports.

mod report;

use std::{
    fs,
    os::unix::fs::MetadataExt,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant, SystemTime},
};

use crate::{
    ChangeSet, Finished, HINT_DELAY, Notice, Options, Status,
    git_hold::GitHold,
    hint::Hint,
    published::Published,
    queue::{Message, Queue},
    state::State,
};

/// Time without hints that makes a moment quiet, if changes gather for as long at all. Editors take less between
/// the steps of a save.
const QUIET: Duration = Duration::from_millis(50);

/// Interval at which the project's directory is checked: if one above it was moved, no event says so. Git's ignore files
/// that lie elsewhere are checked, too.
const CHECK_EVERY: Duration = Duration::from_secs(5);

/// Interval at which the project's directory is looked for while it is gone.
const SEEK_EVERY: Duration = Duration::from_millis(500);

/// Changes that gather.
struct Gathering {
    first: Instant,
    last: Instant,
    since: SystemTime,
    until: SystemTime,
}

pub(crate) struct Worker {
    state: State,
    git_hold: GitHold,
    /// True if it is known how the files were at the start.
    has_begun: bool,
    /// True if a git operation was under way when changes were last to be reported.
    was_held_back: bool,
    /// Number of looks in a row whose results were thrown away since git had written meanwhile.
    overtaken: u32,
    /// True if it was said that changes wait for a git operation.
    is_held_back_reported: bool,
    settle: Duration,
    poll_every: Duration,
    queue: Queue,
    inbox: Receiver<Message>,
    gathering: Option<Gathering>,
    /// The time before which nothing is reported.
    not_before: Option<Instant>,
    next_poll: Instant,
    next_check: Instant,
    project: Option<(u64, u64)>,
    status: Arc<Published>,
    sink: Box<dyn FnMut(ChangeSet) + Send>,
    notices: Box<dyn FnMut(Notice) + Send>,
}

impl Worker {
    pub(crate) fn new(
        options: &Options,
        state: State,
        (queue, inbox): (Queue, Receiver<Message>),
        sink: Box<dyn FnMut(ChangeSet) + Send>,
        notices: Box<dyn FnMut(Notice) + Send>,
    ) -> Self {
        let now = Instant::now();
        let (unreported_since, reported_at) = (Some(state.reported_at), Some(state.reported_at));
        Self {
            git_hold: GitHold::new(options, state.scope.project.clone()),
            has_begun: false,
            was_held_back: false,
            overtaken: 0,
            is_held_back_reported: false,
            settle: options.settle,
            poll_every: options.poll_every,
            queue,
            inbox,
            gathering: None,
            not_before: None,
            next_poll: now + options.poll_every,
            next_check: now + CHECK_EVERY,
            project: identity(&state),
            status: Arc::new(Published::of(Status { unreported_since, reported_at, ..Status::default() })),
            state,
            sink,
            notices,
        }
    }

    pub(crate) fn status(&self) -> Arc<Published> {
        Arc::clone(&self.status)
    }

    /// Reads what git says of the files as they are at the start. All of them have been looked at.
    pub(crate) fn begin(&mut self) {
        self.has_begun = true;
        self.read_indexes(SystemTime::now());
    }

    /// Works until it gets the message to stop.
    pub(crate) fn run(mut self) -> Option<Finished> {
        if !self.has_begun {
            self.state.look_at_listed(false);
            self.begin();
        }
        if let Some(since) = self.state.since.take()
            && !self.state.dirty.is_empty()
        {
            self.gather_since(since);
        }
        self.publish_unreported();
        loop {
            match self.inbox.recv_timeout(self.wait()) {
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return None,
                Ok(Message::Finish) => return Some(self.finish()),
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => {}
            }
            // What has come together is taken together, but not so much that the time is missed.
            for _ in 0..1000 {
                match self.inbox.try_recv() {
                    Ok(Message::Stop) => return None,
                    Ok(Message::Finish) => return Some(self.finish()),
                    Ok(message) => self.take(message),
                    Err(_) => break,
                }
            }
            self.advance();
        }
    }

    fn take(&mut self, message: Message) {
        let hint = match message {
            Message::Hint(hint) => {
                self.queue.taken();
                hint
            }
            Message::Inherit(rest) => {
                let since = rest.since;
                self.state.inherit(*rest);
                return self.gather_since(since);
            }
            Message::Ask(reply) => {
                // An operation that has changed none of the watched files holds back what comes of earlier changes all the same.
                if self.gathering.is_none() && self.is_held_back() {
                    self.gather();
                }
                // Whoever asked may have gone.
                let _ = reply.send(());
                return;
            }
            Message::Wake if self.queue.has_lost() => Hint::Lost,
            Message::Wake | Message::Finish | Message::Stop => return,
        };
        if self.state.hint(hint) {
            self.gather();
        }
    }

    fn gather(&mut self) {
        let (now, time) = (Instant::now(), SystemTime::now());
        let is_first = self.gathering.is_none();
        let new = Gathering { first: now, last: now, since: time, until: time };
        let gathering = self.gathering.get_or_insert(new);
        gathering.last = now;
        gathering.until = time;
        if is_first {
            self.with_status(|status| status.gathering = true);
            self.publish_unreported();
        }
    }

    /// Changes gather that may have come since a time long ago.
    fn gather_since(&mut self, since: SystemTime) {
        self.gather();
        if let Some(gathering) = &mut self.gathering {
            gathering.since = gathering.since.min(since);
        }
        self.publish_unreported();
    }

    /// Publishes since when there may be changes that are not reported.
    fn publish_unreported(&self) {
        let polled = self.is_polling().then_some(self.state.reported_at);
        let unreported_since = self.gathering.as_ref().map(|gathering| gathering.since).or(polled);
        self.with_status(|status| {
            status.unreported_since = unreported_since;
            status.reported_at = Some(self.state.reported_at);
        });
    }

    fn with_status<T>(&self, work: impl FnOnce(&mut Status) -> T) -> T {
        self.status.change(work)
    }

    fn quiet(&self) -> Duration {
        self.settle.min(QUIET)
    }

    /// Time at which the changes that gather are to be reported.
    fn due(&self) -> Option<Instant> {
        let gathering = self.gathering.as_ref()?;
        let quiet = gathering.last + self.quiet();
        let due = if self.is_polling() {
            // The poll has gathered; this is for a save that it has cut in two.
            quiet
        } else {
            let at_least = gathering.first + self.settle;
            at_least.max(quiet.min(at_least + self.settle))
        };
        Some(self.not_before.map_or(due, |not_before| due.max(not_before)))
    }

    fn wait(&self) -> Duration {
        let poll = (self.is_polling() && self.gathering.is_none()).then_some(self.next_poll);
        let next = [Some(self.next_check), poll, self.due()].into_iter().flatten().min();
        next.map_or(CHECK_EVERY, |next| next.saturating_duration_since(Instant::now()))
    }

    fn is_polling(&self) -> bool {
        self.state.source.is_none()
    }

    fn advance(&mut self) {
        let now = Instant::now();
        if now >= self.next_check {
            self.check_project();
        }
        if self.is_polling() && self.gathering.is_none() && now >= self.next_poll {
            self.poll();
        }
        if self.due().is_some_and(|due| Instant::now() >= due) {
            self.report();
        }
        if !self.state.notices.is_empty() {
            self.publish();
        }
    }

    /// Sees whether the project's directory is still the one that is watched.
    fn check_project(&mut self) {
        let project = identity(&self.state);
        if project != self.project {
            self.project = project;
            self.state.must_restart = true;
            self.gather();
        }
        if self.state.note_mounts() {
            self.gather();
        }
        if self.state.scope.read_shared() {
            self.state.note_shared_ignore_files();
            self.state.renew_all_rules();
            self.gather();
        }
        if self.gathering.is_none()
            && let Some(before) = SystemTime::now().checked_sub(HINT_DELAY)
        {
            self.read_indexes(before);
        }
        let wait = if project.is_none() { SEEK_EVERY } else { CHECK_EVERY };
        self.next_check = Instant::now() + wait;
    }

    fn poll(&mut self) {
        let started = Instant::now();
        let reported_at = SystemTime::now();
        self.state.mark_all(false);
        let net = self.state.look();
        if net.has_changes() {
            self.gather();
        } else {
            self.state.settle(net);
            self.state.reported_at = reported_at;
            self.note_missing();
            self.publish_unreported();
        }
        self.next_poll = Instant::now() + self.poll_every.max(started.elapsed() * 9);
    }

    /// Hands out the notices, and says how things stand.
    pub(crate) fn publish(&mut self) {
        let notices = std::mem::take(&mut self.state.notices);
        let overflows = notices.iter().filter(|notice| matches!(notice, Notice::Overflow)).count();
        self.with_status(|status| {
            status.gathering = self.gathering.is_some();
            let watched = self.state.directories.values().filter(|directory| directory.is_watched);
            status.directories = watched.count();
            status.files = self.state.directories.values().map(|directory| directory.files.len()).sum();
            status.polling = self.is_polling();
            status.missing.clone_from(&self.state.missing);
            status.overflows += u64::try_from(overflows).unwrap_or_default();
        });
        notices.into_iter().for_each(&mut self.notices);
    }
}

/// The identity of the project's directory: device and inode number.
fn identity(state: &State) -> Option<(u64, u64)> {
    let metadata = fs::symlink_metadata(&state.scope.project).ok()?;
    metadata.is_dir().then(|| (metadata.dev(), metadata.ino()))
}
