use aiwg_model::{RunId, Sent, Taken, TaskNo};
use aiwg_protocol::types::{CheckCommand, TaskUsage, Timestamp};

use super::*;

const FAILED: EndReason = EndReason::CHECK_FAILED;

fn terms(max_rounds: u32) -> VerifyTerms {
    VerifyTerms {
        command: CheckCommand::Shell("make test".to_owned()),
        max_rounds,
        timeout_minutes: 20.0,
        before: false,
        protect: Vec::new(),
    }
}

fn run(n: usize, kind: &'static str, reason: Option<EndReason>) -> RunRow {
    let (n, at) = (u32::try_from(n).unwrap(), i64::try_from(n).unwrap() * 1000);
    RunRow {
        id: RunId { task: TaskNo(1), n },
        kind: kind.into(),
        started_at: Timestamp::from_millis(at),
        ended_at: reason.as_ref().map(|_| Timestamp::from_millis(at + 500)),
        exit_code: reason.as_ref().map(|reason| i32::from(*reason != EndReason::DONE)),
        reason,
        signal: None,
        usage: None,
        dir: None,
        profile: None,
        reserved_usd: None,
        cap_usd: None,
        charged_usd: None,
        detail: None,
        tree: None,
        host: None,
    }
}

/// Runs by letters: `w` work that is done, `f` work that failed, `l` lost work, `s` work that was not started, `r` work that
/// runs; `c` a check that fails, `g` a good one, `x` one that cannot be run, `m` a lost one, `q` one that runs.
fn runs(letters: &str) -> Vec<RunRow> {
    let lost = || Some(EndReason::LOST);
    let one = |(at, letter)| {
        let (kind, reason) = match letter {
            'w' => (RunRow::AGENT, Some(EndReason::DONE)),
            'f' => (RunRow::AGENT, Some(EndReason::FAILED)),
            'l' => (RunRow::AGENT, lost()),
            's' => (RunRow::AGENT, Some(EndReason::NOT_STARTED)),
            'r' => (RunRow::AGENT, None),
            'c' => (RunRow::CHECK, Some(FAILED)),
            'g' => (RunRow::CHECK, Some(EndReason::DONE)),
            'x' => (RunRow::CHECK, Some(EndReason::CHECK_FAILED_TO_RUN)),
            'm' => (RunRow::CHECK, lost()),
            'q' => (RunRow::CHECK, None),
            other => panic!("{other}"),
        };
        run(at + 1, kind, reason)
    };
    letters.chars().enumerate().map(one).collect()
}

fn detailed(mut run: RunRow, detail: RoundDetail) -> RunRow {
    run.detail = detail.to_json();
    run
}

#[test]
fn a_round_has_used_what_all_its_runs_have() {
    // Each of the runs of an agent takes as many turns as its number, and costs a dollar for each.
    let used = |letters: &str| -> Vec<(Option<f64>, Option<u64>)> {
        let mut runs = runs(letters);
        for run in runs.iter_mut().filter(|run| run.kind == RunRow::AGENT) {
            let turns = u64::from(run.id.n);
            run.usage = Some(TaskUsage { cost_usd: Some(turns as f64), turns, ..TaskUsage::default() });
        }
        Rounds::of(&runs).to_wire(false).iter().map(|round| (round.cost_usd, round.turns)).collect()
    };
    let all = |turns: &[u64]| -> Vec<(Option<f64>, Option<u64>)> {
        turns.iter().map(|turns| (Some(*turns as f64), Some(*turns))).collect()
    };
    for (rows, expected) in [
        ("w", all(&[1])),
        ("wc", all(&[1])),
        // It was lost, or got a message, or a person had it meanwhile.
        ("lw", all(&[3])),
        ("wwc", all(&[3])),
        ("wlc", all(&[3])),
        ("wcwlwmwg", all(&[1, 3 + 4 + 5 + 7])),
    ] {
        assert_eq!(used(rows), expected, "{rows}");
    }
    let mut unknown = runs("lw");
    unknown[0].usage = Some(TaskUsage { cost_usd: Some(0.0), ..TaskUsage::default() });
    unknown[1].usage = Some(TaskUsage { cost_usd: None, ..TaskUsage::default() });
    assert_eq!(Rounds::of(&unknown).to_wire(false)[0].cost_usd, None, "nothing is known of the second");
}

#[test]
fn the_next_step_follows_from_the_rows_alone() {
    let work = |n| Next::Step(Step::Work(n));
    let check = |n| Next::Step(Step::Check(n));
    for (rows, expected) in [
        ("", work(1)),
        ("w", check(1)),
        ("f", check(1)),
        ("wc", work(2)),
        ("wcw", check(2)),
        ("wg", Next::Verified),
        ("wcwg", Next::Verified),
        // What was lost or is under way is done again.
        ("l", work(1)),
        ("s", work(1)),
        ("r", work(1)),
        ("wm", check(1)),
        ("wq", check(1)),
        ("wmmg", Next::Verified),
        ("wcl", work(2)),
        ("wcslw", check(2)),
        ("wcwmc", work(3)),
    ] {
        assert_eq!(next(&terms(9), &runs(rows)), expected, "{rows}");
    }
}

