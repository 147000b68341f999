//! The look at the configuration file: while it differs from the configuration in force, the health says so.

use std::{
    io,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Arc, Mutex, PoisonError, TryLockError},
    time::{Duration, SystemTime},
};

use super::{Checks, Differences, Loaded, Settings, load::parse, trusted::read_trusted};
use crate::{
    health::{Health, IssueKind},
    project::Project,
};

/// The configuration file differs from the configuration in force.
const CONFIG_CHANGED_ISSUE: IssueKind = IssueKind::named("config_changed");

/// The age from which a file that is changed once more has another time of change on every file system.
const SETTLED: Duration = Duration::from_secs(2);

/// The file and the configuration in force, as they were at the last look.
#[derive(Default)]
pub(super) struct Seen(Mutex<Option<(Stamp, Arc<Loaded>)>>);

/// The state of a file: it changes with each change of its content, its place or its rights.
#[derive(Debug, PartialEq, Eq)]
enum Stamp {
    /// The device, the number, the size, and the times of change in seconds and nanoseconds.
    There([u64; 3], [i64; 4]),
    Unreadable(io::ErrorKind),
}

impl Stamp {
    fn of(file: &Path) -> Self {
        match std::fs::metadata(file) {
            Ok(found) => Self::There(
                [found.dev(), found.ino(), found.size()],
                [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()],
            ),
            Err(error) => Self::Unreadable(error.kind()),
        }
    }

    /// True if the next change gives it another stamp, however coarse the clock of its file system is.
    fn is_settled(&self) -> bool {
        let Self::There(_, [_, _, changed, _]) = self else { return true };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(*changed).is_ok_and(|changed| changed + SETTLED.as_secs() < now.as_secs())
    }
}

