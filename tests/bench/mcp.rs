//! `aiwg mcp`, from its start to the answer to `initialize`, beside a bare fork and exec.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    daemon::BenchDaemon,
    start::{median, true_command},
    table,
};

const ROUNDS: usize = 50;

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}"#;

pub(crate) fn run(aiwg: &Path) {
    let daemon = BenchDaemon::start(aiwg, &json!({}));
    table::head("the start of a process, median ms", "aiwg mcp", "fork and exec");
    table::row("to the answer to initialize", median(ROUNDS, || initialize(aiwg, &daemon)), true_command());
}

/// Starts a server, and waits for its first answer.
fn initialize(aiwg: &Path, daemon: &BenchDaemon) {
    let mut server = Command::new(aiwg);
    server.arg("mcp").current_dir(daemon.file("")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut server = server.spawn().unwrap();
    let mut input = server.stdin.take().unwrap();
    writeln!(input, "{INITIALIZE}").unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let answer: Value = serde_json::from_str(&line).unwrap();
    assert!(answer["result"]["serverInfo"].is_object(), "{line}");
    drop(input);
    server.kill().unwrap();
    server.wait().unwrap();
}
