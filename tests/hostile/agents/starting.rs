//! The start of agents, and the reasons for which they are not started.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::support::{Project, postgres::is_about_sqlite};

/// A project whose agent is this file of this mode.
fn with_agent(text: &str, mode: u32, more: Value) -> Project {
    let project = Project::empty();
    let mut agent = json!({ "command": ["./agent"] });
    agent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    project.configure(&json!({ "agent": agent }).to_string());
    std::fs::write(project.file("agent"), text).unwrap();
    std::fs::set_permissions(project.file("agent"), std::fs::Permissions::from_mode(mode)).unwrap();
    project
}

#[test]
fn what_is_wrong_with_the_agents_program_is_said() {
    for (text, mode, words) in [
        ("#!/bin/sh\r\necho hello\r\n", 0o755, "CRLF"),
        ("#!/no/such/interpreter\n", 0o755, "\"/no/such/interpreter\""),
        ("#!/bin/sh\n", 0o644, "chmod +x"),
        ("\x7fELF no program", 0o755, "Exec format error"),
    ] {
        let project = with_agent(text, mode, json!({}));
        project.start();
        let task = project.ended(&project.submit("x"));
        let error = task["error"].as_str().unwrap();
        assert_eq!(task["state"], "failed");
        assert!(error.contains(words) && !error.contains("was not found"), "{error}");
        if mode == 0o644 {
            assert_eq!(project.json(&["daemon", "status"])["issues"][0]["message"], error);
        }
    }
}

#[test]
fn agents_get_of_the_environment_what_they_are_to_get() {
    let secrets = [
        ("AWS_SECRET_KEY", "1"),
        ("GITHUB_TOKEN", "2"),
        ("CLAUDE_CODE_OAUTH_TOKEN", "3"),
        ("CLAUDE_CODE_USE_BEDROCK", "4"),
    ];
    let never = [
        ("CLAUDECODE", "1"),
        ("CLAUDE_CODE_SESSION_ID", "5"),
        ("CLAUDE_CODE_SSE_PORT", "6"),
        ("AIWG_TELEGRAM_TOKEN", "7"),
        ("AIWG_SLACK_TOKEN", "8"),
        ("AIWG_SLACK_APP_TOKEN", "9"),
        ("AIWG_DISCORD_TOKEN", "10"),
    ];
    // Nobody is there.
    let address = ("AIWG_TELEGRAM_API_URL", "http://127.0.0.1:1");
    for (env, kept) in [
        (json!({}), [true, true, true, true]),
        (json!({ "remove": ["AWS_*", "*_TOKEN"] }), [false, false, false, true]),
        (json!({ "keep": ["CLAUDE_CODE_OAUTH_*"] }), [false, false, true, false]),
        (json!({ "keep": ["*"], "remove": ["GITHUB_TOKEN"] }), [true, false, true, true]),
    ] {
        let agent = "#!/bin/sh\nenv\necho '=== the shim'; tr '\\0' '\\n' </proc/$PPID/environ\n";
        let project = with_agent(agent, 0o755, json!({ "env": env }));
        let mut start = project.command();
        start.args(["daemon", "start"]).envs(secrets).envs(never).envs([address]);
        assert!(start.status().unwrap().success());
        let task = project.ended(&project.submit("x"));
        let found = task["result"].as_str().unwrap();
        let (agents, shims) = found.split_once("=== the shim\n").unwrap();
        let has = |env: &str, name: &str| env.lines().any(|line| line.starts_with(&format!("{name}=")));
        for ((name, _), kept) in secrets.iter().zip(kept) {
            assert_eq!((has(agents, name), has(shims, name)), (kept, kept), "{env}: {name}");
        }
        for (name, _) in never {
            assert!(!has(agents, name) && !has(shims, name), "{env}: {name}: {found}");
        }
        for found in [agents, shims] {
            assert!(has(found, "PATH") && has(found, "AIWG_TASK_ID"), "{env}: {found}");
        }
    }
}

#[test]
fn a_pattern_for_the_environment_is_checked() {
    let project =
        with_agent("", 0o755, json!({ "env": { "keep": ["A[", "{".repeat(2_000)], "remove": [""] } }));
    let checked = project.run(&["config", "check"]);
    assert_ne!(checked.code, 0);
    assert!(
        checked.out.contains("agent.env.keep") || checked.err.contains("agent.env.keep"),
        "{} {}",
        checked.out,
        checked.err
    );
}

