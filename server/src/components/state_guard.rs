//! The guard of the project's directory, the lock and the store, and the look at the configuration file. If one of them is taken away, what the daemon acknowledges is lost and another
//! daemon can be started beside it, so it ends.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use aiwg_fs::Identity;
use futures::future::BoxFuture;
use tokio::time::sleep;

use crate::{
    component::Component,
    context::Context,
    health::IssueKind,
    lifecycle::{Lock, Registration},
    project::Project,
    stop::Stop,
};

/// The project's directory, the lock or the store was taken away.
const GROUND_ISSUE: IssueKind = IssueKind::named("ground");

/// The longest time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The files on which the daemon depends, as they were at the start, and the one that was lost.
#[derive(Debug)]
pub(crate) struct StateGuard {
    files: Vec<(PathBuf, Identity)>,
    /// The project's place in the list of the user's daemons; none where there can be no list.
    registration: Option<Registration>,
    lost: OnceLock<String>,
}

impl StateGuard {
    /// A guard of these files as they are now, with the files of the store.
    ///
    /// # Errors
    /// One of them is gone already.
    pub(crate) fn of(project: &Project, lock: &Lock, store: Vec<PathBuf>) -> io::Result<Self> {
        let now = |path: PathBuf| Identity::at(&path).map(|identity| (path, identity));
        // The root first: see `is_in_place`.
        let mut all = vec![now(project.root().to_owned())?];
        for file in store {
            all.push(now(file)?);
        }
        all.extend(lock.identity()?.map(|identity| (project.lock(), identity)));
        let registration = Registration::of(project)
            .inspect_err(|error| tracing::warn!(%error, "`aiwg daemon list` will not show this daemon"))
            .ok();
        Ok(Self { files: all, registration, lost: OnceLock::new() })
    }

    /// True if the project's directory is where it was.
    pub(crate) fn is_in_place(&self) -> bool {
        self.files.first().is_some_and(|(root, identity)| identity.is_still_at(root))
    }

    /// The report of the file that was taken away while the daemon ran, for the process that runs it; none if none was.
    pub(crate) fn lost(&self) -> Option<String> {
        self.lost.get().cloned()
    }

    /// Takes the daemon off the list of the user's daemons: it has ended.
    pub(crate) fn take_off_list(&self) {
        self.registration.iter().for_each(Registration::remove);
    }

    /// The first file that is gone.
    fn missing(&self) -> Option<&PathBuf> {
        self.files.iter().find(|(path, identity)| !identity.is_still_at(path)).map(|(path, _)| path)
    }
}

impl Component for StateGuard {
    fn name(&self) -> &'static str {
        "the state guard"
    }

    fn run(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move { watch_state(&context, &self).await })
    }
}

/// Looks at every heartbeat, or more often, and ends the daemon if a file is gone.
async fn watch_state(context: &Arc<Context>, guard: &StateGuard) {
    loop {
        let heartbeat = context.settings.get().config.daemon.heartbeat_interval_seconds;
        tokio::select! {
            () = sleep(LOOK_EVERY.min(Duration::from_secs(heartbeat.into()))) => {}
            () = context.stopped.cancelled() => return,
        }
        context.log.look();
        context.project.open_to_owner();
        look_at_configuration(context);
        if let Some(Err(error)) = guard.registration.as_ref().map(Registration::renew) {
            tracing::debug!(%error, "the daemon is not on the list of the user's daemons");
        }
        if let Some(path) = guard.missing() {
            let why = format!(
                "{} was removed, moved or replaced while the daemon ran, so it has ended, and left its agents running; where the project now is, \
                 `aiwg daemon start` goes on with what is there",
                path.display()
            );
            tracing::error!("{why}");
            context.health.report(GROUND_ISSUE, &*why);
            context.stop.ask(Stop::KeepAgents);
            let _ = guard.lost.set(why);
            return;
        }
    }
}

/// Compares the configuration file with the configuration in force if one of them is another. Beside the guard, since that may take seconds, or
/// never end: the file may be a link to a file system that does not answer.
fn look_at_configuration(context: &Arc<Context>) {
    let context = Arc::clone(context);
    tokio::task::spawn_blocking(move || {
        context.settings.look_again_at_file(&context.project, &context.health);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_removed_or_replaced_is_lost() {
        let (_dir, project) = Project::temporary();
        let log = project.root().join("log");
        std::fs::write(project.database(), "").unwrap();
        std::fs::write(&log, "").unwrap();
        let lock = Lock::take(&project, None, true).unwrap().unwrap();
        let of = |files: &[&PathBuf]| {
            StateGuard::of(&project, &lock, files.iter().copied().cloned().collect()).unwrap()
        };
        let (database, both) = (project.database(), [&project.database(), &log]);
        let guard = of(&both);
        assert_eq!(guard.missing(), None);
        std::fs::write(project.root().join("new"), "").unwrap();
        std::fs::rename(project.root().join("new"), project.database()).unwrap();
        assert_eq!(guard.missing(), Some(&project.database()));
        let guard = of(&both);
        std::fs::remove_file(&log).unwrap();
        assert_eq!(guard.missing(), Some(&log));
        assert!(StateGuard::of(&project, &lock, vec![log.clone()]).is_err(), "part of it is gone already");
        let guard = of(&[&database]);
        std::fs::remove_file(project.lock()).unwrap();
        assert_eq!(guard.missing(), Some(&project.lock()));
    }
}
