//! Agents that try to decide what only a person may.

use serde_json::json;

use crate::support::{Project, may_unshare, until};

/// A client in a few lines, which tries every method by which one decides, and notes what it is told.
const CLIENT: &str = r#"
import json, os, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(".aiwg/daemon/daemon.sock"); f = s.makefile()
with open(sys.argv[1] + ".part", "w") as out:
    for method in ["approve", "reject", "answer"]:
        params = {"approvalId": "approval-0001"}
        if method == "answer": params["answer"] = "yes"
        call = {"jsonrpc": "2.0", "id": 1, "method": "approval." + method, "params": params}
        s.sendall((json.dumps(call) + "\n").encode())
        out.write(json.loads(f.readline()).get("error", {"data": {"kind": "DECIDED"}})["data"]["kind"] + "\n")
os.rename(sys.argv[1] + ".part", sys.argv[1])
"#;

/// The ways by which the agent calls: each a command that leaves a file of its name.
fn ways() -> Vec<(&'static str, String)> {
    let client = |name: &str| format!("python3 client.py {name}");
    let mut ways = vec![
        ("own", client("own")),
        ("child", format!("sh -c 'sh -c \"{}\"'", client("child"))),
        ("setsid", format!("setsid {}", client("setsid"))),
        ("bare", format!("env -i /usr/bin/env {}", client("bare"))),
        ("detached", format!("setsid -f env -i sh -c 'cd {{}}; exec /usr/bin/env {}'", client("detached"))),
        (
            "orphan",
            format!(
                "(setsid -f env -i sh -c 'cd {{}}; sleep 0.2; exec /usr/bin/env {}') &",
                client("orphan")
            ),
        ),
    ];
    let users: &[&str] = &["--user", "--map-root-user"];
    let processes: &[&str] = &["--user", "--map-root-user", "--pid", "--fork", "--mount-proc"];
    for (name, options) in [("users", users), ("processes", processes)] {
        if may_unshare(options) {
            ways.push((name, format!("unshare {} {}", options.join(" "), client(name))));
        }
    }
    ways
}

#[test]
fn no_agent_decides_whatever_it_tries() {
    // Not even where the configuration gives agents all rights.
    let project = Project::started(json!({ "daemon": { "agents_may": ["*"] } }));
    std::fs::write(project.file("client.py"), CLIENT).unwrap();
    let params = json!({ "prompt": "x", "approval": true });
    let task = project.wire().call("task.submit", params)["taskId"].as_str().unwrap().to_owned();
    let here = project.path().display().to_string();
    let ways = ways();
    let calls: Vec<String> = ways.iter().map(|(_, call)| call.replace("{}", &here)).collect();
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let by_command = format!(
        "{aiwg} approval approve 1 2>command; setsid -f env -i {aiwg} --project {here} gates approve 1 2>gone; {aiwg} approval list >list"
    );
    project
        .submit(&format!("{}; {by_command}; touch tried; sleep 1000", calls.join("; ").replace("&;", "&")));
    until("all that the agent tries", || project.file("tried").exists());
    for (name, call) in &ways {
        until(&format!("the end of {call}"), || project.file(name).exists());
        assert_eq!(project.read(name), "not_allowed\n".repeat(3), "{call}");
    }
    assert!(project.read("command").contains("a person decides"), "{}", project.read("command"));
    until("the end of the detached command", || project.read("gone").contains("a person decides"));
    // It may see what waits, where that is allowed.
    assert!(project.read("list").contains("approval-0001"), "{}", project.read("list"));
    let approval = project.json(&["approval", "show", "1"]);
    assert_eq!(approval["state"], "pending", "{approval}");
    assert_eq!(project.task(&task)["waiting"], "approval");
    // A person decides, while the agent still runs.
    assert_eq!(project.json(&["approval", "approve", "1"])["state"], "approved");
    assert_eq!(project.ended(&task)["state"], "completed");
}

