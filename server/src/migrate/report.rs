//! What is said of a move.

use std::collections::BTreeMap;

use aiwg_store::{Carried, TABLES};
use serde::Serialize;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The store was moved.
    Moved,
    /// It is there already.
    AlreadyThere,
    /// It was only looked at.
    DryRun,
}

/// The rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TableReport {
    /// The table.
    pub table: &'static str,
    /// What its rows are, for people.
    pub what: &'static str,
    /// Their number.
    pub rows: u64,
    /// The digest of both sides; none where nothing was carried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// What is said of a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Where the store was, for people.
    pub from: String,
    /// Where it is, or would be.
    pub to: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What was carried, or would be.
    pub tables: Vec<TableReport>,
    /// The number of texts whose null characters are U+FFFD now, by `table.column`.
    pub null_characters: BTreeMap<String, u64>,
    /// The number of sums that were too high to be exact, and are 2^53 - 1 now, by `table.column`.
    pub numbers: BTreeMap<String, u64>,
    /// What stands against it, where it was only looked at.
    pub against: Vec<String>,
    /// What else a person should know.
    pub notes: Vec<String>,
    /// What is to be done next, a line each.
    pub next: Vec<String>,
}

/// What was carried, by its tables.
pub(super) fn tables(carried: &Carried) -> Vec<TableReport> {
    let sums = TABLES.iter().zip(&carried.sums);
    sums.map(|(table, sum)| TableReport {
        table: table.name,
        what: table.what,
        rows: sum.rows,
        digest: Some(sum.digest().to_string()),
    })
    .collect()
}
