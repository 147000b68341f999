//! A tool that the agent was not allowed to use.

use serde_json::Value;

use crate::evaluation::{DeferredTool, Denial};

/// Maximum number of characters kept of a tool's input: enough to know what was refused, while a file that was to be written can be long.
const LONGEST_WHAT: usize = 200;

/// The members of a tool's input that say best what it was to do, the best first.
const DESCRIPTIVE: &[&str] = &["command", "file_path", "notebook_path", "path", "url", "query", "pattern"];

impl Denial {
    /// One entry of a result message's `permission_denials`.
    pub(super) fn from_json(value: &Value) -> Self {
        let tool_name = value.get("tool_name").and_then(Value::as_str).unwrap_or("a tool").to_owned();
        Self { tool_name, what: what(value.get("tool_input").unwrap_or(&Value::Null)) }
    }

    /// The refusal of the very call that was put off afterwards.
    pub(super) fn of_deferred(tool: &DeferredTool) -> Self {
        let input = serde_json::from_str(&tool.input).unwrap_or_else(|_| Value::String(tool.input.clone()));
        Self { tool_name: tool.name.clone(), what: what(&input) }
    }
}

/// For people: what was refused, and what to do about it.
pub(super) fn describe(denials: &[Denial], count: usize) -> Option<String> {
    let first = denials.first()?;
    let what =
        if first.what.is_empty() { String::new() } else { format!(" ({})", first.what.replace('\n', " ")) };
    let others = match count.saturating_sub(1) {
        0 => String::new(),
        1 => " and one more tool use".to_owned(),
        more => format!(" and {more} more tool uses"),
    };
    Some(format!(
        "it was refused {}{what}{others}: allow what it needs in \"agent.command\", for example with --allowedTools {}",
        first.tool_name, first.tool_name
    ))
}

fn what(input: &Value) -> String {
    let description = DESCRIPTIVE.iter().find_map(|name| input.get(name)?.as_str());
    description.map_or_else(|| summary(input), shortened)
}

fn summary(input: &Value) -> String {
    match input {
        Value::Object(members) if members.is_empty() => String::new(),
        Value::Null => String::new(),
        other => shortened(&other.to_string()),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_WHAT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_tells_what_was_to_be_done() {
        let bash = Denial::from_json(
            &json!({"tool_name": "Bash", "tool_input": {"description": "d", "command": "rm x"}}),
        );
        assert_eq!((bash.tool_name.as_str(), bash.what.as_str()), ("Bash", "rm x"));
        let other = Denial::from_json(&json!({"tool_name": "Odd", "tool_input": {"n": 1}}));
        assert_eq!(other.what, r#"{"n":1}"#);
        assert_eq!(Denial::from_json(&json!({})).tool_name, "a tool");
    }

    #[test]
    fn a_long_input_is_cut() {
        let denial =
            Denial::from_json(&json!({"tool_name": "Bash", "tool_input": {"command": "ä".repeat(500)}}));
        assert_eq!(denial.what.chars().count(), LONGEST_WHAT + 1);
    }

    #[test]
    fn people_read_what_to_do() {
        let denial = Denial { tool_name: "Bash".to_owned(), what: "touch x".to_owned() };
        let one = describe(std::slice::from_ref(&denial), 1).unwrap();
        assert!(one.starts_with("it was refused Bash (touch x): allow"), "{one}");
        let many = describe(&[denial.clone(), denial], 3).unwrap();
        assert!(many.contains("and 2 more tool uses"), "{many}");
        assert_eq!(describe(&[], 0), None);
    }
}
