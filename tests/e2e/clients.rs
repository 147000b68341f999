//! The packaged JavaScript and Python clients, as `scripts/clients` installs them, against the real daemon.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::json;

use crate::support::{Project, call_vectors, postgres, repository};

/// The daemon that the vectors are for.
fn with_vector_rule() -> Project {
    Project::started(json!({ "rules": [Project::rule("vector-rule", "vector:rule", "vector")] }))
}

/// Directory in which `scripts/clients` puts them.
pub(crate) fn clients() -> PathBuf {
    let clients = repository().join("target/clients");
    assert!(clients.exists(), "run scripts/clients first, or scripts/test, which does");
    clients
}

pub(crate) fn in_project(project: &Project, mut command: Command) -> Output {
    command
        .current_dir(project.path())
        .env_remove("AIWG_DAEMON_SOCKET")
        // Some start daemons.
        .envs(postgres::variables(project.path()))
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

/// A script of `tests/clients/`.
fn node(project: &Project, script: &str, args: &[&str]) -> Output {
    run_node(
        project,
        &std::fs::read_to_string(repository().join("tests/clients").join(script)).unwrap(),
        args,
    )
}

/// Node looks for packages beside the script: it runs a copy that lies beside them.
pub(crate) fn run_node(project: &Project, text: &str, args: &[&str]) -> Output {
    let copy = tempfile::Builder::new().suffix(".mjs").tempfile_in(clients().join("node")).unwrap();
    std::fs::write(copy.path(), text).unwrap();
    let mut command = Command::new("node");
    command.arg(copy.path()).args(args);
    in_project(project, command)
}

pub(crate) fn python(project: &Project, args: &[&str]) -> Output {
    let mut command = Command::new(clients().join("python/bin/python"));
    command.args(args).env("PYTHONDONTWRITEBYTECODE", "1");
    in_project(project, command)
}

pub(crate) fn succeeded(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{out}{}", String::from_utf8_lossy(&output.stderr));
    out.into_owned()
}

fn with_rule() -> Project {
    Project::started(
        json!({ "rules": [Project::rule("on-deployment-complete", "deployment:complete", "Test it")] }),
    )
}

/// The code blocks of a README in one language, as one program.
fn code(path: &str, language: &str) -> String {
    let text = std::fs::read_to_string(repository().join(path)).unwrap();
    let begin = format!("```{language}\n");
    let blocks: Vec<&str> = text.split(&begin).skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty(), "{path} has no {language}");
    blocks.join("\n")
}

#[test]
fn the_readmes_javascript_works_as_it_stands() {
    let project = with_rule();
    succeeded(&run_node(&project, &code("README.md", "javascript"), &[]));
    let events = project.json(&["event", "list", "deployment:*"]);
    assert_eq!(events[0]["payload"], json!({ "version": "1.2.3" }));
    assert_eq!(project.ended("task-0001")["state"], "completed");
}

#[test]
fn the_readmes_python_works_as_it_stands() {
    let project = with_rule();
    succeeded(&python(&project, &["-c", &code("README.md", "python")]));
    let events = project.json(&["event", "list", "deployment:*"]);
    assert_eq!(events[0]["payload"], json!({ "version": "1.2.3" }));
    assert_eq!(project.ended("task-0001")["state"], "completed");
}

