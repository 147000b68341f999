//! Answers to the requests of a batch, gathered until the last one is there.

use std::collections::HashMap;

/// Names a batch whose answers are not all there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct BatchId(u64);

/// The batches of a connection that are not answered yet.
#[derive(Debug, Default)]
pub(super) struct Batches {
    open: HashMap<BatchId, Batch>,
    next: u64,
}

#[derive(Debug, Default)]
struct Batch {
    /// The answers so far, with commas between them.
    answers: Vec<u8>,
    /// How many are still to come, and one for the batch's own reading.
    missing: usize,
}

impl Batches {
    /// Opens a batch. It stays open until [`Self::complete`] has been called as often as [`Self::expect`], and once more.
    pub(super) fn open(&mut self) -> BatchId {
        let id = BatchId(self.next);
        self.next += 1;
        self.open.insert(id, Batch { answers: Vec::new(), missing: 1 });
        id
    }

    /// One more answer will come.
    pub(super) fn expect(&mut self, id: BatchId) {
        if let Some(batch) = self.open.get_mut(&id) {
            batch.missing += 1;
        }
    }

    /// Takes one answer, or none for what needs no answer. Gives the line to send when it was the last: nothing at all is
    /// sent for a batch of notifications.
    pub(super) fn complete(&mut self, id: BatchId, answer: &[u8]) -> Option<Vec<u8>> {
        let batch = self.open.get_mut(&id)?;
        if !answer.is_empty() {
            batch.answers.push(if batch.answers.is_empty() { b'[' } else { b',' });
            batch.answers.extend_from_slice(answer);
        }
        batch.missing -= 1;
        if batch.missing > 0 {
            return None;
        }
        let mut line = self.open.remove(&id)?.answers;
        if line.is_empty() {
            return None;
        }
        line.push(b']');
        Some(line)
    }
}
