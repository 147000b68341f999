//! The daemon's log: rotated, in either format, followed over rotations, restarts and the socket.

use std::{
    io::{BufRead, BufReader},
    os::unix::fs::MetadataExt,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
};

use serde_json::{Value, json};

use crate::support::{Project, kill, until, until_some};

/// A follower, and its lines as they come.
struct Follower {
    child: Child,
    lines: Receiver<String>,
}

impl Follower {
    fn start(project: &Project, args: &[&str]) -> Self {
        let mut command: Command = project.command();
        command.args(["daemon", "logs", "--follow"]).args(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        Self { child, lines }
    }

    /// Waits for a line with this in it, and gives all up to it.
    fn until(&self, what: &str) -> Vec<String> {
        let mut seen = Vec::new();
        until_some(&format!("the line with {what:?}"), || {
            seen.extend(self.lines.try_iter());
            seen.iter().any(|line| line.contains(what)).then_some(())
        });
        seen
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        kill(self.child.id(), rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

/// Makes the daemon write a line that names this event.
fn note(project: &Project, number: u64) {
    let emitted = project.wire().call("event.emit", json!({ "topic": format!("note:{number}") }));
    assert_eq!(emitted["rules"], json!(["r"]));
}

/// A configuration that has a line written of every event `note:*`.
fn config(log: Value) -> Value {
    let mut rule = Project::rule("r", "note:*", "x");
    rule["condition"] = json!({ "type": "debounce", "interval_ms": 3_600_000 });
    json!({ "rules": [rule], "daemon": { "log": log } })
}

fn noting(log: Value) -> Project {
    Project::started(config(log))
}

/// The numbers of the notes in these lines.
fn notes(lines: &[String]) -> Vec<u64> {
    let number = |line: &String| {
        let rest = line.split("note:").nth(1)?;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    lines.iter().filter_map(number).collect()
}

#[test]
fn it_is_rotated_by_size_and_count_and_followed_without_a_gap() {
    let project = noting(json!({ "max_size_mb": 0.004, "max_files": 3 }));
    let follower = Follower::start(&project, &[]);
    // It must have begun before the first rotation takes its beginning away.
    note(&project, 0);
    let mut seen = notes(&follower.until("note:0\""));
    let count = 150;
    (1..=count).for_each(|number| note(&project, number));
    seen.extend(notes(&follower.until(&format!("note:{count}\""))));
    let expected: Vec<u64> = (0..=count).collect();
    assert_eq!(seen, expected);
    let directory = project.file(".aiwg/daemon");
    let names = || {
        let mut names: Vec<String> = std::fs::read_dir(&directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("daemon.log"))
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(), ["daemon.log", "daemon.log.1", "daemon.log.2", "daemon.log.3"]);
    for name in names() {
        let file = std::fs::metadata(directory.join(&name)).unwrap();
        assert_eq!(file.mode() & 0o777, 0o600, "{name}");
        assert!(file.len() < 8 * 1024, "{name} has {} bytes", file.len());
    }
    // Over several files, the last lines are still the last ones.
    let last = project.run(&["daemon", "logs", "--lines", "40"]).out;
    let lines: Vec<String> = last.lines().map(str::to_owned).collect();
    assert_eq!(notes(&lines), (count - 39..=count).collect::<Vec<_>>());
}

#[test]
fn following_goes_on_with_the_next_daemon() {
    let project = noting(json!({}));
    let follower = Follower::start(&project, &[]);
    note(&project, 1);
    let mut seen = follower.until("note:1\"");
    project.kill_daemon();
    project.start();
    note(&project, 2);
    seen.extend(follower.until("note:2\""));
    assert_eq!(notes(&seen), [1, 2]);
    assert_eq!(seen.iter().filter(|line| line.contains("the daemon starts")).count(), 2, "{seen:?}");
}

#[test]
fn what_the_last_daemon_left_is_shown_without_one() {
    let project = noting(json!({}));
    note(&project, 1);
    project.stop();
    let done = project.run(&["daemon", "logs", "--lines", "1"]);
    assert_eq!((done.code, done.out.lines().count()), (0, 1));
    assert!(
        done.out.contains("the daemon has stopped") && done.err.contains("no daemon runs"),
        "{}",
        done.err
    );
    // A reader that has seen enough ends it quietly.
    let script = format!("'{}' daemon logs | head -1", env!("CARGO_BIN_EXE_aiwg"));
    let output = Command::new("sh").args(["-c", &script]).current_dir(project.path()).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
    assert!(!String::from_utf8(output.stderr).unwrap().contains("panic"));
    let none = Project::empty();
    assert_eq!(none.run(&["daemon", "logs"]).code, 3);
}

#[test]
fn lines_are_json_and_of_a_level_if_asked_for() {
    let project = noting(json!({ "format": "json", "level": "warn" }));
    note(&project, 1);
    project.configure("{ broken");
    assert_eq!(project.run(&["daemon", "reload"]).code, 1);
    until("the line", || project.read(".aiwg/daemon/daemon.log").contains("is refused"));
    let log = project.read(".aiwg/daemon/daemon.log");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["level"] == "WARN"), "{log}");
    assert!(lines[0]["timestamp"].is_string() && lines[0]["message"].is_string(), "{log}");

    let project = noting(json!({ "format": "json" }));
    note(&project, 1);
    until("the line", || project.read(".aiwg/daemon/daemon.log").contains("note:1"));
    let log = project.read(".aiwg/daemon/daemon.log");
    let line = log.lines().find(|line| line.contains("automation")).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        (&line["target"], &line["rule"], &line["topic"]),
        (&json!("automation"), &json!("r"), &json!("note:1"))
    );
}

#[test]
fn a_reload_changes_how_it_is_written_and_loses_no_line() {
    let project = noting(json!({}));
    let follower = Follower::start(&project, &[]);
    let reload = |log: Value| {
        project.configure(&config(log).to_string());
        assert_eq!(project.json(&["daemon", "reload"])["reloaded"], true);
    };
    note(&project, 1);
    reload(json!({ "format": "json" }));
    note(&project, 2);
    let mut log = follower.until("note:2");
    assert!(serde_json::from_str::<Value>(log.last().unwrap()).unwrap()["timestamp"].is_string());
    reload(json!({ "level": "warn" }));
    note(&project, 3);
    reload(json!({ "max_size_mb": 0.002 }));
    (4..50).for_each(|number| note(&project, number));
    log.extend(follower.until("note:49"));
    assert_eq!(notes(&log), [vec![1, 2], (4..50).collect()].concat());
    assert!(project.file(".aiwg/daemon/daemon.log.1").exists());
}

#[test]
fn a_log_that_is_tampered_with_stops_nothing() {
    let project = noting(json!({ "max_size_mb": 0.001, "max_files": 3 }));
    let old = project.file(".aiwg/daemon/daemon.log.1");
    (0..20).for_each(|number| note(&project, number));
    until("a rotation", || old.exists());
    std::fs::remove_file(&old).unwrap();
    (20..60).for_each(|number| note(&project, number));
    assert!(old.exists());
    // Removed as a whole, it is begun again at a reload.
    std::fs::remove_file(project.file(".aiwg/daemon/daemon.log")).unwrap();
    kill(project.pid(), rustix::process::Signal::HUP);
    until("the line", || project.read(".aiwg/daemon/daemon.log").contains("is in force"));
    assert_eq!(project.json(&["daemon", "status"])["health"], "healthy");
}

#[test]
fn a_log_that_cannot_be_opened_shows_at_the_start() {
    let project = Project::new(json!({}));
    std::fs::create_dir_all(project.file(".aiwg/daemon/daemon.log")).unwrap();
    let done = project.run(&["daemon", "start"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.contains("daemon.log cannot be opened"), "{}", done.out);
    assert_eq!(project.json(&["daemon", "status"])["issues"][0]["kind"], "log");
}

#[test]
fn in_the_foreground_it_is_on_standard_error_as_well() {
    let project = Project::new(json!({}));
    let mut command = project.command();
    let command = command.args(["daemon", "start", "--foreground"]).stdout(Stdio::null());
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    until("an answer", || project.run(&["daemon", "ping"]).code == 0);
    kill(child.id(), rustix::process::Signal::TERM);
    let said = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    assert_eq!(said, project.read(".aiwg/daemon/daemon.log"));
    assert!(said.contains("the daemon has stopped"), "{said}");
}
