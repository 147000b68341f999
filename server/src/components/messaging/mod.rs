//! Messaging: what comes from the platforms is handed to the engine, and what the engine has decided to say is sent.
//!
//! A platform is on if its token is in the environment. Without any, nothing of this runs, wakes up or takes memory.
//!
//! Each platform is a [`line::Line`]: a client (`aiwg_platforms`) that knows neither the store nor the engine, received from by one task
//! ([`receive`]). What is to be done about something is decided by [`plan`] alone, which is pure; its effect, its answers and the platform's
//! position are one command to the engine. One task ([`send`]) looks after what waits to be sent, with a task for each chat that has any.

mod check;
mod line;
mod lock;
mod plan;
mod receive;
mod replies;
mod send;
mod tokens;
mod trial;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use aiwg_messaging::{Place, Platform, notice::Severity};
use aiwg_platforms::{Way, is_address};
use aiwg_protocol::{
    config::Config,
    types::{HealthCheckItem, MessagingSubsystem, PlatformState, PlatformStatus, Subsystems, Timestamp},
};
use aiwg_store::Reader;
use futures::future::{BoxFuture, join_all};

pub(crate) use check::MessagingCheck;

use self::line::Line;
use crate::{
    component::{Component, Components, item},
    context::Context,
    engine::muted,
    health::IssueKind,
    messaging::{Environment, Setup, address_variable, chat_variable},
};

/// The environment says something about messaging that cannot be.
const ENVIRONMENT_ISSUE: IssueKind = IssueKind::named("messaging");

/// Messaging.
pub(crate) struct Messaging {
    components: Components,
    environment: Environment,
    lines: Vec<Arc<Line>>,
    /// The platforms that have a token and cannot be used, with the fault of the token or the address, for people.
    unusable: Vec<(Platform, String)>,
    /// Faults of the environment, for people.
    faults: Vec<String>,
    /// Time at which the environment was read.
    since: Timestamp,
    /// The set-up in force; none where no platform is on.
    setup: RwLock<Option<Arc<Setup>>>,
    /// The ids that chats have now, by the ones before.
    moved: Mutex<HashMap<String, String>>,
}

impl Messaging {
    /// Messaging, as the environment and the configuration have it. That is in force at once: what comes before the first
    /// [`configure`](Component::configure) is for the people and chats that are set up, too.
    pub(crate) fn of(environment: Environment, components: Components, config: &Config) -> Self {
        let (mut lines, mut unusable) = (Vec::new(), Vec::new());
        for (platform, token) in &environment.tokens {
            let app_token = environment.slack_app_token.as_ref();
            let way = Way { address: environment.address(*platform), poll: environment.poll() };
            match aiwg_platforms::client(*platform, token, app_token, way) {
                Ok(client) => lines.push(Arc::new(Line::new(client, token.fingerprint()))),
                Err(why) if environment.address(*platform).is_some_and(|address| !is_address(address)) => {
                    unusable.push((*platform, format!("{}: {why}", address_variable(*platform))));
                }
                Err(why) => unusable.push((*platform, why)),
            }
        }
        // The other way round, the client says it.
        if environment.slack_app_token.is_some() && environment.token(Platform::Slack).is_none() {
            let why = "AIWG_SLACK_APP_TOKEN is of no use without AIWG_SLACK_TOKEN";
            unusable.push((Platform::Slack, why.to_owned()));
        }
        let cannot_be_used =
            unusable.iter().map(|(platform, why)| format!("{} cannot be used: {why}", platform.title()));
        let messaging = Self {
            components,
            faults: check::faults_of(&environment).into_iter().chain(cannot_be_used).collect(),
            environment,
            lines,
            unusable,
            since: Timestamp::now(),
            setup: RwLock::new(None),
            moved: Mutex::new(HashMap::new()),
        };
        messaging.put_in_force(config);
        messaging
    }

