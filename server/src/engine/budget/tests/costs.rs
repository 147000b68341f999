//! The costs of tasks: what was counted of them, over sessions and whatever their ends.

use super::*;

#[test]
fn a_session_goes_on_only_in_its_task_and_only_upwards() {
    let mut daemon = Daemon::new(json!({ "day_usd": 100 }));
    for total in [0.2, 0.2, 0.5, 0.1] {
        daemon.submit(task());
        let no = daemon.state.last_task;
        daemon.ends(no, &of_session(total, EndReason::DONE));
    }
    assert!((daemon.spent() - 1.0).abs() < 1e-9, "no run resumed another: {}", daemon.spent());
    // One that does, over an end by which nothing was told.
    daemon.submit(task());
    daemon.ends(5, &of_session(1.0, EndReason::OVERLOADED));
    for (at, total) in [("2026-11-30T20:10:00Z", 1.25), ("2026-11-30T20:30:00Z", 0.75)] {
        daemon.at(at);
        daemon.act(|tx| tx.release_due().unwrap());
        daemon.ends(5, &of_session(total, EndReason::OVERLOADED));
    }
    let costs: Vec<_> = daemon.runs(5).into_iter().map(|run| run.usage.unwrap().cost_usd).collect();
    assert_eq!(
        costs,
        [Some(1.0), Some(0.25), Some(0.75)],
        "a total below the known one is another session's"
    );
}

#[test]
fn what_a_session_costs_so_far_is_the_runs_part_of_it() {
    let mut daemon = Daemon::new(json!({ "day_usd": 2, "unknown_cost_usd": 0.1 }));
    daemon.submit(task());
    daemon.ends(1, &of_session(1.5, EndReason::OVERLOADED));
    daemon.at("2026-11-30T20:10:00Z");
    daemon.act(|tx| tx.release_due().unwrap());
    let run = RunId { task: TaskNo(1), n: 2 };
    let done = daemon.act(|tx| assert!(tx.cost_so_far(run, 1.75, Some("s")).is_ok()));
    assert_eq!(done.ended, [], "0.25 are its own");
    daemon.ends(1, &of_session(1.75, EndReason::DONE));
    assert!((daemon.spent() - 1.75).abs() < 1e-9, "{}", daemon.spent());
}

#[test]
fn a_task_says_what_was_counted_of_it_however_it_ended() {
    let mut daemon = Daemon::new(json!({ "day_usd": 100, "unknown_cost_usd": 0.5 }));
    let cost = |daemon: &mut Daemon, no: u64| {
        daemon.store.view().unwrap().task(TaskNo(no)).unwrap().unwrap().usage.and_then(|usage| usage.cost_usd)
    };
    daemon.submit(task());
    daemon.ended(1, None);
    assert_eq!(cost(&mut daemon, 1), Some(0.5), "nothing was told");
    daemon.submit(task());
    daemon.told(2, 0.75);
    daemon.ends(2, &outcome(None).given(Some(StopReason::Cancel)));
    assert_eq!(cost(&mut daemon, 2), Some(0.75));
    // A part of it is known; then it is lost; then it is cancelled while it waits.
    daemon.submit(task());
    let part = |usd| Used { cost: RunCost::AtLeast, ..outcome(Some(usd)).used() };
    daemon.lost(RunId { task: TaskNo(3), n: 1 }, true, part(0.7));
    daemon.lost(RunId { task: TaskNo(3), n: 2 }, true, part(0.1));
    assert_eq!(
        daemon.runs(3)[..2].iter().map(|run| run.usage.clone().unwrap().cost_usd).collect::<Vec<_>>(),
        [Some(0.7), Some(0.5)]
    );
    daemon.ends(3, &of_session(0.3, EndReason::OVERLOADED));
    daemon.act(|tx| assert!(tx.cancel(TaskNo(3), None).is_ok()));
    let row = daemon.store.view().unwrap().task(TaskNo(3)).unwrap().unwrap();
    assert_eq!(
        (row.usage.unwrap().cost_usd, row.error.as_deref()),
        (Some(1.5), Some("cancelled while it waited for its next run"))
    );
    assert!((daemon.spent() - 2.75).abs() < 1e-9, "{}", daemon.spent());
}

#[test]
fn without_a_budget_a_cost_that_is_not_known_is_none() {
    let mut daemon = Daemon::new(json!({}));
    daemon.submit(task());
    let usage = TaskUsage { session_id: Some("s".to_owned()), turns: 2, ..TaskUsage::default() };
    daemon.ends(1, &Outcome { usage: Some(usage.clone()), ..outcome(None) });
    assert_eq!(daemon.runs(1)[0].usage, Some(usage.clone()));
    assert_eq!(daemon.store.view().unwrap().task(TaskNo(1)).unwrap().unwrap().usage, Some(usage));
}

