//! Times and zones as people write them.

use aiwg_schedule::{time, time_zone};
use jiff::tz::TimeZone;

use crate::support::{at, schedule, zone};

#[test]
fn the_next_times_are_in_rfc_3339_with_the_offset_of_each() {
    let berlin = zone("Europe/Berlin");
    let from = time("2026-03-28", &berlin).unwrap();
    let times = schedule("30 2 * * *").next_times(from, &berlin, 3);
    assert_eq!(
        times,
        ["2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
    );
    assert!(schedule("0 0 30 2 *").next_times(from, &berlin, 3).is_empty());
}

#[test]
fn a_time_without_an_offset_is_on_the_clocks_of_the_zone() {
    let berlin = zone("Europe/Berlin");
    assert_eq!(time("2026-07-01T12:00", &berlin), Ok(at("2026-07-01T10:00:00Z")));
    assert_eq!(time("2026-07-01T12:00:00-04:00", &berlin), Ok(at("2026-07-01T16:00:00Z")));
    // Twice: the first. Skipped: as much later.
    assert_eq!(time("2026-10-25T02:30", &berlin), Ok(at("2026-10-25T00:30:00Z")));
    assert_eq!(time("2026-03-29T02:30", &berlin), Ok(at("2026-03-29T01:30:00Z")));
}

#[test]
fn errors_say_what_to_write() {
    let error = time("tomorrow", &TimeZone::UTC).unwrap_err().to_string();
    assert_eq!(
        error,
        "`tomorrow` is not a time: write 2026-03-29T02:30, or with an offset 2026-03-29T02:30:00+01:00"
    );
    let error = time_zone(Some("Europe/Berlni")).unwrap_err().to_string();
    assert_eq!(error, "there is no time zone `Europe/Berlni`: names are as in Europe/Berlin, or UTC");
    assert!(time_zone(Some("Australia/Lord_Howe")).is_ok() && time_zone(None).is_ok());
}
