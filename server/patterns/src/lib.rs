//! The one checked entry for every glob: on topics, on paths, on names, in ignore files.
//!
//! globset recurses over nested braces, so a pattern of 100,000 `{` ends the process by stack overflow, whoever sent it. Here
//! a pattern's length, depth and number of alternatives are looked at before anything parses it, and what it compiles to is
//! bounded as well. No other crate of the project names globset; a test holds them to that.
//!
//! ```
//! use aiwg_patterns::{Pattern, PatternSet, TopicFilter};
//!
//! let files = PatternSet::new([Pattern::path("src/app{,.test}.ts")?])?;
//! assert_eq!(files.matches("src/app.ts"), [0]);
//! let topics = TopicFilter::new(&["task:*", "deploy:done"])?;
//! assert!(topics.is_match("task:completed") && !topics.is_match("deploy:failed"));
//! # Ok::<(), aiwg_patterns::PatternError>(())
//! ```

mod alternatives;
mod check;
mod error;
mod ignore_line;
mod limits;
mod pattern;
mod set;
mod topics;

pub use alternatives::alternatives;
pub use error::{Limit, PatternError};
pub use ignore_line::{check_ignore_line, literal_braces};
pub use limits::{DEEPEST, LONGEST_LINE, LONGEST_PATTERN, MOST_ALTERNATIVES, MOST_TOPICS};
pub use pattern::{Pattern, is_glob};
pub use set::PatternSet;
pub use topics::TopicFilter;

#[cfg(test)]
mod tests;
