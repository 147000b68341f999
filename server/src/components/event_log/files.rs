//! The files of `events/`: one a day, or several where a day brings much, each with whole lines.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use aiwg_fs::{Unfit, append_private, private};
use aiwg_protocol::types::Event;
use aiwg_store::{EventFilter, From, Reader};

use super::last_line::{End, files};
use crate::project::make_private_dir;

/// The number of events that are read from the store at a time.
const PAGE: u32 = 500;

/// The number of bytes of them.
const PAGE_BYTES: usize = 1024 * 1024;

/// The size from which another file is begun for the day, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

pub(super) struct Files {
    dir: PathBuf,
    /// The number of the last event in it.
    last: u64,
    open: Option<Open>,
}

/// The file that is being written.
struct Open {
    day: String,
    file: File,
    /// Its device and number, by which it is known that it has been removed or replaced.
    id: (u64, u64),
}

impl Files {
    /// The files without the partial lines that a crash or a full disk has left at their ends. No number above `committed` is believed: anyone
    /// may have written there, and later events would be taken for written.
    pub(super) fn repaired(dir: &Path, committed: u64) -> io::Result<Self> {
        let mut last = 0;
        for path in files(dir) {
            let end = match End::of(&path, committed) {
                // A pipe, say, or a link.
                Err(error) if Unfit::of(&error).is_some() => continue,
                end => end?,
            };
            if end.whole < end.length {
                private().open(&path)?.set_len(end.whole)?;
            }
            last = last.max(end.last);
        }
        Ok(Self { dir: dir.to_owned(), last, open: None })
    }

    /// Appends all that the store has after the last one.
    pub(super) fn catch_up(&mut self, reader: &dyn Reader) -> io::Result<()> {
        loop {
            let filter =
                EventFilter { topics: None, from: From::After(self.last), limit: PAGE, bytes: PAGE_BYTES };
            let page = reader.events(&filter).map_err(io::Error::other)?;
            self.append_all(page.events.iter())?;
            if page.is_last {
                return Ok(());
            }
        }
    }

    /// Appends those that follow directly on the last one; false if one is missing between.
    pub(super) fn append<'a>(&mut self, events: impl Iterator<Item = &'a Event>) -> io::Result<bool> {
        let mut last = self.last;
        let mut is_whole = true;
        let following = events.filter(|event| event.seq > self.last).take_while(|event| {
            is_whole = event.seq == last + 1;
            last = event.seq;
            is_whole
        });
        let following: Vec<&Event> = following.collect();
        self.append_all(following.into_iter())?;
        Ok(is_whole)
    }

    /// Appends events in their order.
    fn append_all<'a>(&mut self, events: impl Iterator<Item = &'a Event>) -> io::Result<()> {
        let mut lines = Vec::new();
        let mut day = String::new();
        let mut last = self.last;
        for event in events {
            let on = event.at.to_string().split('T').next().unwrap_or_default().to_owned();
            if on != day {
                self.write(&day, &std::mem::take(&mut lines))?;
                day = on;
            }
            serde_json::to_writer(&mut lines, event)?;
            lines.push(b'\n');
            last = event.seq;
        }
        self.write(&day, &lines)?;
        self.last = last;
        Ok(())
    }

    fn write(&mut self, day: &str, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let path = self.dir.join(format!("{day}.jsonl"));
        let open = match self.open.take().filter(|open| open.day == day && open.is_at(&path)) {
            Some(open) => self.open.insert(open),
            None => {
                // Someone may have removed all of it.
                make_private_dir(&self.dir)?;
                self.open.insert(Open::at(&path, day)?)
            }
        };
        open.file.write_all(lines)?;
        if open.file.metadata()?.len() >= LARGEST {
            self.roll(&path, day)?;
        }
        Ok(())
    }

    /// Begins another file for the day: this one can be removed as a whole when all in it is forgotten.
    fn roll(&mut self, path: &Path, day: &str) -> io::Result<()> {
        let name =
            (1..u32::MAX).map(|n| self.dir.join(format!("{day}.{n}.jsonl"))).find(|name| !name.exists());
        self.open = None;
        name.map_or(Ok(()), |name| std::fs::rename(path, name))
    }
}

impl Open {
    fn at(path: &Path, day: &str) -> io::Result<Self> {
        let file = append_private(path)?;
        let metadata = file.metadata()?;
        Ok(Self { day: day.to_owned(), id: (metadata.dev(), metadata.ino()), file })
    }

