//! The server's end of the wire: JSON-RPC 2.0 lines below, tarpc's requests and responses above.

use std::{
    collections::{HashMap, VecDeque},
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures::{Sink, Stream};
use serde_json::value::RawValue;
use tarpc::{ClientMessage, Response, context, trace};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
};

use super::{
    DEFAULT_MAX_LINE_BYTES, Incoming, Line, LineReader, MAX_BATCH, Request,
    batch::{BatchId, Batches},
    message::Id,
    no_deadline,
};
use crate::{
    error::{ApiError, ErrorKind},
    service::{DaemonServiceRequest, DaemonServiceResponse, RPC_CANCEL},
    types::RpcCancelParams,
};

/// When this much is waiting to be written, no more requests are read and no more notifications are taken: a client that
/// does not read costs this much and no more.
const HIGH_WATER: usize = 256 * 1024;

/// How many requests of one connection may be in flight before no more are read.
const MAX_IN_FLIGHT: usize = 1024;

/// A message of the server's channel.
type Message = ClientMessage<DaemonServiceRequest>;

/// JSON-RPC 2.0 over a byte stream, as the transport of a tarpc server channel.
#[derive(Debug)]
pub struct ServerTransport<R, W> {
    reader: LineReader<R>,
    writer: W,
    /// Lines to write; what lies before `written` has been.
    out: Vec<u8>,
    written: usize,
    /// Requests that tarpc has and that are not answered, by tarpc's id.
    calls: HashMap<u64, Call>,
    next_call: u64,
    batches: Batches,
    /// Requests of a batch that tarpc has not taken yet.
    ready: VecDeque<Message>,
    /// Lines that are sent without having been asked for.
    pushes: mpsc::Receiver<Bytes>,
    max_line: usize,
}

