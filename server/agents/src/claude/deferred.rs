//! The use of a tool that was put off.

use aiwg_fs::tail_of;
use serde_json::Value;

use crate::evaluation::DeferredTool;

/// Maximum length of a tool's input that is kept, in bytes.
const LONGEST_INPUT: usize = 16 * 1024;

/// Maximum length of an id and of a name, in bytes: longer ones are none of the program's.
const LONGEST_NAME: usize = 256;

impl DeferredTool {
    /// A result message's `deferred_tool_use`; none if there is none, or none with an id and a name.
    pub(super) fn from_json(value: &Value) -> Option<Self> {
        let text = |name: &str| {
            let text = value.get(name)?.as_str()?;
            Some(tail_of(text, LONGEST_NAME).to_owned())
        };
        let input = value.get("input").map(Value::to_string).unwrap_or_default();
        Some(Self { id: text("id")?, name: text("name")?, input: head_of(input, LONGEST_INPUT) })
    }
}

/// The first bytes of a text, cut between two characters.
fn head_of(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_use_with_a_name_is_one() {
        let tool = json!({"id": "toolu_1", "name": "Bash", "input": {"command": "rm x"}});
        let expected = DeferredTool {
            id: "toolu_1".to_owned(),
            name: "Bash".to_owned(),
            input: r#"{"command":"rm x"}"#.to_owned(),
        };
        assert_eq!(DeferredTool::from_json(&tool), Some(expected));
        for none in [json!(null), json!("Bash"), json!({"id": "1"}), json!({"name": "Bash", "id": 1})] {
            assert_eq!(DeferredTool::from_json(&none), None, "{none}");
        }
    }

    #[test]
    fn a_long_input_is_cut_between_characters() {
        let tool = json!({"id": "1", "name": "Write", "input": "ä".repeat(LONGEST_INPUT)});
        let input = DeferredTool::from_json(&tool).unwrap().input;
        assert_eq!(input.len(), LONGEST_INPUT - 1);
    }
}
