//! What messages make of the state, and what is to be done.

use std::time::Duration;

use aiwg_client::types::{
    Approval, ApprovalSummary, BudgetStatus, DaemonStatus, Event, Task, TaskOrder, Timestamp,
};
use jiff::tz::TimeZone;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::{Value, json};

mod pages;

use super::{Looks, Over, State, View, complete};
use crate::message::{Effect, Key, Message, Output, Part, Reason};

/// 2026-11-28T14:33:23.042Z.
pub(crate) const NOW_MS: i64 = 1_795_876_403_042;

pub(crate) fn moment(seconds_ago: i64) -> Timestamp {
    Timestamp::from_millis(NOW_MS - seconds_ago * 1000)
}

/// A task as a daemon gives it, with `more` besides.
pub(crate) fn task(number: u64, state: &str, more: Value) -> Task {
    let ended = !matches!(state, "queued" | "running");
    let mut task = json!({
        "id": format!("task-{number:04}"), "prompt": format!("Do what number {number} says"), "agent": null,
        "priority": 0, "state": state, "createdAt": moment(600), "startedAt": null, "completedAt": null, "pid": null,
        "exitCode": null, "signal": null, "attempts": 1, "result": null, "error": null, "output": null,
        "timeoutMinutes": null, "after": [], "processesEnded": null, "processesLeft": null, "usage": null, "metadata": {},
    });
    if state != "queued" {
        task["startedAt"] = json!(moment(185));
    }
    if ended {
        task["completedAt"] = json!(moment(60));
    }
    task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(task).unwrap()
}

pub(crate) fn cost(usd: f64) -> Value {
    json!({ "costUsd": usd, "turns": 1, "inputTokens": 1, "outputTokens": 1, "cacheReadTokens": 0,
        "cacheCreationTokens": 0, "sessionId": null, "permissionDenials": [] })
}

pub(crate) fn event(seq: u64, topic: &str, payload: Value) -> Event {
    let at = moment(60 - i64::try_from(seq).unwrap().min(60));
    serde_json::from_value(
        json!({ "seq": seq, "topic": topic, "payload": payload, "source": "supervisor", "at": at }),
    )
    .unwrap()
}

pub(crate) fn task_event(seq: u64, what: &str, number: u64, state: &str) -> Event {
    let payload = json!({
        "taskId": format!("task-{number:04}"), "state": state, "agent": null, "priority": 0, "attempt": 1, "costUsd": 0.5,
    });
    event(seq, &format!("task:{what}"), payload)
}

pub(crate) fn asked(number: u64, task: u64, kind: &str, summary: &str) -> ApprovalSummary {
    serde_json::from_value(json!({
        "id": format!("approval-{number:04}"), "taskId": format!("task-{task:04}"), "kind": kind, "summary": summary,
        "requestedAt": moment(300), "expiresAt": moment(-3600),
    }))
    .unwrap()
}

pub(crate) fn approval(number: u64, task: u64, kind: &str, state: &str, request: Value) -> Box<Approval> {
    Box::new(
        serde_json::from_value(json!({
            "id": format!("approval-{number:04}"), "taskId": format!("task-{task:04}"), "kind": kind, "state": state,
            "summary": "Deploy", "requestedAt": moment(300), "expiresAt": null, "onTimeout": "reject", "request": request,
            "decision": null,
        }))
        .unwrap(),
    )
}

pub(crate) fn status(running: u32, queued: u32) -> Box<DaemonStatus> {
    Box::new(
        serde_json::from_value(json!({
            "pid": 4711, "uptime_seconds": 42, "started_at": moment(600), "health": "healthy", "issues": [],
            "health_check": null, "version": "0.1.0", "protocol_version": "1.0", "project": "/home/me/shop",
            "socket": "/s", "config": null, "detached": true,
            "stats": {"total": 9, "queued": queued, "running": running, "completed": 0, "failed": 0, "cancelled": 0, "timeout": 0},
            "subsystems": {
                "ipc": {"clients": 1},
                "supervisor": {"running": running, "queued": queued, "maxConcurrency": 3, "tasks": {"running": [], "queued": []}},
                "automation": {"enabled": true, "ruleCount": 0},
                "file_watcher": {"enabled": false, "events_received": 0, "directories": 0, "files": 0, "polling": false,
                    "missing": [], "held_by": null, "held_since": null, "overflows": 0},
                "scheduler": {"enabled": false, "jobs": 0, "next_at": null},
                "messaging": {"enabled": false, "adapters": []},
            }
        }))
        .unwrap(),
    )
}

