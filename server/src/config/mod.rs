//! Reading `.aiwg/daemon.json`, and reporting where it is wrong.

mod address;
mod agents;
mod changes;
mod check;
mod differences;
mod emitted;
mod error;
mod file_look;
mod in_force;
mod load;
mod numbers;
mod persons;
mod report;
mod schema;
mod settings;
mod stamps;
mod topic_files;
mod topics;
mod trusted;
mod validate;
mod words;

pub(crate) use address::is_of_this_machine;
pub(crate) use agents::{access, may_set, refers};
pub(crate) use aiwg_model::text::nearest;
pub(crate) use check::{Check, Checks, SectionCheck};
pub(crate) use differences::Differences;
pub use error::ConfigError;
pub(crate) use in_force::{Asked, Chosen, choose};
pub use load::Loaded;
pub(crate) use load::{Parsed, load, load_for, parse};
pub(crate) use report::Step;
pub use settings::Settings;
