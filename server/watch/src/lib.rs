//! Watches a project and reports which files have changed.
//!
//! # Theory of operation
//!
//! The system's events are taken as **hints where to look, never as the truth**. The watcher keeps what it has reported so far: for
//! each directory the stamp (identity, size, time of modification) of each file in it. A hint marks a path; when the changes
//! have been gathered, the marked paths are looked at, and what differs from what was reported is the **net result**. So it does
//! not matter in which of its many ways an editor saves, how many events a `git checkout` brings, or whether some were lost:
//! the last state counts. Losing events costs one look at everything, and polling is that look again and again.
//!
//! 1. [`Watcher::start`] walks the watched paths. Each directory that is not ignored is first watched and then listed: what is
//!    made before the listing is in it, and what is made after it brings an event. Ignored directories are never opened.
//!    The files of a large tree are looked at only then, in the worker: it takes longer than all else. For that moment a listed
//!    file is known by its number, and what has touched it since the start counts as a change, one of its mode included. The same
//!    goes for what has touched a file since an earlier watcher was at its end ([`Options::since`]).
//! 2. Hints come from notify's thread. A new directory is watched and listed at once, so that nothing below it goes unseen.
//! 3. [`Options::settle`] after the first hint the worker looks. If more came in the last moment, it waits for a quiet one, at
//!    most `settle` again: so nobody's save is cut in two.
//! 4. If a git operation is under way, in the project or in a repository within it, nothing is reported until it is over, or
//!    [`Options::git_wait`] or [`Options::git_operation_wait`] has passed. A bisect is one as well: what it checks out on the way is
//!    nobody's change. So are files with conflicts, which the index lists. [`Watcher::inherit`] hands what is held back to another watcher.
//! 5. The differences become changes: a path that is gone and one that has come with the same identity are one rename.
//!
//! # What counts
//!
//! - Regular files and symbolic links, the links as such: they are never followed. One that leads through another one of
//!   its directory counts as changed when that does. Directories do not count; a directory moved
//!   is a rename of each file in it.
//! - A change of content is one of identity, size or time of modification (so `touch` counts), or a write that the system
//!   reported although the clock was too coarse to show it, or the time was set back. A change of mode or owner alone does not count. Reads do not.
//! - A file that git has replaced has not changed if its content is the same, by what the index said of it when changes were last
//!   reported and says now. So a merge that is given up, or a switch there and back, reports nothing. No file is read for that, but
//!   those that git has written in the same moment as the index.
//! - What comes to be ignored, or no longer is, because an ignore file was edited has not changed: nothing is reported about it.
//! - A file moved over another one is `modified` there, and `deleted` where it was, if that had been reported.
//!
//! # What is ignored
//!
//! The first of these that says something about a path decides; within one, the last line that matches:
//!
//! 1. `.git` and [`Options::own`]: always ignored;
//! 2. a watched path itself: never ignored, as somebody asked for it by name;
//! 3. [`Options::ignore`], relative to the project, and [`WatchedPath::ignore`], relative to that path: in these, braces are
//!    alternatives;
//! 4. other work trees of the repository, unless [`Options::work_trees`] says so;
//! 5. with [`Options::gitignore`], the `.gitignore` files from the nearest up to the top of the repository,
//!    `.git/info/exclude`, and the user's `core.excludesFile`. They count without a repository, too. `.gitignore` files in the
//!    project take effect when they are edited, `.git/info/exclude` and the user's within seconds, those above the project at
//!    the next start;
//! 6. [`EDITOR_FILES`]: what editors keep beside the file.
//!
//! Ignore files are read as git reads them, by gix-glob, and within limits, as a branch or an agent may bring any: [`Notice::IgnoreFile`]
//! names those of which not all counts. Git itself is asked for `core.excludesFile` and `core.ignoreCase`, where its configuration
//! mentions them.
//!
//! # Limits
//!
//! - In a split index, conflicts may go unseen, and files that git replaces count as changed.
//! - Between two looks of polling, or after lost events, two writes of the same size within one tick of the file system's clock
//!   can count as one.
//! - What was deleted between two watchers ([`Options::since`]) is not known, nor are files that were moved with a directory then.
//! - Files that git tracks although they are ignored are ignored.
//! - The changes of a watched path are seen through the directories that are watched: a file written through a hard link or a
//!   mount elsewhere is seen at the next look only. A file system that is mounted into the project is seen within seconds.
//! - With polling, a write after which size and time are set back is not seen.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod add_watches;
mod change;
mod coalesce;
mod compare;
mod contents;
mod difference;
mod digests;
mod directories;
mod dirty;
mod files;
mod git;
mod git_config;
mod git_hold;
mod hint;
mod ignore_file;
mod index;
mod inherit;
mod links;
mod list;
mod mounts;
mod notice;
mod options;
mod published;
mod queue;
mod roots;
mod rules;
mod shared;
mod source;
mod stamp;
mod state;
#[cfg(all(test, target_os = "linux"))]
mod tests;
mod trouble;
mod unreadable;
mod verdicts;
mod watcher;
mod worker;

pub use change::{Change, ChangeSet, Kind, Sizes};
pub use inherit::{Finished, Rest};
pub use links::link_on_the_way;
pub use notice::{HINT_DELAY, Notice, Status};
pub use options::{EDITOR_FILES, Options, WatchError, WatchedPath};
pub use roots::within;
pub use rules::Verdict;
pub use verdicts::Verdicts;
pub use watcher::{Asking, Watcher};

/// Reads git's index and forgets it: what only the tests of foreign input ask for by itself.
#[doc(hidden)]
pub fn read_index(file: &std::path::Path) {
    drop(index::Index::read(file, &std::hash::RandomState::new(), &mut |_| true));
}
