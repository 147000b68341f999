//! What an agent has written, where its files are not: on the hosts that have not run it. The store has the beginning and the end of it.

use std::{path::PathBuf, time::Duration};

use aiwg_model::{RunRow, TaskRow};
use aiwg_protocol::types::{OutputStream, Timestamp};
use aiwg_store::{Reader, StreamOf};

use super::output::Piece;
use crate::context::Context;

/// Time after the end of a run after which no more is waited for of what its host has not carried.
const FOLLOWS_WITHIN: Duration = Duration::from_secs(60);

/// Where the output of the last run of a task is.
pub(super) enum Source {
    /// In this directory, which is here.
    Here(PathBuf),
    /// In the store: another host has run it, or runs it.
    Stored(Box<RunRow>),
}

/// Where the output of the last run of a task is, which may still be under way, or be none.
pub(super) fn source(context: &Context, reader: &dyn Reader, task: &TaskRow) -> aiwg_store::Result<Source> {
    let run = task.run();
    let row = reader.runs(task.no)?.into_iter().find(|row| row.id == run);
    let dir = context.project.run_dir(run, row.as_ref());
    let stored = row.filter(|row| match (&row.host, context.engine.host()) {
        (Some(host), Some(me)) => host != me,
        // A store that several hosts had, and that was moved to the directory of one.
        (Some(_), None) => !dir.is_dir(),
        (None, _) => false,
    });
    Ok(stored.map_or(Source::Here(dir), |row| Source::Stored(Box::new(row))))
}

/// A piece of what the run of a task has written, from a byte on, with so many bytes at the most.
pub(super) fn piece(
    reader: &dyn Reader,
    (task, run): (&TaskRow, &RunRow),
    (stream, from, most): (OutputStream, u64, u64),
    (is_text, now): (bool, Timestamp),
) -> aiwg_store::Result<Piece> {
    let found = reader.output(StreamOf { run: run.id, stream }, from, most)?;
    let is_over = task.state.is_final() && found.is_at_end;
    let ended = is_over && (found.is_last || is_all(reader, run, now)?);
    let is_whole = ended || found.is_cut;
    let (mut offset, mut bytes) = (found.start, found.bytes);
    if is_text && offset > from {
        let rest = rest_of_character(&bytes);
        bytes.drain(..rest);
        offset = offset.saturating_add(rest as u64);
    }
    Ok(Piece { offset, bytes, is_at_end: found.is_at_end || found.is_cut, is_whole, ended })
}

/// The last bytes of what a run has written to standard output, as text.
pub(super) fn tail(reader: &dyn Reader, run: &RunRow, most: u64) -> aiwg_store::Result<String> {
    let found = reader.output_tail(StreamOf { run: run.id, stream: OutputStream::Stdout }, most)?;
    let rest = if found.start > 0 { rest_of_character(&found.bytes) } else { 0 };
    let whole = found.bytes.get(rest..).unwrap_or_default();
    Ok(String::from_utf8_lossy(whole).into_owned())
}

/// Number of the first bytes that are what is left of a character which was cut, and so none.
fn rest_of_character(bytes: &[u8]) -> usize {
    bytes.iter().take(3).take_while(|byte| **byte & 0xC0 == 0x80).count()
}

/// True if nothing more is to be expected of a run that has ended: its host is gone, or would have carried it by now.
fn is_all(reader: &dyn Reader, run: &RunRow, now: Timestamp) -> aiwg_store::Result<bool> {
    let ended_ms = run.ended_at.map_or(i64::MIN, Timestamp::as_millis);
    let since_ms = now.as_millis().saturating_sub(ended_ms);
    if u128::try_from(since_ms).is_ok_and(|since| since > FOLLOWS_WITHIN.as_millis()) {
        return Ok(true);
    }
    let its = reader.hosts()?.into_iter().find(|(host, _)| Some(&host.id) == run.host.as_ref());
    Ok(its.is_none_or(|(host, _)| !host.is_there()))
}
