//! Git's index, as a branch may bring it, or whoever can write files.

use std::cell::RefCell;

use tempfile::TempDir;

thread_local! {
    static DIR: RefCell<TempDir> = RefCell::new(TempDir::new().unwrap());
}

/// Tries one input.
pub fn index(bytes: &[u8]) {
    DIR.with_borrow(|dir| {
        let file = dir.path().join("index");
        std::fs::write(&file, bytes).unwrap();
        aiwg_watch::read_index(&file);
    });
}
