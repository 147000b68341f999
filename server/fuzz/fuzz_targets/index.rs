//! Git's index, as a branch may bring it, or whoever can write files.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

thread_local! {
    static DIR: RefCell<TempDir> = RefCell::new(TempDir::new().unwrap());
}

fuzz_target!(|bytes: &[u8]| {
    DIR.with_borrow(|dir| {
        let file = dir.path().join("index");
        std::fs::write(&file, bytes).unwrap();
        aiwg_watch::read_index(&file);
    });
});
