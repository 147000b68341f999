//! The sentences of crontab(5), each with examples.

use crate::support::{firsts, schedule};

/// A Thursday.
const NEW_YEAR: &str = "2026-01-01T00:00";

/// The first times of the schedule after the beginning of 2026 in UTC, as many as are given.
#[track_caller]
fn means(text: &str, times: &[&str]) {
    assert_eq!(firsts(text, NEW_YEAR, times.len()), times, "`{text}`");
}

/// Both mean the same times.
#[track_caller]
fn same(one: &str, other: &str) {
    assert_eq!(firsts(one, NEW_YEAR, 200), firsts(other, NEW_YEAR, 200), "`{one}` and `{other}`");
}

#[test]
fn a_job_runs_when_minute_hour_and_month_match_and_one_of_the_days() {
    means("30 4 * * *", &["Thu 2026-01-01 04:30", "Fri 2026-01-02 04:30"]);
    means("5 4 3 2 *", &["Tue 2026-02-03 04:05", "Wed 2027-02-03 04:05"]);
    means("0 12 * * 1", &["Mon 2026-01-05 12:00", "Mon 2026-01-12 12:00"]);
}

#[test]
fn a_field_may_be_an_asterisk_which_stands_for_first_to_last() {
    same("* * * * *", "0-59 0-23 * * *");
    same("0 0 * * *", "0 0 1-31 1-12 0-7");
    means("* * * * *", &["Thu 2026-01-01 00:01", "Thu 2026-01-01 00:02"]);
}

#[test]
fn ranges_are_inclusive() {
    same("0 8-11 * * *", "0 8,9,10,11 * * *");
    same("0 8-8 * * *", "0 8 * * *");
}

#[test]
fn a_list_is_a_set_of_numbers_or_ranges_separated_by_commas() {
    same("0 1,2,5,9 * * *", "0 9,5,2,1,1 * * *");
    same("0 0-4,8-12 * * *", "0 0,1,2,3,4,8,9,10,11,12 * * *");
    same("*,5 0 * * *", "* 0 * * *");
}

#[test]
fn steps_skip_through_a_range() {
    same("0 0-23/2 * * *", "0 0,2,4,6,8,10,12,14,16,18,20,22 * * *");
    same("0 */2 * * *", "0 0-23/2 * * *");
    same("1-9/2 * * * *", "1,3,5,7,9 * * * *");
    same("5-5/3 * * * *", "5 * * * *");
    same("0-10/5,30 * * * *", "0,5,10,30 * * * *");
    // Counted from the first number, not from 0.
    same("0 0 */10 * *", "0 0 1,11,21,31 * *");
}

#[test]
fn a_step_beyond_the_range_leaves_its_first_number() {
    same("*/90 * * * *", "0 * * * *");
    same("0 0 * * 1-5/99999999999", "0 0 * * 1");
}

#[test]
fn names_are_the_first_three_letters_and_case_does_not_matter() {
    same("0 0 * jan *", "0 0 * 1 *");
    same("0 0 * Dec *", "0 0 * 12 *");
    same("0 0 * * SUN", "0 0 * * 0");
    same("0 0 * * sAt", "0 0 * * 6");
}

#[test]
fn names_may_stand_in_lists_and_ranges_as_debian_has_it() {
    same("0 9 * * mon-fri", "0 9 * * 1-5");
    same("0 9 * jan,jul-sep mon,3", "0 9 * 1,7-9 1,3");
    same("0 9 * * mon-fri/2", "0 9 * * 1,3,5");
}

#[test]
fn zero_and_seven_are_sunday() {
    same("0 0 * * 7", "0 0 * * 0");
    same("0 0 * * 5-7", "0 0 * * 5,6,0");
    same("0 0 * * 0-7", "0 0 * * *");
    same("0 0 * * 1-7/6", "0 0 * * 1,7");
    means("0 0 * * 7", &["Sun 2026-01-04 00:00", "Sun 2026-01-11 00:00"]);
}

