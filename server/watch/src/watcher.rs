//! The handle.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{
    ChangeSet, Finished, Notice, Options, Rest, Status, WatchError,
    mounts::Mounts,
    published::Published,
    queue::{Message, Queue},
    rules::Scope,
    source::Source,
    state::State,
    worker::Worker,
};

/// Maximum time that the thread may need for something else, such as reporting many changes.
const LONGEST_ANSWER: Duration = Duration::from_secs(10);

/// Watches the files of a project until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    stop: Sender<Message>,
    status: Arc<Published>,
    thread: Option<JoinHandle<Option<Finished>>>,
}

impl Watcher {
    /// Starts to watch. When it returns, everything is watched: whatever changes from then on is reported to `sink`, in a thread of
    /// the watcher. What concerns the watching itself goes to `notices`, before it returns from this thread, and then from the
    /// same one as `sink`. Neither may drop the watcher; while they take their time, changes gather.
    ///
    /// A watched path that is not there, and a system that can watch no more, are no errors but notices.
    ///
    /// # Errors
    /// The project is not a directory, a path lies outside it, a pattern makes no sense, or there can be no thread.
    pub fn start(
        options: &Options,
        sink: impl FnMut(ChangeSet) + Send + 'static,
        notices: impl FnMut(Notice) + Send + 'static,
    ) -> Result<Self, WatchError> {
        let scope = options.scope()?;
        let (queue, inbox) = Queue::new();
        let mut state = state(scope, options, queue.clone());
        state.since = options.since;
        state.reported_at = options.since.unwrap_or(state.reported_at);
        let are_looked_at = state.watch_first();
        state.note_missing();
        state.note_links();
        state.mounts = Some(Mounts::below(&state.scope.project));
        state.note_shared_ignore_files();
        let stop = queue.sender.clone();
        let notices = Arc::new(Mutex::new(notices));
        let notify = {
            let notices = Arc::clone(&notices);
            move |notice| notices.lock().unwrap_or_else(PoisonError::into_inner)(notice)
        };
        let mut worker = Worker::new(options, state, (queue, inbox), Box::new(sink), Box::new(notify));
        if are_looked_at {
            worker.begin();
        }
        worker.publish();
        let status = worker.status();
        let thread = thread::Builder::new().name("watch".to_owned()).spawn(move || {
            // A panic here is a bug of ours. It must not go unnoticed.
            catch_unwind(AssertUnwindSafe(|| worker.run())).unwrap_or_else(|_| {
                notices.lock().unwrap_or_else(PoisonError::into_inner)(Notice::Failed);
                None
            })
        });
        Ok(Self { stop, status, thread: Some(thread.map_err(WatchError::Thread)?) })
    }

    /// Stops, and reports what has changed until now before it returns, unless a git operation is under way: for one who goes
    /// on with another watcher. `None` if the watching has failed.
    pub fn finish(mut self) -> Option<Finished> {
        drop(self.stop.send(Message::Finish));
        self.join()
    }

    /// Continues with what another watcher has not reported. Both have watched until now.
    pub fn inherit(&self, rest: Rest) {
        drop(self.stop.send(Message::Inherit(Box::new(rest))));
    }

    fn join(&mut self) -> Option<Finished> {
        self.thread.take()?.join().ok()?
    }

    /// A handle to ask its thread, for which the watcher itself is not needed.
    pub fn asking(&self) -> Asking {
        Asking { ask: self.stop.clone(), status: Arc::clone(&self.status) }
    }

    /// See [`Asking::status_now`].
    pub fn status_now(&self) -> Status {
        self.asking().status_now()
    }

    /// True if it has failed: then nothing is reported any more.
    pub fn has_failed(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Calls `changed` from the watcher's thread whenever changes begin or cease to gather or to be held back by git;
    /// and once now. It must not wait for anything, and takes the place of one that was given before.
    pub fn on_gathering(&self, changed: impl Fn() + Send + 'static) {
        self.status.on_gathering(Box::new(changed));
    }

    /// State of the watching.
    pub fn status(&self) -> Status {
        self.status.latest()
    }
}

/// Asks the thread of a watcher.
#[derive(Debug, Clone)]
pub struct Asking {
    ask: Sender<Message>,
    status: Arc<Published>,
}

impl Asking {
    /// State of the watching, git having been looked at for it: an operation under way shows as `held_back`. Waits for the watcher's thread,
    /// though not for long.
    pub fn status_now(&self) -> Status {
        let (reply, answer) = channel();
        drop(self.ask.send(Message::Ask(reply)));
        // Without an answer the status says what was so last.
        let _ = answer.recv_timeout(LONGEST_ANSWER);
        self.status.latest()
    }
}

impl Drop for Watcher {
    /// Stops, and waits for the thread: when this returns, nothing is reported any more. Changes that gather are not reported.
    fn drop(&mut self) {
        drop(self.stop.send(Message::Stop));
        self.join();
    }
}

fn state(scope: Scope, options: &Options, queue: Queue) -> State {
    let make_source = Box::new(move || {
        let queue = queue.clone();
        Source::new(move |event| queue.push(event))
    });
    let mut state = State::new(scope, make_source, options.max_watches.unwrap_or(usize::MAX));
    if !options.polling {
        state.open_source();
    }
    state
}
