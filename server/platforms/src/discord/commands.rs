//! Commands as Discord knows them: it completes them, and asks for what follows them.

use aiwg_messaging::words::{VERBS, Verb};
use serde_json::{Value, json};

/// The kind of an option that is a text.
const TEXT: u8 = 3;

/// In servers, and in direct messages with the bot: nowhere else does it hear anyone.
const CONTEXTS: [u8; 2] = [0, 1];

/// The application is installed to servers.
const INSTALLED: [u8; 1] = [0];

/// A part of what follows a verb.
#[derive(Debug, PartialEq, Eq)]
struct Param {
    /// The name of the option.
    name: String,
    is_required: bool,
    /// The words to choose from; none if it is any text.
    choices: Vec<&'static str>,
    /// The word before it in a text.
    flag: Option<&'static str>,
}

impl Param {
    fn of(text: &'static str, is_required: bool) -> Self {
        let (flag, word) = match text.split_once(' ') {
            Some((flag, word)) => (Some(flag), word),
            None => (None, text),
        };
        let choices: Vec<&str> = word.split('|').collect();
        let is_choice = choices.len() > 1;
        let name = match (flag, is_choice) {
            (Some(flag), _) => flag.trim_start_matches('-').to_owned(),
            (None, true) => "state".to_owned(),
            (None, false) => word.to_lowercase(),
        };
        Self { name, is_required, choices: if is_choice { choices } else { Vec::new() }, flag }
    }

    fn definition(&self) -> Value {
        let mut option = json!({
            "type": TEXT,
            "name": self.name,
            "description": self.flag.map_or_else(|| self.name.to_uppercase(), |flag| format!("{flag} {}", self.name.to_uppercase())),
            "required": self.is_required,
        });
        if !self.choices.is_empty() {
            option["choices"] =
                self.choices.iter().map(|choice| json!({"name": choice, "value": choice})).collect();
        }
        option
    }
}

/// The parts of what follows a verb, as the list of verbs has them: `PROMPT [--verify COMMAND]`.
fn params(verb: &Verb) -> Vec<Param> {
    let mut params = Vec::new();
    let mut rest = verb.params;
    while !rest.is_empty() {
        if let Some((inner, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            params.push(Param::of(inner, false));
            rest = after.trim_start();
        } else {
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            params.push(Param::of(word, true));
            rest = after.trim_start();
        }
    }
    params
}

/// All commands, as they are registered; for a single server, if they are only for one.
pub(super) fn definitions(is_for_one: bool) -> Value {
    let command = |verb: &Verb| {
        let options: Vec<Value> = params(verb).iter().map(Param::definition).collect();
        let mut command = json!({"type": 1, "name": verb.word, "description": verb.does, "options": options});
        if !is_for_one {
            command["contexts"] = json!(CONTEXTS);
            command["integration_types"] = json!(INSTALLED);
        }
        command
    };
    VERBS.iter().map(command).collect()
}

/// The text that a command means which someone has chosen; none if it is none of ours.
pub(super) fn text_of(data: &Value) -> Option<String> {
    // 1 is a command that is typed; the others come from menus.
    if data.get("type").and_then(Value::as_u64) != Some(1) {
        return None;
    }
    let name = data.get("name")?.as_str()?;
    let known = VERBS.iter().find(|verb| verb.word == name).map(params).unwrap_or_default();
    let given = || data.get("options").and_then(Value::as_array).into_iter().flatten();
    let named = |option: &Value, name: &str| option.get("name").and_then(Value::as_str) == Some(name);
    let value =
        |option: &Value| option.get("value").and_then(Value::as_str).map(|text| text.trim().to_owned());
    let mut text = format!("/{name}");
    let mut add = |word: &str| {
        text.push(' ');
        text.push_str(word);
    };
    for param in &known {
        if let Some(value) = given().find(|option| named(option, &param.name)).and_then(value) {
            if let Some(flag) = param.flag {
                add(flag);
            }
            add(&value);
        }
    }
    // Of a list of commands that is not ours any more.
    for option in given().filter(|option| !known.iter().any(|param| named(option, &param.name))) {
        if let Some(value) = value(option) {
            add(&value);
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use aiwg_messaging::{
        Platform,
        words::{Command, Form, Heard, heard},
    };

    use super::*;

    #[test]
    fn each_verb_is_a_command_that_discord_takes() {
        let all = definitions(false);
        assert_eq!(all.as_array().unwrap().len(), VERBS.len());
        for command in all.as_array().unwrap() {
            let name = command["name"].as_str().unwrap();
            assert!(
                name.bytes().all(|byte| byte.is_ascii_lowercase()) && (1..=32).contains(&name.len()),
                "{name}"
            );
            for about in command["options"].as_array().unwrap().iter().chain([command]) {
                let description = about["description"].as_str().unwrap();
                assert!((1..=100).contains(&description.len()), "{name}: {description}");
            }
            let required: Vec<bool> =
                command["options"].as_array().unwrap().iter().map(|one| one["required"] == true).collect();
            assert!(required.is_sorted_by(|a, b| a >= b), "{name}: those that are required come first");
        }
        let automation = all.as_array().unwrap().iter().find(|one| one["name"] == "automation").unwrap();
        assert_eq!(automation["options"][0]["choices"][1]["value"], "off");
        assert_eq!(
            (&automation["options"][1]["name"], &automation["options"][1]["required"]),
            (&json!("rule"), &json!(false))
        );
    }

    #[test]
    fn what_is_chosen_is_a_command() {
        let said = |name: &str, options: &[(&str, &str)]| {
            let options: Vec<Value> = options
                .iter()
                .map(|(name, value)| json!({"name": name, "type": 3, "value": value}))
                .collect();
            let text = text_of(&json!({"type": 1, "name": name, "options": options})).unwrap();
            match heard(&text, Form::Slash, Platform::Discord, None) {
                Heard::Command(command) => command,
                other => panic!("{text}: {other:?}"),
            }
        };
        let run = Command::Run { prompt: "fix it".into(), verify: Some("npm test".into()) };
        assert_eq!(said("run", &[("verify", "npm test"), ("prompt", "fix it")]), run);
        assert_eq!(said("status", &[]), Command::Status);
        let rejected = Command::Reject { id: "approval-0003".into(), reason: Some("no".into()) };
        assert_eq!(said("reject", &[("id", "3"), ("reason", "no")]), rejected);
        let off = Command::Automation { on: false, rule: Some("tests".into()) };
        assert_eq!(said("automation", &[("state", "off"), ("rule", "tests")]), off);
        assert_eq!(said("ask", &[("old", "why?")]), Command::Ask("why?".into()));
    }

    #[test]
    fn what_is_no_command_is_none() {
        for odd in [
            json!({}),
            json!({"type": 2, "name": "x"}),
            json!({"type": 1}),
            json!({"type": 1, "name": 5}),
            json!(null),
        ] {
            assert_eq!(text_of(&odd), None, "{odd}");
        }
        let odd = json!({"type": 1, "name": "run", "options": [1, {"name": "prompt"}, {"value": 3}]});
        assert_eq!(text_of(&odd).as_deref(), Some("/run"));
    }
}
