//! Patterns, names, templates and rules that would end the daemon or never fire.

use serde_json::json;

use crate::support::Project;

#[test]
fn nested_braces_are_refused_and_end_nothing() {
    let project = Project::started(json!({}));
    let mut wire = project.wire();
    for topic in ["{".repeat(100_000), "{".repeat(100_000) + &"}".repeat(100_000), "{a,".repeat(100_000)] {
        for method in ["event.list", "event.subscribe"] {
            let answer = wire.try_call(method, json!({ "topics": [topic] }));
            assert_eq!(answer["error"]["data"]["kind"], "invalid_params", "{answer}");
            assert_eq!(answer["error"]["data"]["member"], "topics", "{answer}");
            assert!(answer.to_string().len() < 1_000, "{answer}");
        }
    }
    // What people write goes on.
    wire.call("event.list", json!({ "topics": ["task:{completed,failed{,:again}}"] }));
    wire.is_alive();
}
