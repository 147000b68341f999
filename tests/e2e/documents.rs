//! The documents describe what happens.

use serde_json::{Value, json};

use crate::support::{Project, repository};

/// The session of `docs/protocol.md`: what is sent, and what comes back.
fn session() -> Vec<(String, Vec<Value>)> {
    let text = std::fs::read_to_string(repository().join("docs/protocol.md")).unwrap();
    let block = text.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let mut steps: Vec<(String, Vec<Value>)> = Vec::new();
    for line in block.lines() {
        if let Some(sent) = line.strip_prefix("> ") {
            steps.push((sent.to_owned(), Vec::new()));
        } else if let Some(received) = line.strip_prefix("< ") {
            steps.last_mut().unwrap().1.push(serde_json::from_str(received).unwrap());
        }
    }
    steps
}

/// A message without what differs from one run to the next.
fn plain(message: &Value) -> String {
    match message {
        Value::Array(entries) => format!("{:?}", entries.iter().map(plain).collect::<Vec<_>>()),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| match name.as_str() {
                "timestamp" | "at" | "seq" | "since" => name.clone(),
                _ => format!("{name}: {}", plain(value)),
            };
            format!("{:?}", members.iter().map(member).collect::<Vec<_>>())
        }
        other => other.to_string(),
    }
}

#[test]
fn the_session_by_hand_goes_as_it_is_described() {
    let rule = Project::rule("on-deployment-complete", "deployment:complete", "Test it");
    let project = Project::started(json!({ "rules": [rule] }));
    let mut wire = project.wire();
    let steps = session();
    assert!(steps.len() > 5, "{steps:?}");
    for (sent, described) in steps {
        wire.send(format!("{sent}\n"));
        let received: Vec<Value> = described.iter().map(|_| wire.receive()).collect();
        let shown = received.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let sorted = |messages: &[Value]| {
            let mut messages: Vec<String> = messages.iter().map(plain).collect();
            messages.sort();
            messages
        };
        assert_eq!(sorted(&received), sorted(&described), "{sent}\n{shown}");
    }
}

/// The documents that people write, with their text.
fn written() -> Vec<(String, String)> {
    let in_docs =
        std::fs::read_dir(repository().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let in_docs = in_docs
        .map(|name| format!("docs/{}", name.to_str().unwrap()))
        // Pictures stand beside them.
        .filter(|name| name.ends_with(".md") && name != "docs/protocol.md");
    let all = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(str::to_owned).into_iter().chain(in_docs);
    all.map(|name| {
        let text = std::fs::read_to_string(repository().join(&name)).unwrap();
        (name, text)
    })
    .collect()
}

/// The name under which a browser finds a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.collect::<String>().trim().to_lowercase().replace(' ', "-")
}

fn anchors(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect()
}

#[test]
fn the_documents_links_lead_somewhere() {
    let mut seen = 0;
    for (name, text) in written() {
        let own = repository().join(&name);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.starts_with("http")) {
            let (file, place) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { own.clone() } else { own.parent().unwrap().join(file) };
            assert!(file.exists(), "{name}: {link}");
            if !place.is_empty() {
                let there = anchors(&std::fs::read_to_string(file).unwrap());
                assert!(there.contains(&place.to_owned()), "{name}: {link}: {there:?}");
            }
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn the_documents_fit_an_editors_window() {
    for (name, text) in written() {
        // A table's row cannot be broken.
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('|')) {
            assert!(line.chars().count() <= 120, "{name}:{}: {line}", at + 1);
        }
    }
}

#[test]
fn the_guide_names_every_setting_and_its_default() {
    let guide = std::fs::read_to_string(repository().join("docs/guide.md")).unwrap();
    let schema = std::fs::read_to_string(repository().join("schema/config.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let section = |name: &str| &schema["definitions"][name]["properties"];
    let mut settings = Vec::new();
    for (key, type_name) in [
        ("daemon", "DaemonConfig"),
        ("daemon.log", "LogConfig"),
        ("agent", "AgentConfig"),
        ("agent.env", "AgentEnv"),
        ("agents.NAME", "AgentProfile"),
        ("watch", "WatchConfig"),
        ("schedule", "ScheduleConfig"),
        ("retention", "RetentionConfig"),
    ] {
        let members = section(type_name).as_object().unwrap_or_else(|| panic!("{type_name}"));
        settings
            .extend(members.iter().map(|(name, value)| (format!("{key}.{name}"), value["default"].clone())));
    }
    assert!(settings.len() > 30, "{}", settings.len());
    for (key, default) in settings.iter().filter(|(key, _)| key != "daemon.log" && key != "agent.env") {
        let row = format!("\n| `{key}` | ");
        let documented = guide.split_once(&row).unwrap_or_else(|| panic!("the guide has no row for {key}")).1;
        let documented = documented.split(" |").next().unwrap().trim_matches('`');
        let default = match default {
            // Words say what happens without it.
            Value::Null | Value::Array(_) => continue,
            Value::String(text) => text.clone(),
            Value::Number(number) => number.as_f64().unwrap().to_string(),
            other => other.to_string(),
        };
        assert_eq!(documented, default, "{key}");
    }
}
