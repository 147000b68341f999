//! The page of `aiwg dashboard` in a real browser: the scripts of `tests/dashboard/`, each in a project of its own.

use std::process::Command;

use serde_json::json;

use crate::{
    clients::{in_project, succeeded},
    support::{Project, repository},
};

/// The project whose page is looked at.
fn shop() -> Project {
    let says = "do: said='first words'; speak; while [ -e wait ]; do sleep 0.05; done; answer 'last words'";
    Project::started(json!({
        "agent": aiwg_testing::claude_stand_in(),
        "budget": { "day_usd": 25, "rules": { "smoke": { "day_usd": 5 } } },
        "schedule": { "jobs": [{ "name": "nightly", "cron": "30 2 * * *", "action": "health-check" }] },
        "topics": { "deployment:complete": {
            "description": "A version is live.",
            "payload": {
                "type": "object",
                "required": ["version"],
                "properties": { "version": { "type": "string" }, "environment": { "enum": ["staging", "production"] } },
            },
        } },
        "rules": [
            Project::rule("smoke", "deployment:complete", &format!("Test it {says}")),
            Project::rule("announce", "deployment:complete", "Announce {{ event.payload.version }}"),
        ],
    }))
}

/// Runs a script of `tests/dashboard/` to its end, which it reaches only if all is as it should be.
fn reads(script: &str) {
    let modules = repository().join("target/oracles/dashboard");
    assert!(modules.exists(), "run scripts/oracles first, or scripts/test, which does");
    let project = shop();
    let mut node = Command::new("node");
    node.arg(repository().join("tests/dashboard").join(script))
        .env("AIWG", env!("CARGO_BIN_EXE_aiwg"))
        .env("MODULES", modules)
        .env("XDG_STATE_HOME", project.file("state-home"))
        .env_remove("AIWG_TASK_ID")
        .env_remove("PAGE");
    assert!(succeeded(&in_project(&project, node)).contains("all as it should be"));
}

#[test]
fn every_view_is_live_and_does_what_its_buttons_say() {
    reads("views.mjs");
}

#[test]
fn the_page_goes_on_when_the_daemon_the_tunnel_and_the_dashboard_come_back() {
    reads("away.mjs");
}

#[test]
fn what_agents_events_and_prompts_say_is_text() {
    reads("hostile.mjs");
}

#[test]
fn axe_finds_nothing_in_any_view_in_both_themes_and_on_a_small_screen() {
    reads("access.mjs");
}

#[test]
fn what_is_long_is_there_as_a_whole_and_what_was_typed_stays() {
    reads("texts.mjs");
}

#[test]
fn what_a_task_has_changed_is_shown_and_applied() {
    reads("changes.mjs");
}

#[test]
fn the_keyboard_alone_is_enough() {
    reads("keyboard.mjs");
}

#[test]
fn a_hundred_thousand_tasks_and_a_flood_of_events_take_bounded_memory() {
    reads("many.mjs");
}

#[test]
fn the_page_that_is_checked_in_is_what_its_source_makes() {
    let done = Command::new(repository().join("scripts/dashboard")).arg("--check").output().unwrap();
    succeeded(&done);
    let mut size = 0;
    for file in files_in(&repository().join("dashboard/page/dist")) {
        let packed = Command::new("gzip").args(["-9", "-c"]).arg(&file).output().unwrap();
        size += packed.stdout.len();
    }
    assert!((20_000..250_000).contains(&size), "the page has {size} bytes, packed");
}

fn files_in(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_in(&path)) } else { found.push(path) }
    }
    found
}
