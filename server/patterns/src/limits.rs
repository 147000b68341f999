//! The limits of a pattern.

/// The longest pattern, in bytes.
pub const LONGEST_PATTERN: usize = 1_024;

/// The longest line of an ignore file, in bytes. A path may have as many.
pub const LONGEST_LINE: usize = 4_096;

/// Maximum depth of braces within braces. Each level is a level of recursion in what parses, writes and drops a pattern.
pub const DEEPEST: usize = 8;

/// The most alternatives of one pattern: the commas in its braces, counted as if all of them stood there.
pub const MOST_ALTERNATIVES: usize = 256;

/// The most patterns of one [`TopicFilter`](crate::TopicFilter).
pub const MOST_TOPICS: usize = 100;
