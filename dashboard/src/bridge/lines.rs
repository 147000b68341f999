//! The daemon's lines.

use std::io;

use aiwg_protocol::wire::MAX_ANSWER_BYTES;
use bytes::{BufMut, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Memory that is read into at once, in bytes.
const CHUNK: usize = 64 * 1024;

/// Memory that is kept for the next line, in bytes.
const KEPT: usize = 256 * 1024;

/// The lines of a stream, each as long as a client takes one.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// Up to where no end of it was found.
    searched: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn of(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), start: 0, searched: 0 }
    }

    /// The next line that is not empty; none at the end. Nothing is lost if the future is dropped.
    ///
    /// # Errors
    /// The stream breaks off, or a line is too long or no text.
    pub(super) async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            while let Some(line) = self.take() {
                if !line.is_empty() {
                    return Ok(Some(line));
                }
            }
            if self.buffer.len() - self.start > MAX_ANSWER_BYTES {
                return Err(io::Error::other("it sent a line that is too long"));
            }
            self.make_room();
            if self.reader.read_buf(&mut (&mut self.buffer).limit(CHUNK)).await? == 0 {
                return Ok(None);
            }
        }
    }

    fn take(&mut self) -> Option<Bytes> {
        let rest = self.buffer.get(self.searched..).unwrap_or_default();
        let Some(end) = memchr::memchr(b'\n', rest).map(|at| self.searched + at) else {
            self.searched = self.buffer.len();
            return None;
        };
        let line = self.buffer.get(self.start..end).unwrap_or_default();
        let line = Bytes::copy_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        self.start = end + 1;
        self.searched = self.start;
        Some(line)
    }

    /// Gives room for the next piece, and back what a long line has taken.
    fn make_room(&mut self) {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        if self.buffer.capacity() > KEPT && self.buffer.len() < KEPT / 2 {
            self.buffer.shrink_to(KEPT / 2);
        }
        self.buffer.reserve(CHUNK);
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn lines_come_whole_however_they_arrive() {
        let (mut to, from) = tokio::io::duplex(1000);
        let send = async {
            to.write_all(b"one\n\nt").await.unwrap();
            tokio::task::yield_now().await;
            to.write_all(b"wo\r\n").await.unwrap();
            to.write_all(&[b'x'; 1_000_000]).await.unwrap();
            to.write_all(b"\nend").await.unwrap();
            drop(to);
        };
        let receive = async {
            let mut lines = Lines::of(from);
            let mut all = Vec::new();
            while let Some(line) = lines.next().await.unwrap() {
                all.push(line.len());
            }
            assert!(lines.buffer.capacity() <= KEPT, "{}", lines.buffer.capacity());
            all
        };
        assert_eq!(tokio::join!(send, receive).1, [3, 3, 1_000_000]);
    }

    #[tokio::test]
    async fn a_line_that_never_ends_is_given_up() {
        let mut lines = Lines::of(tokio::io::repeat(b'x'));
        assert!(lines.next().await.is_err());
        assert!(lines.buffer.len() < 2 * MAX_ANSWER_BYTES);
    }
}
