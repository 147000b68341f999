//! The line reader against the obvious way to do it, however the bytes arrive.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use aiwg_protocol::wire::{Budget, Line, LineReader};
use futures::FutureExt;
use tokio::io::{AsyncRead, ReadBuf};

const LIMIT: usize = 32;

/// Gives its bytes in pieces of a size that the bytes themselves determine.
struct Pieces<'a>(&'a [u8]);

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wanted = self.0.first().map_or(0, |byte| usize::from(byte % 7) + 1);
        let (piece, rest) = self.0.split_at(wanted.min(self.0.len()).min(buf.remaining()));
        buf.put_slice(piece);
        self.0 = rest;
        Poll::Ready(Ok(()))
    }
}

/// Tries one input.
pub fn lines(bytes: &[u8]) {
    let mut reader = LineReader::new(Pieces(bytes), LIMIT, Budget::new(1 << 20));
    let mut lines = Vec::new();
    while let Some(line) = poll_fn(|cx| reader.poll_line(0, cx)).now_or_never().unwrap().unwrap() {
        lines.push(line);
    }
    let mut expected: Vec<Line> = bytes
        .split(|byte| *byte == b'\n')
        .map(|line| if line.len() > LIMIT { Line::TooLong } else { Line::Text(line.to_vec().into()) })
        .collect();
    // What follows the last line feed counts only if there is something.
    if bytes.is_empty() || bytes.ends_with(b"\n") {
        expected.pop();
    }
    assert_eq!(lines, expected);
}
