//! The planner, with clocks that do whatever clocks do.

use aiwg_schedule::{Due, Firing, Job, Missed, Planner};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::support::{at, schedule, zone};

fn job(name: &str, cron: &str) -> Job {
    Job { name: name.to_owned(), schedule: schedule(cron), catch_up: false, last: None }
}

fn utc(jobs: Vec<Job>, now: &str) -> Planner {
    Planner::new(jobs, TimeZone::UTC, at(now))
}

/// Jobs that fire: the name, the time that it was scheduled for, and true if it is caught up.
fn fired(due: &Due) -> Vec<(&str, String, bool)> {
    due.firings.iter().map(|firing| (firing.job.as_str(), firing.at.to_string(), firing.caught_up)).collect()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

#[test]
fn it_wakes_for_the_next_job_and_fires_what_is_due() {
    let mut planner = utc(vec![job("nine", "0 9 * * *"), job("half", "30 * * * *")], "2026-01-01T08:10:00Z");
    assert_eq!(planner.next_wake(), Some(at("2026-01-01T08:30:00Z")));
    assert_eq!(planner.next_of("nine"), Some(at("2026-01-01T09:00:00Z")));
    assert_eq!(planner.next_of("nobody"), None);
    assert_eq!(planner.fire(at("2026-01-01T08:29:59Z")), Due::default());
    let due = planner.fire(at("2026-01-01T08:30:00.25Z"));
    let firing = Firing {
        job: "half".to_owned(),
        at: at("2026-01-01T08:30:00Z"),
        late: SignedDuration::from_millis(250),
        caught_up: false,
    };
    assert_eq!(due, Due { firings: vec![firing], missed: vec![] });
    assert_eq!(planner.next_wake(), Some(at("2026-01-01T09:00:00Z")));
}

#[test]
fn several_jobs_at_one_time_all_fire() {
    let mut planner = utc(vec![job("b", "0 9 * * *"), job("a", "0 9 * * *")], "2026-01-01T08:59:00Z");
    let due = planner.fire(at("2026-01-01T09:00:00Z"));
    let nine = || "2026-01-01T09:00:00Z".to_owned();
    assert_eq!(fired(&due), [("b", nine(), false), ("a", nine(), false)]);
}

#[test]
fn nothing_fires_twice_and_lateness_does_not_add_up() {
    let mut planner = utc(vec![job("minutely", "* * * * *")], "2026-01-01T00:00:30Z");
    let mut seen = Vec::new();
    for _ in 0..100 {
        let late = planner.next_wake().unwrap() + SignedDuration::from_millis(700);
        seen.extend(planner.fire(late).firings.iter().map(|firing| firing.at));
        assert_eq!(planner.fire(late), Due::default());
    }
    let minutes = (1..=100).map(|minute| at("2026-01-01T00:00:00Z") + SignedDuration::from_mins(minute));
    assert_eq!(seen, minutes.collect::<Vec<_>>());
}

#[test]
fn no_jobs_and_jobs_that_never_fire_never_wake() {
    assert_eq!(utc(vec![], "2026-01-01T00:00:00Z").next_wake(), None);
    let mut planner = utc(vec![job("never", "0 0 30 2 *")], "2026-01-01T00:00:00Z");
    assert_eq!(planner.next_wake(), None);
    assert_eq!(planner.fire(at("2030-01-01T00:00:00Z")), Due::default());
}

#[test]
fn a_suspend_misses_a_job_unless_it_catches_up() {
    let lazy = job("lazy", "0 * * * *");
    let eager = Job { name: "eager".to_owned(), catch_up: true, ..lazy.clone() };
    let mut planner = utc(vec![lazy, eager], "2026-01-01T00:30:00Z");
    // Ten hours later, thirty minutes after the last time of both.
    let due = planner.fire(at("2026-01-01T10:30:00Z"));
    assert_eq!(fired(&due), [("eager", "2026-01-01T10:00:00Z".to_owned(), true)]);
    let late = SignedDuration::from_mins(30);
    assert_eq!(due.missed, [Missed { job: "lazy".to_owned(), at: at("2026-01-01T10:00:00Z"), late }]);
    assert_eq!(planner.fire(at("2026-01-01T10:31:00Z")), Due::default());
    assert_eq!(planner.next_wake(), Some(at("2026-01-01T11:00:00Z")));
}

#[test]
fn a_little_late_is_on_time() {
    let fire = |now, grace| {
        let planner = utc(vec![job("hourly", "0 * * * *")], "2026-01-01T08:00:00Z");
        let due = planner.with_grace(grace).fire(at(now));
        (due.firings.len(), due.missed.len())
    };
    assert_eq!(fire("2026-01-01T09:05:00Z", aiwg_schedule::DEFAULT_GRACE), (1, 0));
    assert_eq!(fire("2026-01-01T09:05:01Z", aiwg_schedule::DEFAULT_GRACE), (0, 1));
    assert_eq!(fire("2026-01-01T09:00:01Z", SignedDuration::ZERO), (0, 1));
    assert_eq!(fire("2026-01-01T10:00:00Z", hours(1)), (1, 0));
}

#[test]
fn a_daemon_that_was_down_goes_on_from_the_last_firing() {
    let last = Some(at("2026-01-01T09:00:00Z"));
    let daily = Job { last, ..job("daily", "0 9 * * *") };
    let eager = Job { name: "eager".to_owned(), catch_up: true, ..daily.clone() };
    // Restarted over the time itself: nobody notices.
    let mut planner = utc(vec![daily.clone()], "2026-01-02T09:00:03Z");
    assert_eq!(planner.next_wake(), Some(at("2026-01-02T09:00:00Z")));
    let due = planner.fire(at("2026-01-02T09:00:03Z"));
    assert_eq!(fired(&due), [("daily", "2026-01-02T09:00:00Z".to_owned(), false)]);
    // Restarted right after it fired: it does not fire again.
    assert_eq!(
        utc(vec![daily.clone()], "2026-01-01T09:00:01Z").fire(at("2026-01-01T09:00:02Z")),
        Due::default()
    );
    // Down for a week: once, for the last time only.
    let due = utc(vec![daily, eager], "2026-01-08T12:00:00Z").fire(at("2026-01-08T12:00:00Z"));
    assert_eq!(fired(&due), [("eager", "2026-01-08T09:00:00Z".to_owned(), true)]);
    assert_eq!(due.missed.len(), 1);
}

#[test]
fn a_new_job_has_missed_nothing() {
    let new = Job { catch_up: true, ..job("new", "0 9 * * *") };
    let mut planner = utc(vec![new], "2026-01-01T12:00:00Z");
    assert_eq!(planner.fire(at("2026-01-01T12:00:00Z")), Due::default());
    assert_eq!(planner.next_wake(), Some(at("2026-01-02T09:00:00Z")));
}

#[test]
fn a_clock_set_back_by_hours_repeats_no_fixed_time_and_stops_nothing_else() {
    let jobs = || vec![job("minutely", "* * * * *"), job("hourly", "@hourly"), job("noon", "0 12 * * *")];
    let mut planner = utc(jobs(), "2026-01-01T11:59:30Z");
    assert_eq!(planner.fire(at("2026-01-01T12:00:00Z")).firings.len(), 3);
    assert_eq!(planner.fire(at("2026-01-01T12:01:00Z")).firings.len(), 1);
    // Two and a half hours back.
    assert_eq!(planner.fire(at("2026-01-01T09:31:30Z")), Due::default());
    assert_eq!(planner.next_wake(), Some(at("2026-01-01T09:32:00Z")));
    assert_eq!(planner.next_of("hourly"), Some(at("2026-01-01T10:00:00Z")));
    assert_eq!(planner.next_of("noon"), Some(at("2026-01-02T12:00:00Z")));
    let due = planner.fire(at("2026-01-01T09:32:00Z"));
    assert_eq!(fired(&due), [("minutely", "2026-01-01T09:32:00Z".to_owned(), false)]);
    let due = planner.fire(at("2026-01-01T12:00:00Z"));
    assert!(fired(&due).iter().all(|(job, ..)| *job != "noon"), "{due:?}");
    // The same after a restart.
    let last = |job: Job| Job { last: Some(at("2026-01-01T12:00:00Z")), ..job };
    let mut planner = utc(jobs().into_iter().map(last).collect(), "2026-01-01T09:31:30Z");
    assert_eq!(planner.next_wake(), Some(at("2026-01-01T09:32:00Z")));
    assert_eq!(planner.fire(at("2026-01-01T09:32:00Z")).firings.len(), 1);
}

#[test]
fn a_clock_that_is_put_right_by_moments_repeats_nothing() {
    let mut planner = utc(vec![job("minutely", "* * * * *")], "2026-01-01T12:00:00Z");
    assert_eq!(planner.fire(at("2026-01-01T12:01:00Z")).firings.len(), 1);
    assert_eq!(planner.fire(at("2026-01-01T12:00:59Z")), Due::default());
    assert_eq!(planner.next_wake(), Some(at("2026-01-01T12:02:00Z")));
}

#[test]
fn a_fixed_time_that_is_skipped_by_less_than_three_hours_is_made_up_for() {
    let jobs = || vec![job("nine", "0 9 * * *"), job("often", "*/20 * * * *")];
    // A suspend of forty minutes.
    let mut planner = utc(jobs(), "2026-01-01T08:50:00Z");
    let due = planner.fire(at("2026-01-01T09:30:00Z"));
    assert_eq!(fired(&due), [("nine", "2026-01-01T09:00:00Z".to_owned(), false)]);
    assert_eq!(due.missed.len(), 1);
    assert_eq!(planner.next_of("nine"), Some(at("2026-01-02T09:00:00Z")));
    // One of a night.
    let due = utc(jobs(), "2026-01-01T08:50:00Z").fire(at("2026-01-01T19:30:00Z"));
    assert_eq!((due.firings.len(), due.missed.len()), (0, 2));
    // No suspend: nobody was there.
    let last = Some(at("2025-12-31T09:00:00Z"));
    let nine = Job { last, ..job("nine", "0 9 * * *") };
    let due = utc(vec![nine], "2026-01-01T09:30:00Z").fire(at("2026-01-01T09:30:00Z"));
    assert_eq!((due.firings.len(), due.missed.len()), (0, 1));
}

#[test]
fn a_clock_that_was_far_ahead_holds_nothing_up() {
    let mut planner = utc(vec![job("nine", "0 9 * * *")], "2036-05-05T08:00:00Z");
    assert_eq!(planner.fire(at("2036-05-05T09:00:00Z")).firings.len(), 1);
    // Put right: ten years back.
    assert_eq!(planner.fire(at("2026-01-01T08:00:00Z")), Due::default());
    assert_eq!(planner.next_wake(), Some(at("2026-01-01T09:00:00Z")));
    // The same after a restart.
    let dreamt = Job { last: Some(at("2036-05-05T09:00:00Z")), ..job("nine", "0 9 * * *") };
    assert_eq!(utc(vec![dreamt], "2026-01-01T08:00:00Z").next_wake(), Some(at("2026-01-01T09:00:00Z")));
}

#[test]
fn a_clock_set_far_back_before_a_job_has_fired_plans_it_again() {
    let mut planner = utc(vec![job("nine", "0 9 * * *")], "2036-05-05T08:00:00Z");
    assert_eq!(planner.fire(at("2026-01-01T08:00:00Z")), Due::default());
    assert_eq!(planner.next_wake(), Some(at("2026-01-01T09:00:00Z")));
}

#[test]
fn a_clock_set_forward_is_like_a_suspend() {
    let mut planner = utc(vec![job("nine", "0 9 * * *")], "2026-01-01T08:00:00Z");
    let due = planner.fire(at("2036-01-01T08:00:00Z"));
    assert_eq!((due.firings.len(), due.missed.len()), (0, 1));
    assert_eq!(planner.next_wake(), Some(at("2036-01-01T09:00:00Z")));
}

#[test]
fn daylight_saving_time_is_no_clock_that_is_set() {
    let berlin = zone("Europe/Berlin");
    let mut planner = Planner::new(vec![job("half", "30 2 * * *")], berlin, at("2026-10-24T12:00:00Z"));
    let mut seen: Vec<Timestamp> = Vec::new();
    for _ in 0..3 {
        seen.extend(planner.fire(planner.next_wake().unwrap()).firings.iter().map(|firing| firing.at));
    }
    let expected = ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00", "2026-10-27T02:30:00+01:00"];
    assert_eq!(seen, expected.map(at));
}
