//! A changed configuration file takes effect when a person says so, over every start that no person asks for.

use std::process::{Child, Stdio};

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Project, kill, postgres::is_about_sqlite, until, until_some};

/// A configuration whose agent leaves a mark of this name.
pub(super) fn marking(mark: &str) -> String {
    json!({ "agent": { "command": ["sh", "-c", format!("touch {mark}")] }, "daemon": { "agents_may": ["*"] } }).to_string()
}

/// The marks that a task leaves.
pub(super) fn runs(project: &Project) -> Vec<String> {
    let marks = || {
        ["good", "evil"].into_iter().filter(|mark| project.file(mark).exists()).map(str::to_owned).collect()
    };
    project.ended(&project.submit("x"));
    let found = marks();
    for mark in ["good", "evil"] {
        let _ = std::fs::remove_file(project.file(mark));
    }
    found
}

pub(super) fn issue(project: &Project) -> Option<String> {
    let status = project.json(&["daemon", "status"]);
    let issues = status["issues"].as_array().unwrap();
    let found = issues.iter().find(|issue| issue["kind"] == "config_changed")?;
    Some(found["message"].as_str().unwrap().to_owned())
}

/// A start as a service manager has it: in the foreground, with no terminal.
pub(super) fn unattended(project: &Project, more: &[&str]) -> Child {
    let mut command = project.command();
    command
        .args(["daemon", "start", "--foreground"])
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let child = command.spawn().unwrap();
    until("it answers", || project.run(&["daemon", "ping"]).code == 0);
    child
}

pub(super) fn end(project: &Project, mut daemon: Child) {
    project.stop();
    assert!(daemon.wait().unwrap().success());
}

pub(super) fn started(config: &str) -> Project {
    let project = Project::empty();
    project.configure(config);
    project.start();
    project
}

#[test]
fn a_start_that_nobody_asks_for_goes_on_with_what_was_in_force() {
    for changed in [marking("evil"), "{ broken".to_owned(), String::new()] {
        let project = started(&marking("good"));
        assert_eq!(runs(&project), ["good"]);
        if changed.is_empty() {
            std::fs::remove_file(project.file(".aiwg/daemon.json")).unwrap();
        } else {
            project.configure(&changed);
        }
        // Killed, as by a crash or a restart of the machine; then stopped, as by an update.
        project.kill_daemon();
        for _ in 0..2 {
            let daemon = unattended(&project, &[]);
            assert_eq!(runs(&project), ["good"], "{changed}");
            let said = issue(&project).unwrap_or_else(|| panic!("{changed}: nothing is said"));
            assert!(said.contains("daemon.json") && said.contains("`aiwg daemon reload`"), "{said}");
            end(&project, daemon);
        }
        project.configure(&marking("good"));
        project.start();
        assert_eq!(issue(&project), None);
    }
}

#[test]
fn a_persons_reload_puts_it_in_force_and_the_next_start_keeps_that() {
    let project = started(&marking("good"));
    project.configure(&marking("evil"));
    project.kill_daemon();
    let daemon = unattended(&project, &["--unattended"]);
    let said = issue(&project).unwrap();
    assert!(said.contains("(agent.command)"), "{said}");
    assert_eq!(project.json(&["daemon", "reload"])["reloaded"], true);
    assert_eq!(issue(&project), None);
    assert_eq!(runs(&project), ["evil"]);
    end(&project, daemon);
    let daemon = unattended(&project, &[]);
    assert_eq!((runs(&project), issue(&project)), (vec!["evil".to_owned()], None));
    end(&project, daemon);
}

#[test]
fn a_persons_start_puts_it_in_force_and_shows_what_has_changed() {
    let project = started(&marking("good"));
    project.stop();
    project.configure(&marking("evil"));
    let done = project.run(&["daemon", "start"]);
    assert!(
        done.out.contains("has changed")
            && done.out.contains("agent.command: [\"sh\",\"-c\",\"touch good\"] -> "),
        "{}",
        done.out
    );
    assert_eq!(runs(&project), ["evil"]);
    project.stop();
    // It shows nothing where nothing has, be there another comment.
    project.configure(&format!("// the same\n{}", marking("evil")));
    let done = project.run(&["daemon", "start"]);
    assert!(!done.out.contains("has changed"), "{}", done.out);
    project.stop();
    // A person may say so where no terminal shows it.
    project.configure(&marking("good"));
    let daemon = unattended(&project, &["--attended"]);
    assert_eq!(runs(&project), ["good"]);
    end(&project, daemon);
}

