//! An agent's standard input that stays open: lines that are added to a file reach it while it works.
//!
//! The file is the queue, and the daemon its writer; the shim passes on whole lines in their order. It closes the input when the agent has
//! given its result and has taken in all that it was sent, for the agent exits only then. Closing loses nothing, whenever it comes: what
//! was passed on is read before the end is met, and what was not stays with the daemon. So each doubt is a reason to close.

use std::{
    fs::File,
    io::{self, Write},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::fs::FileExt,
    },
    process::Stdio,
    time::{Duration, Instant},
};

use aiwg_fs::Dir;
use rustix::{
    event::PollFlags,
    fs::{OFlags, fcntl_setfl},
    pipe::{PipeFlags, pipe_with},
};

use crate::{
    INPUT_FILE,
    changes::{Changes, Kind, path_of},
    launch::SpawnError,
    talk::{Heard, Talk},
};

/// The shortest time between two looks.
const NOT_MORE_OFTEN: Duration = Duration::from_millis(20);

/// The time between two looks where the system does not report changes.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The time for which an agent that comes back to work after its result is waited for.
const COMES_BACK_WITHIN: Duration = Duration::from_secs(1);

/// The time for which an agent that is done may leave a message lying that it was sent.
const LEFT_LYING: Duration = Duration::from_secs(5);

/// Number of bytes that are read of the file at once, unless a line is longer.
const AT_ONCE: usize = 64 * 1024;

/// Size at which a line is too long to be passed on, in bytes: 128 MiB. No prompt is.
const LONGEST: usize = 128 * 1024 * 1024;

/// The input of an agent, from its start to the end of its work.
pub(crate) struct Input {
    /// The lines.
    file: File,
    /// Position in the file of the first byte that is not read yet.
    read: u64,
    /// Whole lines that have been read and not been passed on.
    unsent: Vec<u8>,
    /// Number of lines that have been read.
    lines: usize,
    /// The agent's end of the pipe, until it is started.
    agents: Option<OwnedFd>,
    /// The other end; none once it is closed.
    pipe: Option<File>,
    /// The agent's output, for reading.
    output: Option<File>,
    /// The changes of both files; none where the system does not.
    changes: Option<Changes>,
    talk: Talk,
    /// True if the last look has not read all of the output: the next one is due at once.
    has_more: bool,
    /// Since when it could be closed but for what the agent may still do.
    done_since: Option<Instant>,
    next_look: Instant,
}

impl Input {
    /// The input of an agent that is to be started, from [`INPUT_FILE`] in its run's directory.
    pub(crate) fn open(dir: &Dir) -> Result<Self, SpawnError> {
        let file =
            dir.open_regular(INPUT_FILE.as_ref()).map_err(|error| SpawnError::at(INPUT_FILE, &error))?;
        let pipe = || -> io::Result<(OwnedFd, OwnedFd)> {
            let (agents, ours) = pipe_with(PipeFlags::CLOEXEC)?;
            // Ours alone: an agent does not expect that of its end.
            fcntl_setfl(&ours, OFlags::NONBLOCK)?;
            Ok((agents, ours))
        };
        let (agents, ours) = pipe().map_err(|error| SpawnError::at("standard input", &error))?;
        Ok(Self {
            file,
            read: 0,
            unsent: Vec::new(),
            lines: 0,
            agents: Some(agents),
            pipe: Some(ours.into()),
            output: None,
            changes: None,
            talk: Talk::default(),
            has_more: false,
            done_since: None,
            next_look: Instant::now(),
        })
    }

    /// The agent's end, once.
    pub(crate) fn stream(&mut self) -> Stdio {
        self.agents.take().map_or_else(Stdio::null, Stdio::from)
    }

    /// Begins to pass lines on. Its agent, which was started, writes to `output`.
    pub(crate) fn begin(&mut self, output: io::Result<File>) {
        // Without it, the end of its work could not be told.
        match output {
            Ok(output) => {
                let files = [path_of(&self.file), path_of(&output)];
                self.changes = Changes::of(files.map(|file| (file, Kind::Content)));
                self.output = Some(output);
            }
            Err(_) => self.pass_on_and_close(),
        }
    }