#[test]
fn if_both_days_are_restricted_either_is_enough() {
    means(
        "30 4 1,15 * 5",
        &[
            "Thu 2026-01-01 04:30",
            "Fri 2026-01-02 04:30",
            "Fri 2026-01-09 04:30",
            "Thu 2026-01-15 04:30",
            "Fri 2026-01-16 04:30",
        ],
    );
    means("0 0 31 2 1", &["Mon 2026-02-02 00:00", "Mon 2026-02-09 00:00"]);
}

#[test]
fn a_day_that_begins_with_an_asterisk_does_not_restrict_so_both_must_agree() {
    means("0 0 */2 * 5", &["Fri 2026-01-09 00:00", "Fri 2026-01-23 00:00"]);
    means("0 0 1-7 * */7", &["Sun 2026-01-04 00:00", "Sun 2026-02-01 00:00"]);
    // The first character decides: the same numbers in another order are restricted.
    means("0 0 10 * *,1", &["Sat 2026-01-10 00:00", "Tue 2026-02-10 00:00"]);
    means("0 0 10 * 1,*", &["Fri 2026-01-02 00:00", "Sat 2026-01-03 00:00"]);
    means("0 0 1-31 * 5", &["Fri 2026-01-02 00:00", "Sat 2026-01-03 00:00"]);
}

#[test]
fn words_stand_for_five_fields() {
    let words = [
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
    ];
    for (word, fields) in words {
        assert_eq!(firsts(word, NEW_YEAR, 20), firsts(fields, NEW_YEAR, 20), "{word}");
    }
}

#[test]
fn fields_are_separated_by_spaces_or_tabs() {
    same(" \t0\t 12  *\t* *  ", "0 12 * * *");
    same("  @daily ", "@daily");
}

#[test]
fn it_is_shown_as_it_was_written() {
    assert_eq!(schedule("  0  9 * * MON-fri ").to_string(), "0  9 * * MON-fri");
    assert_eq!(schedule("@daily").to_string(), "@daily");
}

#[test]
fn the_time_itself_does_not_count() {
    assert_eq!(firsts("0 0 * * *", "2026-01-01T00:00", 1), ["Fri 2026-01-02 00:00"]);
    assert_eq!(firsts("0 0 * * *", "2025-12-31T23:59:59.9", 1), ["Thu 2026-01-01 00:00"]);
    assert_eq!(firsts("0 0 * * *", "2026-01-01T00:00:00.1", 1), ["Fri 2026-01-02 00:00"]);
}

#[test]
fn a_day_that_never_comes_never_fires() {
    for text in ["30 2 30 2 *", "0 0 31 4,6,9,11 *", "0 0 30-31 feb *"] {
        assert_eq!(firsts(text, NEW_YEAR, 1), Vec::<String>::new(), "`{text}`");
    }
}

#[test]
fn a_day_that_seldom_comes_fires() {
    means("0 0 29 2 *", &["Tue 2028-02-29 00:00", "Sun 2032-02-29 00:00"]);
    // The longest pause that there is: 2100 is no leap year.
    assert_eq!(firsts("0 0 29 2 */7", "2072-03-01T00:00", 1), ["Sun 2088-02-29 00:00"]);
    assert_eq!(firsts("0 0 29 2 */7", "2088-03-01T00:00", 1), ["Sun 2128-02-29 00:00"]);
}

#[test]
fn the_ends_of_time_are_no_trouble() {
    let daily = schedule("@daily");
    let utc = jiff::tz::TimeZone::UTC;
    assert_eq!(daily.next_after(jiff::Timestamp::MAX, &utc), None);
    assert!(daily.next_after(jiff::Timestamp::MIN, &utc).is_some());
    let berlin = crate::support::zone("Europe/Berlin");
    assert_eq!(daily.next_after(jiff::Timestamp::MAX, &berlin), None);
    assert!(daily.next_after(jiff::Timestamp::MIN, &berlin).is_some());
}
