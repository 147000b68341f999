//! The official clients, and the inspector's command line.

use std::{path::PathBuf, process::Command};

use serde_json::{Value, json};

use crate::support::{Project, repository};

/// Folder into which `scripts/oracles` puts them.
fn packages() -> PathBuf {
    let folder = repository().join("target/oracles/mcp");
    assert!(folder.join("python").exists(), "run scripts/oracles first, or scripts/test, which does");
    folder
}

fn succeeds(command: &mut Command) -> String {
    let done = command.output().unwrap();
    let out = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{out}\n{}", String::from_utf8_lossy(&done.stderr));
    out
}

fn in_project(project: &Project, program: PathBuf) -> Command {
    let mut command = Command::new(program);
    command.current_dir(project.path()).env_remove("AIWG_DAEMON_SOCKET").env_remove("AIWG_TASK_ID");
    command
}

#[test]
fn the_typescript_client_gets_what_the_schemas_promise() {
    let project = Project::started(json!({}));
    let script = repository().join("tests/mcp/sdk.mjs");
    let mut node = in_project(&project, "node".into());
    node.arg(script).arg(env!("CARGO_BIN_EXE_aiwg")).env("MCP_PACKAGES", packages().join("node"));
    assert!(succeeds(&mut node).contains("ok"));
    std::fs::write(project.file("go"), "").unwrap();
}

#[test]
fn the_python_client_gets_what_the_schemas_promise() {
    let project = Project::started(json!({}));
    let mut python = in_project(&project, packages().join("python/bin/python"));
    python.arg(repository().join("tests/mcp/sdk.py")).arg(env!("CARGO_BIN_EXE_aiwg"));
    assert!(succeeds(&mut python).starts_with("ok"));
}

#[test]
fn the_inspectors_command_line_lists_and_calls_tools() {
    let project = Project::started(json!({}));
    let inspect = |arguments: &[&str]| -> Value {
        let mut node = in_project(&project, "node".into());
        node.arg(packages().join("node/node_modules/.bin/mcp-inspector"));
        node.args(["--cli", env!("CARGO_BIN_EXE_aiwg"), "mcp"]).args(arguments);
        serde_json::from_str(&succeeds(&mut node)).unwrap()
    };
    let listed = inspect(&["--method", "tools/list"]);
    assert!(listed["tools"].as_array().unwrap().iter().any(|tool| tool["name"] == "task_submit"), "{listed}");
    let called = inspect(&["--method", "tools/call", "--tool-name", "event_emit", "--tool-arg", "topic=a:b"]);
    assert!(called["structuredContent"]["seq"].is_u64(), "{called}");
}
