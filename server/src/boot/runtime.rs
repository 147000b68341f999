//! The threads of a daemon.

use std::{io, time::Duration};

use tokio::runtime::{Builder, Runtime};

/// Maximum number of threads that read and write files: the database is read by one at a time, whoever wants to.
const READERS: usize = 32;

/// Time for which a thread of these waits for work: longer than any daemon runs.
const FOR_GOOD: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The runtime of one daemon. One thread serves all connections: with two cores, the engine's thread has the other one
/// to itself. Besides them some read and write files.
///
/// # Errors
/// The system has no room for another thread.
pub fn runtime() -> io::Result<Runtime> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(READERS)
        // Where there is one, tokio has work wait for it if the system gives no more; where there is none, it panics.
        .thread_keep_alive(FOR_GOOD)
        .build()?;
    // Now, when that it cannot be had is still a reason not to start.
    std::thread::Builder::new().spawn(|| {})?;
    runtime.spawn_blocking(|| {});
    Ok(runtime)
}
