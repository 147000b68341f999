//! The memory that all connections share: what clients send and do not finish, ask for and do not read.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Unit of counting, in bytes.
const UNIT: usize = 1024;

/// Memory that each connection has in each direction beside the budget, in bytes. With it alone a connection always
/// makes progress, whatever others take. It is small, since there may be thousands of connections.
pub const FREE_BYTES: usize = 16 * 1024;

/// Memory that a call counts for until it is answered, in bytes, beside its text: what it waits with, and a short
/// answer.
pub const CALL_BYTES: usize = 4 * 1024;

/// A number of bytes that many draw from, in the order in which they ask.
#[derive(Debug, Clone)]
pub struct Budget {
    units: Arc<Semaphore>,
    total: usize,
    waiting: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

/// Some of a budget's bytes: they go back when it is dropped.
#[derive(Debug)]
pub struct Room(OwnedSemaphorePermit);

impl Budget {
    /// One of this many bytes.
    pub fn new(bytes: usize) -> Self {
        let total = (bytes / UNIT).clamp(1, Semaphore::MAX_PERMITS);
        Self { units: Arc::new(Semaphore::new(total)), total, waiting: Arc::default(), most: Arc::default() }
    }

    /// Number of bytes in all.
    pub fn total(&self) -> usize {
        self.total.saturating_mul(UNIT)
    }

    /// Number of bytes that are taken.
    pub fn taken(&self) -> usize {
        self.total().saturating_sub(self.units.available_permits().saturating_mul(UNIT))
    }

    /// Highest number of bytes taken since [`Self::forget_most`].
    pub fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    /// Restarts the count of [`Self::most`] from what is taken now.
    pub fn forget_most(&self) {
        self.most.store(self.taken(), Ordering::Relaxed);
    }

    /// True if someone waits for more of it.
    pub fn is_short(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Takes this many bytes, all of them at the most, once they are free.
    pub async fn take(&self, bytes: usize) -> Option<Room> {
        if let Some(room) = self.try_take(bytes) {
            return Some(room);
        }
        let _waits = Waits::new(&self.waiting);
        let permit = Arc::clone(&self.units).acquire_many_owned(self.units(bytes)).await.ok()?;
        Some(self.taken_as(permit))
    }

    /// Takes this many bytes, all of them at the most, if they are free.
    pub fn try_take(&self, bytes: usize) -> Option<Room> {
        let permit = Arc::clone(&self.units).try_acquire_many_owned(self.units(bytes)).ok()?;
        Some(self.taken_as(permit))
    }

    fn taken_as(&self, permit: OwnedSemaphorePermit) -> Room {
        self.most.fetch_max(self.taken(), Ordering::Relaxed);
        Room(permit)
    }

    fn units(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.div_ceil(UNIT).clamp(1, self.total)).unwrap_or(u32::MAX)
    }
}

/// Counts one who waits.
struct Waits(Arc<AtomicUsize>);

impl Waits {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Room {
    /// Its size in bytes.
    pub fn bytes(&self) -> usize {
        self.0.num_permits().saturating_mul(UNIT)
    }

    /// Gives back what is beyond this many bytes.
    pub fn shrink_to(&mut self, bytes: usize) {
        let beyond = self.0.num_permits().saturating_sub(bytes.div_ceil(UNIT));
        drop(self.0.split(beyond));
    }

    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }
}

/// The part of a budget that one connection has taken for what it reads.
pub(super) struct Share {
    budget: Budget,
    room: Option<Room>,
    waiting: Option<Pin<Box<dyn Future<Output = Option<Room>> + Send>>>,
}

impl Share {
    pub(super) fn new(budget: Budget) -> Self {
        Self { budget, room: None, waiting: None }
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// True if it waits for more.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Waits until the share has so many bytes at least, [`FREE_BYTES`] included.
    pub(super) fn poll_grow(&mut self, bytes: usize, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            // More than all of it never comes.
            let wanted = bytes.saturating_sub(FREE_BYTES).min(self.budget.total());
            let missing = wanted.saturating_sub(self.held());
            if missing == 0 {
                self.waiting = None;
                return Poll::Ready(());
            }
            let budget = self.budget.clone();
            let waiting =
                self.waiting.get_or_insert_with(|| Box::pin(async move { budget.take(missing).await }));
            let Poll::Ready(more) = waiting.as_mut().poll(cx) else { return Poll::Pending };
            self.waiting = None;
            // A budget is never closed; without more there is nothing to wait for.
            let Some(more) = more else { return Poll::Ready(()) };
            match &mut self.room {
                Some(room) => room.merge(more),
                None => self.room = Some(more),
            }
        }
    }

    /// Gives back what is beyond this many bytes.
    pub(super) fn shrink(&mut self, bytes: usize) {
        let needed = bytes.saturating_sub(FREE_BYTES);
        match &mut self.room {
            Some(_) if needed == 0 => self.room = None,
            Some(room) => room.shrink_to(needed),
            None => {}
        }
    }

    fn held(&self) -> usize {
        self.room.as_ref().map_or(0, Room::bytes)
    }
}

impl std::fmt::Debug for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Share").field("room", &self.room).finish_non_exhaustive()
    }
}
