//! Errors: the refused expressions, the position and the message.

use aiwg_schedule::{Field, ParseError, Schedule};

fn error(text: &str) -> ParseError {
    let schedule: Result<Schedule, _> = text.parse();
    schedule.expect_err(text)
}

#[track_caller]
fn says(text: &str, message: &str) {
    assert_eq!(error(text).to_string(), message, "`{text}`");
}

#[test]
fn a_number_out_of_range_names_the_field_and_what_is_allowed() {
    says("61 * * * *", "minute: 61 is not from 0 to 59 (character 1)");
    says("0 24 * * *", "hour: 24 is not from 0 to 23 (character 3)");
    says("0 0 0 * *", "day of month: 0 is not from 1 to 31 (character 5)");
    says("0 0 1 13 *", "month: 13 is not from 1 to 12 (character 7)");
    says("0 0 * * 1-8", "day of week: 8 is not from 0 to 7 (character 11)");
    says("0,10,99 * * * *", "minute: 99 is not from 0 to 59 (character 6)");
    let error = error("  0   99999999999999999999999 * * *");
    assert_eq!((error.field, error.position), (Some(Field::Hour), 7));
    assert_eq!(error.problem, "99999999999999999999… is not from 0 to 23");
}

#[test]
fn what_is_no_number_names_what_is_allowed() {
    says("x * * * *", "minute: `x` is not a number from 0 to 59 (character 1)");
    says("-5 * * * *", "minute: something is missing here: a number from 0 to 59 (character 1)");
    says("1, * * * *", "minute: something is missing here: a number from 0 to 59 (character 3)");
    says(
        "0 0 * * 1,foo",
        "day of week: `foo` is not a number from 0 to 7 or a name from sun to sat (character 11)",
    );
    says("0 0 mon * *", "day of month: `mon` is not a number from 1 to 31 (character 5)");
    says("* *\n* * * *", "hour: `*\\n*` is not a number from 0 to 23 (character 3)");
    says("*5 * * * *", "minute: `*5` is not a number from 0 to 59 (character 1)");
    says("+5 * * * *", "minute: `+5` is not a number from 0 to 59 (character 1)");
}

#[test]
fn other_dialects_are_recognized() {
    says("0 0 ? * 1", "day of month: `?` is not crontab's: write `*` (character 5)");
    says("0 0 L * *", "day of month: `L` is not a number from 1 to 31 (character 5)");
    says(
        "0 0 * * friday",
        "day of week: `friday` is not a name: its first three letters are, `fri` (character 9)",
    );
    says("5/15 * * * *", "minute: a step needs a range or `*` before it, as in `5-59/15` (character 1)");
    says("*/0 * * * *", "minute: `0` is no step: it is a number from 1 (character 3)");
    says("*/ * * * *", "minute: `` is no step: it is a number from 1 (character 3)");
    says("0-9/2/3 * * * *", "minute: `2/3` is no step: it is a number from 1 (character 5)");
}

#[test]
fn a_range_that_runs_backwards_says_what_to_write() {
    says("0 22-2 * * *", "hour: the range 22-2 runs backwards: write `22-23,0-2` (character 3)");
    says("0 0 * * fri-sun", "day of week: the range fri-sun runs backwards: write `5-7` (character 9)");
    says("0 0 * * 7-2", "day of week: the range 7-2 runs backwards: write `0-2` (character 9)");
    says("0 0 * * sat-mon", "day of week: the range sat-mon runs backwards: write `6-6,0-1` (character 9)");
    says("0 0 * nov-feb *", "month: the range nov-feb runs backwards: write `11-12,1-2` (character 7)");
}

#[test]
fn the_number_of_fields() {
    const NEEDED: &str = "a schedule has five fields: minute, hour, day of month, month, day of week";
    says("", &format!("{NEEDED}; here are 0 (character 1)"));
    says("0 9 * *", &format!("{NEEDED}; here are 4 (character 8)"));
    let seconds = "a crontab has no field for seconds or years: is it `30 9 * * 1`? (character 1)";
    says("0 30 9 * * 1", &format!("{NEEDED}; {seconds}"));
    says("0 30 9 * * 1 2026", &format!("{NEEDED}; {seconds}"));
    says("0 9 * * * run-me", &format!("{NEEDED}; here are 6 (character 11)"));
    says("1 2 3 4 5 6 7 8", &format!("{NEEDED}; here are 8 (character 11)"));
}

#[test]
fn words() {
    says(
        "@reboot",
        "@reboot is not a time that comes round, so nothing can be scheduled for it (character 1)",
    );
    says(
        "@dayly",
        "only these words stand for five fields: @yearly @annually @monthly @weekly @daily @midnight @hourly \
         (character 1)",
    );
}