    /// True if this file is still at its path.
    fn is_at(&self, path: &Path) -> bool {
        path.metadata().is_ok_and(|found| (found.dev(), found.ino()) == self.id)
    }
}

#[cfg(test)]
mod tests {
    use aiwg_protocol::types::{EventSource, Json, Timestamp};

    use super::*;
    use crate::components::event_log::last_line::{Numbered, last_written};
    use aiwg_fs::write_private;

    fn event(seq: u64) -> Event {
        let at = Timestamp::from_millis(1_764_000_000_000);
        Event {
            seq,
            topic: "a:b".to_owned(),
            payload: Json::default(),
            source: EventSource::Client,
            at,
            caused_by: None,
            traceparent: None,
        }
    }

    fn line(seq: u64) -> String {
        format!("{}\n", serde_json::to_string(&event(seq)).unwrap())
    }

    /// The numbers in a file, each on a line of its own.
    fn numbers(path: &Path) -> Vec<u64> {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str::<Numbered>(line).unwrap().seq).collect()
    }

    fn the_file(dir: &Path) -> PathBuf {
        files(dir).next().unwrap()
    }

    #[test]
    fn nothing_is_written_beyond_a_gap() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = Files::repaired(dir.path(), 100).unwrap();
        assert!(log.append([event(1), event(2)].iter()).unwrap());
        assert!(!log.append([event(2), event(3), event(5), event(6)].iter()).unwrap());
        assert_eq!((numbers(&the_file(dir.path())), log.last), (vec![1, 2, 3], 3));
    }

    #[test]
    fn what_was_cut_short_is_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("2025-11-24.jsonl");
        write_private(&path, format!("{}{}", line(1), &line(2)[..20]).as_bytes()).unwrap();
        assert_eq!(last_written(dir.path(), 100), 1);
        let mut log = Files::repaired(dir.path(), 100).unwrap();
        log.append([event(2)].iter()).unwrap();
        assert_eq!(numbers(&path), [1, 2]);
        // Nothing but the beginning of a line.
        write_private(&path, b"{\"seq\":9").unwrap();
        assert_eq!(End::of(&path, 100).unwrap(), End { last: 0, length: 8, whole: 0 });
    }

    #[test]
    fn the_highest_number_counts_and_not_the_latest_day() {
        let dir = tempfile::tempdir().unwrap();
        write_private(&dir.path().join("2999-01-01.jsonl"), line(3).as_bytes()).unwrap();
        write_private(&dir.path().join("2025-11-24.jsonl"), (line(4) + &line(5)).as_bytes()).unwrap();
        assert_eq!(last_written(dir.path(), 100), 5);
        assert_eq!(Files::repaired(dir.path(), 100).unwrap().last, 5);
    }

    #[test]
    fn a_last_line_may_be_long_and_lines_before_it_no_events() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("2025-11-24.jsonl");
        let long = format!("{}{{\"payload\":\"{}\",\"seq\":7}}\n", line(6), "x".repeat(20 << 20));
        write_private(&path, long.as_bytes()).unwrap();
        assert_eq!(last_written(dir.path(), 100), 7);
        let noise = format!("{}{}", line(8), "no event\n".repeat(20_000));
        write_private(&path, noise.as_bytes()).unwrap();
        assert_eq!(last_written(dir.path(), 100), 8);
    }

    #[test]
    fn a_file_that_is_removed_is_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let events = dir.path().join("events");
        let mut log = Files::repaired(&events, 100).unwrap();
        log.append([event(1)].iter()).unwrap();
        std::fs::remove_file(the_file(&events)).unwrap();
        log.append([event(2)].iter()).unwrap();
        assert_eq!(numbers(&the_file(&events)), [2]);
        std::fs::remove_dir_all(&events).unwrap();
        log.append([event(3)].iter()).unwrap();
        assert_eq!(numbers(&the_file(&events)), [3]);
    }

    #[test]
    fn impossible_numbers_are_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("2025-11-24.jsonl");
        for impossible in
            ["18446744073709551615", "9223372036854775807", "101", "-1", "1e300", "1.5", "\"7\""]
        {
            let text = format!("{}{{\"seq\":{impossible}}}\n", line(6));
            write_private(&path, text.as_bytes()).unwrap();
            assert_eq!(last_written(dir.path(), 100), 6, "{impossible}");
        }
    }
}
