//! The files that an agent may not change.
//!
//! Before a task's first run of its agent, the protected files are put on record in the directory of that run. Agents can write there: the hash of
//! the record goes into the store, and a record that has another one counts as a change. What git ignores is not the agent's doing: the programs that
//! it runs, and the check, leave it behind. Which files git ignores is told by the lines that were there when the files were put on record, so that
//! nobody hides a file by a line of his own. A check runs the agent's code: what it has changed counts like what the agent has, but for what the
//! check before the first round has written, when the agent had done nothing yet.

#[cfg(test)]
mod tests;
mod walk;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
};

use aiwg_fs::{read_bounded, write_atomic};
use aiwg_git::Look;
use aiwg_model::{FoundFiles, ProtectRecord};
use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};

use super::{
    ask_git::{exclude_files, ignored, top, tracked},
    content::Reading,
    differing, name,
};
use walk::{Files, Found, Protected, hex};

/// The file in a run's directory with the protected files as they were before it.
const RECORD_FILE: &str = "protected.json";

/// The file in a run's directory with the protected files as a person has found them who took the task over after it.
const FOUND_FILE: &str = "found.json";

/// Largest size of that file, in bytes.
const LARGEST_RECORD: u64 = 64 * 1024 * 1024;

/// Largest size of an ignore file that is put on record, in bytes.
const LARGEST_IGNORE_FILE: u64 = 1024 * 1024;

/// Number of changed protected files that are named.
const NAMED: usize = 20;

/// Number of characters of a long path that are shown.
const SHOWN: usize = 200;

/// Number of files that a check has written which are remembered.
const MOST_WRITTEN: usize = 1000;

/// The protected files, and the lines by which git ignores files.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    files: Files,
    /// The ignore files, by their paths.
    ignoring: BTreeMap<PathBuf, String>,
    /// The files that are on record as a person has left them who had the task.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    given_back: BTreeSet<String>,
}

/// Puts the protected files on record in the directory of a run that is to begin. Returns the hash of the record.
pub(in crate::runs) fn record(
    look: &Look,
    root: &Path,
    globs: &[String],
    run_dir: &Path,
) -> io::Result<String> {
    let protected = Protected::new(globs)?;
    let mut found = protected.find(root, Reading::new(look))?;
    let ignoring = ignoring(look, root, std::mem::take(&mut found.ignore_files));
    let record = Record { ignoring, ..Record::default() };
    for name in ignored_names(look, root, &protected, &record, (&found, found.files.keys())) {
        found.files.remove(&name);
    }
    if let Some(name) = &found.too_long {
        return Err(too_long(name));
    }
    for glob in protected.in_vain(&found.files).into_iter().filter_map(|place| globs.get(place)) {
        tracing::warn!(run = %run_dir.display(), glob, "no file of the project is protected by this pattern");
    }
    let files = found.files;
    write_record(&run_dir.join(RECORD_FILE), &Record { files, ..record })
}

/// Writes down the protected files as a person finds them who takes the task over after the run in this directory. Returns the hash of that.
pub(in crate::runs) fn record_found(
    look: &Look,
    root: &Path,
    globs: &[String],
    run_dir: &Path,
) -> io::Result<String> {
    let found = Protected::new(globs)?.find(root, Reading::new(look))?;
    let record = Record { files: found.files, ..Record::default() };
    write_record(&run_dir.join(FOUND_FILE), &record)
}

