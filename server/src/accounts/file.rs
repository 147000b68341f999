//! The file with what all daemons of a user know of the accounts of their agents.
//!
//! It is private, and replaced as a whole under a lock beside it. Whatever stands in it that cannot be read counts as absent: the next limit is met
//! again, and noted again.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{DirBuilder, File},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use aiwg_fs::{open_private, private, read_bounded, write_atomic};
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;

use super::account::Account;

/// The version of its form. A file of a later one is left alone: daemons of the user may be of different versions.
const VERSION: u32 = 1;

/// The most that is read of it, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;

/// The most accounts that are kept: those that were used last.
const MOST_ACCOUNTS: usize = 100;

/// Longest wait for another daemon that writes it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Pause between attempts to get the lock.
const TRY_EVERY: Duration = Duration::from_millis(5);

/// The file as it was at one time: another one has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

/// The file.
#[derive(Debug)]
pub(super) struct SharedFile {
    path: PathBuf,
}

#[derive(Serialize)]
struct Content<'a> {
    version: u32,
    accounts: &'a BTreeMap<String, Account>,
}

#[derive(Deserialize)]
struct Found {
    #[serde(rename = "version", deserialize_with = "known")]
    _version: (),
    accounts: BTreeMap<String, Value>,
}

fn known<'de, D: Deserializer<'de>>(version: D) -> Result<(), D::Error> {
    let version = u32::deserialize(version)?;
    if version == VERSION {
        Ok(())
    } else {
        Err(D::Error::custom(format!("the version {version} is not known here")))
    }
}

/// The version of a file that a later aiwg has written; none of any other.
fn later_version(text: &[u8]) -> Option<u32> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let found: Versioned = serde_json::from_slice(text).ok()?;
    (found.version > VERSION).then_some(found.version)
}

/// The user's directory for it, by the variables of the environment; none where there is no home.
pub fn place(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("aiwg"))
}

impl SharedFile {
    pub(super) fn in_dir(dir: PathBuf) -> Self {
        Self { path: dir.join("accounts.json") }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file as it is now; none if it is not there.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        let metadata = self.path.symlink_metadata().ok()?;
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Some(Stamp { inode: metadata.ino(), size: metadata.size(), modified })
    }