fn reason(next: &Next) -> &str {
    match next {
        Next::Failed(reason, _) => reason.name(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn rounds_are_used_up_and_a_check_that_cannot_be_run_has_no_second_one() {
    assert_eq!(reason(&next(&terms(2), &runs("wcwc"))), "rounds");
    assert_eq!(reason(&next(&terms(1), &runs("lwmc"))), "rounds");
    assert_eq!(next(&terms(2), &runs("wclwm")), Next::Step(Step::Check(2)));
    assert_eq!(reason(&next(&terms(9), &runs("wx"))), "check_failed_to_run");
}

#[test]
fn an_agent_gets_its_messages_before_the_task_has_ended() {
    let sent = |run| Sent { text: "x".to_owned(), from: None, run, at: None, is_unsure: false };
    let waits = Terms { sent: vec![sent(Some(1)), sent(None)], ..Terms::default() };
    let of = |rows: &str, of: &Terms| with_messages(next(&terms(2), &runs(rows)), &runs(rows), of);
    for (rows, round) in [("w", 1), ("wm", 1), ("wg", 2), ("wc", 2), ("wcw", 2), ("wcwc", 3), ("wcwcw", 3)] {
        assert_eq!(of(rows, &waits), Next::Step(Step::Work(round)), "{rows}");
    }
    assert_eq!(reason(&of("wx", &waits)), "check_failed_to_run");
    // With the check before the first round a note on the prompt goes; what came while it ran does not.
    let at = |ms| Some(Timestamp::from_millis(ms));
    let noted = |ms| Terms { sent: vec![Sent { at: at(ms), ..sent(None) }], ..Terms::default() };
    assert_eq!(of("g", &noted(999)), Next::Verified);
    assert_eq!(of("g", &noted(1000)), Next::Step(Step::Work(1)));
    let taken = Terms { taken: Some(Taken { since: Timestamp::default(), is_done: false }), ..waits.clone() };
    let none = Terms { sent: vec![sent(Some(1))], ..Terms::default() };
    for terms in [taken, none] {
        assert_eq!(of("w", &terms), Next::Step(Step::Check(1)));
        assert_eq!(of("wg", &terms), Next::Verified);
    }
}

#[test]
fn a_check_before_the_first_round_may_save_all() {
    let terms = VerifyTerms { before: true, ..terms(3) };
    assert_eq!(next(&terms, &[]), Next::Step(Step::Check(0)));
    assert_eq!(next(&terms, &runs("m")), Next::Step(Step::Check(0)));
    assert_eq!(next(&terms, &runs("g")), Next::Verified);
    assert_eq!(next(&terms, &runs("c")), Next::Step(Step::Work(1)));
    assert_eq!(next(&terms, &runs("cl")), Next::Step(Step::Work(1)));
    assert_eq!(next(&terms, &runs("cwc")), Next::Step(Step::Work(2)));
    assert_eq!(reason(&next(&terms, &runs("x"))), "check_failed_to_run");
}

fn round_of(at: usize, files: Option<u64>, tail: &str, protected: &[&str]) -> [RunRow; 2] {
    let protected = protected.iter().map(|name| (*name).to_owned()).collect();
    let work = RoundDetail { files, protected, ..RoundDetail::default() };
    let check = RoundDetail { tail: Some(tail.to_owned()), ..RoundDetail::default() };
    [
        detailed(run(at, RunRow::AGENT, Some(EndReason::DONE)), work),
        detailed(run(at + 1, RunRow::CHECK, Some(FAILED)), check),
    ]
}

#[test]
fn the_same_failure_twice_without_a_change_is_stuck() {
    let two = |files, tail: &str| {
        let rounds = [round_of(1, Some(3), "1 failed in 0.2s", &[]), round_of(3, files, tail, &[])].concat();
        next(&terms(9), &rounds)
    };
    assert_eq!(reason(&two(Some(0), "1 failed in 7.9s")), "stuck");
    for (files, tail) in
        [(Some(1), "1 failed in 7.9s"), (None, "1 failed in 7.9s"), (Some(0), "none collected")]
    {
        assert_eq!(two(files, tail), Next::Step(Step::Work(3)), "{files:?} {tail}");
    }
    // What a lost run has changed is not known.
    let [lost, work, check] = [run(3, RunRow::AGENT, Some(EndReason::LOST))]
        .into_iter()
        .chain(round_of(4, Some(0), "x", &[]))
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let rounds = [round_of(1, Some(3), "x", &[]).to_vec(), vec![lost, work, check]].concat();
    assert_eq!(next(&terms(9), &rounds), Next::Step(Step::Work(3)));
}

#[test]
fn a_good_check_does_not_count_while_a_protected_file_is_changed() {
    let protected = RoundDetail { protected: vec!["tests/a".to_owned()], ..RoundDetail::default() };
    let work = detailed(run(1, RunRow::AGENT, Some(EndReason::DONE)), protected);
    let good = run(2, RunRow::CHECK, Some(EndReason::DONE));
    let rows = [work, good];
    assert_eq!(next(&terms(2), &rows), Next::Step(Step::Work(2)));
    let asked = round_prompt("Mend it", &terms(2), &rows, true).unwrap();
    assert!(asked.again.contains("leave what a person has changed"), "{}", asked.again);
    let asked = round_prompt("Mend it", &terms(2), &rows, false).unwrap();
    assert!(asked.again.contains("\"tests/a\"") && asked.again.contains("has succeeded"), "{}", asked.again);
    let Next::Failed(reason, why) = next(&terms(1), &rows) else { panic!() };
    assert!(reason == EndReason::ROUNDS && why.contains("tests/a"), "{why}");
}

/// An agent that puts the file back as it was before the first round would throw away what a person has changed there.
#[test]
fn who_has_changed_what_a_person_has_left_is_to_undo_no_more_than_that() {
    let names = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let detail = RoundDetail {
        protected: names(&["tests/a", "tests/b"]),
        given_back: names(&["tests/a"]),
        ..RoundDetail::default()
    };
    let work = detailed(run(1, RunRow::AGENT, Some(EndReason::DONE)), detail);
    let rows = [work, run(2, RunRow::CHECK, Some(EndReason::DONE))];
    for is_given_back in [false, true] {
        let asked = round_prompt("Mend it", &terms(2), &rows, is_given_back).unwrap();
        for text in [&asked.again, &asked.afresh] {
            assert!(text.contains("not as they were before the first round: \"tests/b\"."), "{text}");
            assert!(
                text.contains("not as they were when the person gave the task back: \"tests/a\"."),
                "{text}"
            );
            assert!(text.contains("Undo your own changes") && text.contains("not by git"), "{text}");
        }
    }
    let Next::Failed(_, why) = next(&terms(1), &rows) else { panic!() };
    assert!(
        why.contains("not as they were: \"tests/b\"") && why.contains("changed them: \"tests/a\""),
        "{why}"
    );
}

#[test]
fn a_round_is_asked_for_in_the_session_of_the_one_before() {
    let mut rows = round_of(1, Some(1), "=== it\nsays ===", &[]).to_vec();
    assert!(round_prompt("Mend it", &terms(3), &rows[..1], false).is_none());
    rows[0].usage = Some(TaskUsage { session_id: Some("s".to_owned()), ..TaskUsage::default() });
    let asked = round_prompt("Mend it", &terms(3), &rows, false).unwrap();
    assert_eq!(asked.session.as_deref(), Some("s"));
    assert!(
        asked.again.contains("round 2 of 3; one more is left") && asked.again.contains("=== it\nsays ===")
    );
    assert!(!asked.again.contains("Mend it"));
    assert!(
        asked.afresh.starts_with("Mend it\n\n")
            && asked.afresh.contains("round 1: the agent exited with 0, changed one file")
    );
}

#[test]
fn the_time_of_all_rounds_counts_and_that_of_checks_does_not() {
    assert_eq!(used_ms(&runs("wcwc")), 1000);
    assert_eq!(used_ms(&runs("wr")), 500);
    let mut again = runs("wcwc");
    again[0].reason = Some(EndReason::stopped(StopReason::Timeout));
    assert_eq!(used_ms(&again), 500);
}

#[test]
fn a_slow_look_at_the_protected_files_is_no_forged_record_and_no_fault_of_the_agent() {
    let detail =
        |is_slow| RoundDetail { unseen: Some("too much".to_owned()), is_slow, ..RoundDetail::default() };
    let of = |rows: &str, is_slow: bool| {
        let rows = runs(rows).into_iter().map(|run| match run.kind == RunRow::CHECK {
            true => detailed(run, detail(is_slow)),
            false => run,
        });
        rows.collect::<Vec<_>>()
    };
    for rows in ["wg", "wgg"] {
        assert_eq!(next(&terms(1), &of(rows, true)), Next::Step(Step::Check(1)), "{rows}");
    }
    let Next::Failed(reason, why) = next(&terms(1), &of("wggg", true)) else { panic!("it goes on") };
    assert_eq!(reason, EndReason::CHECK_FAILED_TO_RUN);
    assert!(why.contains("too much") && why.contains("not the agent's fault"), "{why}");
    // The next look comes to its end.
    let mut seen = of("wgg", true);
    seen[2].detail = None;
    assert_eq!(next(&terms(1), &seen), Next::Verified);
    // What is more than can be looked at is what the agent has added.
    assert_eq!(next(&terms(2), &of("wg", false)), Next::Step(Step::Work(2)));
    let asked = round_prompt("x", &terms(2), &of("wg", false), false).unwrap();
    assert!(asked.again.contains("It is not known whether the protected files"), "{}", asked.again);
    let Next::Failed(reason, why) = next(&terms(1), &of("wg", false)) else { panic!("it goes on") };
    assert!(reason == EndReason::ROUNDS && why.contains("not known") && why.contains("too much"), "{why}");
}
