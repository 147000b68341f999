//! The last event of a file of `events/`, which shows what is missing there.

use std::{
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use aiwg_fs::open_regular;
use aiwg_model::TaskNo;
use serde::Deserialize;

/// The number of bytes at the end of a file that are read first to find its last line.
const LAST_LINE: u64 = 64 * 1024;

/// The number of bytes at the end that are read in all to find an event: a file without one there is no event log.
const LOOKED_AT: u64 = 64 * 1024 * 1024;

/// The number of the last event in the files, as far as it is not above `most`; 0 if there is none.
pub(crate) fn last_written(dir: &Path, most: u64) -> u64 {
    // Not the newest file's: the clock may have been set back.
    files(dir).filter_map(|path| Some(End::of(&path, most).ok()?.last)).max().unwrap_or(0)
}

/// The number of the last event in a file; none if there is none.
pub(crate) fn last_of(path: &Path) -> Option<u64> {
    End::of(path, u64::MAX).ok().map(|end| end.last).filter(|last| *last > 0)
}

/// The highest number, below `most`, of a task of which events are written with numbers above `after`; 0 if there is none.
pub(crate) fn tasks_written(dir: &Path, (after, most): (u64, u64)) -> u64 {
    let has_some = |path: &PathBuf| End::of(path, most).is_ok_and(|end| end.last > after);
    let all = files(dir).filter(has_some).filter_map(|path| open_regular(&path).ok());
    let lines = all.flat_map(|file| BufReader::new(file).split(b'\n').map_while(Result::ok));
    let event = lines.filter_map(|line| serde_json::from_slice::<AboutTask>(&line).ok());
    let lost = event.filter(|event| event.seq > after && event.seq <= most);
    let of_tasks = lost.filter(|event| event.topic.starts_with("task:"));
    of_tasks
        .filter_map(|event| event.payload.task_id?.parse::<TaskNo>().ok().map(|no| no.0))
        .filter(|no| *no < most)
        .max()
        .unwrap_or(0)
}

/// The members of an event by which it is known of which task it is.
#[derive(Deserialize)]
struct AboutTask {
    seq: u64,
    topic: String,
    payload: OfTask,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfTask {
    task_id: Option<String>,
}

/// The files of the log.
pub(super) fn files(dir: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
}

/// The member of an event that is needed.
#[derive(Deserialize)]
pub(super) struct Numbered {
    pub(super) seq: u64,
}

/// The end of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct End {
    /// The number of its last event; 0 if there is none.
    pub(super) last: u64,
    /// Its length in bytes.
    pub(super) length: u64,
    /// Its length up to the end of its last whole line, in bytes.
    pub(super) whole: u64,
}

impl End {
    /// Reads as much of the end as it takes: a line may be as long as a message.
    pub(super) fn of(path: &Path, most: u64) -> io::Result<Self> {
        let mut file = open_regular(path)?;
        let length = file.metadata()?.len();
        let mut size = LAST_LINE;
        loop {
            let from = length.saturating_sub(size);
            file.seek(SeekFrom::Start(from))?;
            let mut bytes = Vec::new();
            (&file).take(length - from).read_to_end(&mut bytes)?;
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            // The first line may have begun before.
            let cut = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
            let lines = bytes.get(if from == 0 { 0 } else { cut }..whole).unwrap_or_default();
            let last = lines
                .rsplit(|byte| *byte == b'\n')
                .filter_map(|line| serde_json::from_slice::<Numbered>(line).ok())
                .find(|event| event.seq <= most);
            if last.is_none() && from > 0 && size > LOOKED_AT {
                // Nothing of the daemon's: it is left as it is.
                return Ok(Self { last: 0, length, whole: length });
            }
            if last.is_some() || from == 0 {
                let last = last.map_or(0, |event| event.seq);
                return Ok(Self { last, length, whole: from + whole as u64 });
            }
            size = size.saturating_mul(8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tasks_of_the_last_events_are_known() {
        let dir = tempfile::tempdir().unwrap();
        let line = |seq: u64, topic: &str, id: &str| {
            format!("{{\"seq\": {seq}, \"topic\": \"{topic}\", \"payload\": {{\"taskId\": \"{id}\"}}}}\n")
        };
        let text = line(1, "task:submitted", "task-0009")
            + &line(2, "task:started", "task-0003")
            + "{\"seq\": 3, \"topic\": \"task:x\", \"payload\": []}\nno line\n"
            + &line(4, "task:completed", "task-0002")
            + &line(5, "task:started", "task-0100")
            + &line(6, "a:b", "task-0050");
        std::fs::write(dir.path().join("2026-11-30.jsonl"), text).unwrap();
        assert_eq!(tasks_written(dir.path(), (0, 100)), 9);
        assert_eq!(tasks_written(dir.path(), (1, 100)), 3, "what others are about is none");
        assert_eq!(tasks_written(dir.path(), (6, 100)), 0);
    }
}
