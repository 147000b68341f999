//! Memory for clients that mean no good: above idle at the peak, and what is kept once they are gone.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{daemon::BenchDaemon, load::call, table};

const MIB: usize = 1024 * 1024;

/// Time for which a client that gets no answer goes on.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn run(aiwg: &Path) {
    table::head("resident memory above idle, MiB", "at the peak", "kept after");
    let row = |what: &str, act: fn(&BenchDaemon)| {
        let daemon = BenchDaemon::start(aiwg, &json!({ "watch": { "enabled": false } }));
        call(&daemon.socket, crate::PING);
        let idle = daemon.resident_mib();
        act(&daemon);
        let peak = daemon.peak_mib() - idle;
        std::thread::sleep(Duration::from_secs(2));
        table::row(what, peak, (daemon.resident_mib() - idle).max(0.0));
    };
    row("three subscribers that read none of 300 x 1 MiB", stuck_subscribers);
    row("24 unfinished lines of 15 MiB", unfinished_lines);
    row("a batch of 900 lists of 9 MiB, read", batch_of_lists);
    row("1,024 lists of 8 MiB, unread", unread_lists);
    row("64 emits of 15 MiB", huge_emits);
}

fn connect(daemon: &BenchDaemon) -> UnixStream {
    let stream = UnixStream::connect(&daemon.socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn emit(bytes: usize) -> String {
    let payload = "x".repeat(bytes);
    format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"event.emit","params":{{"topic":"a:b","payload":"{payload}"}}}}"#
    )
}

fn stuck_subscribers(daemon: &BenchDaemon) {
    let subscribe = r#"{"jsonrpc":"2.0","id":1,"method":"event.subscribe","params":{"topics":["a:*"]}}"#;
    let stuck: Vec<UnixStream> = (0..3)
        .map(|_| {
            let mut stream = connect(daemon);
            stream.write_all(format!("{subscribe}\n").as_bytes()).unwrap();
            stream
        })
        .collect();
    let line = emit(MIB - 1024);
    (0..300).for_each(|_| call(&daemon.socket, &line));
    drop(stuck);
}

fn unfinished_lines(daemon: &BenchDaemon) {
    let line = emit(15 * MIB);
    // Each in a thread of its own: one that is made to wait does not hold up the others.
    let clients: Vec<_> = (0..24)
        .map(|_| {
            let (mut stream, line) = (connect(daemon), line.clone());
            std::thread::spawn(move || {
                let _ = stream.set_write_timeout(Some(Duration::from_secs(3)));
                let _ = stream.write_all(line.as_bytes());
                stream
            })
        })
        .collect();
    let streams: Vec<UnixStream> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    // Small clients are served meanwhile.
    call(&daemon.socket, crate::PING);
    drop(streams);
}

/// Answers of 9 MiB would take as many events; the daemon lets a list have 8 MiB.
fn batch_of_lists(daemon: &BenchDaemon) {
    let line = emit(MIB / 2);
    (0..18).for_each(|_| call(&daemon.socket, &line));
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"event.list","params":{"limit":100}}"#;
    let batch = format!("[{}]\n", vec![list; 900].join(","));
    read_for(daemon, &batch);
}

fn unread_lists(daemon: &BenchDaemon) {
    let line = emit(MIB - 1024);
    (0..9).for_each(|_| call(&daemon.socket, &line));
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"event.list"}"#;
    let mut stream = connect(daemon);
    let _ = stream.set_write_timeout(Some(Duration::from_secs(3)));
    let _ = stream.write_all(format!("{list}\n").repeat(1024).as_bytes());
    std::thread::sleep(Duration::from_secs(3));
}

fn huge_emits(daemon: &BenchDaemon) {
    let line = format!("{}\n", emit(15 * MIB));
    let mut stream = connect(daemon);
    let mut answers = stream.try_clone().unwrap();
    let reader = std::thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while matches!(answers.read(&mut buffer), Ok(1..)) {}
    });
    for _ in 0..64 {
        if stream.write_all(line.as_bytes()).is_err() {
            break;
        }
    }
    let _ = stream.shutdown(std::net::Shutdown::Write);
    reader.join().unwrap();
}

/// Sends a line and reads for as long as something comes.
fn read_for(daemon: &BenchDaemon, line: &str) {
    let mut stream = connect(daemon);
    stream.write_all(line.as_bytes()).unwrap();
    let mut buffer = vec![0; 64 * 1024];
    let began = Instant::now();
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        if buffer[count - 1] == b'\n' || began.elapsed() > PATIENCE {
            break;
        }
    }
}
