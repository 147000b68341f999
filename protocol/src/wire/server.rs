//! The server's end of the wire: JSON-RPC 2.0 lines below, the service's requests and responses above.

use std::{
    collections::{HashMap, VecDeque},
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use serde_json::value::RawValue;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
};

use super::{
    Budget, CALL_BYTES, Entries, FREE_BYTES, Incoming, Line, LineReader, MAX_BATCH, Request, Room,
    answer::{write_error, write_response},
    batch::{Answered, BatchId, Batches},
    message::Id,
    out::Out,
};
use crate::{
    error::{ApiError, ErrorKind},
    service::{DaemonServiceRequest, DaemonServiceResponse, RPC_CANCEL, RPC_CANCEL_ALIAS},
    types::RpcCancelParams,
};

/// Number of unwritten bytes from which no more requests are read and no more notifications are taken. Where there is
/// no memory for so much, it is [`FREE_BYTES`]: a client that does not read costs this much, and one answer beyond it.
const HIGH_WATER: usize = 256 * 1024;

/// An answer that waits for others of its batch needs no memory of its own up to this length: its call has counted for as much.
const FREE_ANSWER: usize = CALL_BYTES / 2;

/// Memory that an entry of a list or map of params takes beside its text, in bytes.
const ENTRY_BYTES: usize = 96;

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
            self.take_pushes(cx);
            if self.is_gone {
                self.out.clear();
            }
            let written = ready!(self.out.poll_write(&mut self.writer, cx));
            // What stopped at the high-water mark goes on now.
            if written.is_ok() && self.pushes.is_empty() {
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

    /// Reads a line and gives the request in it, if it holds one that is to be carried out.
    fn take_line(&mut self, line: &[u8]) -> Option<Message> {
        if line.trim_ascii().is_empty() {
            return None;
        }
        match Incoming::parse(line) {
            Ok(Incoming::Single(Ok(request), _)) => self.take_request(request, line.len(), None),
            Ok(Incoming::Single(Err(error), id)) => {
                self.answer_error(id, None, &error);
                None
            }
            Ok(Incoming::Batch(entries)) => {
                self.take_batch(&entries, line.len());
                None
            }
            Err(error) => {
                self.answer_error(Some(Id::null()), None, &error);
                None
            }
        }
    }

    fn refuse_line(&mut self, kind: ErrorKind, message: String) {
        self.answer_error(Some(Id::null()), None, &ApiError::new(kind, message));
    }

    fn take_batch(&mut self, entries: &Entries<'_>, bytes: usize) {
        if entries.count > MAX_BATCH {
            let message =
                format!("a batch holds {MAX_BATCH} requests at most; this one has {}", entries.count);
            return self.refuse_line(ErrorKind::InvalidRequest, message);
        }
        let cost = bytes + entries.count * CALL_BYTES;
        self.in_flight += cost;
        let batch = self.batches.open(cost);
        for entry in &entries.first {
            self.batches.expect(batch);
            match Request::parse(entry.get()) {
                Ok(request) => {
                    let message = self.take_request(request, entry.get().len(), Some(batch));
                    self.ready.extend(message);
                }
                Err((error, id)) => self.answer_error(Some(id), Some(batch), &error),
            }
        }
        self.complete(Some(batch), &[], Vec::new());
    }

    fn take_request(
        &mut self,
        request: Request<'_>,
        bytes: usize,
        batch: Option<BatchId>,
    ) -> Option<Message> {
        if request.method == RPC_CANCEL || request.method == RPC_CANCEL_ALIAS {
            return self.take_cancel(&request, batch);
        }
        match DaemonServiceRequest::decode(&request.method, request.params.map(RawValue::get)) {
            Ok(message) => {
                let call = self.next_call;
                self.next_call += 1;
                self.unanswered += bytes;
                let entries = entries(&message) * ENTRY_BYTES;
                let cost = match batch {
                    None => bytes + CALL_BYTES + entries,
                    Some(batch) => {
                        self.batches.costs_more(batch, entries);
                        self.in_flight += entries;
                        0
                    }
                };
                self.in_flight += cost;
                self.calls.insert(call, Call { id: request.id, batch, bytes, cost });
                Some(Message::Call(call, message))
            }
            Err(error) => {
                self.answer_error(request.id, batch, &error.into_error(&request.method));
                None
            }
        }
    }

    /// Every request ends in an answer, so the call that is cancelled is answered here: its handler is dropped silently.
    fn take_cancel(&mut self, request: &Request<'_>, batch: Option<BatchId>) -> Option<Message> {
        if request.id.is_some() {
            let message = "rpc.cancel is a notification: send it without an id";
            self.answer_error(request.id.clone(), batch, &ApiError::new(ErrorKind::InvalidRequest, message));
            return None;
        }
        self.complete(batch, &[], Vec::new());
        let cancel: RpcCancelParams = serde_json::from_str(request.params?.get()).ok()?;
        let is_it = |call: &Call| call.id.as_ref().is_some_and(|id| id.as_str() == cancel.id.as_str());
        // Of several with the same id, which a client should not have, the first.
        let id = *self.calls.iter().filter(|(_, call)| is_it(call)).map(|(id, _)| id).min()?;
        let call = self.remove(id)?;
        let error = ApiError::new(ErrorKind::Cancelled, "the caller cancelled this call");
        self.answer_error(call.id, call.batch, &error);
        Some(Message::Cancel(id))
    }

    fn remove(&mut self, call: CallId) -> Option<Call> {
        let call = self.calls.remove(&call)?;
        self.unanswered = self.unanswered.saturating_sub(call.bytes);
        self.in_flight = self.in_flight.saturating_sub(call.cost);
        if self.calls.is_empty() && self.calls.capacity() > 2 * KEPT {
            self.calls = HashMap::new();
        }
        Some(call)
    }

    fn answer_error(&mut self, id: Option<Id>, batch: Option<BatchId>, error: &ApiError) {
        match id {
            None => self.complete(batch, &[], Vec::new()),
            Some(id) => self.answer_with(batch, &id, Vec::new(), |out| write_error(out, &id, error)),
        }
    }

    fn answer_with(
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
    fn has_room_in_batch(&self, bytes: usize, rooms: &mut Vec<Room>) -> bool {
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
    fn complete(&mut self, batch: Option<BatchId>, answer: &[u8], rooms: Vec<Room>) {
        let done = batch.and_then(|batch| self.batches.complete(batch, answer, rooms));
        let Some(Answered { line, rooms, cost }) = done else { return };
        self.unwritten += cost;
        if !line.is_empty() {
            self.out
                .line(rooms, |out| if out.is_empty() { *out = line } else { out.extend_from_slice(&line) });
        }
    }

    fn take_pushes(&mut self, cx: &mut Context<'_>) {
        while !self.is_full() {
            match self.pushes.poll_recv(cx) {
                Poll::Ready(Some(Push { line, rooms })) => {
                    self.out.line(rooms, |out| out.extend_from_slice(&line));
                }
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
    }
}

/// Number of entries in the lists and maps of a request.
fn entries(request: &DaemonServiceRequest) -> usize {
    use DaemonServiceRequest as Request;
    match request {
        Request::TaskSubmit { params } => {
            let maps =
                [params.env.as_ref().map(|env| env.len()), params.metadata.as_ref().map(|all| all.len())];
            maps.into_iter().flatten().sum::<usize>() + params.after.as_ref().map_or(0, Vec::len)
        }
        Request::TaskCancelMany { params } | Request::TaskRetryMany { params } => {
            params.task_ids.as_ref().map_or(0, Vec::len)
        }
        Request::EventList { params } => params.topics.as_ref().map_or(0, Vec::len),
        Request::EventSubscribe { params } => params.topics.as_ref().map_or(0, Vec::len),
        _ => 0,
    }
}
