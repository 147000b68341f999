//! `events/`: the event log as JSON Lines, a file a day, for `tail -f` and `jq`.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use aiwg_protocol::types::Event;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio_util::sync::CancellationToken;

use super::{append_private, tail};
use crate::{
    health::{Health, IssueKind},
    store::{EventFilter, From, Reader},
};

/// How many events are read from the store at a time.
const PAGE: u32 = 500;

/// Long enough for the last line of a file, the largest payload included.
const LAST_LINE: u64 = 17 * 1024 * 1024;

/// Writes every event, those included that an earlier daemon could not write any more, until `stopped` and all is written.
pub(crate) async fn write_event_log(
    dir: PathBuf,
    reader: Arc<Reader>,
    mut events: Receiver<Arc<Event>>,
    health: Health,
    stopped: CancellationToken,
) {
    let mut log = EventLog { last: last_written(&dir), dir, open: None };
    loop {
        // From the store first: this is also how it catches up after falling behind.
        if let Err(error) = log.catch_up(&reader) {
            health.report(
                IssueKind::Files,
                format!("the event log {} cannot be written: {error}", log.dir.display()),
            );
            tracing::warn!(%error, "the event log cannot be written");
        }
        let event = tokio::select! {
            event = events.recv() => event,
            () = stopped.cancelled() => Err(RecvError::Closed),
        };
        match event {
            Ok(event) => {
                let gathered = std::iter::once(event).chain(std::iter::from_fn(|| events.try_recv().ok()));
                let _ = log.append(gathered);
            }
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => {
                let _ = log.catch_up(&reader);
                return;
            }
        }
    }
}

struct EventLog {
    dir: PathBuf,
    /// The number of the last event in it.
    last: u64,
    open: Option<(String, File)>,
}

impl EventLog {
    fn catch_up(&mut self, reader: &Reader) -> io::Result<()> {
        loop {
            let filter = EventFilter { topics: None, from: From::After(self.last), limit: PAGE };
            let page = reader.events(&filter).map_err(io::Error::other)?;
            self.append(page.events.into_iter().map(Arc::new))?;
            if page.is_last {
                return Ok(());
            }
        }
    }

    /// Appends those that follow on the last one; a gap is left to [`Self::catch_up`].
    fn append(&mut self, events: impl Iterator<Item = Arc<Event>>) -> io::Result<()> {
        let mut lines = Vec::new();
        let mut day = String::new();
        let mut last = self.last;
        for event in events {
            if event.seq <= last {
                continue;
            }
            let on = event.at.to_string().split('T').next().unwrap_or_default().to_owned();
            if on != day {
                self.write(&day, &std::mem::take(&mut lines))?;
                self.last = last;
                day = on;
            }
            serde_json::to_writer(&mut lines, &*event)?;
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
        let file = match &mut self.open {
            Some((open, file)) if open == day => file,
            slot => {
                &mut slot.insert((day.to_owned(), append_private(&self.dir.join(format!("{day}.jsonl")))?)).1
            }
        };
        file.write_all(lines)
    }
}

/// The number of the last event in the newest file; 0 when there is none. A line that a crash cut short does not count.
/// The number of the last event in the newest file; 0 if there is none.
pub(crate) fn last_written(dir: &Path) -> u64 {
    let names = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let Some(newest) = names.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).max() else {
        return 0;
    };
    let text = tail(&newest, LAST_LINE).unwrap_or_default();
    text.lines().rev().find_map(|line| serde_json::from_str::<Event>(line).ok()).map_or(0, |event| event.seq)
}
