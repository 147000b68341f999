//! `daemon.log`: the daemon's log, rotated by size, and reading it across its files.

mod file;
mod read;
mod write;

pub use read::{Cursor, LogChunk, MAX_LINES, follow, last};
pub use write::last_words;
pub(crate) use write::{Log, keep_last_words};