#[test]
fn a_prompt_does_not_become_an_option() {
    let echo = "#!/bin/sh\nprintf '%s\\n' \"$@\"\n";
    let project = with_agent(echo, 0o755, json!({ "prompt": "argument" }));
    project.start();
    for prompt in ["--dangerously-skip-permissions", "-p"] {
        let submitted = project.wire().call("task.submit", json!({ "prompt": prompt }));
        let task = project.ended(submitted["taskId"].as_str().unwrap());
        assert_eq!((&task["state"], &task["exitCode"]), (&json!("failed"), &Value::Null));
        assert!(task["error"].as_str().unwrap().contains("begins with a dash"), "{task}");
    }
    std::fs::rename(project.file("agent"), project.file("claude")).unwrap();
    project.configure(&project.read(".aiwg/daemon.json").replace("./agent", "./claude"));
    project.json(&["daemon", "reload"]);
    let submitted = project.wire().call("task.submit", json!({ "prompt": "--dangerously-skip-permissions" }));
    assert_eq!(
        project.ended(submitted["taskId"].as_str().unwrap())["result"],
        "--\n--dangerously-skip-permissions\n"
    );
}

#[test]
fn a_prompt_with_a_nul_is_no_argument_and_that_is_said() {
    if is_about_sqlite("no text in a PostgreSQL has a null character") {
        return;
    }
    for (by, state) in [("argument", "failed"), ("stdin", "completed")] {
        let project = with_agent("#!/bin/sh\ncat\n", 0o755, json!({ "prompt": by }));
        project.start();
        let submitted = project.wire().call("task.submit", json!({ "prompt": "a\0b" }));
        let task = project.ended(submitted["taskId"].as_str().unwrap());
        assert_eq!(task["state"], state, "{task}");
        let error = task["error"].as_str().unwrap_or_default();
        assert_eq!(
            error.contains("NUL") && error.contains("\"prompt\": \"stdin\""),
            by == "argument",
            "{task}"
        );
    }
}

#[test]
fn a_daemon_is_not_started_where_it_would_end_with_a_task() {
    let (project, other) = (Project::started(json!({})), Project::new(json!({})));
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let there = other.path().display();
    for how in ["", "env -u AIWG_TASK_ID ", "setsid -w ", "env -i "] {
        for verb in ["start", "restart"] {
            let task =
                project.ended(&project.submit(&format!("{how}{aiwg} --project {there} daemon {verb}")));
            assert_eq!(task["state"], "failed", "{how}: {task}");
            assert!(task["error"].as_str().unwrap().contains("ended with its task"), "{how}: {task}");
        }
    }
    assert_eq!(other.run(&["daemon", "ping"]).code, 3);
    // For as long as the task lasts, with what a person has put in force there.
    let foreground =
        |code: u8| format!("{aiwg} --project {there} daemon start --foreground 2>&1; test $? = {code}");
    let refused = project.ended(&project.submit(&foreground(1)));
    assert!(
        refused["result"].as_str().unwrap().contains("a person has to run `aiwg daemon start` first"),
        "{refused}"
    );
    other.start();
    other.stop();
    if is_about_sqlite("an agent is not told the address of a store elsewhere") {
        return;
    }
    let foreground = format!(
        "{aiwg} --project {there} daemon start --foreground & until {aiwg} --project {there} daemon ping; do sleep 0.05; done; \
         {aiwg} --project {there} daemon stop; wait"
    );
    assert_eq!(project.ended(&project.submit(&foreground))["state"], "completed");
    // From outside, whatever its environment says.
    let outside =
        other.command().env("AIWG_TASK_ID", "task-0001").args(["daemon", "start"]).output().unwrap();
    assert!(outside.status.success(), "{outside:?}");
}

#[test]
fn agents_leave_no_core() {
    let project = Project::started(json!({}));
    let task = project.ended(&project.submit("ulimit -S -c"));
    assert_eq!(task["result"].as_str().unwrap().lines().last(), Some("0"), "{task}");
}
