//! Helpers shared by the runners of the vectors.

use std::path::PathBuf;

use serde_json::Value;

use crate::repository;

/// The files of calls, those that are generated among them.
pub fn call_vectors() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(repository().join("tests/vectors")).unwrap();
    let is_calls = |name: &str| name.starts_with("calls") && name.ends_with(".json");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_calls))
        .collect();
    files.sort();
    files
}

/// True if a value is what is wanted of it: members that are not named there may be anything.
pub fn fits(got: &Value, wanted: &Value) -> bool {
    match (got, wanted) {
        (Value::Object(got), Value::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| got.get(name).is_some_and(|got| fits(got, wanted)))
        }
        (Value::Array(got), Value::Array(wanted)) => {
            got.len() == wanted.len() && got.iter().zip(wanted).all(|(got, wanted)| fits(got, wanted))
        }
        _ => got == wanted,
    }
}
