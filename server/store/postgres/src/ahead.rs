//! Reads that are asked for together, ahead of whoever wants them.
//!
//! Where others have written, a writer reads its state again, by statements that are the same each time; each would wait for its own answer from a server that may be
//! far away. So it notes what it reads then, and asks for that at once the next time: what was read twice in a row, with the same values. Nothing is answered from
//! before a change: the first one, and the end of the transaction, forget all answers.

use aiwg_store_sql::Value;
use tokio_postgres::Row;

/// The most reads that are noted.
const MOST_READS: usize = 64;

/// The most rows of an answer that is asked for ahead.
const MOST_ROWS: usize = 256;

/// A statement with its values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Read {
    pub(super) sql: String,
    pub(super) values: Vec<Value<'static>>,
}

impl Read {
    fn is(&self, sql: &str, values: &[Value<'_>]) -> bool {
        self.sql == sql && self.values == values
    }
}

/// What was read, and what was asked for.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// True from the beginning of such a transaction until it changes something, or ends.
    is_on: bool,
    /// What was read since.
    read: Vec<Read>,
    /// What was read the time before.
    before: Vec<Read>,
    /// What was read both times.
    usual: Vec<Read>,
    /// The answers that nobody has wanted yet.
    answers: Vec<(Read, Vec<Row>)>,
}

impl Ahead {
    /// Begins to note what is read, and gives what is to be asked for now.
    pub(super) fn begin(&mut self) -> Vec<Read> {
        self.end();
        self.is_on = true;
        self.usual.clone()
    }

    /// True while it is noted what is read.
    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Takes the answers in.
    pub(super) fn have(&mut self, answers: Vec<(Read, Vec<Row>)>) {
        self.answers = answers;
    }

    /// The answer to a read, if it is there.
    pub(super) fn take(&mut self, sql: &str, values: &[Value<'_>]) -> Option<Vec<Row>> {
        let at = self.answers.iter().position(|(read, _)| read.is(sql, values))?;
        Some(self.answers.swap_remove(at).1)
    }

    /// Notes what was read, and how many rows it had.
    pub(super) fn note(&mut self, sql: &str, values: &[Value<'_>], rows: usize) {
        if self.is_on && rows <= MOST_ROWS && self.read.len() < MOST_READS {
            let values = values.iter().map(Value::owned).collect();
            self.read.push(Read { sql: sql.to_owned(), values });
        }
    }

    /// Something is changed, or the transaction is over.
    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.is_on) {
            self.answers.clear();
            let read = std::mem::take(&mut self.read);
            self.usual = read.iter().filter(|read| self.before.contains(read)).cloned().collect();
            self.before = read;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_twice_in_a_row_is_asked_for() {
        let mut ahead = Ahead::default();
        let mut reads = |values: &[i64]| {
            let asked = ahead.begin();
            for value in values {
                ahead.note("SELECT", &[Value::Integer(*value)], 1);
            }
            ahead.note("SELECT all", &[], MOST_ROWS + 1);
            ahead.end();
            // It is over: this belongs to nothing.
            ahead.note("SELECT", &[Value::Integer(9)], 1);
            let number = |read: &Read| match read.values.first() {
                Some(Value::Integer(number)) => *number,
                _ => panic!("{read:?}"),
            };
            asked.iter().map(number).collect::<Vec<i64>>()
        };
        assert!(reads(&[1, 2]).is_empty());
        assert!(reads(&[1, 3]).is_empty());
        assert_eq!(reads(&[1, 3]), [1]);
        assert_eq!(reads(&[4]), [1, 3]);
        assert!(reads(&[4]).is_empty());
        assert_eq!(reads(&[]), [4]);
    }
}
