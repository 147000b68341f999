//! Whether agents ask people for permissions: the settings that decide on it, and the hook by which they ask.

use serde_json::{Value, json};

use crate::{
    permissions::{asking, completed, decide, pending, start, submitted},
    support::Project,
};

#[test]
fn whoever_has_it_switched_off_has_no_hooks() {
    let mut agent = aiwg_testing::asking();
    agent["ask_permissions"] = json!(false);
    let project = asking(1, json!({ "agent": agent }));
    let task = submitted(&project, json!([{ "calls": ["touch made"] }, { "text": "Not made." }]));
    let ended = project.ended(&task);
    assert_eq!(ended["reason"], "refused", "{ended}");
    assert!(!project.read(".commands").contains("--settings") && !project.file(".hooks").exists());
    assert_eq!(project.json(&["approval", "list"]), json!([]));
}

#[test]
fn settings_of_the_command_stay_beside_the_hooks() {
    let mut agent = aiwg_testing::asking();
    let words = agent["command"].as_array_mut().unwrap();
    words.extend([json!("--settings"), json!("own.json")]);
    let project = Project::new(json!({ "agent": agent }));
    let own = |text: &str| std::fs::write(project.file("own.json"), text).unwrap();
    own(
        r#"{"model": "opus", "hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "touch own-hook"}]}]}}"#,
    );
    start(&project, 60);
    let task = submitted(&project, json!([{ "calls": ["touch made"] }, { "text": "Made." }]));
    decide(&project, "approve", &pending(&project));
    completed(&project, &task, "Made.");
    assert!(project.file("own-hook").exists());
    let command: Vec<String> =
        serde_json::from_str(project.read(".commands").lines().next().unwrap()).unwrap();
    assert_eq!(command.iter().filter(|word| *word == "--settings").count(), 1);
    assert!(command.last().unwrap().contains(r#""model":"opus""#), "{command:?}");
    // What cannot be added to is said, and nothing is started without the hooks.
    own("{");
    let failed = project.ended(&submitted(&project, json!([{ "text": "?" }])));
    assert_eq!(failed["state"], "failed");
    assert!(failed["error"].as_str().unwrap().contains("--settings of its own"), "{failed}");
    // More than is read of them is the trouble of such a task alone, and no shortage that holds up the others.
    std::fs::File::create(project.file("own.json")).unwrap().set_len(1024 * 1024 + 1).unwrap();
    let failed = project.ended(&submitted(&project, json!([{ "text": "?" }])));
    assert_eq!(failed["state"], "failed");
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("own.json") && error.contains("has 1048577 bytes"), "{failed}");
    assert!(!project.run(&["health"]).out.contains("shortage"));
}

#[test]
fn programs_that_cannot_ask_are_named_by_the_check() {
    let notice = |agent: Value| {
        let project = Project::new(json!({ "agent": agent }));
        let done = project.run(&["config", "check"]);
        assert_eq!(done.code, 0, "{}", done.err);
        format!("{}{}", done.out, done.err)
    };
    let asking = |command: &[&str]| json!({ "command": command, "ask_permissions": true });
    let text = notice(asking(&["claude", "-p"]));
    assert!(text.contains("agent.ask_permissions has no effect") && text.contains("stream-json"), "{text}");
    let codex = notice(asking(&["codex", "exec", "--json"]));
    assert!(codex.contains("only claude can ask") && codex.contains("codex"), "{codex}");
    let good = notice(asking(&["claude", "-p", "--output-format", "stream-json", "--verbose"]));
    assert!(!good.contains("ask_permissions"), "{good}");
}

#[test]
fn the_hook_allows_nothing_by_itself() {
    let project = Project::new(json!({}));
    let hook = |given: &[u8], arguments: &[&str]| {
        use std::io::Write;
        let mut command = project.command();
        command.arg("hook").args(arguments).env("AIWG_PERMISSION_WAIT", "0");
        command.env("AIWG_DAEMON_SOCKET", project.file("none"));
        command
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        // One that is called wrongly reads nothing.
        let _ = child.stdin.take().unwrap().write_all(given);
        child.wait_with_output().unwrap()
    };
    let given = |event: &str| {
        json!({ "hook_event_name": event, "tool_name": "Bash", "tool_input": {}, "tool_use_id": "t" })
            .to_string()
    };
    for (given, arguments) in [
        (&b""[..], &["permission"][..]),
        (b"{}", &["permission"]),
        // What is no UTF-8 is refused as what is no JSON: by the code that has `claude` block the call.
        (b"{\"tool_name\": \"\xff\"}", &["permission"]),
        (given("Stop").as_bytes(), &["permission"]),
        (given("PreToolUse").as_bytes(), &[]),
    ] {
        let done = hook(given, arguments);
        assert!(
            done.status.code() == Some(2) && done.stdout.is_empty() && !done.stderr.is_empty(),
            "{} {arguments:?}: {:?}",
            given.escape_ascii(),
            done.status
        );
    }
    // Without a daemon.
    let before = hook(given("PreToolUse").as_bytes(), &["permission"]);
    assert!(before.stdout.is_empty() && !before.stderr.is_empty());
    // A person, and no agent, has no need of it: nothing is allowed.
    project.start();
    let person = project.wire().try_call(
        "approval.permission",
        json!({ "step": "use", "tool": "Bash", "input": {}, "toolUseId": "t" }),
    );
    assert_eq!(person["error"]["data"]["kind"], "not_allowed", "{person}");
}
