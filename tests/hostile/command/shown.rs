//! The answers of a daemon do not act on the terminal, whatever is typed, and whoever reads them.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use super::liar::{FORGED, Lie, lies_at, somewhere, wild};
use crate::support::Project;

/// Every verb that asks a daemon, and ends by itself.
const VERBS: [&[&str]; 35] = [
    &["daemon", "status"],
    &["daemon", "ping"],
    &["daemon", "reload"],
    &["daemon", "restart"],
    &["daemon", "stop"],
    &["daemon", "logs"],
    &["daemon", "start"],
    &["daemon", "attach"],
    &["daemon", "chat", "hello"],
    &["task", "submit", "x"],
    &["task", "submit", "x", "--wait"],
    &["task", "list"],
    &["task", "list", "--limit", "1"],
    &["task", "get", "1"],
    &["task", "get", "1", "--raw"],
    &["task", "cancel", "1"],
    &["task", "cancel", "1", "--no-wait"],
    &["task", "retry", "1"],
    &["task", "retry", "1", "2"],
    &["task", "cancel", "1", "2", "--no-wait"],
    &["task", "cancel", "--all"],
    &["task", "logs", "1"],
    &["task", "stats"],
    &["task", "wait", "1"],
    &["event", "emit", "a:b"],
    &["event", "list"],
    &["event", "list", "--limit", "1"],
    &["automation", "status"],
    &["automation", "enable"],
    &["automation", "disable", "--rule", "x"],
    &["automation", "test", "--topic", "a:b"],
    &["schedule", "list"],
    &["schedule", "run", "x"],
    &["chat", "send", "x"],
    &["chat", "send", "x", "--no-wait"],
];

fn command(project: &Project, socket: &Path, args: &[&str]) -> Command {
    let mut command = project.command();
    command.args(args).env("AIWG_DAEMON_SOCKET", socket).stdin(Stdio::null());
    command
}

/// The first character that does more than to be shown.
fn acting(text: &str) -> Option<char> {
    let turns = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    text.chars().find(|c| (c.is_control() && !"\n\t".contains(*c)) || turns(*c) || *c == '\u{2028}')
}

fn check(args: &[&str], text: &str) {
    let acting = acting(text);
    assert!(acting.is_none(), "{args:?} prints {acting:?}: {text:?}");
}

fn says_nothing_that_acts(lie: Lie, text: &str) {
    let project = Project::empty();
    let (_dir, socket) = somewhere();
    lies_at(&socket, lie, text.to_owned());
    for args in VERBS {
        for format in [[].as_slice(), &["--json"]] {
            let all = [args, format].concat();
            let done = command(&project, &socket, &all).output().unwrap();
            let (out, err) =
                (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
            assert!(!out.is_empty() || !err.is_empty(), "{all:?} says nothing");
            assert!(!err.contains("panicked"), "{all:?}: {err}");
            check(&all, &out);
            check(&all, &err);
            // An agent's own output may begin its lines as it likes.
            let is_output = args[..2] == ["task", "get"];
            let forged = |text: &str| text.lines().any(|line| line.starts_with(FORGED));
            assert!(!forged(&err) && (is_output || !forged(&out)), "{all:?}: {out}{err}");
            if !format.is_empty() && done.status.success() && !out.is_empty() {
                let parsed: Vec<serde_json::Value> =
                    serde_json::Deserializer::from_str(&out).into_iter().map(Result::unwrap).collect();
                assert!(!parsed.is_empty());
            }
        }
    }
}

#[test]
fn no_result_acts_on_the_terminal() {
    says_nothing_that_acts(Lie::Results, &wild());
}

#[test]
fn no_error_acts_on_the_terminal() {
    says_nothing_that_acts(Lie::Errors, &wild());
}

#[test]
fn texts_of_any_length_are_borne() {
    let text = wild().repeat(10_000);
    for lie in [Lie::Results, Lie::Errors] {
        let project = Project::empty();
        let (_dir, socket) = somewhere();
        lies_at(&socket, lie, text.clone());
        for args in [["daemon", "status"], ["task", "list"], ["event", "list"], ["schedule", "list"]] {
            let done = command(&project, &socket, &args).output().unwrap();
            let shown = String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap();
            assert!(!shown.contains("panicked") && shown.len() < text.len() / 2, "{args:?}: {}", shown.len());
            check(&args, &shown);
        }
    }
}

#[test]
fn what_is_watched_does_not_act_either() {
    let project = Project::empty();
    let (_dir, socket) = somewhere();
    lies_at(&socket, Lie::Results, wild());
    for args in [["event", "watch"].as_slice(), &["event", "watch", "--json"]] {
        let mut child = command(&project, &socket, args).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("u{1b}") || line.contains("u001b"), "{line}");
        check(args, &line);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn nor_does_it_in_a_terminal() {
    let project = Project::empty();
    let (_dir, socket) = somewhere();
    lies_at(&socket, Lie::Results, wild());
    let environment =
        [("AIWG_DAEMON_SOCKET", socket.to_str().unwrap()), ("COLUMNS", "80"), ("TERM", "xterm-256color")];
    for args in [
        ["task", "get", "1"].as_slice(),
        &["task", "list"],
        &["task", "submit", "x"],
        &["task", "wait", "1"],
        &["task", "retry", "1"],
        &["automation", "status"],
        &["automation", "test", "--topic", "a:b"],
        &["daemon", "status"],
        &["event", "list"],
        &["schedule", "list"],
        &["task", "list", "--json"],
    ] {
        let shown = project.in_a_terminal_with(&environment, args, &[]).1;
        // Colours are our own: the enemy's magenta is not among them.
        assert!(!shown.contains("\u{1b}[35m"), "{args:?}: {shown:?}");
        check(args, &anstream::adapter::strip_str(&shown).to_string().replace('\r', ""));
        assert!(shown.contains("u{1b}[2J") || shown.contains("u001b[2J"), "{args:?}: {shown:?}");
    }
}
