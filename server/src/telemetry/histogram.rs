//! Histograms: how many values lie below each of some bounds.

/// Bounds for what takes a moment, in seconds: a commit.
const MOMENTS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Bounds for what agents take, in seconds: up to a day.
const WORK: &[f64] = &[0.1, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0];

/// A histogram of times, in seconds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Histogram {
    bounds: &'static [f64],
    /// The number of values up to each bound and above the one before; the last one is of those above all bounds.
    counts: Vec<u64>,
    sum: f64,
}

impl Histogram {
    /// An empty one for what takes a moment.
    pub(crate) fn of_moments() -> Self {
        Self::new(MOMENTS)
    }

    /// An empty one for what agents take.
    pub(crate) fn of_work() -> Self {
        Self::new(WORK)
    }

    fn new(bounds: &'static [f64]) -> Self {
        Self { bounds, counts: vec![0; bounds.len() + 1], sum: 0.0 }
    }

    /// Takes in a time. One below 0, as where a clock was set back, counts as 0.
    pub(crate) fn observe(&mut self, seconds: f64) {
        let seconds = seconds.max(0.0);
        let place = self.bounds.partition_point(|bound| *bound < seconds);
        if let Some(count) = self.counts.get_mut(place) {
            *count += 1;
        }
        self.sum += seconds;
    }

    /// Each bound with the number of values up to it; the last bound is infinite.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        let bounds = self.bounds.iter().copied().chain([f64::INFINITY]);
        bounds.zip(self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        }))
    }

    /// The number of values.
    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Their sum, in seconds.
    pub(crate) fn sum(&self) -> f64 {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_up_to_its_bound_and_all_above() {
        let mut all = Histogram::of_moments();
        [0.0, 0.0005, 0.0006, 5.0, 5.1, -3.0].into_iter().for_each(|seconds| all.observe(seconds));
        let buckets: Vec<_> = all.buckets().collect();
        assert_eq!(buckets[..2], [(0.0005, 3), (0.001, 4)]);
        assert_eq!(buckets[buckets.len() - 2..], [(5.0, 5), (f64::INFINITY, 6)]);
        assert_eq!((all.count(), (all.sum() * 1e4).round()), (6, 101_011.0));
    }
}
