//! Lines that have come: batches, requests and notifications, and what is none of these.

use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Call, Message, ServerTransport};
use crate::{
    error::{ApiError, ErrorKind},
    service::{DaemonServiceRequest, RPC_CANCEL, RPC_CANCEL_ALIAS},
    types::RpcCancelParams,
    wire::{CALL_BYTES, Entries, Incoming, MAX_BATCH, Request, batch::BatchId, message::Id},
};

/// Memory that an entry of a list or map of params takes beside its text, in bytes.
const ENTRY_BYTES: usize = 96;

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> ServerTransport<R, W> {
    /// Reads a line and gives the request in it, if it holds one that is to be carried out.
    pub(super) fn take_line(&mut self, line: &[u8]) -> Option<Message> {
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

    pub(super) fn refuse_line(&mut self, kind: ErrorKind, message: String) {
        self.answer_error(Some(Id::null()), None, &ApiError::new(kind, message));
    }

    pub(super) fn take_batch(&mut self, entries: &Entries<'_>, bytes: usize) {
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

    pub(super) fn take_request(
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
    pub(super) fn take_cancel(&mut self, request: &Request<'_>, batch: Option<BatchId>) -> Option<Message> {
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
