//! A daemon at the far end of a tunnel that is an enemy: it answers every call, in the shape that the definition has for it, with texts that would act
//! on a terminal.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json};

use crate::support::repository;

/// Beginning of the line that it would like to pass for one of ours.
pub(super) const FORGED: &str = "Everything is fine";

/// Its way to answer.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Lie {
    Results,
    Errors,
}

/// Its texts.
pub(super) fn wild() -> String {
    format!(
        "x\u{1b}[2J\u{1b}]52;c;cm0gLXJmIC8=\u{7}\u{9b}2J\u{90}q\u{9c}\u{8}\u{7f}\u{202e}\u{2066}\u{200f}\u{61c}\u{2028}\r\n{FORGED}\n\u{1b}[35m"
    )
}

struct Liar {
    lie: Lie,
    text: String,
    schema: Value,
    /// True once it has said that it stops: the next client finds nobody.
    is_gone: AtomicBool,
}

/// Listens there, and lies to whoever comes, until the test's process ends.
pub(super) fn lies_at(socket: &Path, lie: Lie, text: String) {
    let schema = std::fs::read(repository().join("schema/openrpc.json")).unwrap();
    let liar = Arc::new(Liar {
        lie,
        text,
        schema: serde_json::from_slice(&schema).unwrap(),
        is_gone: AtomicBool::new(false),
    });
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if liar.is_gone.swap(false, Ordering::Relaxed) {
                continue;
            }
            let liar = Arc::clone(&liar);
            // Whoever hangs up has heard enough.
            std::thread::spawn(move || liar.talk(stream).ok());
        }
    });
}

impl Liar {
    fn talk(&self, stream: UnixStream) -> std::io::Result<()> {
        let mut to = stream.try_clone()?;
        for line in BufReader::new(stream).lines() {
            let call: Value = serde_json::from_str(&line?)?;
            let method = call["method"].as_str().unwrap_or_default();
            if call["id"].is_null() {
                continue;
            }
            let answer = match self.lie {
                Lie::Errors => {
                    let error =
                        json!({ "code": -32001, "message": self.text, "data": { "kind": self.text } });
                    json!({ "jsonrpc": "2.0", "id": call["id"], "error": error })
                }
                Lie::Results => json!({ "jsonrpc": "2.0", "id": call["id"], "result": self.result(method) }),
            };
            if method == "daemon.stop" {
                self.is_gone.store(true, Ordering::Relaxed);
            }
            writeln!(to, "{answer}")?;
            if method == "event.subscribe" {
                writeln!(to, "{}", json!({ "jsonrpc": "2.0", "method": "event", "params": self.pushed() }))?;
            }
            if method == "daemon.stop" {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The example of the definition that says most, with other texts.
    fn result(&self, method: &str) -> Value {
        let methods = self.schema["methods"].as_array().unwrap();
        let found = methods.iter().find(|found| found["name"] == method).unwrap();
        let examples =
            found["examples"].as_array().unwrap().iter().map(|example| &example["result"]["value"]);
        let mut result = examples.max_by_key(|result| result.to_string().len()).unwrap().clone();
        self.replace("", &mut result);
        result
    }

    fn pushed(&self) -> Value {
        let mut event = self.result("event.list")[0].clone();
        event["payload"] = json!(self.text);
        json!({ "subscription": 1, "event": event })
    }

    /// Every text but those that could not be read as what they stand for.
    fn replace(&self, name: &str, value: &mut Value) {
        const WORDS: [&str; 10] = [
            "state", "health", "type", "outcome", "source", "encoding", "stream", "role", "on_busy", "onBusy",
        ];
        match value {
            Value::Object(members) => members.iter_mut().for_each(|(name, value)| self.replace(name, value)),
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace(name, item)),
            // Sums of them are more than a number can be.
            Value::Number(tokens) if name.ends_with("Tokens") => *tokens = u64::MAX.into(),
            Value::Bool(ended) if name == "ended" => *ended = true,
            // What an agent writes is passed on to programs byte by byte.
            Value::String(data) if name == "data" => *data = "c2FpZAo=".to_owned(),
            Value::String(text) if WORDS.contains(&name) || text.starts_with("20") => {}
            Value::String(text) => *text = self.text.clone(),
            _ => {}
        }
    }
}

/// A directory that is short enough for a socket, and the socket in it.
pub(super) fn somewhere() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::Builder::new().prefix("aiwg-cli-").tempdir().unwrap();
    let socket = dir.path().join("far.sock");
    (dir, socket)
}
