//! The server's end of the wire: JSON-RPC 2.0 lines below, the service's requests and responses above.

mod answers;
mod requests;

use std::{
    collections::{HashMap, VecDeque},
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
};

use super::{
    Budget, FREE_BYTES, Line, LineReader, Room,
    answer::write_response,
    batch::{BatchId, Batches},
    message::Id,
    out::Out,
};
use crate::{
    error::ErrorKind,
    service::{DaemonServiceRequest, DaemonServiceResponse},
};

/// Number of unwritten bytes from which no more requests are read and no more notifications are taken. Where there is
/// no memory for so much, it is [`FREE_BYTES`]: a client that does not read costs this much, and one answer beyond it.
const HIGH_WATER: usize = 256 * 1024;

/// Number of requests in flight for which memory is kept. Memory beyond that is freed when there are none.
const KEPT: usize = 64;

/// Number of requests of one connection in flight from which no more are read.
const MAX_IN_FLIGHT: usize = 1024;

/// Identifier of a call within its connection. No two calls ever have the same.
pub type CallId = u64;

/// A message from the connection, in the order in which it was sent.
#[derive(Debug)]
// A box for each call would cost more than moving it: `scripts/bench` compares.
#[allow(clippy::large_enum_variant)]
pub enum Message {
    /// A request, or a notification, that is to be carried out. Each wants one [`ServerTransport::answer`].
    Call(CallId, DaemonServiceRequest),
    /// The caller has cancelled this call, and has got the error `cancelled`.
    Cancel(CallId),
    /// A line that is done with, or a batch whose entries come next.
    Line,
}

/// Something that is sent without having been asked for.
#[derive(Debug)]
pub struct Push {
    /// A whole line, without its line feed.
    pub line: Bytes,
    /// The memory that it has been given.
    pub rooms: Vec<Room>,
}

/// Memory limits of a connection.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The longest line, in bytes. As much again of requests may be in flight.
    pub line: usize,
    /// Budget of all connections for what they read.
    pub lines: Budget,
    /// Budget of all connections for what they are sent.
    pub answers: Budget,
    /// Number of bytes of answers that may wait for others of their batches.
    pub gathered: usize,
}

/// JSON-RPC 2.0 over a byte stream: typed requests out of it, in order, and responses into it.
#[derive(Debug)]
pub struct ServerTransport<R, W> {
    reader: LineReader<R>,
    writer: W,
    out: Out,
    /// Nobody reads any more: what has been sent is still taken in, and not answered.
    is_gone: bool,
    answers: Budget,
    /// Memory given for more than [`FREE_BYTES`] of unwritten answers.
    out_room: Option<Room>,
    /// Requests that are not answered.
    calls: HashMap<CallId, Call>,
    next_call: CallId,
    /// Size of those requests, in bytes.
    unanswered: usize,
    /// Memory that requests count for: those that are not answered, and whole batches until their answers are written.
    in_flight: usize,
    /// The part of it for batches that are answered, and whose answers are not written.
    unwritten: usize,
    batches: Batches,
    max_gathered: usize,
    /// Requests of a batch that have not been taken yet.
    ready: VecDeque<Message>,
    pushes: mpsc::Receiver<Push>,
}

/// The destination of the answer to a request.
#[derive(Debug)]
struct Call {
    /// None for a notification: it is executed, never answered.
    id: Option<Id>,
    batch: Option<BatchId>,
    /// Length of the request, in bytes.
    bytes: usize,
    /// Memory that it counts for; 0 if its batch counts for it.
    cost: usize,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> ServerTransport<R, W> {
    /// Creates a transport. What arrives on `pushes` is sent between the answers.
    pub fn new(reader: R, writer: W, limits: Limits, pushes: mpsc::Receiver<Push>) -> Self {
        Self {
            reader: LineReader::new(reader, limits.line, limits.lines),
            writer,
            out: Out::default(),
            is_gone: false,
            answers: limits.answers,
            out_room: None,
            calls: HashMap::new(),
            next_call: 0,
            unanswered: 0,
            in_flight: 0,
            unwritten: 0,
            batches: Batches::default(),
            max_gathered: limits.gathered,
            ready: VecDeque::new(),
            pushes,
        }
    }

    /// The stream that is written to.
    pub fn writer(&self) -> &W {
        &self.writer
    }

    /// True if so much waits to be written that nothing more should be answered.
    pub fn is_full(&mut self) -> bool {
        if self.out.len() >= FREE_BYTES && self.out_room.is_none() {
            self.out_room = self.answers.try_take(HIGH_WATER - FREE_BYTES);
        }
        self.out.len() >= if self.out_room.is_some() { HIGH_WATER } else { FREE_BYTES }
    }

    /// True if something waits to be written.
    pub fn has_unwritten(&self) -> bool {
        self.out.len() > 0
    }

    /// Number of bytes of answers that are held: those that wait to be written, and those that wait for others of their
    /// batches.
    pub fn held(&self) -> usize {
        self.out.len() + self.batches.gathered()
    }

    /// True if answers to batches take as much memory as they may: only a shorter batch can help.
    pub fn has_gathered_all(&self) -> bool {
        // Another long answer would be beyond it.
        self.batches.gathered() >= self.max_gathered / 4 * 3
    }

    /// True if a long line is incomplete, so that [`Self::look`] is worth calling.
    pub fn has_begun_long_line(&self) -> bool {
        self.reader.is_long()
    }

    /// Gives up on a line that others must not wait for any longer. To be called now and then.
    pub fn look(&mut self) {
        self.reader.look(self.is_gone);
    }

    /// The other end takes nothing any more: what it has sent is still carried out.
    pub fn give_up_writing(&mut self) {
        self.is_gone = true;
        self.out.clear();
    }

    /// The next message, a line at a time; none at the end of the stream. Also pending while too much is in flight or
    /// unread: poll again after an answer or a write.
    ///
    /// # Errors
    /// The stream cannot be read.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Message>>> {
        if self.is_full() || self.calls.len() >= MAX_IN_FLIGHT + self.ready.len() {
            return Poll::Pending;
        }
        match self.ready.pop_front() {
            // It may have been cancelled within its batch.
            Some(Message::Call(call, _)) if !self.calls.contains_key(&call) => {
                return Poll::Ready(Ok(Some(Message::Line)));
            }
            Some(message) => return Poll::Ready(Ok(Some(message))),
            None if self.ready.capacity() > KEPT => self.ready = VecDeque::new(),
            None => {}
        }
        if self.unanswered > self.reader.limit() {
            return Poll::Pending;
        }
        let message = match ready!(self.reader.poll_line(self.in_flight, cx))? {
            Some(Line::Text(line)) => self.take_line(&line),
            Some(Line::TooLong) => {
                let message = format!("the line is longer than {} bytes", self.reader.limit());
                self.refuse_line(ErrorKind::InvalidRequest, message);
                None
            }
            Some(Line::NoRoom) => {
                let message = "there was no memory for this line, or others waited for it while the line was not finished: \
                               send it again later, or raise daemon.max_memory_mb";
                self.refuse_line(ErrorKind::OverMemory, message.to_owned());
                None
            }
            None => return Poll::Ready(Ok(None)),
        };
        Poll::Ready(Ok(Some(message.unwrap_or(Message::Line))))
    }

