//! The messages of a client: one JSON-RPC message a line on standard input, the answers on standard output.
//!
//! It is here, and not the library's own, since each request must end in an answer, whatever is wrong with it: a line that is too long or of the
//! wrong shape, or an id that is in use. Whoever waits for the answer to such a line would wait for ever.

use std::{
    collections::{HashSet, VecDeque},
    io,
    sync::{Arc, Mutex, PoisonError},
};

use rmcp::{
    RoleServer,
    model::{ErrorCode, ErrorData, JsonRpcMessage, RequestId},
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::{Value, value::RawValue};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio_util::sync::CancellationToken;

/// The longest line of a client, in bytes: that of the daemon, and the least that holds what it takes.
const LONGEST_LINE: usize = aiwg_protocol::wire::DEFAULT_MAX_LINE_BYTES;

/// The longest part of a line that is sought for its id, in bytes.
const LONGEST_LOOK: usize = 64 * 1024;

/// The most messages of one batch.
const MOST_IN_BATCH: usize = 1000;

/// The transport.
pub(crate) struct Lines<R, W> {
    read: BufReader<R>,
    line: Vec<u8>,
    /// The messages of a batch that are still to be served. Versions of the protocol before 2025-06-18 have batches.
    batch: VecDeque<Box<RawValue>>,
    /// True while the rest of a line that is too long is skipped.
    skips: bool,
    write: Arc<tokio::sync::Mutex<W>>,
    /// The ids of the requests that have had no answer.
    open: Arc<Mutex<HashSet<RequestId>>>,
    /// True once a request has come: before it nothing else means anything.
    begun: bool,
    /// Is cancelled when the client has closed its end: nobody waits for anything any more.
    closed: CancellationToken,
}

/// The parts of a message by which it is answered where it is no message of the protocol.
#[derive(Deserialize)]
struct Envelope {
    /// `null` is one, though none that a request may have.
    #[serde(default, deserialize_with = "there")]
    id: Option<Value>,
    #[serde(default)]
    method: Option<Value>,
    #[serde(default, deserialize_with = "there")]
    result: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "there")]
    error: Option<IgnoredAny>,
}

/// A member that is there, whatever it is.
fn there<'de, D: Deserializer<'de>, T: Deserialize<'de>>(member: D) -> Result<Option<T>, D::Error> {
    T::deserialize(member).map(Some)
}

