//! The differences between two configurations, for people.

use aiwg_protocol::{
    config::{Action, Config},
    terms::ApprovalTerms,
};
use serde_json::{Map, Value};

/// The number of differences that are shown.
const SHOWN: usize = 20;

/// The number of characters of a value that are shown.
const VALUE_CHARS: usize = 120;

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

/// The differences that only a person may put in force: who is asked, what agents may, which program they are, and what they may cost.
pub(crate) fn of_a_person(old: &Config, new: &Config) -> Vec<Change> {
    let asking = asking(old);
    let is_a_persons = |path: &str| {
        let is_at = |place: &str| {
            path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        OF_A_PERSON.into_iter().any(is_at) || asking.iter().any(|place| is_at(place))
    };
    changes(old, new).into_iter().filter(|change| is_a_persons(&change.path)).collect()
}

/// The places of a configuration that no agent may change, even where agents may have it read again.
const OF_A_PERSON: [&str; 7] =
    ["agent", "agents", "accounts", "budget", "users", "daemon.agents_may", "daemon.agents_env"];

/// The places of the rules and actions whose tasks a person must approve.
fn asking(config: &Config) -> Vec<String> {
    let asks = |action: &Action| {
        let Action::SubmitTask { approval, .. } = action;
        approval.and_then(ApprovalTerms::limits).is_some()
    };
    let rules =
        config.rules.iter().filter(|rule| asks(&rule.action)).map(|rule| format!("rules.{}", rule.id));
    let actions = config.actions.iter().filter(|(_, action)| asks(action));
    let jobs = config.schedule.jobs.iter().filter(|job| config.actions.get(&job.action).is_some_and(asks));
    rules
        .chain(actions.map(|(name, _)| format!("actions.{name}")))
        .chain(jobs.map(|job| format!("schedule.jobs.{}", job.name)))
        .collect()
}

/// The differences, a line each.
pub(crate) fn shown(changes: &[Change]) -> Vec<String> {
    let mut lines: Vec<String> =
        changes.iter().take(SHOWN).map(|change| format!("{}: {}", change.path, change.shown)).collect();
    if changes.len() > SHOWN {
        lines.push(format!("and {} more", changes.len() - SHOWN));
    }
    lines
}

/// The places of the differences, in one line. Without the values: those may be secret from readers of a status.
pub(crate) fn places(changes: &[Change]) -> String {
    let paths: Vec<&str> = changes.iter().take(SHOWN).map(|change| change.path.as_str()).collect();
    let more = if changes.len() > SHOWN { ", ..." } else { "" };
    format!("{}{more}", paths.join(", "))
}

fn compare(path: String, old: Option<&Value>, new: Option<&Value>, found: &mut Vec<Change>) {
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
        Some((cut, _)) => format!("{}...", &text[..cut]),
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
        let shown = shown(&changes);
        assert_eq!(shown[0], r#"agent.command: ["a"] -> ["b"]"#);
        assert_eq!(shown[1], r#"rules.r.action.prompt: "x" -> "w""#);
        assert_eq!(shown[2], "rules.s: removed");
        assert!(shown[3].starts_with("rules.t: added: {"), "{}", shown[3]);
    }

    #[test]
    fn an_agent_may_not_change_who_is_asked() {
        let asking = |id: &str, approval: Value| {
            let mut rule = rule(id, "x");
            rule["action"]["approval"] = approval;
            rule
        };
        let old = config(json!({ "rules": [asking("r", json!(true)), rule("s", "y")] }));
        let of_a_person = |new: Value| places(&of_a_person(&old, &config(new)));
        let kept = asking("r", json!(true));
        assert_eq!(of_a_person(json!({ "rules": [kept, rule("s", "z"), asking("t", json!(true))] })), "");
        assert_eq!(of_a_person(json!({ "rules": [asking("r", json!(false))] })), "rules.r.action.approval");
        assert_eq!(of_a_person(json!({ "rules": [rule("r", "x")] })), "rules.r.action.approval");
        assert_eq!(of_a_person(json!({ "rules": [] })), "rules.r");
        let agents =
            json!({ "agent": { "command": ["b"] }, "daemon": { "agents_may": ["*"] }, "rules": [kept] });
        assert_eq!(of_a_person(agents), "daemon.agents_may, agent.command");
    }

    #[test]
    fn what_is_long_is_shortened_and_nothing_is_nothing() {
        let long = config(json!({ "agent": { "command": ["ä".repeat(500)] } }));
        assert!(shown(&changes(&Config::default(), &long))[0].chars().count() < 300);
        assert_eq!(changes(&long, &long), []);
    }
}
