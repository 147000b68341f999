//! The control over HTTP, of the program.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// The program, ended with its test.
struct Program {
    process: Child,
    /// The line that it prints.
    environment: Value,
}

impl Program {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aiwg-platforms-stand-in"));
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, environment: serde_json::from_str(&line).unwrap() }
    }

    fn send(&self, method: &str, url: &str, body: &Value) -> (u16, Value) {
        let (address, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut tcp = TcpStream::connect(address).unwrap();
        let body = body.to_string();
        let head = format!(
            "{method} /{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json"
        );
        write!(tcp, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut text = String::new();
        tcp.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
    }

    fn control(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.send(method, &format!("{}{path}", self.environment["control"].as_str().unwrap()), body)
    }

    /// Carries a verb out.
    fn act(&self, path: &str, body: Value) -> Value {
        let (status, value) = self.control("POST", path, &body);
        assert_eq!(status, 200, "{path}: {value}");
        value
    }

    fn look(&self, path: &str) -> Value {
        self.control("GET", path, &json!({})).1
    }

    fn text(&self, name: &str) -> &str {
        self.environment[name].as_str().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_script_speaks_and_looks() {
    let program = Program::start();
    program.act("telegram/addChat", json!({ "chat": "-1001", "kind": "forum" }));
    program.act("telegram/addTopic", json!({ "chat": "-1001", "topic": 7 }));
    let said =
        program.act("telegram/say", json!({ "chat": "-1001", "from": "77", "text": "hello", "thread": "7" }));
    assert_eq!(said["message"], "1");
    let url = format!(
        "{}/bot{}/sendMessage",
        program.text("AIWG_TELEGRAM_API_URL"),
        program.text("AIWG_TELEGRAM_TOKEN")
    );
    let params = json!({ "chat_id": -1001, "text": "x", "message_thread_id": 7 });
    assert_eq!(program.send("POST", &url, &params).0, 200);
    assert_eq!(program.look("telegram")["chats"]["-1001"][1]["text"], "x");
    assert_eq!(program.look("requests")[0]["call"], "sendMessage");
    assert_eq!(program.look("violations"), json!([]));
    program.act(
        "telegram/addFault",
        json!({ "kind": { "too_many_requests": { "retry_after": 3.0 } }, "times": 1 }),
    );
    assert_eq!(program.send("POST", &url, &params).0, 429);
    program.act("telegram/addFault", json!({ "kind": "server_error" }));
    assert_eq!(program.send("POST", &url, &params).0, 500);
    program.act("telegram/clearFaults", json!({}));
    assert_eq!(program.send("POST", &url, &json!({ "chat_id": -1001 })).0, 400);
    assert!(program.look("violations")[0]["reason"].as_str().unwrap().contains("text"));
}

#[test]
fn all_three_are_there() {
    let program = Program::start();
    program.act("slack/addChannel", json!({ "channel": "C1" }));
    program.act(
        "slack/say",
        json!({ "chat": "C1", "from": "U1", "text": "hello", "mention": true, "speaker": "external" }),
    );
    assert_eq!(program.look("slack")["envelopes"].as_array().unwrap().len(), 2);
    program.act("discord/addChannel", json!({ "channel": "5" }));
    program.act("discord/say", json!({ "chat": "5", "from": "6", "text": "hello" }));
    program.act("discord/command", json!({ "channel": "5", "from": "6", "name": "status", "options": {} }));
    assert_eq!(program.look("discord")["channels"]["5"][0]["content"], "hello");
    assert_eq!(program.look("environment")["AIWG_DISCORD_TOKEN"], program.environment["AIWG_DISCORD_TOKEN"]);
}

#[test]
fn what_is_not_understood_is_said() {
    let program = Program::start();
    let (status, answer) = program.control("POST", "telegram/sya", &json!({}));
    assert_eq!((status, &answer["error"]), (400, &json!("Telegram has no sya")));
    let (_, answer) = program.control("POST", "slack/say", &json!({ "chat": "C1", "from": "U1" }));
    assert!(answer["error"].as_str().unwrap().contains("text"));
    let (_, answer) = program.control("POST", "slack/addFault", &json!({ "kind": "no_such" }));
    assert!(answer["error"].as_str().unwrap().contains("no_such"));
    assert_eq!(program.control("GET", "irc", &json!({})).0, 400);
}