    /// All that can be read of it.
    pub(super) fn read(&self) -> BTreeMap<String, Account> {
        let text = match read_bounded(&self.path, MOST_BYTES) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return BTreeMap::new(),
            Err(error) => {
                self.unreadable(&error);
                return BTreeMap::new();
            }
        };
        match serde_json::from_slice::<Found>(&text) {
            Ok(found) => found
                .accounts
                .into_iter()
                .filter_map(|(id, account)| Some((id, serde_json::from_value(account).ok()?)))
                .collect(),
            Err(_) if later_version(&text).is_some() => BTreeMap::new(),
            Err(error) => {
                self.unreadable(&error);
                BTreeMap::new()
            }
        }
    }

    fn unreadable(&self, error: &dyn std::fmt::Display) {
        tracing::warn!(
            file = %self.path.display(), %error,
            "what is known of the agents' accounts cannot be read, and is written anew with the next limit"
        );
    }

    /// Changes it, under its lock. Returns what is in it then.
    ///
    /// # Errors
    /// It cannot be locked or written; then `change` was not called, or counts for nothing.
    pub(super) fn update(
        &self,
        change: impl FnOnce(&mut BTreeMap<String, Account>),
    ) -> io::Result<BTreeMap<String, Account>> {
        if let Some(dir) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        let _lock = self.lock()?;
        if let Some(version) = read_bounded(&self.path, MOST_BYTES).ok().and_then(|text| later_version(&text))
        {
            return Err(io::Error::other(format!(
                "it has the version {version} of a later aiwg, and is left as it is: use that aiwg for this project, too"
            )));
        }
        let before = self.read();
        let mut accounts = before.clone();
        change(&mut accounts);
        while accounts.len() > MOST_ACCOUNTS {
            let oldest = accounts.iter().min_by_key(|(_, account)| account.seen_at).map(|(id, _)| id.clone());
            oldest.and_then(|id| accounts.remove(&id));
        }
        if accounts != before {
            let text = serde_json::to_vec(&Content { version: VERSION, accounts: &accounts })?;
            write_atomic(&self.path, &text)?;
        }
        Ok(accounts)
    }

    fn lock(&self) -> io::Result<File> {
        let file = open_private(&private(), &self.path.with_extension("lock"))?;
        let until = Instant::now() + PATIENCE;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(file),
                Err(Errno::WOULDBLOCK | Errno::INTR) if Instant::now() < until => sleep(TRY_EVERY),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file() -> (tempfile::TempDir, SharedFile) {
        let dir = tempfile::tempdir().unwrap();
        let file = SharedFile::in_dir(dir.path().join("state/aiwg"));
        (dir, file)
    }

    fn add(file: &SharedFile, id: &str) -> BTreeMap<String, Account> {
        file.update(|accounts| {
            accounts.insert(id.to_owned(), Account { program: "claude".to_owned(), ..Account::default() });
        })
        .unwrap()
    }

    #[test]
    fn what_is_written_is_read_and_private() {
        let (_dir, file) = file();
        assert!(file.read().is_empty() && file.stamp().is_none());
        let written = add(&file, "a");
        assert_eq!((file.read(), file.read().len()), (written, 1));
        for path in [file.path(), &file.path().with_extension("lock")] {
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
        }
        assert_eq!(file.path().parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let stamp = file.stamp();
        add(&file, "a");
        assert_eq!(file.stamp(), stamp, "what changes nothing writes nothing");
        add(&file, "b");
        assert_ne!(file.stamp(), stamp);
    }

    #[test]
    fn a_damaged_file_is_no_trouble() {
        let (_dir, file) = file();
        add(&file, "a");
        let good = std::fs::read_to_string(file.path()).unwrap();
        for damaged in
            [&good[..good.len() / 2], "", "null", "[]", "{\"version\": 0, \"accounts\": {}}", "\u{0}"]
        {
            std::fs::write(file.path(), damaged).unwrap();
            assert!(file.read().is_empty(), "{damaged}");
            assert_eq!(add(&file, "b").len(), 1);
        }
        let one_is_odd =
            r#"{"version": 1, "accounts": {"odd": {"pause": 5}, "a": {"program": "x", "new": 1}}}"#;
        std::fs::write(file.path(), one_is_odd).unwrap();
        assert_eq!(file.read().into_keys().collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn what_a_later_aiwg_has_written_is_left_alone() {
        let (_dir, file) = file();
        add(&file, "a");
        let later = r#"{"version": 2, "places": [{"limited": true}]}"#;
        std::fs::write(file.path(), later).unwrap();
        assert!(file.read().is_empty());
        let refused = file.update(|accounts| accounts.clear()).unwrap_err().to_string();
        assert!(refused.contains("the version 2 of a later aiwg"), "{refused}");
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), later);
    }

    #[test]
    fn daemons_that_write_at_once_lose_nothing() {
        let (_dir, file) = file();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let file = &file;
                scope.spawn(move || (0..10).for_each(|n| drop(add(file, &format!("{thread}-{n}")))));
            }
        });
        assert_eq!(file.read().len(), 40);
        (0..200).for_each(|n| drop(add(&file, &format!("more-{n}"))));
        assert_eq!(file.read().len(), MOST_ACCOUNTS);
    }

    #[test]
    fn its_place_is_the_users() {
        let of = |xdg: Option<&str>, home: Option<&str>| {
            place(|name| if name == "HOME" { home } else { xdg }.map(OsString::from))
        };
        assert_eq!(of(Some("/state"), Some("/home/me")), Some("/state/aiwg".into()));
        for relative in [None, Some("state"), Some("")] {
            assert_eq!(of(relative, Some("/home/me")), Some("/home/me/.local/state/aiwg".into()));
        }
        assert_eq!(of(None, None), None);
    }
}
