//! The daemon from its first moment to its last.

#[cfg(test)]
mod config_tests;
mod error;
mod options;
mod parts;
mod signals;

use std::{
    io,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use aiwg_fs::within;
use aiwg_protocol::types::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Notify, Semaphore, mpsc, watch::channel},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

pub use self::{
    error::BootError,
    options::Options,
    parts::{load_config, parse_config},
};
use self::{
    error::system,
    parts::CHECKS,
    signals::{Signals, last_wish, wanted_to_stop},
};
pub use crate::runs::{AGENT_ENV, TASK_ENV};
use crate::{
    agent_program,
    allocator::give_back_what_is_large,
    api,
    bus::Bus,
    components::{
        retention::keep_house,
        scheduler::fire_schedules,
        state_guard::{Ground, watch_ground},
        watcher::{FileWatcher, answer_gathering, begin_anew, note_told},
        write_event_log, write_status_files, write_tasks_file,
    },
    config::{Chosen, Settings, choose},
    context::{Context, MOST_READS, Stop},
    engine::{self, Due, Engine, EngineSetup, fire_when_due, gathering},
    gateways::socket::{self, is_answered_within},
    health::{Health, IssueKind},
    lifecycle::{
        Holder, Lock, Phase, PidFile, feed_watchdog, limit_open_files, raise_open_files, release_signals,
        tell_ready, tell_reloading, tell_stopping,
    },
    log::{Log, keep_last_words},
    project::Project,
    recovery::{RecoveryError, Wanted, open_store},
    reload::{policy, report_notices, watch},
    running::Running,
    runs::{Shared, Shortage, leave_agents, supervise},
    state,
    store::{InForce, Reader, Store, TaskNo},
};

/// How long after the agents' grace the daemon waits for the last of them. What then still runs is found by the next start.
const LAST_AGENT: Duration = Duration::from_secs(25);

/// How long the start waits until all files are watched: longer only where there are very many, or where they are slow.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// How long the end waits until all has been told that changed before it: longer only where there are very many files, where they
/// are slow, or where the database cannot be written.
const LAST_LOOK: Duration = Duration::from_secs(5);

/// How long the end waits for each of those who may be stuck: a read of a file system that does not answer, say. They end with the process.
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// How long a daemon that holds the lock may take until it answers, for one that finds the lock held.
const STARTING: Duration = Duration::from_secs(2);

/// How long it may take to look which agents are alive.
const LOOKING: Duration = Duration::from_secs(5);

/// What a daemon has ended for.
#[derive(Debug)]
pub enum Ended {
    /// For good.
    Stopped,
    /// Since its project, or what it keeps there, was taken away: how.
    Lost(String),
    /// Since it cannot go on, through a fault of its own: which.
    Failed(String),
    /// To begin anew, as the same process, which keeps the lock meanwhile: its agents go on, and are children of it.
    Restart(Lock),
}

/// A daemon that answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ready {
    /// Its process.
    pub pid: u32,
    /// Its socket.
    pub socket: String,
    /// What a person should look at, though it runs.
    pub warnings: Vec<String>,
    /// What differs in the configuration from what was in force before, a line each.
    #[serde(default)]
    pub changes: Vec<String>,
}

