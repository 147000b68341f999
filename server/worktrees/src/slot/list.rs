//! The slots that there are.

use std::{
    fs, io,
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{id_in, state::State};
use crate::{
    error::{Error, io as failed},
    repository::Repository,
};

/// The most files whose sizes are added up.
const MOST_FILES: u32 = 20_000;

/// A slot, as it is noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Its number.
    pub n: u32,
    /// The top of its tree.
    pub dir: PathBuf,
    /// Time at which its tree was made; none if it has none.
    pub made_at: Option<SystemTime>,
    /// The run whose files are in it, and whether they are kept.
    pub state: SlotState,
    /// The reason for which it cannot be used.
    pub broken: Option<String>,
}

/// Whose files are in a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotState {
    /// Nobody's.
    Free,
    /// Those of a run, as they are in its ref.
    Kept {
        /// The task.
        task: String,
        /// The number of the run.
        launch: u32,
    },
    /// Those of a run, which may go on.
    InUse {
        /// The task.
        task: String,
        /// The number of the run.
        launch: u32,
    },
}

impl Repository {
    /// All slots, by their numbers. One whose notes cannot be read is broken.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn slots(&self) -> Result<Vec<Slot>, Error> {
        let entries = match fs::read_dir(&self.home) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed("read", &self.home))?,
        };
        let mut slots = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed("read", &self.home))?;
            let name = entry.file_name();
            let n = name.to_str().and_then(|name| name.parse::<u32>().ok().filter(|n| n.to_string() == name));
            slots.extend(n.map(|n| self.slot(n)));
        }
        slots.sort_unstable_by_key(|slot| slot.n);
        Ok(slots)
    }

    fn slot(&self, n: u32) -> Slot {
        let dir = self.home.join(n.to_string());
        let (state, unread) = match State::read(&dir) {
            Ok(state) => (state, None),
            Err(error) => (State::default(), Some(error.to_string())),
        };
        let made_at = state.id.as_ref().map(|_| UNIX_EPOCH + Duration::from_secs(state.made_at));
        let whose = match state.of {
            None => SlotState::Free,
            Some(of) if of.is_kept => SlotState::Kept { task: of.task, launch: of.launch },
            Some(of) => SlotState::InUse { task: of.task, launch: of.launch },
        };
        Slot { n, dir: dir.join(self.tree_name()), made_at, state: whose, broken: state.broken.or(unread) }
    }

    /// The bytes that a slot takes on the disk; none if it has more files than are worth a look.
    #[must_use]
    pub fn size(&self, n: u32) -> Option<u64> {
        use std::os::unix::fs::MetadataExt;
        let (mut size, mut count) = (0, 0);
        let mut dirs = vec![self.home.join(n.to_string())];
        while let Some(dir) = dirs.pop() {
            for entry in fs::read_dir(dir).ok()?.flatten() {
                count += 1;
                if count > MOST_FILES {
                    return None;
                }
                let found = entry.metadata().ok()?;
                size += found.blocks() * 512;
                if found.is_dir() {
                    dirs.push(entry.path());
                }
            }
        }
        Some(size)
    }

    /// Removes a slot: its tree, what git knows of it, and its directory. What nobody has kept of it is kept first.
    ///
    /// # Errors
    /// [`Error::Broken`] if something in it cannot be kept or removed; there is none, or git fails.
    pub fn remove(&self, n: u32) -> Result<(), Error> {
        let mut held = self.hold_existing(n)?;
        held.keep_leftovers()?;
        held.note(|state| state.of = None)?;
        held.removed()?;
        aiwg_fs::remove_all(&held.dir).map_err(failed("remove", &held.dir))
    }

    /// Removes a slot, and what is in it with it, kept or not: for one that is broken, once someone has looked at it.
    ///
    /// # Errors
    /// Something in it cannot be removed, or there is none.
    pub fn discard(&self, n: u32) -> Result<(), Error> {
        let dir = self.home.join(n.to_string());
        if State::read(&dir).is_err() {
            // What the tree says of itself is believed only if git says the same.
            let id = id_in(&dir.join(self.tree_name()), &self.checkout.common).ok();
            State { id, ..State::default() }.write(&dir)?;
        }
        let mut held = self.hold_existing(n)?;
        held.note(|state| state.of = None)?;
        held.removed()?;
        aiwg_fs::remove_all(&held.dir).map_err(failed("remove", &held.dir))
    }
}
