//! The speed of the disk: no commit can be faster than one fdatasync(2).

use std::{
    io::Write,
    time::{Duration, Instant},
};

/// The median of an append and its fdatasync, in microseconds.
pub(crate) fn sync_us() -> f64 {
    let mut file = tempfile::tempfile().unwrap();
    let mut times: Vec<Duration> = (0..200)
        .map(|_| {
            let began = Instant::now();
            file.write_all(&[0; 4096]).unwrap();
            file.sync_data().unwrap();
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}
