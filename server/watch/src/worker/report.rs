//! A look at the files, and the report of what has changed, unless git holds it back.

use std::{
    path::PathBuf,
    thread,
    time::{Duration, Instant, SystemTime},
};

use super::{Gathering, QUIET, SEEK_EVERY, Worker, identity};
use crate::{
    ChangeSet, Finished, Notice,
    git_hold::{Answer, HeldBack},
    stamp::TICK,
};

/// Time for which changes wait for a git operation before that is said.
const SAY_AFTER: Duration = Duration::from_secs(2);

/// Maximum number of looks in a row whose results are thrown away since git has written meanwhile.
const MOST_OVERTAKEN: u32 = 20;

/// Maximum number of looks at the end, where things still change.
const FINAL_LOOKS: usize = 3;

impl Worker {
    /// Looks, and reports what is found, unless a git operation is under way.
    pub(super) fn report(&mut self) {
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
        let (arrived, sizes) = (self.state.take_arrived(), self.state.take_sizes());
        if let Some(Gathering { since, until, .. }) = gathering
            && !changes.is_empty()
        {
            (self.sink)(ChangeSet { changes, since, until, reported_up_to: reported_at, arrived, sizes });
        }
        self.publish_unreported();
        self.note_missing();
        self.publish();
    }

    /// Reports all that differs from what was reported, whether or not the system has said so yet; unless a git
    /// operation is under way: then it reports nothing.
    pub(super) fn finish(mut self) -> Finished {
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
            let (arrived, sizes) = (self.state.take_arrived(), self.state.take_sizes());
            if !changes.is_empty() {
                let since = self.gathering.take().map_or(looked_at, |gathering| gathering.since);
                let until = SystemTime::now();
                (self.sink)(ChangeSet { changes, since, until, reported_up_to: looked_at, arrived, sizes });
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
    pub(super) fn wait_for_quiet(&mut self) {
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
    pub(super) fn is_overtaken(&mut self, reads: u64) -> bool {
        if self.state.contents.reads == reads || self.overtaken >= MOST_OVERTAKEN {
            return false;
        }
        self.overtaken += 1;
        self.not_before = Some(Instant::now() + self.quiet());
        true
    }

    /// True if changes must wait; then the time to ask again is set.
    pub(super) fn is_held_back(&mut self) -> bool {
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

    pub(super) fn ask(&mut self) -> Answer {
        let repositories = self.git_hold.repositories(&self.state.repositories);
        self.git_hold.ask(&repositories, &mut self.state.contents)
    }

    /// Reads what git says of the files' contents, all of which have been reported. An index that is younger is left for later: hints of
    /// what came with it may be on their way.
    pub(super) fn read_indexes(&mut self, written_before: SystemTime) {
        let repositories = self.git_hold.repositories(&self.state.repositories);
        self.state.contents.read_and_settle(&repositories, written_before);
    }

    pub(super) fn report_held_back(&mut self, held_back: Option<(PathBuf, SystemTime)>) {
        if held_back.is_none() && std::mem::take(&mut self.is_held_back_reported) {
            self.state.notices.push(Notice::NotHeldBack);
        }
        self.with_status(|status| status.held_back = held_back);
    }

    pub(super) fn note_missing(&mut self) {
        self.state.note_missing();
        self.state.note_links();
    }
}
