//! Whatever happens: the change sets applied to the files that were there give the files that are there.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use aiwg_watch::{Change, Kind, Options};
use proptest::prelude::*;

use crate::support::Project;

/// The paths that the operations are about: few, so that they meet.
const PATHS: &[&str] =
    &["a", "b", "c.ignored", "d/a", "d/b", "d/e", "d/e/a", "d/e/b", "f", "f/a", "ignored/a", "d/ignored/b"];

#[derive(Debug, Clone)]
enum Operation {
    Write(usize),
    Remove(usize),
    Rename(usize, usize),
    MakeDirectory(usize),
    /// Save as an editor: write beside and rename over.
    Save(usize),
    Wait(u64),
}

fn operation() -> impl Strategy<Value = Operation> {
    let path = 0..PATHS.len();
    prop_oneof![
        4 => path.clone().prop_map(Operation::Write),
        2 => path.clone().prop_map(Operation::Remove),
        3 => (path.clone(), path.clone()).prop_map(|(from, to)| Operation::Rename(from, to)),
        1 => path.clone().prop_map(Operation::MakeDirectory),
        2 => path.prop_map(Operation::Save),
        2 => (0..30_u64).prop_map(Operation::Wait),
    ]
}

/// Carries out an operation, if it can be done.
fn carry_out(project: &Project, operation: &Operation, round: usize) {
    let path = |index: &usize| project.path(PATHS[*index]);
    let content = format!("content {round}");
    let made_parent = |path: &Path| fs::create_dir_all(path.parent().unwrap()).is_ok();
    match operation {
        Operation::Write(index) if made_parent(&path(index)) => drop(fs::write(path(index), content)),
        Operation::Remove(index) => {
            drop(fs::remove_file(path(index)));
            drop(fs::remove_dir_all(path(index)));
        }
        Operation::Rename(from, to) => drop(fs::rename(path(from), path(to))),
        Operation::MakeDirectory(index) => drop(fs::create_dir_all(path(index))),
        Operation::Save(index) if made_parent(&path(index)) => {
            let beside = path(index).with_extension("tmp");
            drop(fs::write(&beside, content));
            if fs::rename(&beside, path(index)).is_err() {
                drop(fs::remove_file(beside));
            }
        }
        Operation::Wait(milliseconds) => std::thread::sleep(Duration::from_millis(*milliseconds)),
        Operation::Write(_) | Operation::Save(_) => {}
    }
}

/// The files that count, and their content.
fn listing(project: &Project) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    let mut directories = vec![project.path("")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap().flatten() {
            let name = entry.file_name();
            let name = name.to_str().unwrap();
            let is_dir = entry.file_type().unwrap().is_dir();
            if name.ends_with(".ignored") || name.ends_with(".fence") {
                continue;
            }
            if is_dir && name != "ignored" {
                directories.push(entry.path());
            } else if !is_dir {
                let path = entry.path().strip_prefix(project.path("")).unwrap().to_owned();
                files.insert(path, fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    files
}

/// Applies a change to what is known. A file keeps its content unless it is reported to have changed.
fn apply(
    known: &mut BTreeMap<PathBuf, String>,
    change: &Change,
    now: &BTreeMap<PathBuf, String>,
) -> Result<(), String> {
    let is_known = known.contains_key(&change.path);
    let content = now.get(&change.path).cloned().unwrap_or_default();
    let fits = match change.kind {
        Kind::Created => known.insert(change.path.clone(), content).is_none(),
        Kind::Modified => is_known && known.insert(change.path.clone(), content).is_some(),
        Kind::Deleted => known.remove(&change.path).is_some(),
        Kind::Renamed => {
            let from = change.from.as_ref().is_some_and(|from| known.remove(from).is_some());
            known.insert(change.path.clone(), content);
            from && !is_known
        }
    };
    if fits { Ok(()) } else { Err(format!("{change:?} does not fit what was reported before")) }
}

/// Renames first, as one of them may free the name of another, or move on what another brings.
fn check(operations: &[Operation], options: impl Fn(Options) -> Options) -> Result<(), TestCaseError> {
    let project = Project::new(&["a", "d/a", "d/e/b", "ignored/a"]);
    project.write(".gitignore", "ignored/\n*.ignored\n");
    let mut known = listing(&project);
    let watched = project.watch_with(options(project.options()));
    for (round, operation) in operations.iter().enumerate() {
        carry_out(&project, operation, round);
    }
    let reported = watched.reported();
    let now = listing(&project);
    for change in &reported {
        apply(&mut known, change, &now)
            .map_err(|error| TestCaseError::fail(format!("{error}; reported {reported:?}")))?;
    }
    prop_assert_eq!(known, now, "reported {:?}", reported);
    Ok(())
}

fn config() -> ProptestConfig {
    let cases = std::env::var("AIWG_WATCH_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60);
    ProptestConfig { failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::with_cases(cases) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn gathered(operations in prop::collection::vec(operation(), 1..40)) {
        check(&operations, |options| Options { settle: Duration::from_millis(20), ..options })?;
    }

    #[test]
    fn at_once(operations in prop::collection::vec(operation(), 1..40)) {
        check(&operations, |options| Options { settle: Duration::ZERO, ..options })?;
    }

    #[test]
    fn polled(operations in prop::collection::vec(operation(), 1..40)) {
        let poll_every = Duration::from_millis(10);
        let settle = Duration::from_millis(10);
        check(&operations, |options| Options { polling: true, poll_every, settle, ..options })?;
    }
}
