//! Rules that wait for files to change: real editors, real git, an agent that edits what triggers it.

use std::{
    fs,
    os::unix::ffi::OsStrExt,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::support::{Project, repository, until, until_some};

fn rule(id: &str, pattern: &str, prompt: &str, more: Value) -> Value {
    let mut rule = json!({
        "id": id,
        "trigger": { "type": "file_change", "pattern": pattern },
        "action": { "type": "submit_task", "prompt": prompt }
    });
    rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rule
}

/// A project with a directory `src` whose files are watched.
fn watching(watch: Value, rules: &[Value]) -> Project {
    let mut section = json!({ "enabled": true, "debounce_ms": 60 });
    section.as_object_mut().unwrap().extend(watch.as_object().unwrap().clone());
    let project = Project::new(json!({ "watch": section, "rules": rules }));
    fs::create_dir(project.file("src")).unwrap();
    project
}

fn write(project: &Project, name: &str, content: &str) {
    fs::write(project.file(name), content).unwrap();
}

/// The `file:` events so far, each as its topic and payload without the sizes, which have a test of their own.
fn events(project: &Project) -> Vec<(String, Value)> {
    let events =
        project.wire().call("event.list", json!({ "topics": ["file:*"], "since": 0, "limit": 1000 }));
    let event = |event: &Value| {
        let mut payload = event["payload"].clone();
        let members = payload.as_object_mut().unwrap();
        members.remove("size");
        members.remove("sizeBefore");
        (event["topic"].as_str().unwrap()["file:".len()..].to_owned(), payload)
    };
    events.as_array().unwrap().iter().map(event).collect()
}

/// Waits until the change of a marker is reported, so that all before it has been.
fn marked(project: &Project, marker: &str) -> Vec<(String, Value)> {
    write(project, marker, "marker");
    let reported = |events: &[(String, Value)]| events.iter().any(|(_, payload)| payload["path"] == marker);
    until_some("the marker", || Some(events(project)).filter(|events| reported(events)))
}

fn run(project: &Project, program: &str, args: &[&str]) {
    let output = Command::new(program)
        .args(args)
        .current_dir(project.path())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn total(project: &Project) -> u64 {
    project.json(&["task", "stats"])["total"].as_u64().unwrap()
}

fn watcher(project: &Project) -> Value {
    project.json(&["daemon", "status"])["subsystems"]["file_watcher"].clone()
}

#[test]
fn each_editors_save_is_one_change_and_one_task() {
    let rule = rule("r", "src/**/*.ts", "x", json!({ "max_firings": 100 }));
    let project = watching(json!({}), &[rule]);
    write(&project, "src/a.ts", "one\ntwo\n");
    project.start();
    let saves: [(&str, &[&str]); 4] = [
        // In place, with a swap file and, as set here, a backup by rename.
        ("vim", &["-es", "-u", "NONE", "-c", "set backup backupcopy=no | %s/two/vim/ | wq", "src/a.ts"]),
        // A new file, renamed over the old one.
        ("sed", &["-i", "s/vim/sed/", "src/a.ts"]),
        ("sh", &["-c", "printf '%s\\n' ,s/sed/ed/ w q | ed -s src/a.ts"]),
        ("sh", &["-c", "echo more >>src/a.ts"]),
    ];
    for (number, (program, args)) in saves.iter().enumerate() {
        run(&project, program, args);
        let events = marked(&project, &format!("src/marker-{number}"));
        let of_file: Vec<_> = events.iter().filter(|(_, payload)| payload["path"] == "src/a.ts").collect();
        assert_eq!(of_file.len(), number + 1, "{program} {args:?}: {events:?}");
        assert!(of_file.iter().all(|(topic, _)| topic == "modified"), "{events:?}");
        let in_src = |(_, payload): &&(String, Value)| payload["path"].as_str().unwrap().starts_with("src/");
        assert_eq!(events.iter().filter(in_src).count(), 2 * (number + 1), "{events:?}");
        until("its task", || total(&project) == number as u64 + 1);
        project.ended(&format!("task-{:04}", number + 1));
        // A file system's clock goes in steps: what is changed in the very moment of a task's end may count as the task's own.
        marked(&project, &format!("pause-{number}"));
    }
}

#[test]
fn files_that_change_together_make_one_task_with_all_of_them() {
    let project = watching(json!({}), &[rule("r", "src/**/*.ts", "Look at {{ files }}.", json!({}))]);
    project.start();
    let names: Vec<String> = (0..20).map(|number| format!("src/{number:02}.ts")).collect();
    run(&project, "touch", &names.iter().map(String::as_str).collect::<Vec<_>>());
    let task = until_some("the task", || {
        project.wire().try_call("task.get", json!({ "taskId": "task-0001" })).get("result").cloned()
    });
    let prompt = task["prompt"].as_str().unwrap();
    assert!(prompt.contains(&json!(names).to_string()), "{prompt}");
    let status = project.json(&["automation", "status"]);
    assert_eq!(status["recentExecutions"][0]["matches"], 20, "{status}");
    marked(&project, "marker");
    assert_eq!(total(&project), 1);
}

#[test]
fn an_agent_that_edits_what_triggers_it_does_not_trigger_itself() {
    let edit = "do: echo \"$AIWG_TASK_ID\" >>src/a.ts; : >src/new.ts; rm -f src/old.ts";
    let project = watching(json!({}), &[rule("r", "src/**", edit, json!({}))]);
    write(&project, "src/old.ts", "old");
    project.start();
    write(&project, "src/a.ts", "mine");
    until("the task", || total(&project) == 1);
    assert_eq!(project.ended("task-0001")["state"], "completed");
    let events = marked(&project, "marker");
    // All of what it did was reported, and none of it counted.
    for (topic, path) in [("modified", "src/a.ts"), ("created", "src/new.ts"), ("deleted", "src/old.ts")] {
        let event = (topic.to_owned(), json!({ "path": path }));
        assert!(events.contains(&event), "{event:?} is not among {events:?}");
    }
    assert_eq!(total(&project), 1);
    let log = project.read(".aiwg/daemon/daemon.log");
    let line = log
        .lines()
        .find(|line| line.contains("automation") && line.contains("while a task of this rule ran"));
    assert!(line.is_some_and(|line| line.contains("rule=\"r\"")), "{log}");
    let refusal = &project.json(&["automation", "status"])["rules"][0]["lastRefusal"];
    assert_eq!(refusal["reason"], "the change was made while a task of this rule ran", "{refusal}");
    // What a person changes afterwards does.
    write(&project, "src/a.ts", "mine again");
    until("another task", || total(&project) == 2);
    project.ended("task-0002");
}

#[test]
fn a_runaway_trips_and_says_so() {
    let edit = "do: echo x >>src/a.ts";
    let more = json!({ "ignore_own_changes": false, "max_firings": 3 });
    let project = watching(json!({}), &[rule("r", "src/**", edit, more)]);
    project.start();
    write(&project, "src/a.ts", "mine");
    let tripped =
        |project: &Project| project.json(&["automation", "status"])["rules"][0]["trippedAt"] != Value::Null;
    until("the rule to trip", || tripped(&project));
    marked(&project, "marker");
    assert_eq!(total(&project), 3);
    let status = project.json(&["daemon", "status"]);
    assert_eq!((&status["health"], &status["issues"][0]["kind"]), (&json!("degraded"), &json!("automation")));
    let events = project.json(&["event", "list", "automation:tripped"]);
    assert_eq!(events[0]["payload"]["firings"], 3, "{events}");
    // A restart does not forget it.
    project.stop();
    project.start();
    assert!(tripped(&project));
    project.json(&["automation", "enable", "--rule", "r"]);
    assert_eq!(project.json(&["daemon", "status"])["health"], "healthy");
    write(&project, "src/b.ts", "mine");
    until("another task", || total(&project) > 3);
    until("the rule to trip", || tripped(&project));
    assert_eq!(total(&project), 6);
}

#[test]
fn a_checkout_is_one_match_of_its_last_state() {
    let project = watching(json!({}), &[rule("r", "src/**", "x", json!({}))]);
    let git = |args: &[&str]| run(&project, "git", args);
    git(&["init", "-q", "-b", "main", "."]);
    git(&["config", "user.email", "test@example.com"]);
    git(&["config", "user.name", "test"]);
    write(&project, ".gitignore", ".aiwg\n.stand-in-runs\nmarker\n");
    let write_all =
        |content: &str| (0..400).for_each(|number| write(&project, &format!("src/{number:03}"), content));
    write_all("one");
    git(&["add", "-A"]);
    git(&["commit", "-qm", "one"]);
    git(&["checkout", "-qb", "two"]);
    write_all("two, longer");
    fs::remove_file(project.file("src/399")).unwrap();
    git(&["add", "-A"]);
    git(&["commit", "-qm", "two"]);
    project.start();
    git(&["checkout", "-q", "main"]);
    until("all of it", || events(&project).len() == 400);
    let events = events(&project);
    assert_eq!(events.iter().filter(|(topic, _)| topic == "modified").count(), 399);
    assert!(events.contains(&("created".to_owned(), json!({ "path": "src/399" }))), "{events:?}");
    until("its task", || total(&project) == 1);
    assert_eq!(project.json(&["automation", "status"])["recentExecutions"][0]["matches"], 400);

    // In the middle of an operation nothing is reported.
    write(&project, ".git/index.lock", "");
    write(&project, "src/000", "half");
    until("changes to be held back", || watcher(&project)["held_by"] != Value::Null);
    assert_eq!(self::events(&project).len(), 400);
    let held_by = &project.json(&["automation", "status"])["heldBy"];
    assert!(held_by.as_str().unwrap().ends_with(".git/index.lock"), "{held_by}");
    fs::remove_file(project.file(".git/index.lock")).unwrap();
    until("the change", || self::events(&project).len() == 401);
    assert_eq!(watcher(&project)["held_by"], Value::Null);
}

#[test]
fn a_debounce_survives_a_crash() {
    let more = json!({ "condition": { "type": "debounce", "interval_ms": 700 } });
    let project = watching(json!({}), &[rule("r", "src/**", "x", more)]);
    project.start();
    write(&project, "src/a", "one");
    write(&project, "src/b", "one");
    until("the matches", || project.json(&["automation", "status"])["rules"][0]["pending"]["matches"] == 2);
    project.kill_daemon();
    project.start();
    until("the task", || total(&project) == 1);
    assert_eq!(project.ended("task-0001")["state"], "completed");
    assert_eq!(project.json(&["automation", "status"])["recentExecutions"][0]["matches"], 2);
}

#[test]
fn what_is_watched_changes_with_a_reload() {
    let project = watching(json!({ "paths": ["src"] }), &[]);
    fs::create_dir(project.file("lib")).unwrap();
    project.start();
    write(&project, "lib/a", "unseen");
    assert_eq!(marked(&project, "src/marker").len(), 1);
    let agent = repository().join("tests/agents/stand-in-agent");
    let config = |paths: Value| {
        json!({ "agent": { "command": [agent] }, "watch": { "enabled": true, "paths": paths, "debounce_ms": 60 } }).to_string()
    };
    project.configure(&config(json!(["../elsewhere"])));
    let refused = project.wire().call("daemon.reload", json!({}));
    assert_eq!(refused["reloaded"], false);
    let problem = &refused["errors"][0];
    assert!(
        problem["message"].as_str().unwrap().contains("../elsewhere") && problem["line"] == 1,
        "{refused}"
    );
    assert_eq!(marked(&project, "src/other").len(), 2);
    // What changed a moment before is reported as well.
    project.configure(&config(json!(["lib"])));
    write(&project, "src/last", "seen");
    project.json(&["daemon", "reload"]);
    write(&project, "src/later", "unseen");
    let events = marked(&project, "lib/marker");
    let paths: Vec<&str> = events.iter().map(|(_, payload)| payload["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["src/marker", "src/other", "src/last", "lib/marker"]);
    // And when nothing is to be watched, nothing is.
    project.configure(&json!({ "agent": { "command": [agent] } }).to_string());
    project.json(&["daemon", "reload"]);
    assert_eq!(watcher(&project)["enabled"], false);
}

#[test]
fn names_that_are_not_utf8_keep_their_bytes() {
    let project = watching(json!({}), &[]);
    project.start();
    let name = std::ffi::OsStr::from_bytes(b"src/\xff.ts");
    fs::write(project.path().join(Path::new(name)), "").unwrap();
    let events = marked(&project, "marker");
    assert_eq!(
        events[1],
        ("created".to_owned(), json!({ "path": "src/\u{fffd}.ts", "pathBase64": "c3JjL/8udHM=" }))
    );
}

#[test]
fn polling_finds_changes_and_says_that_it_polls() {
    let edit = "do: echo x >>src/a.ts";
    let watch = json!({ "use_polling": true, "poll_interval_ms": 50 });
    let project = watching(watch, &[rule("r", "src/**", edit, json!({}))]);
    project.start();
    assert_eq!(watcher(&project)["polling"], true);
    write(&project, "src/a.ts", "mine");
    until("the task", || total(&project) == 1);
    project.ended("task-0001");
    let of_agent =
        || events(&project).iter().filter(|(_, payload)| payload["path"] == "src/a.ts").count() == 2;
    until("the agent's own change", of_agent);
    marked(&project, "marker");
    assert_eq!(total(&project), 1);
}

#[test]
fn a_directory_that_is_made_again_is_watched_again() {
    let project = watching(json!({ "paths": ["src"] }), &[]);
    write(&project, "src/a", "one");
    project.start();
    fs::remove_dir_all(project.file("src")).unwrap();
    until("it to be missed", || watcher(&project)["missing"] != json!([]));
    assert_eq!(project.json(&["daemon", "status"])["health"], "healthy");
    fs::create_dir(project.file("src")).unwrap();
    let events = marked(&project, "src/marker");
    assert_eq!(events[0], ("deleted".to_owned(), json!({ "path": "src/a" })));
    assert_eq!(watcher(&project)["missing"], json!([]));
}

#[test]
fn a_rule_that_waits_for_files_has_them_watched() {
    // The guide's own example, which has no section `watch`.
    let more = json!({ "condition": { "type": "debounce", "interval_ms": 50 } });
    let rules = [rule("auto-test", "src/**/*.ts", "Run tests for changed files", more)];
    let project = Project::new(json!({ "rules": rules }));
    fs::create_dir(project.file("src")).unwrap();
    project.start();
    write(&project, "src/a.ts", "one");
    until("the task", || total(&project) == 1);
    project.ended("task-0001");
    let tested = project.json(&["automation", "test", "--file", "src/b.ts"]);
    assert_eq!(
        (&tested["rules"][0]["rule"], &tested["rules"][0]["outcome"]),
        (&json!("auto-test"), &json!("debounce"))
    );
    assert_eq!(project.json(&["automation", "test", "--file", "lib/b.ts"])["rules"], json!([]));
    assert_eq!(total(&project), 1);

    let project = Project::started(json!({ "rules": rules, "watch": { "enabled": false } }));
    assert_eq!(watcher(&project)["enabled"], false);
    let status = project.json(&["daemon", "status"]);
    assert!(status["issues"][0]["message"].as_str().unwrap().contains("auto-test"), "{status}");
}

#[test]
fn what_changes_together_is_one_task_however_much_it_is() {
    let all = rule("r", "src/**", "{{ matches }} of {{ files|length }}", json!({ "on_busy": "skip" }));
    let project = watching(json!({ "paths": ["src"] }), &[all]);
    project.start();
    fs::create_dir(project.file("aside")).unwrap();
    for n in 0..1700 {
        write(&project, &format!("aside/{n}"), "x");
    }
    // In one step.
    fs::rename(project.file("aside"), project.file("src/all")).unwrap();
    let reported = || watcher(&project)["events_received"].as_u64().unwrap();
    until("all changes", || reported() == 1700);
    until("the task", || total(&project) == 1);
    let prompt = project.ended("task-0001")["prompt"].as_str().unwrap().to_owned();
    assert!(prompt.starts_with("1700 of 1000\n") && prompt.contains("only the latest 1000"), "{prompt}");
}

#[test]
fn a_rule_waits_for_quiet_however_long_changes_gather() {
    let debounce = json!({
        "condition": { "type": "debounce", "interval_ms": 300, "max_wait_ms": 60000 }, "on_busy": "queue"
    });
    let project = watching(json!({ "debounce_ms": 600 }), &[rule("r", "src/**", "{{ matches }}", debounce)]);
    project.start();
    // Never quiet for as long as changes gather, until it is.
    let reported = || watcher(&project)["events_received"].as_u64().unwrap();
    let mut saves = 0;
    until("several batches", || {
        saves += 1;
        write(&project, "src/a", &saves.to_string());
        reported() >= 4
    });
    until("the task", || total(&project) == 1);
    let matches = project.ended("task-0001")["prompt"].as_str().unwrap().parse::<u64>().unwrap();
    assert!(matches >= 4, "{matches}");
    assert_eq!(total(&project), 1);
}

#[test]
fn what_changes_before_during_and_after_a_restart_is_reported() {
    let project =
        watching(json!({ "paths": ["src"], "debounce_ms": 5000 }), &[rule("r", "src/**", "x", json!({}))]);
    write(&project, "src/a", "one");
    project.start();
    write(&project, "src/a", "in the last moment");
    assert_eq!(project.run(&["daemon", "restart"]).code, 0);
    until("it is reported", || !events(&project).is_empty());
    assert_eq!(events(&project), [("modified".to_owned(), json!({ "path": "src/a" }))]);
    until("its task", || total(&project) == 1);

    // And while there is no daemon: after a stop, and after a crash.
    project.stop();
    write(&project, "src/b", "new");
    project.start();
    until("it is reported", || events(&project).len() == 2);
    write(&project, "src/a", "right before the crash");
    project.kill_daemon();
    write(&project, "src/c", "after it");
    project.start();
    until("both are reported", || events(&project).len() == 4);
    let reported = &events(&project)[1..];
    let change = |kind: &str, path: &str| (kind.to_owned(), json!({ "path": path }));
    assert_eq!(
        reported,
        [change("created", "src/b"), change("modified", "src/a"), change("created", "src/c")]
    );
}

#[test]
fn what_git_holds_back_survives_a_restart_and_a_reload() {
    let project = watching(json!({}), &[rule("r", "src/**", "x", json!({}))]);
    fs::create_dir_all(project.file(".git/rebase-merge")).unwrap();
    write(&project, "src/gone", "one");
    project.start();
    write(&project, "src/a", "half");
    fs::remove_file(project.file("src/gone")).unwrap();
    let is_held = || watcher(&project)["held_by"].as_str().is_some_and(|mark| mark.ends_with("rebase-merge"));
    until("the change to be held back", is_held);
    assert!(watcher(&project)["held_since"].is_string());
    let status = project.run(&["daemon", "status"]).out;
    assert!(
        status.contains("waits for a git operation: ") && status.contains("rebase-merge since "),
        "{status}"
    );
    // The configuration has another `watch` now.
    let changed = json!({ "watch": { "enabled": true, "debounce_ms": 50 }, "rules": [rule("r", "src/**", "x", json!({}))] });
    project.configure(&Project::config(changed).to_string());
    assert_eq!(project.json(&["daemon", "reload"])["reloaded"], true);
    until("the change to be held back", is_held);
    assert_eq!(events(&project), []);
    assert_eq!(project.run(&["daemon", "restart"]).code, 0);
    until("the change to be held back", is_held);
    assert_eq!(events(&project), []);
    fs::remove_dir(project.file(".git/rebase-merge")).unwrap();
    // That a file was deleted nobody knows after a restart.
    let change = ("created".to_owned(), json!({ "path": "src/a" }));
    until("it is reported", || events(&project).contains(&change));
    until("its task", || total(&project) == 1);
}

#[test]
fn a_directory_that_an_agent_moves_does_not_trigger_its_own_rule() {
    let script = "do: mv src/one src/two; : >done";
    let project = watching(json!({}), &[rule("r", "src/**", script, json!({}))]);
    project.start();
    // Its files are younger than hints may be late.
    fs::create_dir(project.file("src/one")).unwrap();
    write(&project, "src/one/a", "new");
    until("the task", || total(&project) == 1);
    assert_eq!(project.ended("task-0001")["state"], "completed");
    let moved = ("renamed".to_owned(), json!({ "path": "src/two/a", "from": "src/one/a" }));
    until("the change", || events(&project).contains(&moved));
    marked(&project, "marker");
    assert_eq!(total(&project), 1);
    // A person's does, right after it.
    fs::rename(project.file("src/two"), project.file("src/three")).unwrap();
    until("another task", || total(&project) == 2);
    project.ended("task-0002");
}

#[test]
fn what_has_matched_before_waits_for_git_as_well() {
    // Git changes nothing that is watched; and the daemon restarts, with another `watch` then, meanwhile.
    let debounce = json!({ "condition": { "type": "debounce", "interval_ms": 700 } });
    let config = |debounce_ms: u64| {
        json!({
            "watch": { "enabled": true, "paths": ["src"], "debounce_ms": debounce_ms },
            "rules": [rule("r", "src/**", "x", debounce.clone()), Project::rule("other", "a:b", "y")]
        })
    };
    let project = Project::new(config(50));
    fs::create_dir(project.file("src")).unwrap();
    fs::create_dir_all(project.file(".git")).unwrap();
    project.start();
    write(&project, "src/a", "one");
    until("the match", || !events(&project).is_empty());
    fs::create_dir(project.file(".git/rebase-merge")).unwrap();
    let pending = || project.json(&["automation", "status"])["rules"][0]["pending"].clone();
    let is_overdue = || {
        let due_at = pending()["dueAt"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        due_at < jiff::Timestamp::now() - jiff::SignedDuration::from_millis(300)
    };
    until("it to be overdue", is_overdue);
    project.stop();
    project.start();
    project.configure(&Project::config(config(60)).to_string());
    assert_eq!(project.json(&["daemon", "reload"])["reloaded"], true);
    // Others are not held back.
    project.json(&["event", "emit", "a:b"]);
    until("the other's task", || total(&project) == 1);
    until("the hold to show", || watcher(&project)["held_by"].is_string());
    assert_eq!(pending()["matches"], 1);
    fs::remove_dir(project.file(".git/rebase-merge")).unwrap();
    until("its task", || total(&project) == 2);
}
