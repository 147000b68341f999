//! Carrying all that is in a store to another one.

use std::{collections::BTreeMap, fmt};

use sha2::{Digest as _, Sha256};

use crate::{Cell, ErrorKind, Kind, Result, StoreError, TABLES, Table, Transaction, View};

/// The highest number that is exact in JSON. Sums of an earlier version were higher, and no whole numbers then.
const HIGHEST: f64 = 9_007_199_254_740_991.0;

/// The number of rows that are read at once: at first, since they may be long, and at the most.
const READ: [usize; 2] = [16, 1000];

/// The character that stands for a null character where texts can have none.
const FOR_NUL: &str = "\u{fffd}";

/// The rows of a table, as a number and a digest that does not depend on their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// The number of rows.
    pub rows: u64,
    digest: u128,
}

impl Sum {
    /// The digest, as 32 figures of base 16.
    pub fn digest(self) -> impl fmt::Display {
        format!("{:032x}", self.digest)
    }

    fn add(&mut self, row: &[Cell]) {
        let mut hash = Sha256::new();
        for cell in row {
            let (tag, bytes): (u8, &[u8]) = match cell {
                Cell::Null => (0, &[]),
                Cell::Integer(number) => (1, &number.to_be_bytes()),
                Cell::Real(number) => (2, &number.to_bits().to_be_bytes()),
                Cell::Text(text) => (3, text.as_bytes()),
                Cell::Blob(bytes) => (4, bytes),
            };
            hash.update([tag]);
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
        let half = hash.finalize().iter().take(16).fold(0, |all, byte| all << 8 | u128::from(*byte));
        self.digest = self.digest.wrapping_add(half);
        self.rows += 1;
    }
}

/// What could not be carried as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// The number of texts whose null characters are U+FFFD now, by `table.column`.
    pub null_characters: BTreeMap<String, u64>,
    /// The number of sums that were too high to be exact, and are 2^53 - 1 now, by `table.column`.
    pub numbers: BTreeMap<String, u64>,
}

/// What was carried.
#[derive(Debug, Clone, Default)]
pub struct Carried {
    /// The rows of each table, in the order of [`TABLES`].
    pub sums: Vec<Sum>,
    /// What could not be carried as it was.
    pub changes: Changes,
}

/// Puts all that is in a store into another one, in place of all that is there, and compares what is there then with what was carried. What stays where it is
/// ([`crate::STAYING`]) is left alone. It takes as much memory as some hundred rows do.
///
/// # Errors
/// A row holds what no daemon can read, or something else is there than was carried; and those of both stores. The transaction is to be dropped then.
pub fn carry(from: &dyn View, to: &mut dyn Transaction) -> Result<Carried> {
    let mut carried = Carried::default();
    to.empty()?;
    for table in TABLES {
        let sum =
            read(from, table, to.has_null_characters(), &mut carried.changes, |rows| to.put(table, rows))?;
        carried.sums.push(sum);
    }
    Ok(carried)
}

/// Compares what is in a store with what was carried into it.
///
/// # Errors
/// It is something else; or it cannot be read.
pub fn verify(carried: &Carried, there: &dyn View) -> Result<()> {
    for (table, sum) in TABLES.iter().zip(&carried.sums) {
        let found = read(there, table, true, &mut Changes::default(), |_| Ok(()))?;
        if found != *sum {
            let why = format!(
                "what has arrived is not what was sent: {} rows of the table {} with the digest {}, and not {} with {}",
                found.rows,
                table.name,
                found.digest(),
                sum.rows,
                sum.digest()
            );
            return Err(StoreError::new(ErrorKind::Other, why));
        }
    }
    Ok(())
}

/// Reads all rows of a table, some at a time, fit for a store that may have null characters or none.
fn read(
    from: &dyn View,
    table: &Table,
    has_null_characters: bool,
    changes: &mut Changes,
    mut take: impl FnMut(&[Vec<Cell>]) -> Result<()>,
) -> Result<Sum> {
    let [mut limit, most] = READ;
    let (mut sum, mut after) = (Sum::default(), None);
    loop {
        let mut rows = from.rows_after(table, after.as_deref(), limit)?;
        let Some(last) = rows.last() else { return Ok(sum) };
        after = last.get(..table.key).map(<[Cell]>::to_vec);
        for row in &mut rows {
            fit(table, row, has_null_characters, changes)?;
            sum.add(row);
        }
        take(&rows)?;
        // Where they are long, a database would send those in vain that are not taken.
        limit = if rows.len() < limit { rows.len() } else { most.min(limit * 2) };
    }
}

/// Makes of a row what the other store can hold.
fn fit(table: &Table, row: &mut [Cell], has_null_characters: bool, changes: &mut Changes) -> Result<()> {
    for at in 0..row.len() {
        let Some(((column, kind), cell)) = table.columns.get(at).zip(row.get_mut(at)) else { continue };
        let name = || format!("{}.{column}", table.name);
        match (kind, &mut *cell) {
            (_, Cell::Null)
            | (Kind::Integer, Cell::Integer(_))
            | (Kind::Real, Cell::Real(_))
            | (Kind::Blob, Cell::Blob(_)) => {}
            (Kind::Text, Cell::Text(text)) => {
                if !has_null_characters && text.contains('\0') {
                    *text = text.replace('\0', FOR_NUL);
                    *changes.null_characters.entry(name()).or_default() += 1;
                }
            }
            (Kind::Real, Cell::Integer(number)) => *cell = Cell::Real(*number as f64),
            (Kind::Integer, Cell::Real(number)) if number.is_finite() => {
                *changes.numbers.entry(name()).or_default() += 1;
                *cell = Cell::Integer(number.clamp(-HIGHEST, HIGHEST) as i64);
            }
            (_, held) => {
                let held = match held {
                    Cell::Blob(_) => "bytes",
                    Cell::Text(_) => "a text",
                    _ => "a number",
                };
                return Err(unfit(table, row, column, held));
            }
        }
    }
    Ok(())
}

fn unfit(table: &Table, row: &[Cell], column: &str, held: &str) -> StoreError {
    let keys = table.columns.iter().zip(row).take(table.key);
    let key: Vec<String> = keys.map(|((name, _), value)| format!("{name} = {}", shown(value))).collect();
    let why = format!(
        "the row of the table {} with {} holds {held} in {column}, which no daemon can read, so that it cannot be moved: mend or delete that row",
        table.name,
        key.join(", ")
    );
    StoreError::new(ErrorKind::Row, why)
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => number.to_string(),
        Cell::Text(text) => format!("{text:?}"),
        Cell::Blob(bytes) => bytes.iter().fold("x'".to_owned(), |all, byte| format!("{all}{byte:02x}")) + "'",
    }
}
