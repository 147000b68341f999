//! What is left of a journal's steps, wherever they stop.

use std::{collections::BTreeMap, fs};

use super::*;

/// The names and contents below a directory.
fn files(dir: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            all.insert(format!("{name}/"), String::new());
            all.extend(
                files(&entry.path()).into_iter().map(|(inner, text)| (format!("{name}/{inner}"), text)),
            );
        } else {
            all.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
    all
}

/// A checkout with `a`, `b`, `gone/c` and `file`, of which `a` and `b` are replaced, `gone` is emptied, `new/deep/d` is added, and `file` becomes a
/// directory.
fn journal(top: &Path, aside: &Path, is_simple: bool) -> Journal {
    for (name, text) in [("a", "1"), ("b", "1"), ("gone/c", "1"), ("file", "1")] {
        fs::create_dir_all(top.join(name).parent().unwrap()).unwrap();
        fs::write(top.join(name), text).unwrap();
    }
    let step = |(number, (deed, name)): (usize, (Deed, &str))| {
        let aside = aside.join(number.to_string());
        if deed != Deed::Remove {
            fs::write(&aside, "2").unwrap();
        }
        let (old, new) = (Stamp::at(&top.join(name)), Stamp::at(&aside));
        Step { deed, name: name.into(), aside, old, new, is_simple }
    };
    let steps = [
        (Deed::Replace, "a"),
        (Deed::Remove, "gone/c"),
        (Deed::Add, "new/deep/d"),
        (Deed::Remove, "file"),
        (Deed::Add, "file/e"),
        (Deed::Replace, "b"),
    ];
    Journal {
        steps: steps.into_iter().enumerate().map(step).collect(),
        made: vec!["file".into(), "new".into(), "new/deep".into()],
        emptied: vec!["gone".into()],
    }
}

#[test]
fn all_or_nothing_wherever_it_stops() {
    for is_simple in [false, true] {
        for stop in 0..=6 {
            let dir = tempfile::tempdir().unwrap();
            let (top, aside) = (dir.path().join("top"), dir.path().join("aside"));
            fs::create_dir(&top).unwrap();
            fs::create_dir(&aside).unwrap();
            let journal = journal(&top, &aside, is_simple);
            let before = files(&top);
            // One of the steps finds another file than there was.
            let spoiled = journal.steps.get(stop).map(|step| top.join(path(&step.name)));
            if let Some(file) = spoiled.filter(|file| file.exists()) {
                fs::write(&file, "someone else's").unwrap();
                let spoiled = files(&top);
                assert!(matches!(journal.done(&top), Err(Stopped::Changed)), "{stop}");
                assert!(journal.undone(&top).unwrap(), "{stop}");
                assert_eq!(files(&top), spoiled, "{stop}");
                continue;
            }
            journal.done(&top).unwrap();
            let names: Vec<_> = files(&top).into_iter().map(|(name, text)| format!("{name}{text}")).collect();
            assert_eq!(names, ["a2", "b2", "file/", "file/e2", "new/", "new/deep/", "new/deep/d2"]);
            assert!(journal.undone(&top).unwrap());
            assert_eq!(files(&top), before, "{stop} {is_simple}");
            assert!(journal.undone(&top).unwrap(), "twice is as good");
            assert_eq!(files(&top), before);
        }
    }
}

#[test]
fn what_someone_has_written_since_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (top, aside) = (dir.path().join("top"), dir.path().join("aside"));
    fs::create_dir(&top).unwrap();
    fs::create_dir(&aside).unwrap();
    let journal = journal(&top, &aside, false);
    journal.done(&top).unwrap();
    fs::write(top.join("a"), "a person's").unwrap();
    fs::write(top.join("new/deep/d"), "a person's").unwrap();
    assert!(!journal.undone(&top).unwrap());
    let there = files(&top);
    assert_eq!(
        [&there["a"], &there["b"], &there["new/deep/d"], &there["gone/c"]],
        ["a person's", "1", "a person's", "1"]
    );
}
