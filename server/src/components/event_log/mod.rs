//! `events/`: the event log as JSON Lines, a file a day, for `tail -f` and `jq`.

mod files;
mod last_line;

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aiwg_protocol::types::Event;
use aiwg_store::Reader;
use futures::future::BoxFuture;
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
};
use files::Files;
pub(crate) use last_line::{last_of, last_written, tasks_written};

/// `events/` could not be written.
const EVENT_LOG_ISSUE: IssueKind = IssueKind::named("event_log");

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
