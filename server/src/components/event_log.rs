//! `events/`: the event log as JSON Lines, a file a day, for `tail -f` and `jq`.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aiwg_fs::{Unfit, append_private, open_regular, private};
use aiwg_protocol::types::Event;
use aiwg_store::{EventFilter, From, Reader};
use futures::future::BoxFuture;
use serde::Deserialize;
use tokio::{
    sync::broadcast::{
        Receiver,
        error::{RecvError, TryRecvError},
    },
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use crate::{
    bus::{Bus, Committed},
    component::Component,
    context::Context,
    health::{Health, IssueKind},
    project::make_private_dir,
};

/// `events/` could not be written.
const EVENT_LOG_ISSUE: IssueKind = IssueKind::named("event_log");

/// The number of events that are read from the store at a time.
const PAGE: u32 = 500;

/// The number of bytes of them.
const PAGE_BYTES: usize = 1024 * 1024;

/// The number of bytes at the end of a file that are read first to find its last line.
const LAST_LINE: u64 = 64 * 1024;

/// The number of bytes at the end that are read in all to find an event: a file without one there is no event log.
const LOOKED_AT: u64 = 64 * 1024 * 1024;

/// The size from which another file is begun for the day, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

/// The time before a failed write is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// Writes the readable log of events, `events/*.jsonl`.
pub(crate) struct EventLog {
    /// A reader of its own, since the copy may take long.
    pub(crate) reader: Arc<dyn Reader>,
}

impl Component for EventLog {
    fn name(&self) -> &'static str {
        "the event log"
    }

    fn run(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(write_event_log(
            context.project.events_dir(),
            Arc::clone(&self.reader),
            context.bus.clone(),
            context.health.clone(),
            context.stopped.clone(),
        ))
    }
}

/// Writes every event, those included that an earlier daemon could not write any more, until `stopped` and all is written.
async fn write_event_log(
    dir: PathBuf,
    reader: Arc<dyn Reader>,
    bus: Bus,
    health: Health,
    stopped: CancellationToken,
) {
    let writer = Arc::new(Mutex::new(Writer { dir, reader, log: None }));
    let mut events = bus.listen();
    let (mut gathered, mut is_complete) = (Vec::new(), true);
    loop {
        let is_written = write(&writer, std::mem::take(&mut gathered), is_complete, &health).await;
        if stopped.is_cancelled() {
            return;
        }
        let next = tokio::select! {
            // Events that come meanwhile are read from the store.
            () = sleep(RETRY), if !is_written => Err(RecvError::Lagged(0)),
            next = events.recv(), if is_written => next,
            () = stopped.cancelled() => Err(RecvError::Closed),
        };
        is_complete = match next {
            Ok(first) => gather(&bus, first, &mut events, &mut gathered),
            Err(_) => false,
        };
    }
}

/// Takes the announced events; false if some have been missed, or have to be read from the store.
fn gather(
    bus: &Bus,
    first: Committed,
    events: &mut Receiver<Committed>,
    gathered: &mut Vec<Arc<Event>>,
) -> bool {
    let mut next = Ok(first);
    let mut is_complete = true;
    loop {
        match next {
            // After a gap nothing can be written without the store, which has all of it.
            Ok(Committed { seq, .. }) if is_complete => match bus.recent(seq) {
                Some(event) => gathered.push(event),
                None => is_complete = false,
            },
            Ok(_) => {}
            Err(TryRecvError::Lagged(_)) => is_complete = false,
            Err(TryRecvError::Empty | TryRecvError::Closed) => return is_complete,
        }
        next = events.try_recv();
    }
}

/// Writes beside the connections; true if that succeeded.
async fn write(
    writer: &Arc<Mutex<Writer>>,
    events: Vec<Arc<Event>>,
    is_complete: bool,
    health: &Health,
) -> bool {
    let blocking = Arc::clone(writer);
    let write = move || {
        let mut writer = blocking.lock().unwrap_or_else(PoisonError::into_inner);
        writer
            .write(&events, is_complete)
            .map_err(|error| format!("the event log {} cannot be written: {error}", writer.dir.display()))
    };
    let written = tokio::task::spawn_blocking(write).await.unwrap_or_else(|error| Err(error.to_string()));
    match &written {
        Ok(()) => health.clear(EVENT_LOG_ISSUE),
        Err(message) => {
            tracing::warn!("{message}");
            health.report(EVENT_LOG_ISSUE, message.clone());
        }
    }
    written.is_ok()
}

/// The log and where its events come from.
struct Writer {
    dir: PathBuf,
    /// A reader of its own.
    reader: Arc<dyn Reader>,
    /// None until all events of the store are written; and after an error, when only the files show which are.
    log: Option<Files>,
}

impl Writer {
    /// Writes these events. If they are not complete, or do not follow on the last one written, the missing ones are read from the store.
    fn write(&mut self, events: &[Arc<Event>], is_complete: bool) -> io::Result<()> {
        let log = match self.log.take() {
            Some(mut log) => {
                if !log.append(events.iter().map(|event| &**event))? || !is_complete {
                    log.catch_up(&*self.reader)?;
                }
                log
            }
            None => {
                let committed = self.reader.last_event().map_err(io::Error::other)?;
                let mut log = Files::repaired(&self.dir, committed)?;
                log.catch_up(&*self.reader)?;
                log
            }
        };
        self.log = Some(log);
        Ok(())
    }
}

struct Files {
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
    fn repaired(dir: &Path, committed: u64) -> io::Result<Self> {
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
    fn catch_up(&mut self, reader: &dyn Reader) -> io::Result<()> {
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
    fn append<'a>(&mut self, events: impl Iterator<Item = &'a Event>) -> io::Result<bool> {
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

/// The number of the last event in the files, as far as it is not above `most`; 0 if there is none.
pub(crate) fn last_written(dir: &Path, most: u64) -> u64 {
    // Not the newest file's: the clock may have been set back.
    files(dir).filter_map(|path| Some(End::of(&path, most).ok()?.last)).max().unwrap_or(0)
}

/// The number of the last event in a file; none if there is none.
pub(crate) fn last_of(path: &Path) -> Option<u64> {
    End::of(path, u64::MAX).ok().map(|end| end.last).filter(|last| *last > 0)
}

fn files(dir: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
}

/// The member of an event that is needed.
#[derive(Deserialize)]
struct Numbered {
    seq: u64,
}

/// The end of a file.
#[derive(Debug, PartialEq, Eq)]
struct End {
    /// The number of its last event; 0 if there is none.
    last: u64,
    /// Its length in bytes.
    length: u64,
    /// Its length up to the end of its last whole line, in bytes.
    whole: u64,
}

impl End {
    /// Reads as much of the end as it takes: a line may be as long as a message.
    fn of(path: &Path, most: u64) -> io::Result<Self> {
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
    use aiwg_protocol::types::{EventSource, Json, Timestamp};

    use super::*;
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
