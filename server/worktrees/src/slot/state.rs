//! What is noted of a slot, beside its tree: `slot.json`.

use std::{io, path::Path};

use aiwg_fs::{read_bounded, write_private};
use serde::{Deserialize, Serialize};

use crate::error::{Error, io as failed};

/// The file.
pub(super) const FILE: &str = "slot.json";

/// Largest size of the file, in bytes.
const LARGEST: u64 = 64 * 1024;

/// What is noted.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    /// The name by which git has its files, once it is made.
    #[serde(default)]
    pub(super) id: Option<String>,
    /// The run whose files are in it; none if there are nobody's.
    #[serde(default)]
    pub(super) of: Option<Of>,
    /// The reason for which it cannot be used.
    #[serde(default)]
    pub(super) broken: Option<String>,
    /// The hash of the lock files of the commit that it was last reset to, and that commit.
    #[serde(default)]
    pub(super) lock_files: Option<(String, String)>,
    /// Time at which it was made, in seconds since 1970.
    #[serde(default)]
    pub(super) made_at: u64,
}

/// A run whose files are in a slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Of {
    pub(super) task: String,
    pub(super) launch: u32,
    /// The commit that it began with.
    pub(super) base: String,
    /// True once all of it is in its ref.
    pub(super) is_kept: bool,
    /// True if git looks at each file of it.
    #[serde(default)]
    pub(super) is_plain: bool,
}

impl State {
    /// What is noted in a slot's directory; nothing if it is new.
    pub(super) fn read(dir: &Path) -> Result<Self, Error> {
        let file = dir.join(FILE);
        let text = match read_bounded(&file, LARGEST) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            text => text.map_err(failed("read", &file))?,
        };
        serde_json::from_slice(&text).map_err(io::Error::from).map_err(failed("understand", &file))
    }

    /// Writes it, whole or not at all. It is not forced to the disk, which would take all files of a fresh checkout with it: after a crash of the machine a
    /// slot has an earlier state only if its files are as old, and notes that cannot be read leave a slot as it is.
    pub(super) fn write(&self, dir: &Path) -> Result<(), Error> {
        let file = dir.join(FILE);
        let text =
            serde_json::to_vec_pretty(self).map_err(io::Error::from).map_err(failed("write", &file))?;
        let temporary = dir.join("slot.tmp");
        let written = || {
            write_private(&temporary, &text)?;
            std::fs::rename(&temporary, &file)
        };
        written().map_err(failed("write", &file))
    }
}
