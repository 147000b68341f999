//! The order of the gates: a budget is asked after all that keeps a task from starting for other reasons.

use aiwg_agents::Reason;

use super::*;
use crate::{
    accounts::{Identity, RunEnd},
    engine::By,
};

/// The account of `claude`, whose limit is reached until then.
fn limited(daemon: &mut Daemon, until: Timestamp) {
    let identity = Identity { id: "a".to_owned(), program: "claude".to_owned(), login: Vec::new() };
    daemon.state.config.accounts.default = Some(identity.clone());
    let limit = Some((Some("five_hour".to_owned()), Some(until)));
    let end = RunEnd { by: "run".to_owned(), reason: Reason::Limited, limit, ..RunEnd::default() };
    daemon.state.accounts.note(&identity, &end, daemon.now);
}

#[test]
fn a_task_that_waits_for_its_account_asks_no_budget() {
    let mut daemon = Daemon::new(json!({ "day_usd": 1, "unknown_cost_usd": 0.6 }));
    daemon.submit(task());
    daemon.ended(1, Some(0.9));
    let until = daemon.now.after_ms(3_600_000);
    limited(&mut daemon, until);
    let waiting = daemon.submit(task());
    assert_eq!((waiting.told(), waiting.started), (vec![], vec![]), "it could not start anyway");
    let (reason, opens) = daemon.gate("").unwrap();
    assert!(reason == Waiting::Limit && opens.is_some_and(|opens| opens >= until));
    assert_eq!(daemon.state.money.turn(daemon.now), None);
    // Whether the limit is over is not tried by a task that no budget allows.
    daemon.at("2026-11-30T22:00:00Z");
    assert_eq!(daemon.wake().told(), ["budget:exhausted day all"]);
    assert_eq!(daemon.gate("").unwrap().0, Waiting::Budget);
    assert_eq!(daemon.state.accounts.all()["a"].probe, None);
    daemon.at("2026-11-30T23:00:00Z");
    assert_eq!(daemon.submit(task()).started, [2], "one tries, the other waits for what comes of it");
    assert_eq!(daemon.gate("").unwrap().0, Waiting::Limit);
}

#[test]
fn the_first_closed_gate_is_the_reason_for_waiting() {
    let mut daemon = Daemon::new(json!({ "day_usd": 1, "unknown_cost_usd": 1 }));
    let in_lane = || TaskSpec { lane: Some("one".to_owned()), ..task() };
    daemon.submit(in_lane());
    let held = daemon.submit(in_lane());
    let (class, reason) = ("one", |daemon: &Daemon, class: &str| daemon.gate(class).map(|gate| gate.0));
    assert_eq!((held.told(), reason(&daemon, class)), (vec![], Some(Waiting::Lane)));
    let until = daemon.now.after_ms(60_000);
    limited(&mut daemon, until);
    daemon.wake();
    assert_eq!(reason(&daemon, class), Some(Waiting::Lane), "before its account");
    let ended = daemon.ended(1, Some(1.0));
    assert_eq!(reason(&daemon, class), Some(Waiting::Limit), "before the budget");
    assert_eq!(ended.told(), ["budget:warning day all"], "that is of the one that has ended");
    daemon.act(|tx| assert!(tx.pause(&By::default()).is_ok()));
    assert_eq!(reason(&daemon, class), Some(Waiting::Paused), "before all others");
    daemon.at("2026-11-30T22:00:00Z");
    assert_eq!(daemon.wake().told(), Vec::<String>::new(), "nothing starts, so nothing is asked");
    assert_eq!(
        daemon.act(|tx| assert!(tx.resume(&By::default()).unwrap())).told(),
        ["budget:exhausted day all"]
    );
    assert_eq!(reason(&daemon, class), Some(Waiting::Budget));
    daemon.configure(json!({}));
    assert_eq!(reason(&daemon, class), None);
}

#[test]
fn what_one_agent_was_given_is_given_to_no_other() {
    let mut daemon =
        Daemon::new(json!({ "day_usd": 10, "unknown_cost_usd": 1, "rules": { "r": { "day_usd": 2 } } }));
    let first = daemon.submit(task());
    assert_eq!(
        first.caps,
        [Some(2.0)],
        "a part for each of four slots, and one for what an agent may wait for"
    );
    assert_eq!(
        daemon.submit(of_rule("r")).caps,
        [Some(1.0)],
        "what is left of its rule's bound, in two parts"
    );
    daemon.crash();
    // What has come to be known of a run takes nothing from the other.
    assert_eq!(daemon.told(1, 1.5).ended, []);
    let third = daemon.submit(task());
    assert!((third.caps[0].unwrap() - 7.0 / 3.0).abs() < 1e-9, "{:?}", third.caps);
    daemon.ended(1, Some(2.0));
    let fourth = daemon.submit(task());
    assert!((fourth.caps[0].unwrap() - (10.0 - 3.0 - 7.0 / 3.0) / 3.0).abs() < 1e-9, "{:?}", fourth.caps);
}

#[test]
fn a_run_within_its_cap_goes_on_though_a_bound_was_lowered_and_one_beyond_it_takes_nothing_from_the_others() {
    let budget = |day_usd: f64| json!({ "day_usd": day_usd, "unknown_cost_usd": 1 });
    let mut daemon = Daemon::new(budget(10.0));
    daemon.submit(task());
    daemon.submit(task());
    daemon.configure(budget(3.5));
    assert_eq!(daemon.told(1, 1.5).ended, [], "both were given 2");
    assert_eq!(daemon.told(1, 2.1).ended, [(1, StopReason::Budget)], "the other may spend 2");
    assert_eq!(daemon.told(2, 0.5).ended, []);
}
