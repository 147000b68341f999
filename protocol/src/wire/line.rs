//! Lines out of a byte stream, with a limit on what is held in memory.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncRead;
use tokio_util::io::poll_read_buf;

use super::{
    Budget, CALL_BYTES, MAX_BATCH,
    budget::{FREE_BYTES, Share},
};

/// Number of bytes to ask the stream for at a time: few, since most connections are idle, and more once a client fills
/// them.
const SMALLEST_CHUNK: usize = 1024;
const LARGEST_CHUNK: usize = FREE_BYTES;

/// Number of bytes to ask for where a line is long, and has its memory.
const LONG_CHUNK: usize = 64 * 1024;

/// A line over [`FREE_BYTES`] is given this much of the budget, and one over that the limit: it can be finished then, whoever else has begun one.
const FIRST_STEP: usize = 1024 * 1024;

/// Time that a long line may rest while others wait for the memory that it holds.
const LONGEST_REST: Duration = Duration::from_secs(10);

/// Time that a long line waits for memory.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The next item on the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A line, without its line feed.
    Text(Bytes),
    /// A line over the limit has begun; the rest of it will be skipped without being held.
    TooLong,
    /// There was no memory for a line, or others needed it while the line was not finished; its rest will be skipped.
    NoRoom,
}

/// Reads lines. A last line without a line feed counts.
#[derive(Debug)]
pub struct LineReader<R> {
    stream: R,
    buffer: BytesMut,
    /// Up to where the buffer has been searched for a line feed.
    searched: usize,
    chunk: usize,
    limit: usize,
    share: Share,
    /// Time of the last read.
    read_at: Instant,
    skipping: bool,
    gave_up: bool,
    ended: bool,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    /// Reads lines of at most `limit` bytes, and no longer than `budget` as a whole.
    pub fn new(stream: R, limit: usize, budget: Budget) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
            searched: 0,
            chunk: SMALLEST_CHUNK,
            limit: limit.min(budget.total()),
            share: Share::new(budget),
            read_at: Instant::now(),
            skipping: false,
            gave_up: false,
            ended: false,
        }
    }

    /// The longest line, in bytes.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// The next line; none at the end of the stream. What earlier ones have become still takes `in_flight` bytes: where there is no memory
    /// for them, there is no next one until there is.
    ///
    /// # Errors
    /// The stream fails.
    pub fn poll_line(&mut self, in_flight: usize, cx: &mut Context<'_>) -> Poll<io::Result<Option<Line>>> {
        loop {
            if std::mem::take(&mut self.gave_up) {
                return Poll::Ready(Ok(Some(Line::NoRoom)));
            }
            if in_flight > FREE_BYTES {
                // Not even what has been read already is taken then.
                ready!(self.share.poll_grow(in_flight + self.buffer.len(), cx));
            }
            if let Some(calls) = self.calls_of_batch() {
                // They are all taken in at once: not before there is memory for them.
                ready!(self.share.poll_grow(in_flight + self.buffer.len() + calls, cx));
            }
            if let Some(line) = self.take_line() {
                return Poll::Ready(Ok(Some(line)));
            }
            if self.ended {
                return Poll::Ready(Ok(self.take_rest()));
            }
            ready!(self.poll_room(in_flight, cx));
            ready!(self.fill(cx))?;
        }
    }

    /// True if a line has begun that might have to give way, which [`Self::look`] decides.
    pub fn is_long(&self) -> bool {
        self.buffer.len() > FREE_BYTES
    }

    /// Gives up on a line that waits for memory for too long, or at all where the other end is gone, or that holds what others wait for. To be
    /// called now and then.
    pub fn look(&mut self, is_gone: bool) {
        let rested = self.read_at.elapsed();
        let is_over = match self.share.is_waiting() {
            true => is_gone || rested > LONGEST_WAIT,
            false => rested > LONGEST_REST && self.share.budget().is_short(),
        };
        if self.is_long() && is_over {
            self.drop_buffer();
            self.share.shrink(0);
            self.skipping = true;
            self.gave_up = true;
        }
    }

    /// Waits until there is memory for what is read next.
    fn poll_room(&mut self, in_flight: usize, cx: &mut Context<'_>) -> Poll<()> {
        let begun = match self.buffer.len() {
            short @ 0..=FREE_BYTES => short,
            0..=FIRST_STEP => FIRST_STEP.min(self.limit),
            _ => self.limit,
        };
        // Taken at once with the line: who held the one and waited for the other could keep others waiting for him.
        let calls = if self.is_long() && self.is_batch() { MAX_BATCH * CALL_BYTES } else { 0 };
        let needed = begun.max(self.buffer.len()) + calls + in_flight;
        self.share.shrink(needed);
        self.share.poll_grow(needed, cx)
    }

    /// True if what is in the buffer begins as a batch does.
    fn is_batch(&self) -> bool {
        self.buffer.trim_ascii_start().first() == Some(&b'[')
    }

    /// Memory that the calls of the batch at the beginning of the buffer count for, as far as it can be known before it is
    /// parsed, in bytes; none if there is no complete batch.
    fn calls_of_batch(&self) -> Option<usize> {
        if self.skipping || !self.is_batch() {
            return None;
        }
        let end = self.searched + memchr::memchr(b'\n', &self.buffer[self.searched..])?;
        let objects = memchr::memchr_iter(b'{', &self.buffer[..end]).count();
        Some(objects.min(MAX_BATCH) * CALL_BYTES)
    }

    fn take_line(&mut self) -> Option<Line> {
        while let Some(at) = memchr::memchr(b'\n', &self.buffer[self.searched..]) {
            let end = self.searched + at;
            self.searched = 0;
            let line = self.buffer.split_to(end);
            self.buffer.advance(1);
            if line.len() > FREE_BYTES {
                // What is left would keep the memory of the long line.
                self.buffer = BytesMut::from(&*self.buffer);
            }
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            return Some(if line.len() > self.limit { Line::TooLong } else { Line::Text(line.freeze()) });
        }
        self.searched = self.buffer.len();
        if self.skipping {
            self.drop_buffer();
        } else if self.buffer.len() > self.limit {
            self.drop_buffer();
            self.skipping = true;
            return Some(Line::TooLong);
        }
        None
    }

    fn drop_buffer(&mut self) {
        self.buffer = BytesMut::new();
        self.searched = 0;
    }

    fn take_rest(&mut self) -> Option<Line> {
        self.searched = 0;
        let rest = self.buffer.split();
        (!rest.is_empty() && !self.skipping).then(|| Line::Text(rest.freeze()))
    }

    fn fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.buffer.reserve(if self.is_long() { LONG_CHUNK } else { self.chunk });
        let room = self.buffer.capacity() - self.buffer.len();
        let count = ready!(poll_read_buf(Pin::new(&mut self.stream), cx, &mut self.buffer))?;
        self.ended = count == 0;
        if self.is_long() {
            self.read_at = Instant::now();
        }
        if count == room {
            self.chunk = LARGEST_CHUNK.min(self.chunk * 4);
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::AsyncWriteExt;

    use super::*;

    /// The lines that a reader with a limit of 8 bytes makes of `pieces`, each of which arrives by itself.
    async fn lines(pieces: &[&[u8]]) -> Vec<Line> {
        let (mut to, from) = tokio::io::duplex(4);
        let mut reader = LineReader::new(from, 8, Budget::new(1 << 20));
        let send = async {
            for piece in pieces {
                to.write_all(piece).await.unwrap();
            }
            drop(to);
        };
        let receive = async {
            let mut lines = Vec::new();
            while let Some(line) = poll_fn(|cx| reader.poll_line(0, cx)).await.unwrap() {
                lines.push(line);
            }
            lines
        };
        tokio::join!(send, receive).1
    }

    fn text(text: &'static str) -> Line {
        Line::Text(Bytes::from_static(text.as_bytes()))
    }

    #[tokio::test]
    async fn lines_come_whole_however_they_arrive() {
        assert_eq!(
            lines(&[b"one\n\ntwo\nthr", b"ee"]).await,
            [text("one"), text(""), text("two"), text("three")]
        );
    }

    #[tokio::test]
    async fn a_line_over_the_limit_is_reported_once_and_skipped() {
        let got = lines(&[b"12345678\n123456789\nok\n", &[b'x'; 100], b"\nend"]).await;
        assert_eq!(got, [text("12345678"), Line::TooLong, text("ok"), Line::TooLong, text("end")]);
    }

    #[tokio::test]
    async fn a_line_of_one_who_is_gone_waits_for_no_memory() {
        let (mut to, from) = tokio::io::duplex(2 * FREE_BYTES);
        let budget = Budget::new(1 << 20);
        let taken = budget.try_take(budget.total()).unwrap();
        let mut reader = LineReader::new(from, 1 << 20, budget.clone());
        to.write_all(&[b'x'; 2 * FREE_BYTES]).await.unwrap();
        assert!(poll_fn(|cx| Poll::Ready(reader.poll_line(0, cx))).await.is_pending());
        drop(to);
        reader.look(false);
        assert!(poll_fn(|cx| Poll::Ready(reader.poll_line(0, cx))).await.is_pending());
        reader.look(true);
        let next = poll_fn(|cx| Poll::Ready(reader.poll_line(0, cx))).await;
        assert!(matches!(next, Poll::Ready(Ok(Some(Line::NoRoom)))), "{next:?}");
        assert_eq!(poll_fn(|cx| reader.poll_line(0, cx)).await.unwrap(), None);
        drop(taken);
        assert_eq!(budget.taken(), 0);
    }

    #[tokio::test]
    async fn a_batch_is_not_taken_before_there_is_memory_for_its_calls() {
        let budget = Budget::new(1 << 20);
        let taken = budget.try_take(budget.total() - 4096).unwrap();
        let batch = format!("[{}{{}}]", "{},".repeat(99));
        let line = format!("{batch}\n");
        let mut reader = LineReader::new(line.as_bytes(), 1 << 20, budget.clone());
        assert!(poll_fn(|cx| Poll::Ready(reader.poll_line(0, cx))).await.is_pending());
        drop(taken);
        let next = poll_fn(|cx| reader.poll_line(0, cx)).await.unwrap();
        assert_eq!(next, Some(Line::Text(Bytes::from(batch))));
        assert_eq!(budget.taken(), 100 * CALL_BYTES + line.len().div_ceil(1024) * 1024 - FREE_BYTES);
        // A request of its own needs no more than its line.
        let mut reader = LineReader::new(&b" {\"a\": [{}, {}]}\n"[..], 1 << 20, budget.clone());
        let _all = budget.try_take(budget.total() - budget.taken()).unwrap();
        assert!(poll_fn(|cx| Poll::Ready(reader.poll_line(0, cx))).await.is_ready());
    }

    #[tokio::test]
    async fn a_batch_that_counts_for_more_than_there_is_comes_when_all_is_free() {
        let budget = Budget::new(64 * 1024);
        // A short line, and a long one.
        for batch in [format!("[{}{{}}]", "{},".repeat(99)), format!("[{}{{}}]", "{},".repeat(9_999))] {
            let line = format!("{batch}\n");
            let mut reader = LineReader::new(line.as_bytes(), 1 << 20, budget.clone());
            let next = poll_fn(|cx| Poll::Ready(reader.poll_line(0, cx))).await;
            assert!(matches!(&next, Poll::Ready(Ok(Some(Line::Text(text)))) if *text == batch), "{next:?}");
        }
        assert_eq!(budget.taken(), 0);
    }

    #[tokio::test]
    async fn a_line_over_the_limit_at_the_end_is_reported_once() {
        assert_eq!(lines(&[&[b'x'; 100]]).await, [Line::TooLong]);
    }
}
