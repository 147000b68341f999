//! Stretches of time between two changes of a zone's clocks.

use jiff::{
    SignedDuration, Timestamp,
    civil::DateTime,
    tz::{Offset, TimeZone},
};

/// From one change of the clocks to the next one: a time in which local time runs evenly.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    /// Its first moment.
    pub(crate) start: Timestamp,
    /// The first moment of the next one.
    pub(crate) end: Timestamp,
    offset: Offset,
    /// Offset before it.
    before: Option<Offset>,
}

impl Stretch {
    /// The one that a moment, a whole second, is in.
    pub(crate) fn of(zone: &TimeZone, at: Timestamp) -> Self {
        let second = SignedDuration::from_secs(1);
        // The transitions that `preceding` gives are before what it is given, and one can be at this very second.
        let after = at.checked_add(second).unwrap_or(Timestamp::MAX);
        let start = zone.preceding(after).next().map_or(Timestamp::MIN, |change| change.timestamp());
        let end = zone.following(at).next().map_or(Timestamp::MAX, |change| change.timestamp());
        let before = start.checked_sub(second).ok().map(|last| zone.to_offset(last));
        Self { start, end, offset: zone.to_offset(at), before }
    }

    /// Time that clocks on the wall show.
    pub(crate) fn local(&self, at: Timestamp) -> DateTime {
        self.offset.to_datetime(at)
    }

    /// Moment at which clocks on the wall show a time. None at the ends of time.
    pub(crate) fn moment(&self, local: DateTime) -> Option<Timestamp> {
        self.offset.to_timestamp(local).ok()
    }

    /// Duration by which the clocks are set forward at its start; negative if they are set back.
    pub(crate) fn jump(&self) -> SignedDuration {
        let seconds = self.before.map_or(0, |before| self.offset.seconds() - before.seconds());
        SignedDuration::from_secs(seconds.into())
    }

    /// Time that clocks on the wall would have shown at its start if nobody had set them.
    pub(crate) fn start_as_before(&self) -> DateTime {
        self.before.unwrap_or(self.offset).to_datetime(self.start)
    }
}
