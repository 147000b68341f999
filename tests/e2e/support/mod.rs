//! Helpers of the tests of the binary.

pub(crate) mod postgres;
mod project;
mod terminal;

pub(crate) use aiwg_testing::{
    Wire, call_vectors, is_dead, kill, may_unshare, processes_of, repository, until, until_some,
};
pub(crate) use project::{Cli, Project};
pub(crate) use terminal::Step;
