//! The spool, `.aiwg/spool/`: events that clients have emitted while no daemon was there.
//!
//! It is taken in at the start, and before a client is served that connects, however long that takes: so a client that has spooled events and
//! then finds a daemon has emitted those first. Nothing waits or looks for files otherwise, and a project without a spool costs one look at a name each time.

mod files;
mod taking;

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use aiwg_fs::Identity;
use aiwg_model::{CallKey, NewEvent};
use aiwg_protocol::{
    ApiError,
    limits::LONGEST_NAME,
    spool::{REJECTED, SPOOL_PATH},
    types::{Cause, EventEmitParams, Subsystems, Timestamp},
};
use aiwg_store::Reader;
use futures::future::BoxFuture;
use tokio::{
    sync::{Notify, OwnedMutexGuard},
    time::sleep,
};

pub(super) use self::files::holds_events;
use self::{
    files::{Batch, Files, Read, Refusal},
    taking::{Progress, Taking},
};
use crate::{
    component::Component,
    context::Context,
    engine::{EngineError, Spooled, Spooling},
    health::IssueKind,
};

/// Events of the spool were refused, or it cannot be taken in.
const SPOOL_ISSUE: IssueKind = IssueKind::named("spool");

/// The longest time for which a client that connects waits for what is in the spool while not one batch of it can be taken in: the disk hangs.
/// As long as it goes on, a client waits for all of it.
const STALLED: Duration = Duration::from_secs(60);

/// The time before what had to wait is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// The time after which a directory's time of change tells one change from the next.
const SETTLED: Duration = Duration::from_secs(3);

/// Checks the params of an event that is emitted, as if a client had sent them.
type Check = fn(&Context, EventEmitParams, Option<Cause>) -> Result<NewEvent, ApiError>;

/// What has to be over before a client that connects is served.
pub(crate) struct TakingIn {
    /// Ends when it is over.
    pub(crate) over: BoxFuture<'static, ()>,
    /// Time at which it began.
    pub(crate) since: Instant,
}

/// Takes in the spool.
pub(crate) struct Spool {
    check: Check,
    /// The names of files that are gone, of which the store is not told yet. Held by whoever takes in the spool.
    gone: Arc<tokio::sync::Mutex<Gone>>,
    /// Goes up with each step in which something of the spool is taken in.
    steps: AtomicU64,
    progress: Arc<Progress>,
    /// Rung when something in the spool has to wait.
    is_left: Notify,
    /// True if the health says something of the spool.
    has_issue: AtomicBool,
    /// Held while files of events that were taken in are removed.
    is_removing: Arc<std::sync::Mutex<()>>,
}

#[derive(Default)]
struct Gone {
    names: Vec<String>,
    /// True if those of an earlier daemon are among them.
    is_complete: bool,
    /// The directory as it was when nothing was found in it: as long as it is so, nobody has put anything there.
    empty: Option<Stamp>,
}

/// A state of a directory, which changes with the names in it.
#[derive(PartialEq, Eq)]
struct Stamp {
    directory: Identity,
    changed: (i64, i64),
}

impl Stamp {
    fn of(found: &Metadata) -> Self {
        Self { directory: Identity::of(found), changed: (found.ctime(), found.ctime_nsec()) }
    }

    /// True if a later change could not have the same time any more, however coarse the clock of the file system is.
    fn is_settled(&self) -> bool {
        let now = Timestamp::now().as_millis() / 1000;
        now.saturating_sub(self.changed.0) >= SETTLED.as_secs().cast_signed()
    }
}

/// The reason for which the spool is not taken in as a whole.
enum Stopped {
    /// What is left may be taken in later.
    Waits(String),
    /// A person has to do something.
    Broken(String),
}

impl From<EngineError> for Stopped {
    fn from(error: EngineError) -> Self {
        Self::Waits(error.to_string())
    }
}

impl Spool {
    pub(crate) fn new(check: Check) -> Self {
        Self {
            check,
            gone: Arc::default(),
            steps: AtomicU64::new(0),
            progress: Arc::default(),
            is_left: Notify::new(),
            has_issue: AtomicBool::new(false),
            is_removing: Arc::default(),
        }
    }

