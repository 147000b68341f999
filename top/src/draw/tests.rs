//! What is on the screen, to the letter. `INSTA_UPDATE=always cargo nextest run -p aiwg-top` takes new pictures: look at the difference.

use aiwg_client::types::{OutputStream, TaskDiff};
use insta::assert_snapshot;
use ratatui::{Terminal, backend::TestBackend, style::Color};
use serde_json::json;

use crate::{
    message::{Effect, Message, Output, Part, Reason},
    state::{
        Looks, State,
        tests::{approval, asked, budget, cost, event, moment, press, status, task, task_event, view},
    },
};

/// The screen of so many columns and rows.
fn drawn(state: &mut State, columns: u16, rows: u16) -> Terminal<TestBackend> {
    state.update(Message::Resized(columns, rows));
    state.settle();
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| assert!(super::draw(state, frame))).unwrap();
    state.saw();
    terminal
}

/// The letters of a screen.
fn seen(state: &mut State, columns: u16, rows: u16) -> String {
    let terminal = drawn(state, columns, rows);
    let buffer = terminal.backend().buffer();
    let mut lines = Vec::new();
    for y in 0..rows {
        let (mut line, mut skip) = (String::new(), 0);
        for x in 0..columns {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                line.push_str(symbol);
                skip = crate::text::width(symbol).saturating_sub(1);
            } else {
                skip -= 1;
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

fn busy() -> State {
    let mut state = view(&["shop"]);
    let tasks = vec![
        task(12, "queued", json!({ "waiting": "approval", "prompt": "Deploy to production" })),
        task(11, "queued", json!({ "waiting": "dependency", "after": ["task-0012"] })),
        task(10, "queued", json!({ "waiting": "limit", "waitingUntil": moment(-7200), "priority": 10 })),
        task(
            9,
            "queued",
            json!({ "prompt": "Fix\u{1b}[31m the\u{202e} tests 世界 in every module of the project" }),
        ),
        task(8, "running", json!({ "usage": cost(0.42), "causedBy": { "rule": "nightly", "depth": 0 } })),
        task(
            7,
            "running",
            json!({ "verify": { "command": "npm test" }, "phase": "checking", "startedAt": moment(7300) }),
        ),
        task(6, "failed", json!({ "reason": "auth", "error": "API Error: 401", "usage": cost(1234.5) })),
        task(5, "cancelled", json!({ "reason": "cancel", "completedAt": moment(90_000) })),
        task(4, "timeout", json!({ "reason": "stalled", "completedAt": moment(4000) })),
        task(3, "completed", json!({ "usage": cost(0.004), "completedAt": moment(100) })),
    ];
    state.update(Message::Tasks(0, Reason::Part(Part::Newest), tasks));
    state.update(Message::Status(0, status(2, 4)));
    state.update(Message::Budget(0, budget(3.5, 25.0)));
    state.update(Message::Approvals(
        0,
        vec![
            asked(1, 12, "task", "Deploy to production"),
            asked(2, 8, "permission", "Bash: {\"command\":\"git push\"}"),
        ],
    ));
    let events = vec![
        event(41, "deployment:complete", json!({ "version": "1.2.3" })),
        event(42, "file:modified", json!({ "path": "src/\u{1b}]0;x\u{7}main.ts" })),
        task_event(43, "failed", 6, "failed"),
        task_event(44, "started", 8, "running"),
    ];
    state.update(Message::Events(0, events, true));
    state
}

#[test]
fn the_lists() {
    assert_snapshot!("tasks", seen(&mut busy(), 80, 24));
    assert_snapshot!("tasks_wide", seen(&mut busy(), 140, 16));
    assert_snapshot!("tasks_narrow", seen(&mut busy(), 40, 24));
    let mut state = busy();
    press(&mut state, "5↓");
    assert_snapshot!("approvals", seen(&mut state, 80, 12));
    press(&mut state, "6↓");
    assert_snapshot!("events", seen(&mut state, 80, 12));
    press(&mut state, "1/fix");
    assert_snapshot!("filter", seen(&mut state, 80, 12));
    state.update(Message::Away(0, "no daemon answers at /s: Connection refused".to_owned()));
    assert_snapshot!("away_with_tasks", seen(&mut state, 80, 12));
    let mut empty = view(&["shop"]);
    assert_snapshot!("nothing", seen(&mut empty, 80, 12));
    empty.update(Message::Away(
        0,
        "no daemon answers at /s: Connection refused; start it with `aiwg daemon start`".to_owned(),
    ));
    assert_snapshot!("away", seen(&mut empty, 80, 12));
}

#[test]
fn all_daemons() {
    let mut state = view(&["shop", "docs"]);
    for project in 0..2 {
        let tasks = vec![task(2, "running", json!({})), task(1, "completed", json!({}))];
        state.update(Message::Tasks(project, Reason::Part(Part::Newest), tasks));
        state.update(Message::Budget(project, budget(3.5, 4.0)));
    }
    state.update(Message::Away(1, "gone".to_owned()));
    state.update(Message::Events(0, vec![task_event(1, "started", 2, "running")], true));
    assert_snapshot!("all", seen(&mut state, 80, 16));
    // All of them have the same ids: what is asked, and what is said, names the project.
    state.update(Message::Approvals(1, vec![asked(1, 2, "task", "Deploy")]));
    press(&mut state, "5a");
    assert!(seen(&mut state, 80, 16).contains(" docs: approval-0001 "));
    let request = approval(1, 2, "task", "pending", json!({ "prompt": "Deploy" }));
    state.update(Message::Approval(1, request));
    assert!(seen(&mut state, 80, 16).contains(" docs: approval-0001: task of task-0002 "));
    press(&mut state, "y");
    state.update(Message::NobodyThere(1));
    assert!(
        seen(&mut state, 80, 16).ends_with("docs: the daemon does not answer just now: nothing was done")
    );
    state.update(Message::Connected(0));
    assert!(seen(&mut state, 80, 16).ends_with("nothing was done"));
    state.update(Message::Connected(1));
    assert!(!seen(&mut state, 80, 16).contains("nothing was done"), "it is there again");
    state.update(Message::Done(1, "approval-0001 is approved".to_owned()));
    assert!(seen(&mut state, 80, 16).ends_with(" docs: approval-0001 is approved"));
}

#[test]
fn an_output() {
    let mut state = busy();
    press(&mut state, "\n");
    let text = "Looking at the code.\n\u{1b}[31mIt is\u{1b}[0m red\u{1b}[2J\n10 %\r20 %\r\n";
    state.update(Message::Output(1, Output::Text(text.to_owned())));
    assert_snapshot!("output", seen(&mut state, 80, 12));
    state.update(Message::Output(1, Output::Text("a long line ".repeat(40))));
    press(&mut state, "↑↑");
    assert_snapshot!("output_scrolled", seen(&mut state, 80, 12));
    state.update(Message::Away(0, "no daemon answers at /s: Connection refused".to_owned()));
    assert_snapshot!("output_away", seen(&mut state, 80, 12));
    state.update(Message::Connected(0));
    let waits = state.list.shown[2];
    state.output =
        Some(crate::state::Output::new(waits, 2, OutputStream::Stderr, state.areas().output_size()));
    assert_snapshot!("output_of_one_that_waits", seen(&mut state, 80, 12));
}

#[test]
fn windows() {
    let mut state = busy();
    press(&mut state, "?");
    assert_snapshot!("help", seen(&mut state, 80, 24));
    press(&mut state, "\x1bc");
    assert_snapshot!("cancel", seen(&mut state, 80, 16));
    press(&mut state, "n4i");
    assert_snapshot!("facts", seen(&mut state, 80, 24));
    press(&mut state, "q1");
    press(&mut state, "n5a");
    let request = json!({ "prompt": "Drop all\rDeploy to\nproduction\u{1b}[2J", "rule": "nightly", "env": { "STAGE": "blue" }, "cut": true });
    state.update(Message::Approval(0, approval(1, 12, "task", "pending", request)));
    assert_snapshot!("approve", seen(&mut state, 80, 24));
    press(&mut state, "\x1bxtoo late");
    assert_snapshot!("reject", seen(&mut state, 80, 24));
}

#[test]
fn what_a_task_has_changed() {
    let mut state = busy();
    let asked = press(&mut state, "4d");
    assert!(matches!(asked.last(), Some(Effect::LoadDiff(_))), "{asked:?}");
    let diff = concat!(
        "diff --git a/src/cart.ts b/src/cart.ts\nindex 1..2 100644\n--- a/src/cart.ts\n+++ b/src/cart.ts\n",
        "@@ -1,2 +1,2 @@\n \tlet total = 0;\n-\treturn total;\n+\treturn round(total);\u{1b}[2J\r\n",
    );
    let long = format!("{diff}+{}-is no line of its own\n", "x".repeat(69));
    let diff: TaskDiff = serde_json::from_value(json!({
        "taskId": "task-0003", "launch": 1, "base": "1", "commit": "2", "insertions": 2, "deletions": 1, "isCut": true,
        "files": [
            { "path": "src/cart.ts", "insertions": 2, "deletions": 1 },
            { "path": "logo\u{202e}.png\n+++ b/x" }
        ],
        "diff": long,
    }))
    .unwrap();
    state.update(Message::Diff(0, Box::new(diff.clone())));
    assert_snapshot!("diff", seen(&mut state, 80, 24));
    press(&mut state, "q?");
    state.update(Message::Diff(0, Box::new(diff)));
    assert!(seen(&mut state, 80, 24).contains(" Keys "), "whoever looks at something else stays there");
}

#[test]
fn a_filter_is_seen_wherever_there_is_room() {
    let mut state = busy();
    press(&mut state, "/Fix\n");
    for columns in [130, 80, 40, 30] {
        let seen = seen(&mut state, columns, 12);
        assert!(seen.contains("/Fix"), "{columns}: {seen}");
    }
}

#[test]
fn the_foot_says_what_is_missing_for_a_yes() {
    let foot = |state: &mut State, columns: u16| {
        let seen = seen(state, columns, 24);
        seen.lines().last().unwrap_or_default().to_owned()
    };
    let mut state = busy();
    press(&mut state, "5a");
    let ask = |state: &mut State, request| {
        state.update(Message::Approval(0, approval(1, 12, "task", "pending", request)));
    };
    ask(&mut state, json!({ "prompt": "line\n".repeat(60) }));
    assert_eq!(foot(&mut state, 80), " ↓ to the end, then y  n no  Esc back");
    press(&mut state, "⇲");
    assert_eq!(foot(&mut state, 80), " y approve  n no  Esc back  ↑↓ move");
    press(&mut state, "g");
    assert_eq!(foot(&mut state, 80), " y approve  n no  Esc back  ↑↓ move", "it was seen");
    ask(&mut state, json!({ "prompt": "other line\n".repeat(60) }));
    assert_eq!(foot(&mut state, 20), " ↓ then y  n no");
    assert_eq!(foot(&mut state, 8), " ↓ then…", "what is waited for is said in any case");
    press(&mut state, "\x1bx");
    press(&mut state, "too late");
    assert_eq!(foot(&mut state, 30), "Reason: too late");
    press(&mut state, "\x1ba");
    ask(&mut state, json!({ "prompt": "Deploy", "cut": true }));
    assert_eq!(foot(&mut state, 40), " y does not count: see `aiwg task get`");
}

/// All that there is to be seen, in every order of the keys that a person could press.
fn everything(mut visit: impl FnMut(&mut State)) {
    for keys in [
        "", "2", "3", "4", "5", "6", "?", "c", "4r", "3i", "5a", "5x", "5xreason", "/text", "e", "\n", "\nc",
        "6\n", "G", "⇟s", "\n?↓",
    ] {
        for mut state in [busy(), view(&["shop"]), view(&["shop", "docs"]), view(&[])] {
            press(&mut state, keys);
            state.update(Message::Output(1, Output::Text("世界 ".repeat(300))));
            let request = json!({ "question": "Which?\n".repeat(50), "options": ["one", "two"] });
            state.update(Message::Approval(0, approval(1, 12, "question", "pending", request)));
            visit(&mut state);
            state.update(Message::Away(0, "gone".repeat(100)));
            state.say("said ".repeat(100), true);
            visit(&mut state);
        }
    }
}

#[test]
fn no_size_is_too_small_or_too_large() {
    everything(|state| {
        for (columns, rows) in [
            (0, 0),
            (1, 1),
            (2, 3),
            (5, 40),
            (20, 5),
            (40, 1),
            (40, 5),
            (40, 8),
            (40, 24),
            (65, 13),
            (100, 30),
            (300, 100),
        ] {
            drawn(state, columns, rows);
        }
    });
}

#[test]
fn without_colours_there_are_none_and_else_sixteen() {
    let is_of_sixteen = |color: Color| !matches!(color, Color::Rgb(..) | Color::Indexed(_));
    everything(|state| {
        let terminal = drawn(state, 100, 30);
        assert!(
            terminal
                .backend()
                .buffer()
                .content
                .iter()
                .all(|cell| is_of_sixteen(cell.fg) && is_of_sixteen(cell.bg))
        );
        state.looks = Looks { is_colored: false, is_utf8: false };
        let terminal = drawn(state, 100, 30);
        for cell in &terminal.backend().buffer().content {
            assert!(
                cell.fg == Color::Reset && cell.bg == Color::Reset && cell.symbol().is_ascii(),
                "{cell:?}"
            );
        }
    });
}

#[test]
fn nothing_that_others_say_is_a_control_code() {
    everything(|state| {
        let terminal = drawn(state, 140, 40);
        for cell in &terminal.backend().buffer().content {
            assert!(!cell.symbol().contains(|c: char| c.is_control() || c == '\u{202e}'), "{cell:?}");
        }
    });
}

#[test]
fn what_has_not_changed_is_not_drawn_again() {
    let mut state = busy();
    assert!(state.has_changed());
    assert!(!state.has_changed());
    state.update(Message::Tick(moment(0)));
    assert!(!state.has_changed());
    state.update(Message::Tick(moment(-1)));
    assert!(state.has_changed(), "the clock");
}
