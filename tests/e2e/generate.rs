//! `aiwg generate`: types for the topics of a project, without a daemon.

use std::fs;

use serde_json::{Value, json};

use crate::support::Project;

/// A project that declares a topic.
fn project() -> Project {
    let project = Project::empty();
    project.configure(&with(json!({ "type": "object", "required": ["version"], "properties": { "version": { "type": "string" } } })));
    project
}

fn with(payload: Value) -> String {
    json!({ "topics": { "deployment:complete": { "description": "It is live.", "payload": payload } } })
        .to_string()
}

#[test]
fn each_language_gets_its_file_in_the_project_or_where_it_is_told() {
    let project = project();
    for (language, file, part) in [
        ("ts", "aiwg-events.d.ts", "'deployment:complete': DeploymentComplete;"),
        ("python", "aiwg_events.py", "topic: Literal[\"deployment:complete\"],"),
        ("rust", "aiwg_events.rs", "const NAME: &'static str = \"deployment:complete\";"),
    ] {
        let done = project.run(&["generate", language]);
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{}", done.out);
        let text = fs::read_to_string(project.file(file)).unwrap();
        assert!(text.contains(part) && text.contains("It is live."), "{text}");
        let done = project.run(&["generate", language, "--out", "made/for it", "--json"]);
        assert_eq!(done.code, 0, "{}", done.err);
        let said: Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!(said["state"], "written", "{said}");
        assert_eq!(fs::read_to_string(project.file("made/for it").join(file)).unwrap(), text);
    }
}

#[test]
fn a_check_writes_nothing_and_fails_until_the_file_is_what_it_is_to_be() {
    let project = project();
    let missing = project.run(&["generate", "ts", "--check"]);
    assert_eq!(missing.code, 1);
    assert!(
        missing.out.contains("missing  ") && missing.out.contains("`aiwg generate ts`"),
        "{}",
        missing.out
    );
    assert!(!project.file("aiwg-events.d.ts").exists());
    assert_eq!(project.run(&["generate", "ts"]).code, 0);
    assert_eq!(project.run(&["generate", "ts", "--check"]).code, 0);
    assert!(project.run(&["generate", "ts"]).out.contains("up to date"));

    let before = fs::read_to_string(project.file("aiwg-events.d.ts")).unwrap();
    project.configure(&with(json!({ "type": "integer" })));
    let stale = project.run(&["generate", "ts", "--check", "--json"]);
    assert_eq!(stale.code, 1);
    assert_eq!(serde_json::from_str::<Value>(&stale.out).unwrap()["state"], "stale");
    assert_eq!(fs::read_to_string(project.file("aiwg-events.d.ts")).unwrap(), before);
}

#[test]
fn errors_say_what_is_wrong_and_where() {
    let project = Project::empty();
    let fails = |args: &[&str], part: &str| {
        let done = project.run(args);
        assert_eq!(done.code, 1, "{}", done.out);
        assert!(done.err.contains(part), "{part:?}: {}", done.err);
    };
    project.configure("{}");
    fails(&["generate", "ts"], "daemon.json declares no topics");
    project.configure("{\n  \"topics\": { \"a:b\": { \"payloda\": {} } }\n}");
    fails(&["generate", "ts"], "daemon.json:2:");
    project.configure(&with(json!(true)));
    fs::write(project.file("aiwg_events.py"), "# by hand\n").unwrap();
    fails(&["generate", "python"], "it is left as it is");
    assert_eq!(fs::read_to_string(project.file("aiwg_events.py")).unwrap(), "# by hand\n");
    fails(&["generate", "ts", "--out", "aiwg_events.py/sub"], "aiwg_events.py");
    fs::create_dir(project.file("aiwg_events.rs")).unwrap();
    fails(&["generate", "rust"], "aiwg_events.rs");
}
