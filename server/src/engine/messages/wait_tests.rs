//! What is said of tasks that wait, and of decisions that do.

use aiwg_protocol::config::Config;

use super::{
    super::budget::Budgets,
    Effect,
    held_tests::ask,
    tests::{machine, receive},
};

fn run(prompt: &str) -> Effect {
    Effect::Run { prompt: prompt.to_owned(), verify: None }
}

#[test]
fn what_waits_for_a_budget_is_not_under_way() {
    let (_dir, mut machine) = machine();
    let config: Config = serde_json::from_str(
        r#"{"budget": {"day_usd": 1, "unknown_cost_usd": 1}, "schedule": {"timezone": "UTC"}}"#,
    )
    .unwrap();
    machine.state.config.budgets = Budgets::of(&config);
    machine.state.config.max_parallel = 3;
    let first = machine.receive(1, run("a")).said.unwrap();
    assert_eq!(first, "task-0001 is under way.");
    let second = machine.receive(2, run("b")).said.unwrap();
    let wait = "It waits for a budget that allows it, at the latest until ";
    assert!(second.starts_with(&format!("task-0002 is queued. {wait}")), "{second}");
    let asked = Effect::Turn { text: "hello?".to_owned(), is_ask: false, timeout_ms: 60_000 };
    let third = machine.receive(3, asked).said.unwrap();
    assert!(third.starts_with(&format!("This is task-0003. {wait}")), "{third}");
    machine.state.has_room = false;
    let fourth = machine.receive(4, run("c")).said.unwrap();
    assert_eq!(fourth, "task-0004 is queued. It waits for room on the disk, which is full.");
}

#[test]
fn what_is_to_be_decided_is_asked_for_however_late() {
    let (_dir, mut machine) = machine();
    machine.receive(1, run("a"));
    ask(&mut machine);
    for n in 0..3 {
        machine.done(|tx| receive(tx, 10 + n, Effect::None, &["x"]));
    }
    machine.now += 26 * 3_600_000;
    machine.done(|tx| tx.prune_messages(9).unwrap());
    let said = machine.sent();
    assert!(said[0].starts_with("May task-0001 start? (approval-0001)"), "{said:?}");
    assert!(said[1].contains("older messages were left out"), "{said:?}");
}
