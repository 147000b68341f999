//! `scripts/bench`: what the daemon does, beside a raw byte echo over the same kind of socket, in one run.
//!
//! These machines are noisy: only the ratios mean anything.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::panic)]

mod clients;
mod daemon;
mod disk;
mod echo;
mod load;
mod table;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use daemon::BenchDaemon;
use load::{Load, Rates, measure};

fn main() {
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.next()) {
        (Some("echo-server"), Some(path)) => echo::serve(&PathBuf::from(path)),
        // cargo adds arguments of its own.
        _ => run(Path::new(env!("CARGO_BIN_EXE_aiwg"))),
    }
}

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
const EMIT: &str = r#"{"jsonrpc":"2.0","id":1,"method":"event.emit","params":{"topic":"bench:happened","payload":{"version":"1.2.3"}}}"#;
const SUBMIT: &str = r#"{"jsonrpc":"2.0","id":1,"method":"task.submit","params":{"prompt":"Run the test suite and report results","priority":-5}}"#;

fn run(aiwg: &Path) {
    let echo = echo::EchoServer::start();
    let daemon = BenchDaemon::start(aiwg);
    table::head("the daemon", "aiwg", "raw echo");
    let compare = |what: &str, line: &str, in_flight: usize, together: bool| {
        compare(what, &Load { line, in_flight, together, time: Duration::from_millis(700) }, &echo, &daemon);
    };
    compare("ping, 64 in flight, a write each, per second", PING, 64, false);
    compare("ping, 64 in flight, in one write, per second", PING, 64, true);
    compare("ping, one at a time, median us", PING, 1, false);
    compare("event.emit committed, 20 rules, 64 in flight", EMIT, 64, true);
    compare("task.submit committed, 64 in flight", SUBMIT, 64, true);
    daemon.fill_queue(100_000);
    compare("task.submit, 100,000 queued, 64 in flight", SUBMIT, 64, true);
    clients::compare(&daemon.socket, &echo.socket);
    println!();
    table::figure("append and fdatasync of the disk, median", disk::sync_us(), "us");
    table::figure("resident memory with 100,000 queued", daemon.resident_mib(), "MiB");
}

fn compare(what: &str, load: &Load<'_>, echo: &echo::EchoServer, daemon: &BenchDaemon) {
    // In turns, so that what disturbs the machine disturbs both.
    let mut rates = Rates::default();
    for _ in 0..3 {
        rates.add(measure(&daemon.socket, load), measure(&echo.socket, load));
    }
    rates.print(what, load.in_flight == 1);
}
