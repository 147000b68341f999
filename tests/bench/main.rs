//! `scripts/bench`: what the daemon does, beside a baseline in the same run.
//!
//! These machines are noisy: only the ratios mean anything.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::panic)]

mod against;
mod bounds;
mod clients;
mod daemon;
mod disk;
mod echo;
mod files;
mod fleet;
mod load;
mod mcp;
mod messaging;
mod page;
mod rules;
mod scripts;
mod spool;
mod start;
mod table;
mod tasks;
mod telemetry;
mod topics;
mod trust;
mod webhooks;
mod why;
mod wire;
mod worktrees;

use std::path::{Path, PathBuf};

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
const EMIT: &str = r#"{"jsonrpc":"2.0","id":1,"method":"event.emit","params":{"topic":"bench:happened","payload":{"version":"1.2.3"}}}"#;
const SUBMIT: &str = r#"{"jsonrpc":"2.0","id":1,"method":"task.submit","params":{"prompt":"Run the test suite and report results","priority":-5}}"#;

/// Measures with this binary.
type Group = fn(&Path);

/// Every group by its name.
const GROUPS: [(&str, Group); 19] = [
    ("wire", wire::run),
    ("clients", clients::run),
    ("scripts", scripts::run),
    ("start", start::run),
    ("tasks", tasks::run),
    ("rules", rules::run),
    ("topics", topics::run),
    ("files", files::run),
    ("spool", spool::run),
    ("bounds", bounds::run),
    ("messaging", messaging::run),
    ("webhooks", webhooks::run),
    ("telemetry", telemetry::run),
    ("worktrees", worktrees::run),
    ("why", why::run),
    ("trust", trust::run),
    ("fleet", fleet::run),
    ("mcp", mcp::run),
    ("page", page::run),
];

fn main() {
    let aiwg = Path::new(env!("CARGO_BIN_EXE_aiwg"));
    // cargo adds an option of its own.
    let mut words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let old = words.iter().position(|word| word == "--against").map(|at| {
        words.remove(at);
        PathBuf::from(words.remove(at))
    });
    let wanted = words.first().map(String::as_str).unwrap_or_default();
    match (wanted, words.get(1), old) {
        ("echo-server", Some(path), _) => echo::serve(&PathBuf::from(path)),
        (_, _, Some(old)) => against::run(aiwg, &old, wanted),
        _ => GROUPS.iter().filter(|(name, _)| name.contains(wanted)).for_each(|(_, group)| group(aiwg)),
    }
}
