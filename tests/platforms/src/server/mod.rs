//! The server: one port, three platforms and the control, in a thread of its own.

mod connection;
mod pipeline;
mod routes;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

pub(crate) use connection::Connection;
use connection::{ConnectionHandle, Door};
pub(crate) use pipeline::Call;

use crate::faults::{Fault, Faults};
use crate::log::{Log, Received, Violation};
use crate::platform::Platform;
use crate::settings::Settings;
use crate::watched::Watched;
use crate::{Discord, Slack, Telegram, discord, slack, telegram};

/// All that the server's tasks and the test share.
pub(crate) struct Shared {
    pub(crate) address: SocketAddr,
    pub(crate) settings: Settings,
    pub(crate) runtime: Handle,
    pub(crate) log: Watched<Log>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) telegram: Watched<telegram::State>,
    pub(crate) slack: Watched<slack::State>,
    pub(crate) discord: Watched<discord::State>,
}

impl Shared {
    pub(crate) fn violate(&self, request: usize, reason: impl Into<String>) {
        self.log.change(|log| log.violate(request, reason));
    }

    pub(crate) fn add_fault(&self, platform: Platform, fault: Fault) {
        self.faults.lock().unwrap().add(platform, fault);
    }

    pub(crate) fn clear_faults(&self, platform: Platform) {
        self.faults.lock().unwrap().clear(platform);
    }

    /// Begins or ends an outage: all that is open is cut, and each request, until it ends.
    pub(crate) fn set_outage(&self, platform: Platform, is_out: bool) {
        self.faults.lock().unwrap().set_outage(platform, is_out);
        if !is_out {
            return;
        }
        match platform {
            Platform::Telegram => self.telegram.change(telegram::State::cut_polls),
            Platform::Slack => self.slack.change(slack::State::cut_sockets),
            Platform::Discord => self.discord.change(discord::State::cut_sockets),
        }
    }
}

fn url(shared: &Shared, platform: Platform) -> String {
    let address = shared.address;
    match platform {
        Platform::Slack => format!("http://{address}/slack/api/"),
        Platform::Discord => format!("http://{address}/discord/api/v10"),
        Platform::Telegram => format!("http://{address}/telegram"),
    }
}

pub(crate) fn environment(shared: &Arc<Shared>) -> Vec<(&'static str, String)> {
    let (bot, app) = Slack::new(Arc::clone(shared)).tokens();
    vec![
        ("AIWG_SLACK_API_URL", url(shared, Platform::Slack)),
        ("AIWG_SLACK_TOKEN", bot),
        ("AIWG_SLACK_APP_TOKEN", app),
        ("AIWG_DISCORD_API_URL", url(shared, Platform::Discord)),
        ("AIWG_DISCORD_TOKEN", Discord::new(Arc::clone(shared)).token()),
        ("AIWG_TELEGRAM_API_URL", url(shared, Platform::Telegram)),
        ("AIWG_TELEGRAM_TOKEN", Telegram::new(Arc::clone(shared)).token()),
    ]
}

/// The three platforms on one port of 127.0.0.1, until it is dropped.
pub struct StandIn {
    pub(crate) shared: Arc<Shared>,
    stop: Mutex<Option<oneshot::Sender<()>>>,
    thread: Option<JoinHandle<()>>,
}

impl StandIn {
    /// Starts it on a free port, with the platforms' own values.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub fn start() -> Self {
        Self::start_with(Settings::default())
    }

    /// Starts it with other values.
    ///
    /// # Panics
    ///
    /// If the port is taken.
    pub fn start_with(settings: Settings) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, settings.port));
        let listener =
            runtime.block_on(TcpListener::bind(address)).unwrap_or_else(|error| panic!("{address}: {error}"));
        let shared = Arc::new(Shared {
            address: listener.local_addr().expect("an address"),
            settings,
            runtime: runtime.handle().clone(),
            log: Watched::new(Log::new()),
            faults: Mutex::default(),
            telegram: Watched::new(telegram::State::new()),
            slack: Watched::new(slack::State::new()),
            discord: Watched::new(discord::State::new()),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let door = Door { listener };
        let service =
            routes::router(Arc::clone(&shared)).into_make_service_with_connect_info::<ConnectionHandle>();
        let thread = std::thread::spawn(move || {
            // What is open ends with the runtime: nobody waits for the bot to hang up.
            runtime.block_on(async {
                tokio::select! {
                    result = async { axum::serve(door, service).await } => result.expect("it accepts"),
                    _ = stopped => {}
                }
            });
        });
        Self { shared, stop: Mutex::new(Some(stop)), thread: Some(thread) }
    }

    /// Its address, `127.0.0.1:PORT`.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// Base address of a platform, as `AIWG_SLACK_API_URL`, `AIWG_DISCORD_API_URL` and `AIWG_TELEGRAM_API_URL` take it.
    pub fn url(&self, platform: Platform) -> String {
        url(&self.shared, platform)
    }

    /// Environment of a daemon that is to talk to it: the base addresses and the tokens.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        environment(&self.shared)
    }

    /// Telegram's people, chats and faults.
    pub fn telegram(&self) -> Telegram {
        Telegram::new(Arc::clone(&self.shared))
    }

    /// Slack's.
    pub fn slack(&self) -> Slack {
        Slack::new(Arc::clone(&self.shared))
    }

    /// Discord's.
    pub fn discord(&self) -> Discord {
        Discord::new(Arc::clone(&self.shared))
    }

    /// The requests and frames of a platform, in the order in which they came.
    pub fn requests(&self, platform: Platform) -> Vec<Received> {
        self.shared
            .log
            .read(|log| log.received.iter().filter(|one| one.platform == platform).cloned().collect())
    }

    /// Blocks until a call has come for the `count`th time, and returns it as it came.
    ///
    /// # Panics
    ///
    /// After a minute.
    pub fn wait_for_request(&self, platform: Platform, call: &str, count: usize) -> Received {
        let what = format!("{call} for the {count}. time");
        self.shared.log.wait(&what, |log| {
            let mut calls = log.received.iter().filter(|one| one.platform == platform && one.call == call);
            calls.nth(count.checked_sub(1)?).cloned()
        })
    }

    /// Microseconds since it started, as in [`Received::at_us`].
    pub fn now_us(&self) -> u64 {
        self.shared.log.read(Log::now)
    }

    /// The requests that do not fit the platforms' descriptions. A test asserts that there are none.
    pub fn violations(&self) -> Vec<Violation> {
        self.shared.log.read(|log| log.violations.clone())
    }

    /// Puts in a fault.
    pub fn add_fault(&self, platform: Platform, fault: Fault) {
        self.shared.add_fault(platform, fault);
    }

    /// Takes all faults of a platform out.
    pub fn clear_faults(&self, platform: Platform) {
        self.shared.clear_faults(platform);
    }

    /// Begins or ends an outage of a platform: its sockets and polls are cut, and each connection, until it ends. People
    /// go on talking.
    pub fn set_outage(&self, platform: Platform, is_out: bool) {
        self.shared.set_outage(platform, is_out);
    }

    /// Ends it: what is open is cut, and nobody listens any more. What it knows can still be looked at.
    pub fn stop(&self) {
        if let Some(stop) = self.stop.lock().unwrap().take() {
            let _ = stop.send(());
        }
    }

    /// Blocks while it serves.
    pub fn join(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
