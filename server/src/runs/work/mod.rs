//! The files that an agent changes: how many, and whether protected ones are among them.

mod ask_git;
mod content;
mod git;
mod protected;
mod stamps;

use std::{collections::BTreeMap, io, os::unix::ffi::OsStrExt, path::Path, time::Duration};

use aiwg_fs::{read_bounded, write_atomic};
use aiwg_git::Look;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use content::{Content, Reading, Unfinished};
pub(super) use protected::{
    Compared, changes as protected_changes, record as record_protected, record_found,
    renew as renew_protected, written as protected_written,
};

/// Largest size of one of these files, in bytes.
const LARGEST_RECORD: u64 = 64 * 1024 * 1024;

/// The longest time that one look at a project's files may take, with all questions to git: an agent can make it last as long as it likes.
pub(super) const LOOK_WITHIN: Duration = Duration::from_secs(30);

/// The longest time that the protected files may take: without them it is not known whether a task is done. Each question to git about them has its
/// [`LOOK_WITHIN`].
pub(super) const COMPARED_WITHIN: Duration = Duration::from_secs(600);

/// Files by their paths relative to the project, each with a hash of its content; none for one that is not there, or cannot be read.
type Files = BTreeMap<String, Option<u64>>;

/// Notes the state of the files before an agent's run, in the run's directory: that of the git work tree, or else the stamps of all files but those
/// that `ignore` or an ignore file names. Nothing where there are too many, or the look is over before.
pub(super) fn note_work(look: &Look, root: &Path, ignore: &[String], run_dir: &Path) -> io::Result<()> {
    if git::note(look, root, run_dir)? { Ok(()) } else { stamps::note(look, root, ignore, run_dir) }
}

/// Number of files that have changed since [`note_work`]; none where that is not known.
pub(super) fn changed(look: &Look, root: &Path, ignore: &[String], run_dir: &Path) -> Option<u64> {
    git::changed(look, root, run_dir).or_else(|| stamps::changed(look, root, ignore, run_dir))
}

fn write(path: &Path, value: &impl Serialize) -> io::Result<()> {
    write_atomic(path, &serde_json::to_vec(value)?)
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Option<T> {
    serde_json::from_slice(&read_bounded(path, LARGEST_RECORD).ok()?).ok()
}

/// The paths that are in one only, or with another content in the other.
fn differing<'a, State: PartialEq>(
    a: &'a BTreeMap<String, State>,
    b: &'a BTreeMap<String, State>,
) -> impl Iterator<Item = &'a String> + Clone {
    let gone_or_other = a.iter().filter(|(path, hash)| b.get(*path) != Some(hash)).map(|(path, _)| path);
    let new = b.keys().filter(|path| !a.contains_key(*path));
    gone_or_other.chain(new)
}

/// A path relative to the project; none if it is outside.
fn name(root: &Path, path: &Path) -> Option<String> {
    let own = path.strip_prefix(root).map(Path::to_owned);
    let real = || path.strip_prefix(root.canonicalize().ok()?).ok().map(Path::to_owned);
    Some(own.ok().or_else(real)?.to_string_lossy().into_owned())
}

/// A hash of a file's content, or of where a link leads; none if it is not there, or is neither. Of a file that is too large to be read it is one of
/// its stamp: then what has only been touched counts as changed.
fn hash_of(path: &Path, reading: &mut Reading) -> Result<Option<u64>, Unfinished> {
    let mut hash = Xxh3::new();
    if let Ok(target) = std::fs::read_link(path) {
        hash.update(target.as_os_str().as_bytes());
        return Ok(Some(hash.digest()));
    }
    Ok(match reading.read(path, |piece| hash.update(piece))? {
        Content::Whole => Some(hash.digest()),
        Content::TooLarge(found) => Some(stamps::stamp(path, &found)),
        Content::Unreadable => None,
    })
}
