//! The wire by hand: lines over a socket.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use serde_json::{Value, json};

/// Longest wait for a line: one that never comes is to fail a test where it waits for that.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection to a daemon.
pub struct Wire {
    stream: BufReader<UnixStream>,
    next: u64,
}

impl Wire {
    /// Connects to the daemon at this socket.
    pub fn connect(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream: BufReader::new(stream), next: 0 }
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// The next line, to the letter.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).expect("the daemon says nothing");
        assert!(read > 0, "the daemon closed the connection");
        line
    }

    /// The next line as JSON.
    pub fn receive(&mut self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// Sends a line and gives the answer to it.
    pub fn ask(&mut self, line: impl AsRef<[u8]>) -> Value {
        self.send(line);
        self.send("\n");
        self.receive()
    }

    /// Calls a method and gives its result.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        let answer = self.try_call(method, params);
        assert_eq!(answer.get("error"), None, "{method}");
        answer["result"].clone()
    }

    /// Calls a method and gives the whole answer.
    pub fn try_call(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let answer = self.ask(
            json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }).to_string(),
        );
        assert_eq!(answer["id"], self.next);
        answer
    }

    /// Shows that the connection is alive, and that nothing more was sent before.
    pub fn is_alive(&mut self) {
        assert_eq!(self.ask(r#"{"jsonrpc":"2.0","id":"alive","method":"ping"}"#)["id"], "alive");
    }

    /// Closes the sending side and gives all that still comes.
    pub fn rest(mut self) -> String {
        self.stream.get_mut().shutdown(Shutdown::Write).unwrap();
        let mut rest = String::new();
        self.stream.read_to_string(&mut rest).unwrap();
        rest
    }
}
