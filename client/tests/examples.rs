//! Every public item of the client has an example in its documentation. `cargo test --doc` runs them, each with a daemon.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, path::Path};

const ITEMS: [&str; 5] = ["pub fn ", "pub async fn ", "pub struct ", "pub enum ", "pub trait "];

/// The public items of a file without an example in the lines above them.
fn without_example(text: &str) -> Vec<&str> {
    let (mut missing, mut has_example) = (Vec::new(), false);
    for line in text.lines().map(str::trim_start) {
        if line.starts_with("/// ```") {
            has_example = true;
        } else if !line.starts_with("///") && !line.starts_with("#[") {
            // Those of a macro have what it is given.
            if ITEMS.iter().any(|item| line.starts_with(item)) && !has_example && !line.contains('$') {
                missing.push(line);
            }
            has_example = false;
        }
    }
    missing
}

#[test]
fn every_public_item_has_an_example() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut count = 0;
    for entry in fs::read_dir(source).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(without_example(&text), [""; 0], "{}", path.display());
        // It is compiled or run, and not only shown.
        for shown in ["```text", "```ignore", "```no_run"] {
            assert!(!text.contains(shown), "{}: {shown}", path.display());
        }
        count += text.matches("```\n").count();
    }
    assert!(count > 40, "{count} lines that begin or end an example");
}
