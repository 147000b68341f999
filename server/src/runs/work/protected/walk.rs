//! The protected files of a project, found and described.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::Metadata,
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use aiwg_patterns::{Pattern, PatternSet, is_glob};
use hmac_sha256::Hash;
use rustix::io::Errno;

use super::super::{
    COMPARED_WITHIN,
    content::{Content, MOST_READ, Reading, Unfinished},
};

/// Number of protected files that there may be.
const MOST_PROTECTED: usize = 100_000;

/// Number of files and directories that are looked at.
const MOST_LOOKED_AT: usize = 2_000_000;

/// Number of links to directories that are followed one after the other.
const MOST_LINKS: u32 = 8;

/// The daemon's own directory, at the top of the project.
const OWN: &str = ".aiwg";

/// The directory of a repository: git itself changes what is in it.
const GIT: &str = ".git";

/// Files by their paths relative to the project, each with all that counts of it.
pub(super) type Files = BTreeMap<String, String>;

/// The files that are protected, as they are.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) files: Files,
    /// The real names of those that are behind links, by the names that they have there; both relative to the project.
    pub(super) behind_links: BTreeMap<String, String>,
    /// The ignore files on the way.
    pub(super) ignore_files: Vec<PathBuf>,
    /// The first one, or the first directory, whose path is longer than the system takes: what is there cannot be compared.
    pub(super) too_long: Option<String>,
}

/// The patterns of protected files.
pub(super) struct Protected {
    set: PatternSet,
    /// The names at the beginning of each pattern, up to the first one with a wildcard.
    prefixes: Vec<Vec<String>>,
    /// The patterns without a wildcard: the names of files.
    named: Vec<String>,
}

/// A directory to be searched.
struct Open {
    /// Its path, with the links on the way.
    path: PathBuf,
    /// The same relative to the project.
    name: String,
    /// Its real path.
    real: PathBuf,
    links: u32,
}

impl Protected {
    pub(super) fn new(globs: &[String]) -> io::Result<Self> {
        let patterns: Result<Vec<Pattern>, _> = globs.iter().map(|glob| Pattern::path(glob)).collect();
        let patterns = patterns.map_err(io::Error::other)?;
        let names = |pattern: &Pattern| {
            pattern.as_str().split('/').take_while(|name| !is_glob(name)).map(str::to_owned).collect()
        };
        let prefixes = patterns.iter().map(names).collect();
        let named = patterns.iter().map(Pattern::as_str).filter(|text| !is_glob(text)).map(str::to_owned);
        let named = named.collect();
        Ok(Self { set: PatternSet::new(patterns).map_err(io::Error::other)?, prefixes, named })
    }

    /// The places of the patterns that match none of these files.
    pub(super) fn in_vain(&self, files: &Files) -> Vec<usize> {
        let matching: BTreeSet<usize> = files.keys().flat_map(|file| self.set.matches(file)).collect();
        (0..self.prefixes.len()).filter(|place| !matching.contains(place)).collect()
    }

    /// True if a pattern names this file, without a wildcard: it is protected whatever git says of it.
    pub(super) fn names(&self, file: &str) -> bool {
        self.named.iter().any(|name| name == file)
    }

    /// The protected files as they are now. An error if there are too many, there is too much to be read, or the look is
    /// over before.
    pub(super) fn find(&self, root: &Path, mut reading: Reading) -> io::Result<Found> {
        let real = root.canonicalize()?;
        let mut found = Found::default();
        let mut open =
            vec![Open { path: root.to_owned(), name: String::new(), real: real.clone(), links: 0 }];
        let mut looked_at = 0;
        while let Some(dir) = open.pop() {
            let entries = std::fs::read_dir(&dir.path);
            if entries.as_ref().is_err_and(is_too_long) {
                found.too_long.get_or_insert_with(|| dir.name.clone());
            }
            for entry in entries.into_iter().flatten().flatten() {
                looked_at += 1;
                if reading.look().is_over() {
                    return Err(unfinished(Unfinished::TooLong));
                }
                let (path, file_name) = (entry.path(), entry.file_name());
                let name = join(&dir.name, &file_name.to_string_lossy());
                if file_name == GIT || name == OWN {
                    continue;
                }
                if file_name == ".gitignore" {
                    found.ignore_files.push(path.clone());
                }
                let Ok(kind) = entry.file_type() else { continue };
                if !kind.is_dir() && self.set.is_match(&name) {
                    if path.symlink_metadata().is_err_and(|error| is_too_long(&error)) {
                        found.too_long.get_or_insert_with(|| name.clone());
                    }
                    let state = state(&path, &real, &mut reading).map_err(unfinished)?;
                    found.files.insert(name.clone(), state);
                    if dir.links > 0
                        && let Ok(of_dir) = dir.real.strip_prefix(&real)
                    {
                        let really = join(&of_dir.to_string_lossy(), &file_name.to_string_lossy());
                        found.behind_links.insert(name.clone(), really);
                    }
                }
                if (kind.is_dir() || kind.is_symlink()) && self.may_hold(&name) {
                    open.extend(below(&dir, path, name, kind.is_symlink(), &real));
                }
                if found.files.len() > MOST_PROTECTED || looked_at > MOST_LOOKED_AT {
                    return Err(too_many());
                }
            }
        }
        Ok(found)
    }

