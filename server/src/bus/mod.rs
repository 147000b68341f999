//! The bus: it announces the committed events. It carries their numbers and topics only, so that a slow listener holds none of their
//! content. Listeners never call back.

mod recent;
mod waiters;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use aiwg_model::{ApprovalNo, TaskNo};
use aiwg_protocol::types::Event;
use tokio::sync::broadcast;

use recent::Recent;
use waiters::Waiters;
pub use waiters::Waiting;

/// The number of events that a listener may fall behind before it has to read them from the store.
const CAPACITY: usize = 4096;

/// The announcement that an event was committed.
#[derive(Debug, Clone)]
pub struct Committed {
    /// Its number.
    pub seq: u64,
    /// Its topic.
    pub topic: Arc<str>,
}

/// Publishes events. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    events: broadcast::Sender<Committed>,
    recent: Arc<Recent>,
    last_seq: Arc<AtomicU64>,
    tasks: Arc<Waiters<TaskNo>>,
    approvals: Arc<Waiters<ApprovalNo>>,
}

impl Bus {
    /// A bus without listeners; the log so far ends with `last_seq`.
    pub fn new(last_seq: u64) -> Self {
        Self {
            events: broadcast::Sender::new(CAPACITY),
            recent: Arc::default(),
            last_seq: Arc::new(AtomicU64::new(last_seq)),
            tasks: Arc::default(),
            approvals: Arc::default(),
        }
    }

    /// Moves the end of the log to these events. It comes before their emitters are answered: a client that then asks for the events
    /// after its own must not be taken for one that has seen another log.
    pub(crate) fn note(&self, events: &[Arc<Event>]) {
        if let Some(last) = events.last() {
            self.last_seq.store(last.seq, Ordering::Release);
        }
    }

    /// Publishes committed events, and wakes those who wait for the tasks that have ended, and for what was decided.
    pub(crate) fn publish(&self, events: Vec<Arc<Event>>, ended: &[TaskNo], decided: &[ApprovalNo]) {
        self.note(&events);
        self.recent.add(&events);
        for event in events {
            // It fails if there is no listener, which is no error.
            let _ = self.events.send(Committed { seq: event.seq, topic: event.topic.as_str().into() });
        }
        for task in ended {
            self.tasks.wake(*task);
        }
        for approval in decided {
            self.approvals.wake(*approval);
        }
    }

    /// Every event from now on. A listener that falls behind gets the number of events that it missed.
    pub fn listen(&self) -> broadcast::Receiver<Committed> {
        self.events.subscribe()
    }

    /// An event, if it is one of the latest: else it has to be read from the store.
    pub fn recent(&self, seq: u64) -> Option<Arc<Event>> {
        self.recent.get(seq)
    }

    /// The number of the last event of the log.
    pub fn last_seq(&self) -> u64 {
        self.last_seq.load(Ordering::Acquire)
    }

    /// Waits for a task to end. Register first, then look at the task: so no end between the two is missed.
    pub fn wait_for(&self, task: TaskNo) -> Waiting<TaskNo> {
        Waiters::register(&self.tasks, task)
    }

    /// Waits for a decision, likewise.
    pub fn wait_for_decision(&self, approval: ApprovalNo) -> Waiting<ApprovalNo> {
        Waiters::register(&self.approvals, approval)
    }
}
