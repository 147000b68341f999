//! The look at the configuration file, and at the files of topics that it names: while they differ from the configuration in force, the health
//! says so.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError, TryLockError},
};

use super::{
    Checks, Differences, Loaded, Settings, load::parse, stamps::Stamps, topic_files, topics::glob_of,
    trusted::read_trusted,
};
use crate::{
    health::{Health, IssueKind},
    project::Project,
};

/// The configuration file differs from the configuration in force.
const CONFIG_CHANGED_ISSUE: IssueKind = IssueKind::named("config_changed");

/// The last look.
#[derive(Default)]
pub(super) struct Seen(Mutex<Option<Look>>);

/// The files and the configuration in force, as they were at a look.
struct Look {
    files: Stamps,
    in_force: Arc<Loaded>,
    /// True if a file that has changed since has another stamp.
    is_settled: bool,
}

impl Settings {
    /// As [`Self::look_at_file`], if a file, or the configuration in force, may be another than at the last look: else it costs a system call for
    /// each file, and each directory in which topics are looked for.
    /// Nothing is done while another look goes on. It may block, and for ever where the file is on a file system that does not answer.
    pub(crate) fn look_again_at_file(&self, project: &Project, health: &Health) {
        // Held over the question for the stamp as well: looks that hang do not pile up.
        let mut seen = match self.seen.0.try_lock() {
            Ok(seen) => seen,
            Err(TryLockError::Poisoned(seen)) => seen.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if self.may_be_another(seen.as_ref()) {
            self.look(&mut seen, project, health);
        }
    }

    /// True if a file, or the configuration in force, may be another than at the last look.
    fn may_be_another(&self, seen: Option<&Look>) -> bool {
        seen.is_none_or(|Look { files, in_force, is_settled }| {
            !is_settled || !Arc::ptr_eq(in_force, &self.get()) || !files.are_as_they_were()
        })
    }

    /// Compares the files with the configuration in force, and reports to the health that they differ, or no longer do. It reads them, which may
    /// take seconds.
    pub(crate) fn look_at_file(&self, project: &Project, health: &Health) {
        let mut seen = self.seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.look(&mut seen, project, health);
    }

    fn look(&self, seen: &mut Option<Look>, project: &Project, health: &Health) {
        let file = self.file(project);
        // Before anything is read: what changes under way is another at the next look.
        let (mut files, in_force) = (Stamps::of([file.clone()]), self.get());
        let text = read_trusted(&file);
        let glob = text
            .as_ref()
            .ok()
            .filter(|text| Some(*text) != in_force.text.as_ref())
            .and_then(|text| glob_of(text));
        if let Some(glob) = &glob {
            files.add(Stamps::of(topic_files::places(project.root(), glob)));
        }
        let name = file.display();
        let named = match &glob {
            None => name.to_string(),
            Some(glob) => format!("{name}, or a file of topics that it names ({glob}),"),
        };
        match difference(project.root(), &file, text, &in_force, self.checks()) {
            Some((how, remedy)) => {
                let message =
                    format!("the configuration in force stays in force, but {named} {how}; {remedy}");
                if !health.issues().iter().any(|issue| issue.message == message) {
                    tracing::warn!("{message}");
                }
                health.report(CONFIG_CHANGED_ISSUE, message);
            }
            None => health.clear(CONFIG_CHANGED_ISSUE),
        }
        *seen = Some(Look { is_settled: files.are_settled(), files, in_force });
    }
}

/// How the file, which has this text, or those of topics that it names differ from the configuration in force, with the remedy; none where they
/// do not.
fn difference(
    project: &Path,
    file: &Path,
    text: io::Result<String>,
    in_force: &Loaded,
    checks: Checks,
) -> Option<(String, &'static str)> {
    match text {
        Ok(text) if Some(&text) == in_force.text.as_ref() => None,
        Ok(text) => match parse(project, &file.display().to_string(), &text, checks) {
            Ok(parsed) => match Differences::between(&in_force.config, &parsed.config) {
                same if same.is_empty() => None,
                differences => Some((
                    format!("has changed since ({})", differences.places()),
                    "look at it, then `aiwg daemon reload` puts it in force",
                )),
            },
            Err(error) => Some((
                format!("has changed since, and is wrong: {error}"),
                "mend it, then `aiwg daemon reload` puts it in force",
            )),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            in_force.text.as_ref()?;
            Some((
                "is gone since".to_owned(),
                "put it back; `aiwg daemon reload` needs it, and `{}` stands for the defaults",
            ))
        }
        Err(error) => Some((
            format!("cannot be read any more: {error}"),
            "make it readable, then `aiwg daemon reload` puts it in force",
        )),
    }
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

    fn must_look(settings: &Settings) -> bool {
        settings.may_be_another(settings.seen.0.lock().unwrap().as_ref())
    }

    /// As if the files were older than the last look by more than the clocks of file systems are coarse.
    fn settle(settings: &Settings) {
        settings.seen.0.lock().unwrap().as_mut().unwrap().is_settled = true;
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
        assert!(!must_look(&settings), "nothing has changed since");
        std::fs::write(project.config(), evil).unwrap();
        assert!(said().contains("has changed since"));
        settings.replace(load_for(&project, None, Checks(&[])).unwrap());
        assert_eq!(said(), "", "it was put in force");
    }

    #[test]
    fn a_file_that_is_as_it_was_is_not_read_again() {
        let (_dir, project, settings, health) = in_force("{}");
        settings.look_at_file(&project, &health);
        assert!(must_look(&settings), "one so new may change once more at the same time");
        settle(&settings);
        assert!(!must_look(&settings));
        settings.replace(load_for(&project, None, Checks(&[])).unwrap());
        assert!(must_look(&settings), "another configuration is in force");
    }

    /// One that was edited, added or removed, in a directory that is there or comes.
    #[test]
    fn a_file_of_topics_that_differs_is_in_the_health_as_the_configuration_itself_is() {
        let (_dir, project) = Project::temporary();
        let at = |path: &str| project.root().join(path);
        let write = |path: &str, text: &str| {
            std::fs::create_dir_all(at(path).parent().unwrap()).unwrap();
            std::fs::write(at(path), text).unwrap();
        };
        let good = r#"{ "note": { "payload": { "const": 1 } } }"#;
        write("events/notes.json", good);
        std::fs::write(project.config(), r#"{ "topics": "events/**/*.json" }"#).unwrap();
        let settings = Settings::new(load_for(&project, None, Checks(&[])).unwrap(), None, Checks(&[]));
        let health = Health::default();
        let said = || {
            settings.look_again_at_file(&project, &health);
            settle(&settings);
            health.issues().into_iter().map(|issue| issue.message).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(said(), "");
        assert!(!must_look(&settings));
        for (path, changed, expected) in [
            (
                "events/notes.json",
                Some(r#"{ "note": { "payload": { "const": 2 } } }"#),
                "(topics.note.payload.const)",
            ),
            ("events/notes.json", Some("{ broken"), "events/notes.json:1:"),
            ("events/notes.json", None, "no file matches"),
            ("events/more.json", Some(r#"{ "more": {} }"#), "(topics.more)"),
            ("events/deep/in/more.json", Some(r#"{ "more": {} }"#), "(topics.more)"),
        ] {
            match changed {
                Some(text) => write(path, text),
                None => std::fs::remove_file(at(path)).unwrap(),
            }
            let text = said();
            assert!(text.contains(expected) && text.contains("daemon.json, or a file of topics"), "{text}");
            if path == "events/notes.json" {
                write(path, good);
            } else {
                std::fs::remove_file(at(path)).unwrap();
            }
            assert_eq!(said(), "", "{path} was put back");
        }
    }
}
