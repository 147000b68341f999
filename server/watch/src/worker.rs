//! The thread that gathers hints, looks, and reports.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    ChangeSet, Finished, HINT_DELAY, Notice, Options, Status,
    git_hold::{Answer, GitHold, HeldBack},
    hint::Hint,
    published::Published,
    queue::{Message, Queue},
    stamp::TICK,
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

/// Time for which changes wait for a git operation before that is said.
const SAY_AFTER: Duration = Duration::from_secs(2);

/// Maximum number of looks in a row whose results are thrown away since git has written meanwhile.
const MOST_OVERTAKEN: u32 = 20;

/// Maximum number of looks at the end, where things still change.
const FINAL_LOOKS: usize = 3;

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

    /// Looks, and reports what is found, unless a git operation is under way.
    fn report(&mut self) {
        if self.is_held_back() {
            return;
        }
        if self.state.must_restart {
            self.project = identity(&self.state);
        }
        let reported_at = SystemTime::now();
        let reads = self.state.contents.reads;
        let net = self.state.look();
        // Git may have begun during the look, and what was seen be halfway; or it has begun and ended.
        if self.is_held_back() || self.is_overtaken(reads) {
            return;
        }
        self.overtaken = 0;
        let changes = self.state.settle(net);
        self.state.contents.settle();
        self.state.reported_at = reported_at;
        self.not_before = None;
        let gathering = self.gathering.take();
        if self.state.directories.is_empty() {
            // The project is gone: look for it soon.
            self.project = None;
            self.next_check = Instant::now() + SEEK_EVERY;
        }
        let arrived = self.state.take_arrived();
        if let Some(Gathering { since, until, .. }) = gathering
            && !changes.is_empty()
        {
            (self.sink)(ChangeSet { changes, since, until, reported_up_to: reported_at, arrived });
        }
        self.publish_unreported();
        self.note_missing();
        self.publish();
    }

    /// Reports all that differs from what was reported, whether or not the system has said so yet; unless a git
    /// operation is under way: then it reports nothing.
    fn finish(mut self) -> Finished {
        self.wait_for_quiet();
        let mut reported_up_to = self.with_status(|status| status.reported_up_to());
        // Again, if something has changed so shortly before the look that it is not clear whether that was seen.
        for _ in 0..FINAL_LOOKS {
            let looked_at = SystemTime::now();
            self.state.mark_all(false);
            let net = self.state.look();
            if matches!(self.ask(), Answer::Wait(_)) {
                let since = self.gathering.as_ref().map_or(looked_at, |gathering| gathering.since);
                return Finished { reported_up_to, rest: Some(self.state.into_rest(since)) };
            }
            let is_fresh = net.has_fresh();
            let changes = self.state.settle(net);
            let arrived = self.state.take_arrived();
            if !changes.is_empty() {
                let since = self.gathering.take().map_or(looked_at, |gathering| gathering.since);
                let until = SystemTime::now();
                (self.sink)(ChangeSet { changes, since, until, reported_up_to: looked_at, arrived });
            }
            reported_up_to = looked_at;
            if !is_fresh {
                break;
            }
            thread::sleep(TICK);
        }
        Finished { reported_up_to, rest: None }
    }

    /// Takes what hints come until it is quiet, so that nobody's save is cut in two. That does not take long.
    fn wait_for_quiet(&mut self) {
        let deadline = Instant::now() + 4 * QUIET;
        while let Some(gathering) = &self.gathering {
            let quiet = (gathering.last + QUIET).min(deadline);
            match self.inbox.recv_timeout(quiet.saturating_duration_since(Instant::now())) {
                Ok(message) => self.take(message),
                Err(_) => return,
            }
        }
    }

    /// True if git has written an index while files were looked at: then they are looked at again, but not for ever.
    fn is_overtaken(&mut self, reads: u64) -> bool {
        if self.state.contents.reads == reads || self.overtaken >= MOST_OVERTAKEN {
            return false;
        }
        self.overtaken += 1;
        self.not_before = Some(Instant::now() + self.quiet());
        true
    }

    /// True if changes must wait; then the time to ask again is set.
    fn is_held_back(&mut self) -> bool {
        let wait = match self.ask() {
            Answer::Wait(HeldBack { marker, since, is_operation }) => {
                let waited = since.elapsed().unwrap_or_default();
                if is_operation
                    && waited >= SAY_AFTER
                    && !std::mem::replace(&mut self.is_held_back_reported, true)
                {
                    self.state.notices.push(Notice::HeldBack { marker: marker.clone() });
                }
                self.report_held_back(Some((marker, since)));
                self.was_held_back = true;
                (waited / 10).clamp(Duration::from_millis(5), Duration::from_millis(250))
            }
            // The last events of the operation may be on their way.
            Answer::Go if std::mem::take(&mut self.was_held_back) => {
                self.report_held_back(None);
                self.quiet()
            }
            Answer::Go => return false,
            Answer::Over(marker) => {
                self.was_held_back = false;
                self.report_held_back(None);
                self.state.notices.push(Notice::GitWaitOver { marker });
                return false;
            }
        };
        self.not_before = Some(Instant::now() + wait);
        true
    }

    fn ask(&mut self) -> Answer {
        let repositories = self.git_hold.repositories(&self.state.repositories);
        self.git_hold.ask(&repositories, &mut self.state.contents)
    }

    /// Reads what git says of the files' contents, all of which have been reported. An index that is younger is left for later: hints of
    /// what came with it may be on their way.
    fn read_indexes(&mut self, written_before: SystemTime) {
        let repositories = self.git_hold.repositories(&self.state.repositories);
        self.state.contents.read_and_settle(&repositories, written_before);
    }

    fn report_held_back(&mut self, held_back: Option<(PathBuf, SystemTime)>) {
        if held_back.is_none() && std::mem::take(&mut self.is_held_back_reported) {
            self.state.notices.push(Notice::NotHeldBack);
        }
        self.with_status(|status| status.held_back = held_back);
    }

    fn note_missing(&mut self) {
        self.state.note_missing();
        self.state.note_links();
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
