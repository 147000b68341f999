//! `scripts/bench`: what the daemon does, beside a baseline in the same run.
//!
//! These machines are noisy: only the ratios mean anything.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::panic)]

mod clients;
mod daemon;
mod disk;
mod echo;
mod files;
mod load;
mod rules;
mod start;
mod table;
mod tasks;
mod wire;

use std::path::{Path, PathBuf};

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
const EMIT: &str = r#"{"jsonrpc":"2.0","id":1,"method":"event.emit","params":{"topic":"bench:happened","payload":{"version":"1.2.3"}}}"#;
const SUBMIT: &str = r#"{"jsonrpc":"2.0","id":1,"method":"task.submit","params":{"prompt":"Run the test suite and report results","priority":-5}}"#;

/// Measures with this binary.
type Group = fn(&Path);

/// Every group by its name.
const GROUPS: [(&str, Group); 6] = [
    ("wire", wire::run),
    ("clients", clients::run),
    ("start", start::run),
    ("tasks", tasks::run),
    ("rules", rules::run),
    ("files", files::run),
];

fn main() {
    // cargo adds options of its own.
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with('-'));
    match (words.next().as_deref(), words.next()) {
        (Some("echo-server"), Some(path)) => echo::serve(&PathBuf::from(path)),
        (wanted, _) => {
            let wanted = wanted.unwrap_or_default();
            for (_, group) in GROUPS.iter().filter(|(name, _)| name.contains(wanted)) {
                group(Path::new(env!("CARGO_BIN_EXE_aiwg")));
            }
        }
    }
}