pub(crate) fn budget(spent: f64, limit: f64) -> Box<BudgetStatus> {
    Box::new(
        serde_json::from_value(json!({
            "day": "2026-11-28", "dayEndsAt": moment(-30_000), "spentUsd": spent, "reservedUsd": 0.5, "forecastUsd": 6.2,
            "taskUsd": 2, "bounds": [{"span": "day", "rule": null, "limitUsd": limit, "spentUsd": spent, "reservedUsd": 0.5,
                "leftUsd": limit - spent - 0.5, "endsAt": moment(-30_000)}],
            "byRule": [], "byAgent": [], "byDay": [],
        }))
        .unwrap(),
    )
}

/// A view of these projects, whose daemons answer.
pub(crate) fn view(names: &[&str]) -> State {
    let looks = Looks { is_colored: true, is_utf8: true };
    let mut state = State::new(moment(0), TimeZone::UTC, looks, names.len() != 1);
    for (no, name) in names.iter().enumerate() {
        state.update(Message::Project((*name).to_owned()));
        let effects = state.update(Message::Connected(no));
        assert_eq!(effects, [Effect::Refresh(no, Part::ALL.to_vec())]);
        state.update(Message::Status(no, status(1, 2)));
    }
    state
}

pub(crate) fn press(state: &mut State, keys: &str) -> Vec<Effect> {
    let code = |key: char| match key {
        '\n' => KeyCode::Enter,
        '\x1b' => KeyCode::Esc,
        '↓' => KeyCode::Down,
        '↑' => KeyCode::Up,
        '⇟' => KeyCode::PageDown,
        '⇲' => KeyCode::End,
        key => KeyCode::Char(key),
    };
    let press = |key| {
        // It is drawn before each.
        state.saw();
        state.update(Message::Key(code(key).into()))
    };
    keys.chars().flat_map(press).collect()
}

fn listed(state: &mut State) -> Vec<u64> {
    state.settle();
    state.list.shown.iter().map(|key| key.number).collect()
}

fn key(number: u64) -> Key {
    Key { project: 0, number }
}

fn filled() -> State {
    let mut state = view(&["shop"]);
    let tasks = vec![
        task(6, "queued", json!({ "waiting": "approval" })),
        task(5, "queued", json!({ "priority": 5 })),
        task(4, "queued", json!({})),
        task(3, "running", json!({ "usage": cost(0.25) })),
        task(
            2,
            "failed",
            json!({ "completedAt": moment(30), "causedBy": { "rule": "nightly", "depth": 0 }, "usage": cost(2.0) }),
        ),
        task(1, "completed", json!({})),
    ];
    state.update(Message::Tasks(0, Reason::Part(Part::Newest), tasks));
    state.update(Message::Tasks(0, Reason::Older, Vec::new()));
    state
}

#[test]
fn tasks_are_listed_as_they_go_and_in_other_orders() {
    let mut state = filled();
    assert_eq!(listed(&mut state), [3, 5, 4, 6, 2, 1]);
    press(&mut state, "s");
    assert_eq!(listed(&mut state), [6, 5, 4, 3, 2, 1]);
    assert_eq!(press(&mut state, "s"), [Effect::LoadFirst(0, TaskOrder::Cost)]);
    assert_eq!(listed(&mut state)[..2], [2, 3]);
    press(&mut state, "SS4");
    assert_eq!(listed(&mut state), [2, 1]);
    press(&mut state, "2");
    assert_eq!(listed(&mut state), [3]);
    press(&mut state, "3");
    assert_eq!(listed(&mut state), [5, 4, 6]);
    press(&mut state, "1/Nightly");
    assert_eq!(listed(&mut state), [2]);
    assert_eq!(press(&mut state, "\n"), [Effect::Search(0, "Nightly".to_owned())]);
    press(&mut state, "\x1b");
    assert_eq!(listed(&mut state).len(), 6);
}

