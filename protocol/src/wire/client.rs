//! The client's end of the wire: tarpc's requests and responses above, JSON-RPC 2.0 lines below.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures::{Sink, Stream};
use serde::Deserialize;
use serde_json::value::RawValue;
use tarpc::{ClientMessage, Response, ServerError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::codec::Framed;

pub use super::codec::{FromServer, ServerNotification, ToServer};
use super::codec::{JsonRpc, Lines};
use crate::{
    definition::Repeat,
    error::{ApiError, ErrorKind},
    service::{DaemonServiceRequest, DaemonServiceResponse},
    types::Json,
};

/// The messages of a connection, for those who send and receive them one by one.
pub type Messages<S> = tokio_serde::Framed<Framed<S, Lines>, FromServer, ToServer, JsonRpc>;

/// The messages on a byte stream.
pub fn messages<S: AsyncRead + AsyncWrite>(stream: S) -> Messages<S> {
    tokio_serde::Framed::new(Framed::new(stream, Lines::default()), JsonRpc)
}

/// JSON-RPC 2.0 over a byte stream, as the transport of a tarpc client. Notifications are passed over: who wants them has a
/// connection for them, so that reading them slowly delays no answer.
#[derive(Debug)]
pub struct ClientTransport<S> {
    wire: Messages<S>,
    /// The calls in flight, by id.
    calls: HashMap<u64, Call>,
    /// Reason for which the daemon takes none of this connection's calls, if it does not: there are too many
    /// connections.
    refused: Option<ApiError>,
    /// True if calls that were made before the end of a refused connection have been sent, and so get the reason as
    /// well.
    is_last_send: bool,
    /// True if the connection can no longer be written. What can still be read may say why.
    is_broken: bool,
}

/// The facts about a call that are needed to understand its answer.
#[derive(Debug)]
struct Call {
    /// The method: an answer does not say what it answers.
    method: usize,
    /// Length of its line, in bytes.
    bytes: usize,
}

/// A request as it is sent, any number of times. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RequestLine {
    id: u64,
    method: usize,
    line: Bytes,
}

impl RequestLine {
    /// The line of a request with this id.
    ///
    /// # Errors
    /// A value in it cannot be written as JSON.
    pub fn new(id: u64, request: DaemonServiceRequest) -> io::Result<Self> {
        let method = request.index();
        Ok(Self { id, method, line: ToServer::Request(id, request).to_line()? })
    }