impl Settings {
    /// As [`Self::look_at_file`], if the file, or the configuration in force, may be another than at the last look: else it costs one system call.
    /// Nothing is done while another look goes on. It may block, and for ever where the file is on a file system that does not answer.
    pub(crate) fn look_again_at_file(&self, project: &Project, health: &Health) {
        // Held over the question for the stamp as well: looks that hang do not pile up.
        let mut seen = match self.seen.0.try_lock() {
            Ok(seen) => seen,
            Err(TryLockError::Poisoned(seen)) => seen.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if self.may_be_another(seen.as_ref(), project) {
            self.look(&mut seen, project, health);
        }
    }

    /// True if the file, or the configuration in force, may be another than at the last look. It costs one system call.
    fn may_be_another(&self, seen: Option<&(Stamp, Arc<Loaded>)>, project: &Project) -> bool {
        seen.is_none_or(|(stamp, in_force)| {
            !Arc::ptr_eq(in_force, &self.get()) || *stamp != Stamp::of(&self.file(project))
        })
    }

    /// Compares the file with the configuration in force, and reports to the health that it differs, or no longer does. It reads the file, which may
    /// take seconds.
    pub(crate) fn look_at_file(&self, project: &Project, health: &Health) {
        let mut seen = self.seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.look(&mut seen, project, health);
    }

    fn look(&self, seen: &mut Option<(Stamp, Arc<Loaded>)>, project: &Project, health: &Health) {
        let file = self.file(project);
        let (stamp, in_force) = (Stamp::of(&file), self.get());
        match difference(project.root(), &file, &in_force, self.checks()) {
            Some(message) => {
                if !health.issues().iter().any(|issue| issue.message == message) {
                    tracing::warn!("{message}");
                }
                health.report(CONFIG_CHANGED_ISSUE, message);
            }
            None => health.clear(CONFIG_CHANGED_ISSUE),
        }
        *seen = stamp.is_settled().then_some((stamp, in_force));
    }
}

/// The report of how the file differs from the configuration in force, with the remedy; none where it does not.
fn difference(project: &Path, file: &Path, in_force: &Loaded, checks: Checks) -> Option<String> {
    let (how, remedy) = match read_trusted(file) {
        Ok(text) if Some(&text) == in_force.text.as_ref() => return None,
        Ok(text) => match parse(project, &file.display().to_string(), &text, checks) {
            Ok(parsed) => match Differences::between(&in_force.config, &parsed.config) {
                same if same.is_empty() => return None,
                differences => (
                    format!("has changed since ({})", differences.places()),
                    "look at it, then `aiwg daemon reload` puts it in force",
                ),
            },
            Err(error) => (
                format!("has changed since, and is wrong: {error}"),
                "mend it, then `aiwg daemon reload` puts it in force",
            ),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            in_force.text.as_ref()?;
            (
                "is gone since".to_owned(),
                "put it back; `aiwg daemon reload` needs it, and `{}` stands for the defaults",
            )
        }
        Err(error) => (
            format!("cannot be read any more: {error}"),
            "make it readable, then `aiwg daemon reload` puts it in force",
        ),
    };
    Some(format!("the configuration in force stays in force, but {} {how}; {remedy}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load_for;

    /// A project with this text as its configuration file, which is in force.
    fn in_force(text: &str) -> (tempfile::TempDir, Project, Settings, Health) {
        let (dir, project) = Project::temporary();
        std::fs::write(project.config(), text).unwrap();
        let settings = Settings::new(load_for(&project, None, Checks(&[])).unwrap(), None, Checks(&[]));
        (dir, project, settings, Health::default())
    }

    fn must_look(settings: &Settings, project: &Project) -> bool {
        settings.may_be_another(settings.seen.0.lock().unwrap().as_ref(), project)
    }

    #[test]
    fn a_look_that_hangs_holds_up_no_other() {
        let (_dir, project, settings, health) = in_force("{}");
        std::fs::write(project.config(), r#"{ "daemon": { "max_queued": 5 } }"#).unwrap();
        let hangs = settings.seen.0.lock().unwrap();
        settings.look_again_at_file(&project, &health);
        assert!(health.issues().is_empty(), "the one that hangs will say it");
        drop(hangs);
        settings.look_again_at_file(&project, &health);
        assert_eq!(health.issues().len(), 1);
    }

    #[test]
    fn a_file_that_differs_is_in_the_health_until_it_is_as_in_force_again() {
        let good = r#"{ "daemon": { "max_queued": 5 } }"#;
        let (_dir, project, settings, health) = in_force(good);
        let said = || {
            settings.look_again_at_file(&project, &health);
            health.issues().into_iter().map(|issue| issue.message).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(said(), "");
        let evil =
            r#"{ "daemon": { "max_queued": 6 }, "messaging": { "users": { "write": ["telegram:7"] } } }"#;
        for (changed, expected) in [
            (evil, "daemon.json has changed since (messaging.users.write, daemon.max_queued); look at it"),
            ("{ broken", "daemon.json has changed since, and is wrong: "),
        ] {
            std::fs::write(project.config(), changed).unwrap();
            let text = said();
            assert!(text.contains(expected) && text.contains("`aiwg daemon reload`"), "{text}");
            std::fs::write(project.config(), good).unwrap();
            assert_eq!(said(), "", "it was put back");
        }
        std::fs::write(project.config(), format!("// the same\n{good}")).unwrap();
        assert_eq!(said(), "", "only a comment is new");
        std::fs::remove_file(project.config()).unwrap();
        assert!(said().contains("daemon.json is gone since; put it back"));
        assert!(!must_look(&settings, &project), "nothing has changed since");
        std::fs::write(project.config(), evil).unwrap();
        assert!(said().contains("has changed since"));
        settings.replace(load_for(&project, None, Checks(&[])).unwrap());
        assert_eq!(said(), "", "it was put in force");
    }

    #[test]
    fn a_file_that_is_as_it_was_is_not_read_again() {
        let (_dir, project, settings, health) = in_force("{}");
        settings.look_at_file(&project, &health);
        assert!(must_look(&settings, &project), "one so new may change once more at the same time");
        let seen = Stamp::of(&project.config());
        *settings.seen.0.lock().unwrap() = Some((seen, settings.get()));
        assert!(!must_look(&settings, &project));
        settings.replace(load_for(&project, None, Checks(&[])).unwrap());
        assert!(must_look(&settings, &project), "another configuration is in force");
    }
}
