//! A client of HTTP that shows what came to the letter, and one of web sockets.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use aiwg_platforms_stand_in::{Platform, StandIn};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream as Tcp;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Lines of the header, in small letters.
    pub(crate) header: String,
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Value of a line of the header.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.header.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        found.unwrap_or_else(|| panic!("no {name} in {}", self.header))
    }
}

/// Sends a request with a body in JSON, on a connection of its own. An error is a connection that ended without an answer.
pub(crate) fn send(
    stand_in: &StandIn,
    method: &str,
    path: &str,
    token: &str,
    body: &Value,
) -> io::Result<Answer> {
    let mut tcp = TcpStream::connect(stand_in.address())?;
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: stand-in\r\nconnection: close\r\nauthorization: {token}\r\n{kind}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    tcp.write_all(request.as_bytes())?;
    let mut text = String::new();
    tcp.read_to_string(&mut text)?;
    let (header, text) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = header.split(' ').nth(1).unwrap().parse().unwrap();
    Ok(Answer { status, header: header.to_ascii_lowercase(), text: text.to_owned() })
}

/// Calls a method of the Bot API.
pub(crate) fn telegram(stand_in: &StandIn, method: &str, params: &Value) -> io::Result<Answer> {
    let path = format!("/telegram/bot{}/{method}", stand_in.telegram().token());
    send(stand_in, "POST", &path, "", params)
}

/// Calls a method of the Web API with the bot's token.
pub(crate) fn slack(stand_in: &StandIn, method: &str, params: &Value) -> Value {
    let token = format!("Bearer {}", stand_in.slack().tokens().0);
    send(stand_in, "POST", &format!("/slack/api/{method}"), &token, params).unwrap().json()
}

/// Calls Discord with the bot's token.
pub(crate) fn discord(stand_in: &StandIn, method: &str, path: &str, body: &Value) -> Answer {
    let token = format!("Bot {}", stand_in.discord().token());
    send(stand_in, method, &format!("/discord/api/v10{path}"), &token, body).unwrap()
}

/// The reasons of what did not fit, in one text.
pub(crate) fn reasons(stand_in: &StandIn) -> String {
    stand_in.violations().iter().map(|one| format!("{}: {}\n", one.call, one.reason)).collect()
}

/// A web socket, driven by a runtime of its own.
pub(crate) struct Socket {
    runtime: tokio::runtime::Runtime,
    stream: WebSocketStream<MaybeTlsStream<Tcp>>,
}

/// A frame or the end of a socket.
#[derive(Debug, PartialEq)]
pub(crate) enum Came {
    Frame(Value),
    /// The end, with its code where it had one.
    End(Option<u16>),
}

impl Socket {
    /// Opens one; the status of the answer where it is refused.
    pub(crate) fn open(url: &str) -> Result<Self, u16> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let stream = runtime.block_on(tokio_tungstenite::connect_async(url));
        match stream {
            Ok((stream, _)) => Ok(Self { runtime, stream }),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{url}: {error}"),
        }
    }

    /// Opens one of Slack's.
    pub(crate) fn open_slack(stand_in: &StandIn) -> Self {
        Self::open(&slack_address(stand_in)).unwrap()
    }

    /// Opens one of Discord's, and takes its hello.
    pub(crate) fn open_discord(stand_in: &StandIn, path: &str) -> Self {
        let url = format!("ws://{}/discord/gateway/{path}?v=10&encoding=json", stand_in.address());
        let mut socket = Self::open(&url).unwrap();
        assert_eq!(socket.frame()["op"], 10);
        socket
    }

    pub(crate) fn send(&mut self, frame: &Value) {
        self.runtime.block_on(self.stream.send(Message::text(frame.to_string()))).unwrap();
    }

    pub(crate) fn close(mut self, code: u16) {
        let frame =
            tokio_tungstenite::tungstenite::protocol::CloseFrame { code: code.into(), reason: "".into() };
        self.runtime.block_on(self.stream.close(Some(frame))).unwrap();
    }

    /// The next frame or the end; pings are left out.
    pub(crate) fn next(&mut self) -> Came {
        self.runtime.block_on(async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Text(text))) => {
                        return Came::Frame(serde_json::from_str(text.as_str()).unwrap());
                    }
                    Some(Ok(Message::Close(frame))) => {
                        return Came::End(frame.map(|frame| frame.code.into()));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Came::End(None),
                }
            }
        })
    }

    /// The next frame.
    pub(crate) fn frame(&mut self) -> Value {
        match self.next() {
            Came::Frame(frame) => frame,
            Came::End(code) => panic!("the socket ended with {code:?}"),
        }
    }

    /// True if a ping is not answered before this long has passed.
    pub(crate) fn is_deaf(&mut self) -> bool {
        self.runtime.block_on(async {
            self.stream.send(Message::Ping("ping".into())).await.unwrap();
            let pong = async { while !matches!(self.stream.next().await, Some(Ok(Message::Pong(_)))) {} };
            tokio::time::timeout(std::time::Duration::from_millis(200), pong).await.is_err()
        })
    }
}

/// An address for one of Slack's sockets.
pub(crate) fn slack_address(stand_in: &StandIn) -> String {
    let token = format!("Bearer {}", stand_in.slack().tokens().1);
    let answer =
        send(stand_in, "POST", "/slack/api/apps.connections.open", &token, &json!({})).unwrap().json();
    answer["url"].as_str().unwrap().to_owned()
}

/// Number of requests that a platform got.
pub(crate) fn count(stand_in: &StandIn, platform: Platform, call: &str) -> usize {
    stand_in.requests(platform).iter().filter(|one| one.call == call).count()
}
