//! A dashboard that runs, and browsers by hand.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{
    Error, Message, WebSocket, client,
    client::IntoClientRequest,
    http::{HeaderValue, header},
    protocol::frame::coding::CloseCode,
};

use crate::support::{Project, kill, until};

/// The longest time for which a test waits for one answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// `aiwg dashboard`, until it is dropped.
pub(crate) struct Site {
    child: Option<Child>,
    lines: Receiver<String>,
    pub(crate) port: u16,
    /// The secret of its first address.
    pub(crate) secret: String,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

/// A browser that has a session.
pub(crate) struct Browser {
    host: String,
    cookie: String,
    pub(crate) key: String,
}

impl Site {
    pub(crate) fn start(project: &Project, more: &[&str]) -> Self {
        let mut command = project.command();
        command.args(["dashboard", "--port", "0"]).args(more);
        Self::run(command)
    }

    /// Starts a command that is `aiwg dashboard`.
    pub(crate) fn run(mut command: Command) -> Self {
        command.arg("--json").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (to, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| to.send(line)));
        let (secret, port) = address(&lines);
        Self { child: Some(child), lines, port: port.unwrap_or(24940), secret }
    }

    /// One that somebody else has started, and ends.
    pub(crate) fn of(port: u16, secret: &str) -> Self {
        Self { child: None, lines: channel().1, port, secret: secret.to_owned() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// The secret of the address that it shows next.
    pub(crate) fn next_secret(&self) -> String {
        address(&self.lines).0
    }

    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Sends a request with the host of the dashboard and these headers besides.
    pub(crate) fn ask(&self, start: &str, headers: &[(&str, &str)]) -> Answer {
        let host = self.host();
        let mut all = vec![("Host", host.as_str())];
        all.extend(headers);
        self.ask_with(start, &all)
    }

    /// Sends a request with these headers alone.
    pub(crate) fn ask_with(&self, start: &str, headers: &[(&str, &str)]) -> Answer {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        ask(stream, start, headers)
    }

    /// A new browser with a session and a key, by the first address.
    pub(crate) fn browser(&self) -> Browser {
        self.browser_with(&self.secret)
    }

    /// A new browser by the address with this secret.
    pub(crate) fn browser_with(&self, secret: &str) -> Browser {
        let host = self.host();
        let entered = self.ask(&format!("GET /?token={secret}"), &[]);
        assert_eq!(entered.status, 303, "{}", entered.text());
        let cookie = entered.header("set-cookie").unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let origin = format!("http://{host}");
        let key = self.ask("POST /key", &[("Cookie", &cookie), ("Origin", &origin)]);
        assert_eq!(key.status, 200, "{}", key.text());
        let key = key.json()["key"].as_str().unwrap().to_owned();
        Browser { host, cookie, key }
    }

    /// Ends it by a signal, and gives its exit code.
    pub(crate) fn end(&mut self, signal: Signal) -> Option<i32> {
        let child = self.child.as_mut().unwrap();
        kill(child.id(), signal);
        until("the dashboard's end", || child.try_wait().unwrap().is_some());
        child.wait().unwrap().code()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn address(lines: &Receiver<String>) -> (String, Option<u16>) {
    let line = lines.recv_timeout(PATIENCE).expect("an address");
    let shown: Value = serde_json::from_str(&line).unwrap();
    let (_, secret) = shown["address"].as_str().unwrap().split_once("?token=").unwrap();
    (secret.to_owned(), shown["port"].as_u64().map(|port| port.try_into().unwrap()))
}

/// Sends a request over a connection and gives the answer.
pub(crate) fn ask(mut stream: impl Read + Write, start: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = format!("{start} HTTP/1.1\r\nConnection: close\r\n");
    for (name, value) in headers {
        let _ = write!(request, "{name}: {value}\r\n");
    }
    stream.write_all(format!("{request}\r\n").as_bytes()).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let at = all.windows(4).position(|four| four == b"\r\n\r\n").expect("the end of the head");
    let body = all.split_off(at + 4);
    let head = String::from_utf8(all).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// A page's connection to a daemon.
pub(crate) struct Socket<S = TcpStream>(pub(crate) WebSocket<S>);

impl Browser {
    /// The headers of a request that a page makes.
    pub(crate) fn headers(&self) -> [(&str, &str); 2] {
        [("Cookie", &self.cookie), ("Aiwg-Key", &self.key)]
    }

    pub(crate) fn cookie(&self) -> &str {
        &self.cookie
    }

    pub(crate) fn list(&self, site: &Site) -> Value {
        let list = site.ask("GET /dashboard.json", &self.headers());
        assert_eq!(list.status, 200, "{}", list.text());
        list.json()
    }

    /// Opens a WebSocket as the page does.
    pub(crate) fn open(&self, site: &Site, path: &str) -> Socket {
        self.try_open(site, path, &format!("http://{}", self.host), &self.cookie, &self.key)
            .unwrap_or_else(|status| panic!("{path}: {status}"))
    }

    /// Opens one with what another page or program would have; or gives the status of the refusal.
    pub(crate) fn try_open(
        &self,
        site: &Site,
        path: &str,
        origin: &str,
        cookie: &str,
        key: &str,
    ) -> Result<Socket, u16> {
        let stream = TcpStream::connect(("127.0.0.1", site.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let text = |text: &str| HeaderValue::from_str(text).unwrap();
        let mut request = format!("ws://{}{path}", self.host).into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert(header::COOKIE, text(cookie));
        if !origin.is_empty() {
            headers.insert(header::ORIGIN, text(origin));
        }
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, text(&format!("aiwg, key.{key}")));
        match client(request, stream) {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(error) => match error {
                tokio_tungstenite::tungstenite::HandshakeError::Failure(Error::Http(answer)) => {
                    Err(answer.status().as_u16())
                }
                other => panic!("{other}"),
            },
        }
    }
}

impl<S: Read + Write> Socket<S> {
    /// Calls a method and gives the whole answer.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.send(Message::text(request.to_string()));
        self.receive()
    }

    /// Sends a message; whether the other end still takes it is seen by what comes.
    pub(crate) fn send(&mut self, message: Message) {
        let _ = self.0.send(message);
    }

    /// The next message.
    pub(crate) fn receive(&mut self) -> Value {
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The closing code and reason, whatever comes before.
    pub(crate) fn closed(&mut self) -> (u16, String) {
        loop {
            match self.0.read() {
                Ok(Message::Close(Some(frame))) => {
                    return (CloseCode::into(frame.code), frame.reason.to_string());
                }
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// True if a file's text has another text in it.
pub(crate) fn has(path: &Path, text: &str) -> bool {
    std::fs::read(path).is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}
