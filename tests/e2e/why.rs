//! `aiwg why`: the chain as a person reads it, through the binary.

use serde_json::{Value, json};

use crate::support::Project;

#[test]
fn a_person_reads_what_led_to_what_and_what_was_not_done() {
    let mut off = Project::rule("announce", "deployment:complete", "x");
    off["enabled"] = json!(false);
    let rules = json!([Project::rule("smoke", "deployment:complete", "do: exit 3"), off]);
    let project = Project::started(json!({ "rules": rules }));
    std::fs::write(
        project.file("deploy.sh"),
        "\"$AIWG\" event emit deployment:complete '{\"version\": 1}'\nexit\n",
    )
    .unwrap();
    let aiwg = project.command().get_program().to_owned();
    let mut script = std::process::Command::new("bash");
    script.arg("deploy.sh").env("AIWG", aiwg).env_remove("AIWG_DAEMON_SOCKET").current_dir(project.path());
    assert!(script.output().unwrap().status.success());
    project.ended("task-0001");
    let shown = project.run(&["why", "task-0001"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let lines: Vec<&str> = shown.out.lines().map(|line| line.get(29..).unwrap_or_default()).collect();
    let dir = project.path().canonicalize().unwrap();
    assert!(
        lines[0].starts_with("aiwg (process ") && lines[0].contains(&format!(" in {}, user ", dir.display()))
    );
    assert!(lines[0].contains(", started by bash deploy.sh (process "), "{}", lines[0]);
    assert_eq!(lines[1], r#"  event-1: deployment:complete {"version": 1}"#);
    assert!(shown.out.lines().all(|line| !line.ends_with(' ')), "{}", shown.out);
    let has = |depth: usize, part: &str| {
        let (blanks, found) = (" ".repeat(depth * 2), lines.iter().filter(|line| line.contains(part)));
        let found: Vec<&&str> = found.collect();
        assert!(
            found.len() == 1 && found[0].starts_with(&format!("{blanks}{part}")),
            "{part}: {}",
            shown.out
        );
    };
    has(2, "! rule announce did nothing: the rule is disabled");
    has(2, "rule smoke, revision 1");
    has(3, "task-0001 failed after ");
    // With its host, where there can be several.
    has(4, "run 1 (agent");
    assert!(lines.iter().any(|line| line.contains("): failed after ")), "{}", shown.out);
    assert_eq!(shown.out.matches("> ").count(), 1, "the one that was asked about: {}", shown.out);
    let from = project.run(&["why", "--from", "event-1"]);
    assert!(from.out.contains(">   event-1: ") || from.out.contains("> event-1: "), "{}", from.out);
    assert!(from.out.contains("task-0001 failed"), "{}", from.out);
    // The same as an answer, also of the next daemon.
    let answer: Value = project.json(&["why", "task-0001"]);
    assert_eq!((&answer["asked"], &answer["cut"]), (&json!("task-0001"), &json!(false)));
    project.kill_daemon();
    project.start();
    assert_eq!(project.json(&["why", "task-0001"]), answer);
    let missing = project.run(&["why", "event-999"]);
    assert_eq!(missing.code, 1);
    assert!(missing.err.contains("no event 999"), "{}", missing.err);
    // A number alone may be either's.
    let ambiguous = project.run(&["why", "1"]);
    assert_eq!(ambiguous.code, 2);
    assert!(ambiguous.err.contains("write task-0001 or event-1"), "{}", ambiguous.err);
}
