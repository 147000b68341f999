//! The text of a configuration: it is checked or refused, whatever stands there.

#![no_main]

use std::path::Path;

use aiwg_server::boot::parse_config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = parse_config(Path::new("/tmp"), "daemon.json", text) {
        assert!(error.problems().len() <= 101);
    }
});
