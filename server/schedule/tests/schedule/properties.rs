//! Properties of every schedule, in every zone, at every time.

use std::collections::HashSet;

use aiwg_schedule::{Job, Planner, Schedule};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::support::{schedule, zone};

const ZONES: [&str; 7] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/Santiago",
    "Pacific/Apia",
];

fn field(least: u8, greatest: u8) -> impl Strategy<Value = String> {
    let number = least..=greatest;
    let range = (number.clone(), number.clone(), 1..20_u8).prop_map(|(a, b, step)| {
        let (first, last) = (a.min(b), a.max(b));
        format!("{first}-{last}/{step}")
    });
    let item = prop_oneof![
        2 => Just("*".to_owned()),
        1 => (1..60_u8).prop_map(|step| format!("*/{step}")),
        2 => number.prop_map(|number| number.to_string()),
        1 => range,
    ];
    prop::collection::vec(item, 1..3).prop_map(|items| items.join(","))
}

fn expression() -> impl Strategy<Value = String> {
    (field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7))
        .prop_map(|(minute, hour, day, month, weekday)| format!("{minute} {hour} {day} {month} {weekday}"))
}

/// From 1970 to 2099.
fn moment() -> impl Strategy<Value = Timestamp> {
    (0..4_102_444_800_000_i64).prop_map(|millisecond| Timestamp::from_millisecond(millisecond).unwrap())
}

fn zones() -> impl Strategy<Value = jiff::tz::TimeZone> {
    prop::sample::select(&ZONES[..]).prop_map(zone)
}

proptest! {
    #[test]
    fn times_go_forward_and_are_whole_minutes(text in expression(), zone in zones(), from in moment()) {
        let mut before = from;
        for time in schedule(&text).upcoming(from, &zone).take(50) {
            prop_assert!(time > before, "{time} after {before}");
            prop_assert_eq!(zone.to_datetime(time).second(), 0);
            before = time;
        }
    }

    #[test]
    fn where_the_search_begins_changes_nothing(text in expression(), zone in zones(), from in moment(), part in 0.0..1.0) {
        let schedule = schedule(&text);
        if let Some(next) = schedule.next_after(from, &zone) {
            let gap = next.duration_since(from).as_secs_f64();
            let between = from + SignedDuration::from_secs((gap * part) as i64);
            if between < next {
                prop_assert_eq!(schedule.next_after(between, &zone), Some(next));
            }
        }
    }

    #[test]
    fn the_last_time_is_the_one_after_which_nothing_comes(
        text in expression(), zone in zones(), after in moment(), hours in 0..20_000_i64,
    ) {
        let schedule = schedule(&text);
        let until = after + SignedDuration::from_hours(hours);
        match schedule.last_between(after, until, &zone) {
            Some(last) => {
                prop_assert!(after < last && last <= until);
                prop_assert!(schedule.next_after(last, &zone).is_none_or(|next| next > until));
                let before = last - SignedDuration::from_nanos(1);
                prop_assert_eq!(schedule.next_after(before, &zone), Some(last));
            }
            None => prop_assert!(schedule.next_after(after, &zone).is_none_or(|next| next > until)),
        }
    }

    #[test]
    fn what_is_shown_means_the_same(text in expression(), from in moment()) {
        let once = schedule(&text);
        let again = schedule(&once.to_string());
        prop_assert_eq!(&once, &again);
        let utc = jiff::tz::TimeZone::UTC;
        prop_assert_eq!(once.next_after(from, &utc), again.next_after(from, &utc));
    }

    #[test]
    fn no_text_ends_the_program(text in any::<String>()) {
        let _: Result<Schedule, _> = text.parse();
    }

    #[test]
    fn no_text_that_looks_like_a_schedule_ends_the_program(text in "[-*/,0-9a-z@?# ]{0,40}") {
        let _: Result<Schedule, _> = text.parse();
    }

    #[test]
    fn no_clock_makes_a_job_fire_twice_for_one_time(
        text in expression(), catch_up: bool, steps in prop::collection::vec(-9_000..20_000_i64, 1..80),
    ) {
        let mut now = Timestamp::from_second(1_790_000_000).unwrap();
        let mut start = now;
        let is_fixed = text.split(' ').take(2).all(|field| !field.starts_with('*'));
        let job = Job { name: "job".to_owned(), schedule: schedule(&text), catch_up, last: None };
        let mut planner = Planner::new(vec![job], zone("Europe/Berlin"), now);
        let mut seen = HashSet::new();
        // A clock that goes on, is set, or is suspended, but was never ahead by over three hours.
        let mut latest = now;
        for step in steps {
            now = (now + SignedDuration::from_secs(step)).max(latest - SignedDuration::from_secs(10_000));
            latest = latest.max(now);
            if !is_fixed {
                // They go by what the clock shows.
                seen.retain(|&at: &Timestamp| at <= now);
                start = start.min(now);
            }
            for firing in planner.fire(now).firings {
                prop_assert!(seen.insert(firing.at), "{} twice", firing.at);
                prop_assert!(start < firing.at && firing.at <= now);
                prop_assert_eq!(firing.late, now.duration_since(firing.at));
            }
            prop_assert!(planner.next_wake().is_none_or(|wake| wake > now));
        }
    }
}
