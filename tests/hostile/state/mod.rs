//! The person who decides what runs.

mod configuration;
mod enemies;
mod foreign;
mod neighbours;
mod origins;
mod places;
mod planted;
mod rights;
