//! A `.gitignore`, by which files are looked at.

use std::{cell::RefCell, path::Path};

use aiwg_watch::{Kind, Options};
use tempfile::TempDir;

thread_local! {
    static PROJECT: RefCell<TempDir> = RefCell::new(TempDir::new().unwrap());
}

/// Tries one input.
pub fn ignore(text: &[u8]) {
    PROJECT.with_borrow(|project| {
        std::fs::write(project.path().join(".gitignore"), text).unwrap();
        let verdicts = Options::new(project.path()).verdicts().unwrap();
        for path in ["a", "src/a.ts", "node_modules/x/index.js", "{a,b}/[c]"] {
            verdicts.of(Path::new(path), Kind::Modified).unwrap();
        }
    });
}
