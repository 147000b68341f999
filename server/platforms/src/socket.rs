//! Web sockets, over the same connections as all requests: one TLS stack, the system's certificates and proxies, no address in an error.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use reqwest::{
    StatusCode, Upgraded, Url,
    header::{
        CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
        UPGRADE,
    },
};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        handshake::{client::generate_key, derive_accept_key},
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use crate::http::{Failed, Http, chain};

/// Time until an open socket is there, or is not to be had.
const OPEN: Duration = Duration::from_secs(30);

/// Time for a frame to leave: a connection that takes none is dead.
const SEND: Duration = Duration::from_secs(15);

/// The longest message that is read, in bytes.
const LONGEST_MESSAGE: usize = 16 * 1024 * 1024;

/// The most that waits to be written, in bytes.
const LONGEST_WRITTEN: usize = 1024 * 1024;

/// Bytes that are read at once.
const READ_AT_ONCE: usize = 8 * 1024;

/// An open web socket. It answers pings by itself, whenever it is read from.
pub struct Socket {
    stream: WebSocketStream<Upgraded>,
}

/// A frame that came over a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A text.
    Text(String),
    /// A ping, a pong, or something else that says no more than that the other side is there.
    Alive,
    /// The other side has closed it: its code, if it said one, and its reason. Nothing comes after it.
    Closed {
        /// The code.
        code: Option<u16>,
        /// The reason; empty if none was given.
        reason: String,
    },
}

impl Socket {
    /// Opens the socket at an address that a platform has named. `domains` are the platform's own, in which its hosts must be; a host in the
    /// domain of the base address is one of them.
    ///
    /// # Errors
    /// The host is none of the platform's, or there is no socket to be had. No error has the address in it, which may be a secret.
    pub async fn open(http: &Http, address: &str, domains: &[&str]) -> Result<Self, Failed> {
        let url = allowed(http, address, domains).map_err(|why| Failed { why, is_unsent: true })?;
        timeout(OPEN, Self::shake_hands(http, url)).await.unwrap_or_else(|_| {
            Err(Failed { why: "the web socket did not open in time".to_owned(), is_unsent: false })
        })
    }

    async fn shake_hands(http: &Http, url: Url) -> Result<Self, Failed> {
        let key = generate_key();
        let expected = derive_accept_key(key.as_bytes());
        let unfit = |why: &str| Failed { why: format!("no web socket is opened: {why}"), is_unsent: false };
        let mut headers = HeaderMap::new();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::from_str(&key).map_err(|_| unfit("the key is none"))?);
        let failed = |error: reqwest::Error| Failed {
            is_unsent: error.is_connect() || error.is_builder(),
            why: chain(&error.without_url()),
        };
        let response = http.client().get(url).headers(headers).send().await.map_err(failed)?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(unfit(&format!("the answer is {}", response.status())));
        }
        let accepted = response.headers().get(SEC_WEBSOCKET_ACCEPT).and_then(|value| value.to_str().ok());
        if accepted != Some(&expected) {
            return Err(unfit("the answer does not fit the question"));
        }
        let upgraded = response.upgrade().await.map_err(failed)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_AT_ONCE)
            .write_buffer_size(0)
            .max_write_buffer_size(LONGEST_WRITTEN)
            .max_message_size(Some(LONGEST_MESSAGE))
            .max_frame_size(Some(LONGEST_MESSAGE));
        Ok(Self { stream: WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await })
    }

    /// Waits for what comes next, without end: the caller asks by a ping or a heartbeat whether the other side is there. It may be dropped
    /// while it waits; nothing is lost by that.
    ///
    /// # Errors
    /// The connection is broken.
    pub async fn next(&mut self) -> Result<Frame, Failed> {
        let gone = Frame::Closed { code: None, reason: String::new() };
        match self.stream.next().await {
            Some(Ok(Message::Text(text))) => Ok(Frame::Text(text.as_str().to_owned())),
            Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => {
                Ok(Frame::Closed { code: Some(code.into()), reason: reason.as_str().to_owned() })
            }
            Some(Ok(Message::Close(None)) | Err(Error::ConnectionClosed | Error::AlreadyClosed)) | None => {
                Ok(gone)
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {
                Ok(Frame::Alive)
            }
            Some(Err(error)) => Err(broken(&error)),
        }
    }

    /// Sends a text.
    ///
    /// # Errors
    /// The connection is broken, or takes nothing more.
    pub async fn send(&mut self, text: String) -> Result<(), Failed> {
        self.write(Message::text(text)).await
    }

    /// Asks whether the other side is there: its answer comes as [`Frame::Alive`].
    ///
    /// # Errors
    /// The connection is broken, or takes nothing more.
    pub async fn ping(&mut self) -> Result<(), Failed> {
        self.write(Message::Ping(Default::default())).await
    }

    /// Closes it with a code. What still comes is not read.
    pub async fn close(mut self, code: u16) {
        let frame = CloseFrame { code: CloseCode::from(code), reason: Default::default() };
        // Whoever does not hear it sees the connection end.
        let _ = self.write(Message::Close(Some(frame))).await;
    }

    async fn write(&mut self, message: Message) -> Result<(), Failed> {
        match timeout(SEND, self.stream.send(message)).await {
            Ok(done) => done.map_err(|error| broken(&error)),
            Err(_) => Err(Failed { why: "the connection takes nothing more".to_owned(), is_unsent: false }),
        }
    }
}

fn broken(error: &Error) -> Failed {
    Failed { why: format!("the connection is broken: {error}"), is_unsent: false }
}

/// The address to ask for a socket, if it is the platform's: on this machine where the base address is, else in a domain of the platform.
fn allowed(http: &Http, address: &str, domains: &[&str]) -> Result<Url, String> {
    let foreign = || "the platform names a web socket that is none of its own hosts'; nothing was sent there";
    let scheme = match address.split_once("://") {
        Some(("wss", rest)) => format!("https://{rest}"),
        Some(("ws", rest)) if http.is_loopback() => format!("http://{rest}"),
        _ => return Err(foreign().to_owned()),
    };
    let url = Url::parse(&scheme).map_err(|_| foreign().to_owned())?;
    if http.owns(&url, domains) { Ok(url) } else { Err(foreign().to_owned()) }
}

#[cfg(test)]
mod tests;
