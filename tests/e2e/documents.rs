//! What the documents tell is what happens.

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
fn the_session_by_hand_goes_as_it_is_told() {
    let rule = Project::rule("on-deployment-complete", "deployment:complete", "Test it");
    let project = Project::started(json!({ "rules": [rule] }));
    let mut wire = project.wire();
    let steps = session();
    assert!(steps.len() > 5, "{steps:?}");
    for (sent, told) in steps {
        wire.send(format!("{sent}\n"));
        let received: Vec<Value> = told.iter().map(|_| wire.receive()).collect();
        let shown = received.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let sorted = |messages: &[Value]| {
            let mut messages: Vec<String> = messages.iter().map(plain).collect();
            messages.sort();
            messages
        };
        assert_eq!(sorted(&received), sorted(&told), "{sent}\n{shown}");
    }
}
