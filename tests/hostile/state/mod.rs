//! Who decides what runs.

mod configuration;
mod enemies;
mod foreign;
mod origins;
mod places;
mod planted;
mod rights;