    fn setup(&self) -> Option<Arc<Setup>> {
        self.setup.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From here on what comes is for the people and chats of this configuration, and is looked for where they speak.
    fn put_in_force(&self, config: &Config) {
        let setup = Setup::of(config, &self.environment);
        self.setup.write().unwrap_or_else(PoisonError::into_inner).clone_from(&setup);
        let Some(setup) = setup else { return };
        for line in &self.lines {
            let people: Vec<_> = setup.people.on(line.platform()).cloned().collect();
            let home: Vec<_> = setup.home_on(line.platform()).cloned().into_iter().collect();
            line.client.attend(&home, &people);
        }
    }

    /// The line to a platform.
    fn line(&self, platform: Platform) -> Option<&Arc<Line>> {
        self.lines.iter().find(|line| line.platform() == platform)
    }

    fn note_moved(&self, place: &Place, to: &str) {
        let lane = Place { thread: None, ..place.clone() }.lane();
        self.moved.lock().unwrap_or_else(PoisonError::into_inner).insert(lane, to.to_owned());
    }

    /// True if both are in one chat, by the ids that it had.
    fn is_same_chat(&self, home: &Place, place: &Place) -> bool {
        let moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        let now = |place: &Place| moved.get(&place.lane()).unwrap_or(&place.chat).clone();
        home.platform == place.platform && now(home) == now(place)
    }

    /// True if a place is in a chat that is set up.
    fn is_home(&self, place: &Place) -> bool {
        self.setup().is_some_and(|setup| setup.homes.iter().any(|home| self.is_same_chat(home, place)))
    }

    /// Receives on all lines while this host leads, where several share the store: a bot has one receiver.
    async fn receive_in_turn(&self, context: &Arc<Context>) {
        let mut leads = context.engine.leads();
        loop {
            if leads.wait_for(|leads| *leads).await.is_err() {
                return;
            }
            let receiving = join_all(self.lines.iter().map(|line| self.receive_all(line, context)));
            tokio::select! {
                _ = receiving => return,
                _ = leads.wait_for(|leads| !*leads) => {}
            }
        }
    }

    fn report(&self, line: &Line, context: &Context) {
        line.report(&context.health, self.home_issue(line.platform()));
    }

    /// The fault of the chat for notices that is set up on a platform; none if all is well.
    fn home_issue(&self, platform: Platform) -> Option<String> {
        let setup = self.setup()?;
        let key = format!(
            "messaging.{platform}.{} in .aiwg/daemon.json",
            if platform == Platform::Telegram { "chat" } else { "channel" }
        );
        match setup.home_on(platform) {
            None => Some(format!(
                "notices have nowhere to go: write {} to the bot where they should appear, and set what it answers as {key}",
                platform.command("whoami"),
            )),
            Some(home) => self.moved_to(home).map(|to| {
                format!(
                    "the chat {} has the id {to} from now on: set that as {key}, or as {}, where it was set",
                    home.chat,
                    chat_variable(platform)
                )
            }),
        }
    }

    /// The id that a chat has now, if it has another one.
    fn moved_to(&self, home: &Place) -> Option<String> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner).get(&home.lane()).cloned()
    }

    /// Until when notices wait: since someone has muted them, and since these are quiet hours. It may block.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn waits(
        &self,
        reader: &dyn Reader,
    ) -> aiwg_store::Result<(Option<Timestamp>, Option<Timestamp>)> {
        let Some(setup) = self.setup() else { return Ok((None, None)) };
        let now = Timestamp::now();
        let quiet = setup.quiet.as_ref().map(|quiet| quiet.first_moment(now, Severity::Info));
        Ok((muted(reader, now)?, quiet.filter(|until| *until > now)))
    }

    /// Each platform that has a token, with the numbers of its messages. It may block.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn platforms(&self, reader: &dyn Reader) -> aiwg_store::Result<Vec<PlatformStatus>> {
        if self.lines.is_empty() && self.unusable.is_empty() {
            return Ok(Vec::new());
        }
        let (counts, setup) = (reader.message_counts()?, self.setup());
        let stopped = |platform: Platform, error: Option<String>| {
            let name = platform.name();
            let counts = counts.iter().find(|counts| counts.platform == name).cloned().unwrap_or_default();
            let home = setup.as_ref().and_then(|setup| setup.home_on(platform));
            let moved = home.is_some_and(|home| self.moved_to(home).is_some());
            let error = error.or_else(|| self.home_issue(platform).filter(|_| moved)).or(counts.latest_dead);
            PlatformStatus {
                name: name.to_owned(),
                state: PlatformState::Stopped,
                account: None,
                since: self.since,
                last_received_at: None,
                chat: home.map(|home| self.moved_to(home).unwrap_or_else(|| home.chat.clone())),
                people: setup.as_ref().map_or(0, |setup| setup.people.on(platform).count() as u64),
                waiting: counts.waiting,
                unknown: counts.unknown,
                dead: counts.dead,
                error,
            }
        };
        let of_line = |line: &Arc<Line>| {
            let standing = line.standing();
            let lacks = standing.account.as_ref().and_then(|account| account.lacks.clone());
            let error = standing.trouble.or(standing.send_error).or(lacks).or_else(|| line.client.warning());
            PlatformStatus {
                state: standing.state,
                account: standing.account.map(|account| account.name),
                since: standing.since,
                last_received_at: standing.last_received_at,
                ..stopped(line.platform(), error)
            }
        };
        let unusable = self.unusable.iter().map(|(platform, why)| stopped(*platform, Some(why.clone())));
        Ok(self.lines.iter().map(of_line).chain(unusable).collect())
    }
}