#[test]
fn what_waits_is_listed_as_it_starts() {
    let mut state = view(&["shop"]);
    // Submitted in one moment, as a script does.
    let tasks = (1..4).rev().map(|number| task(number, "queued", json!({}))).collect();
    state.update(Message::Tasks(0, Reason::Part(Part::Newest), tasks));
    assert_eq!(listed(&mut state), [1, 2, 3]);
    let events = vec![event(1, "a:b", json!(1))];
    assert_eq!(state.update(Message::Events(0, events, false)), []);
    assert!(!state.list.is_stale, "no task is another after that");
}

#[test]
fn what_is_chosen_stays_chosen_wherever_it_goes() {
    let mut state = filled();
    press(&mut state, "↓↓↓");
    assert_eq!(state.list.chosen, Some(key(6)));
    // It starts, and what was before it ends.
    state.update(Message::Events(
        0,
        vec![task_event(1, "started", 6, "running"), task_event(2, "completed", 3, "completed")],
        false,
    ));
    assert_eq!(listed(&mut state)[0], 6);
    assert_eq!((state.list.chosen, state.list.at), (Some(key(6)), 0));
    // A key counts for what is chosen when it is pressed, and asks first.
    press(&mut state, "c");
    assert_eq!(state.over, Some(Over::Cancel(key(6))));
    assert_eq!(press(&mut state, "n"), []);
    assert_eq!(press(&mut state, "cx\n"), []);
    assert_eq!(press(&mut state, "y"), [Effect::Cancel(key(6))]);
}

#[test]
fn what_has_ended_is_not_cancelled_and_only_that_is_tried_again() {
    let mut state = filled();
    assert_eq!(press(&mut state, "cy"), [Effect::Cancel(key(3))]);
    press(&mut state, "r");
    assert!(state.over.is_none() && state.notice.as_ref().unwrap().text.contains("has not ended yet"));
    press(&mut state, "4c");
    assert!(state.over.is_none() && state.notice.as_ref().unwrap().text.contains("has ended already"));
    assert_eq!(press(&mut state, "ry"), [Effect::Retry(key(2))]);
}

#[test]
fn a_decision_is_made_on_what_is_shown() {
    let mut state = filled();
    state.update(Message::Approvals(
        0,
        vec![asked(7, 6, "task", "Deploy"), asked(8, 3, "question", "Which?")],
    ));
    press(&mut state, "↓↓↓");
    assert_eq!(press(&mut state, "a"), [Effect::LoadApproval(key(7))]);
    // Not before it is there.
    assert_eq!(press(&mut state, "y"), []);
    state.update(Message::Failed(0, "no such approval".to_owned()));
    assert!(state.over.is_none(), "what cannot be shown is not waited for");
    press(&mut state, "a");
    state.update(Message::Approval(0, approval(7, 6, "task", "pending", json!({ "prompt": "Deploy it" }))));
    assert_eq!(press(&mut state, "y"), [Effect::Approve(key(7))]);
    press(&mut state, "x");
    state.update(Message::Approval(0, approval(7, 6, "task", "pending", json!({ "prompt": "Deploy it" }))));
    assert_eq!(press(&mut state, "not y\n"), [Effect::Reject(key(7), Some("not y".to_owned()))]);
    // A question is answered, by the number of an option or in other words.
    press(&mut state, "5↓");
    assert_eq!(state.list.chosen, Some(key(8)));
    press(&mut state, "a");
    let question = || {
        approval(8, 3, "question", "pending", json!({ "question": "Which?", "options": ["SQLite", "other"] }))
    };
    state.update(Message::Approval(0, question()));
    assert_eq!(press(&mut state, "1\n"), [Effect::Answer(key(8), "SQLite".to_owned())]);
    press(&mut state, "a");
    state.update(Message::Approval(0, question()));
    assert_eq!(press(&mut state, "\n"), []);
    state.update(Message::Pasted("none\nof them".to_owned()));
    assert_eq!(press(&mut state, "\n"), [Effect::Answer(key(8), "none of them".to_owned())]);
    // Somebody else was faster.
    press(&mut state, "a");
    state.update(Message::Approval(0, question()));
    assert_eq!(state.update(Message::Approvals(0, vec![])), [Effect::LoadApproval(key(8))]);
    state.update(Message::Approval(
        0,
        approval(8, 3, "question", "approved", json!({ "question": "Which?" })),
    ));
    assert_eq!(press(&mut state, "1\n"), []);
    press(&mut state, "\x1b\x1b");
    assert!(state.over.is_none());
    press(&mut state, "1a");
    assert!(state.notice.as_ref().unwrap().text.contains("waits for no decision"));
}

