//! Pages of older tasks and events.

use aiwg_client::types::{Event, Task};
use serde_json::json;

use super::{event, key, press, status, task, view};
use crate::message::{EVENTS, Effect, Message, PAGE, Part, Reason};

fn events(from: u64, to: u64) -> Vec<Event> {
    let topic = |seq| if seq % 100 == 0 { "approval:requested" } else { "file:changed" };
    (from..=to).map(|seq| event(seq, topic(seq), json!(null))).collect()
}

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

#[test]
fn older_events_come_in_pages_as_they_are_wanted() {
    let mut state = view(&["shop"]);
    state.update(Message::Events(0, events(901, 1000), true));
    assert_eq!(press(&mut state, "6"), [], "the end is not in sight");
    assert!(state.may_have_more());
    assert_eq!(press(&mut state, "G"), [Effect::LoadEvents(0, 901, EVENTS)]);
    assert_eq!(press(&mut state, "↑↓"), [], "once");
    // The end is gone to once there is one.
    state.update(Message::Events(0, events(1001, 1002), false));
    press(&mut state, "G");
    assert_eq!(state.update(Message::OlderEvents(0, events(651, 900))), [Effect::LoadEvents(0, 651, EVENTS)]);
    assert_eq!((state.list.shown.len(), state.list.at), (352, 351));
    state.update(Message::NotLoaded(0));
    assert_eq!(press(&mut state, "G"), [Effect::LoadEvents(0, 651, EVENTS)]);
    // What is older is forgotten by the daemon.
    assert_eq!(state.update(Message::OlderEvents(0, Vec::new())), []);
    assert!(!state.may_have_more());
    let shown: Vec<u64> = state.list.shown.iter().map(|key| key.number).collect();
    assert_eq!(shown, (651..=1002).rev().collect::<Vec<_>>());
}

#[test]
fn events_are_looked_for_further_back_until_enough_are_found() {
    let mut state = view(&["shop"]);
    state.update(Message::Events(0, events(4901, 5000), true));
    press(&mut state, "6");
    assert_eq!(press(&mut state, "/approval\n"), [Effect::LoadEvents(0, 4901, 1000)]);
    let found = state.update(Message::OlderEvents(0, events(3901, 4900)));
    assert_eq!(found, [Effect::LoadEvents(0, 3901, 1000)]);
    assert_eq!(state.list.shown.len(), 11);
    // The first event of all: there is nothing before it.
    assert_eq!(state.update(Message::OlderEvents(0, events(1, 3900))), []);
    assert_eq!((state.list.shown.len(), state.may_have_more()), (50, false));
}

#[test]
fn what_comes_by_itself_takes_no_more_room_however_long_it_comes() {
    let mut state = view(&["shop"]);
    for from in (1..5000).step_by(100) {
        state.update(Message::Events(0, events(from, from + 99), false));
    }
    press(&mut state, "6");
    assert_eq!((state.list.shown.len(), state.may_have_more()), (1000, true));
    assert_eq!(press(&mut state, "G"), [Effect::LoadEvents(0, 4001, EVENTS)]);
}

#[test]
fn the_events_of_several_projects_stand_by_their_times() {
    let mut state = view(&["shop", "docs"]);
    state.update(Message::Events(0, events(40, 50), true));
    state.update(Message::Events(1, events(45, 55), true));
    press(&mut state, "6");
    assert_eq!(press(&mut state, "↓"), [], "asked for already");
    state.update(Message::OlderEvents(1, events(1, 44)));
    state.update(Message::OlderEvents(0, events(1, 39)));
    state.settle();
    let shown: Vec<u64> = state.list.shown.iter().map(|key| key.number).collect();
    assert!(shown.len() == 105 && shown.is_sorted_by(|one, next| one >= next), "{shown:?}");
}
