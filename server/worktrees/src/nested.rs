//! Repositories that lie in a tree without being its submodules: made by whoever works there.

use std::{collections::HashSet, fs, os::unix::ffi::OsStrExt};

use crate::{
    error::{Error, io as failed},
    told::{Place, entries, path},
};

/// The most files of one that are looked at.
const MOST_FILES: usize = 1_000_000;

/// The beginning of the entry of another repository's commit in a list of the index.
const LINK: &[u8] = b"160000 ";

/// The paths that stand for commits of other repositories, in the answer of `ls-files --stage -z`.
pub(crate) fn links(listed: &[u8]) -> Vec<&[u8]> {
    let links = entries(listed).filter(|entry| entry.starts_with(LINK));
    links.filter_map(|entry| entry.get(entry.iter().position(|byte| *byte == b'\t')? + 1..)).collect()
}

/// The files in one that git would not ignore, each with a NUL byte, by their paths from the top.
///
/// # Errors
/// Something in it cannot be read, or there is too much in it to be looked at ([`Error::Io`]); or git fails.
pub(crate) fn files(place: &Place, root: &[u8]) -> Result<Vec<u8>, Error> {
    let mut all = Vec::new();
    let mut dirs = vec![root.to_vec()];
    let mut count = 0;
    while let Some(dir) = dirs.pop() {
        let at = place.top.join(path(&dir));
        for entry in fs::read_dir(&at).map_err(failed("read", &at))? {
            let entry = entry.map_err(failed("read", &at))?;
            let kind = entry.file_type().map_err(failed("read", &at))?;
            let name = [&*dir, b"/", entry.file_name().as_bytes()].concat();
            count += 1;
            if count > MOST_FILES {
                let many = std::io::Error::other(format!("it has more than {MOST_FILES} files"));
                return Err(failed("look through", &place.top.join(path(root)))(many));
            }
            if entry.file_name() == ".git" {
                continue;
            }
            if kind.is_dir() {
                dirs.push(name);
            } else if kind.is_file() || kind.is_symlink() {
                all.push(name);
            }
        }
    }
    let ignored = ignored(place, &all)?;
    let ignored: HashSet<&[u8]> = entries(&ignored).collect();
    Ok(all
        .iter()
        .filter(|name| !ignored.contains(name.as_slice()))
        .flat_map(|name| [name, &b"\0"[..]].concat())
        .collect())
}

/// Those of these paths that git ignores.
pub(crate) fn ignored(place: &Place, names: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let input = names.iter().flat_map(|name| [name, &b"\0"[..]].concat()).collect();
    // Without the index: a tracked file is asked for by nobody here.
    let step = place.step("ask what is ignored", ["check-ignore", "-z", "--stdin", "--no-index"]);
    // 1: none is.
    step.reading(input).allowing(&[1]).done()
}