#[test]
fn a_run_of_unknown_cost_counts_no_more_than_was_set_aside_for_it() {
    let of_tasks =
        [(json!({ "day_usd": 1, "task_usd": 0.05 }), 1.0, 20), (json!({ "day_usd": 0.4 }), 0.4, 1)];
    for (budget, limit_usd, runs) in of_tasks {
        let mut daemon = Daemon::new(budget);
        for _ in 0..30 {
            daemon.submit(task());
        }
        let mut ended = 0;
        while let Some(no) = daemon.state.running.keys().next().copied() {
            daemon.ended(no.0, None);
            ended += 1;
            assert!(daemon.spent() <= limit_usd + 1e-9, "{}", daemon.spent());
        }
        assert_eq!(ended, runs);
        assert!((daemon.spent() - limit_usd).abs() < 1e-9, "{}", daemon.spent());
        assert_eq!(daemon.gate("").map(|gate| gate.0), Some(Waiting::Budget));
    }
}

#[test]
fn a_cost_that_cannot_be_is_not_known() {
    let mut daemon = Daemon::new(json!({ "day_usd": 10, "unknown_cost_usd": 0.5 }));
    daemon.submit(task());
    let run = RunId { task: TaskNo(1), n: 1 };
    let done = daemon.act(|tx| assert!(tx.cost_so_far(run, 1e9, None).is_ok()));
    assert_eq!(done.ended, [], "it is not ended for that");
    daemon.ends(1, &of_session(1e9, EndReason::DONE));
    let row = daemon.store.view().unwrap().task(TaskNo(1)).unwrap().unwrap();
    assert_eq!(row.usage.unwrap().cost_usd, Some(0.5));
    assert!(row.error.unwrap().contains("is not believed"));
    assert!((daemon.spent() - 0.5).abs() < 1e-9, "{}", daemon.spent());
    assert_eq!(daemon.submit(task()).started, [2], "the day is not closed");
    // What is dear, but could be, counts.
    daemon.ended(2, Some(100_000.0));
    assert!((daemon.spent() - 100_000.5).abs() < 1e-9, "{}", daemon.spent());
}

#[test]
fn a_cost_that_was_not_believed_is_told_whatever_runs_come_after_it() {
    let mut daemon = Daemon::new(json!({ "day_usd": 10, "unknown_cost_usd": 0.5 }));
    daemon.submit(task());
    daemon.ends(1, &of_session(1e9, EndReason::OVERLOADED));
    daemon.at("2026-11-30T20:10:00Z");
    daemon.act(|tx| tx.release_due().unwrap());
    daemon.ends(1, &of_session(0.25, EndReason::DONE));
    let row = daemon.store.view().unwrap().task(TaskNo(1)).unwrap().unwrap();
    let error = row.error.unwrap();
    assert_eq!(error.matches("a cost of $1000000000 is not believed").count(), 1, "{error}");
}

/// The end of a run that began in one session and has ended in another one, each with its total.
fn of_two_sessions(first: (&str, f64), last: (&str, f64), reason: EndReason) -> Outcome {
    let mut ended = of_session(last.1, reason);
    let usage = ended.usage.as_mut().unwrap();
    (usage.session_id, usage.cost_usd) = (Some(last.0.to_owned()), Some(first.1 + last.1));
    ended.session.as_mut().unwrap().others = vec![(first.0.to_owned(), first.1)];
    ended
}

#[test]
fn of_each_session_of_a_run_only_what_is_new_counts() {
    let mut daemon = Daemon::new(json!({ "day_usd": 100 }));
    daemon.submit(task());
    daemon.ends(1, &of_session(1.0, EndReason::OVERLOADED));
    let mut goes_on = |at: &str, end: &Outcome| {
        daemon.at(at);
        daemon.act(|tx| tx.release_due().unwrap());
        daemon.ends(1, end);
        daemon.spent()
    };
    // It goes on in the session "s", and then begins another one.
    let spent =
        goes_on("2026-11-30T20:10:00Z", &of_two_sessions(("s", 1.25), ("t", 0.5), EndReason::OVERLOADED));
    assert!((spent - 1.75).abs() < 1e-9, "{spent}");
    // In that one it goes on, and comes back to the first.
    let spent = goes_on("2026-11-30T20:30:00Z", &of_two_sessions(("t", 0.75), ("s", 1.5), EndReason::DONE));
    assert!((spent - 2.25).abs() < 1e-9, "{spent}");
    let costs: Vec<_> = daemon.runs(1).into_iter().map(|run| run.usage.unwrap().cost_usd).collect();
    assert_eq!(costs, [Some(1.0), Some(0.75), Some(0.5)]);
}
