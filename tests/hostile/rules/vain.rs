//! Rules that could never fire, or whose matches would be lost.

use serde_json::{Value, json};

use crate::support::{Project, until};

/// Result of `config check` for rules with these triggers, and for the rest of a configuration.
fn checked(more: serde_json::Value) -> (i32, String) {
    let project = Project::new(more);
    let done = project.run(&["config", "check"]);
    (done.code, done.out + &done.err)
}

fn file_rule(pattern: &str) -> serde_json::Value {
    json!({
        "id": "r",
        "trigger": { "type": "file_change", "pattern": pattern },
        "action": { "type": "submit_task", "prompt": "x" }
    })
}

#[test]
fn a_topic_that_nobody_publishes_is_an_error() {
    for (topic, near) in [
        ("task:complete", "task:completed"),
        ("task:error", "task:completed"),
        ("file:changed", "file:modified"),
        ("schedule:nope", "no job"),
        ("task:complet", "task:completed"),
        ("task:complete[xyz]", "task:completed"),
        ("schedule:nightly-*", "schedule:"),
        ("chat:*", "chat:"),
    ] {
        let (code, said) = checked(json!({ "rules": [Project::rule("r", topic, "x")] }));
        assert!(
            code == 1 && said.contains(near) && said.contains("rules[0].trigger.topic"),
            "{topic}: {said}"
        );
    }
    let jobs = json!([{ "name": "nightly", "cron": "@daily", "action": "x" }]);
    for topic in ["task:completed", "task:*", "schedule:nightly", "schedule:n*", "deploy:done", "*"] {
        let (code, said) = checked(json!({
            "rules": [Project::rule("r", topic, "x")], "schedule": { "enabled": true, "jobs": jobs }
        }));
        assert_eq!(code, 0, "{topic}: {said}");
    }
    let project = Project::started(json!({ "rules": [Project::rule("all", "*", "x")] }));
    let tested = project.json(&["automation", "test", "--topic", "task:complete"]);
    assert_eq!(tested["rules"][0]["outcome"], "refuse", "{tested}");
    assert!(tested["notice"].as_str().unwrap().contains("did you mean \"task:completed\"?"), "{tested}");
    let tested = project.json(&["automation", "test", "--topic", "task:completed"]);
    assert_eq!(tested["rules"][0]["outcome"], "fire", "{tested}");
}

#[test]
fn what_can_match_no_file_is_an_error() {
    for pattern in [
        "!src/gen/**",
        "src//a.ts",
        "src/./a.ts",
        ".git/HEAD",
        ".aiwg/daemon/daemon.log",
        "/src/**",
        "src/",
        "../x",
        "",
    ] {
        let (code, said) = checked(json!({ "rules": [file_rule(pattern)] }));
        assert!(code == 1 && said.contains("rules[0].trigger.pattern"), "{pattern}: {said}");
    }
    for (watch, pattern) in [
        (json!({ "paths": ["src/"] }), "lib/**"),
        (json!({ "ignore": ["build/"] }), "build/**"),
        (json!({ "paths": [{ "path": ".", "extensions": ["ts"] }] }), "*.md"),
    ] {
        let (code, said) = checked(json!({ "watch": watch, "rules": [file_rule(pattern)] }));
        assert!(code == 1 && said.contains("matches no file that is watched"), "{pattern}: {said}");
    }
    for watch in [
        json!({ "paths": ["src/**/*.ts"] }),
        json!({ "paths": ["~/notes"] }),
        json!({ "paths": ["$HOME/x"] }),
        json!({ "paths": [{ "path": "src", "events": [] }] }),
        json!({ "paths": [{ "path": "src", "extensions": ["src/*.ts"] }] }),
        json!({ "paths": [{ "path": "src", "ignore": ["./x"] }] }),
        json!({ "ignore": ["./dist/"] }),
        json!({ "ignore": ["../x"] }),
        json!({ "ignore": [""] }),
        json!({ "ignore": ["a//b"] }),
    ] {
        let (code, said) = checked(json!({ "watch": watch }));
        assert!(code == 1 && said.contains("watch."), "{watch}: {said}");
    }
}

