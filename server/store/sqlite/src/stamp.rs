//! The place where a database was made: by that its files are known from copies, and from files that were put beside
//! them.

use std::{
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use serde::{Deserialize, Serialize};

/// See machine-id(5).
const MACHINE_ID: &str = "/etc/machine-id";

/// Identifies a file among all others, those of other times included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct FileStamp {
    /// The device of the file.
    device: u64,
    /// Its number on that.
    inode: u64,
    /// Time of its creation, in nanoseconds since 1970; none where the file system does not have it.
    birth: Option<i64>,
}

/// The place where a database was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The machine, by machine-id(5); none where it has none, as many containers.
    machine: Option<String>,
    /// The database itself.
    #[serde(flatten)]
    database: FileStamp,
    /// The log beside it, which is part of what it says: whoever could put another one there could have anything in the database. None where
    /// there was none.
    log: Option<FileStamp>,
}

/// The file of a database that is not as its stamp says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// The database itself is another file: a copy.
    Database,
    /// The log beside it is another file.
    Log,
}

impl Stamp {
    /// The place of this database now.
    ///
    /// # Errors
    /// It is gone.
    pub fn of(database: &Path) -> io::Result<Self> {
        Ok(Self {
            machine: machine(),
            database: FileStamp::of(database)?,
            log: FileStamp::of(&log_of(database)).ok(),
        })
    }

    /// The same, once the database has got this name.
    pub(super) fn once_renamed(self, name: &Path) -> Self {
        Self { log: FileStamp::of(&log_of(name)).ok(), ..self }
    }

    /// Compares the stamp with the files of the database at this path. None if they are the same.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub fn check(&self, database: &Path) -> io::Result<Option<Mismatch>> {
        let now = Self::of(database)?;
        let same_machine = self.machine.is_some() && self.machine == now.machine;
        if !self.database.is_of(&now.database, same_machine) {
            return Ok(Some(Mismatch::Database));
        }
        let is_ours = match (&self.log, &now.log) {
            (Some(made), Some(now)) => made.is_of(now, same_machine),
            _ => false,
        };
        // An empty one says nothing.
        Ok((is_filled(&log_of(database)) && !is_ours).then_some(Mismatch::Log))
    }
}

/// True if a rollback journal lies beside a database. SQLite writes its content into the database as soon as that is
/// opened, and no daemon ever leaves one.
pub fn has_journal(database: &Path) -> bool {
    is_filled(&beside(database, "-journal"))
}

/// The first bytes of a log of SQLite; the last bit says in which order its check sums are read.
const LOG_MAGIC: u32 = 0x377f_0682;

/// True if the file in the place of a database's log is no log: something else has been written over it. SQLite
/// ignores it without a word, and with it over all that was not in the database yet.
pub fn has_lost_log(database: &Path) -> bool {
    let log = log_of(database);
    let mut magic = [0; 4];
    // What is no file is refused elsewhere, and by its name.
    let Ok(mut file) = aiwg_fs::open_regular(&log) else { return false };
    is_filled(&log) && (file.read_exact(&mut magic).is_err() || u32::from_be_bytes(magic) & !1 != LOG_MAGIC)
}

impl FileStamp {
    fn of(path: &Path) -> io::Result<Self> {
        let found = path.symlink_metadata()?;
        let birth = found.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        Ok(Self {
            device: found.dev(),
            inode: found.ino(),
            birth: birth.and_then(|birth| i64::try_from(birth.as_nanos()).ok()),
        })
    }

    /// True if the file that is there now is the one that was made.
    ///
    /// Its number and the nanosecond of its birth stay what they are when a project is moved on its file system, when the machine is
    /// restarted, and in every container that it is mounted into; a copy, a clone and what is unpacked have others, which nobody can foresee. The
    /// device has another number after a restart of the machine on some file systems, and the machine another id in each container: they are
    /// looked at only where the file system has no time of birth now. Where it does, one that was made without is another's word: a number alone can
    /// be foreseen.
    fn is_of(&self, now: &Self, same_machine: bool) -> bool {
        self.inode == now.inode
            && match now.birth {
                Some(_) => self.birth == now.birth,
                None => self.device == now.device || same_machine,
            }
    }
}

/// The file beside a database into which SQLite writes first.
pub fn log_of(database: &Path) -> PathBuf {
    beside(database, "-wal")
}

/// One of the files that SQLite keeps beside a database.
pub(super) fn beside(database: &Path, end: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn is_filled(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.len() > 0)
}

fn machine() -> Option<String> {
    let text = std::fs::read_to_string(MACHINE_ID).ok()?;
    // systemd's word for a machine that has not been started yet.
    Some(text.trim().to_owned()).filter(|id| !id.is_empty() && id != "uninitialized")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_birth_decides_where_it_is_known() {
        let made = FileStamp { device: 1, inode: 2, birth: Some(3) };
        let with = |change: &dyn Fn(&mut FileStamp)| {
            let mut now = made.clone();
            change(&mut now);
            now
        };
        // A container of another id, a device of another number.
        assert!(made.is_of(&with(&|now| now.device = 9), false));
        // A clone.
        assert!(!made.is_of(&with(&|now| now.birth = Some(4)), true));
        assert!(!made.is_of(&with(&|now| now.inode = 9), true));
        // A file system without times of birth.
        assert!(made.is_of(&with(&|now| now.birth = None), false));
        assert!(made.is_of(&with(&|now| (now.birth, now.device) = (None, 9)), true));
        assert!(!made.is_of(&with(&|now| (now.birth, now.device) = (None, 9)), false));
        // One that leaves out the birth, which nobody can foresee, where there is one.
        assert!(!with(&|forged| forged.birth = None).is_of(&made, true));
    }

    #[test]
    fn what_lies_beside_a_database_is_part_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("daemon.db");
        let log = log_of(&database);
        std::fs::write(&database, "x").unwrap();
        let without = Stamp::of(&database).unwrap();
        assert_eq!(without.check(&database).unwrap(), None);
        std::fs::write(&log, "").unwrap();
        assert_eq!(without.check(&database).unwrap(), None);
        std::fs::write(&log, "x").unwrap();
        assert_eq!(without.check(&database).unwrap(), Some(Mismatch::Log));
        let with = Stamp::of(&database).unwrap();
        assert_eq!(with.check(&database).unwrap(), None);
        // Another one of the same text.
        std::fs::rename(&log, dir.path().join("kept")).unwrap();
        std::fs::write(&log, "x").unwrap();
        assert_eq!(with.check(&database).unwrap(), Some(Mismatch::Log));
        std::fs::rename(dir.path().join("kept"), &log).unwrap();
        assert_eq!(with.check(&database).unwrap(), None);
        assert!(!has_journal(&database));
        std::fs::write(beside(&database, "-journal"), "x").unwrap();
        assert!(has_journal(&database));
    }
}
