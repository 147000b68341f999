//! Many changes at once, and events that are lost.

use std::{
    collections::BTreeMap,
    fs::File,
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::mpsc,
    time::{Duration, Instant},
};

use aiwg_watch::{Change, ChangeSet, Kind, Notice, Options, Watcher};

use crate::support::{Project, assert_same, created, deleted, modified, renamed};

/// The files that the changes say are there, with the number of times that each was reported.
fn apply(files: &mut BTreeMap<PathBuf, usize>, changes: Vec<Change>) {
    for Change { kind, path, from } in changes {
        match kind {
            Kind::Created | Kind::Modified => *files.entry(path).or_default() += 1,
            Kind::Deleted => drop(files.remove(&path)),
            Kind::Renamed => {
                let count = files.remove(&from.unwrap()).unwrap_or_default();
                files.insert(path, count + 1);
            }
        }
    }
}

#[test]
fn a_burst_of_100_000_changes_ends_in_the_last_state() {
    const DIRECTORIES: usize = 500;
    const FILES: usize = 200;
    let project = Project::in_memory();
    for index in 0..DIRECTORIES {
        project.mkdir(&format!("d{index}"));
    }
    let watched = project.watch();
    let started = Instant::now();
    for index in 0..DIRECTORIES * FILES {
        let path = project.path(format!("d{}/f{index}", index % DIRECTORIES));
        drop(File::create(&path).unwrap());
        if index % 4 == 0 {
            std::fs::remove_file(path).unwrap();
        }
    }
    println!("made in {:?}", started.elapsed());
    let mut files = BTreeMap::new();
    apply(&mut files, watched.reported());
    println!("reported after {:?}, {:?}", started.elapsed(), watched.watcher.status());
    let expected: Vec<_> = (0..DIRECTORIES * FILES)
        .filter(|index| index % 4 != 0)
        .map(|index| PathBuf::from(format!("d{}/f{index}", index % DIRECTORIES)))
        .collect();
    assert_eq!(files.len(), expected.len());
    assert!(expected.iter().all(|path| files.contains_key(path)));
}

#[test]
fn changes_right_after_the_start_in_a_large_tree_are_reported() {
    let project = Project::in_memory();
    for index in 0..30_000 {
        project.write(format!("d{}/f{index}", index % 300), "content");
    }
    // What was only just written may be reported as modified if it is touched.
    std::thread::sleep(Duration::from_millis(50));
    let watched = project.watch();
    project.write("d0/f0", "another");
    project.remove("d299/f299");
    project.rename("d298/f298", "d0/moved");
    project.write("d297/new", "");
    project.rename("d296/f296", "d296/f596");
    project.sh("chmod +x d0/f600");
    let watching = watched.reported();
    let expected = [
        modified("d0/f0"),
        deleted("d299/f299"),
        renamed("d298/f298", "d0/moved"),
        created("d297/new"),
        deleted("d296/f296"),
        modified("d296/f596"),
    ];
    // A change of mode shows as a change in this moment, as nothing is known of the file but its name.
    let reported =
        watching.into_iter().filter(|change| change.path != std::path::Path::new("d0/f600")).collect();
    assert_same(reported, &expected);
    project.sh("chmod +x d5/f5 d5/f305");
    project.write("d6/f6", "another");
    watched.assert_reported(&[modified("d6/f6")]);
}

#[test]
fn while_the_sink_takes_its_time_nothing_is_lost_and_the_memory_is_bounded() {
    let project = Project::new(&["go", "a", "b"]);
    let (send, change_sets) = mpsc::channel::<ChangeSet>();
    let (send_notice, notices) = mpsc::channel();
    let (open, gate) = mpsc::channel::<()>();
    let mut is_first = true;
    let sink = move |change_set| {
        drop(send.send(change_set));
        if std::mem::take(&mut is_first) {
            gate.recv().unwrap();
        }
    };
    let options = Options { settle: Duration::from_millis(50), ..project.options() };
    let watcher = Watcher::start(&options, sink, move |notice| drop(send_notice.send(notice))).unwrap();
    project.write("go", "another");
    assert_eq!(change_sets.recv().unwrap().changes, [modified("go")]);
    // More events than may wait. The kernel merges those that are the same, so each differs from the one before.
    let files = ["a", "b"].map(|name| File::options().write(true).open(project.path(name)).unwrap());
    for round in 0..200_000_u64 {
        for file in &files {
            file.write_all_at(b"x", round % 7).unwrap();
        }
    }
    project.write("new/last", "");
    open.send(()).unwrap();
    let mut reported = BTreeMap::new();
    while !reported.contains_key(&PathBuf::from("new/last")) {
        apply(&mut reported, change_sets.recv_timeout(Duration::from_secs(60)).unwrap().changes);
    }
    assert!(reported.contains_key(&PathBuf::from("a")) && reported.contains_key(&PathBuf::from("b")));
    assert_eq!(notices.recv_timeout(Duration::from_secs(60)).unwrap(), Notice::Overflow);
    drop(watcher);
}