/// A view in which a request with this text is to be approved.
fn to_approve(request: Value) -> State {
    let mut state = filled();
    state.update(Message::Approvals(0, vec![asked(7, 6, "task", "Deploy")]));
    press(&mut state, "5a");
    state.update(Message::Approval(0, approval(7, 6, "task", "pending", request)));
    state
}

#[test]
fn yes_counts_once_the_end_of_the_request_was_on_the_screen() {
    let long = |end: &str| json!({ "prompt": format!("{}{end}", "a line\n".repeat(60)) });
    let mut state = to_approve(long("the end"));
    assert_eq!(press(&mut state, "y"), [], "its end was not on the screen");
    assert_eq!(press(&mut state, "⇟y"), []);
    // One that is another now has another end.
    let mut state = to_approve(long("the end"));
    press(&mut state, "⇲↑");
    state.saw();
    state.update(Message::Approval(0, approval(7, 6, "task", "pending", long("x\n".repeat(30).as_str()))));
    assert_eq!(press(&mut state, "y"), []);
    assert_eq!(press(&mut state, "⇲gy"), [Effect::Approve(key(7))]);
    // A key that comes before it is drawn says nothing to it.
    let mut state = to_approve(json!({ "prompt": "Deploy" }));
    assert_eq!(state.update(Message::Key(KeyCode::Char('y').into())), []);
    assert_eq!(press(&mut state, "y"), [Effect::Approve(key(7))]);
    // No is said to any.
    let mut state = to_approve(long("the end"));
    press(&mut state, "\x1bx");
    assert_eq!(press(&mut state, "no\n"), [Effect::Reject(key(7), Some("no".to_owned()))]);
    // An answer is a yes to what stands at the end, too.
    let mut state = filled();
    state.update(Message::Approvals(0, vec![asked(8, 3, "question", "Which?")]));
    press(&mut state, "5a");
    let question = json!({ "question": "Which?\n".repeat(60), "options": ["one"] });
    state.update(Message::Approval(0, approval(8, 3, "question", "pending", question)));
    assert_eq!(press(&mut state, "1\n"), []);
    assert_eq!(press(&mut state, "⇲\n"), [Effect::Answer(key(8), "one".to_owned())]);
}

