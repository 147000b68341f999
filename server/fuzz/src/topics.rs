//! Topics as a client gives them: a line each, of which the last is matched.

use aiwg_patterns::{Pattern, PatternSet, TopicFilter};

/// Tries one input.
pub fn topics(text: &str) {
    let topics: Vec<&str> = text.split('\n').collect();
    let last = topics.last().copied().unwrap_or_default();
    let Ok(filter) = TopicFilter::new(&topics) else { return };
    let patterns = topics.iter().map(|topic| Pattern::topic(topic).unwrap());
    // Both ways to match come to the same.
    if let Ok(set) = PatternSet::new(patterns) {
        assert_eq!(set.is_match(last), filter.is_match(last));
    }
}
