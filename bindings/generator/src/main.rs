//! `aiwg-bindings write` rewrites everything that is generated; `aiwg-bindings check` reports what is stale.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to its terminal")]

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use aiwg_bindings::{COMMAND, GenerateError, check, write};

const USAGE: &str = "usage: aiwg-bindings write|check [REPOSITORY]";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let verb = arguments.next();
    let root = arguments.next().map_or_else(repository, PathBuf::from);
    let outcome = match verb.as_deref() {
        Some("write") => run_write(&root),
        Some("check") => run_check(&root),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("aiwg-bindings: {error}");
        ExitCode::FAILURE
    })
}

/// The repository that this was built from.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn run_write(root: &Path) -> Result<ExitCode, GenerateError> {
    for difference in write(root)? {
        println!("{difference}");
    }
    Ok(ExitCode::SUCCESS)
}

fn run_check(root: &Path) -> Result<ExitCode, GenerateError> {
    let differences = check(root)?;
    for difference in &differences {
        eprintln!("{difference}");
    }
    if differences.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("generated files differ from the definition; run {COMMAND}");
    Ok(ExitCode::FAILURE)
}
