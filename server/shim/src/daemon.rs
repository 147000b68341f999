//! What a shim and its daemon say to each other while both live: the shim by its standard output, the daemon by its standard input.

use std::{
    io::{self, BufRead, Read, Write},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use crate::{
    launch::{LaunchSpec, ON_RECORD, STORED, Started},
    process::AT_ONCE,
};

/// The time that the daemon has to store the end of a run. A slow disk takes a part of a second; after it the shim does without the daemon.
const STORED_WITHIN: Duration = Duration::from_secs(5);

/// Reads the launch specification, which a line end or the end of the input ends.
///
/// # Errors
/// It is no launch specification.
pub(crate) fn read_spec() -> Result<LaunchSpec, String> {
    let mut text = Vec::with_capacity(AT_ONCE);
    io::stdin().lock().read_until(b'\n', &mut text).map_err(|error| error.to_string())?;
    // The place and not the values: the error would quote them, and the environment may hold secrets.
    serde_json::from_slice(&text).map_err(|error| {
        format!(
            "the launch specification is not understood at line {} column {}",
            error.line(),
            error.column()
        )
    })
}

/// Reports how the agent started. The daemon may be gone: that changes nothing.
pub(crate) fn report(started: &Started) {
    if let Ok(text) = serde_json::to_string(started) {
        let _ = say(&text);
    }
}

/// Reports that the end of the run can be read, and waits until the daemon has stored it. False if it has not, since it is gone, say: then the
/// record is all that anybody will know of the end.
pub(crate) fn stores_end() -> bool {
    say(ON_RECORD).is_ok() && is_answered()
}

fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush())
}

/// True if the daemon answers in time.
fn is_answered() -> bool {
    let deadline = Instant::now().checked_add(STORED_WITHIN);
    let stdin = io::stdin();
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], left.as_ref()) {
            Err(Errno::INTR) => {}
            Ok(1..) => {
                let mut answer = [0];
                // Nothing is kept back: what the daemon wrote before was one line, and it has waited since.
                return io::stdin()
                    .lock()
                    .read(&mut answer)
                    .is_ok_and(|read| read == 1 && answer[0] == STORED);
            }
            Ok(0) | Err(_) => return false,
        }
    }
}