/// Puts the protected files on record anew, in the directory of a run that is to begin after a person has had the task: those that the person has
/// changed as they are now, and all others as they were on record. Returns the hash of the record.
pub(in crate::runs) fn renew(
    look: &Look,
    root: &Path,
    globs: &[String],
    (task_dir, run_dir): (&Path, &Path),
    on: &ProtectRecord,
) -> io::Result<String> {
    let none = || io::Error::from(io::ErrorKind::NotFound);
    let Some(FoundFiles { run, hash: Some(hash) }) = &on.found else { return Err(none()) };
    let found_path = task_dir.join(run.to_string()).join(FOUND_FILE);
    let before = read_as(&found_path, hash)?.files;
    let (mut record, _) = read_record(&record_path(task_dir, Some(on)), Some(on))?;
    let protected = Protected::new(globs)?;
    let found = protected.find(root, Reading::new(look))?;
    let changed = differing(&before, &found.files);
    let ignored = ignored_names(look, root, &protected, &record, (&found, changed.clone()));
    for name in changed.filter(|name| !ignored.contains(name)) {
        record.given_back.insert(name.clone());
        match found.files.get(name) {
            Some(state) => drop(record.files.insert(name.clone(), state.clone())),
            None => drop(record.files.remove(name)),
        }
    }
    write_record(&run_dir.join(RECORD_FILE), &record)
}

/// Writes a record, and returns its hash.
fn write_record(path: &Path, record: &Record) -> io::Result<String> {
    let text = serde_json::to_vec(record)?;
    write_atomic(path, &text)?;
    Ok(hex(&Hash::hash(&text)))
}

/// The protected files, compared with what was put on record.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::runs) struct Compared {
    /// The first of those that are not as they were.
    pub(in crate::runs) changed: Vec<String>,
    /// Those of them that are on record as a person has left them who had the task.
    pub(in crate::runs) given_back: Vec<String>,
    /// The reason for which not all were compared; none if they were.
    pub(in crate::runs) unseen: Option<String>,
    /// True if that is no more than time.
    pub(in crate::runs) is_slow: bool,
}

/// Compares the protected files with the record in the directory of a task.
pub(in crate::runs) fn changes(
    look: &Look,
    root: &Path,
    globs: &[String],
    task_dir: &Path,
    on: Option<&ProtectRecord>,
) -> Compared {
    if globs.is_empty() {
        return Compared::default();
    }
    let path = record_path(task_dir, on);
    let Ok((record, on)) = read_record(&path, on) else {
        // Whoever has removed the record, or changed it, has not shown that nothing else was changed.
        return Compared { changed: vec![path.display().to_string()], ..Compared::default() };
    };
    match all_changes(look, root, globs, &record, on) {
        Ok(mut changed) => {
            changed.truncate(NAMED);
            let given_back =
                changed.iter().filter(|name| record.given_back.contains(*name)).cloned().collect();
            Compared { changed, given_back, ..Compared::default() }
        }
        Err(error) => {
            let is_slow = error.kind() == io::ErrorKind::TimedOut;
            Compared { unseen: Some(error.to_string()), is_slow, ..Compared::default() }
        }
    }
}

/// The protected files that the check before the first round has written, but for those that git tracks. None where git does not say what it tracks.
pub(in crate::runs) fn written(
    look: &Look,
    root: &Path,
    globs: &[String],
    task_dir: &Path,
    on: Option<&ProtectRecord>,
) -> Vec<String> {
    let changed = read_record(&record_path(task_dir, on), on)
        .and_then(|(record, on)| all_changes(look, root, globs, &record, on))
        .unwrap_or_default();
    let real: Vec<String> = changed.iter().map(|name| real_name(root, name)).collect();
    let Some(tracked) = tracked(look, root, &real) else { return Vec::new() };
    // Git is not asked about a name that is no text.
    let is_free = |real: &String| !tracked.contains(real) && !real.contains(char::REPLACEMENT_CHARACTER);
    let free = changed.into_iter().zip(&real).filter(|(_, real)| is_free(real));
    free.map(|(name, _)| name).take(MOST_WRITTEN).collect()
}

/// The name of a file without links on the way: the one that git knows it by.
fn real_name(root: &Path, file: &str) -> String {
    let path = root.join(file);
    let real = || name(root, &path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    real().unwrap_or_else(|| file.to_owned())
}

fn record_path(task_dir: &Path, on: Option<&ProtectRecord>) -> PathBuf {
    let first = on.and_then(|on| on.task).map(|task| task_dir.with_file_name(task.to_string()));
    let dir = first.unwrap_or_else(|| task_dir.to_owned());
    dir.join(on.map_or(0, |on| on.run).to_string()).join(RECORD_FILE)
}

/// The record, if it is the one that the store knows of.
fn read_record<'a>(path: &Path, on: Option<&'a ProtectRecord>) -> io::Result<(Record, &'a ProtectRecord)> {
    let on = on.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    Ok((read_as(path, &on.hash)?, on))
}

