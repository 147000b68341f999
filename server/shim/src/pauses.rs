//! The pauses of an agent's time: while it waits for a person, its time does not run. The daemon records them, since the shim cannot know.

use std::{io, path::Path, time::Duration};

use aiwg_fs::Dir;
use serde::{Deserialize, Serialize};

use crate::{
    PAUSES_FILE,
    record::{RecordError, now_ms, read, write},
};

/// The longest record that is read, in bytes.
const LONGEST: u64 = 1024;

/// The pauses of a run's time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pauses {
    /// The sum of those that are over, in milliseconds.
    pub over_ms: u64,
    /// The beginning of the one that goes on, in milliseconds since 1970; none if there is none.
    pub since_ms: Option<u64>,
}

impl Pauses {
    /// The sum of all of them until now.
    pub fn total(&self) -> Duration {
        let open = self.since_ms.map_or(0, |since| now_ms().saturating_sub(since));
        Duration::from_millis(self.over_ms.saturating_add(open))
    }

    /// As much of their sum as is believed of an agent that has run for this time: its record lies where the agent itself can write. It has not
    /// waited for longer than it has run, nor does it wait for longer than `most`.
    pub fn believed(&self, ran_for: Duration, most: Duration) -> Duration {
        self.total().min(ran_for).min(most)
    }

    /// The pauses on record in this directory. A record that cannot be read counts as none: then the agent's time runs.
    pub(crate) fn in_dir(dir: &Dir) -> Self {
        let text = dir.read_bounded(PAUSES_FILE.as_ref(), LONGEST).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }
}

/// The pauses on record for the run of `dir`; none where there were none.
///
/// # Errors
/// The record cannot be read, or is not whole. The error names the file.
pub fn read_pauses(dir: &Path) -> Result<Option<Pauses>, RecordError> {
    read(dir, PAUSES_FILE)
}

/// Records the pauses of the run of `dir`, as of now.
///
/// # Errors
/// The record cannot be written. The error names the file.
pub fn write_pauses(dir: &Path, pauses: Pauses) -> Result<(), RecordError> {
    let written = || -> io::Result<()> { write(&Dir::open_own_in_own(dir)?, PAUSES_FILE, &pauses) };
    written().map_err(RecordError::at(&dir.join(PAUSES_FILE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_believed_within_the_time_that_the_agent_has_run() {
        let seconds = Duration::from_secs;
        let believed = |over_ms, since_ms| Pauses { over_ms, since_ms }.believed(seconds(60), seconds(100));
        assert_eq!(believed(30_000, None), seconds(30));
        // Longer than it has run, from before its start, and both.
        for (over_ms, since_ms) in
            [(u64::MAX, None), (0, Some(0)), (30_000, Some(now_ms() - 40_000)), (u64::MAX, Some(0))]
        {
            assert_eq!(believed(over_ms, since_ms), seconds(60));
        }
        assert_eq!(
            Pauses { over_ms: u64::MAX, since_ms: None }.believed(seconds(1000), seconds(100)),
            seconds(100)
        );
        // The clock may have been set back.
        assert_eq!(believed(0, Some(u64::MAX)), Duration::ZERO);
    }
}
