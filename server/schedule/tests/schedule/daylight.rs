//! Days on which clocks are set, in zones that do it in different ways. cron(8) says what is to happen.

use crate::support::{at, fires, schedule, zone};

/// Checks when it fires after `from` and before `until`.
#[track_caller]
fn fire(text: &str, name: &str, (from, until): (&str, &str), expected: &[&str]) {
    assert_eq!(fires(text, &zone(name), from, until), expected, "`{text}` in {name}");
}

/// Clocks go from 2:00 to 3:00.
const BERLIN_SPRING: (&str, &str) = ("2026-03-28T12:00:00+01:00", "2026-03-29T12:00:00+02:00");
/// Clocks go from 3:00 back to 2:00.
const BERLIN_AUTUMN: (&str, &str) = ("2026-10-24T12:00:00+02:00", "2026-10-25T12:00:00+01:00");

#[test]
fn berlin_fixed_times_that_are_skipped_run_right_after() {
    let berlin = |text, expected: &[&str]| fire(text, "Europe/Berlin", BERLIN_SPRING, expected);
    berlin("30 2 * * *", &["2026-03-29T03:00:00+02:00"]);
    berlin("0 2 * * *", &["2026-03-29T03:00:00+02:00"]);
    berlin("59 1 * * *", &["2026-03-29T01:59:00+01:00"]);
    // Once for all that were skipped, and for the one that is due then anyway.
    berlin("0,15,30 2 * * *", &["2026-03-29T03:00:00+02:00"]);
    berlin(
        "0,30 1-3 * * *",
        &[
            "2026-03-29T01:00:00+01:00",
            "2026-03-29T01:30:00+01:00",
            "2026-03-29T03:00:00+02:00",
            "2026-03-29T03:30:00+02:00",
        ],
    );
    // Steps through a range are fixed times, too.
    berlin(
        "0 0-8/4 * * *",
        &["2026-03-29T00:00:00+01:00", "2026-03-29T04:00:00+02:00", "2026-03-29T08:00:00+02:00"],
    );
}

#[test]
fn berlin_wildcards_go_by_the_clock() {
    let berlin = |text, expected: &[&str]| fire(text, "Europe/Berlin", BERLIN_SPRING, expected);
    berlin("*/20 2 * * *", &[]);
    berlin(
        "30 */2 29 * *",
        &[
            "2026-03-29T00:30:00+01:00",
            "2026-03-29T04:30:00+02:00",
            "2026-03-29T06:30:00+02:00",
            "2026-03-29T08:30:00+02:00",
            "2026-03-29T10:30:00+02:00",
        ],
    );
    let autumn = |text, expected: &[&str]| fire(text, "Europe/Berlin", BERLIN_AUTUMN, expected);
    autumn(
        "*/30 2 * * *",
        &[
            "2026-10-25T02:00:00+02:00",
            "2026-10-25T02:30:00+02:00",
            "2026-10-25T02:00:00+01:00",
            "2026-10-25T02:30:00+01:00",
        ],
    );
}

#[test]
fn berlin_fixed_times_that_come_twice_run_once() {
    let berlin = |text, expected: &[&str]| fire(text, "Europe/Berlin", BERLIN_AUTUMN, expected);
    berlin("30 2 * * *", &["2026-10-25T02:30:00+02:00"]);
    berlin("0 3 * * *", &["2026-10-25T03:00:00+01:00"]);
    berlin(
        "0 1-3 * * *",
        &["2026-10-25T01:00:00+02:00", "2026-10-25T02:00:00+02:00", "2026-10-25T03:00:00+01:00"],
    );
}

#[test]
fn hourly_is_a_wildcard() {
    let hours =
        |text| fires(text, &zone("Europe/Berlin"), BERLIN_AUTUMN.0, "2026-10-25T04:30:00+01:00").len();
    assert_eq!(hours("@hourly"), 17);
    assert_eq!(hours("0 0-23 * * *"), 16);
}

