//! Answers on their way out: alone, or with the others of their batch.

use std::collections::HashMap;

use tokio::io::{AsyncRead, AsyncWrite};

use super::{Call, CallId, KEPT, ServerTransport};
use crate::{
    error::{ApiError, ErrorKind},
    wire::{
        CALL_BYTES, Room,
        answer::write_error,
        batch::{Answered, BatchId},
        message::Id,
    },
};

/// An answer that waits for others of its batch needs no memory of its own up to this length: its call has counted for as much.
const FREE_ANSWER: usize = CALL_BYTES / 2;

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> ServerTransport<R, W> {
    pub(super) fn remove(&mut self, call: CallId) -> Option<Call> {
        let call = self.calls.remove(&call)?;
        self.unanswered = self.unanswered.saturating_sub(call.bytes);
        self.in_flight = self.in_flight.saturating_sub(call.cost);
        if self.calls.is_empty() && self.calls.capacity() > 2 * KEPT {
            self.calls = HashMap::new();
        }
        Some(call)
    }

    pub(super) fn answer_error(&mut self, id: Option<Id>, batch: Option<BatchId>, error: &ApiError) {
        match id {
            None => self.complete(batch, &[], Vec::new()),
            Some(id) => self.answer_with(batch, &id, Vec::new(), |out| write_error(out, &id, error)),
        }
    }

    pub(super) fn answer_with(
        &mut self,
        batch: Option<BatchId>,
        id: &Id,
        mut rooms: Vec<Room>,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        if batch.is_none() {
            // The common case writes straight into the buffer.
            return self.out.line(rooms, write);
        }
        let mut answer = Vec::new();
        write(&mut answer);
        if !self.has_room_in_batch(answer.len(), &mut rooms) {
            let message =
                "the answers to this batch take too much memory together: ask for less in one batch";
            answer.clear();
            answer.shrink_to_fit();
            rooms.clear();
            write_error(&mut answer, id, &ApiError::new(ErrorKind::OverMemory, message));
        }
        self.complete(batch, &answer, rooms);
    }

    /// True if an answer of this length may wait for others of its batch, with the memory that it is given for that.
    pub(super) fn has_room_in_batch(&self, bytes: usize, rooms: &mut Vec<Room>) -> bool {
        if bytes <= FREE_ANSWER {
            return true;
        }
        if self.batches.gathered() + bytes > self.max_gathered {
            return false;
        }
        if rooms.is_empty() {
            rooms.extend(self.answers.try_take(bytes));
        }
        !rooms.is_empty()
    }

    /// Puts an answer where it belongs; an empty one stands for none.
    pub(super) fn complete(&mut self, batch: Option<BatchId>, answer: &[u8], rooms: Vec<Room>) {
        let done = batch.and_then(|batch| self.batches.complete(batch, answer, rooms));
        let Some(Answered { line, rooms, cost }) = done else { return };
        self.unwritten += cost;
        if !line.is_empty() {
            self.out
                .line(rooms, |out| if out.is_empty() { *out = line } else { out.extend_from_slice(&line) });
        }
    }
}
