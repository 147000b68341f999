//! The load: lines over one connection, so many in flight, and how long their answers take.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use crate::table;

pub(crate) struct Load<'a> {
    pub(crate) line: &'a str,
    pub(crate) in_flight: usize,
    /// True if lines that can be sent together are one write; else each is a write of its own, as clients do it.
    pub(crate) together: bool,
    pub(crate) until: Until,
}

/// End of a load.
pub(crate) enum Until {
    Time(Duration),
    /// This many lines, no more.
    Lines(usize),
}

/// Work that one connection got done.
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    pub(crate) median_us: f64,
}

/// Stands in a line for what is another text in each, as a key of a client is.
pub(crate) const KEY: &str = "<key>";

/// Keeps `in_flight` lines under way until the load is over.
pub(crate) fn measure(socket: &Path, load: &Load<'_>) -> Measured {
    let mut stream = UnixStream::connect(socket).unwrap();
    let line = format!("{}\n", load.line);
    let mut lines = line.split(KEY);
    let (head, tail) = (lines.next().unwrap(), lines.next());
    let mut text = Vec::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut times = Vec::new();
    let (mut sent, mut answered) = (0usize, 0usize);
    let began = Instant::now();
    loop {
        let left = match load.until {
            Until::Time(time) if began.elapsed() < time => usize::MAX,
            Until::Lines(lines) => lines - sent,
            Until::Time(_) => 0,
        };
        if left == 0 {
            break;
        }
        let room = left.min(load.in_flight - (sent - answered));
        let asked = Instant::now();
        text.clear();
        for no in sent..sent + room {
            text.extend_from_slice(head.as_bytes());
            if let Some(tail) = tail {
                text.extend_from_slice(key(no).as_bytes());
                text.extend_from_slice(tail.as_bytes());
            }
            if !load.together {
                stream.write_all(&text).unwrap();
                text.clear();
            }
        }
        stream.write_all(&text).unwrap();
        sent += room;
        answered += read_lines(&mut stream, &mut buffer);
        times.push(asked.elapsed());
    }
    let took = began.elapsed();
    let measured = answered;
    while answered < sent {
        answered += read_lines(&mut stream, &mut buffer);
    }
    times.sort_unstable();
    Measured {
        per_second: measured as f64 / took.as_secs_f64(),
        // Nothing was to be sent where there is none.
        median_us: times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e6),
    }
}

/// A key as clients make them: the time, and a number that nobody foresees. No two processes, and no two connections, make the same.
fn key(no: usize) -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    let scattered = made.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{:012x}{scattered:016x}{:04x}", 0x1a2_0000_0000 + made / 64, no % 0xffff)
}

/// Sends one line and waits for its answer.
pub(crate) fn call(socket: &Path, line: &str) {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.write_all(format!("{line}\n").as_bytes()).unwrap();
    assert_eq!(read_lines(&mut stream, &mut [0; 4096]), 1);
}

/// Number of lines that one read brings.
fn read_lines(stream: &mut UnixStream, buffer: &mut [u8]) -> usize {
    let count = stream.read(buffer).unwrap();
    assert!(count > 0, "the connection was closed");
    assert!(
        !memmem(&buffer[..count], b"\"error\""),
        "an error: {}",
        String::from_utf8_lossy(&buffer[..count.min(400)])
    );
    buffer[..count].iter().filter(|byte| **byte == b'\n').count()
}

fn memmem(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}

/// Several measurements of the daemon and of the echo.
#[derive(Default)]
pub(crate) struct Rates {
    daemon: Vec<Measured>,
    echo: Vec<Measured>,
}

impl Rates {
    pub(crate) fn add(&mut self, daemon: Measured, echo: Measured) {
        self.daemon.push(daemon);
        self.echo.push(echo);
    }

    pub(crate) fn print(&self, what: &str, latency: bool) {
        let value = |measured: &Measured| if latency { measured.median_us } else { measured.per_second };
        let (daemon, echo) = (median(&self.daemon, value), median(&self.echo, value));
        table::row(what, daemon, echo);
    }
}

fn median(all: &[Measured], value: impl Fn(&Measured) -> f64) -> f64 {
    let mut values: Vec<f64> = all.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
