//! Events that have waited on disk, and the time until the last of them is taken in.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    EMIT, PING,
    daemon::BenchDaemon,
    disk,
    load::{Load, Until, call, measure},
    table,
};

/// As many as a spool holds.
const EVENTS: usize = 10_000;

pub(crate) fn run(aiwg: &Path) {
    let daemon = BenchDaemon::start(aiwg, &json!({ "watch": { "enabled": false } }));
    let (prepared, spool) = (daemon.file(".aiwg/prepared"), daemon.file(".aiwg/spool"));
    write(&prepared);
    fs::rename(&prepared, &spool).unwrap();
    let began = Instant::now();
    // A client that connects has them taken in.
    call(&daemon.socket, PING);
    while waiting(&spool) > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let spooled = began.elapsed();
    let load = Load { line: EMIT, in_flight: 1000, together: true, until: Until::Lines(EVENTS) };
    let began = Instant::now();
    measure(&daemon.socket, &load);
    table::head("time for 10,000 events, ms", "spooled", "emitted");
    table::row("until all are taken in", spooled.as_secs_f64() * 1e3, began.elapsed().as_secs_f64() * 1e3);
    table::figure("one fdatasync", disk::sync_us() / 1e3, "ms");
}

/// Number of events in the spool.
fn waiting(spool: &Path) -> usize {
    let names = fs::read_dir(spool).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| !name.as_encoded_bytes().starts_with(b".")).count()
}

/// Makes a spool as clients do.
fn write(directory: &Path) {
    DirBuilder::new().mode(0o700).create(directory).unwrap();
    for no in 0..EVENTS {
        let name = format!("{:016}-1-{no:06}-{no:08x}.json", 1_795_000_000_000_000 + no);
        let event = json!({
            "version": 1, "topic": "bench:happened", "payload": { "version": "1.2.3" }, "at": "2026-11-20T10:00:00.000Z",
            "idempotencyKey": format!("spooled-{no:06}"),
        });
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(directory.join(name)).unwrap();
        file.write_all(event.to_string().as_bytes()).unwrap();
    }
    // On the disk, as those of clients are.
    rustix::fs::sync();
}