/// Runs a daemon until it is stopped. `ready` is called once it answers.
///
/// # Errors
/// It could not start; nothing was changed then but for directories that were made.
pub async fn run(options: Options, ready: impl FnOnce(Ready)) -> Result<Ended, BootError> {
    give_back_what_is_large();
    // First of all: while it begins anew, as the same process, somebody may well send one.
    let mut signals = Signals::receive()
        .and_then(|signals| release_signals().map(|()| signals))
        .map_err(system("signals cannot be received"))?;
    // The ground: the project's directories, the one lock, the configuration, the log.
    let project = open_project(&options.project)?;
    let mut lock = take_lock(&project, &options)?;
    keep_last_words(project.log());
    let known = state::examine(&project, options.adopt_state, lock.is_handed_over())?;
    let asked = options.asked(&known);
    known.may_begin_anew(&project, asked.is_a_persons())?;
    options.check(asked, &known)?;
    let is_first = known.in_force.is_none();
    let Chosen { loaded, named, changes, differs } =
        choose(&project, options.config.clone(), asked, known.in_force, CHECKS)?;
    let policy = policy(&loaded.config)?;
    let health = Health::default();
    let log = Log::start(project.log(), &loaded.config.daemon.log, !options.detached, health.clone())
        .map_err(system("the log could not be started"))?;
    tracing::info!(pid = std::process::id(), project = %project.root().display(), "the daemon starts");
    let open_files = raise_open_files();
    report_notices(&loaded, CHECKS, &health);
    report_changes(&changes, differs.as_deref(), &health);
    if let Some(why) = state::not_promised(&project.state_dir()) {
        tracing::warn!("{why}");
        health.report(IssueKind::FileSystem, why);
    }
    if known.has_lost_log {
        let lost = state::lost_log(&project.database());
        tracing::error!("{lost}");
        health.report(IssueKind::Damage, lost);
    }
    let in_force = InForce { named: named.clone(), text: loaded.text.clone() };
    let settings = Settings::new(loaded, named, CHECKS);

    // The store, and from it the engine, which publishes on the bus and orders from the supervisor.
    let interrupted = settings.get().config.daemon.interrupted_tasks;
    let wanted = Wanted { interrupted, import: options.import || options.adopt_state, damage: known.damage };
    let mut store = open_store(&project, &wanted, &health)?;
    if asked.is_a_persons() || is_first {
        store.set_in_force(&in_force).map_err(RecoveryError::from)?;
    }
    let ground = Arc::new(Ground::of(&project, &lock).map_err(system("what was just made is gone"))?);
    let open_reader =
        || Reader::open(&project.database()).map(|reader| Arc::new(reader.reporting_to(&health)));
    let reader = open_reader().map_err(RecoveryError::from)?;
    let unreadable = |error| system("the database could not be read")(io::Error::other(error));
    let found = store.running().map_err(unreadable)?;
    let (last_event, _) = store.last_numbers().map_err(unreadable)?;
    let files_told = store.files_told().map_err(unreadable)?;
    let aged = store.aged().map_err(unreadable)?;
    let bus = Bus::new(last_event);
    let (order, orders) = mpsc::unbounded_channel();
    let (next_due, due) = channel(Due::default());
    let (gatherer, gathered) = gathering();
    let grown = Arc::new(Notify::new());
    let (engine, engine_thread) = engine::start(EngineSetup {
        store,
        policy,
        bus: bus.clone(),
        orders: order,
        health: health.clone(),
        next_due,
        grown: Arc::clone(&grown),
    })
    .map_err(system("the engine could not be started"))?;

    // The socket, which is there before anyone can know of it, and the pid file.
    let listener = socket::bind(&project)
        .map_err(system(format!("the socket {} could not be bound", project.socket().display())))?;
    let socket = listener.path.display().to_string();
    let _pid_file =
        PidFile::write(project.pid_file()).map_err(system("the pid file could not be written"))?;

    // The supervisor, which goes on with the agents of an earlier daemon.
    let running = Running::new();
    let shared = Shared {
        project: project.clone(),
        settings: settings.clone(),
        engine: engine.clone(),
        running: running.clone(),
        shortage: Shortage::new(engine.clone(), health.clone()),
        socket: socket.clone(),
        open_files,
    };
    let supervisor = tokio::spawn(supervise(Arc::new(shared), found, orders));

    // Those who listen: the readable files and the connections. And the other sources of events.
    let stopped = CancellationToken::new();
    let memory = api::Memory::new(settings.get().config.daemon.max_memory_mb);
    let context = Arc::new(Context {
        project: project.clone(),
        settings,
        restarts_attended: AtomicBool::new(false),
        reloading: tokio::sync::Mutex::new(()),
        log,
        engine: engine.clone(),
        reader: Arc::clone(&reader),
        bus: bus.clone(),
        running: running.clone(),
        health: health.clone(),
        socket: socket.clone(),
        watcher: FileWatcher::new(
            project.clone(),
            engine.clone(),
            health.clone(),
            stopped.clone(),
            files_told,
            gatherer,
        ),
        health_check: Mutex::default(),
        status_changed: Notify::new(),
        clients: AtomicU32::new(0),
        memory,
        reading: Semaphore::new(MOST_READS),
        growth: Arc::default(),
        started: Instant::now(),
        started_at: Timestamp::now(),
        stop_asked: channel(None).0,
        detached: options.detached,
        stopped,
    });
    // A reader that nobody else waits for: copying much takes long.
    let copying = open_reader().map_err(RecoveryError::from)?;
    let mut files = start_files(&context, &copying, &bus);
    let served = {
        let context = Arc::clone(&context);
        tokio::spawn(socket::serve(listener, context))
    };
    let lost = tokio::spawn(watch_ground(Arc::clone(&context), Arc::clone(&ground)));
    files.spawn(fire_when_due(engine.clone(), due, gathered, context.stopped.clone()));
    files.spawn(answer_gathering(Arc::clone(&context)));
    files.spawn(keep_house(Arc::clone(&context), aged, grown));
    files.spawn(fire_schedules(Arc::clone(&context)));
    files.spawn(note_told(Arc::clone(&context)));
    files.spawn(begin_anew(Arc::clone(&context)));
    engine.wake().await;
    // Whoever has seen the daemon start expects that it sees what is changed from then on.
    let _ = tokio::time::timeout(FIRST_LOOK, watch(&context)).await;
    files.spawn(feed_watchdog(Arc::clone(&context)));
    tell_ready();
    ready(Ready { pid: std::process::id(), socket: socket.clone(), warnings: warnings(&context), changes });

    // Until someone says stop.
    let mut has_failed = false;
    let mut how = tokio::select! {
        how = wanted_to_stop(&context, &mut signals) => how,
        () = engine.gone() => {
            // Only by a panic. Without it nothing can be stored: the next start goes on with the agents.
            has_failed = true;
            Stop::KeepAgents
        }
    };
    if how == Stop::Restart {
        lock.restarts(context.restarts_attended.load(Ordering::Relaxed));
        tell_reloading()
    } else {
        lock.note(Phase::Stops);
        tell_stopping()
    }
    shut_down(&context, &engine, how).await;
    if how == Stop::KeepAgents {
        leave_agents(&project, &context.running, ground.is_in_place()).await;
    }
    in_time("the last answers", served).await;
    in_time("the readable files", files.join_all()).await;
    // From here on nobody can ask for anything over the socket.
    let last = last_wish(&context, &mut signals).max(how);
    if how < last && last == Stop::EndAgents {
        lock.note(Phase::Stops);
        end_agents(&context, &engine).await;
    }
    how = last;
    engine.exit().await;
    in_time("the engine", tokio::task::spawn_blocking(move || engine_thread.join())).await;
    supervisor.abort();
    if has_failed {
        return Ok(Ended::Failed(
            "the daemon's engine has failed, and the daemon with it: .aiwg/daemon/daemon.log says how; please report it. Its agents go on, \
             and `aiwg daemon start` finds them"
                .to_owned(),
        ));
    }
    if how != Stop::Restart {
        tracing::info!("the daemon has stopped");
        let lost = lost.await.ok().flatten();
        if lost.is_some() {
            remember(&context);
        }
        return Ok(lost.map_or(Ended::Stopped, Ended::Lost));
    }
    if let Some(limit) = open_files {
        // What comes is to find the limit that this one found.
        limit_open_files(limit);
    }
    tracing::info!("the daemon begins anew");
    Ok(Ended::Restart(lock))
}

