//! Building the daemon: the engine on the store, and the parts around it.

use std::{io, sync::Arc, thread, time::Duration};

use aiwg_model::TaskRow;
use aiwg_protocol::types::Timestamp;
use aiwg_shim::boot_ms;
use aiwg_store::{Store, StoreError};
use aiwg_store_postgres::Hears;
use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    BootError, Options, Ready,
    error::system,
    parts::{self, Found},
    prepare::Prepared,
};
use crate::{
    accounts::{self, Accounts},
    agent_program,
    api::{Api, stop_when_empty},
    bus::Bus,
    component::{Component, Components},
    components::{
        messaging::Messaging,
        state_guard::StateGuard,
        watcher::{FileWatcher, WatchCursor},
    },
    context::{Context, LastSeen},
    engine::{
        self, Due, Engine, EngineConfig, EngineSetup, Gathered, Gatherer, Order, fire_when_due, gathering,
        used_ms,
    },
    gateways::socket,
    health::Health,
    leases::Leases,
    lifecycle::{Lock, PidFile},
    messaging::Environment,
    outputs::{Outputs, carry},
    recovery::{HostCursors, Opened, open_reader},
    running::Running,
    runs::{LeftRunning, Shared, Shortage, supervise},
    status::status,
    stop::StopRequests,
    workspaces::Workspaces,
};

/// The longest wait of the start until all files are watched. It is reached only where there are very many, or where they are slow.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// The state in the store that the daemon before has left.
struct Left {
    /// The tasks that run.
    agents: Vec<LeftRunning>,
    last_event: u64,
    /// The time up to which things have aged.
    aged: Option<Timestamp>,
}

impl Left {
    fn read(store: &mut dyn Store) -> Result<Self, StoreError> {
        let me = store.host().map(str::to_owned);
        let view = store.view()?;
        let (last_event, _) = view.last_numbers()?;
        let with_run = |task: TaskRow| {
            let runs = view.runs(task.no)?;
            let used_ms = if task.spec.terms.verify.is_some() { used_ms(&runs) } else { 0 };
            let run = runs.into_iter().find(|run| run.id == task.run());
            Ok(LeftRunning { task, run, used_ms })
        };
        let mut agents = view.running()?.into_iter().map(with_run).collect::<Result<Vec<_>, StoreError>>()?;
        // Those of other hosts are theirs.
        let host = |left: &LeftRunning| left.run.as_ref().and_then(|run| run.host.clone());
        agents.retain(|left| me.is_none() || host(left).is_none_or(|host| Some(host) == me));
        Ok(Self { agents, last_event, aged: view.aged()? })
    }
}

fn unreadable(error: StoreError) -> BootError {
    system("the database could not be read")(io::Error::other(error))
}

/// The engine, and the ends of its channels that others hold.
struct Core {
    engine: Engine,
    thread: thread::JoinHandle<()>,
    bus: Bus,
    left: Left,
    /// The supervisor's orders.
    orders: mpsc::UnboundedReceiver<Order>,
    /// The times at which matches will have settled, for the rules' clock.
    due: watch::Receiver<Due>,
    /// The end of the source that gathers changes, and the clock's end.
    gatherer: Gatherer,
    gathered: Gathered,
    /// Rung when events have brought much.
    grown: Arc<Notify>,
    /// Rung when messages to platforms wait.
    messages: Arc<Notify>,
}

impl Core {
    /// Starts the engine on the store. It publishes on the bus.
    fn start(
        mut store: Box<dyn Store>,
        engine_config: EngineConfig,
        (health, accounts): (&Health, &Accounts),
    ) -> Result<Self, BootError> {
        let left = Left::read(&mut *store).map_err(unreadable)?;
        let bus = Bus::new(left.last_event);
        let (order, orders) = mpsc::unbounded_channel();
        let (next_due, due) = watch::channel(Due::default());
        let (gatherer, gathered) = gathering();
        let grown = Arc::new(Notify::new());
        let messages = Arc::new(Notify::new());
        let setup = EngineSetup {
            store,
            config: engine_config,
            bus: bus.clone(),
            orders: order,
            health: health.clone(),
            accounts: accounts.clone(),
            next_due,
            grown: Arc::clone(&grown),
            messages: Arc::clone(&messages),
        };
        let (engine, thread) = engine::start(setup).map_err(system("the engine could not be started"))?;
        Ok(Self { engine, thread, bus, left, orders, due, gatherer, gathered, grown, messages })
    }
}

