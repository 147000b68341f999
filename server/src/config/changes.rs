//! The differences between two configurations, for people.

use std::fmt;

use aiwg_protocol::config::Config;
use serde_json::{Map, Value};

/// The number of places that are named in one line.
const NAMED: usize = 20;

/// The number of characters of a value that are shown.
const VALUE_CHARS: usize = 120;

/// The number of characters that are shown of each end of a longer place: names within it are anyone's.
const PLACE_END_CHARS: usize = 150;

/// A difference: its place, the value that was there, and the one that is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The path: `agent.command`, `rules.auto-test.action.prompt`.
    pub(crate) path: String,
    /// The difference as it is shown.
    shown: String,
}

/// The differences, in the order of the file.
pub(crate) fn changes(old: &Config, new: &Config) -> Vec<Change> {
    let value = |config: &Config| serde_json::to_value(config).unwrap_or_default();
    let mut found = Vec::new();
    compare(String::new(), Some(&value(old)), Some(&value(new)), &mut found);
    found
}

impl Change {
    /// Its place as it is shown: the path, without its middle where that is very long.
    pub(crate) fn place(&self) -> String {
        let chars = self.path.chars().count();
        if chars <= 2 * PLACE_END_CHARS {
            return self.path.clone();
        }
        let begin: String = self.path.chars().take(PLACE_END_CHARS).collect();
        let end: String = self.path.chars().skip(chars - PLACE_END_CHARS).collect();
        format!("{begin}...{end}")
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place(), self.shown)
    }
}

/// The places of the differences, in one line. Without the values: those may be secret from readers of a status.
pub(crate) fn places<'a>(changes: impl IntoIterator<Item = &'a Change>) -> String {
    let mut changes = changes.into_iter();
    let paths: Vec<String> = changes.by_ref().take(NAMED).map(Change::place).collect();
    let more = match changes.count() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    format!("{}{more}", paths.join(", "))
}

pub(super) fn compare(path: String, old: Option<&Value>, new: Option<&Value>, found: &mut Vec<Change>) {
    if old == new {
        return;
    }
    if let (Some(old), Some(new)) = (old.and_then(members), new.and_then(members)) {
        for name in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            compare(path, old.get(name), new.get(name), found);
        }
        return;
    }
    let shown = match (old, new) {
        (None, Some(new)) => format!("added: {}", short(new)),
        (Some(_), None) => "removed".to_owned(),
        (old, new) => {
            format!("{} -> {}", short(old.unwrap_or(&Value::Null)), short(new.unwrap_or(&Value::Null)))
        }
    };
    found.push(Change { path, shown });
}

/// The members of an object, or of a list whose entries have names of their own, such as rules.
fn members(value: &Value) -> Option<Map<String, Value>> {
    let named = |entry: &Value| {
        let name = ["id", "name"].iter().find_map(|key| entry.get(*key)?.as_str())?;
        Some((name.to_owned(), entry.clone()))
    };
    match value {
        Value::Object(members) => Some(members.clone()),
        Value::Array(list) => list.iter().map(named).collect(),
        _ => None,
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(VALUE_CHARS) {
        Some((cut, _)) => {
            format!("{}... (the first {VALUE_CHARS} of {} characters)", &text[..cut], text.chars().count())
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(value: Value) -> Config {
        serde_json::from_value(value).unwrap()
    }

    fn rule(id: &str, prompt: &str) -> Value {
        json!({ "id": id, "trigger": { "type": "event", "topic": "a" }, "action": { "type": "submit_task", "prompt": prompt } })
    }

    #[test]
    fn each_difference_is_named() {
        let old = config(json!({ "agent": { "command": ["a"] }, "rules": [rule("r", "x"), rule("s", "y")] }));
        let new = config(json!({ "agent": { "command": ["b"] }, "rules": [rule("t", "z"), rule("r", "w")] }));
        let changes = changes(&old, &new);
        assert_eq!(places(&changes), "agent.command, rules.r.action.prompt, rules.s, rules.t");
        let shown: Vec<String> = changes.iter().map(ToString::to_string).collect();
        assert_eq!(shown[0], r#"agent.command: ["a"] -> ["b"]"#);
        assert_eq!(shown[1], r#"rules.r.action.prompt: "x" -> "w""#);
        assert_eq!(shown[2], "rules.s: removed");
        assert!(shown[3].starts_with("rules.t: added: {"), "{}", shown[3]);
    }

    #[test]
    fn what_is_long_is_shortened_and_nothing_is_nothing() {
        let long = config(json!({ "agent": { "command": ["ä".repeat(500)] } }));
        let shown = changes(&Config::default(), &long)[0].to_string();
        assert!(shown.chars().count() < 300, "{shown}");
        assert!(shown.ends_with("... (the first 120 of 504 characters)"), "{shown}");
        assert_eq!(changes(&long, &long), []);
        let name = format!("A{}Z", "_".repeat(998));
        let long = config(json!({ "agents": { "a": { "env": { "B": "x" } } } }));
        let mut longer = long.clone();
        longer.agents.get_mut("a").unwrap().env.insert(name, "x".to_owned());
        let found = changes(&long, &longer);
        for shown in [found[0].to_string(), places(&found)] {
            assert!(shown.chars().count() < 400 && shown.starts_with("agents.a.env"), "{shown}");
            assert!(shown.contains("...") && shown.contains("_Z"), "both ends: {shown}");
        }
    }
}
