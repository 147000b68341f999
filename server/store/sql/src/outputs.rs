//! What agents have written, in blocks. They are written past the writer, by a backend that several hosts can share; here they are read, and go with their
//! task.

use std::ops::ControlFlow;

use aiwg_model::TaskNo;
use aiwg_store::{BLOCK, OutputPiece, Result, StreamOf};

use super::{
    driver::{Connection, Row, prepare},
    read::SqlReader,
    row::Number,
    value::values,
    write::Writer,
};

impl<C: Connection> Writer<C> {
    /// What the agents of a task have written goes with it. After its runs: whoever stores a block looks at the run's row.
    pub(super) fn forget_output(&mut self, task: TaskNo) -> Result<()> {
        self.statement("DELETE FROM output WHERE task = ?")?.execute(values![Number(task)])?;
        Ok(())
    }
}

impl<C: Connection> SqlReader<C> {
    /// A piece of a stream of a run, from this byte on.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn output(&self, of: StreamOf, from: u64, most: u64) -> Result<OutputPiece> {
        let from = from.min(i64::MAX.unsigned_abs());
        // One in which it begins, those between, and one that says whether it is the end.
        let limit = most.div_ceil(BLOCK).saturating_add(2);
        let mut piece = OutputPiece { start: from, is_at_end: true, ..OutputPiece::default() };
        self.with(|connection| {
            let mut select = prepare(
                connection,
                "SELECT start, bytes, is_last FROM output WHERE task = ?1 AND n = ?2 AND stream = ?3
                     AND start >= coalesce((SELECT max(start) FROM output WHERE task = ?1 AND n = ?2 AND stream = ?3 AND start <= ?4), 0)
                 ORDER BY start LIMIT ?5",
            )?;
            let mut rows = 0;
            select.each(
                values![Number(of.run.task), of.run.n, of.number(), from, limit.min(i64::MAX.unsigned_abs())],
                |row| {
                    rows += 1;
                    Ok(piece.add(row.get(0)?, row.value(1)?.as_blob()?, row.get(2)?, most))
                },
            )?;
            piece.is_at_end &= rows < limit;
            piece.is_last &= piece.is_at_end;
            Ok(())
        })?;
        Ok(piece)
    }

    /// The last bytes of a stream of a run, as far as they are in one piece.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn output_tail(&self, of: StreamOf, most: u64) -> Result<OutputPiece> {
        let limit = most.div_ceil(BLOCK).saturating_add(1);
        let mut blocks: Vec<(u64, Vec<u8>)> = Vec::new();
        self.with(|connection| {
            let mut select = prepare(
                connection,
                "SELECT start, bytes FROM output WHERE task = ? AND n = ? AND stream = ? ORDER BY start DESC LIMIT ?",
            )?;
            select.each(
                values![Number(of.run.task), of.run.n, of.number(), limit.min(i64::MAX.unsigned_abs())],
                |row| {
                    let (start, bytes): (u64, _) = (row.get(0)?, row.value(1)?.as_blob()?.to_owned());
                    let end = start.saturating_add(bytes.len() as u64);
                    if blocks.last().is_some_and(|(next, _)| *next != end) {
                        return Ok(ControlFlow::Break(()));
                    }
                    blocks.push((start, bytes));
                    Ok(ControlFlow::Continue(()))
                },
            )
        })?;
        let start = blocks.last().map_or(0, |(start, _)| *start);
        let mut bytes: Vec<u8> = blocks.into_iter().rev().flat_map(|(_, bytes)| bytes).collect();
        let surplus = bytes.len().saturating_sub(usize::try_from(most).unwrap_or(usize::MAX));
        bytes.drain(..surplus);
        Ok(OutputPiece {
            start: start.saturating_add(surplus as u64),
            bytes,
            is_at_end: true,
            ..OutputPiece::default()
        })
    }
}

/// Takes in blocks one after the other.
trait Add {
    /// Takes in the next block, and says whether more are wanted.
    fn add(&mut self, start: u64, bytes: &[u8], is_last: bool, most: u64) -> ControlFlow<()>;
}

impl Add for OutputPiece {
    fn add(&mut self, start: u64, bytes: &[u8], is_last: bool, most: u64) -> ControlFlow<()> {
        let next = self.start.saturating_add(self.bytes.len() as u64);
        let end = start.saturating_add(bytes.len() as u64);
        if start > next && !bytes.is_empty() {
            if !self.bytes.is_empty() {
                (self.is_cut, self.is_at_end, self.is_last) = (true, false, false);
                return ControlFlow::Break(());
            }
            self.start = start;
        }
        self.is_last = is_last;
        let next = self.start.saturating_add(self.bytes.len() as u64);
        let known = usize::try_from(next.saturating_sub(start)).unwrap_or(usize::MAX);
        let new = bytes.get(known..).unwrap_or_default();
        let room = usize::try_from(most).unwrap_or(usize::MAX).saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(new.get(..room).unwrap_or(new));
        if end > self.start.saturating_add(self.bytes.len() as u64) {
            (self.is_at_end, self.is_last) = (false, false);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}
