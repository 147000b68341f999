//! Calls over the socket, beside a raw byte echo over the same kind of socket.

use std::{path::Path, time::Duration};

use crate::{
    EMIT, PING, SUBMIT,
    daemon::BenchDaemon,
    disk,
    echo::EchoServer,
    load::{Load, Rates, Until, measure},
    table,
};

pub(crate) fn run(aiwg: &Path) {
    let echo = EchoServer::start();
    let daemon = BenchDaemon::blocked(aiwg);
    table::head("calls, 64 in flight but where it says otherwise", "aiwg", "raw echo");
    let compare = |what: &str, line: &str, in_flight: usize, together: bool| {
        let load = Load { line, in_flight, together, until: Until::Time(Duration::from_millis(700)) };
        // In turns, so that what disturbs the machine disturbs both.
        let mut rates = Rates::default();
        for _ in 0..3 {
            rates.add(measure(&daemon.socket, &load), measure(&echo.socket, &load));
        }
        rates.print(what, in_flight == 1);
    };
    compare("ping, a write each, per second", PING, 64, false);
    compare("ping, in one write, per second", PING, 64, true);
    compare("ping, one at a time, median us", PING, 1, false);
    compare("event.emit committed, 20 rules, per second", EMIT, 64, true);
    table::figure("append and fdatasync of the disk, median", disk::sync_us(), "us");
    queue(aiwg);
}

/// Measures the cost of a submit when many are queued.
fn queue(aiwg: &Path) {
    table::head("task.submit committed, per second", "aiwg", "empty queue");
    let rate = |daemon: &BenchDaemon| {
        let until = Until::Time(Duration::from_millis(500));
        measure(&daemon.socket, &Load { line: SUBMIT, in_flight: 64, together: true, until }).per_second
    };
    for queued in [0, 10_000, 100_000] {
        let full = BenchDaemon::blocked(aiwg);
        full.submit(queued);
        let mut rates: Vec<(f64, f64)> =
            (0..3).map(|_| (rate(&full), rate(&BenchDaemon::blocked(aiwg)))).collect();
        rates.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
        table::row(&format!("{queued} queued"), rates[1].0, rates[1].1);
    }
}