/// The configuration as an agent has edited it: more rights, money and people who may write, behind many changes that mean nothing.
fn edited() -> String {
    let mut edited: serde_json::Value = serde_json::from_str(&marking("good")).unwrap();
    edited["daemon"]["max_queued"] = json!(77);
    edited["daemon"]["heartbeat_interval_seconds"] = json!(3);
    edited["rules"] = (0..25).map(|no| Project::rule(&format!("r{no}"), "a:b", "x")).collect();
    edited["messaging"] = json!({ "users": { "write": ["telegram:42"] } });
    edited["budget"] = json!({ "day_usd": 500 });
    edited.to_string()
}

#[test]
fn a_persons_reload_and_restart_show_what_they_put_in_force() {
    let project = started(&marking("good"));
    for verb in ["reload", "restart"] {
        project.configure(&edited());
        let done = project.run(&["daemon", verb]);
        assert!(
            done.code == 0
                && done.out.contains("has changed")
                && done.out.contains("messaging.users.write: ")
                && done.out.contains("budget.day_usd: null -> 500.0")
                && done.out.contains("and 7 more"),
            "{verb}: {} {}",
            done.out,
            done.err
        );
        project.configure(&marking("good"));
        let done = project.json(&["daemon", verb]);
        let changes = done["changes"].as_array().unwrap();
        let first = |place: &str| changes[..2].iter().any(|line| line.as_str().unwrap().starts_with(place));
        assert!(first("messaging.users.write: ") && first("budget.day_usd: "), "{done}");
        // Once more, and nothing has changed.
        let done = project.json(&["daemon", verb]);
        assert_eq!(done["changes"], json!([]), "{verb}");
    }
}

#[test]
fn a_changed_file_is_in_the_health_though_nobody_has_it_read() {
    let project = started(&marking("good"));
    assert_eq!(issue(&project), None);
    project.configure(&edited());
    until("the health", || issue(&project).is_some());
    let said = issue(&project).unwrap();
    let places = said.split_once('(').unwrap().1;
    assert!(said.contains("daemon.json has changed") && said.contains("`aiwg daemon reload`"), "{said}");
    assert!(places.find("messaging.users.write") < places.find("daemon.max_queued"), "{said}");
    assert!(!said.contains("telegram:42"), "{said}");
    // It was put back.
    project.configure(&marking("good"));
    until("the health", || issue(&project).is_none());
    project.configure(&edited());
    until("the health", || issue(&project).is_some());
    project.json(&["daemon", "reload"]);
    assert_eq!(issue(&project), None);
}

/// A project whose agents do what their prompt says and leave the mark `good`, and whose file was then changed by one of them.
pub(super) fn changed_by_an_agent() -> Project {
    let agent = "prompt=$(cat); case $prompt in 'do: '*) eval \"${prompt#do: }\";; esac; touch good";
    let rights = json!({ "agents_may": ["default", "daemon.restart"] });
    let project =
        started(&json!({ "agent": { "command": ["sh", "-c", agent] }, "daemon": rights }).to_string());
    project.configure(&marking("evil"));
    project
}

#[test]
fn a_restart_by_an_agent_puts_nothing_in_force() {
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let project = changed_by_an_agent();
    let task = project.submit(&format!("{aiwg} daemon restart"));
    until("its health", || project.run(&["daemon", "ping"]).code == 0 && issue(&project).is_some());
    assert_eq!(project.ended(&task)["state"], "completed");
    assert_eq!(runs(&project), ["good"]);
    // A person's does.
    assert_eq!(project.run(&["daemon", "restart"]).code, 0);
    assert_eq!((runs(&project), issue(&project)), (vec!["evil".to_owned()], None));
}

#[test]
fn a_signal_of_an_agent_puts_nothing_in_force() {
    let project = changed_by_an_agent();
    let pid = project.pid();
    // From a process that lives on, from one that is gone, and from one that says it is another.
    let queue = format!(
        "import os, signal, ctypes; libc = ctypes.CDLL(None); libc.sigqueue({pid}, signal.SIGHUP, 0)"
    );
    let signals = format!(
        "kill -HUP {pid}; env kill -HUP {pid}; python3 -c '{queue}'; setsid env -i sh -c 'kill -HUP {pid}; sleep 1'"
    );
    project.ended(&project.submit(&signals));
    until("the signals", || project.read(".aiwg/daemon/daemon.log").contains("is not read again"));
    until("the health", || issue(&project).is_some_and(|said| said.contains("agent.command")));
    assert_eq!(runs(&project), ["good"]);
    // A person's does.
    kill(pid, Signal::HUP);
    until("the reload", || runs(&project) == ["evil"]);
}