    /// Answers a call. One that is not known any more has been cancelled, and answered then.
    pub fn answer(
        &mut self,
        call: CallId,
        response: &Result<DaemonServiceResponse, tarpc::ServerError>,
        room: Option<Room>,
    ) {
        let Some(call) = self.remove(call) else { return };
        let rooms = Vec::from_iter(room);
        match call.id {
            Some(id) => self.answer_with(call.batch, &id, rooms, |out| write_response(out, &id, response)),
            None => self.complete(call.batch, &[], Vec::new()),
        }
    }

    /// Gives up a call that nobody wants to have answered.
    pub fn forget(&mut self, call: CallId) {
        if let Some(call) = self.remove(call) {
            self.complete(call.batch, &[], Vec::new());
        }
    }

    /// Writes what waits, and what is pushed.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let has_all_pushes = self.take_pushes(cx);
            if self.is_gone {
                self.out.clear();
            }
            let written = ready!(self.out.poll_write(&mut self.writer, cx));
            // What stopped at the high-water mark goes on now: also where nothing waits yet, since only a channel that was found empty wakes this task.
            if written.is_ok() && has_all_pushes {
                self.out_room = None;
                self.in_flight = self.in_flight.saturating_sub(std::mem::take(&mut self.unwritten));
                // A socket has nothing to flush.
                return Poll::Ready(());
            }
            if written.is_err() {
                self.give_up_writing();
            }
        }
    }

    /// Writes what waits, and closes the sending side.
    pub fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_gone && ready!(self.out.poll_write(&mut self.writer, cx)).is_err() {
            self.give_up_writing();
        }
        Pin::new(&mut self.writer).poll_shutdown(cx).map(drop)
    }

    /// Takes what is pushed, as far as there is room for it. True if that was all: the next one wakes this task.
    fn take_pushes(&mut self, cx: &mut Context<'_>) -> bool {
        while !self.is_full() {
            match self.pushes.poll_recv(cx) {
                Poll::Ready(Some(Push { line, rooms })) => {
                    self.out.line(rooms, |out| out.extend_from_slice(&line));
                }
                Poll::Ready(None) | Poll::Pending => return true,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::{Context, Poll, Wake, Waker},
    };

    use tokio::sync::mpsc;

    use super::{HIGH_WATER, Limits, Push, ServerTransport};
    use crate::wire::Budget;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn whatever_was_written_at_once_the_next_push_wakes_the_connection() {
        const MIB: usize = 1024 * 1024;
        let limits = Limits { line: MIB, lines: Budget::new(MIB), answers: Budget::new(MIB), gathered: MIB };
        let (pushes, pushed) = mpsc::channel(8);
        let mut transport = ServerTransport::new(tokio::io::empty(), tokio::io::sink(), limits, pushed);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        for length in [10, HIGH_WATER - 1, HIGH_WATER, 2 * HIGH_WATER] {
            let push = |length| Push { line: vec![b'x'; length].into(), rooms: Vec::new() };
            pushes.try_send(push(length)).unwrap();
            assert_eq!(transport.poll_flush(&mut cx), Poll::Ready(()));
            let before = woken.0.load(Ordering::Relaxed);
            pushes.try_send(push(1)).unwrap();
            assert!(woken.0.load(Ordering::Relaxed) > before, "after {length} bytes");
            assert_eq!(transport.poll_flush(&mut cx), Poll::Ready(()));
        }
    }
}