#[test]
fn lists_take_out_and_each_entry_is_looked_at() {
    let files = |pattern: Value| {
        let rule = json!({ "id": "r", "trigger": { "type": "file_change", "pattern": pattern }, "action": { "type": "submit_task", "prompt": "x" } });
        checked(json!({ "rules": [rule], "watch": { "paths": ["src/", "lib/"] } }))
    };
    for (pattern, place, said) in [
        (json!(["src/**", "/lib/**"]), "[1]", "relative to the project"),
        (json!(["!src/gen/**", "src/**"]), "[0]", "takes out nothing"),
        (json!(["src/**", "test/**"]), "[1]", "matches no file that is watched"),
        (json!(["src/**", "!**"]), "[1]", "takes out all"),
        (json!(["src/a/*", "src/b", "!src/c", "!**", "!src/d"]), "[3]", "takes out all"),
        (json!(["src/a", "!src/a"]), "[1]", "takes out all"),
        (json!(["src/**", "!src/gen/"]), "[1]", "names a directory"),
        (json!(["src/**", "!src/[a"]), "[1]", "no valid pattern"),
        (json!([]), "", "must not be empty"),
        (json!(["src/**", 3]), "[1]", "must be a text"),
        (json!(vec!["src/**"; 101]), "", "100 is the limit"),
        (json!("!src/gen/**"), "", "in a list"),
        (json!(7), "", "must be a text or a list"),
    ] {
        let (code, out) = files(pattern.clone());
        assert!(
            code == 1 && out.contains(&format!("rules[0].trigger.pattern{place}: ")) && out.contains(said),
            "{pattern}: {out}"
        );
    }
    for (topic, said) in [
        (json!(["deploy:*", "task:complete"]), "trigger.topic[1]: no event can be"),
        (json!(["!deploy:x"]), "takes out nothing"),
        (json!(["deploy:x", "a:b", "!*"]), "takes out all"),
        (json!(["deploy:*", "!deploy:*"]), "takes out all"),
        (json!("!deploy:x"), "in a list"),
        (json!(["deploy:*", "!a b"]), "trigger.topic[1]: no event can have such a topic"),
    ] {
        let mut rule = Project::rule("r", "", "x");
        rule["trigger"]["topic"] = topic.clone();
        let (code, out) = checked(json!({ "rules": [rule] }));
        assert!(code == 1 && out.contains(said), "{topic}: {out}");
    }
    for left in
        [json!(["src/**", "!**", "lib/a"]), json!(["src/*", "!*"]), json!(["src/a", "src/b", "!src/a"])]
    {
        let (code, out) = files(left.clone());
        assert!(code == 0 && !out.contains("takes out"), "{left}: {out}");
    }
}

#[test]
fn a_rule_with_a_list_fires_for_what_is_left() {
    let mut files = file_rule("");
    files["trigger"]["pattern"] = json!(["src/**", "!src/gen/**", "src/gen/keep.ts"]);
    files["action"]["prompt"] = json!("do: true # {{ files|join(' ') }}");
    let mut events = Project::rule("e", "", "do: true # {{ event.topic }}");
    events["trigger"]["topic"] = json!(["deploy:*", "!deploy:queued"]);
    let project = Project::started(json!({ "rules": [files, events], "watch": { "debounce_ms": 50 } }));
    let emitted = |topic: &str| project.wire().call("event.emit", json!({ "topic": topic }))["rules"].clone();
    assert_eq!(
        (emitted("deploy:queued"), emitted("deploy:done"), emitted("x")),
        (json!([]), json!(["e"]), json!([]))
    );
    std::fs::create_dir_all(project.file("new/gen")).unwrap();
    for name in ["new/a.ts", "new/gen/b.ts", "new/gen/keep.ts"] {
        std::fs::write(project.file(name), "x").unwrap();
    }
    std::fs::rename(project.file("new"), project.file("src")).unwrap();
    let tasks = || project.json(&["task", "list"]).as_array().unwrap().len();
    until("both tasks", || tasks() == 2);
    let prompt = project.ended("task-0002")["prompt"].as_str().unwrap().to_owned();
    assert!(prompt.starts_with("do: true # \"src/a.ts src/gen/keep.ts\""), "{prompt}");
    // Who knows of one pattern only finds the first; whoever knows more finds all.
    let triggers: Vec<Value> =
        (0..2).map(|n| project.json(&["automation", "status"])["rules"][n]["trigger"].clone()).collect();
    assert_eq!(
        (&triggers[0]["pattern"], &triggers[0]["patterns"][1]),
        (&json!("src/**"), &json!("!src/gen/**"))
    );
    assert_eq!(
        (&triggers[1]["topic"], &triggers[1]["topics"][1]),
        (&json!("deploy:*"), &json!("!deploy:queued"))
    );
    assert!(
        project.run(&["automation", "status"]).out.contains("files src/**, !src/gen/**, src/gen/keep.ts")
    );
}

