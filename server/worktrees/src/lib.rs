//! The work trees in which agents work apart from a project's checkout.
//!
//! Git does the work; here is what it is told. A [`Repository`] has numbered **slots**: work trees in a private directory outside the project, made
//! when they are first needed and reused by a reset, so that what git ignores stays warm in them. The way of a task:
//!
//! 1. [`Repository::snapshot`] or [`Repository::commit_of`]: the commit to begin with, its **base**.
//! 2. [`Repository::prepare`]: a slot with exactly the files of the base, for one run of the task; [`Repository::resume`] for the next run in the same
//!    files.
//! 3. [`Repository::keep`]: whatever has come of the run, as a commit under `refs/aiwg/tasks/`. No slot is reset before that is done: a slot knows
//!    whose it is, and `prepare` and `remove` keep what nobody has kept.
//! 4. [`Repository::diff`], [`patch`](Repository::patch), [`branch`](Repository::branch), [`apply`](Repository::apply): the result, brought back.
//!
//! Between hosts, bases and results go over a [`Remote`] of the repository.
//!
//! # What holds
//!
//! - The person's checkout, its index and `HEAD` are only read; [`Repository::apply`] alone writes, and files only. What is staged is in an index of
//!   its own, and new objects get to those of the repository when all of them are there.
//! - An agent can write to its tree, and to the repository as well. No `.git` in a tree is believed, a hidden change is looked for, and no program that
//!   a repository or the user names is started: no hook, filter, merge driver, signature or monitor. A file with a filter (LFS) is committed as it
//!   is in the tree if it has changed, and its pointer stays a pointer; `git lfs pull` in `workspace.setup` fills it in.
//! - Git's administration of work trees is done by one at a time, over all processes.
//! - A repository that an agent makes in its tree is kept as files: its own commits are not.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod apply;
mod commit;
mod error;
mod hidden;
mod linked;
mod lock;
mod names;
mod nested;
mod quarantine;
mod refs;
mod remote;
mod repository;
mod results;
mod rights;
mod slot;
mod snapshot;
mod stage;
mod told;

pub use apply::{Applied, Why};
pub use commit::Commit;
pub use error::{Error, Unusable};
pub use linked::is_linked;
pub use remote::{Fleet, Remote, Travelling, Whose};
pub use repository::Repository;
pub use results::{Diff, FileNumbers, Kind, ResultRef};
pub use slot::{Kept, Ready, Slot, SlotState, Use};
pub use snapshot::Snapshot;