#[test]
fn a_start_by_an_agent_puts_nothing_in_force() {
    if is_about_sqlite("its daemons are started without the environment that names the store") {
        return;
    }
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    for start in ["start", "start --attended", "restart", "start --foreground --attended"] {
        let project = changed_by_an_agent();
        let pid = project.pid();
        project.submit(&format!(
            "kill -9 {pid}; while kill -0 {pid}; do sleep 0.01; done; \
             (env -i PATH=$PATH {aiwg} --project . daemon {start} >said 2>&1; echo $? >code) & while [ ! -e seen ]; do sleep 0.01; done"
        ));
        // One that it would leave behind is refused, and what a service manager starts in its place puts nothing in force either.
        let mut next = None;
        if !start.contains("--foreground") {
            until("the refusal", || !project.read("code").is_empty());
            let said = project.read("said");
            assert!(project.read("code") == "1\n" && said.contains("ended with its task"), "{start}: {said}");
            assert_eq!(project.run(&["daemon", "ping"]).code, 3, "{start}");
            next = Some(unattended(&project, &[]));
        }
        until("the daemon", || project.run(&["daemon", "ping"]).code == 0 && project.pid() != pid);
        assert!(issue(&project).is_some(), "{start}");
        assert_eq!(runs(&project), ["good"], "{start}");
        std::fs::write(project.file("seen"), "").unwrap();
        if let Some(next) = next {
            end(&project, next);
        }
    }
}

#[test]
fn a_restart_without_its_file_is_refused_and_nothing_changes() {
    let project = started(&marking("good"));
    let file = project.file(".aiwg/daemon.json");
    std::fs::remove_file(&file).unwrap();
    let done = project.run(&["daemon", "restart"]);
    assert!(done.code == 1 && done.out.contains("the file is gone"), "{} {}", done.out, done.err);
    assert_eq!(runs(&project), ["good"]);
    // Nor does a start run another agent, with the defaults.
    project.stop();
    let done = project.run(&["daemon", "start"]);
    assert!(
        done.code == 1 && done.err.contains("the file is gone") && done.err.contains("`{}`"),
        "{}",
        done.err
    );
    project.configure(&marking("good"));
    project.start();
}

#[test]
fn the_file_that_was_named_is_kept_as_well() {
    let project = Project::empty();
    project.configure(&marking("evil"));
    std::fs::write(project.file("other.json"), marking("good")).unwrap();
    assert_eq!(project.run(&["daemon", "start", "--config", "other.json"]).code, 0);
    project.kill_daemon();
    let daemon = unattended(&project, &[]);
    assert_eq!(runs(&project), ["good"]);
    assert_eq!(issue(&project), None);
    // A person's reload reads that one again.
    std::fs::write(project.file("other.json"), marking("evil")).unwrap();
    project.json(&["daemon", "reload"]);
    assert_eq!(runs(&project), ["evil"]);
    std::fs::write(project.file("other.json"), marking("good")).unwrap();
    end(&project, daemon);
    // What the lock's file says is nobody's word.
    std::fs::write(project.file("third.json"), marking("evil")).unwrap();
    let forged = json!({ "process": { "pid": 1, "start_time": 1 }, "config": project.file("third.json"), "detached": true, "phase": "runs" });
    std::fs::write(project.file(".aiwg/daemon/.lock"), format!("1\n{forged}\n")).unwrap();
    project.json(&["daemon", "restart"]);
    assert_eq!(runs(&project), ["good"]);
    let config = until_some("the status", || {
        project.json(&["daemon", "status"])["config"].as_str().map(str::to_owned)
    });
    assert!(config.ends_with("other.json"), "{config}");
}

#[test]
fn what_was_in_force_outlives_the_removal_of_the_store() {
    if is_about_sqlite("it takes the state in the directory away, which does not have the store") {
        return;
    }
    let project = Project::empty();
    project.configure(&marking("good"));
    let daemon = unattended(&project, &[]);
    project.configure(&marking("evil"));
    // As an agent's `git clean -xfd` does it; a service manager starts it again.
    until("its removal, beside a daemon that writes there", || {
        std::fs::remove_dir_all(project.file(".aiwg/daemon")).is_ok()
    });
    assert!(!{ daemon }.wait().unwrap().success());
    let daemon = unattended(&project, &[]);
    assert!(issue(&project).is_some());
    assert_eq!(runs(&project), ["good"]);
    end(&project, daemon);
}
