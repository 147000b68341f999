//! Putting a changed configuration in force: as a whole or not at all.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    sync::Arc,
};

use aiwg_model::{InForce, Sender};
use aiwg_protocol::{
    config::{Config, DaemonConfig, HostConfig},
    types::{Cause, ConfigProblem, DaemonReloaded, EventSource, Json},
};

use aiwg_schedule::time_zone;
use jiff::tz::TimeZone;
use tokio::sync::Mutex;

use crate::{
    accounts::InUse,
    component::Components,
    config::{Checks, ConfigError, Differences, Loaded},
    context::Context,
    engine::{Budgets, Classes, EngineConfig, EngineError, NewEvent, Traces},
    health::{Health, IssueKind},
    lifecycle::{report_ready, report_reloading},
    messaging::{Environment, Setup},
    place::Place,
    profiles::{BUILT_IN, Profile, Profiles},
    rules::{RuleIndex, compile, tree_of},
    runs::{account, most_attempts},
};

/// The configuration asks for something that does not exist.
const CONFIG_ISSUE: IssueKind = IssueKind::named("config");

/// Puts changed configurations in force.
pub(crate) struct Reload {
    context: Arc<Context>,
    components: Components,
    /// Held while the configuration is read: else an older file could be put in force after a newer one.
    one_at_a_time: Mutex<()>,
}

impl Reload {
    pub(crate) fn new(context: Arc<Context>, components: Components) -> Self {
        Self { context, components, one_at_a_time: Mutex::default() }
    }

    /// Reads the configuration again and puts it in force, or returns its problems. `cause` and `sender` are those of the reload.
    ///
    /// # Errors
    /// The engine could not accept it: the configuration before is still in force.
    pub(crate) async fn reload(
        &self,
        cause: Option<Cause>,
        sender: Option<Arc<Sender>>,
        by_person: bool,
    ) -> Result<DaemonReloaded, EngineError> {
        let _reloading = self.one_at_a_time.lock().await;
        self.context.log.look();
        report_reloading(self.context.host);
        let done = put_in_force(&self.context, &self.components, (cause, sender), by_person).await;
        // Whatever has become of it: the health is right when the answer comes.
        look_at_file(&self.context).await;
        report_ready(self.context.host);
        done
    }
}

async fn put_in_force(
    context: &Arc<Context>,
    components: &Components,
    by: (Option<Cause>, Option<Arc<Sender>>),
    by_person: bool,
) -> Result<DaemonReloaded, EngineError> {
    let Read { engine_config, loaded, differences } = match read(context).await {
        Ok(good) => good,
        Err(error) => {
            tracing::warn!(%error, "the changed configuration is refused, and the one before stays in force");
            return Ok(refused(error.problems()));
        }
    };
    if !by_person && let Some(why) = waits_for_a_person(&differences) {
        tracing::warn!("{why}");
        let file = context.project.config().display().to_string();
        return Ok(refused(vec![ConfigProblem { file, line: None, column: None, message: why }]));
    }
    if let Some(why) = another_store(context, &loaded) {
        tracing::warn!("{why}");
        return Ok(refused(vec![why]));
    }
    let in_force = InForce { named: context.settings.named(), text: loaded.text.clone() };
    let of_queue = context.engine.configure(engine_config, in_force.clone()).await?;
    if let Some(local) = context.local.clone() {
        let put = tokio::task::spawn_blocking(move || local.put_in_force(&in_force)).await;
        let put =
            put.map_err(|error| error.to_string()).and_then(|put| put.map_err(|error| error.to_string()));
        put.map_err(|why| EngineError::Storage(why.into()))?;
    }
    of_queue.iter().for_each(|notice| tracing::warn!("configuration: {notice}"));
    let notices = [loaded.notices.as_slice(), &of_queue].concat();
    let answer = DaemonReloaded { reloaded: true, errors: Vec::new(), notices, changes: differences.lines() };
    // Also where nothing of it has changed: a rotation by another program asks for the new file in this way.
    context.log.configure(&loaded.config.daemon.log);
    report_notices(&loaded, context.settings.checks(), &context.health);
    context.settings.replace(loaded);
    components.configure(context).await;
    tracing::info!(changes = differences.places(), "the configuration was read again and is in force");
    // Not all who see events may know the values.
    announce(context, &DaemonReloaded { changes: differences.paths(), ..answer.clone() }, by).await;
    Ok(answer)
}

/// Why this configuration cannot be put in force while the daemon runs: its store is another one.
pub(crate) fn another_store(context: &Context, loaded: &Loaded) -> Option<ConfigProblem> {
    let file = context.project.config().display().to_string();
    let problem = |message: String| ConfigProblem { file: file.clone(), line: None, column: None, message };
    let (is, wanted) = match Place::of(&loaded.config) {
        Ok(place) if place.name() == context.store.as_deref() => return None,
        Ok(place) => (context.store.clone(), place.name().map(str::to_owned)),
        Err(error) => return Some(problem(error.to_string())),
    };
    let words = |store: Option<String>| store.unwrap_or_else(|| "that of this directory".to_owned());
    Some(problem(format!(
        "store: the store is another one ({}, and not {}), which takes a new start: `aiwg daemon restart`, once no task is queued or runs; what is queued stays where \
         it is",
        words(wanted),
        words(is)
    )))
}