    /// What has to be over before a client that connects now is served: the taking in of what is there. None if nothing is.
    pub(crate) fn before_client(self: &Arc<Self>, context: &Arc<Context>) -> Option<TakingIn> {
        if !self.has_issue.load(Ordering::Relaxed) {
            let found = context.project.spool().symlink_metadata().ok()?;
            if self.gone.try_lock().is_ok_and(|gone| gone.empty == Some(Stamp::of(&found))) {
                return None;
            }
        }
        let (spool, context) = (Arc::clone(self), Arc::clone(context));
        let since = self.progress.began().unwrap_or_else(Instant::now);
        let over = Box::pin(async move {
            let stopped = context.stopped.clone();
            let taken = async {
                let gone = Arc::clone(&spool.gone).lock_owned().await;
                let spool = Arc::clone(&spool);
                // A task of its own: a client that goes away does not break it off in the middle of a batch.
                let _ = tokio::spawn(async move { spool.take_in(&context, gone).await }).await;
            };
            tokio::select! {
                () = taken => {}
                () = spool.stalls() => {}
                () = stopped.cancelled() => {}
            }
        });
        Some(TakingIn { over, since })
    }

    /// Ends when for a long time nothing of the spool was taken in.
    async fn stalls(&self) {
        let progress = || self.steps.load(Ordering::Relaxed);
        let mut before = progress();
        loop {
            sleep(STALLED).await;
            if std::mem::replace(&mut before, progress()) == before {
                return;
            }
        }
    }

    /// Takes in what is there, and reports what is wrong with it. True if nothing waits there to be taken in.
    async fn take_in(&self, context: &Arc<Context>, mut gone: OwnedMutexGuard<Gone>) -> bool {
        let spool = context.project.spool();
        let Ok(found) = spool.symlink_metadata() else {
            self.report(context, None);
            return true;
        };
        let stamp = Stamp::of(&found);
        if !self.has_issue.load(Ordering::Relaxed) && gone.empty.as_ref() == Some(&stamp) {
            return true;
        }
        let (issue, is_done) = match self.take_all(context, &mut gone).await {
            Ok(0) => {
                let is_as_before = spool.symlink_metadata().is_ok_and(|found| Stamp::of(&found) == stamp);
                gone.empty = Some(stamp).filter(|stamp| is_as_before && stamp.is_settled());
                (None, true)
            }
            Ok(refused) => (Some(refused_words(refused)), true),
            Err(Stopped::Broken(why)) => (Some(why), true),
            Err(Stopped::Waits(why)) => {
                self.is_left.notify_one();
                (Some(format!("events wait in {SPOOL_PATH}, and are taken in by themselves: {why}")), false)
            }
        };
        self.report(context, issue);
        is_done
    }

    fn report(&self, context: &Context, issue: Option<String>) {
        self.has_issue.store(issue.is_some(), Ordering::Relaxed);
        match issue {
            Some(issue) => context.health.report(SPOOL_ISSUE, issue),
            None => context.health.clear(SPOOL_ISSUE),
        }
    }

    /// Takes in all that is there. Returns how many refused events there are, those of earlier times included.
    async fn take_all(&self, context: &Arc<Context>, gone: &mut Gone) -> Result<usize, Stopped> {
        let place = context.project.spool();
        let mut files = apart(move || Files::open(&place).map(Option::unwrap_or_default)).await?;
        if !gone.is_complete {
            // Of what an earlier daemon has taken in, the files that are still there go now, and the names of the others are forgotten.
            let taken = context.engine.spooled().await?;
            gone.names.extend(taken.into_iter().filter(|name| !files.has(name)));
            gone.is_complete = true;
        }
        let taking = Taking::of(&self.progress, files.len());
        while !files.is_empty() {
            let batch;
            (files, batch) = apart(move || files.read()).await?;
            let read = batch.len();
            let (is_over, done) = self.take_batch(context, batch, &mut gone.names).await?;
            let waiting = read.saturating_sub(done.len());
            let progress = Arc::clone(&self.progress);
            let settled = apart(move || Ok(files.settle(done, || progress.went_on()))).await?;
            gone.names.extend(settled.gone);
            settled.outcome?;
            files = settled.files;
            self.progress.note_left(files.len().saturating_add(waiting));
            self.steps.fetch_add(1, Ordering::Relaxed);
            if let Some(why) = is_over {
                return Err(why);
            }
        }
        drop(taking);
        if !gone.names.is_empty() {
            context.engine.take_spooled(Vec::new(), std::mem::take(&mut gone.names)).await?;
        }
        if files.has_taken() {
            self.remove_taken(context);
        }
        let (_, refused) =
            apart(move || Ok((files.refused(), files))).await.map(|(refused, files)| (files, refused))?;
        Ok(refused)
    }

