//! The way of the hints from notify's thread to the worker.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
    mpsc::{self, Receiver, Sender},
};

use crate::{
    hint::{Hint, hints},
    inherit::Rest,
};

/// Maximum number of hints that may wait, some 30 MB. Then they are dropped, and everything is looked at instead.
const MAX_QUEUED: usize = 1 << 18;

/// Message to the worker.
pub(crate) enum Message {
    Hint(Hint),
    /// Hints were dropped.
    Wake,
    /// See whether a git operation is under way, and answer when it shows in the status.
    Ask(Sender<()>),
    /// Report what there is to report, and stop.
    Finish,
    /// Go on where another watcher has left off.
    Inherit(Box<Rest>),
    Stop,
}

/// The way of the hints to the worker. It never blocks: notify's thread must always be able to answer.
#[derive(Clone)]
pub(crate) struct Queue {
    pub(crate) sender: Sender<Message>,
    queued: Arc<AtomicUsize>,
    has_lost: Arc<AtomicBool>,
}

impl Queue {
    pub(crate) fn new() -> (Self, Receiver<Message>) {
        let (sender, receiver) = mpsc::channel();
        (Self { sender, queued: Arc::default(), has_lost: Arc::default() }, receiver)
    }

    /// Takes an event from the system.
    pub(crate) fn push(&self, event: notify::Result<notify::Event>) {
        for hint in hints(event) {
            if self.queued.fetch_add(1, Ordering::Relaxed) < MAX_QUEUED {
                drop(self.sender.send(Message::Hint(hint)));
                continue;
            }
            self.queued.fetch_sub(1, Ordering::Relaxed);
            if !self.has_lost.swap(true, Ordering::Relaxed) {
                drop(self.sender.send(Message::Wake));
            }
        }
    }

    /// A hint has been taken out.
    pub(crate) fn taken(&self) {
        self.queued.fetch_sub(1, Ordering::Relaxed);
    }

    /// True if hints were dropped since this was last asked.
    pub(crate) fn has_lost(&self) -> bool {
        self.has_lost.swap(false, Ordering::Relaxed)
    }
}