#[test]
fn new_york() {
    let spring = ("2026-03-08T00:00:00-05:00", "2026-03-08T12:00:00-04:00");
    fire("15 2 * * *", "America/New_York", spring, &["2026-03-08T03:00:00-04:00"]);
    fire("15 3 * * *", "America/New_York", spring, &["2026-03-08T03:15:00-04:00"]);
    let autumn = ("2026-11-01T00:00:00-04:00", "2026-11-01T12:00:00-05:00");
    fire("15 1 * * *", "America/New_York", autumn, &["2026-11-01T01:15:00-04:00"]);
    fire(
        "15 * 1 11 *",
        "America/New_York",
        ("2026-11-01T00:30:00-04:00", "2026-11-01T02:30:00-05:00"),
        &["2026-11-01T01:15:00-04:00", "2026-11-01T01:15:00-05:00", "2026-11-01T02:15:00-05:00"],
    );
}

#[test]
fn lord_howe_sets_its_clocks_by_half_an_hour() {
    // From 2:00 to 2:30, and from 2:00 back to 1:30.
    let spring = ("2026-10-03T12:00:00+10:30", "2026-10-04T04:00:00+11:00");
    fire("15 2 * * *", "Australia/Lord_Howe", spring, &["2026-10-04T02:30:00+11:00"]);
    fire("45 2 * * *", "Australia/Lord_Howe", spring, &["2026-10-04T02:45:00+11:00"]);
    fire(
        "*/15 2 * * *",
        "Australia/Lord_Howe",
        spring,
        &["2026-10-04T02:30:00+11:00", "2026-10-04T02:45:00+11:00"],
    );
    let autumn = ("2026-04-04T12:00:00+11:00", "2026-04-05T04:00:00+10:30");
    fire("45 1 * * *", "Australia/Lord_Howe", autumn, &["2026-04-05T01:45:00+11:00"]);
    fire(
        "*/20 1 5 * *",
        "Australia/Lord_Howe",
        autumn,
        &[
            "2026-04-05T01:00:00+11:00",
            "2026-04-05T01:20:00+11:00",
            "2026-04-05T01:40:00+11:00",
            "2026-04-05T01:40:00+10:30",
        ],
    );
}

#[test]
fn casablanca_sets_its_clocks_back_for_ramadan() {
    // In 2025 from 3:00 back to 2:00 on the 23rd of February, and from 2:00 to 3:00 on the 6th of April.
    let back = ("2025-02-22T12:00:00+01:00", "2025-02-23T12:00:00+00:00");
    fire("30 2 * * *", "Africa/Casablanca", back, &["2025-02-23T02:30:00+01:00"]);
    let forward = ("2025-04-05T12:00:00+00:00", "2025-04-06T12:00:00+01:00");
    fire("30 2 * * *", "Africa/Casablanca", forward, &["2025-04-06T03:00:00+01:00"]);
}

#[test]
fn a_skipped_midnight_is_made_up_for_at_one() {
    let santiago = ("2026-09-05T12:00:00-04:00", "2026-09-07T12:00:00-03:00");
    fire("@daily", "America/Santiago", santiago, &["2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00"]);
    fire(
        "*/30 0 * * *",
        "America/Santiago",
        santiago,
        &["2026-09-07T00:00:00-03:00", "2026-09-07T00:30:00-03:00"],
    );
}

#[test]
fn clocks_that_are_set_by_three_hours_or_more_were_wrong_before() {
    // Samoa skipped the 30th of December 2011.
    let samoa = ("2011-12-29T00:00:00-10:00", "2012-01-01T00:00:00+14:00");
    fire("0 9 * * *", "Pacific/Apia", samoa, &["2011-12-29T09:00:00-10:00", "2011-12-31T09:00:00+14:00"]);
}

#[test]
fn a_time_before_the_change_sees_it_coming_and_one_after_it_does_not_look_back() {
    let berlin = zone("Europe/Berlin");
    let early = schedule("30 2 * * *");
    let change = at("2026-03-29T03:00:00+02:00");
    assert_eq!(early.next_after(at("2026-03-29T01:59:59+01:00"), &berlin), Some(change));
    assert_eq!(early.next_after(change, &berlin), Some(at("2026-03-30T02:30:00+02:00")));
    assert_eq!(
        early.last_between(at("2026-03-28T12:00:00Z"), at("2026-03-29T12:00:00Z"), &berlin),
        Some(change)
    );
    assert_eq!(early.last_between(change, at("2026-03-29T12:00:00Z"), &berlin), None);
}
