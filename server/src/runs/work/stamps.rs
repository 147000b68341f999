//! The changes where there is no git: files are known by their identity, size and times, so none is read.

use std::{
    fs::Metadata,
    io,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::Path,
};

use aiwg_git::Look;
use aiwg_watch::Options;
use xxhash_rust::xxh3::Xxh3;

use super::{Files, differing, read, write};

/// The file in a run's directory with the stamps of the project's files before it.
const STAMPS_FILE: &str = "stamps.json";

/// The most files that are looked at. Where there are more, it is not known what has changed.
const MOST_FILES: usize = 200_000;

/// Directories of other version control systems, and of the daemon: what changes there is none of the work.
const NO_WORK: [&str; 4] = [".aiwg/", ".hg/", ".svn/", ".jj/"];

/// Notes the stamps of all files, in the run's directory. Nothing where there are too many.
pub(super) fn note(look: &Look, root: &Path, ignore: &[String], run_dir: &Path) -> io::Result<()> {
    match stamps(look, root, ignore) {
        Some(stamps) => write(&run_dir.join(STAMPS_FILE), &stamps),
        None => Ok(()),
    }
}

/// Number of files that have changed since [`note`]; none where that is not known.
pub(super) fn changed(look: &Look, root: &Path, ignore: &[String], run_dir: &Path) -> Option<u64> {
    let before: Files = read(&run_dir.join(STAMPS_FILE))?;
    let now = stamps(look, root, ignore)?;
    u64::try_from(differing(&before, &now).count()).ok()
}

/// The stamps of all files, apart from ignored ones; none where there are too many, they cannot be looked at, or the look is over before.
fn stamps(look: &Look, root: &Path, ignore: &[String]) -> Option<Files> {
    let ignore = ignore.iter().map(String::as_str).chain(NO_WORK).map(str::to_owned).collect();
    let options = Options { ignore, ..Options::new(root) };
    let mut files = Files::new();
    let is_complete = options.each_file(|path, metadata| {
        // Names that are no text are told apart by what they would be.
        files.insert(path.to_string_lossy().into_owned(), Some(stamp(path, metadata)));
        files.len() <= MOST_FILES && !look.is_over()
    });
    is_complete.is_ok_and(|is_complete| is_complete).then_some(files)
}

/// A hash of what the system says of a file. The time of its last change of any kind is in it: it cannot be set, and a change of mode counts.
pub(super) fn stamp(path: &Path, metadata: &Metadata) -> u64 {
    let mut hash = Xxh3::new();
    let numbers = [metadata.dev(), metadata.ino(), metadata.size()];
    let times = [metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec()];
    numbers.iter().for_each(|number| hash.update(&number.to_ne_bytes()));
    times.iter().for_each(|time| hash.update(&time.to_ne_bytes()));
    hash.update(path.as_os_str().as_bytes());
    hash.digest()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::{super::LOOK_WITHIN, *};

    #[test]
    fn changed_files_are_counted_but_not_ignored_ones() {
        let (dir, run) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = dir.path();
        let write = |name: &str, text: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let names =
            ["a", "src/b", "src/c", ".gitignore", "out/x", "build/y", ".aiwg/daemon/z", ".hg/w", "src/old"];
        names.iter().for_each(|name| write(name, "1"));
        write(".gitignore", "build/\n*.log\n");
        let ignore = ["out/".to_owned()];
        let look = || Look::within(LOOK_WITHIN);
        let count = || changed(&look(), root, &ignore, run.path());
        assert_eq!(count(), None, "nothing is noted");
        note(&look(), root, &ignore, run.path()).unwrap();
        assert_eq!(count(), Some(0));
        for name in ["out/x", "out/new", "build/y", "test.log", ".aiwg/daemon/z", ".hg/w"] {
            write(name, "22");
        }
        assert_eq!(count(), Some(0), "none of these is the work's");
        write("src/b", "22");
        write("src/new", "");
        std::fs::remove_file(root.join("src/old")).unwrap();
        symlink("nowhere", root.join("link")).unwrap();
        assert_eq!(count(), Some(4));
        std::fs::set_permissions(root.join("a"), PermissionsExt::from_mode(0o755)).unwrap();
        assert_eq!(count(), Some(5), "a mode counts");
        note(&look(), root, &ignore, run.path()).unwrap();
        assert_eq!(count(), Some(0));
        let over = look();
        over.end();
        assert_eq!(changed(&over, root, &ignore, run.path()), None);
    }
}