/// Whether a daemon holds this project's lock.
pub fn is_running(project: &Path) -> bool {
    Project::at(project).is_ok_and(|project| Lock::is_held(&project))
}

/// The daemon that holds this project's lock, or the last one if that did not end in good order.
pub fn last_holder(project: &Path) -> Option<Holder> {
    Lock::last_holder(&Project::at(project).ok()?)
}

/// The tasks of this project whose agents are alive, in the order of their numbers, whether a daemon keeps them or not.
///
/// # Errors
/// It cannot be told: their directories do not answer.
pub fn living_agents(project: &Path) -> io::Result<Vec<String>> {
    let Ok(project) = Project::at(project) else { return Ok(Vec::new()) };
    within(LOOKING, move || living_agents_in(&project.actions_dir()))
}

fn living_agents_in(actions: &Path) -> Vec<String> {
    let actions = std::fs::read_dir(actions).into_iter().flatten().flatten();
    let is_held = |dir: &Path| aiwg_shim::is_held(dir).unwrap_or(false);
    let mut tasks: Vec<TaskNo> = actions
        .filter_map(|entry| {
            let no = entry.file_name().to_str()?.parse().ok()?;
            is_held(&entry.path()).then_some(no)
        })
        .collect();
    tasks.sort_unstable();
    tasks.iter().map(ToString::to_string).collect()
}

fn open_project(root: &Path) -> Result<Project, BootError> {
    let unusable = |source| BootError::Project { path: root.to_owned(), source };
    let project = Project::at(root).map_err(unusable)?;
    project.make_dirs().map_err(unusable)?;
    Ok(project)
}