#[test]
fn the_readmes_configuration_and_commands_work() {
    let project = Project::empty();
    let mut config: serde_json::Value = serde_json::from_str(&code("README.md", "json")).unwrap();
    config["agent"] = json!({ "command": [repository().join("tests/agents/stand-in-agent")] });
    project.configure(&config.to_string());
    let text = code("README.md", "bash");
    let commands: Vec<&str> = text.lines().filter(|line| line.starts_with("aiwg ")).collect();
    assert!(commands.len() >= 5, "{commands:?}");
    let path = std::path::Path::new(env!("CARGO_BIN_EXE_aiwg")).parent().unwrap().to_owned();
    for line in commands {
        let mut command = Command::new("sh");
        let paths = std::env::join_paths(
            std::iter::once(path.clone()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        command.args(["-c", line]).env("PATH", paths.unwrap());
        succeeded(&in_project(&project, command));
    }
}

/// The arguments of a runner of the vectors.
fn vector_files(first: Option<&Path>) -> Vec<String> {
    let files = call_vectors();
    first
        .into_iter()
        .chain(files.iter().map(PathBuf::as_path))
        .map(|path| path.to_str().unwrap().to_owned())
        .collect()
}

/// Checks the output of the programs of both packages' READMEs.
fn assert_printed(printed: &str) {
    for part in
        ["matched", "on-deployment-complete", "task-0002 completed", "task:completed", "there is no task"]
    {
        assert!(printed.contains(part), "{part:?} is missing:\n{printed}");
    }
}

#[test]
fn the_javascript_packages_readme_works_as_it_stands() {
    let printed = succeeded(&run_node(&with_rule(), &code("bindings/js/README.md", "js"), &[]));
    assert_printed(&printed);
    assert!(printed.contains("AbortError"), "{printed}");
}

#[test]
fn the_python_packages_readme_works_as_it_stands() {
    let printed = succeeded(&python(&with_rule(), &["-c", &code("bindings/python/README.md", "python")]));
    assert_printed(&printed);
    assert!(printed.contains("no longer waiting"), "{printed}");
}

#[test]
fn vectors_through_javascript() {
    let files = vector_files(None);
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    assert!(succeeded(&node(&with_vector_rule(), "calls.mjs", &files)).contains("as they should be"));
}

#[test]
fn vectors_through_python() {
    let args = vector_files(Some(&repository().join("tests/clients/calls.py")));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    assert!(succeeded(&python(&with_vector_rule(), &args)).contains("as they should be"));
}

#[test]
fn javascript_subscriptions_go_on_after_a_restart() {
    let done = node(&Project::started(json!({})), "subscribe.mjs", &[env!("CARGO_BIN_EXE_aiwg")]);
    assert!(succeeded(&done).contains("no gap"));
}

#[test]
fn python_subscriptions_go_on_after_a_restart() {
    let script = repository().join("tests/clients/subscribe.py");
    let done = python(&Project::started(json!({})), &[script.to_str().unwrap(), env!("CARGO_BIN_EXE_aiwg")]);
    assert!(succeeded(&done).contains("no gap"));
}

#[test]
fn the_python_packages_examples_run() {
    let script = repository().join("tests/clients/examples.py");
    let done = python(&with_rule(), &[script.to_str().unwrap()]);
    assert!(succeeded(&done).contains("every public item has an example that runs"));
}

#[test]
fn python_events_without_a_daemon_wait_for_the_next() {
    let script = repository().join("tests/clients/offline.py");
    let project = Project::new(json!({}));
    let done = python(&project, &[script.to_str().unwrap(), env!("CARGO_BIN_EXE_aiwg")]);
    assert!(succeeded(&done).contains("taken in once and in order"));
}

fn python_emits_over_kills(client: &str) {
    let script = repository().join("tests/clients/repeats.py");
    let project = Project::started(json!({}));
    let done = python(&project, &[script.to_str().unwrap(), env!("CARGO_BIN_EXE_aiwg"), client]);
    assert!(succeeded(&done).contains("each once, in order, none failed"));
}

#[test]
fn python_emits_of_threads_take_effect_once_over_kills() {
    python_emits_over_kills("blocking");
}

#[test]
fn python_emits_of_asyncio_take_effect_once_over_kills() {
    python_emits_over_kills("asyncio");
}

#[test]
fn every_example_in_the_javascript_declarations_works_as_it_stands() {
    let done = node(&with_rule(), "examples.mjs", &[env!("CARGO_BIN_EXE_aiwg")]);
    assert!(succeeded(&done).contains("examples ran"));
}

#[test]
fn emits_of_javascript_take_effect_once_and_in_order_over_ten_kills() {
    let done = node(&Project::started(json!({})), "repeat.mjs", &[env!("CARGO_BIN_EXE_aiwg")]);
    assert!(succeeded(&done).contains("each once, in order"));
}

#[test]
fn events_that_javascript_has_spooled_are_taken_in_once_and_in_order() {
    let done = node(&Project::new(json!({})), "spool.mjs", &[env!("CARGO_BIN_EXE_aiwg")]);
    assert!(succeeded(&done).contains("each once, in order"));
}

#[test]
fn the_javascript_package_without_the_program_is_smaller_than_60_kb() {
    let is_packed = |path: &PathBuf| path.extension().is_some_and(|end| end == "tgz");
    let packed =
        std::fs::read_dir(clients()).unwrap().map(|entry| entry.unwrap().path()).find(is_packed).unwrap();
    let size = packed.metadata().unwrap().len();
    assert!((10_000..60_000).contains(&size), "{} has {size} bytes", packed.display());
}

#[test]
fn a_jest_suite_uses_the_javascript_client_as_it_is() {
    let project = Project::started(json!({}));
    let node = clients().join("node");
    let mut command = Command::new("node");
    command
        .arg(node.join("node_modules/jest/bin/jest.js"))
        .arg("--config")
        .arg(node.join("jest/package.json"));
    command.arg("--cacheDirectory").arg(project.file("jest-cache"));
    succeeded(&in_project(&project, command));
    assert_eq!(project.json(&["event", "list", "jest:ran"]).as_array().unwrap().len(), 1);
}

#[test]
fn commonjs_needs_no_runtime_that_can_require_es_modules() {
    let project = Project::started(json!({}));
    let script = "new (require('aiwg').DaemonClient)().emit('required:it').then(({ seq }) => console.log('emitted', seq))";
    let aiwg = clients().join("node/node_modules/aiwg");
    let mut command = Command::new("node");
    command.args(["--eval", &script.replace("'aiwg'", &format!("{aiwg:?}"))]);
    // Node 18 and early versions of 20 cannot; later ones can be told not to.
    if Command::new("node")
        .args(["--no-experimental-require-module", "--version"])
        .output()
        .unwrap()
        .status
        .success()
    {
        command.env("NODE_OPTIONS", "--no-experimental-require-module");
    }
    assert!(succeeded(&in_project(&project, command)).contains("emitted"));
}

#[test]
fn the_documents_are_valid_and_true() {
    let document = repository().join("schema/openrpc.json");
    let project = Project::new(json!({
        "watch": { "enabled": true, "paths": ["src"], "debounce_ms": 20 },
        "schedule": { "jobs": [{ "name": "health-check", "cron": "@yearly", "action": "health-check" }], "enabled": true }
    }));
    std::fs::create_dir(project.file("src")).unwrap();
    project.start();
    let done = node(&project, "documents.mjs", &[document.to_str().unwrap()]);
    assert!(succeeded(&done).contains("as documented"));
}

#[test]
fn a_client_that_nobody_here_wrote_drives_it() {
    let project = Project::started(json!({}));
    let done = node(&project, "third-party.mjs", &[project.socket().to_str().unwrap()]);
    assert!(succeeded(&done).contains("driven by"));
}

#[test]
fn a_client_of_the_node_daemon_works_unchanged() {
    let project = with_rule();
    let done = node(&project, "node-compat.mjs", &[project.socket().to_str().unwrap()]);
    assert!(succeeded(&done).contains("works unchanged"));
}
