//! Numbers that programs print: any number, of which no more is believed than can be.

use serde_json::Value;

use crate::evaluation::Tokens;

/// The most turns or tokens that are believed of one run, over all its results.
pub(crate) const MOST: u64 = 1_000_000_000_000;

/// The most US dollars that are believed of one session.
pub(crate) const MOST_USD: f64 = 1_000_000_000.0;

impl std::ops::AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        self.input = sum(self.input, other.input);
        self.output = sum(self.output, other.output);
        self.cache_read = sum(self.cache_read, other.cache_read);
        self.cache_creation = sum(self.cache_creation, other.cache_creation);
    }
}

/// Of two counts.
pub(crate) fn sum(one: u64, other: u64) -> u64 {
    one.saturating_add(other).min(MOST)
}

/// A number of turns or tokens, be it beyond what an integer holds; 0 where it is none.
pub(crate) fn count(value: &Value) -> u64 {
    // Exact for all that is believed, and `as` keeps what is below 0 at 0.
    value.as_f64().map_or(0, |number| number as u64).min(MOST)
}

/// An amount; none where it is none. One below 0 is none: nothing is known of the cost then.
pub(crate) fn usd(value: &Value) -> Option<f64> {
    value.as_f64().filter(|usd| *usd >= 0.0).map(believed_usd)
}

/// An amount between nothing and the most.
pub(crate) fn believed_usd(usd: f64) -> f64 {
    usd.clamp(0.0, MOST_USD)
}

impl Tokens {
    /// These tokens without others, each kind at least 0.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_sub(other.input),
            output: self.output.saturating_sub(other.output),
            cache_read: self.cache_read.saturating_sub(other.cache_read),
            cache_creation: self.cache_creation.saturating_sub(other.cache_creation),
        }
    }
}
