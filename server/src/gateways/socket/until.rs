//! A byte stream that ends when a token is cancelled.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Reads from a stream until the token is cancelled; then the stream has ended.
pub(super) struct UntilCancelled<R> {
    stream: R,
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<R> UntilCancelled<R> {
    pub(super) fn new(stream: R, token: CancellationToken) -> Self {
        Self { stream, cancelled: Box::pin(token.cancelled_owned()) }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for UntilCancelled<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(cx, buf) {
            // Asked only when there is nothing to read: requests that were sent are still read.
            Poll::Pending => self.cancelled.as_mut().poll(cx).map(Ok),
            ready => ready,
        }
    }
}
