//! Printing: for eyes, or the method's result as JSON.

use std::{
    io::{self, Write},
    time::Duration,
};

use aiwg_client::types::{TaskState, Timestamp};
use anstyle::{AnsiColor, Style};
use comfy_table::{Cell, Color, Table, presets};
use serde::Serialize;

use crate::error::CliError;

/// What ends a colour in a table.
const DEFAULT_COLOR: &str = "\x1b[39m";

pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    /// Prints `result` as JSON if that was asked for, else what `human` writes.
    pub(crate) fn result<T: Serialize>(
        &self,
        result: &T,
        human: impl FnOnce(&mut dyn Write, &T) -> io::Result<()>,
    ) -> Result<(), CliError> {
        let mut out = anstream::stdout().lock();
        if self.json {
            serde_json::to_writer_pretty(&mut out, result).map_err(io::Error::from)?;
            writeln!(out)?;
        } else {
            human(&mut out, result)?;
        }
        Ok(out.flush()?)
    }
}

/// A table without lines, its columns aligned.
pub(crate) fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    // What is written to is asked whether it shows colours, and takes them out otherwise.
    table.load_style(presets::NOTHING).set_header(header).enforce_styling();
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

/// Writes a table without the blanks at the end of its lines.
pub(crate) fn write_table(out: &mut dyn Write, table: &Table) -> io::Result<()> {
    table.lines().try_for_each(|line| write_line(out, &line))
}

/// The same without its header.
pub(crate) fn write_rows(out: &mut dyn Write, table: &Table) -> io::Result<()> {
    table.lines().skip(1).try_for_each(|line| write_line(out, &line))
}

fn write_line(out: &mut dyn Write, line: &str) -> io::Result<()> {
    // What ends a colour may stand behind the blanks.
    let (line, end) = line.strip_suffix(DEFAULT_COLOR).map_or((line, ""), |line| (line, DEFAULT_COLOR));
    writeln!(out, "{}{end}", line.trim_end())
}

/// The state of a task in a table.
pub(crate) fn state_cell(state: TaskState) -> Cell {
    let cell = Cell::new(state);
    match state {
        TaskState::Queued => cell,
        TaskState::Running => cell.fg(Color::DarkCyan),
        TaskState::Completed => cell.fg(Color::DarkGreen),
        TaskState::Failed | TaskState::Timeout => cell.fg(Color::DarkRed),
        TaskState::Cancelled => cell.fg(Color::DarkYellow),
    }
}

/// A word that is good news, or bad.
pub(crate) fn judged(word: &str, is_good: bool) -> String {
    let color = if is_good { AnsiColor::Green } else { AnsiColor::Red };
    let style = Style::new().fg_color(Some(color.into()));
    format!("{style}{word}{style:#}")
}

/// How long ago that was: `3 minutes ago`.
pub(crate) fn ago(at: Timestamp) -> String {
    let since = Timestamp::now().as_millis() - at.as_millis();
    timeago::Formatter::new().convert(Duration::from_millis(u64::try_from(since).unwrap_or(0)))
}

/// A moment, and how long ago that was.
pub(crate) fn moment(at: Timestamp) -> String {
    format!("{at} ({})", ago(at))
}

/// What changes of files wait for: the mark of a git operation, and since when.
pub(crate) fn git_operation(mark: &str, since: Option<Timestamp>) -> String {
    let since = since.map(|at| format!(" since {}", moment(at))).unwrap_or_default();
    format!("a git operation: {mark}{since}")
}

/// How many of something: `1 rule`, `2 rules`.
pub(crate) fn count(number: u64, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

/// The beginning of a text, on one line.
pub(crate) fn shorten(text: &str, chars: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(chars) {
        None => line,
        Some((cut, _)) => format!("{}…", &line[..cut]),
    }
}
