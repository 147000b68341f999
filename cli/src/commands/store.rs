//! The store of a project, and moving it.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use aiwg_server::migrate::{MigrateError, Options, Outcome, Report, To, migrate};
use clap::{Subcommand, ValueHint};

use crate::{
    error::CliError,
    examples,
    output::{
        Column::{Number, Whole},
        Output, Page, Table, count, visible,
    },
    project::{from_afar, to_start},
};

/// What stands for the project's own directory, in place of an address.
const HERE: &str = "sqlite";

/// The number of figures of a digest that people are shown.
const DIGEST: usize = 12;

/// Commands for the store.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum StoreCommand {
    /// Move all that the daemon keeps to a PostgreSQL, or back; takes no daemon, and none may run
    #[command(after_help = examples::STORE_MIGRATE)]
    Migrate {
        /// The address of a PostgreSQL, or sqlite for the project's own directory
        #[arg(long, value_name = "ADDRESS", value_hint = ValueHint::Other)]
        to: String,
        /// Only say what would be moved, and what stands against it
        #[arg(long)]
        dry_run: bool,
    },
}

/// Works without a daemon.
pub(crate) fn run(
    project: Option<&Path>,
    command: StoreCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let StoreCommand::Migrate { to, dry_run } = command;
    if let Some(socket) = from_afar(project)? {
        return Err(CliError::Failed(format!(
            "the daemon at {} may be on another machine, and its store is moved there; --project names one here",
            socket.display()
        )));
    }
    let to = if to == HERE { To::Here } else { To::Address(to) };
    let options = Options { project: to_start(project)?, to, dry_run };
    let report = migrate(&options).map_err(|error| match error {
        MigrateError::Address(_) => CliError::Usage(error.to_string()),
        error => CliError::Failed(error.to_string()),
    })?;
    output.result(&report, show)?;
    Ok(if report.against.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(out: &mut Page, report: &Report) -> io::Result<()> {
    let (from, to) = (visible(&report.from), visible(&report.to));
    match report.outcome {
        Outcome::Moved => writeln!(out, "The store has moved: {from} -> {to}")?,
        Outcome::AlreadyThere => writeln!(out, "The store is there already: {to}")?,
        Outcome::DryRun => writeln!(out, "Nothing is changed. This would be moved: {from} -> {to}")?,
    }
    let is_moved = report.outcome == Outcome::Moved;
    let mut table = Table::new([Whole("WHAT"), Number("ROWS"), Whole(if is_moved { "DIGEST" } else { "" })]);
    let mut rows = 0;
    for of in report.tables.iter().filter(|of| of.rows > 0) {
        let digest = of.digest.as_deref().unwrap_or_default();
        table.add([of.what.into(), of.rows.into(), digest.get(..DIGEST).unwrap_or(digest).into()]);
        rows += of.rows;
    }
    if rows > 0 {
        table.write(out)?;
    } else if report.outcome != Outcome::AlreadyThere {
        writeln!(out, "No rows are counted.")?;
    }
    if is_moved {
        writeln!(out, "The numbers of rows and the digests of all tables are the same on both sides.")?;
    }
    changed(
        out,
        &report.null_characters,
        ["text has", "texts have"],
        "null characters, which a PostgreSQL cannot hold: in their place stands U+FFFD",
    )?;
    changed(out, &report.numbers, ["sum was", "sums were"], "too high to be exact: that is 2^53 - 1 now")?;
    for note in report.notes.iter().chain(&report.against) {
        writeln!(out, "! {}", visible(note))?;
    }
    if !report.next.is_empty() {
        writeln!(out, "{}", if is_moved { "Next:" } else { "Afterwards:" })?;
        report.next.iter().try_for_each(|line| writeln!(out, "  {}", visible(line)))?;
    }
    Ok(())
}

/// Says what could not be moved as it was.
fn changed(
    out: &mut Page,
    found: &BTreeMap<String, u64>,
    [one, more]: [&str; 2],
    what: &str,
) -> io::Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let where_: Vec<String> = found.iter().map(|(column, count)| format!("{column} {count}")).collect();
    writeln!(out, "! {} {what} ({})", count(found.values().sum(), one, more), where_.join(", "))
}
