//! Who decides what runs.

mod origins;
mod rights;
