//! An account through limits, probes and refusals.

use super::*;

const NAME: &str = "one";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_795_888_000_000 + seconds * 1000)
}

fn ended(by: &str, started: i64, reason: Reason) -> RunEnd {
    RunEnd { by: by.to_owned(), started_at: at(started), reason, ..RunEnd::default() }
}

fn limited(by: &str, started: i64, resets: Option<i64>) -> RunEnd {
    RunEnd {
        limit: Some((Some("five_hour".to_owned()), resets.map(at))),
        ..ended(by, started, Reason::Limited)
    }
}

fn used(window: &str, utilization: f64, resets: Option<i64>) -> RunEnd {
    let window_use = WindowUse { utilization, resets_at: resets.map(at), seen_at: at(0) };
    RunEnd { windows: [(window.to_owned(), window_use)].into(), ..ended("w", 0, Reason::Done) }
}

fn take_in(account: &mut Account, end: &RunEnd, now: i64) {
    account.take_in(end, "id", at(now));
}

fn look(account: &Account, starts: &[i64], now: i64) -> Look {
    let starts: Vec<Timestamp> = starts.iter().map(|start| at(*start)).collect();
    account.look(&Policy::default(), &starts, NAME, at(now))
}

/// Limited until 100 s, and a little longer.
fn paused() -> Account {
    let mut account = Account::default();
    take_in(&mut account, &limited("a", 0, Some(100)), 1);
    account
}

#[test]
fn after_a_limit_one_tries_and_then_all() {
    let mut account = paused();
    assert!(
        matches!(look(&account, &[], 50), Look::Closed { until: Some(until) } if until >= at(100) && until <= at(105))
    );
    assert_eq!(look(&account, &[0], 106), Look::Unclaimed, "what ran before is no probe");
    assert_eq!(look(&account, &[0, 106], 110), Look::Closed { until: Some(at(226)) });
    // It works for so long without meeting the limit again.
    assert_eq!(look(&account, &[106], 226), Look::Open);
    take_in(&mut account, &ended("b", 0, Reason::Done), 107);
    assert!(account.pause.is_some(), "it was started before the limit");
    take_in(&mut account, &ended("c", 106, Reason::Overloaded), 110);
    assert_eq!(look(&account, &[], 110), Look::Unclaimed, "that has said nothing");
    take_in(&mut account, &ended("d", 111, Reason::Done), 112);
    assert_eq!((account.pause.clone(), look(&account, &[], 112)), (None, Look::Open));
}

#[test]
fn one_daemon_has_the_probe() {
    let mut account = paused();
    account.claim_probe("other", at(106));
    account.claim_probe(NAME, at(107));
    assert_eq!(look(&account, &[], 107), Look::Closed { until: Some(at(226)) });
    assert_eq!(look(&account, &[], 226), Look::Unclaimed, "nothing has come of it");
    account.claim_probe(NAME, at(226));
    assert_eq!(look(&account, &[], 230), Look::Probe);
    assert_eq!(look(&account, &[229], 230), Look::Closed { until: Some(at(349)) }, "it tries already");
    assert_eq!(look(&account, &[], 225), Look::Unclaimed, "a claim from the future is none");
    let mut open = Account::default();
    open.claim_probe(NAME, at(1));
    assert_eq!(open.probe, None, "there is nothing to try");
}

#[test]
fn a_limit_that_several_meet_is_one() {
    let mut account = paused();
    take_in(&mut account, &limited("b", 0, None), 2);
    let pause = account.pause.clone().unwrap();
    assert_eq!((pause.times, pause.since), (1, at(1)));
    assert!(
        pause.until.unwrap() >= at(302),
        "without a time it is 5 minutes, and the later of the two counts"
    );
    // A probe that meets it again.
    take_in(&mut account, &limited("c", 400, None), 401);
    let pause = account.pause.clone().unwrap();
    assert_eq!((pause.times, pause.since), (2, at(1)));
    assert!(pause.until.unwrap() >= at(401 + 15 * 60));
    // The daemon was killed before that counted, and notes it again.
    take_in(&mut account, &limited("c", 400, None), 500);
    assert_eq!(account.pause, Some(pause));
}

#[test]
fn what_a_person_must_mend_stays() {
    for reason in [Reason::Auth, Reason::Billing] {
        let mut account = paused();
        take_in(&mut account, &ended("b", 0, reason), 2);
        take_in(&mut account, &limited("c", 0, Some(50)), 3);
        take_in(&mut account, &ended("d", 0, Reason::Done), 4);
        assert_eq!(look(&account, &[], 1_000_000), Look::Closed { until: None }, "{reason}");
        // Someone has mended it, and one task tries that.
        account.resume(at(5));
        assert_eq!(look(&account, &[], 5), Look::Unclaimed);
        take_in(&mut account, &ended("e", 4, reason), 6);
        assert_eq!(look(&account, &[], 6), Look::Unclaimed, "it ran before");
        let mut again = account.clone();
        take_in(&mut again, &ended("f", 6, reason), 7);
        assert_eq!(look(&again, &[], 1_000_000), Look::Closed { until: None }, "it is as it was");
        let mut limited_next = account.clone();
        take_in(&mut limited_next, &limited("f", 6, Some(50)), 7);
        assert!(matches!(look(&limited_next, &[], 8), Look::Closed { until: Some(_) }));
        take_in(&mut account, &ended("f", 6, Reason::Done), 7);
        assert_eq!(look(&account, &[], 7), Look::Open);
    }
}