    /// Removes the files of events that were taken in. Nobody waits for that.
    fn remove_taken(&self, context: &Arc<Context>) {
        let (context, is_removing) = (Arc::clone(context), Arc::clone(&self.is_removing));
        tokio::task::spawn_blocking(move || {
            let Ok(_removing) = is_removing.try_lock() else { return };
            files::remove_taken(&context.project.spool(), || !context.stopped.is_cancelled());
        });
    }

    /// Takes in some files: with the reason for which those after them have to wait, if they do, and what is to become of each.
    async fn take_batch(
        &self,
        context: &Arc<Context>,
        batch: Batch,
        gone: &mut Vec<String>,
    ) -> Result<(Option<Stopped>, Vec<(String, Option<Refusal>)>), Stopped> {
        let (mut done, mut events) = (Vec::new(), Vec::new());
        for (name, read) in batch {
            match read.and_then(|read| self.spooled(context, &name, read)) {
                Ok(spooled) => events.push(spooled),
                Err(refusal) => done.push((name, Some(refusal))),
            }
        }
        let names: Vec<String> = events.iter().map(|spooled| spooled.name.clone()).collect();
        let outcomes = context.engine.take_spooled(events, gone.clone()).await?;
        gone.clear();
        let mut is_over = None;
        for (name, outcome) in names.into_iter().zip(outcomes) {
            match outcome {
                Spooling::Taken => done.push((name, None)),
                Spooling::Refused(error) => done.push((name, Some(ApiError::from(error).into()))),
                Spooling::Later(error) => is_over = Some(Stopped::from(error)),
            }
        }
        Ok((is_over, done))
    }

    /// The event of a file, once it is checked as that of a client is.
    fn spooled(&self, context: &Context, name: &str, read: Read) -> Result<Spooled, Refusal> {
        let Read { event, written_at } = read;
        let key = event.idempotency_key;
        if key.is_empty() || key.chars().count() > LONGEST_NAME {
            let why = format!("the member \"idempotencyKey\" must have 1 to {LONGEST_NAME} characters");
            return Err(ApiError::invalid_member("idempotencyKey", why).into());
        }
        // People's and scripts' keys: it is the same call as one that was sent over the socket.
        let key = CallKey::of_event("", &key, &event.topic, Some(&event.payload))
            .map_err(|error| ApiError::invalid_member("payload", error.to_string()))?;
        let params = EventEmitParams {
            topic: event.topic,
            payload: Some(event.payload),
            traceparent: event.traceparent,
            ..EventEmitParams::default()
        };
        let checked = (self.check)(context, params, None)?;
        Ok(Spooled { name: name.to_owned(), event: checked, at: event.at, written_at, key })
    }
}

/// Does work on files on a thread that may block.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Stopped> + Send + 'static,
) -> Result<T, Stopped> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(Stopped::Waits(error.to_string())))
}

fn refused_words(refused: usize) -> String {
    let dir = PathBuf::from(SPOOL_PATH).join(REJECTED);
    let dir = dir.display();
    format!(
        "{refused} of the events that were emitted while no daemon was there have been refused: each is in {dir}, with its reason; mend it and \
         move it back to {SPOOL_PATH}, or delete it"
    )
}

impl Component for Spool {
    fn name(&self) -> &'static str {
        "the spool"
    }

    fn status(&self, _: &Context, _: &dyn Reader, into: &mut Subsystems) -> aiwg_store::Result<()> {
        into.spool = self.progress.status();
        Ok(())
    }

    fn run(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            loop {
                let gone = Arc::clone(&self.gone).lock_owned().await;
                let is_done = self.take_in(&context, gone).await;
                let next = async {
                    if is_done {
                        self.is_left.notified().await;
                    }
                    sleep(RETRY).await;
                };
                tokio::select! {
                    () = next => {}
                    () = context.stopped.cancelled() => return,
                }
            }
        })
    }
}