/// What comes of what the store's listener hears.
struct Pulse {
    engine: Engine,
    context: Arc<Context>,
}

impl Hears for Pulse {
    fn woken(&self) {
        self.engine.ring();
    }

    fn moved(&self) {
        self.engine.look();
    }

    fn clock(&self) -> u64 {
        boot_ms()
    }

    fn heard(&self, sent: u64, silent_ms: u64) {
        let lost_after_ms = self.context.settings.get().config.fleet.lost_after_ms();
        if let Some(leases) = &self.context.leases {
            leases.prolong(sent, lost_after_ms);
        }
        if silent_ms >= lost_after_ms {
            self.engine.lose_silent(lost_after_ms);
        }
    }
}

/// Runs all components, each as a task of its own.
fn run_all(components: &Components, context: &Arc<Context>) -> Vec<(&'static str, JoinHandle<()>)> {
    let run = |component: &Arc<dyn Component>| {
        (component.name(), tokio::spawn(Arc::clone(component).run(Arc::clone(context))))
    };
    components.all().iter().map(run).collect()
}

/// A daemon that runs.
pub(super) struct Daemon {
    pub(super) context: Arc<Context>,
    pub(super) components: Components,
    pub(super) api: Arc<Api>,
    pub(super) state_guard: Arc<StateGuard>,
    pub(super) lock: Lock,
    /// What the database in the project's directory says of this host.
    pub(super) host_cursors: HostCursors,
    /// The number of files that agents may have open; none for as many as the daemon.
    pub(super) open_files: Option<u64>,
    pub(super) engine_thread: thread::JoinHandle<()>,
    pub(super) supervisor: JoinHandle<()>,
    /// The parts that run until the daemon has stopped, by their names in the log.
    pub(super) running: Vec<(&'static str, JoinHandle<()>)>,
    /// The changes of the configuration that a person puts in force with this start, a line each.
    changes: Vec<String>,
    /// Removes the file when the daemon has ended.
    _pid_file: PidFile,
}

impl Daemon {
    /// Starts all parts. It answers from here on.
    pub(super) fn start(prepared: Prepared, options: &Options) -> Result<Self, BootError> {
        let Prepared {
            host,
            project,
            lock,
            settings,
            engine_config,
            health,
            log,
            place,
            opened: Opened { store, files, local, host_cursors, listener: of_others, outputs: sink, .. },
            joined_at,
            open_files,
            changes,
        } = prepared;
        let state_guard =
            Arc::new(StateGuard::of(&project, &lock, files).map_err(system("what was just made is gone"))?);
        let open_reader = || place.apart(|| open_reader(&project, &place, &health));
        let reader = open_reader()?;
        // A reader of its own, since the copy may take long.
        let copying = open_reader()?;
        let watched = place.apart(|| WatchCursor::read(&*reader)).map_err(unreadable)?;
        let shared = options.shared.clone().or_else(|| accounts::place(|name| std::env::var_os(name)));
        let workspaces = Workspaces::of(&project, shared.as_deref());
        let accounts = Accounts::open(shared, project.root().display().to_string());
        let core = place.apart(|| Core::start(store, engine_config, (&health, &accounts)))?;
        let woken = core.engine.clone();
        let leases = joined_at.filter(|_| place.name().is_some()).map(|heard_ms| {
            Leases::new(project.lease(), heard_ms, settings.get().config.fleet.lost_after_ms())
        });

        // The socket, which is there before anyone can know of it, and the pid file.
        let listener = lock
            .identity()
            .and_then(|lock| socket::bind(&project, lock))
            .map_err(system(format!("the socket {} could not be bound", project.socket().display())))?;
        let pid_file =
            PidFile::write(project.pid_file()).map_err(system("the pid file could not be written"))?;

        let context = Arc::new(Context {
            host,
            project,
            settings,
            log,
            engine: core.engine,
            reader,
            store: place.name().map(str::to_owned),
            leases,
            outputs: sink.is_some().then(Outputs::default),
            last_seen: LastSeen::of(place.name().is_some()),
            local,
            bus: core.bus,
            running: Running::new(),
            health,
            accounts,
            workspaces,
            socket: listener.path.display().to_string(),
            status_changed: Notify::new(),
            grown: core.grown,
            messages: core.messages,
            started: std::time::Instant::now(),
            started_at: Timestamp::now(),
            detached: options.detached,
            stop: StopRequests::new(),
            stopped: CancellationToken::new(),
        });
        // The supervisor, which goes on with the agents of an earlier daemon.
        let shared = Shared {
            shortage: Shortage::new(context.engine.clone(), context.health.clone()),
            context: Arc::clone(&context),
            open_files,
        };
        let supervisor = tokio::spawn(supervise(Arc::new(shared), core.left.agents, core.orders));
        if context.engine.draining_since().is_some() {
            tokio::spawn(stop_when_empty(Arc::clone(&context)));
        }

        let components = Components::default();
        let watcher = Arc::new(FileWatcher::of(&context, watched, core.gatherer));
        let messaging =
            Arc::new(Messaging::of(Environment::read(), components.clone(), &context.settings.get().config));
        let api = Arc::new(Api::new(
            Arc::clone(&context),
            components.clone(),
            Arc::clone(&watcher),
            Arc::clone(&messaging),
        ));
        let found = Found {
            listener,
            api: Arc::clone(&api),
            copying,
            watcher,
            messaging,
            state_guard: Arc::clone(&state_guard),
            aged: core.left.aged,
        };
        components.set(parts::build(&components, found));
        let mut running = run_all(&components, &context);
        let clock = fire_when_due(context.engine.clone(), core.due, core.gathered, context.stopped.clone());
        running.push(("the rules' clock", tokio::spawn(clock)));
        if let Some(of_others) = of_others {
            let hears = Pulse { engine: woken, context: Arc::clone(&context) };
            let (listen, stopped) = (of_others.run(hears), context.stopped.clone());
            let listen = async move {
                stopped.run_until_cancelled(listen).await;
            };
            running.push(("the listener", tokio::spawn(listen)));
        }
        if let Some((outputs, sink)) = context.outputs.clone().zip(sink) {
            let (carry, stopped) = (carry(outputs, sink, context.project.clone()), context.stopped.clone());
            let carry = async move {
                stopped.run_until_cancelled(carry).await;
            };
            running.push(("the outputs", tokio::spawn(carry)));
        }
        if !pid_file.is_written() {
            let later = PidFile::write_later(context.project.pid_file(), context.stopped.clone());
            running.push(("the pid file", tokio::spawn(later)));
        }
        Ok(Self {
            context,
            components,
            api,
            state_guard,
            lock,
            host_cursors,
            open_files,
            engine_thread: core.thread,
            supervisor,
            running,
            changes,
            _pid_file: pid_file,
        })
    }

