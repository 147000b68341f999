//! Pages of older tasks.

use aiwg_client::types::Task;
use serde_json::json;

use super::{key, press, status, task, view};
use crate::message::{Effect, Message, PAGE, Part, Reason};

fn page(from: u64, state: &str) -> Vec<Task> {
    (0..u64::from(PAGE)).map(|n| task(from - n, state, json!({}))).collect()
}

#[test]
fn older_tasks_come_in_pages_as_they_are_wanted() {
    let mut state = view(&["shop"]);
    let tasks = |from| page(from, "completed");
    state.update(Message::Tasks(0, Reason::Part(Part::Newest), tasks(1000)));
    assert_eq!(press(&mut state, "↓"), []);
    assert_eq!(press(&mut state, "G"), [Effect::LoadOlder(0, "task-0901".to_owned())]);
    assert_eq!(press(&mut state, "↑↓"), [], "once");
    state.update(Message::Tasks(0, Reason::Older, tasks(900)));
    assert_eq!(press(&mut state, "G"), [Effect::LoadOlder(0, "task-0801".to_owned())]);
    state.update(Message::NotLoaded(0));
    assert_eq!(press(&mut state, "↑"), [Effect::LoadOlder(0, "task-0801".to_owned())]);
    state.update(Message::Tasks(0, Reason::Older, Vec::new()));
    assert_eq!(press(&mut state, "G"), []);
    // The newest page has moved on: what is between is asked for.
    state.update(Message::Tasks(0, Reason::Part(Part::Newest), tasks(1500)));
    assert_eq!(press(&mut state, "G"), [Effect::LoadOlder(0, "task-1401".to_owned())]);
}

#[test]
fn the_last_one_is_gone_to_however_many_are_before_it() {
    let mut state = view(&["shop"]);
    let mut known = status(0, 300);
    known.stats.total = 1000;
    state.update(Message::Status(0, known));
    state.update(Message::Tasks(0, Reason::Part(Part::Newest), page(1000, "queued")));
    press(&mut state, "3");
    assert!(state.may_have_more());
    let older = |state: &mut crate::state::State, from, what| {
        state.update(Message::Tasks(0, Reason::Older, page(from, what)))
    };
    assert_eq!(press(&mut state, "G"), [Effect::LoadOlder(0, "task-0901".to_owned())]);
    assert_eq!(older(&mut state, 900, "queued"), [Effect::LoadOlder(0, "task-0801".to_owned())]);
    assert_eq!((state.list.at, state.list.shown.len()), (199, 200));
    assert_eq!(older(&mut state, 800, "queued"), [], "all that wait are known");
    assert_eq!((state.list.at, state.list.chosen), (299, Some(key(1000))));
    assert!(!state.may_have_more());
    // Another key is where it goes no further.
    press(&mut state, "1");
    assert!(state.may_have_more());
    assert_eq!(press(&mut state, "G"), [Effect::LoadOlder(0, "task-0701".to_owned())]);
    press(&mut state, "g");
    assert_eq!(older(&mut state, 700, "completed"), []);
    assert_eq!(state.list.at, 0);
}
