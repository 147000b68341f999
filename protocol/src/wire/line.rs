//! Lines out of a byte stream, with a limit on what is held in memory.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncRead;
use tokio_util::io::poll_read_buf;

/// How much is asked of the stream at a time: little, since most connections are idle, and more once a client fills it.
const SMALLEST_CHUNK: usize = 1024;
const LARGEST_CHUNK: usize = 64 * 1024;

/// What comes next on the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A line, without its line feed.
    Text(Bytes),
    /// A line over the limit has begun; the rest of it will be skipped without being held.
    TooLong,
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
    skipping: bool,
    ended: bool,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    /// Reads lines of at most `limit` bytes.
    pub fn new(stream: R, limit: usize) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
            searched: 0,
            chunk: SMALLEST_CHUNK,
            limit,
            skipping: false,
            ended: false,
        }
    }

    /// Whether a whole line is there already: it will come without another read.
    pub fn has_line(&self) -> bool {
        memchr::memchr(b'\n', &self.buffer[self.searched..]).is_some()
    }

    /// The next line; none at the end of the stream.
    ///
    /// # Errors
    /// What the stream answers with.
    pub fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Line>>> {
        loop {
            if let Some(line) = self.take_line() {
                return Poll::Ready(Ok(Some(line)));
            }
            if self.ended {
                return Poll::Ready(Ok(self.take_rest()));
            }
            ready!(self.fill(cx))?;
        }
    }

    fn take_line(&mut self) -> Option<Line> {
        while let Some(at) = memchr::memchr(b'\n', &self.buffer[self.searched..]) {
            let end = self.searched + at;
            self.searched = 0;
            let line = self.buffer.split_to(end);
            self.buffer.advance(1);
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
        self.buffer.reserve(self.chunk);
        let room = self.buffer.capacity() - self.buffer.len();
        let count = ready!(poll_read_buf(Pin::new(&mut self.stream), cx, &mut self.buffer))?;
        self.ended = count == 0;
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

    /// What a reader with a limit of 8 bytes makes of `pieces`, each of which arrives by itself.
    async fn lines(pieces: &[&[u8]]) -> Vec<Line> {
        let (mut to, from) = tokio::io::duplex(4);
        let mut reader = LineReader::new(from, 8);
        let send = async {
            for piece in pieces {
                to.write_all(piece).await.unwrap();
            }
            drop(to);
        };
        let receive = async {
            let mut lines = Vec::new();
            while let Some(line) = poll_fn(|cx| reader.poll_line(cx)).await.unwrap() {
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
    async fn a_line_over_the_limit_at_the_end_is_reported_once() {
        assert_eq!(lines(&[&[b'x'; 100]]).await, [Line::TooLong]);
    }
}