impl Component for Messaging {
    fn name(&self) -> &'static str {
        "messaging"
    }

    fn configure(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            if self.environment.tokens.is_empty() && self.faults.is_empty() {
                return;
            }
            let loaded = context.settings.get();
            self.put_in_force(&loaded.config);
            let in_vain = check::in_vain(&loaded.config, &self.environment);
            let faults: Vec<String> = self.faults.iter().cloned().chain(in_vain).collect();
            match faults.is_empty() {
                true => context.health.clear(ENVIRONMENT_ISSUE),
                false => context.health.report(ENVIRONMENT_ISSUE, faults.join("; ")),
            }
            for line in &self.lines {
                self.report(line, &context);
            }
        })
    }

    fn run(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        if self.lines.is_empty() {
            return Box::pin(std::future::ready(()));
        }
        Box::pin(async move {
            // Before anything is received: without it a chat that has another id would be none that is set up.
            let moved = receive::cursors("chat_moved", &context).await;
            self.moved.lock().unwrap_or_else(PoisonError::into_inner).extend(moved);
            let receiving = async {
                tokio::select! {
                    () = self.receive_in_turn(&context) => {}
                    () = context.stopped.cancelled() => {}
                }
            };
            tokio::join!(receiving, self.send_all(&context));
        })
    }

    fn probe<'a>(&'a self, _context: &'a Context) -> BoxFuture<'a, Vec<HealthCheckItem>> {
        let unusable = self.unusable.iter().map(|(platform, why)| item(platform.name(), Err(why.clone())));
        let lines = self.lines.iter().map(|line| item(line.platform().name(), line.checked()));
        Box::pin(std::future::ready(lines.chain(unusable).collect()))
    }

    fn status(
        &self,
        _context: &Context,
        reader: &dyn Reader,
        into: &mut Subsystems,
    ) -> aiwg_store::Result<()> {
        let platforms = self.platforms(reader)?;
        let (muted_until, quiet_until) =
            if platforms.is_empty() { (None, None) } else { self.waits(reader)? };
        let connected = |platform: &&PlatformStatus| platform.state == PlatformState::Connected;
        into.messaging = MessagingSubsystem {
            enabled: platforms.iter().any(|platform| platform.state == PlatformState::Connected),
            adapters: platforms.iter().filter(connected).map(|platform| platform.name.clone()).collect(),
            platforms,
            muted_until,
            quiet_until,
        };
        Ok(())
    }
}
