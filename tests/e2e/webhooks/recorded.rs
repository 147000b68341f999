//! The deliveries of GitHub that the community has recorded, as a package: `scripts/oracles` installs it.

use std::collections::BTreeSet;

use aiwg_protocol::config::WebhookKind;
use serde_json::{Value, json};

use super::Hooks;
use crate::support::repository;

#[test]
fn every_recorded_delivery_of_github_is_an_event_once() {
    let file = "target/oracles/webhooks/node_modules/@octokit/webhooks-examples/api.github.com/index.json";
    let recorded = std::fs::read(repository().join(file))
        .expect("run scripts/oracles first, or scripts/test, which does");
    let recorded: Vec<Value> = serde_json::from_slice(&recorded).unwrap();
    let hooks = Hooks::with(json!({}));
    let mut topics = BTreeSet::new();
    let mut deliveries = 0;
    for of in &recorded {
        let event = of["name"].as_str().unwrap();
        for body in of["examples"].as_array().unwrap() {
            deliveries += 1;
            let text = body.to_string();
            let deliver =
                || hooks.deliver(WebhookKind::Github, "/github", (event, &format!("d-{deliveries}")), &text);
            let (status, answer) = deliver();
            assert_eq!(status, 200, "{event}: {answer}");
            assert_eq!(deliver(), (status, answer.clone()), "the same once more");
            if event == "ping" {
                assert_eq!(answer, json!({ "pong": true }));
                continue;
            }
            let action = body["action"].as_str().map(|action| format!(":{action}")).unwrap_or_default();
            topics.insert(format!("github:{event}{action}"));
        }
    }
    assert!(deliveries > 300 && topics.len() > 100, "{deliveries} deliveries, {} topics", topics.len());
    let pings =
        recorded.iter().find(|of| of["name"] == "ping").unwrap()["examples"].as_array().unwrap().len();
    let events = hooks.project.json(&["event", "list", "github:*", "--limit", "1000"]);
    let events = events.as_array().unwrap();
    assert_eq!(events.len(), deliveries - pings);
    let found: BTreeSet<String> =
        events.iter().map(|event| event["topic"].as_str().unwrap().to_owned()).collect();
    assert_eq!(found, topics);
}
