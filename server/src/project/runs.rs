//! The directories of runs: each run has its own in that of its task, named by its number. The runs of earlier versions had that of the task itself.

use std::path::{Component, Path, PathBuf};

use aiwg_fs::{Dir, is_shortage};
use aiwg_model::{RunId, RunRow};

use super::Project;

impl Project {
    /// The directory of a run, by its row. Without one, since it cannot be read, the directory decides that is there.
    pub(crate) fn run_dir(&self, run: RunId, row: Option<&RunRow>) -> PathBuf {
        let task = self.action_dir(run.task);
        let own = task.join(run.dir());
        match row {
            Some(row) => self.run_dir_named(run, row.dir.as_deref()),
            None if own.symlink_metadata().is_ok_and(|found| found.is_dir()) => own,
            None => task,
        }
    }

    /// The directory of a run whose row has this one.
    pub(crate) fn run_dir_named(&self, run: RunId, dir: Option<&str>) -> PathBuf {
        let task = self.action_dir(run.task);
        match dir {
            None => task,
            Some(name) if is_name(name) => task.join(name),
            Some(_) => task.join(run.dir()),
        }
    }
}

/// True if a path is one name, which leads out of no directory.
fn is_name(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None))
}

/// All directories in which a run of the task of this directory may have its lock: the directory itself, and those in it that are named by a number.
pub(crate) fn run_dirs(task: &Path) -> Vec<PathBuf> {
    let mut dirs = vec![task.to_owned()];
    // What is no directory of this user's own holds none, and a link may lead anywhere.
    if Dir::open_own(task).is_ok() {
        let entries = std::fs::read_dir(task).into_iter().flatten().flatten();
        let is_runs = |name: &str| name.parse::<u32>().is_ok_and(|n| n.to_string() == name);
        let of_runs = entries.filter(|entry| {
            entry.file_name().to_str().is_some_and(is_runs)
                && entry.file_type().is_ok_and(|kind| kind.is_dir())
        });
        dirs.extend(of_runs.map(|entry| entry.path()));
    }
    dirs
}

/// The directory of a run of this task whose shim is alive, if there is one.
///
/// # Errors
/// The system is short of something. What else does not answer has no shim: that would have ended.
pub(crate) fn living_run(task: &Path) -> std::io::Result<Option<PathBuf>> {
    for dir in run_dirs(task) {
        match aiwg_shim::is_held(&dir) {
            Ok(true) => return Ok(Some(dir)),
            Err(error) if is_shortage(&error) => return Err(error),
            _ => {}
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use aiwg_model::TaskNo;
    use aiwg_protocol::types::Timestamp;

    use super::*;

    const RUN: RunId = RunId { task: TaskNo(1), n: 2 };

    fn row(dir: Option<&str>) -> RunRow {
        RunRow {
            id: RUN,
            kind: RunRow::AGENT.into(),
            started_at: Timestamp::default(),
            ended_at: None,
            reason: None,
            exit_code: None,
            signal: None,
            usage: None,
            dir: dir.map(str::to_owned),
            profile: None,
            reserved_usd: None,
            cap_usd: None,
            charged_usd: None,
            detail: None,
            tree: None,
            host: None,
        }
    }

    #[test]
    fn a_run_has_the_directory_that_its_row_names_and_none_outside_its_tasks() {
        let (_dir, project) = Project::temporary();
        let task = project.action_dir(RUN.task);
        let of = |row: Option<RunRow>| {
            project.run_dir(RUN, row.as_ref()).strip_prefix(&task).unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!((of(Some(row(None))), of(Some(row(Some("2"))))), (String::new(), "2".to_owned()));
        for outside in ["", ".", "..", "../task-0002", "/tmp", "2/3"] {
            assert_eq!(of(Some(row(Some(outside)))), "2", "{outside:?}");
        }
        // Nothing is known of it but what is there.
        assert_eq!(of(None), "");
        std::fs::create_dir_all(task.join("2")).unwrap();
        assert_eq!((of(None), of(Some(row(None)))), ("2".to_owned(), String::new()));
    }

    #[test]
    fn the_directories_of_runs_are_found_and_links_are_not_followed() {
        let (_dir, project) = Project::temporary();
        let task = project.action_dir(RUN.task);
        for name in ["1", "10", "4294967296", "01", "2.aside-1", "+3", "x"] {
            std::fs::create_dir_all(task.join(name)).unwrap();
        }
        std::fs::write(task.join("3"), "").unwrap();
        symlink("1", task.join("4")).unwrap();
        let mut found = run_dirs(&task);
        found.sort();
        assert_eq!(found, [task.clone(), task.join("1"), task.join("10")]);
        assert_eq!(living_run(&task).unwrap(), None);
        let link = project.action_dir(TaskNo(2));
        symlink(&task, &link).unwrap();
        assert_eq!(run_dirs(&link), std::slice::from_ref(&link));
        assert_eq!(living_run(&link).unwrap(), None);
    }
}
