//! The text of a configuration: it is checked or refused, whatever stands there.

#![no_main]

use std::path::Path;

use aiwg_server::config::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = parse(Path::new("/tmp"), "daemon.json", text) {
        assert!(error.problems().len() <= 101);
    }
});
