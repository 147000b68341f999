//! `daemon.log`: what the daemon did, rotated by size, and reading it across its files.

mod read;
mod write;

pub use read::{Cursor, LogChunk, MAX_LINES, follow, last};
pub(crate) use write::Log;
