//! Scripts over the packaged JavaScript and Python clients, from their start to their end, beside the interpreters without them; and the
//! packages' sizes.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::json;

use crate::{EMIT, clients::installed, daemon::BenchDaemon, start::median, table};

const ROUNDS: usize = 40;

const JAVASCRIPT_IMPORT: &str = "require('aiwg')";
const JAVASCRIPT_EMIT: &str =
    "new (require('aiwg').DaemonClient)(process.argv[1]).emit('bench:happened', { version: '1.2.3' })";
const PYTHON_IMPORT: &str = "from aiwg.daemon import DaemonClient";
const PYTHON_EMIT: &str = "import sys
from aiwg.daemon import DaemonClient
with DaemonClient(sys.argv[1]) as client:
    client.emit('bench:happened', {'version': '1.2.3'})";

pub(crate) fn run(aiwg: &Path) {
    let daemon = BenchDaemon::start(aiwg, &json!({}));
    let socket = &daemon.socket;
    table::head("a script, the whole process, median ms", "with aiwg", "without");
    let row = |what: &str, with: [String; 2], without: [String; 2], script: fn(&str) -> Command| {
        let time = |code: &str| {
            median(ROUNDS, || {
                let mut command = script(code);
                assert!(command.arg(socket).stdout(Stdio::null()).status().unwrap().success());
            })
        };
        table::row(&format!("{what}: import"), time(&with[0]), time(&without[0]));
        table::row(&format!("{what}: to an acknowledged emit"), time(&with[1]), time(&without[1]));
    };
    let with = [JAVASCRIPT_IMPORT, JAVASCRIPT_EMIT].map(str::to_owned);
    row("JavaScript", with, ["0".to_owned(), bare_javascript()], javascript);
    let with = [PYTHON_IMPORT, PYTHON_EMIT].map(str::to_owned);
    row("Python", with, ["0".to_owned(), bare_python()], python);
    sizes();
}

fn javascript(code: &str) -> Command {
    let mut command = Command::new("node");
    command.env("NODE_PATH", installed().join("node/node_modules")).args(["--eval", code]);
    command
}

fn python(code: &str) -> Command {
    let mut command = Command::new(installed().join("python/bin/python"));
    command.args(["-c", code]);
    command
}

fn bare_javascript() -> String {
    format!(
        "const socket = require('node:net').connect(process.argv[1]);
        socket.once('data', () => socket.destroy());
        socket.write({});",
        json!(format!("{EMIT}\n"))
    )
}

fn bare_python() -> String {
    format!(
        "import socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
connection.sendall({}.encode())
assert connection.recv(65536)",
        json!(format!("{EMIT}\n"))
    )
}

fn sizes() {
    for folder in [installed(), installed().join("wheel")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "tgz" || end == "whl") {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                table::figure(&name, path.metadata().unwrap().len() as f64 / 1e3, "KB");
            }
        }
    }
}
