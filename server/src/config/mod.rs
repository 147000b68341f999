//! Reading `.aiwg/daemon.json`, and telling where it is wrong.

mod check;
mod error;
mod load;
mod locate;

pub use error::{ConfigError, Problem};
pub use load::{Loaded, load, parse};
