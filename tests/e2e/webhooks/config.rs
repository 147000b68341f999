//! What `gateway.webhooks` may say, what agents get of it, and the command that tries it.

use serde_json::{Value, json};

use super::{GITHUB_PUSH, Hooks, json_type};
use crate::support::Project;

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