#[test]
fn a_request_that_was_cut_has_its_whole_prompt_or_no_yes() {
    let mut state = to_approve(json!({ "prompt": "Deploy", "cut": true }));
    assert_eq!(press(&mut state, "y⇲y"), [], "a part is missing");
    let prompt = "x".repeat(4096);
    let whole =
        |prompt: &str, messages: Value| task(6, "queued", json!({ "prompt": prompt, "messages": messages }));
    let cut = |messages: Value| {
        let request = json!({ "prompt": prompt, "cut": true, "messages": messages });
        approval(7, 6, "task", "pending", request).request
    };
    let sent = |length| json!([{ "n": 1, "message": "x".repeat(length), "state": "waiting" }]);
    let said = |length| json!([{ "text": "x".repeat(length), "from": null }]);
    let beginning = || json!([{ "n": 1, "message": "x".repeat(1000), "state": "waiting", "cut": true }]);
    let many = |count| {
        json!((1..=count).map(|n| json!({ "n": n, "message": "x", "state": "waiting" })).collect::<Vec<_>>())
    };
    let latest = json!((0..100).map(|_| json!({ "text": "x" })).collect::<Vec<_>>());
    for (mut request, task, is_whole) in [
        (cut(json!([])), whole(&format!("{prompt} and more"), json!([])), true),
        (cut(said(5)), whole(&format!("{prompt} and more"), sent(5)), true),
        (cut(said(4096)), whole(&format!("{prompt} and more"), sent(5000)), true),
        (cut(latest.clone()), whole(&format!("{prompt} and more"), many(120)), true),
        (cut(said(4096)), whole(&format!("{prompt} and more"), beginning()), false),
        (cut(said(4096)), whole(&format!("{prompt} and more"), sent(5)), false),
        (cut(said(1)), whole(&format!("{prompt} and more"), many(2)), false),
        (cut(json!([])), whole(&format!("{prompt} and more"), sent(5)), false),
        (cut(json!([])), whole("another one", json!([])), false),
    ] {
        complete(&mut request, &task);
        assert_eq!(
            (!request.cut, request.prompt.is_some_and(|all| all == task.prompt)),
            (is_whole, task.prompt != "another one")
        );
        let said: Vec<&str> = request.messages.iter().map(|said| said.text.as_str()).collect();
        let sent: Vec<&str> = task.messages.iter().map(|sent| sent.message.as_str()).collect();
        assert_eq!(said == sent, is_whole || task.messages.is_empty());
    }
}

#[test]
fn what_is_pasted_is_no_key() {
    let mut state = filled();
    assert_eq!(state.update(Message::Pasted("cyq".to_owned())), []);
    assert!(state.over.is_none());
    press(&mut state, "/");
    state.update(Message::Pasted("nigh\ntly\x1b[2J".to_owned()));
    assert_eq!(state.list.filter, "nigh tly");
}

#[test]
fn events_keep_it_up_to_date() {
    let mut state = filled();
    let effects = state.update(Message::Events(
        0,
        vec![task_event(1, "failed", 3, "failed"), event(2, "a:b", json!(1))],
        false,
    ));
    let [Effect::Refresh(0, parts)] = &effects[..] else { panic!("{effects:?}") };
    assert!(parts.contains(&Part::Running) && parts.contains(&Part::Budget));
    assert_eq!((state.tasks[&key(3)].state.name(), state.tasks[&key(3)].cost), ("failed", Some(0.5)));
    // An answer from before does not bring it back.
    state.update(Message::Tasks(0, Reason::Part(Part::Running), vec![task(3, "running", json!({}))]));
    assert_eq!(state.tasks[&key(3)].state.name(), "failed");
    // Those that are no longer listed are asked for.
    let effects =
        state.update(Message::Tasks(0, Reason::Part(Part::Queued), vec![task(4, "queued", json!({}))]));
    assert_eq!(effects, [Effect::LoadTask(key(5)), Effect::LoadTask(key(6))]);
    state.update(Message::Forgotten(key(5)));
    assert!(!state.tasks.contains_key(&key(5)));
    // A store that was begun anew has other tasks under the same numbers.
    let anew = task(3, "queued", json!({ "createdAt": moment(1) }));
    state.update(Message::Tasks(0, Reason::Asked, vec![anew]));
    assert_eq!(state.tasks[&key(3)].state.name(), "queued");
    let effects = state.update(Message::Missed(0, 7));
    assert_eq!(effects, [Effect::Refresh(0, Part::ALL.to_vec())]);
    // No more is kept than there is room for.
    for seq in 0..30 {
        let events = (0..100).map(|n| event(3 + 100 * seq + n, "a:b", json!(n))).collect();
        assert_eq!(state.update(Message::Events(0, events, false)), []);
    }
    assert_eq!(state.events.len(), 1000);
}