    /// The descriptors that it waits for, with what is to happen to them.
    pub(crate) fn waits_for(&self, now: Instant) -> impl Iterator<Item = (BorrowedFd<'_>, PollFlags)> {
        let pipe = self.pipe.as_ref();
        let full = pipe.filter(|_| !self.unsent.is_empty()).map(|pipe| (pipe.as_fd(), PollFlags::OUT));
        let is_due = pipe.is_some() && now >= self.next_look;
        let changes =
            self.changes.as_ref().filter(|_| is_due).map(|changes| (changes.as_fd(), PollFlags::IN));
        full.into_iter().chain(changes)
    }

    /// Time of the next look, if nothing else wakes it; none if only a change does.
    pub(crate) fn next_look(&self, now: Instant) -> Option<Instant> {
        self.pipe.as_ref()?;
        if self.has_more || now < self.next_look {
            return Some(self.next_look);
        }
        let patience = if self.talk.comes_back() { COMES_BACK_WITHIN } else { LEFT_LYING };
        let closes = self.done_since.map(|since| since + patience);
        let polls = self.changes.is_none().then(|| now + LOOK_EVERY);
        closes.into_iter().chain(polls).min()
    }

    /// Passes on what has come, and closes the input if the agent is done with all of it.
    pub(crate) fn look(&mut self, now: Instant) {
        if self.pipe.is_none() {
            return;
        }
        if !self.pass_on() {
            return self.close();
        }
        if now < self.next_look {
            return;
        }
        self.next_look = now + NOT_MORE_OFTEN;
        if let Some(changes) = &self.changes {
            changes.drain();
        }
        let Some(output) = &self.output else { return self.pass_on_and_close() };
        // In this order: a message that is there when the agent is seen to be done is passed on first.
        let heard = self.talk.read(output);
        self.has_more = matches!(heard, Ok(Heard::More));
        if self.has_more {
            // An agent that writes faster than it is read keeps nobody from ending it: all else is looked at in between.
            self.next_look = now;
        }
        let (is_readable, heard) = (heard.is_ok(), matches!(heard, Ok(Heard::All)));
        let is_readable = is_readable && self.take_lines().is_ok() && self.pass_on();
        if !is_readable || (!self.has_more && (self.talk.is_mute() || self.is_over(now, heard))) {
            self.pass_on_and_close();
        }
    }

    /// True if nothing more is to be expected of the agent.
    fn is_over(&mut self, now: Instant, heard: bool) -> bool {
        if !self.talk.is_done() || !self.unsent.is_empty() {
            self.done_since = None;
            return false;
        }
        if self.talk.settled() >= self.lines && !self.talk.comes_back() {
            return true;
        }
        if heard {
            self.done_since = None;
        }
        let since = *self.done_since.get_or_insert(now);
        let patience = if self.talk.comes_back() { COMES_BACK_WITHIN } else { LEFT_LYING };
        now.saturating_duration_since(since) >= patience
    }

    /// Reads the whole lines that were added, if all earlier ones have been passed on.
    fn take_lines(&mut self) -> io::Result<()> {
        while self.unsent.is_empty() {
            let mut bytes = vec![0; AT_ONCE];
            loop {
                let count = self.file.read_at(&mut bytes, self.read)?;
                let whole = bytes.get(..count).and_then(|read| memchr::memrchr(b'\n', read));
                match whole {
                    Some(end) => break bytes.truncate(end + 1),
                    None if count >= LONGEST => return Err(io::ErrorKind::FileTooLarge.into()),
                    // A longer line; or one that is not complete yet.
                    None if count == bytes.len() => bytes.resize(2 * count, 0),
                    None => return Ok(()),
                }
            }
            self.read += bytes.len() as u64;
            self.lines += memchr::memchr_iter(b'\n', &bytes).count();
            self.unsent = bytes;
            if !self.pass_on() {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
        }
        Ok(())
    }

    /// Writes what the pipe takes. False if the agent reads no more.
    fn pass_on(&mut self) -> bool {
        let Some(pipe) = &mut self.pipe else { return false };
        while !self.unsent.is_empty() {
            match pipe.write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
        }
        self.unsent = Vec::new();
        true
    }

    /// Closes it, unless something is left that the pipe does not take yet: then it is closed after that.
    fn pass_on_and_close(&mut self) {
        if self.take_lines().is_err() || self.unsent.is_empty() {
            self.close();
        }
    }

    /// Closes it. The kernel takes 20 ms to remove the watches, while the agent exits.
    fn close(&mut self) {
        self.pipe = None;
        self.unsent = Vec::new();
        self.changes = None;
        self.output = None;
    }
}
