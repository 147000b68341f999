//! Reading `.aiwg/daemon.json`, and telling where it is wrong.

mod check;
mod error;
mod load;
mod locate;
mod settings;

pub use error::{ConfigError, Problem};
pub(crate) use load::load_for;
pub use load::{Loaded, load, parse};
pub(crate) use locate::nearest;
pub use settings::Settings;
