//! `aiwg self`: the program itself, how it was installed, and how one upgrades it.

mod installed;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use aiwg_protocol::PROTOCOL_VERSION;
use serde::Serialize;

use crate::{
    build,
    error::CliError,
    output::{Output, Page, visible},
};
use installed::Installed;

/// The program itself.
#[derive(Serialize)]
struct Own {
    version: &'static str,
    /// The commit that it was built from, unless it was built for development.
    commit: Option<&'static str>,
    protocol: &'static str,
    program: PathBuf,
    /// The name of the way in which it was installed, as `npm`.
    installed: &'static str,
    /// A line for a shell, or a sentence where no line does it.
    upgrade: String,
}

/// Prints how the program was installed and how one upgrades it. Takes no daemon.
pub(crate) fn run(output: &Output) -> Result<ExitCode, CliError> {
    let program = std::env::current_exe().map_err(CliError::at("/proc/self/exe".as_ref()))?;
    let program = program.canonicalize().unwrap_or(program);
    let installed = Installed::of(&program);
    let own = Own {
        version: build::VERSION,
        commit: build::COMMIT,
        protocol: PROTOCOL_VERSION,
        installed: installed.name(),
        upgrade: installed.upgrade(),
        program,
    };
    output.result(&own, |out, own| show(out, own, &installed))?;
    Ok(ExitCode::SUCCESS)
}

fn show(out: &mut Page, own: &Own, installed: &Installed) -> io::Result<()> {
    writeln!(out, "aiwg {}", *build::LONG)?;
    writeln!(out, "Program:   {}", visible(&own.program.to_string_lossy()))?;
    writeln!(out, "Installed: {}", visible(&installed.to_string()))?;
    writeln!(out, "Upgrade:   {}", visible(&own.upgrade))?;
    writeln!(out, "Afterwards `aiwg daemon restart` in each project: its agents go on.")
}
