//! What a daemon stands on: its project's directory, its lock, its store. Where that is taken away, what it acknowledges is lost and another
//! daemon can be started beside it, so it ends.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use aiwg_fs::Identity;
use tokio::time::sleep;

use crate::lifecycle::Lock;
use crate::{
    context::{Context, Stop},
    health::IssueKind,
    project::Project,
    store::log_of,
};

/// How often to look at the most seldom.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The files as they were at the start.
#[derive(Debug)]
pub(crate) struct Ground(Vec<(PathBuf, Identity)>);

impl Ground {
    /// As it is now.
    ///
    /// # Errors
    /// Part of it is gone already.
    pub(crate) fn of(project: &Project, lock: &Lock) -> io::Result<Self> {
        let now = |path: PathBuf| Identity::at(&path).map(|identity| (path, identity));
        // The root first: see `is_in_place`.
        let mut all = vec![now(project.root().to_owned())?, now(project.database())?];
        // What was committed may be in the log alone.
        all.extend(now(log_of(&project.database())).ok());
        all.extend(lock.identity()?.map(|identity| (project.lock(), identity)));
        Ok(Self(all))
    }

    /// Whether the project's directory is where it was.
    pub(crate) fn is_in_place(&self) -> bool {
        self.0.first().is_some_and(|(root, identity)| identity.is_still_at(root))
    }

    /// What of it is gone.
    fn lost(&self) -> Option<&PathBuf> {
        self.0.iter().find(|(path, identity)| !identity.is_still_at(path)).map(|(path, _)| path)
    }
}

/// Looks at every heartbeat, or more often, and has the daemon end where the ground is gone. Gives what is, once the daemon ends.
pub(crate) async fn watch_ground(context: Arc<Context>, ground: Arc<Ground>) -> Option<String> {
    loop {
        let heartbeat = context.settings.get().config.daemon.heartbeat_interval_seconds;
        tokio::select! {
            () = sleep(LOOK_EVERY.min(Duration::from_secs(heartbeat.into()))) => {}
            () = context.stopped.cancelled() => return None,
        }
        context.log.look();
        context.project.open_to_owner();
        if let Some(path) = ground.lost() {
            let why = format!(
                "{} was removed, moved or replaced while the daemon ran, so it has ended, and left its agents running; where the project now is, \
                 `aiwg daemon start` goes on with what is there",
                path.display()
            );
            tracing::error!("{why}");
            context.health.report(IssueKind::Ground, &*why);
            context.stop(Stop::KeepAgents);
            return Some(why);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_removed_or_replaced_is_lost() {
        let (_dir, project) = Project::temporary();
        let log = log_of(&project.database());
        std::fs::write(project.database(), "").unwrap();
        std::fs::write(&log, "").unwrap();
        let lock = Lock::take(&project, None, true).unwrap().unwrap();
        let ground = Ground::of(&project, &lock).unwrap();
        assert_eq!(ground.lost(), None);
        std::fs::write(project.root().join("new"), "").unwrap();
        std::fs::rename(project.root().join("new"), project.database()).unwrap();
        assert_eq!(ground.lost(), Some(&project.database()));
        let ground = Ground::of(&project, &lock).unwrap();
        std::fs::remove_file(&log).unwrap();
        assert_eq!(ground.lost(), Some(&log));
        let ground = Ground::of(&project, &lock).unwrap();
        std::fs::remove_file(project.lock()).unwrap();
        assert_eq!(ground.lost(), Some(&project.lock()));
    }
}
