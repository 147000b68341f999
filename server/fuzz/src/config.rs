//! The text of a configuration: it is checked or refused, whatever stands there.

use std::path::Path;

use aiwg_server::boot::parse_config;

/// Tries one input.
pub fn config(text: &str) {
    if let Err(error) = parse_config(Path::new("/tmp"), "daemon.json", text) {
        assert!(error.problems().len() <= 101);
    }
}
