//! Finds out if a person asks for a start: what an agent, a service manager or a container starts puts no changed configuration in force.

use std::io::{self, IsTerminal};

use aiwg_server::boot::{Options, TASK_ENV};
use aiwg_shim::Process;

use super::args::StartArgs;
use crate::error::CliError;

/// Variable that systemd sets for the process that it starts.
const STARTED_BY_SYSTEMD: &str = "SYSTEMD_EXEC_PID";

/// A person types `daemon start`, or has a script do it. In the foreground, where service managers and containers have it, only a terminal
/// shows that.
pub(super) fn is_attended(args: &StartArgs) -> bool {
    if args.unattended || is_agent() {
        return false;
    }
    args.attended || (!is_service() && (!args.foreground || io::stdin().is_terminal()))
}

/// True if systemd has started this process, or the script around it.
fn is_service() -> bool {
    let main = std::env::var(STARTED_BY_SYSTEMD).ok().and_then(|pid| pid.parse::<u32>().ok());
    let me = std::process::id();
    main.is_some_and(|main| main == me || Some(main) == Process::parent_of(me))
}

/// True if this is a process of an agent, of whatever project: its environment says so, or a shim is among its parents.
pub(crate) fn is_agent() -> bool {
    std::env::var_os(TASK_ENV).is_some_and(|task| !task.is_empty()) || Process::current_is_kept()
}

/// Refuses to an agent what only a person may ask for.
///
/// # Errors
/// An agent does.
pub(super) fn check(options: &Options) -> Result<(), CliError> {
    if (options.adopt_state || options.import) && is_agent() {
        return Err(CliError::Failed(
            "an agent may not have a daemon accept state or import tasks that were made elsewhere, since those tasks would run; a person may".to_owned(),
        ));
    }
    Ok(())
}
