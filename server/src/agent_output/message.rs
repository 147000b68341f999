use aiwg_protocol::types::TaskUsage;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The last message of an agent. What it does not tell is taken for nothing.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct ResultMessage {
    #[serde(rename = "type")]
    kind: String,
    /// How it ended: `success`, `error_max_turns`, and so on. An error of the API has `success` too.
    pub(crate) subtype: String,
    /// Whether it failed.
    pub(crate) is_error: bool,
    /// The answer, or the error's text.
    pub(crate) result: Option<String>,
    session_id: Option<String>,
    num_turns: u64,
    /// Of the whole session, also where it was resumed.
    total_cost_usd: f64,
    usage: Tokens,
    permission_denials: Vec<Denial>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Tokens {
    input_tokens: u64,
    output_tokens: u64,
    cache_read_input_tokens: u64,
    cache_creation_input_tokens: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Denial {
    tool_name: String,
}

impl ResultMessage {
    /// The line as a result; none if it is anything else.
    pub(super) fn in_line(line: &[u8]) -> Option<Self> {
        // Most lines are not, and some are long: they are not read as JSON.
        let is_candidate = line.starts_with(b"{") && contains(line, b"\"result\"");
        is_candidate.then(|| Self::parse(line))?
    }

    /// The result in a JSON document: the document itself, or the last message of an array.
    pub(super) fn in_document(text: &[u8]) -> Option<Self> {
        match serde_json::from_slice::<Vec<&RawValue>>(text) {
            Ok(messages) => messages.iter().rev().find_map(|message| Self::parse(message.get().as_bytes())),
            Err(_) => Self::parse(text),
        }
    }

    fn parse(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok().filter(|message: &Self| message.kind == "result")
    }

    /// What it says was used. The cost is that of its whole session.
    pub(crate) fn usage(&self) -> TaskUsage {
        TaskUsage {
            cost_usd: self.total_cost_usd,
            turns: self.num_turns,
            input_tokens: self.usage.input_tokens,
            output_tokens: self.usage.output_tokens,
            cache_read_tokens: self.usage.cache_read_input_tokens,
            cache_creation_tokens: self.usage.cache_creation_input_tokens,
            session_id: self.session_id.clone(),
            permission_denials: self
                .permission_denials
                .iter()
                .map(|denial| denial.tool_name.clone())
                .collect(),
        }
    }
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}
