//! Having shims end their agents, and ending those that do not.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::{DEFAULT_GRACE_MS, lock::ask_to_end, process::Process, sweep::end_tree};

/// How long a shim that was asked for its agent's end takes at the most: the grace of [`DEFAULT_GRACE_MS`], and some seconds to kill. One that
/// takes longer is kept from it.
pub const PATIENCE: Duration = Duration::from_millis(DEFAULT_GRACE_MS + 3_000);

/// How long to wait after each step of [`force_end`].
const STEP: Duration = Duration::from_secs(1);

/// How often all that is below a shim is killed before it is killed itself.
const TREES: u32 = 3;

/// How often to look whether shims have ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The next step where a shim does not end its agent within [`PATIENCE`]: an agent can stop its shim again and again. All that is below it is
/// killed, so that nobody is left who does; and after that has been of no use `steps` times, which should not be, the shim itself: then nobody
/// holds what it has kept any more. Tells whether that was done.
pub fn force_end(shim: &Process, steps: u32) -> bool {
    if steps < TREES {
        end_tree(shim);
        return false;
    }
    // It may just have ended.
    let _ = shim.signal(Signal::KILL);
    true
}

/// Has these shims end their agents, by force where they do not. Returns when they have ended, or those that cannot be ended. That takes as long
/// as their agents' grace.
pub fn end_shims(mut shims: Vec<Process>) -> Vec<Process> {
    for shim in &shims {
        // Someone else's is left.
        let _ = ask_to_end(shim);
    }
    let mut patience = PATIENCE;
    for step in 0..=TREES + 1 {
        let until = Instant::now() + patience;
        while !shims.is_empty() && Instant::now() < until {
            std::thread::sleep(LOOK_EVERY);
            shims.retain(Process::is_alive);
        }
        if shims.is_empty() {
            break;
        }
        for shim in &shims {
            force_end(shim, step);
        }
        patience = STEP;
    }
    shims
}