impl<R: AsyncRead + Send + Unpin, W: AsyncWrite + Send + Unpin + 'static> Lines<R, W> {
    /// A transport over these streams.
    pub(crate) fn new(read: R, write: W, closed: CancellationToken) -> Self {
        Self {
            read: BufReader::new(read),
            line: Vec::new(),
            batch: VecDeque::new(),
            skips: false,
            write: Arc::new(tokio::sync::Mutex::new(write)),
            open: Arc::default(),
            begun: false,
            closed,
        }
    }

    /// The next line, in `self.line`; false if it was too long, and none at the end. It loses nothing if it is dropped.
    async fn next_line(&mut self) -> io::Result<Option<bool>> {
        loop {
            let part = self.read.fill_buf().await?;
            if part.is_empty() {
                let rest = !self.skips && !self.line.is_empty();
                return Ok(rest.then_some(true));
            }
            let end = part.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(part.len(), |end| end + 1);
            if !self.skips {
                let room = LONGEST_LINE.saturating_sub(self.line.len());
                let kept = end.unwrap_or(taken);
                self.line.extend_from_slice(part.get(..kept.min(room)).unwrap_or_default());
                self.skips = kept > room;
            }
            self.read.consume(taken);
            if end.is_some() {
                return Ok(Some(!std::mem::take(&mut self.skips)));
            }
        }
    }

    /// The message of a line; none if it is none, which is answered beside.
    fn message(&mut self, line: &[u8], is_whole: bool) -> Option<RxJsonRpcMessage<RoleServer>> {
        if !is_whole {
            let what = format!("the line is longer than {LONGEST_LINE} bytes, and was not read");
            let head = line.get(..LONGEST_LOOK).unwrap_or(line);
            return self.refuse(id_in(head), ErrorCode::INVALID_REQUEST, what);
        }
        let line = line.trim_ascii();
        if line.is_empty() {
            return None;
        }
        if line.starts_with(b"[") {
            return self.begin_batch(line);
        }
        match serde_json::from_slice::<RxJsonRpcMessage<RoleServer>>(line) {
            Ok(JsonRpcMessage::Notification(_)) if has_id(line) => {
                self.refuse(None, ErrorCode::INVALID_REQUEST, "the id of a request is not null".to_owned())
            }
            Ok(message) => self.checked(message),
            Err(error) => self.unreadable(line, &error),
        }
    }

    /// Takes in the messages of a batch. Each is answered by itself, on a line of its own.
    fn begin_batch(&mut self, line: &[u8]) -> Option<RxJsonRpcMessage<RoleServer>> {
        match serde_json::from_slice::<Vec<Box<RawValue>>>(line) {
            Ok(messages) if (1..=MOST_IN_BATCH).contains(&messages.len()) => {
                self.batch = messages.into();
                None
            }
            Ok(messages) => {
                let what = format!("a batch has 1 to {MOST_IN_BATCH} messages, and not {}", messages.len());
                self.refuse(None, ErrorCode::INVALID_REQUEST, what)
            }
            Err(error) => self.refuse(None, ErrorCode::PARSE_ERROR, format!("the line is no JSON: {error}")),
        }
    }

    /// The next message of the batch.
    fn next_of_batch(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        while let Some(message) = self.batch.pop_front() {
            let text = message.get();
            // A batch in a batch is none.
            let message = if text.starts_with('[') {
                self.unreadable_in_batch()
            } else {
                self.message(text.as_bytes(), true)
            };
            if message.is_some() {
                return message;
            }
        }
        None
    }

    fn unreadable_in_batch(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        self.refuse(None, ErrorCode::INVALID_REQUEST, "a message is an object".to_owned())
    }

    /// A message that can be served: its id is not in use.
    fn checked(&mut self, message: RxJsonRpcMessage<RoleServer>) -> Option<RxJsonRpcMessage<RoleServer>> {
        match &message {
            JsonRpcMessage::Request(request) => {
                self.begun = true;
                let is_new =
                    self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(request.id.clone());
                if !is_new {
                    let what = format!("the id {} is that of a request that has no answer yet", request.id);
                    return self.refuse(Some(request.id.clone()), ErrorCode::INVALID_REQUEST, what);
                }
            }
            JsonRpcMessage::Notification(notification) => {
                // Whoever cancels a request gets no answer to it.
                let cancelled = serde_json::to_value(notification).ok();
                let id = cancelled
                    .as_ref()
                    .filter(|it| it["method"] == "notifications/cancelled")
                    .and_then(|it| id_of(&it["params"]["requestId"]));
                if let Some(id) = id {
                    self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                }
            }
            _ => {}
        }
        Some(message).filter(|_| self.begun)
    }

    /// A line that is JSON-RPC of another shape, or no JSON at all.
    fn unreadable(&mut self, line: &[u8], error: &serde_json::Error) -> Option<RxJsonRpcMessage<RoleServer>> {
        let Ok(envelope) = serde_json::from_slice::<Envelope>(line) else {
            return match serde_json::from_slice::<IgnoredAny>(line) {
                Ok(_) => self.refuse(
                    None,
                    ErrorCode::INVALID_REQUEST,
                    "a message is an object, or a batch of them, one a line".to_owned(),
                ),
                Err(error) => {
                    self.refuse(None, ErrorCode::PARSE_ERROR, format!("the line is no JSON: {error}"))
                }
            };
        };
        let is_answer = envelope.result.is_some() || envelope.error.is_some();
        match (envelope.id.as_ref().map(id_of), envelope.method) {
            // A notification that is not known, or an answer to nothing.
            (None, Some(_)) => None,
            (Some(_), None) if is_answer => None,
            (id, _) => {
                self.refuse(id.flatten(), ErrorCode::INVALID_REQUEST, format!("no such request: {error}"))
            }
        }
    }

    fn refuse(
        &mut self,
        id: Option<RequestId>,
        code: ErrorCode,
        what: String,
    ) -> Option<RxJsonRpcMessage<RoleServer>> {
        let answer = TxJsonRpcMessage::<RoleServer>::error(ErrorData::new(code, what, None), id);
        let (write, closed) = (Arc::clone(&self.write), self.closed.clone());
        // Beside what reads, which may be dropped at any moment: a line is written as a whole.
        tokio::spawn(async move {
            if written(&write, &answer).await.is_err() {
                closed.cancel();
            }
        });
        None
    }
}

async fn written<W: AsyncWrite + Unpin>(
    write: &tokio::sync::Mutex<W>,
    message: &TxJsonRpcMessage<RoleServer>,
) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    let mut write = write.lock().await;
    write.write_all(&line).await?;
    write.flush().await
}

/// True if a message has an id, though it be `null`.
fn has_id(line: &[u8]) -> bool {
    serde_json::from_slice::<Envelope>(line).is_ok_and(|envelope| envelope.id.is_some())
}

/// The id in a value; none if it is no id.
fn id_of(value: &Value) -> Option<RequestId> {
    serde_json::from_value(value.clone()).ok()
}

/// The id in the beginning of a message, if it is one of the first members, as most clients have it.
fn id_in(head: &[u8]) -> Option<RequestId> {
    let text = std::str::from_utf8(head.get(..head.len().min(200))?).ok()?;
    let (_, rest) = text.split_once("\"id\":")?;
    let end = rest.find([',', '}'])?;
    serde_json::from_str(rest.get(..end)?.trim()).ok()
}

impl<R: AsyncRead + Send + Unpin, W: AsyncWrite + Send + Unpin + 'static> Transport<RoleServer>
    for Lines<R, W>
{
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let id = match &message {
            JsonRpcMessage::Response(response) => Some(&response.id),
            JsonRpcMessage::Error(error) => error.id.as_ref(),
            _ => None,
        };
        if let Some(id) = id {
            self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        }
        let (write, closed) = (Arc::clone(&self.write), self.closed.clone());
        async move {
            let result = written(&write, &message).await;
            if result.is_err() {
                closed.cancel();
            }
            result
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        let closed = self.closed.clone();
        loop {
            if let Some(message) = self.next_of_batch() {
                return Some(message);
            }
            let is_whole = tokio::select! {
                line = self.next_line() => line.ok().flatten(),
                () = closed.cancelled() => None,
            };
            let Some(is_whole) = is_whole else {
                closed.cancel();
                return None;
            };
            let line = std::mem::take(&mut self.line);
            if let Some(message) = self.message(&line, is_whole) {
                return Some(message);
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        Ok(())
    }
}
