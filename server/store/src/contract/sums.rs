//! The usage of agents, and conversations.

use aiwg_model::{Outcome, TaskNo, TaskSpec};
use aiwg_protocol::types::{Cause, Speaker, TaskState, TaskUsage, Timestamp};

use super::{Backend, at, commit, numbers, queue, task};
use crate::{AGENT_SUMS, OTHER};

/// Sums by rule and by day in UTC, exact up to what JSON can hold, and never beyond.
pub fn usage_is_summed_up(backend: &dyn Backend) {
    const MOST: u64 = (1 << 53) - 1;
    let mut store = backend.store();
    let usage =
        |usd, turns| TaskUsage { cost_usd: Some(usd), turns, input_tokens: 10, ..TaskUsage::default() };
    let day = |text: &str| text.parse::<Timestamp>().unwrap();
    commit(&mut *store, |tx| {
        tx.add_usage((Some("a"), None), &usage(0.5, 1), true, day("2026-01-01T23:59:59Z"))?;
        tx.add_usage((Some("a"), Some("x")), &usage(0.25, 2), true, day("2026-01-02T00:00:00Z"))?;
        tx.add_usage((None, None), &usage(2.0, u64::MAX), true, day("2026-01-02T12:00:00Z"))?;
        tx.add_usage((None, None), &usage(2.0, MOST), true, day("2026-01-02T13:00:00Z"))?;
        tx.add_usage((None, None), &usage(0.0, 0), false, day("2026-01-02T14:00:00Z"))
    });
    let stats = backend.reader().stats().unwrap().usage;
    assert_eq!((stats.total.tasks, stats.total.cost_usd, stats.total.input_tokens), (4, 4.75, 50));
    assert_eq!(stats.total.turns, MOST);
    let rules: Vec<_> = stats.by_rule.iter().map(|sum| (sum.rule.as_deref(), sum.usage.cost_usd)).collect();
    assert_eq!(rules, [(None, 4.0), (Some("a"), 0.75)], "what costs most first");
    let days: Vec<_> = stats.by_day.iter().map(|sum| (&*sum.day, sum.usage.tasks)).collect();
    assert_eq!(days, [("2026-01-02", 3), ("2026-01-01", 1)]);
    let sums = backend.reader().agent_sums().unwrap();
    let sums: Vec<_> = sums
        .iter()
        .map(|sum| (sum.rule.as_deref(), sum.agent.as_deref(), sum.usage.cost_usd, sum.usage.turns))
        .collect();
    assert_eq!(sums, [(None, None, 4.0, MOST), (Some("a"), None, 0.5, 1), (Some("a"), Some("x"), 0.25, 2)]);
}

/// There are so many sums by rule and agent, and all that comes then is one more.
pub fn sums_of_agents_are_bounded(backend: &dyn Backend) {
    let mut store = backend.store();
    let usage = TaskUsage { cost_usd: Some(0.5), turns: 1, ..TaskUsage::default() };
    for agent in 0..AGENT_SUMS + 3 {
        let agent = format!("agent-{agent:03}");
        commit(&mut *store, |tx| tx.add_usage((Some("a"), Some(&agent)), &usage, true, at(0)));
    }
    commit(&mut *store, |tx| tx.add_usage((Some("a"), Some("agent-000")), &usage, true, at(0)));
    let sums = backend.reader().agent_sums().unwrap();
    assert_eq!(sums.len(), AGENT_SUMS as usize + 1);
    let of = |agent: &str| {
        let sum = sums.iter().find(|sum| sum.agent.as_deref() == Some(agent)).unwrap();
        (sum.rule.as_deref().unwrap(), sum.usage.tasks)
    };
    assert_eq!((of("agent-000"), of(OTHER)), (("a", 2), (OTHER, 3)));
}

/// A rule and an agent of the name of all others are none of these.
pub fn a_name_of_the_others_is_its_own(backend: &dyn Backend) {
    let usage = TaskUsage { turns: 1, ..TaskUsage::default() };
    let mut store = backend.store();
    for name in [OTHER, "other_", "others"] {
        commit(&mut *store, |tx| tx.add_usage((Some(name), Some(name)), &usage, true, at(0)));
    }
    let mut rules: Vec<_> =
        backend.reader().agent_sums().unwrap().into_iter().filter_map(|sum| sum.rule).collect();
    rules.sort_unstable();
    assert_eq!(rules, ["other_", "other__", "others"]);
}

/// A session's total is the most that was reported of it.
pub fn a_session_has_one_total(backend: &dyn Backend) {
    let mut store = backend.store();
    let mut cost = |total| commit(&mut *store, |tx| tx.session_cost("s", total));
    assert_eq!([cost(0.0), cost(1.5), cost(1.0), cost(2.0), cost(2.0)], [0.0, 0.0, 1.5, 1.5, 2.0]);
    assert_eq!(commit(&mut *store, |tx| tx.session_cost("other", 1.0)), 0.0);
}

/// The turns of a conversation are its tasks, in the order of their numbers, until they are forgotten.
pub fn conversations_have_turns(backend: &dyn Backend) {
    let mut store = backend.store();
    let turn = |prompt: &str| TaskSpec { conversation: Some("talk".to_owned()), ..task(prompt) };
    let by_agent = Cause { task: Some("task-0001".to_owned()), rule: None, event: None, depth: 1 };
    queue(&mut *store, 1, &turn("first"));
    queue(&mut *store, 2, &TaskSpec { cause: Some(by_agent), ..turn("second") });
    queue(&mut *store, 3, &task("other"));
    queue(&mut *store, 4, &turn("third"));
    let outcome = |state| Outcome { result: Some("said".to_owned()), ..Outcome::without_exit(state, "why") };
    commit(&mut *store, |tx| {
        tx.finish(TaskNo(1), TaskState::Queued, &outcome(TaskState::Completed), at(1))?;
        tx.finish(TaskNo(2), TaskState::Queued, &outcome(TaskState::Failed), at(1))
    });
    let view = store.view().unwrap();
    assert_eq!(numbers(&view.open_turns("talk").unwrap()), [4]);
    let turns = view.turns_before("talk", TaskNo(4), 10).unwrap();
    let said: Vec<_> =
        turns.iter().map(|turn| (&*turn.task_id, &*turn.message, turn.answer.as_deref())).collect();
    assert_eq!(said, [("task-0001", "first", Some("said")), ("task-0002", "second", None)]);
    assert_eq!((turns[0].by, turns[1].by), (Speaker::User, Speaker::Agent));
    assert_eq!((turns[1].error.as_deref(), turns[1].state), (Some("why"), TaskState::Failed));
    assert_eq!(view.turns_before("talk", TaskNo(4), 1).unwrap().len(), 1, "the last of them");
    drop(view);
    let reader = backend.reader();
    let (all, is_cut) = reader.turns("talk", 100, 1 << 20).unwrap();
    assert_eq!((all.len(), is_cut), (3, false));
    let (some, is_cut) = reader.turns("talk", 100, 8).unwrap();
    assert_eq!(
        (some.iter().map(|turn| &*turn.message).collect::<Vec<_>>(), is_cut),
        (vec!["second", "third"], true)
    );
    assert_eq!(commit(&mut *store, |tx| tx.forget_conversation("talk")), 3);
    assert!(reader.turns("talk", 100, 1 << 20).unwrap().0.is_empty());
    assert_eq!(commit(&mut *store, |tx| tx.forget_conversation("talk")), 0);
    assert!(reader.task(TaskNo(1)).unwrap().is_some(), "the tasks stay");
}
