//! Who decides what runs.

mod configuration;
mod foreign;
mod origins;
mod places;
mod rights;
