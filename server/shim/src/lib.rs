//! The shim: the small parent process under which each agent of the aiwg daemon runs.
//!
//! # Theory of operation
//!
//! Agents cost money, so they must outlive a crash of the daemon; and they start processes in sessions of their own, so killing
//! their group does not end them. Hence each agent gets a parent that does nothing else, as containerd has its shim.
//!
//! The daemon starts the small program beside it, or the same binary in another role ([`ShimProgram`]), and writes a [`LaunchSpec`] to its
//! standard input. The shim
//!
//! 1. takes over the signals that would end it, leaves its session, and becomes the child subreaper of all that the agent will
//!    start: every orphan there becomes its child, so nothing can escape it;
//! 2. takes the lock in the run's directory and keeps it until the end is on record. **Holding that lock is what being alive means**: no
//!    process number is needed to ask, and the kernel drops it however the shim dies;
//! 3. writes [`RUN_FILE`], starts the agent with its output going straight to files, and reports one line, [`Started`], to the daemon;
//! 4. passes on to the agent what is added to [`INPUT_FILE`], where it is one that takes messages while it works, and closes its input when it
//!    is done;
//! 5. sleeps until something happens: it reaps every child, and on SIGTERM ends the whole tree (SIGTERM, a grace, SIGKILL);
//! 6. when the agent has exited, ends what it left behind, and writes [`EXIT_FILE`], after all of the output is on the disk;
//! 7. lets go of the lock, reports [`ON_RECORD`] to the daemon, and exits with 0 once that has answered that it has stored the end ([`STORED`]), or once the record would
//!    survive a power cut: the daemon may be gone, and nobody but the record know of the end.
//!
//! The daemon may die and come back at any moment. [`abandon`] says what it finds then: either a shim is alive, or that launch can
//! never start any more. There is no state in between. Only if the shim itself was killed can processes be left that no shim
//! keeps: [`sweep()`] ends those.
//!
//! # Invariants
//!
//! - A process is a number **and** a start time ([`Process`]), and is signalled through a descriptor: never a reused number.
//! - A zombie is dead, although `kill -0` says otherwise.
//! - The tree is at its end when the kernel says that the shim has no children, living or dead; a walk through `/proc` can miss
//!   one, so it only says which processes to signal, never that none is left.
//! - An agent has three descriptors, default signals, and the environment that its launch specification names.
//!
//! # Other systems than Linux
//!
//! On systems without subreapers (macOS) the agent's process group stands in for its descendants: a process that leaves the group escapes.
//! There are no start times there either, so a process is known by its number alone, and [`sweep()`] does nothing.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod agent;
mod changes;
mod daemon;
mod descendants;
mod force;
mod input;
mod killing;
mod launch;
mod lease;
mod lock;
mod outputs;
mod pauses;
mod process;
mod program;
mod record;
mod run;
mod signals;
mod supervise;
mod sweep;
mod talk;
mod watch;

pub use force::{PATIENCE, end_shims, force_end};
pub use launch::{
    DEFAULT_GRACE_MS, DEFAULT_LEFTOVER_GRACE_MS, DEFAULT_MOST_PAUSED_MS, LaunchSpec, ON_RECORD, STORED,
    SpawnError, Started,
};
pub use lease::{Lease, boot_ms, prolong};
pub use lock::{Abandon, abandon, ask_to_end, holder, is_held, request_end};
pub use pauses::{Pauses, read_pauses, write_pauses};
pub use process::{Process, environment};
pub use program::{MARK, ROLE, SHIM_PROGRAM, ShimProgram, is_role, is_started_by_daemon};
pub use record::{EndedFor, ExitRecord, RecordError, RunRecord, read_exit, read_run};
pub use run::run;
/// A signal, as [`Process::signal`] takes it.
pub use rustix::process::Signal;
pub use sweep::{Swept, all_shims, end_strays, end_tree, shims, sweep, take_in_orphans};

/// The exit code of a shim that has ended its agent because the run's directory was removed.
pub const EXIT_REMOVED: u8 = 3;
/// The lock that a living shim holds.
pub const LOCK_FILE: &str = "lock";
/// The file that names the shim and agent of the run: a [`RunRecord`].
pub const RUN_FILE: &str = "run.json";
/// The file that says how the run ended: an [`ExitRecord`].
pub const EXIT_FILE: &str = "exit.json";
/// The lines that an agent gets on its standard input while it works: the daemon adds to it.
pub const INPUT_FILE: &str = "input.jsonl";
/// The file with the pauses of the agent's time: [`Pauses`], which a daemon records.
pub const PAUSES_FILE: &str = "pauses.json";
/// The agent's standard output, all of it.
pub const STDOUT_FILE: &str = "stdout.log";
/// The agent's standard error, all of it.
pub const STDERR_FILE: &str = "stderr.log";
