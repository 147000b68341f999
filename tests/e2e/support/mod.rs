//! What the tests stand on.

mod process;
mod project;
mod wait;
mod wire;

pub(crate) use process::{is_dead, kill, processes_of};
pub(crate) use project::{Project, repository};
pub(crate) use wait::{until, until_some};
pub(crate) use wire::Wire;
