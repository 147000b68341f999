//! Snapshots of the output for people, to the letter. `INSTA_UPDATE=always cargo nextest run -p aiwg snapshots` takes
//! new ones: look at the difference.

use insta::{Settings, assert_snapshot};
use serde_json::json;

use crate::support::Project;

/// Without what differs from one run to the next.
fn settings() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path(crate::support::repository().join("tests/e2e/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, instead) in [
        (r"/[^ \n]*/aiwg-test-\w+", "/project"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?(Z|[+-]\d\d:\d\d)", "TIME"),
        (r"(?m)^(Process +|The daemon runs as process )\d+", "${1}PID"),
        (r"\(now\)|\(\d+ seconds? ago\)", "(AGO)"),
        (r"(?m)^Store  .*\n", ""),
        (r"\bnow  |\b\d+ seconds? ago  ", "AGO  "),
        (r"(?m)^Up +.*$", "Up             SECONDS"),
        (r"\d+ files? in \d+ director(y|ies)", "FILES"),
    ] {
        settings.add_filter(pattern, instead);
    }
    settings
}

#[test]
fn what_commands_print() {
    let project = Project::new(json!({
        "rules": [
            Project::rule("on-deployment-complete", "deployment:complete", "Run the smoke tests of {{ event.payload.version }}"),
            { "id": "auto-test", "trigger": { "type": "file_change", "pattern": "src/**/*.ts" },
              "condition": { "type": "debounce", "interval_ms": 5000 },
              "action": { "type": "submit_task", "prompt": "Run tests for {{ files }}" } },
        ],
        "schedule": { "enabled": true, "timezone": "UTC", "jobs": [{ "name": "health-check", "cron": "0 0 1 1 *", "action": "health-check" }] },
    }));
    let print = |args: &[&str]| {
        let done = project.run(args);
        format!("$ aiwg {}\n{}{}[{}]\n", args.join(" "), done.out, done.err, done.code)
    };
    let mut seen = String::new();
    let mut see = |args: &[&str]| seen.push_str(&(print(args) + "\n"));
    see(&["daemon", "status"]);
    see(&["daemon", "start"]);
    see(&["daemon", "status"]);
    see(&["task", "list"]);
    see(&["task", "submit", "Look at the auth module", "--priority", "10", "--wait"]);
    see(&["task", "submit", "do: echo it is broken >&2; exit 3", "--wait"]);
    see(&["task", "list"]);
    see(&["task", "get", "task-0002"]);
    see(&["task", "get", "task-9999"]);
    see(&["task", "cancel", "task-0001"]);
    see(&["task", "stats"]);
    see(&["event", "emit", "nobody:listens"]);
    see(&["event", "emit", "task:mine"]);
    see(&["automation", "test", "--topic", "deployment:complete", "--payload", "{\"version\": \"1.2.3\"}"]);
    see(&["automation", "disable", "--rule", "auto-test"]);
    see(&["automation", "status"]);
    see(&["schedule", "list"]);
    see(&["schedule", "run", "nightly"]);
    see(&["config", "check"]);
    see(&["daemon", "stop"]);
    settings().bind(|| assert_snapshot!("commands", seen));
}

#[test]
fn what_help_says() {
    let project = Project::empty();
    let mut seen = String::new();
    let mut left: Vec<Vec<String>> = vec![Vec::new()];
    while let Some(words) = left.pop() {
        let mut args: Vec<&str> = words.iter().map(String::as_str).collect();
        args.push("--help");
        let done = project.run(&args);
        assert_eq!(done.code, 0, "{args:?}");
        assert!(done.out.lines().all(|line| line.chars().count() <= 100), "{}", done.out);
        let commands = done.out.lines().skip_while(|line| *line != "Commands:").skip(1);
        for line in commands.take_while(|line| !line.is_empty()) {
            // A longer text goes on in lines that are indented more.
            let Some(word) = line.strip_prefix("  ").filter(|line| !line.starts_with(' ')) else { continue };
            let word = word.split_whitespace().next().unwrap();
            if word != "help" {
                left.push([words.as_slice(), &[word.to_owned()]].concat());
            }
        }
        seen.push_str(&format!("$ aiwg {}\n{}\n", args.join(" "), done.out));
    }
    settings().bind(|| assert_snapshot!("help", seen));
}
