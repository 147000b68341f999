//! The hooks of `claude` that ask whether a tool may be used: what they are given, and what they answer.

use std::io::{self, Read};

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

/// A use of a tool that a hook is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookCall {
    /// The event of the hook.
    pub event: HookEvent,
    /// The name of the tool.
    pub tool: String,
    /// Its input, as JSON.
    pub input: String,
    /// The id of this use of the tool; none where a person is asked.
    pub id: Option<String>,
    /// True if a subagent makes the call. Its calls cannot be put off: it ends, and the call is lost.
    pub is_subagents: bool,
}

/// The events of the hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookEvent {
    /// A tool is about to be used.
    PreToolUse,
    /// A person would be asked.
    PermissionRequest,
}

/// The answer of a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookAnswer<'a> {
    /// It may be used.
    Allow,
    /// It may not, for this reason, which the agent gets.
    Deny(&'a str),
    /// The process ends with the call pending. Only before a tool is used.
    Defer,
}

/// The members of what a hook is given that are used.
#[derive(Deserialize)]
struct Given<'a> {
    hook_event_name: String,
    tool_name: String,
    #[serde(borrow)]
    tool_input: &'a RawValue,
    tool_use_id: Option<String>,
    agent_id: Option<String>,
}

impl HookEvent {
    const fn name(self) -> &'static str {
        match self {
            Self::PreToolUse => "PreToolUse",
            Self::PermissionRequest => "PermissionRequest",
        }
    }
}

impl HookCall {
    /// Reads what a hook is given on standard input.
    ///
    /// # Errors
    /// It is none of these hooks' input.
    pub fn read(given: &str) -> Result<Self, String> {
        let given: Given<'_> = serde_json::from_str(given).map_err(|error| error.to_string())?;
        let events = [HookEvent::PreToolUse, HookEvent::PermissionRequest];
        let event = events.into_iter().find(|event| event.name() == given.hook_event_name);
        let event = event.ok_or_else(|| format!("there is no hook for {:?}", given.hook_event_name))?;
        Ok(Self {
            event,
            tool: given.tool_name,
            input: given.tool_input.get().to_owned(),
            id: given.tool_use_id,
            is_subagents: given.agent_id.is_some(),
        })
    }

    /// The JSON that the hook prints for this answer.
    pub fn answer(&self, answer: HookAnswer<'_>) -> Value {
        let mut output = json!({ "hookEventName": self.event.name() });
        match self.event {
            HookEvent::PreToolUse => {
                let (decision, why) = match answer {
                    HookAnswer::Allow => ("allow", "a person has allowed this call"),
                    HookAnswer::Deny(why) => ("deny", why),
                    HookAnswer::Defer => ("defer", "a person is to decide on this call"),
                };
                output["permissionDecision"] = json!(decision);
                output["permissionDecisionReason"] = json!(why);
            }
            HookEvent::PermissionRequest => {
                output["decision"] = match answer {
                    HookAnswer::Allow => json!({"behavior": "allow"}),
                    HookAnswer::Deny(why) => json!({"behavior": "deny", "message": why}),
                    HookAnswer::Defer => {
                        json!({"behavior": "deny", "message": "a person is to decide on this call"})
                    }
                };
            }
        }
        json!({ "hookSpecificOutput": output })
    }
}

/// Size of the pieces in which an output is looked through, in bytes: it can be of any size.
const PIECE: u64 = 256 * 1024;

/// Room before a name for the key that it belongs to, in bytes: `"tool_use_id"`, a colon, and spaces.
const KEY_ROOM: usize = 64;

/// True if a tool has been used under this name, or is being used, by what the program has written in its format `stream-json`. It holds no more than
/// a piece of that in memory.
///
/// # Errors
/// The output cannot be read.
pub fn was_used(output: &mut impl Read, id: &str) -> io::Result<bool> {
    let name = format!("\"{id}\"");
    let mut piece = Vec::new();
    while output.by_ref().take(PIECE).read_to_end(&mut piece)? > 0 {
        if is_use_in(&piece, &name) {
            return Ok(true);
        }
        // A name, or its key, may go on in the next piece.
        piece.drain(..piece.len().saturating_sub(name.len() + KEY_ROOM));
    }
    Ok(false)
}

