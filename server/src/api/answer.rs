//! Answers that may be long: made in memory that all connections share, and only as long as there is some.

use std::{
    future::ready,
    io,
    sync::{PoisonError, atomic::Ordering},
};

use aiwg_protocol::{
    ApiError, ErrorKind,
    wire::{FREE_BYTES, Room},
};
use aiwg_store::{PAGE_BYTES, Reader};
use serde::Serialize;

use super::{Handler, memory::LONG_ANSWER};
use crate::engine::EngineError;

/// The number of times that an answer is made which has become longer each time. The last one is given as it is.
const TRIES: usize = 3;

/// An answer, or some of it.
pub(crate) struct Part<T> {
    answer: T,
    /// Its length as JSON, in bytes.
    bytes: usize,
    /// The estimated size of the whole answer where this is only a part of it, in bytes; else 0.
    wants: usize,
}

impl<T: Serialize> Part<T> {
    /// Measures it, which takes as long as writing it: not to be done on the connections' thread where it may be long.
    pub(crate) fn new(answer: T, is_cut: bool) -> Self {
        // The rest has no known size before it is read.
        Self { bytes: length(&answer), answer, wants: if is_cut { LONG_ANSWER } else { 0 } }
    }
}

impl<T> Part<T> {
    /// One whose length as JSON was measured while it was made, or is no more than that.
    pub(crate) fn measured(answer: T, bytes: usize, is_cut: bool) -> Self {
        Self { bytes, answer, wants: if is_cut { LONG_ANSWER } else { 0 } }
    }

    /// The size of the whole answer, if that is more than this number of bytes.
    fn takes_more_than(&self, most: usize) -> Option<usize> {
        let bytes = if most <= FREE_BYTES { self.bytes.max(self.wants) } else { self.bytes };
        Some(bytes).filter(|bytes| *bytes > most)
    }

    /// The same part, with the estimate lowered to this number of bytes, if there is more.
    #[must_use]
    pub(crate) fn expecting(mut self, bytes: usize) -> Self {
        self.wants = self.wants.min(bytes);
        self
    }
}

impl<E: Serialize> Part<Vec<E>> {
    /// Appends the next part.
    pub(crate) fn extend(&mut self, next: Self) {
        self.answer.extend(next.answer);
        self.bytes += next.bytes;
        self.wants = next.wants;
    }

    /// The other way round.
    pub(crate) fn reverse(&mut self) {
        self.answer.reverse();
    }

    /// The number of elements.
    pub(crate) fn len(&self) -> usize {
        self.answer.len()
    }
}

impl Handler {
    /// The answer that `make` makes from a limit in bytes; its last entry may exceed the limit. A long answer is made again, in memory of its
    /// own.
    pub(crate) async fn answer<T, Making: Future<Output = Result<Part<T>, ApiError>>>(
        &self,
        make: impl Fn(usize) -> Making,
    ) -> Result<T, ApiError> {
        let more = {
            let brief = make(FREE_BYTES).await?;
            match brief.takes_more_than(FREE_BYTES) {
                None => return Ok(brief.answer),
                Some(bytes) => bytes,
            }
        };
        self.long_answer(more, || make(PAGE_BYTES)).await
    }

    /// An answer that is read beside the connections, in one go.
    pub(crate) async fn answer_read<T: Serialize + Send + 'static>(
        &self,
        read: impl Fn(&dyn Reader, usize) -> aiwg_store::Result<Part<T>> + Clone + Send + 'static,
    ) -> Result<T, ApiError> {
        self.answer(|text| {
            let read = read.clone();
            self.read(move |reader| read(reader, text))
        })
        .await
    }

    /// Passes on an answer that cannot be made again. A connection has one such answer at a time.
    pub(crate) async fn keep<T: Serialize>(&self, answer: T) -> Result<T, ApiError> {
        let bytes = length(&answer);
        if bytes > FREE_BYTES {
            let _one = self.long_answer.lock().await;
            let room = self.api.memory.answers.take(bytes).await.ok_or(EngineError::Closing)?;
            self.give_room(room);
        }
        Ok(answer)
    }

    /// An answer of about this length, which is made without reading.
    pub(crate) async fn answer_of<T: Serialize>(
        &self,
        bytes: usize,
        make: impl Fn() -> T,
    ) -> Result<T, ApiError> {
        if bytes <= FREE_BYTES {
            return Ok(make());
        }
        self.long_answer(bytes, || ready(Ok(Part::new(make(), false)))).await
    }

    /// Makes a long answer in memory of the budget. One of each connection is made at a time, so that a client which asks for many takes no
    /// more than one that asks for one.
    async fn long_answer<T, Making: Future<Output = Result<Part<T>, ApiError>>>(
        &self,
        mut most: usize,
        make: impl Fn() -> Making,
    ) -> Result<T, ApiError> {
        let _one = self.long_answer.lock().await;
        for is_last in (0..TRIES).map(|tried| tried + 1 == TRIES) {
            if self.has_gathered_all.load(Ordering::Relaxed) {
                let message = "the answers to batches of this connection take as much memory as they may: ask for less in one batch";
                return Err(ApiError::new(ErrorKind::OverMemory, message));
            }
            let Some(mut room) = self.api.memory.answers.take(most).await else { break };
            let part = make().await?;
            match part.takes_more_than(room.bytes()) {
                // All the memory that there is, and still too little.
                Some(bytes) if !is_last && room.bytes() < self.api.memory.answers.total() => most = bytes,
                _ => {
                    room.shrink_to(part.bytes);
                    self.give_room(room);
                    return Ok(part.answer);
                }
            }
        }
        Err(EngineError::Closing.into())
    }

    /// The memory of the answer that is given next.
    fn give_room(&self, room: Room) {
        *self.room.lock().unwrap_or_else(PoisonError::into_inner) = Some(room);
    }

    /// The memory of the answer that has just been given.
    pub(crate) fn take_room(&self) -> Option<Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Records whether answers that wait for others of their batches take as much memory as they may.
    pub(crate) fn note_gathered(&self, all: bool) {
        self.has_gathered_all.store(all, Ordering::Relaxed);
    }
}

/// The length of a value as JSON, in bytes.
pub(super) fn length(value: &impl Serialize) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // A value that cannot be written is answered with an error, which is short.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}
