//! Reading `.aiwg/daemon.json`, and telling where it is wrong.

mod agents;
mod changes;
mod check;
mod error;
mod in_force;
mod links;
mod load;
mod notices;
mod numbers;
mod report;
mod schema;
mod settings;
mod shape;
#[cfg(test)]
mod tests;
mod trusted;
mod words;

pub(crate) use agents::{access, may_set};
pub(crate) use check::{cannot_occur, reserved};
pub use error::ConfigError;
pub(crate) use in_force::{Asked, Chosen, choose};
pub(crate) use load::load_for;
pub use load::{Loaded, load, parse};
pub(crate) use notices::asked_in_vain;
pub use settings::Settings;
pub(crate) use words::nearest;