/// Says what the configuration in force is, where that is not plain.
fn report_changes(changes: &[String], differs: Option<&str>, health: &Health) {
    if !changes.is_empty() {
        tracing::info!(
            "the configuration has changed since it was in force last, as `aiwg daemon start` showed"
        );
    }
    if let Some(differs) = differs {
        tracing::warn!("{differs}");
        health.report(IssueKind::ConfigChanged, differs);
    }
}

/// Where the store was removed, what the next start is to go by is gone with it: a new store gets that again, while this daemon still knows.
/// Or whoever can have the store removed, with `git clean`, could put a changed configuration in force.
fn remember(context: &Context) {
    let project = &context.project;
    if !project.aiwg().is_dir() || project.database().exists() {
        return;
    }
    let in_force = InForce { named: context.settings.named(), text: context.settings.get().text.clone() };
    let remembered =
        project.make_dirs().map_err(system("the directories cannot be made again")).and_then(|()| {
            let mut store = Store::open(&project.database()).map_err(RecoveryError::from)?;
            Ok(store.set_in_force(&in_force).map_err(RecoveryError::from)?)
        });
    if let Err(error) = remembered {
        tracing::warn!(%error, "which configuration was in force could not be kept");
    }
}

fn take_lock(project: &Project, options: &Options) -> Result<Lock, BootError> {
    let lock = Lock::take(project, options.config.as_deref(), options.detached)
        .map_err(system(format!("the lock {} could not be taken", project.lock().display())))?;
    lock.map_err(|holder| {
        // One that has just begun may still be about to answer.
        let is_new = holder.as_ref().is_some_and(|holder| holder.phase == Phase::Runs);
        let time = if is_new { STARTING } else { Duration::ZERO };
        BootError::AlreadyRunning { holder, answers: is_answered_within(time, &project.socket()) }
    })
}

fn start_files(context: &Arc<Context>, reader: &Arc<Reader>, bus: &Bus) -> JoinSet<()> {
    let mut files = JoinSet::new();
    let (project, health, stopped) = (&context.project, &context.health, &context.stopped);
    files.spawn(write_event_log(
        project.events_dir(),
        Arc::clone(reader),
        bus.clone(),
        health.clone(),
        stopped.clone(),
    ));
    files.spawn(write_tasks_file(
        project.tasks_file(),
        Arc::clone(reader),
        context.running.clone(),
        bus.listen(),
        health.clone(),
        stopped.clone(),
    ));
    files.spawn(write_status_files(Arc::clone(context), stopped.clone()));
    files
}

/// What whoever starts a daemon should know at once.
fn warnings(context: &Context) -> Vec<String> {
    agent_program::check(&context.settings.get().config.agent, context.project.root(), &context.health);
    context.health.issues().into_iter().map(|issue| issue.message).collect()
}

/// Ends the agents, unless they are to go on, then lets everyone who waits know.
async fn shut_down(context: &Arc<Context>, engine: &Engine, how: Stop) {
    let _ = engine.close().await;
    if how == Stop::EndAgents {
        end_agents(context, engine).await;
    }
    // While the engine still takes in what files have changed: what comes of it is queued for the next start.
    let last_look = {
        let context = Arc::clone(context);
        tokio::task::spawn_blocking(move || context.watcher.finish(how == Stop::EndAgents))
    };
    if tokio::time::timeout(LAST_LOOK, last_look).await.is_err() {
        tracing::warn!(
            "the last look at the files takes long; what it would have found, the next start finds"
        );
    }
    context.stopped.cancel();
    // Its thread may be telling the engine something, which is over soon; or it reads from a file system that does not answer.
    let stopping = Arc::clone(context);
    in_time("the watcher", tokio::task::spawn_blocking(move || stopping.watcher.stop())).await;
}

/// Waits for what ends soon, unless it is stuck.
async fn in_time<T>(what: &str, end: impl Future<Output = T>) {
    if tokio::time::timeout(LAST_ANSWERS, end).await.is_err() {
        tracing::warn!("{what} did not come to an end in {} s, and are left behind", LAST_ANSWERS.as_secs());
    }
}

async fn end_agents(context: &Context, engine: &Engine) {
    if let Err(error) = engine.end_all().await {
        tracing::warn!(%error, "the running tasks could not all be told to end");
    }
    if tokio::time::timeout(LAST_AGENT, context.running.none_left()).await.is_err() {
        tracing::warn!("some agents did not end; the next start finds them");
    }
}
