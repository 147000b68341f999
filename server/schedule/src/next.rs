//! The times at which a schedule fires, in a time zone.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{schedule::Schedule, stretch::Stretch};

/// Limit of the search: 50 years. The longest that a schedule can pause is 40 years: from the 29th of February on a
/// given day of the week to the next one, if a year such as 2100 is between them.
const HORIZON: SignedDuration = SignedDuration::from_hours(50 * 366 * 24);

/// Up to this, clocks are set for daylight saving time, or for some such reason; beyond it they are put right, says cron(8).
const SMALL_JUMP: SignedDuration = SignedDuration::from_hours(3);

impl Schedule {
    /// The first time after this one at which it fires, in a zone: the beginning of a minute.
    ///
    /// None if it doesn't within 50 years, which means never (`30 2 30 2 *`).
    ///
    /// Around changes of the zone's clocks it does what Debian's cron does:
    ///
    /// - One that has `*` in front in the field of the minute or of the hour goes by what clocks show: hours that are skipped are
    ///   skipped, those that come twice count twice.
    /// - Any other one is for fixed times of the day. Of those that are skipped, because clocks are set forward by less than
    ///   three hours, it makes up for right after the change, once for all of them. Those that come again, because clocks are set back
    ///   by up to three hours, do not count again.
    pub fn next_after(&self, time: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        self.next_until(time, time.checked_add(HORIZON).unwrap_or(Timestamp::MAX), zone)
    }

    /// All times after this one at which it fires.
    pub fn upcoming<'a>(
        &'a self,
        from: Timestamp,
        zone: &'a TimeZone,
    ) -> impl Iterator<Item = Timestamp> + 'a {
        std::iter::successors(self.next_after(from, zone), |&last| self.next_after(last, zone))
    }

    /// The last time at which it fired after `after` and not after `until`. None if it didn't.
    ///
    /// The search takes some 40 looks however long the time is, and no look at each firing.
    pub fn last_between(&self, after: Timestamp, until: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut last = self.next_until(after, until, zone)?;
        let mut end = until.as_second();
        // It fires in (last, end] or `last` is what is sought, and not in (end, until].
        while last.as_second() < end {
            let middle = last.as_second() + (end - last.as_second()) / 2;
            let from = Timestamp::from_second(middle).ok()?;
            match self.next_until(from, until, zone) {
                Some(later) => last = later,
                None => end = middle,
            }
        }
        Some(last)
    }

    /// The first time after `time` and not after `until`.
    fn next_until(&self, time: Timestamp, until: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        // Or it would look at each day of 50 years.
        if !self.comes_round() {
            return None;
        }
        let mut from = Timestamp::from_second(time.as_second().checked_add(1)?).ok()?;
        while from <= until {
            let stretch = Stretch::of(zone, from);
            if let Some(found) = self.first_in(&stretch, from) {
                return (found <= until).then_some(found);
            }
            if stretch.end == Timestamp::MAX {
                return None;
            }
            from = stretch.end;
        }
        None
    }

    /// The first time in a stretch that is not before `from`, which is in it.
    fn first_in(&self, stretch: &Stretch, from: Timestamp) -> Option<Timestamp> {
        let begin = stretch.local(from);
        let end = stretch.local(stretch.end);
        let jump = stretch.jump();
        if self.is_wildcard() || jump.is_zero() {
            return self.first_minute(begin, end).and_then(|local| stretch.moment(local));
        }
        if jump.is_positive() && jump < SMALL_JUMP && from == stretch.start {
            let skipped = self.first_minute(stretch.start_as_before(), begin);
            if skipped.is_some() {
                return Some(stretch.start);
            }
        }
        let is_repeated = jump.is_negative() && -jump <= SMALL_JUMP;
        let begin = if is_repeated { begin.max(stretch.start_as_before()) } else { begin };
        self.first_minute(begin, end).and_then(|local| stretch.moment(local))
    }
}