/// Where the answer to a request goes.
#[derive(Debug)]
struct Call {
    /// None for a notification: it is executed, never answered.
    id: Option<Id>,
    batch: Option<BatchId>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> ServerTransport<R, W> {
    /// Lines of at most `max_line` bytes are read; whole lines, without their line feed, that arrive on `pushes` are sent
    /// between the answers.
    pub fn new(reader: R, writer: W, max_line: Option<usize>, pushes: mpsc::Receiver<Bytes>) -> Self {
        let max_line = max_line.unwrap_or(DEFAULT_MAX_LINE_BYTES);
        Self {
            reader: LineReader::new(reader, max_line),
            writer,
            out: Vec::new(),
            written: 0,
            calls: HashMap::new(),
            next_call: 0,
            batches: Batches::default(),
            ready: VecDeque::new(),
            pushes,
            max_line,
        }
    }

    /// Reads a line and gives the request in it, if it holds one that is for tarpc.
    fn take_line(&mut self, line: &[u8]) -> Option<Message> {
        if line.trim_ascii().is_empty() {
            return None;
        }
        match Incoming::parse(line) {
            Ok(Incoming::Single(Ok(request), _)) => self.take_request(request, None),
            Ok(Incoming::Single(Err(error), id)) => {
                self.answer_error(id, None, &error);
                None
            }
            Ok(Incoming::Batch(entries)) => {
                self.take_batch(&entries);
                self.ready.pop_front()
            }
            Err(error) => {
                self.answer_error(Some(Id::null()), None, &error);
                None
            }
        }
    }

    fn take_batch(&mut self, entries: &[&RawValue]) {
        if entries.len() > MAX_BATCH {
            let message =
                format!("a batch holds {MAX_BATCH} requests at most; this one has {}", entries.len());
            return self.answer_error(
                Some(Id::null()),
                None,
                &ApiError::new(ErrorKind::InvalidRequest, message),
            );
        }
        let batch = self.batches.open();
        for entry in entries {
            self.batches.expect(batch);
            match Request::parse(entry.get()) {
                Ok(request) => {
                    if let Some(message) = self.take_request(request, Some(batch)) {
                        self.ready.push_back(message);
                    }
                }
                Err((error, id)) => self.answer_error(Some(id), Some(batch), &error),
            }
        }
        self.answer(Some(batch), &[]);
    }

    fn take_request(&mut self, request: Request<'_>, batch: Option<BatchId>) -> Option<Message> {
        if request.method == RPC_CANCEL {
            return self.take_cancel(&request, batch);
        }
        match DaemonServiceRequest::decode(&request.method, request.params.map(RawValue::get)) {
            Ok(message) => {
                let id = self.next_call;
                self.next_call += 1;
                self.calls.insert(id, Call { id: request.id, batch });
                Some(ClientMessage::Request(tarpc::Request { context: context(), id, message }))
            }
            Err(error) => {
                self.answer_error(request.id, batch, &error.into_error(&request.method));
                None
            }
        }
    }

    /// Every request ends in an answer, so the call that is cancelled is answered here: tarpc drops its handler silently.
    fn take_cancel(&mut self, request: &Request<'_>, batch: Option<BatchId>) -> Option<Message> {
        if request.id.is_some() {
            let message = "rpc.cancel is a notification: send it without an id";
            self.answer_error(request.id.clone(), batch, &ApiError::new(ErrorKind::InvalidRequest, message));
            return None;
        }
        self.answer(batch, &[]);
        let cancel: RpcCancelParams = serde_json::from_str(request.params?.get()).ok()?;
        let is_it = |call: &Call| call.id.as_ref().is_some_and(|id| id.as_str() == cancel.id.as_str());
        let request_id = *self.calls.iter().find(|(_, call)| is_it(call))?.0;
        let call = self.calls.remove(&request_id)?;
        let error = ApiError::new(ErrorKind::Cancelled, "the caller cancelled this call");
        self.answer_error(call.id, call.batch, &error);
        Some(ClientMessage::Cancel { trace_context: trace::Context::default(), request_id })
    }

    fn answer_error(&mut self, id: Option<Id>, batch: Option<BatchId>, error: &ApiError) {
        match id {
            None => self.answer(batch, &[]),
            Some(id) => self.answer_with(batch, |out| write_error(out, &id, error)),
        }
    }

    /// Puts an answer where it belongs; an empty one stands for none.
    fn answer(&mut self, batch: Option<BatchId>, answer: &[u8]) {
        let line = match batch {
            None if answer.is_empty() => return,
            None => answer,
            Some(batch) => match self.batches.complete(batch, answer) {
                Some(line) => return self.push_line(&line),
                None => return,
            },
        };
        self.push_line(line);
    }

    fn answer_with(&mut self, batch: Option<BatchId>, write: impl FnOnce(&mut Vec<u8>)) {
        match batch {
            // The common case writes straight into the buffer.
            None => {
                write(&mut self.out);
                self.out.push(b'\n');
            }
            Some(_) => {
                let mut answer = Vec::new();
                write(&mut answer);
                self.answer(batch, &answer);
            }
        }
    }

    fn push_line(&mut self, line: &[u8]) {
        self.out.extend_from_slice(line);
        self.out.push(b'\n');
    }

    fn is_full(&self) -> bool {
        self.out.len() - self.written >= HIGH_WATER
    }

    fn take_pushes(&mut self, cx: &mut Context<'_>) {
        while !self.is_full() {
            match self.pushes.poll_recv(cx) {
                Poll::Ready(Some(line)) => self.push_line(&line),
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
    }

    fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.out.len() {
            let count = ready!(Pin::new(&mut self.writer).poll_write(cx, &self.out[self.written..]))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += count;
        }
        self.written = 0;
        self.out.clear();
        self.out.shrink_to(HIGH_WATER);
        Poll::Ready(Ok(()))
    }
}

fn context() -> context::Context {
    let mut context = context::current();
    context.deadline = no_deadline();
    context
}

fn write_head(out: &mut Vec<u8>, id: &Id) {
    out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    out.extend_from_slice(id.as_str().as_bytes());
}

fn write_error(out: &mut Vec<u8>, id: &Id, error: &ApiError) {
    write_head(out, id);
    out.extend_from_slice(br#","error":"#);
    // An `ApiError` is strings and a number: writing it into memory cannot fail.
    let _ = serde_json::to_writer(&mut *out, error);
    out.push(b'}');
}

fn write_response(out: &mut Vec<u8>, id: &Id, response: &Result<DaemonServiceResponse, tarpc::ServerError>) {
    let start = out.len();
    write_head(out, id);
    out.extend_from_slice(br#","result":"#);
    let error = match response.as_ref().map(|response| response.encode(out)) {
        Ok(Ok(Ok(()))) => return out.push(b'}'),
        Ok(Ok(Err(error))) => {
            ApiError::new(ErrorKind::InternalError, format!("the result is no JSON: {error}"))
        }
        Ok(Err(error)) => error.clone(),
        Err(error) => ApiError::new(ErrorKind::InternalError, error.detail.clone()),
    };
    out.truncate(start);
    write_error(out, id, &error);
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Stream for ServerTransport<R, W> {
    type Item = io::Result<Message>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(message) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(message)));
            }
            // Both are looked at again when an answer has been written, since the same task drives both directions.
            if this.is_full() || this.calls.len() >= MAX_IN_FLIGHT {
                return Poll::Pending;
            }
            let message = match ready!(this.reader.poll_line(cx))? {
                Some(Line::Text(line)) => this.take_line(&line),
                Some(Line::TooLong) => {
                    let message = format!("the line is longer than {} bytes", this.max_line);
                    this.answer_error(
                        Some(Id::null()),
                        None,
                        &ApiError::new(ErrorKind::InvalidRequest, message),
                    );
                    None
                }
                None => return Poll::Ready(None),
            };
            if message.is_some() {
                return Poll::Ready(message.map(Ok));
            }
        }
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Sink<Response<DaemonServiceResponse>>
    for ServerTransport<R, W>
{
    type Error = io::Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.is_full() { this.poll_write_out(cx) } else { Poll::Ready(Ok(())) }
    }

    fn start_send(self: Pin<&mut Self>, response: Response<DaemonServiceResponse>) -> io::Result<()> {
        let this = self.get_mut();
        // A call that is not known any more has been cancelled, and answered then.
        if let Some(call) = this.calls.remove(&response.request_id) {
            match call.id {
                Some(id) => this.answer_with(call.batch, |out| write_response(out, &id, &response.message)),
                None => this.answer(call.batch, &[]),
            }
        }
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            this.take_pushes(cx);
            ready!(this.poll_write_out(cx))?;
            // What stopped at the high-water mark goes on now.
            if this.pushes.is_empty() {
                return Pin::new(&mut this.writer).poll_flush(cx);
            }
        }
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_write_out(cx))?;
        Pin::new(&mut this.writer).poll_shutdown(cx)
    }
}