/// Why a person has to put this configuration in force, and no agent can; none if an agent may.
fn waits_for_a_person(differences: &Differences) -> Option<String> {
    differences.places_of_a_person().map(|places| {
        format!(
            "an agent asked for the changed configuration, and only a person may put these changes in force: {places}; `aiwg daemon reload` \
             does, once you have looked at the file"
        )
    })
}

async fn look_at_file(context: &Arc<Context>) {
    let context = Arc::clone(context);
    let look = move || context.settings.look_at_file(&context.project, &context.health);
    // It fails only where the process ends.
    let _ = tokio::task::spawn_blocking(look).await;
}

fn refused(errors: Vec<ConfigProblem>) -> DaemonReloaded {
    DaemonReloaded { errors, ..DaemonReloaded::default() }
}

/// The configuration as it was read from the file.
pub(crate) struct Read {
    /// The part by which the engine works.
    pub(crate) engine_config: EngineConfig,
    /// The configuration.
    pub(crate) loaded: Loaded,
    /// Its differences to the one that was in force when it was read.
    pub(crate) differences: Differences,
}

/// The configuration as it stands in the file, if it is good. It is looked at, and compared, away from the connections' thread: that may take seconds.
///
/// # Errors
/// It cannot be read, or is wrong; or there is no file any more.
pub(crate) async fn read(context: &Arc<Context>) -> Result<Read, ConfigError> {
    let path = context.project.config();
    let context = Arc::clone(context);
    let reading = tokio::task::spawn_blocking(move || read_file(&context));
    reading
        .await
        .unwrap_or_else(|error| Err(ConfigError::Unreadable { path, source: std::io::Error::other(error) }))
}

fn read_file(context: &Context) -> Result<Read, ConfigError> {
    let loaded = context.settings.read_again(&context.project)?;
    let differences = Differences::between(&context.settings.get().config, &loaded.config);
    Ok(Read { engine_config: engine_config(&loaded.config, context.project.root())?, loaded, differences })
}

/// The part of a configuration by which the engine works.
///
/// # Errors
/// A rule's pattern is wrong.
pub(crate) fn engine_config(config: &Config, project: &Path) -> Result<EngineConfig, ConfigError> {
    let rules = compile(config);
    let expected =
        rules.iter().filter_map(|rule| Some((rule.id.clone(), rule.expect?.within.as_millis()))).collect();
    Ok(EngineConfig {
        expected,
        rules: RuleIndex::new(rules).map_err(|error| ConfigError::Rule(error.to_string()))?.into(),
        max_parallel: usize::try_from(config.daemon.max_parallel_actions).unwrap_or(usize::MAX),
        max_lent: config.daemon.max_lent_slots.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
        tree: tree_of(None, &config.workspace.settings()),
        max_trees: most_trees(config),
        max_queued: config.daemon.max_queued,
        max_task_depth: config.daemon.max_task_depth,
        classes: Classes::of(config),
        budgets: Budgets::of(config),
        accounts: accounts_of(config),
        profiles: Profiles::of(config),
        messaging: Setup::of(config, &Environment::read()),
        most_attempts: most_attempts(&config.daemon),
        labels: config.host.labels.clone(),
        digest: digest(config),
        traces: config.telemetry.otlp.as_ref().map(|_| Traces::of(&project.display().to_string())),
    })
}

/// The digest of what all hosts of a project are to have in common of their configurations.
fn digest(config: &Config) -> String {
    let common = Config {
        schema: None,
        store: None,
        host: HostConfig::default(),
        daemon: DaemonConfig::default(),
        ..config.clone()
    };
    let text = serde_json::to_vec(&common).unwrap_or_default();
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Maximum number of work trees that are kept.
fn most_trees(config: &Config) -> usize {
    let usual = config.daemon.max_parallel_actions.saturating_mul(2);
    usize::try_from(config.workspace.settings().max_trees.unwrap_or(usual)).unwrap_or(usize::MAX)
}

/// The accounts that the agents of a configuration work with.
pub(crate) fn accounts_of(config: &Config) -> InUse {
    let zone =
        config.accounts.hours.as_ref().and_then(|_| time_zone(config.schedule.timezone.as_deref()).ok());
    let names = config.agents.keys().map(String::as_str).chain(BUILT_IN);
    let by_profile = names.filter_map(|name| {
        let profile = Profile::named(config, Some(name))?;
        Some((name.to_owned(), account(&profile)))
    });
    let of_section = account(&Profile::of_section(config));
    InUse::of(&config.accounts, of_section, by_profile.collect(), zone.unwrap_or(TimeZone::UTC))
}

/// Logs the settings of a configuration without effect, and reports to the health those that ask for something in vain.
pub(crate) fn report_notices(loaded: &Loaded, checks: Checks, health: &Health) {
    for notice in &loaded.notices {
        tracing::warn!("configuration: {notice}");
    }
    let in_vain = checks.in_vain(&loaded.config);
    if in_vain.is_empty() {
        health.clear(CONFIG_ISSUE);
    } else {
        health.report(CONFIG_ISSUE, in_vain.join("; "));
    }
}

async fn announce(
    context: &Context,
    answer: &DaemonReloaded,
    (cause, sender): (Option<Cause>, Option<Arc<Sender>>),
) {
    let payload = Json::new(answer).unwrap_or_default();
    let event = NewEvent {
        topic: "daemon:reloaded".to_owned(),
        payload,
        source: EventSource::Daemon,
        cause,
        happened_at: None,
        traceparent: None,
    };
    if let Err(error) = context.engine.publish_from(event, sender, None).await {
        tracing::warn!(%error, "the event about the reload could not be stored");
    }
}
