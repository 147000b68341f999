//! Emitting with telemetry on, beside the same without: metrics to a file and over HTTP, traces to a collector that takes all.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    EMIT,
    daemon::BenchDaemon,
    load::{Load, Until, measure},
    table,
};

/// The same with the trace of its emitter: each event is a span.
const TRACED: &str = r#"{"jsonrpc":"2.0","id":1,"method":"event.emit","params":{"topic":"bench:happened","payload":{"version":"1.2.3"},"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}"#;

const IN_FLIGHT: usize = 64;
const TIME: Duration = Duration::from_secs(2);
const ROUNDS: u32 = 5;

pub(crate) fn run(aiwg: &Path) {
    let telemetry = json!({ "textfile": true, "listen": "127.0.0.1:0", "otlp": collector() });
    let (on, off) = (start(aiwg, &telemetry), start(aiwg, &json!({})));
    table::head("events per second, 64 in flight", "telemetry on", "off");
    for (what, line) in [("event.emit", EMIT), ("event.emit with a trace: a span each", TRACED)] {
        let (mut with, mut without) = (0.0, 0.0);
        for _ in 0..ROUNDS {
            let per_second = |daemon: &BenchDaemon| {
                let load = Load { line, in_flight: IN_FLIGHT, together: false, until: Until::Time(TIME) };
                measure(&daemon.socket, &load).per_second / f64::from(ROUNDS)
            };
            with += per_second(&on);
            without += per_second(&off);
        }
        table::row(what, with, without);
    }
}

fn start(aiwg: &Path, telemetry: &Value) -> BenchDaemon {
    BenchDaemon::start(aiwg, &json!({ "watch": { "enabled": false }, "telemetry": telemetry }))
}

/// The address of a collector that reads everything and takes it.
fn collector() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = BufReader::new(stream);
            while let Some(length) = length_of_next(&mut stream) {
                let mut body = vec![0; length];
                let is_there = stream.read_exact(&mut body).is_ok();
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                if !is_there || stream.get_mut().write_all(answer).is_err() {
                    break;
                }
            }
        }
    });
    address
}

/// Reads the head of a request, and gives the length of its body; none at the end of the connection.
fn length_of_next(stream: &mut BufReader<TcpStream>) -> Option<usize> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            return Some(length);
        }
        if let Some(number) = line.to_lowercase().strip_prefix("content-length: ") {
            length = number.trim().parse().ok()?;
        }
    }
}
