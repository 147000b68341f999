//! The base of a daemon: its project's directories, the one lock, the configuration, the log.

use std::{path::Path, time::Duration};

use aiwg_model::InForce;
use aiwg_shim::boot_ms;
use aiwg_worktrees::is_linked;

use super::{BootError, Options, error::system, parts::CHECKS};
use crate::{
    config::{Chosen, Settings, choose},
    engine::EngineConfig,
    gateways::socket::is_answered_within,
    health::{Health, IssueKind},
    lifecycle::{Host, Lock, Phase, hide_memory, raise_open_files},
    log::{Log, keep_last_words},
    messaging::Environment,
    place::{Place, put_in_force},
    project::Project,
    recovery::{Opened, RecoveryError, Wanted, open_store},
    reload::{engine_config, report_notices},
    state::{self, Known},
};

/// The project is on a file system that other machines can write to as well.
const FILE_SYSTEM_ISSUE: IssueKind = IssueKind::named("file_system");

/// The time for which a start that finds the lock held waits for the other daemon to answer.
const STARTING: Duration = Duration::from_secs(2);

/// The parts of a daemon that exist before anything runs.
pub(super) struct Prepared {
    pub(super) host: Host,
    pub(super) project: Project,
    pub(super) lock: Lock,
    pub(super) settings: Settings,
    pub(super) engine_config: EngineConfig,
    pub(super) health: Health,
    pub(super) log: Log,
    pub(super) place: Place,
    pub(super) opened: Opened,
    /// The time of [`boot_ms`] by which the store has heard of this host, where others share it.
    pub(super) joined_at: Option<u64>,
    /// The number of files that agents may have open; none for as many as the daemon.
    pub(super) open_files: Option<u64>,
    /// The changes of the configuration that a person puts in force with this start, a line each.
    pub(super) changes: Vec<String>,
}

impl Prepared {
    /// Takes the lock, decides which configuration is to be in force, and opens the store.
    pub(super) fn by(options: &Options, host: Host) -> Result<Self, BootError> {
        let project = open_project(options)?;
        let lock = take_lock(&project, options)?;
        if host.is_own() {
            keep_last_words(project.log());
        }
        let known = state::examine(&project, options.adopt_state, lock.is_handed_over())?;
        let asked = options.asked(&known);
        known.may_put_file_in_force(&project, asked.is_a_persons())?;
        options.check(asked, &known)?;
        let puts_in_force = asked.is_a_persons() || known.in_force.is_none();
        let Known { in_force, damage, has_lost_log, .. } = known;
        let chosen = choose(&project, options.config.clone(), asked, in_force, lock.approved(), CHECKS)?;
        let engine_config = engine_config(&chosen.loaded.config, project.root())?;
        let place = Place::of(&chosen.loaded.config)?;
        let health = Health::default();
        let log = match host {
            Host::Own => {
                Log::start(project.log(), &chosen.loaded.config.daemon.log, !options.detached, health.clone())
                    .map_err(system("the log could not be started"))?
            }
            Host::Shared => Log::of_the_program(),
        };
        tracing::info!(pid = std::process::id(), project = %project.root().display(), "the daemon starts");
        let open_files = host.is_own().then(raise_open_files).flatten();
        if host.is_own() && (Environment::read().has_tokens() || place.name().is_some()) {
            hide_memory();
        }
        report(&chosen, &project, has_lost_log, &health);
        let Chosen { loaded, named, mut changes, .. } = chosen;
        let in_force = InForce { named: named.clone(), text: loaded.text.clone() };
        let interrupted = loaded.config.daemon.interrupted_tasks;
        let settings = Settings::new(loaded, named, CHECKS);
        settings.look_at_file(&project, &health);
        let wanted = Wanted {
            place: place.clone(),
            interrupted,
            import: options.import || options.adopt_state,
            attended: asked.is_a_persons(),
            labels: settings.get().config.host.labels.clone(),
            adopt: options.adopt_state,
            damage,
        };
        let joined_at = place.name().map(|_| boot_ms());
        let mut opened = place.apart(|| open_store(&project, &wanted, &health))?;
        if puts_in_force {
            let put = match &opened.local {
                Some(local) => local.put_in_force(&in_force),
                None => put_in_force(&mut *opened.store, &in_force),
            };
            put.map_err(RecoveryError::Database)?;
        }
        changes.extend(opened.change.take());
        Ok(Self {
            host,
            project,
            lock,
            settings,
            engine_config,
            health,
            log,
            place,
            opened,
            joined_at,
            open_files,
            changes,
        })
    }
}

/// Reports the problems of the start that a person should know.
fn report(chosen: &Chosen, project: &Project, has_lost_log: bool, health: &Health) {
    report_notices(&chosen.loaded, CHECKS, health);
    if !chosen.changes.is_empty() {
        tracing::info!(
            "the configuration has changed since it was in force last, as `aiwg daemon start` or `restart` showed"
        );
    }
    if let Some(why) = state::not_promised(&project.state_dir()) {
        tracing::warn!("{why}");
        health.report(FILE_SYSTEM_ISSUE, why);
    }
    if has_lost_log {
        let lost = state::lost_log(&project.database());
        tracing::error!("{lost}");
        health.report(IssueKind::DAMAGE, lost);
    }
}

fn open_project(options: &Options) -> Result<Project, BootError> {
    let root: &Path = &options.project;
    let unusable = |source| BootError::Project { path: root.to_owned(), source };
    let project = Project::at(root).map_err(unusable)?;
    // It has the tracked configuration, and every rule would fire once more. One that has had a daemon is a project of its own.
    if !options.in_worktree
        && !project.database().exists()
        && let Some(main) = is_linked(project.root())
    {
        return Err(BootError::InWorktree { project: project.root().to_owned(), main });
    }
    project.make_dirs().map_err(unusable)?;
    Ok(project)
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
