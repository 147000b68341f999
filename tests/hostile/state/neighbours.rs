//! Agents of other projects' daemons: they are no persons here either, and no chain restarts in another project.

use serde_json::{Value, json};

use crate::support::{Project, until, until_some};

/// Result of the command when an agent of `project` calls it in another project.
fn by_agent(project: &Project, how: &str, there: &Project, words: &str) -> Value {
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let there = there.path().display();
    project.ended(&project.submit(&format!("{how}{aiwg} --project {there} {words} --json 2>&1")))
}

fn is_refused(task: &Value) -> bool {
    task["state"] == "failed"
        && task["result"].as_str().is_some_and(|said| {
            said.contains("not_allowed") && said.contains("the agent of another project's daemon")
        })
}

#[test]
fn an_agent_of_another_project_is_no_person_here() {
    let (project, there) = (Project::started(json!({})), Project::started(json!({})));
    for words in [
        "daemon stop",
        "daemon restart",
        "daemon reload",
        "automation disable",
        "task submit x --env HOME=/tmp",
    ] {
        for how in ["", "env -u AIWG_TASK_ID ", "env -i setsid -w "] {
            let task = by_agent(&project, how, &there, words);
            assert!(is_refused(&task), "{how}{words}: {task}");
        }
    }
    assert_eq!(there.json(&["automation", "status"])["enabled"], true);
    assert_eq!(there.json(&["task", "stats"])["total"], 0);
    // A person still may, while that agent's daemon runs and while it runs an agent.
    let running = project.submit("while [ ! -e go ]; do sleep 0.01; done");
    assert_eq!(there.json(&["daemon", "reload"])["reloaded"], true);
    std::fs::write(project.file("go"), "").unwrap();
    project.ended(&running);
}

#[test]
fn the_way_through_another_project_makes_no_person_of_an_agent() {
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let (project, there) = (Project::started(json!({})), Project::started(json!({})));
    let back = format!("{aiwg} --project {} automation disable --json 2>&1", project.path().display());
    std::fs::write(there.file("back"), back).unwrap();
    let task = by_agent(&project, "", &there, "task submit 'do: . ./back' --wait");
    assert!(task["result"].as_str().unwrap().contains("not_allowed"), "{task}");
    assert_eq!(project.json(&["automation", "status"])["enabled"], true);
    // The one there is one deeper than the one that has submitted it.
    let tasks = there.json(&["task", "list"]);
    assert_eq!(tasks[0]["causedBy"], json!({ "depth": 1 }), "{tasks}");
}

#[test]
fn rules_of_two_projects_that_fire_each_other_end_at_a_depth() {
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let (one, other) = (Project::empty(), Project::empty());
    let rule = |topic: &str, there: &Project, emitted: &str| {
        let script = format!("do: {aiwg} --project {} event emit {emitted}", there.path().display());
        let mut rule = Project::rule("r", topic, &script);
        rule["max_depth"] = json!(3);
        Project::config(json!({ "rules": [rule] })).to_string()
    };
    one.configure(&rule("a:ping", &other, "a:pong"));
    other.configure(&rule("a:pong", &one, "a:ping"));
    one.start();
    other.start();
    one.json(&["event", "emit", "a:ping"]);
    let refusal = || {
        let status = other.json(&["automation", "status"]);
        status["rules"][0]["lastRefusal"]["reason"].as_str().map(str::to_owned)
    };
    assert!(until_some("a refusal", refusal).contains("the chain of tasks that led to this event is 3 long"));
    let depths = |project: &Project| {
        let tasks = project.json(&["task", "list"]);
        let mut depths: Vec<u64> = tasks
            .as_array()
            .unwrap()
            .iter()
            .map(|task| task["causedBy"]["depth"].as_u64().unwrap())
            .collect();
        depths.sort_unstable();
        depths
    };
    assert_eq!((depths(&one), depths(&other)), (vec![0, 2], vec![1]));
}

#[test]
fn an_agent_whose_depth_cannot_be_read_is_the_deepest() {
    let project = Project::started(json!({ "daemon": { "max_task_depth": 5 } }));
    // A process that calls itself a shim says nothing of a depth. What is below it is taken for an agent's.
    let shim = "cd /proc/self && printf aiwg-shim >comm && cd - >/dev/null && \"$@\"; exit $?";
    let mut command = project.command();
    let words = command.get_program().to_owned();
    command = std::process::Command::new("sh");
    command.current_dir(project.path()).env_remove("AIWG_DAEMON_SOCKET").env_remove("AIWG_TASK_ID");
    let emitted =
        command.args(["-c", shim, "sh"]).arg(words).args(["event", "emit", "a:b"]).output().unwrap();
    assert!(emitted.status.success(), "{emitted:?}");
    let events = project.json(&["event", "list", "a:b"]);
    assert_eq!(events[0]["causedBy"], json!({ "depth": 6 }), "{events}");
}

#[test]
fn an_agent_of_another_project_does_not_reload_by_a_signal_whoever_sends_it() {
    let (project, there) = (Project::started(json!({})), Project::started(json!({})));
    let pid = there.pid();
    let log = || there.read(".aiwg/daemon/daemon.log").matches("the configuration is not read again").count();
    for (before, how) in [
        format!("(kill -HUP {pid})& wait"),
        format!("env -i setsid -w sh -c 'kill -HUP {pid}'"),
        format!("setsid -f sh -c 'kill -HUP {pid}'; sleep 0.2"),
    ]
    .iter()
    .enumerate()
    {
        // It goes on running until the signal has been looked at: what is gone then may have been its.
        let task = project.submit(&format!("{how}; while [ ! -e go{before} ]; do sleep 0.01; done"));
        until("the refusal", || log() > before);
        std::fs::write(project.file(&format!("go{before}")), "").unwrap();
        project.ended(&task);
    }
    assert!(!there.read(".aiwg/daemon/daemon.log").contains("was read again and is in force"));
}

#[test]
fn who_is_below_another_daemon_and_no_shim_is_as_deep_as_there_may_be() {
    let project = Project::started(json!({ "daemon": { "max_task_depth": 5 } }));
    // As an agent's children are once it has killed its own shim.
    let daemon = "cd /proc/self && printf aiwg-daemon >comm && cd - >/dev/null && \"$@\"; exit $?";
    let words = project.command().get_program().to_owned();
    let mut command = std::process::Command::new("sh");
    command.current_dir(project.path()).env_remove("AIWG_DAEMON_SOCKET").env_remove("AIWG_TASK_ID");
    let emitted =
        command.args(["-c", daemon, "sh"]).arg(words).args(["event", "emit", "a:b"]).output().unwrap();
    assert!(emitted.status.success(), "{emitted:?}");
    let events = project.json(&["event", "list", "a:b"]);
    assert_eq!(events[0]["causedBy"], json!({ "depth": 6 }), "{events}");
    // That is what daemons call themselves, over a restart, too.
    let name = || std::fs::read_to_string(format!("/proc/{}/comm", project.pid())).unwrap();
    assert_eq!(name(), "aiwg-daemon\n");
    project.json(&["daemon", "restart"]);
    assert_eq!(name(), "aiwg-daemon\n");
}
