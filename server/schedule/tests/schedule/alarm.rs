//! The alarm on the real clock. That the clock is set while it waits is not tried: a test must not set it.

use std::time::Duration;

use aiwg_schedule::Alarm;
use jiff::{SignedDuration, Timestamp};

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn it_rings_at_its_time_and_not_before() {
    run(async {
        let mut alarm = Alarm::new().unwrap();
        // Again and again: what rang once must not ring for the next time.
        for _ in 0..5 {
            let time = Timestamp::now() + SignedDuration::from_millis(20);
            while Timestamp::now() < time {
                alarm.until(Some(time)).await.unwrap();
            }
        }
    });
}

#[test]
fn it_rings_at_once_for_a_time_that_has_passed() {
    run(async {
        let mut alarm = Alarm::new().unwrap();
        for time in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::now()] {
            alarm.until(Some(time)).await.unwrap();
        }
    });
}

#[test]
fn it_waits_for_ever_if_there_is_nothing_to_wait_for() {
    run(async {
        let mut alarm = Alarm::new().unwrap();
        let soon = Duration::from_millis(50);
        for never in [None, Some(Timestamp::MAX)] {
            // Somebody may set the machine's clock, and then it returns for a look at it.
            let mut returned = 0;
            while tokio::time::timeout(soon, alarm.until(never)).await.is_ok() {
                returned += 1;
                assert!(returned < 20, "{never:?}");
            }
        }
        // A wait that was given up does not disturb the next one.
        alarm.until(Some(Timestamp::now())).await.unwrap();
    });
}