#[test]
fn a_limit_is_lifted_by_hand_at_once() {
    let mut account = paused();
    account.resume(at(5));
    assert_eq!(look(&account, &[], 5), Look::Open);
}

#[test]
fn the_window_that_resets_last_is_the_one_that_is_shown() {
    let mut account = Account::default();
    let week =
        RunEnd { limit: Some((Some("seven_day".to_owned()), Some(at(90_000)))), ..limited("a", 0, None) };
    take_in(&mut account, &week, 1);
    take_in(&mut account, &limited("b", 0, Some(100)), 2);
    let pause = account.pause.unwrap();
    assert_eq!(pause.window.as_deref(), Some("seven_day"));
    assert!(pause.until.unwrap() >= at(90_000));
}

#[test]
fn no_part_is_more_than_the_whole() {
    let planted = r#"{"windows": {"five_hour": {"utilization": 1e308, "seenAt": "2026-11-29T00:00:00Z"}}}"#;
    let account: Account = serde_json::from_str(planted).unwrap();
    assert_eq!(account.windows["five_hour"].utilization, 1.0);
}

#[test]
fn a_persons_share_is_left() {
    let mut account = Account::default();
    take_in(&mut account, &used("five_hour", 0.81, Some(1000)), 0);
    let policy = Policy { reserve: [("five_hour".to_owned(), 20)].into(), ..Policy::default() };
    let look = |account: &Account, policy: &Policy, now: i64| account.look(policy, &[], NAME, at(now));
    assert_eq!(look(&account, &policy, 10), Look::Closed { until: Some(at(1000)) });
    assert_eq!(look(&account, &policy, 1000), Look::Open);
    assert_eq!(look(&account, &Policy::default(), 10), Look::Open);
    let less = Policy {
        reserve: [("five_hour".to_owned(), 19), ("seven_day".to_owned(), 90)].into(),
        ..policy.clone()
    };
    assert_eq!(look(&account, &less, 10), Look::Open);
    // A reset in ten years is none.
    take_in(&mut account, &used("five_hour", 1.0, Some(315_360_000)), 0);
    assert_eq!(look(&account, &policy, 10), Look::Closed { until: Some(at(6 * 3600)) });
}

#[test]
fn a_person_may_be_asked_and_hours_count() {
    let account = paused();
    let asks = Policy { asks: true, ..Policy::default() };
    assert_eq!(account.look(&asks, &[], NAME, at(1_000_000)), Look::Closed { until: None });
    // It is 17:46:40 UTC.
    let hours = Policy { hours: Hours::parse("07:00-17:30"), ..Policy::default() };
    let Look::Closed { until: Some(until) } = account.look(&hours, &[], NAME, at(200)) else {
        panic!("open")
    };
    assert_eq!(until.to_string(), "2026-11-29T07:00:00.000Z");
}

#[test]
fn a_clock_that_is_set_back_holds_nothing_up() {
    let account = paused();
    assert_eq!(look(&account, &[], -100_000), Look::Unclaimed);
    assert_eq!(look(&account, &[-100_000], -99_990), Look::Closed { until: Some(at(-99_880)) });
    assert!(
        matches!(look(&account, &[], -10), Look::Closed { .. }),
        "by so little clocks are set all the time"
    );
    // The limit is met again by that clock: it is waited for by that clock.
    let mut account = account;
    take_in(&mut account, &limited("b", -100_000, Some(-99_000)), -99_999);
    let Look::Closed { until: Some(until) } = look(&account, &[], -99_998) else { panic!("open") };
    assert!(until < at(-98_900), "{until}");
}

#[test]
fn only_what_is_new_is_written() {
    let mut account = Account::default();
    let end = used("five_hour", 0.5, Some(1000));
    assert!(Account::has_news(None, &end) && !Account::has_news(None, &ended("a", 0, Reason::Done)));
    take_in(&mut account, &end, 0);
    assert!(!Account::has_news(Some(&account), &used("five_hour", 0.505, Some(1000))));
    assert!(Account::has_news(Some(&account), &used("five_hour", 0.52, Some(1000))));
    assert!(Account::has_news(Some(&account), &used("seven_day", 0.1, None)));
    assert!(Account::has_news(Some(&account), &limited("a", 0, None)));
    assert!(Account::has_news(Some(&paused()), &ended("a", 200, Reason::Done)));
}
