//! The packaged JavaScript and Python clients, each beside plain sockets of its own language.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::{
    daemon::BenchDaemon,
    echo::EchoServer,
    load::{Measured, Rates},
    table,
};

/// Directory in which `scripts/clients` puts the packages.
pub(crate) fn installed() -> PathBuf {
    repository().join("target/clients")
}

pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Prints the round trips of both clients; `scripts/clients` has installed them.
pub(crate) fn run(aiwg: &Path) {
    let (daemon, echo) = (BenchDaemon::start(aiwg, &json!({})), EchoServer::start());
    let (daemon, echo) = (&daemon.socket, &echo.socket);
    let scripts = repository().join("tests/bench/clients");
    // Node looks for packages beside the script.
    let beside = installed().join("node/round-trips.mjs");
    std::fs::copy(scripts.join("round-trips.mjs"), &beside).unwrap();
    table::head("clients", "client", "raw echo");
    report("JavaScript", &rates(Command::new("node").arg(&beside), daemon, echo));
    let mut python = Command::new(installed().join("python/bin/python"));
    report("Python", &rates(python.arg(scripts.join("round_trips.py")), daemon, echo));
}

fn rates(command: &mut Command, daemon: &Path, echo: &Path) -> Value {
    let output = command.args([daemon, echo]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn report(language: &str, rates: &Value) {
    let kinds = [("sequential", "one at a time"), ("pipelined", "64 in flight")];
    for (name, shown) in kinds {
        let rounds = rates[name].as_array().unwrap().iter();
        let measured =
            |rate: &Value| Measured { per_second: rate.as_f64().unwrap(), median_us: f64::INFINITY };
        let all = rounds.fold(Rates::default(), |mut all, round| {
            all.add(measured(&round[0]), measured(&round[1]));
            all
        });
        all.print(&format!("{language}: ping {shown}, per second"), false);
    }
}