    /// True if a directory may hold protected files.
    pub(super) fn may_hold(&self, dir: &str) -> bool {
        let dir: Vec<&str> = dir.split('/').collect();
        self.prefixes.iter().any(|prefix| prefix.iter().zip(&dir).all(|(one, other)| one == other))
    }
}

/// A directory in another one, be it behind a link: not one outside the project, nor one that the other is in, nor what is never searched.
fn below(dir: &Open, path: PathBuf, name: String, is_link: bool, root: &Path) -> Option<Open> {
    if !is_link {
        let real = dir.real.join(path.file_name()?);
        return Some(Open { path, name, real, links: dir.links });
    }
    let real = path.canonicalize().ok().filter(|real| real.is_dir())?;
    let is_new = !dir.real.starts_with(&real) && dir.links < MOST_LINKS;
    (is_new && is_inside(&real, root)).then(|| Open { path, name, real, links: dir.links + 1 })
}

/// True for what is in the project, and not in a directory that is never searched.
fn is_inside(real: &Path, root: &Path) -> bool {
    let Ok(name) = real.strip_prefix(root) else { return false };
    !name.starts_with(OWN) && !name.iter().any(|part| part == GIT)
}

fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}

fn is_too_long(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::NAMETOOLONG.raw_os_error())
}

fn too_many() -> io::Error {
    io::Error::other(format!(
        "\"verify.protect\" makes the daemon look at more files than it can each round ({MOST_PROTECTED} that match, {MOST_LOOKED_AT} \
         in all): narrow it"
    ))
}

fn unfinished(why: Unfinished) -> io::Error {
    let (kind, than_it_can) = match why {
        Unfinished::TooMuch => {
            (io::ErrorKind::Other, format!("each round ({} GiB)", MOST_READ / (1024 * 1024 * 1024)))
        }
        Unfinished::TooLong => {
            (io::ErrorKind::TimedOut, format!("in time (within {} s)", COMPARED_WITHIN.as_secs()))
        }
    };
    io::Error::new(
        kind,
        format!("\"verify.protect\" makes the daemon read more than it can {than_it_can}: narrow it"),
    )
}

/// All that counts of a file: its content and its owner's rights; of a link where it leads, and the same of that, where it is in the project.
fn state(path: &Path, root: &Path, reading: &mut Reading) -> Result<String, Unfinished> {
    let Ok(found) = path.symlink_metadata() else { return Ok("absent".to_owned()) };
    if !found.is_symlink() {
        return of_file(path, &found, reading);
    }
    let target = std::fs::read_link(path).unwrap_or_default();
    let leads = match path.canonicalize() {
        Ok(real) if is_inside(&real, root) => match real.metadata() {
            Ok(found) => of_file(&real, &found, reading)?,
            Err(_) => "absent".to_owned(),
        },
        Ok(_) => "outside".to_owned(),
        Err(_) => "absent".to_owned(),
    };
    Ok(format!("link {} {leads}", hex(&Hash::hash(target.as_os_str().as_bytes()))))
}

fn of_file(path: &Path, found: &Metadata, reading: &mut Reading) -> Result<String, Unfinished> {
    // Of the others' rights a check sees nothing.
    let rights = found.permissions().mode() & 0o700;
    if found.is_dir() {
        return Ok("directory".to_owned());
    }
    if !found.is_file() {
        return Ok("other".to_owned());
    }
    let mut hash = Hash::new();
    Ok(match reading.read(path, |piece| hash.update(piece))? {
        Content::Whole => format!("file {rights:o} {}", hex(&hash.finalize())),
        Content::TooLarge(found) => format!("file {rights:o} large {}", stamp(&found)),
        Content::Unreadable => format!("file {rights:o} unreadable"),
    })
}

/// A description that stands for the content of a file which is too large to be read. Nobody can set the time of its last change of any kind, so
/// whatever was written to it counts, and also what has only been touched.
fn stamp(found: &Metadata) -> String {
    format!("{} {} {}.{:09}", found.ino(), found.size(), found.ctime(), found.ctime_nsec())
}

/// In hexadecimal digits.
pub(super) fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