/// True if this name stands in a text as that of a use of a tool.
fn is_use_in(text: &[u8], name: &str) -> bool {
    let is_of_use = |at| {
        let key = text.get(..at).map(<[u8]>::trim_ascii_end).and_then(|text| text.strip_suffix(b":"));
        key.is_some_and(|text| text.trim_ascii_end().ends_with(b"\"tool_use_id\""))
    };
    memchr::memmem::find_iter(text, name).any(is_of_use)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_of_a_tool_is_known_by_its_result() {
        let asked = br#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"toolu_1","name":"Bash"}]}}"#;
        let part = br#"{"type":"user","parent_tool_use_id":"toolu_1"}"#;
        let made =
            br#"{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id": "toolu_1"}]}}"#;
        let is_used = |output: &[u8], id| was_used(&mut &output[..], id).unwrap();
        assert!(!is_used(asked, "toolu_1") && !is_used(part, "toolu_1"));
        assert!(is_used(made, "toolu_1") && !is_used(made, "toolu_2") && !is_used(made, "toolu_"));
    }

    #[test]
    fn a_use_is_found_wherever_the_pieces_of_an_output_end() {
        let made = br#""tool_use_id" : "toolu_1""#;
        let piece = usize::try_from(PIECE).unwrap();
        for before in piece - made.len() - 2..piece + 2 {
            let mut output = vec![b' '; before];
            output.extend_from_slice(made);
            assert!(was_used(&mut &output[..], "toolu_1").unwrap(), "after {before} bytes");
        }
    }

    #[test]
    fn an_output_of_any_size_is_looked_through_and_one_that_cannot_be_read_is_an_error() {
        let large = io::repeat(b'x').take(300 * 1024 * 1024);
        assert!(was_used(&mut large.chain(&br#""tool_use_id":"a""#[..]), "a").unwrap());
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::TimedOut.into())
            }
        }
        assert!(was_used(&mut (&b"x"[..]).chain(Broken), "a").is_err());
    }

    /// As claude 2.1.332 gives it, shortened.
    const BEFORE: &str = r#"{"session_id":"s","cwd":"/project","permission_mode":"default","hook_event_name":"PreToolUse",
        "tool_name":"Bash","tool_input":{"command":"touch a","description":"x"},"tool_use_id":"toolu_1"}"#;
    const ASKED: &str = r#"{"session_id":"s","agent_id":"a71d1ec241aecd635","agent_type":"general-purpose",
        "hook_event_name":"PermissionRequest","tool_name":"Write","tool_input":{"file_path":"/p/x","content":"\n"},
        "permission_suggestions":[{"type":"setMode","mode":"acceptEdits","destination":"session"}]}"#;

    fn answered(given: &str, answer: HookAnswer<'_>) -> Value {
        HookCall::read(given).unwrap().answer(answer)
    }

    #[test]
    fn what_a_hook_is_given_is_read() {
        let before = HookCall {
            event: HookEvent::PreToolUse,
            tool: "Bash".to_owned(),
            input: r#"{"command":"touch a","description":"x"}"#.to_owned(),
            id: Some("toolu_1".to_owned()),
            is_subagents: false,
        };
        assert_eq!(HookCall::read(BEFORE), Ok(before));
        let asked = HookCall::read(ASKED).unwrap();
        assert_eq!((asked.event, asked.id, asked.is_subagents), (HookEvent::PermissionRequest, None, true));
        for wrong in
            ["", "{}", "[]", &BEFORE.replace("PreToolUse", "Stop"), &BEFORE.replace("tool_input", "x")]
        {
            assert!(HookCall::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn answers_are_those_that_claude_takes() {
        let before = answered(BEFORE, HookAnswer::Defer);
        assert_eq!(before["hookSpecificOutput"]["hookEventName"], "PreToolUse");
        assert_eq!(before["hookSpecificOutput"]["permissionDecision"], "defer");
        let denied = answered(BEFORE, HookAnswer::Deny("no"));
        assert_eq!(denied["hookSpecificOutput"]["permissionDecisionReason"], "no");
        let asked = |answer| answered(ASKED, answer)["hookSpecificOutput"]["decision"].clone();
        assert_eq!(asked(HookAnswer::Allow), json!({"behavior": "allow"}));
        assert_eq!(asked(HookAnswer::Deny("no")), json!({"behavior": "deny", "message": "no"}));
        assert_eq!(asked(HookAnswer::Defer)["behavior"], "deny", "nothing is put off there");
    }
}
