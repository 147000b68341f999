//! Having shims end their agents, and ending those that do not.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::{DEFAULT_GRACE_MS, lock::ask_to_end, process::Process, sweep::end_tree};

/// The longest time that a shim takes to end its agent on request: the grace of [`DEFAULT_GRACE_MS`], and 3 seconds to kill. A shim that takes
/// longer is being prevented.
pub const PATIENCE: Duration = Duration::from_millis(DEFAULT_GRACE_MS + 3_000);

/// The wait after each step of [`force_end`].
const STEP: Duration = Duration::from_secs(1);

/// The number of times that all processes below a shim are killed before the shim itself is.
const TREES: u32 = 3;

/// The time between two looks whether shims have ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The next step where a shim does not end its agent within [`PATIENCE`], because an agent can stop its shim again and again. Kills all processes
/// below the shim, so that none is left to stop it. After 3 such steps without success, which should not happen, kills the shim itself:
/// then nothing holds what it has kept any more. `steps` is the number of steps before this one. Returns true if it killed the shim.
pub fn force_end(shim: &Process, steps: u32) -> bool {
    if steps < TREES {
        end_tree(shim);
        return false;
    }
    // It may just have ended.
    let _ = shim.signal(Signal::KILL);
    true
}

/// Ends the agents of these shims, by force where a shim does not. Returns the shims that could not be ended. It takes as long as the agents'
/// grace.
pub fn end_shims(mut shims: Vec<Process>) -> Vec<Process> {
    for shim in &shims {
        // The shims of other users are left alone.
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
