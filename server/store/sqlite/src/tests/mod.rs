//! Tests of statements, and of what is known of what is stored, on SQLite.

mod answers;
mod cursors;
mod holds;
mod list;
mod queue;
mod tasks;
mod usage;