    /// Starts the watching, and waits for that for a while: a client that has seen the daemon start expects that it
    /// notices every change from then on.
    pub(super) async fn look_at_files(&self) {
        self.context.engine.wake().await;
        let (components, context) = (self.components.clone(), Arc::clone(&self.context));
        let configured = tokio::spawn(async move { components.configure(&context).await });
        let _ = timeout(FIRST_LOOK, configured).await;
    }

    /// Reads the status once where the store is elsewhere: that one may be away by the time someone asks for it, and
    /// then the status says so with what was read last.
    pub(super) async fn look_at_status(&self) {
        if self.context.store.is_some() {
            let _ = timeout(FIRST_LOOK, status(&self.context, &self.components)).await;
        }
    }

    /// The report to the process that starts it.
    pub(super) async fn ready(&self) -> Ready {
        let Context { settings, project, health, socket, .. } = &*self.context;
        agent_program::check(&settings.get().config, project.root(), health);
        Ready {
            pid: std::process::id(),
            socket: socket.clone(),
            warnings: health.issues().into_iter().map(|issue| issue.message).collect(),
            changes: self.changes.clone(),
            shares_with: self.others().await,
        }
    }

    /// The other hosts that are there. Whoever has named another project's store by mistake sees it by them.
    async fn others(&self) -> Vec<String> {
        let Some(me) = self.context.engine.host().map(str::to_owned) else { return Vec::new() };
        let read = self.context.read(|reader| reader.hosts());
        let Ok(Ok(hosts)) = timeout(FIRST_LOOK, read).await else { return Vec::new() };
        let others = hosts.into_iter().map(|(host, _)| host).filter(|host| host.is_there() && host.id != me);
        others.map(|host| format!("{} ({})", host.name, host.place)).collect()
    }
}
