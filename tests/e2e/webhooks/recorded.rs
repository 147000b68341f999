//! Deliveries that others have recorded: those of GitHub are a package of npm, which `scripts/oracles` installs, those of GitLab are in one of Debian
//! with a client of GitLab and its tests, which `scripts/test` installs.

use std::{collections::BTreeSet, fs};

use aiwg_protocol::config::WebhookKind;
use serde_json::{Value, json};

use super::{Hooks, SECRET, STANDARD};
use crate::support::repository;

#[test]
fn every_recorded_delivery_of_github_is_an_event_once() {
    let file = "target/oracles/webhooks/node_modules/@octokit/webhooks-examples/api.github.com/index.json";
    let recorded =
        fs::read(repository().join(file)).expect("run scripts/oracles first, or scripts/test, which does");
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

/// The header with which GitLab sends a body of this kind.
fn header_of(kind: &str) -> String {
    if kind == "build" {
        return "Job Hook".to_owned();
    }
    let words = kind.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.chain(["Hook".to_owned()]).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_recorded_delivery_of_gitlab_is_an_event_once() {
    let folder = "/usr/share/gocode/src/github.com/xanzy/go-gitlab/testdata";
    // A secret token is sent, a signing token signs.
    for secret in [SECRET, STANDARD] {
        let hooks = Hooks::with_secret(secret, json!({}));
        let mut topics = Vec::new();
        for kind in ["webhooks", "systemhooks"] {
            let files =
                fs::read_dir(format!("{folder}/{kind}")).expect("run scripts/test, which installs them");
            let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
            files.sort();
            for file in files {
                let text = fs::read_to_string(&file).unwrap();
                let body: Value = serde_json::from_str(&text).unwrap();
                let name = body["object_kind"].as_str().or(body["event_name"].as_str()).unwrap();
                let header = match kind {
                    "systemhooks" => "System Hook".to_owned(),
                    _ => header_of(name.strip_suffix("_create").unwrap_or(name)),
                };
                let deliver = || {
                    hooks.deliver(
                        WebhookKind::Gitlab,
                        "/gitlab",
                        (&header, &file.display().to_string()),
                        &text,
                    )
                };
                let (status, answer) = deliver();
                assert_eq!(status, 200, "{}: {answer}", file.display());
                assert_eq!(deliver(), (status, answer.clone()), "the same once more");
                let event = hooks.project.json(&["event", "list", "gitlab:*", "--limit", "1"])[0].clone();
                assert_eq!((&event["seq"], &event["payload"]), (&answer["seq"], &body), "{}", file.display());
                topics.push(event["topic"].as_str().unwrap().to_owned());
            }
        }
        assert_eq!(hooks.events("gitlab:*").len(), topics.len());
        let all: BTreeSet<&str> = topics.iter().map(String::as_str).collect();
        for topic in [
            "gitlab:deployment:success",
            "gitlab:issue:open",
            "gitlab:job:created",
            "gitlab:merge_request:open",
            "gitlab:note",
            "gitlab:pipeline:success",
            "gitlab:push",
            "gitlab:release:create",
            "gitlab:subgroup:subgroup_create",
            "gitlab:tag_push",
            "gitlab:wiki_page:create",
            "gitlab:system:user_failed_login",
            "gitlab:system:merge_request",
        ] {
            assert!(all.contains(topic), "{topic}: {all:?}");
        }
    }
}
