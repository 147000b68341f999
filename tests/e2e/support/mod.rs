//! Helpers of the tests.

mod process;
mod project;
mod terminal;
mod vectors;
mod wait;
mod wire;

pub(crate) use process::{is_dead, kill, may_unshare, processes_of};
pub(crate) use project::{Cli, Project, repository};
pub(crate) use terminal::Step;
pub(crate) use vectors::{call_vectors, fits, with_vector_rule};
pub(crate) use wait::{until, until_some};
pub(crate) use wire::Wire;
