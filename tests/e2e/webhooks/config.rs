//! What `gateway.webhooks` may say, what agents get of it, and the command that tries it.

use serde_json::{Value, json};

use super::{GITHUB_PUSH, Hooks, json_type};
use crate::{support::Project, workspaces::git};

#[test]
fn no_agent_gets_the_secret_of_a_webhook_and_none_acts_for_the_outside_unless_a_rule_says_so() {
    let agent = aiwg_testing::claude_stand_in()["command"].clone();
    let rule = |id: &str, agent: Option<&str>| {
        let mut rule = Project::rule(id, "open:*", "do: env >env-of-$AIWG_TASK_ID; answer done");
        if let Some(agent) = agent {
            rule["action"]["agent"] = json!(agent);
        }
        rule
    };
    let hooks = Hooks::with(json!({
        "agent": { "program": "claude", "command": agent.clone() },
        "agents": { "hand": { "program": "claude", "command": agent } },
        "rules": [rule("reads", None), rule("acts", Some("hand"))]
    }));
    let checked = hooks.command(&["config", "check"]);
    assert!(
        checked.out.contains("the rule \"reads\" can be triggered from outside, by the webhook /open"),
        "{}",
        checked.out
    );
    assert!(
        !checked.out.contains("the rule \"acts\"") && checked.out.contains("the webhook /open has no secret"),
        "{}",
        checked.out
    );
    assert_eq!(hooks.post("/open", &json_type(), br#"{"type":"x"}"#).0, 200);
    let tasks = ["task-0001", "task-0002"].map(|id| hooks.project.ended(id));
    let agent_of = |rule: &str| {
        tasks.iter().find(|task| task["causedBy"]["rule"] == rule).map(|task| task["agent"].clone())
    };
    assert_eq!(agent_of("reads"), Some(json!("webhook:read-only")), "{tasks:?}");
    assert_eq!(agent_of("acts"), Some(json!("hand")));
    for task in ["task-0001", "task-0002"] {
        let environment = hooks.project.read(&format!("env-of-{task}"));
        assert!(environment.contains("AIWG_TASK_ID") && !environment.contains("SECRET"), "{environment}");
    }
    // A program that cannot be limited needs a rule that names its agent.
    let sources = json!([{ "path": "/open", "kind": "json", "topic": "open:{event}" }]);
    let config = json!({ "gateway": { "webhooks": { "sources": sources } }, "rules": [rule("reads", None)] });
    hooks.project.configure(&Project::config(config).to_string());
    let checked = hooks.command(&["config", "check"]);
    assert!(
        checked.code != 0 && checked.out.contains("of all programs only claude is known"),
        "{}",
        checked.out
    );
}

#[test]
fn what_the_outside_triggers_reads_in_a_work_tree_of_its_own() {
    let agent = aiwg_testing::claude_stand_in()["command"].clone();
    let mut rule = Project::rule(
        "reads",
        "open:*",
        "do: { cat a; pwd; tr '\\0' ' ' </proc/$$/cmdline; } >.stand-in-said; answer done",
    );
    rule["action"]["workspace"] = json!({ "base": "head" });
    let hooks = Hooks::with(json!({ "agent": { "program": "claude", "command": agent }, "rules": [rule] }));
    let project = &hooks.project;
    std::fs::write(project.file(".gitignore"), ".aiwg\n.stand-in-*\nstate-home\n").unwrap();
    std::fs::write(project.file("a"), "one\n").unwrap();
    git(project, &["init", "-q", "-b", "main"]);
    git(project, &["add", "."]);
    git(project, &["commit", "-q", "-m", "first"]);
    std::fs::write(project.file("a"), "what nobody has committed\n").unwrap();
    assert_eq!(hooks.post("/open", &json_type(), br#"{"type":"x"}"#).0, 200);
    let task = project.ended("task-0001");
    let workspace = &task["workspace"];
    assert_eq!(
        (&task["state"], &task["agent"]),
        (&json!("completed"), &json!("webhook:read-only")),
        "{task}"
    );
    let there = workspace["dir"].as_str().unwrap();
    let said = std::fs::read_to_string(std::path::Path::new(there).join(".stand-in-said")).unwrap();
    assert!(said.starts_with(&format!("one\n{there}\n")) && said.contains("--tools=Read"), "{said}");
    assert_eq!(
        (&workspace["result"]["files"], workspace["result"].get("branch")),
        (&json!(0), None),
        "{task}"
    );
}

#[test]
fn a_configuration_of_webhooks_that_would_be_unsafe_is_refused() {
    let project = Project::empty();
    let refused = |webhooks: Value, said: &str| {
        project.configure(&json!({ "gateway": { "webhooks": webhooks } }).to_string());
        let checked = project.run(&["config", "check"]);
        assert!(checked.code != 0 && checked.out.contains(said), "{said}: {}", checked.out);
        assert!(!checked.out.contains("hunter2"), "{}", checked.out);
    };
    let source = |more: Value| {
        let mut source = json!({ "path": "/a", "kind": "github", "secret": "${S}", "topic": "a:{event}" });
        source.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "sources": [source] })
    };
    refused(source(json!({ "secret": "hunter2" })), "must name a variable");
    refused(source(json!({ "secret": null })), "has no \"secret\"");
    refused(source(json!({ "path": "a b" })), "must be a path");
    refused(source(json!({ "topic": "{event}" })), "must begin with a text of its own");
    refused(source(json!({ "topic": "task:{event}" })), "the daemon's own");
    refused(json!({ "listen": "localhost" }), "must be an address of this machine and a port");
    let open = json!([{ "path": "/a", "kind": "json", "topic": "a" }]);
    refused(json!({ "listen": "0.0.0.0:8787", "sources": open }), "can be reached from other machines");
    refused(json!({ "sources": [open[0], open[0]] }), "has this path already");
}

#[test]
fn webhook_send_signs_as_the_sender_does() {
    let hooks = Hooks::with(json!({}));
    std::fs::write(hooks.project.file("push.json"), GITHUB_PUSH).unwrap();
    for path in ["/github", "/gitlab", "/slack", "/standard", "/token", "/open"] {
        let sent = hooks.command(&["webhook", "send", path, "push.json"]);
        assert!(sent.code == 0 && sent.out.starts_with("200 {\"seq\":"), "{path}: {} {}", sent.out, sent.err);
    }
    let refused = hooks.command(&["webhook", "send", "/github", "push.json", "--kind", "json"]);
    assert!(refused.code == 1 && refused.out.starts_with("401 "), "{} {}", refused.out, refused.err);
    let unknown = hooks.command(&["webhook", "send", "/x"]);
    assert!(unknown.err.contains("there are /github"), "{}", unknown.err);
    let without = hooks.project.run(&["webhook", "send", "/github"]);
    assert!(without.err.contains("HOOK_SECRET"), "{}", without.err);
}