/// For how long this thread has worked: others on the machine do not count.
fn worked() -> Duration {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(spent.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn ten_thousand_tasks_are_no_burden() {
    let mut state = view(&["shop"]);
    for number in (0..100).rev() {
        let tasks = (0..100).map(|n| task(1 + 100 * number + n, "completed", json!({}))).collect();
        state.update(Message::Tasks(0, Reason::Older, tasks));
    }
    let began = worked();
    for n in 0..20 {
        let events = vec![task_event(n + 1, "completed", n + 1, "completed")];
        state.update(Message::Events(0, events, false));
        press(&mut state, "↓");
    }
    // It is sorted anew for each event here, and on the screen ten times in a second at the most; without optimization that takes 30 ms.
    assert!(worked() - began < Duration::from_secs(2), "{:?}", worked() - began);
    assert_eq!(listed(&mut state).len(), 10_000);
}

#[test]
fn an_output_is_followed_until_it_is_left() {
    let mut state = filled();
    let effects = press(&mut state, "\n");
    assert!(matches!(effects[..], [Effect::Follow(1, of, _)] if of == key(3)), "{effects:?}");
    let text: String = (0..100).map(|n| format!("line {n}\n")).collect();
    state.update(Message::Output(1, Output::Text(text)));
    let output = state.output.as_ref().unwrap();
    let height = usize::from(state.areas().output.height);
    assert!(output.is_following() && output.top() == 100 - height);
    press(&mut state, "↑");
    state.update(Message::Output(1, Output::Text("more\n".to_owned())));
    let output = state.output.as_ref().unwrap();
    assert!(!output.is_following() && output.top() == 99 - height);
    press(&mut state, "G");
    assert!(state.output.as_ref().unwrap().is_following());
    press(&mut state, "g");
    assert_eq!(state.output.as_ref().unwrap().top(), 0);
    // Standard error is another output; what comes late of the first one is not in it.
    assert!(matches!(press(&mut state, "e")[..], [Effect::Follow(2, ..)]));
    state.update(Message::Output(1, Output::Text("late".to_owned())));
    assert_eq!(state.output.as_ref().unwrap().lines.len(), 0);
    assert_eq!(press(&mut state, "cy"), [Effect::Cancel(key(3))]);
    assert_eq!(press(&mut state, "q"), [Effect::Unfollow]);
    assert_eq!(press(&mut state, "q"), [Effect::Quit(false)]);
}

#[test]
fn a_daemon_goes_and_comes() {
    let mut state = filled();
    state.update(Message::Away(0, "no daemon\x1b[2J answers".to_owned()));
    state.update(Message::Tick(moment(-60)));
    state.update(Message::Away(0, "no daemon answers".to_owned()));
    let super::Link::Away { since, .. } = &state.projects[0].link else { panic!("it is away") };
    assert_eq!(*since, moment(0));
    assert_eq!(listed(&mut state).len(), 6, "what is known stays");
    let effects = state.update(Message::Connected(0));
    assert_eq!(effects, [Effect::Refresh(0, Part::ALL.to_vec())]);
}

#[test]
fn some_keys_are_the_views_own() {
    let mut state = filled();
    let control = |key| Message::Key(KeyEvent::new(KeyCode::Char(key), KeyModifiers::CONTROL));
    press(&mut state, "?");
    assert_eq!(state.update(control('c')), [Effect::Quit(true)]);
    assert_eq!(state.update(control('z')), [Effect::Suspend]);
    assert_eq!(state.update(control('l')), [Effect::Redraw]);
    press(&mut state, "\x1b6");
    assert!(state.over.is_none() && state.list.view == View::Events);
    // Esc and another key, so fast that they come as one.
    let fast = |key| Message::Key(KeyEvent::new(KeyCode::Char(key), KeyModifiers::ALT));
    press(&mut state, "?");
    assert_eq!(state.update(fast('q')), [Effect::Quit(false)]);
    assert!(state.over.is_none());
    press(&mut state, "/text");
    assert_eq!(state.update(fast('q')), []);
    assert_eq!(state.list.filter, "text");
}
