//! Configurations: stand-in agents and rules.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// The file of a project with the lines of its [`scripted`] agent.
pub(crate) const SCRIPT: &str = ".scripted-agent";

/// The repository's own directory.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn agent(program: &str, arguments: &[&str]) -> Value {
    let program = repository().join("tests/agents").join(program);
    let words = [program.to_str().unwrap()].into_iter().chain(arguments.iter().copied());
    json!({ "command": words.collect::<Vec<_>>() })
}

/// The options by which `claude` reports on its work as a stream of JSON.
const STREAMING: [&str; 4] = ["-p", "--output-format", "stream-json", "--verbose"];

/// The section `agent` of the stand-in: it shows its prompt, and runs what stands behind `do: ` in it.
pub fn stand_in() -> Value {
    agent("stand-in-agent", &[])
}

/// The same, but it writes what `claude` does with `--output-format stream-json`. `tests/agents/stand-in-words` has the
/// words that a script may use: `answer TEXT`, `cost USD`, `tool COMMAND` and more.
pub fn claude_stand_in() -> Value {
    agent("stand-in-agent", &STREAMING)
}

/// The same, but it takes messages while it works, as `claude` does: `tests/agents/live-agent` has the steps that its messages may have.
pub fn live_stand_in() -> Value {
    let mut agent = claude_stand_in();
    agent["steer"] = true.into();
    agent
}

/// The section `agent` of an agent that is taken for `claude`, and prints the lines that
/// [`TestDaemon::script`](crate::TestDaemon::script) has set, to the letter.
pub fn scripted() -> Value {
    agent("scripted-agent", &STREAMING)
}

/// The section `agent` of an agent that does with hooks what `claude` does: `tests/agents/asking-agent` says what its prompt may hold.
pub fn asking() -> Value {
    let mut agent = agent("asking-agent", &STREAMING);
    agent["ask_permissions"] = json!(true);
    agent
}

/// An event rule whose prompt is `prompt`.
pub fn rule(id: &str, topic: &str, prompt: &str) -> Value {
    json!({
        "id": id,
        "trigger": { "type": "event", "topic": topic },
        "condition": { "type": "always" },
        "action": { "type": "submit_task", "prompt": prompt }
    })
}

/// The same with more members, which override its own.
pub fn rule_with(id: &str, topic: &str, prompt: &str, more: Value) -> Value {
    let mut rule = rule(id, topic, prompt);
    rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rule
}