    /// The same request without a member of its params, for a daemon that does not know it.
    ///
    /// # Errors
    /// There are no params.
    pub fn without(&self, member: &str) -> io::Result<Self> {
        #[derive(Deserialize)]
        struct Parts<'a> {
            #[serde(borrow)]
            params: BTreeMap<String, &'a RawValue>,
        }
        let Parts { mut params } = serde_json::from_slice(&self.line)?;
        params.remove(member);
        let name = crate::METHODS.get(self.method).map_or("", |method| method.name);
        let line = ToServer::Untyped(self.id, name.to_owned(), Some(Json::new(&params)?)).to_line()?;
        Ok(Self { line, ..*self })
    }

    /// The way in which it may be sent again if its answer was lost.
    pub fn repeat(&self) -> Repeat {
        crate::METHODS.get(self.method).map_or(Repeat::Never, |method| method.repeat)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> ClientTransport<S> {
    /// Sends a request, once the sink is ready.
    ///
    /// # Errors
    /// The connection can no longer be written.
    pub fn send_line(&mut self, request: &RequestLine) -> io::Result<()> {
        let RequestLine { id, method, line } = request.clone();
        self.calls.insert(id, Call { method, bytes: line.len() });
        self.start(ToServer::Line(line))
    }

    fn start(&mut self, message: ToServer) -> io::Result<()> {
        self.is_last_send = false;
        if self.takes_nothing() { Ok(()) } else { Pin::new(&mut self.wire).start_send(message) }
    }

    /// A transport on this stream.
    pub fn new(stream: S) -> Self {
        Self {
            wire: messages(stream),
            calls: HashMap::new(),
            refused: None,
            is_last_send: false,
            is_broken: false,
        }
    }

    /// The result of a write. A broken pipe is no error here: what can still be read may say why.
    fn written(&mut self, poll: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
        match poll {
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_broken = true;
                Poll::Ready(Ok(()))
            }
            other => other,
        }
    }

    fn takes_nothing(&self) -> bool {
        self.is_broken || self.refused.is_some()
    }

    /// The answer to one of the calls of a connection that was refused.
    fn refused_call(&mut self) -> Option<Response<DaemonServiceResponse>> {
        let error = self.refused.as_ref()?;
        let id = *self.calls.keys().next()?;
        let Call { method, .. } = self.calls.remove(&id)?;
        let message = DaemonServiceResponse::decode(method, Err(error.clone()))
            .map_err(|error| ServerError::new(io::ErrorKind::InvalidData, error.to_string()));
        Some(Response { request_id: id, message })
    }

    /// The call that an error without an id is about: what this end sends is well-formed, so that it can only be too long, and where any
    /// of the lines in flight is, the longest of them is.
    fn longest(&self) -> Option<u64> {
        self.calls.iter().max_by_key(|(_, call)| call.bytes).map(|(id, _)| *id)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for ClientTransport<S> {
    type Item = io::Result<Response<DaemonServiceResponse>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(refused) = this.refused_call() {
                return Poll::Ready(Some(Ok(refused)));
            }
            let message = ready!(Pin::new(&mut this.wire).poll_next(cx)).transpose();
            // How a connection ends that takes nothing does not matter: that it was refused has been read before.
            let message = if this.takes_nothing() { message.unwrap_or_default() } else { message? };
            let (id, outcome) = match message {
                None if this.refused.is_some() && !std::mem::replace(&mut this.is_last_send, true) => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                None => return Poll::Ready(None),
                Some(FromServer::Notification(_)) => continue,
                Some(FromServer::Response(None, Err(error)))
                    if error.kind() == Some(ErrorKind::TooManyConnections) =>
                {
                    this.refused = Some(error);
                    continue;
                }
                Some(FromServer::Response(None, Err(error))) => (this.longest(), Ok(Err(error))),
                Some(FromServer::Response(id, outcome)) => (id, Ok(outcome)),
                Some(FromServer::Unreadable(id, why)) => (id, Err(why)),
            };
            // An answer to a call that is not in flight is the one to a call that was cancelled.
            let Some((id, Call { method, .. })) = id.and_then(|id| this.calls.remove_entry(&id)) else {
                continue;
            };
            let message = outcome.and_then(|outcome| {
                let outcome = outcome.as_ref().map(|result| result.get()).map_err(Clone::clone);
                DaemonServiceResponse::decode(method, outcome).map_err(|error| error.to_string())
            });
            // What cannot be understood is an answer all the same: it fails its own call, and no other.
            let message = message.map_err(|why| ServerError::new(io::ErrorKind::InvalidData, why));
            return Poll::Ready(Some(Ok(Response { request_id: id, message })));
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<ClientMessage<DaemonServiceRequest>> for ClientTransport<S> {
    type Error = io::Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.takes_nothing() {
            return Poll::Ready(Ok(()));
        }
        let ready = Pin::new(&mut this.wire).poll_ready(cx);
        this.written(ready)
    }

    fn start_send(self: Pin<&mut Self>, message: ClientMessage<DaemonServiceRequest>) -> io::Result<()> {
        let this = self.get_mut();
        match message {
            ClientMessage::Request(request) => {
                this.send_line(&RequestLine::new(request.id, request.message)?)
            }
            ClientMessage::Cancel { request_id, .. } => {
                this.calls.remove(&request_id);
                this.start(ToServer::Cancel(request_id))
            }
            _ => Ok(()),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.takes_nothing() {
            return Poll::Ready(Ok(()));
        }
        let flushed = Pin::new(&mut this.wire).poll_flush(cx);
        this.written(flushed)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().wire).poll_close(cx)
    }
}