#[test]
fn what_is_likely_not_meant_is_a_notice() {
    for (pattern, said) in [
        ("src/!(*.test).ts", "parentheses"),
        ("@(a|b).ts", "parentheses"),
        (" src/**", "space"),
        ("src/**, lib/**", "comma"),
        ("[[:upper:]]*.md", "[:"),
        ("img/{1..3}.png", "range"),
        ("src\\a.ts", "separated by /"),
    ] {
        let (code, noticed) = checked(json!({ "rules": [file_rule(pattern)] }));
        assert!(code == 0 && noticed.contains(said), "{pattern}: {noticed}");
    }
    for pattern in ["src/**", "src/app{,.test}.ts", "app/(group)/[[]id]/page.tsx", "a\\*b"] {
        let (_, noticed) = checked(json!({ "rules": [file_rule(pattern)] }));
        assert!(!noticed.contains(&format!("{pattern:?}")), "{pattern}: {noticed}");
    }
    let (_, noticed) = checked(json!({ "rules": [Project::rule("r", "file:modified", "x")] }));
    assert!(noticed.contains("files are not watched"), "{noticed}");
}

#[test]
fn what_waits_outlives_that_its_rule_is_switched_off() {
    let mut rule = Project::rule("r", "a", "do: true");
    rule["condition"] = json!({ "type": "debounce", "interval_ms": 200 });
    for name in [&["--rule", "r"][..], &[]] {
        let project = Project::started(json!({ "rules": [rule] }));
        let emitted = project.run(&["event", "emit", "a"]);
        assert!(emitted.out.contains("r waits") && !emitted.out.contains("fired"), "{}", emitted.out);
        project.json(&[&["automation", "disable"][..], name].concat());
        let waits = || project.json(&["automation", "status"])["rules"][0]["pending"].clone();
        until("it to settle", || waits()["dueAt"].is_null());
        assert_eq!(waits()["matches"], 1);
        project.stop();
        project.start();
        assert_eq!(waits()["matches"], 1);
        project.json(&[&["automation", "enable"][..], name].concat());
        until("the task", || {
            project.json(&["automation", "status"])["recentExecutions"][0]["task"] == "task-0001"
        });
        assert_eq!(project.ended("task-0001")["state"], "completed");
    }
}

#[test]
fn files_that_change_together_are_one_match_of_a_rule_that_queues() {
    let mut rule = file_rule("src/**");
    rule["on_busy"] = json!("queue");
    rule["action"]["prompt"] = json!("do: true {{ files|length }} {{ matches }}");
    let project = Project::started(json!({ "rules": [rule], "watch": { "debounce_ms": 100 } }));
    // A directory that comes with all that is in it is one moment.
    std::fs::create_dir(project.file("new")).unwrap();
    for n in 0..8 {
        std::fs::write(project.file(&format!("new/{n}")), "x").unwrap();
    }
    std::fs::rename(project.file("new"), project.file("src")).unwrap();
    let tasks = || project.json(&["task", "list"]).as_array().unwrap().len();
    until("the task", || tasks() > 0);
    let task = project.ended("task-0001");
    assert!(task["prompt"].as_str().unwrap().starts_with("do: true 8 8"), "{task}");
    assert_eq!(tasks(), 1);
}
