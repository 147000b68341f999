//! The settings with which `claude` asks a command before it uses a tool, on top of those that its command line names.

use serde_json::{Map, Value, json};

use crate::command::{CommandError, OwnSettings};

/// Time that the hook may take which waits for a person, in seconds.
pub const ASKING_SECONDS: u64 = 180;

/// The hooks: before each use of a tool, and where one is not allowed and a person would be asked. Each with the time that it may take, in
/// seconds: the second one waits for a person.
const HOOKS: [(&str, u64); 2] = [("PreToolUse", 30), ("PermissionRequest", ASKING_SECONDS)];

/// Longest settings on a command line, in bytes: no argument may have more than 128 KiB.
const LONGEST: usize = 120 * 1024;

/// The settings of a command line, as [`own`] finds them: JSON, or the path of a file.
pub(super) fn own(configured: &[String]) -> Option<&str> {
    let mut words = configured.iter().take_while(|word| *word != "--");
    let mut found = None;
    while let Some(word) = words.next() {
        if word == "--settings" {
            found = words.next().map(String::as_str);
        } else if let Some(value) = word.strip_prefix("--settings=") {
            found = Some(value);
        }
    }
    found
}

/// These settings, as JSON, with hooks that run the command `hook` before all that they have already. They become an argument.
pub(super) fn asking(hook: &str, own: Option<OwnSettings<'_>>) -> Result<String, CommandError> {
    let mut settings = match own.map(|own| serde_json::from_str::<Value>(own.text())) {
        None => Map::new(),
        Some(Ok(Value::Object(settings))) => settings,
        Some(Ok(_)) => return Err(CommandError::OwnSettings("they are no JSON object".to_owned())),
        Some(Err(error)) => return Err(CommandError::OwnSettings(error.to_string())),
    };
    if matches!(own, Some(OwnSettings::File(_)))
        && let Some(name) = settings.iter().find_map(|(name, value)| secret(name, value))
    {
        return Err(CommandError::OwnSettings(format!(
            "all users can see a command line, and the {name:?} of that file, which may hold secrets, would stand there"
        )));
    }
    let hooks = settings.entry("hooks").or_insert_with(|| json!({}));
    let Value::Object(hooks) = hooks else {
        return Err(CommandError::OwnSettings("their \"hooks\" are no object".to_owned()));
    };
    for (event, seconds) in HOOKS {
        let one =
            json!({"matcher": "*", "hooks": [{"type": "command", "command": hook, "timeout": seconds}]});
        match hooks.entry(event).or_insert_with(|| json!([])) {
            Value::Array(all) => all.insert(0, one),
            _ => return Err(CommandError::OwnSettings(format!("their hooks for {event} are no list"))),
        }
    }
    let text = Value::Object(settings).to_string();
    match text.len() > LONGEST {
        true => Err(CommandError::OwnSettings(format!("they have more than {LONGEST} bytes"))),
        false => Ok(text),
    }
}

/// The name of a member that may hold secrets, if it is this one or within it: variables, or the headers of a hook that is a request.
///
/// Such a file is refused, since nothing carries it to the agent as well as an argument does. A file in its place, in the run's directory, the
/// agent could write, and lift the hooks that ask for its permissions. A sealed file in memory has no path that can be resolved, and not all
/// systems have one. And if its variables were put into the agent's environment, the project's settings would count for more than they do.
fn secret<'a>(name: &'a str, value: &'a Value) -> Option<&'a str> {
    let is_empty = |value: &Value| value.is_null() || value.as_object().is_some_and(Map::is_empty);
    match value {
        _ if ["env", "headers"].contains(&name) && !is_empty(value) => Some(name),
        Value::Object(members) => members.iter().find_map(|(name, value)| secret(name, value)),
        Value::Array(all) => all.iter().find_map(|value| secret("", value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own_of(command: &str) -> Option<String> {
        let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        own(&words).map(str::to_owned)
    }

    #[test]
    fn the_last_settings_of_a_command_count() {
        assert_eq!(own_of("claude -p"), None);
        assert_eq!(own_of("claude --settings a.json -p").as_deref(), Some("a.json"));
        assert_eq!(own_of("claude --settings a.json --settings=b.json").as_deref(), Some("b.json"));
        assert_eq!(own_of("claude -p -- --settings a.json"), None);
    }

    #[test]
    fn hooks_stand_beside_those_that_are_there() {
        let alone: Value = serde_json::from_str(&asking("aiwg hook", None).unwrap()).unwrap();
        assert_eq!(alone["hooks"]["PreToolUse"][0]["hooks"][0]["command"], "aiwg hook");
        assert_eq!(alone["hooks"]["PermissionRequest"][0]["hooks"][0]["timeout"], 180);
        let own = r#"{"model": "opus", "hooks": {"PreToolUse": [{"matcher": "Bash"}], "Stop": [1]}}"#;
        let merged: Value =
            serde_json::from_str(&asking("h", Some(OwnSettings::Shown(own))).unwrap()).unwrap();
        assert_eq!((&merged["model"], &merged["hooks"]["Stop"]), (&json!("opus"), &json!([1])));
        let before = merged["hooks"]["PreToolUse"].as_array().unwrap();
        assert_eq!((before.len(), &before[1]), (2, &json!({"matcher": "Bash"})));
    }

    #[test]
    fn settings_that_cannot_be_added_to_are_refused() {
        let long = json!({ "x": "y".repeat(LONGEST) }).to_string();
        for own in ["", "[]", "{", r#"{"hooks": []}"#, r#"{"hooks": {"PreToolUse": {}}}"#, &long] {
            let error = asking("h", Some(OwnSettings::Shown(own))).unwrap_err().to_string();
            assert!(error.contains("--settings"), "{error}");
        }
    }

    #[test]
    fn what_may_be_secret_in_a_file_does_not_become_an_argument() {
        let env = r#"{"env": {"ANTHROPIC_AUTH_TOKEN": "hunter2"}}"#;
        let headers = r#"{"hooks": {"Stop": [{"hooks": [{"type": "http", "headers": {"Authorization": "hunter2"}}]}]}}"#;
        for (text, name) in [(env, "\"env\""), (headers, "\"headers\"")] {
            let error = asking("h", Some(OwnSettings::File(text))).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(".claude/settings"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
            // It stands on the command line already.
            assert!(asking("h", Some(OwnSettings::Shown(text))).unwrap().contains("hunter2"));
        }
        let harmless = r#"{"env": {}, "apiKeyHelper": "./key", "permissions": {"allow": ["env"]}}"#;
        assert!(asking("h", Some(OwnSettings::File(harmless))).unwrap().contains("./key"));
    }
}
