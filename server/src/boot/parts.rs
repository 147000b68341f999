//! The list of the daemon's parts. A new one is a line in each of the two lists here.

use std::{path::Path, sync::Arc};

use aiwg_protocol::{config::Config, types::Timestamp};
use aiwg_store::Reader;

use crate::{
    api::{Api, emitted, report},
    component::{Component, Components},
    components::{
        accounts::{AccountSharing, AccountsCheck, Credentials},
        approvals::Approvals,
        automation::Rules,
        event_log::EventLog,
        health_check::HealthChecker,
        messaging::{Messaging, MessagingCheck},
        report::Reporter,
        retention::Retention,
        scheduler::{ScheduleCheck, Scheduler},
        spool::Spool,
        state_guard::StateGuard,
        status_files::StatusFiles,
        tasks_file::TasksFile,
        telemetry::{MetricsFile, TelemetryCheck, TraceExport},
        watchdog::Watchdog,
        watcher::{FileWatcher, WatchCheck},
    },
    config::{self, Checks, ConfigError, Loaded},
    gateways::{
        metrics::MetricsGateway,
        socket::{Listener, Socket},
        webhooks::{Webhooks, WebhooksCheck},
    },
    place::StoreCheck,
    profiles::ProfilesCheck,
    rules::{BudgetCheck, DeclaredCheck, RulesCheck},
    runs::Supervisor,
};

/// The checks of the configuration that each part adds to its schema.
pub(super) const CHECKS: Checks = Checks(&[
    &StoreCheck,
    &ProfilesCheck,
    &WatchCheck,
    &ScheduleCheck,
    &RulesCheck,
    &DeclaredCheck,
    &BudgetCheck,
    &AccountsCheck,
    &MessagingCheck,
    &WebhooksCheck,
    &TelemetryCheck,
]);

/// The things that the start has found and made for single parts.
pub(super) struct Found {
    pub(super) listener: Listener,
    pub(super) api: Arc<Api>,
    /// A reader for work that takes long.
    pub(super) copying: Arc<dyn Reader>,
    pub(super) watcher: Arc<FileWatcher>,
    pub(super) messaging: Arc<Messaging>,
    pub(super) state_guard: Arc<StateGuard>,
    /// The time up to which things had aged in an earlier daemon.
    pub(super) aged: Option<Timestamp>,
}

/// Builds all components. They start, show their status and are checked in this order.
pub(super) fn build(components: &Components, found: Found) -> Vec<Arc<dyn Component>> {
    let Found { listener, api, copying, watcher, messaging, state_guard, aged } = found;
    let components = components.clone();
    let spool = Arc::new(Spool::new(emitted));
    vec![
        Arc::clone(&spool) as Arc<dyn Component>,
        Arc::new(HealthChecker { components: components.clone() }),
        Arc::new(Reporter { make: report }),
        Arc::new(Socket::new(listener, api, spool)),
        Arc::new(Webhooks::default()),
        Arc::new(MetricsGateway::new(components.clone())),
        watcher,
        Arc::new(Supervisor),
        Arc::new(Rules),
        Arc::new(AccountSharing),
        Arc::new(Credentials),
        Arc::new(Approvals),
        messaging,
        Arc::new(Scheduler { components: components.clone() }),
        Arc::new(EventLog { reader: Arc::clone(&copying) }),
        Arc::new(TasksFile { reader: copying }),
        Arc::new(StatusFiles { components: components.clone() }),
        Arc::new(MetricsFile::new(components)),
        Arc::new(TraceExport::default()),
        Arc::new(Retention { aged }),
        Arc::new(Watchdog),
        state_guard,
    ]
}

/// Reads a project's configuration from this file. Where `required` is false and there is none, the defaults hold.
///
/// # Errors
/// It cannot be read, or is wrong.
pub fn load_config(project: &Path, path: &Path, required: bool) -> Result<Loaded, ConfigError> {
    config::load(project, path, required, CHECKS)
}

/// Reads the text of a project's configuration: JSON, with comments and trailing commas allowed. Returns the configuration, and its settings without
/// effect.
///
/// # Errors
/// It is wrong: all its problems.
pub fn parse_config(project: &Path, file: &str, text: &str) -> Result<(Config, Vec<String>), ConfigError> {
    let config::Parsed { config, notices, .. } = config::parse(project, file, text, CHECKS)?;
    Ok((config, notices))
}
