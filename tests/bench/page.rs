//! The page of `aiwg dashboard` in a real browser, by `tests/dashboard/figures.mjs`: its size, its first view, its frames under a flood of events, and
//! its memory. `BENCH_PAGE_MINUTES` is for how long its memory is looked at: 10 by default.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{clients::repository, daemon::BenchDaemon, table};

/// Number of bytes of the page, packed as a server would, and how much it may be.
const MOST_KB: f64 = 250.0;

pub(crate) fn run(aiwg: &Path) {
    let modules = repository().join("target/oracles/dashboard");
    if !modules.exists() {
        return println!("\nthe page: run scripts/oracles first, which installs what drives the browser");
    }
    table::head("the page", "measured", "at most");
    table::row("all its files, packed by gzip, KB", packed(), MOST_KB);
    let daemon = BenchDaemon::start(aiwg, &json!({ "watch": { "enabled": false } }));
    let mut node = Command::new("node");
    node.arg(repository().join("tests/dashboard/figures.mjs"));
    let output = node
        .current_dir(daemon.file(""))
        .env("AIWG", aiwg)
        .env("MODULES", modules)
        .env_remove("PAGE")
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    for line in output.stdout.split(|byte| *byte == b'\n') {
        // What is not JSON is for people.
        let Ok(figure) = serde_json::from_slice::<Value>(line) else { continue };
        let number = |name: &str| figure[name].as_f64().unwrap();
        table::row(figure["what"].as_str().unwrap(), number("measured"), number("most"));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn packed() -> f64 {
    let mut find = Command::new("sh");
    find.current_dir(repository().join("dashboard/page/dist"));
    let output =
        find.args(["-c", "find . -type f -exec sh -c 'gzip -9 -c \"$1\"' _ {} \\;"]).output().unwrap();
    output.stdout.len() as f64 / 1e3
}
