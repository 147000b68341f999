//! Connections that can be cut, or left half-open, at any time.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use futures::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

// A connection begins with neither.
const FROZEN: u8 = 1;
const CUT: u8 = 2;

/// The handle of a connection.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    state: AtomicU8,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Connection {
    /// Ends it without a word: the client sees a reset or an end.
    pub(crate) fn cut(&self) {
        self.state.store(CUT, Ordering::SeqCst);
        self.reader.wake();
        self.writer.wake();
    }

    /// Leaves it half-open: it takes what comes, answers nothing, and does not close.
    pub(crate) fn freeze(&self) {
        self.state.store(FROZEN, Ordering::SeqCst);
        self.reader.wake();
    }

    /// True if it was left half-open.
    pub(crate) fn is_frozen(&self) -> bool {
        self.state() == FROZEN
    }

    fn state(&self) -> u8 {
        self.state.load(Ordering::SeqCst)
    }
}

/// The bytes of a connection.
pub(crate) struct Stream {
    tcp: TcpStream,
    handle: Arc<Connection>,
}

fn reset() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { tcp, handle } = self.get_mut();
        handle.reader.register(cx.waker());
        match handle.state() {
            CUT => Poll::Ready(Err(reset())),
            FROZEN => poll_swallow(tcp, cx),
            _ => Pin::new(tcp).poll_read(cx, into),
        }
    }
}

/// Reads what comes to nobody, until the client goes away.
fn poll_swallow(tcp: &mut TcpStream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    loop {
        let mut space = [0; 1024];
        let mut nowhere = ReadBuf::new(&mut space);
        futures::ready!(Pin::new(&mut *tcp).poll_read(cx, &mut nowhere))?;
        if nowhere.filled().is_empty() {
            return Poll::Ready(Ok(()));
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Self { tcp, handle } = self.get_mut();
        handle.writer.register(cx.waker());
        match handle.state() {
            CUT => Poll::Ready(Err(reset())),
            FROZEN => Poll::Ready(Ok(bytes.len())),
            _ => Pin::new(tcp).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { tcp, handle } = self.get_mut();
        // Whoever is left half-open does not hear of an end, either.
        if handle.state() == FROZEN { Poll::Ready(Ok(())) } else { Pin::new(tcp).poll_shutdown(cx) }
    }
}

/// The listener.
pub(crate) struct Door {
    pub(crate) listener: TcpListener,
}

impl Listener for Door {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        let (tcp, address) = Listener::accept(&mut self.listener).await;
        // A small answer waits for nothing.
        let _ = tcp.set_nodelay(true);
        let handle = Arc::<Connection>::default();
        (Stream { tcp, handle }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// The connection, as a handler gets it.
#[derive(Clone)]
pub(crate) struct ConnectionHandle(pub(crate) Arc<Connection>);

impl Connected<IncomingStream<'_, Door>> for ConnectionHandle {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        Self(Arc::clone(&stream.io().handle))
    }
}