#[test]
fn no_agent_changes_who_is_asked() {
    let mut rule = Project::rule("deploy", "release:made", "Deploy");
    rule["action"]["approval"] = json!(true);
    let more = |rule: &serde_json::Value| json!({ "daemon": { "agents_may": ["*"] }, "rules": [rule] });
    let project = Project::started(more(&rule));
    let mut other = rule.clone();
    other["action"]["approval"] = json!(false);
    std::fs::write(project.file("other.json"), Project::config(more(&other)).to_string()).unwrap();
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    project.submit(&format!(
        "cp other.json .aiwg/daemon.json; {aiwg} daemon reload >said 2>&1; kill -HUP $(cat .aiwg/daemon.pid); touch tried; sleep 1000"
    ));
    until("the agent", || project.file("tried").exists());
    assert!(
        project.read("said").contains("only a person may put these changes in force: rules.deploy"),
        "{}",
        project.read("said")
    );
    let status = project.json(&["daemon", "status"]);
    assert_eq!(
        (&status["health"], &status["issues"][0]["kind"]),
        (&json!("degraded"), &json!("config_changed"))
    );
    project.json(&["event", "emit", "release:made"]);
    assert_eq!(project.task("task-0002")["waiting"], "approval");
    // A person may.
    assert_eq!(project.json(&["daemon", "reload"])["reloaded"], true);
    assert_eq!(project.json(&["daemon", "status"])["health"], "healthy");
}

#[test]
fn no_agent_chooses_a_command_by_a_reload() {
    let with = |command: &str, of_rule: &str| {
        let mut rule = Project::rule("work", "work:there", "true");
        rule["action"]["verify"] = json!({ "command": of_rule });
        json!({
            "daemon": { "agents_may": ["default", "daemon.reload"] },
            "defaults": { "verify": { "command": command } },
            "rules": [rule]
        })
    };
    let project = Project::started(with("true", "true"));
    let others = [("defaults", with("touch evil", "true")), ("rule", with("true", "touch evil"))];
    for (name, other) in &others {
        std::fs::write(project.file(&format!("{name}.json")), Project::config(other.clone()).to_string())
            .unwrap();
    }
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    project.submit(&format!(
        "for name in defaults rule; do cp $name.json .aiwg/daemon.json; {aiwg} daemon reload >$name 2>&1; kill -HUP $(cat .aiwg/daemon.pid); done; touch tried; sleep 1000"
    ));
    until("the agent", || project.file("tried").exists());
    for (name, place) in
        [("defaults", "defaults.verify.command"), ("rule", "rules.work.action.verify.command")]
    {
        let said = project.read(name);
        assert!(said.contains(&format!("only a person may put these changes in force: {place}")), "{said}");
    }
    project.json(&["event", "emit", "work:there"]);
    assert_eq!(project.ended("task-0002")["state"], "completed");
    let usual = json!({ "prompt": "true", "verify": {} });
    let task = project.wire().call("task.submit", usual)["taskId"].as_str().unwrap().to_owned();
    assert_eq!(project.ended(&task)["state"], "completed");
    assert!(!project.file("evil").exists(), "the command of an agent has run");
}

#[test]
fn no_agent_sees_what_waits_by_default() {
    let seen_by = |agents_may: serde_json::Value| {
        let project = Project::started(json!({ "daemon": { "agents_may": agents_may } }));
        project.wire().call("task.submit", json!({ "prompt": "the secret plan", "approval": true }));
        let aiwg = env!("CARGO_BIN_EXE_aiwg");
        project.submit(&format!(
            "{aiwg} approval list 2>said; {{ {aiwg} event list 'approval:*' --json; {aiwg} event list --json; \
             {aiwg} why task-0001 --json; {aiwg} why task-0001 --from --json; }} >seen; touch done"
        ));
        until("the agent", || project.file("done").exists());
        (project.read("said"), project.read("seen"))
    };
    let (said, seen) = seen_by(json!(["default"]));
    assert!(said.contains("may not call approval.list"), "{said}");
    assert!(seen.contains("task:queued") && !seen.contains("approval:requested"), "{seen}");
    assert!(!seen.contains("may it start?") && !seen.contains("approval-0001"), "{seen}");
    assert!(seen.contains("until someone decides"), "{seen}");
    let (said, seen) = seen_by(json!(["default", "approval.list"]));
    assert!(
        said.is_empty() && seen.contains("approval:requested") && seen.contains("may it start?"),
        "{said}{seen}"
    );
}
