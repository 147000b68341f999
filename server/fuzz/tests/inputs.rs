//! Seeds and mutations of them, tried on what the server reads from others.

use aiwg_protocol_fuzz::{Target, text};
use aiwg_server_fuzz as read;

fn target(name: &str) -> Target {
    Target::new(env!("CARGO_MANIFEST_DIR"), name)
}

#[test]
fn topics() {
    target("topics").try_inputs(2_000, |input| read::topics(text(input)));
}

#[test]
fn patterns() {
    target("patterns").try_inputs(2_000, |input| read::patterns(text(input)));
}

#[test]
fn ignore() {
    target("ignore").try_inputs(300, read::ignore);
}

#[test]
fn index() {
    target("index").try_inputs(3_000, read::index);
}

#[test]
fn config() {
    target("config").try_inputs(1_000, |input| read::config(text(input)));
}

#[test]
fn schedules() {
    target("schedules").try_inputs(1_000, |input| read::schedules(text(input)));
}

#[test]
fn templates() {
    target("templates").try_inputs(2_000, |input| read::templates(text(input)));
}

// A database and an engine for each.
#[test]
fn rows() {
    target("rows").try_inputs(50, |input| read::rows(text(input)));
}

#[test]
fn records() {
    target("records").try_inputs(2_000, read::records);
}

#[test]
fn output() {
    target("output").try_inputs(1_000, read::output);
}