/// The record in this file, if it has this hash.
fn read_as(path: &Path, hash: &str) -> io::Result<Record> {
    let text = read_bounded(path, LARGEST_RECORD)?;
    if hex(&Hash::hash(&text)) != hash {
        return Err(io::Error::from(io::ErrorKind::InvalidData));
    }
    Ok(serde_json::from_slice(&text)?)
}

fn all_changes(
    look: &Look,
    root: &Path,
    globs: &[String],
    record: &Record,
    on: &ProtectRecord,
) -> io::Result<Vec<String>> {
    let protected = Protected::new(globs)?;
    let found = protected.find(root, Reading::new(look))?;
    if let Some(name) = &found.too_long {
        return Err(too_long(name));
    }
    let changed = differing(&record.files, &found.files);
    let new = changed.clone().filter(|name| !record.files.contains_key(*name));
    let ignored = ignored_names(look, root, &protected, record, (&found, new));
    let changed = changed.filter(|name| !ignored.contains(name));
    let mut changed: Vec<String> = changed.filter(|name| !on.written.contains(name)).cloned().collect();
    changed.sort_unstable();
    Ok(changed)
}

/// What is behind a path that no call of the system takes.
fn too_long(name: &str) -> io::Error {
    let shown: String = name.chars().take(SHOWN).collect();
    io::Error::other(format!(
        "\"verify.protect\" covers a path that is longer than the system takes, so that what is there cannot be compared: narrow it, or remove {shown}…"
    ))
}

/// The ignore files of the project, as they are.
fn ignoring(look: &Look, root: &Path, found: Vec<PathBuf>) -> BTreeMap<PathBuf, String> {
    // Without a repository nothing is ignored.
    let Some(top) = top(look, root) else { return BTreeMap::new() };
    let real = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let above =
        real.ancestors().skip(1).take_while(|dir| dir.starts_with(&top)).map(|dir| dir.join(".gitignore"));
    let all = found.into_iter().chain(above).chain(exclude_files(look, root));
    let text = |file: PathBuf| {
        let file = file.canonicalize().ok()?;
        let text = read_bounded(&file, LARGEST_IGNORE_FILE).ok()?;
        Some((file, String::from_utf8_lossy(&text).into_owned()))
    };
    all.filter_map(text).collect()
}

/// The files among these that git ignores, by a line that is on record, and that no pattern names.
fn ignored_names<'a>(
    look: &Look,
    root: &Path,
    protected: &Protected,
    record: &Record,
    (found, names): (&Found, impl Iterator<Item = &'a String>),
) -> Vec<String> {
    // Git knows what is behind a link by the name that it really has.
    let real = |name: &String| (found.behind_links.get(name).unwrap_or(name).clone(), name.clone());
    let names: BTreeMap<String, String> = names.filter(|name| !protected.names(name)).map(real).collect();
    let asked: Vec<String> = names.keys().cloned().collect();
    let is_on_record = |source: &Path, pattern: &str| {
        let Some((source, before)) =
            source.canonicalize().ok().and_then(|source| record.ignoring.get_key_value(&source))
        else {
            return false;
        };
        let is_as_before =
            || read_bounded(source, LARGEST_IGNORE_FILE).is_ok_and(|now| now == before.as_bytes());
        // A line that takes files back could have been removed.
        let takes_back = before.lines().any(|line| line.starts_with('!'));
        before.lines().any(|line| line.trim_end() == pattern) && (!takes_back || is_as_before())
    };
    let ignored = ignored(look, root, &asked).into_iter();
    let ignored = ignored.filter(|one| is_on_record(&one.source, &one.pattern));
    ignored.filter_map(|one| names.get(&one.name).cloned()).collect()
}
