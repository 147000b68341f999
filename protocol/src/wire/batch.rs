//! Answers to the requests of a batch, gathered until the last one is there.

use std::collections::HashMap;

use super::Room;

/// Names a batch whose answers are not all there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct BatchId(u64);

/// The batches of a connection that are not answered yet.
#[derive(Debug, Default)]
pub(super) struct Batches {
    open: HashMap<BatchId, Batch>,
    next: u64,
    /// Number of bytes of answers that are gathered in all of them.
    gathered: usize,
}

#[derive(Debug, Default)]
struct Batch {
    /// The answers so far, with commas between them.
    answers: Vec<u8>,
    /// The memory that they have been given.
    rooms: Vec<Room>,
    /// Number of answers still to come, and one for the batch's own reading.
    missing: usize,
    /// Memory that it counts for until it is answered, in bytes.
    cost: usize,
}

/// A batch of which nothing is missing.
#[derive(Debug)]
pub(super) struct Answered {
    /// The answers, as a line; empty where nothing is to be sent.
    pub(super) line: Vec<u8>,
    /// The memory that they have been given.
    pub(super) rooms: Vec<Room>,
    /// Memory that the batch counted for, in bytes.
    pub(super) cost: usize,
}

impl Batches {
    /// Opens a batch. It stays open until [`Self::complete`] has been called as often as [`Self::expect`], and once more.
    pub(super) fn open(&mut self, cost: usize) -> BatchId {
        let id = BatchId(self.next);
        self.next += 1;
        self.open.insert(id, Batch { missing: 1, cost, ..Batch::default() });
        id
    }

    /// One more answer will come.
    pub(super) fn expect(&mut self, id: BatchId) {
        if let Some(batch) = self.open.get_mut(&id) {
            batch.missing += 1;
        }
    }

    /// Adds to the cost of a batch.
    pub(super) fn costs_more(&mut self, id: BatchId, bytes: usize) {
        if let Some(batch) = self.open.get_mut(&id) {
            batch.cost += bytes;
        }
    }

    /// Number of bytes of answers that wait for others of their batches.
    pub(super) fn gathered(&self) -> usize {
        self.gathered
    }

    /// Takes one answer, or none for what needs no answer. Gives the batch when it was the last: nothing at all is
    /// sent for one of notifications.
    pub(super) fn complete(&mut self, id: BatchId, answer: &[u8], rooms: Vec<Room>) -> Option<Answered> {
        let batch = self.open.get_mut(&id)?;
        if !answer.is_empty() {
            batch.answers.push(if batch.answers.is_empty() { b'[' } else { b',' });
            batch.answers.extend_from_slice(answer);
            batch.rooms.extend(rooms);
            self.gathered += answer.len() + 1;
        }
        batch.missing -= 1;
        if batch.missing > 0 {
            return None;
        }
        let Batch { answers: mut line, rooms, cost, .. } = self.open.remove(&id)?;
        self.gathered = self.gathered.saturating_sub(line.len());
        if !line.is_empty() {
            line.push(b']');
        }
        Some(Answered { line, rooms, cost })
    }
}
