//! The changes that are asked for are those that are reported.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use aiwg_watch::{Kind, Options, Verdict, WatchError, WatchedPath, Watcher};

use crate::support::{Project, assert_same, created, deleted, modified, renamed};

#[test]
fn only_the_watched_paths_count() {
    let project = Project::new(&["src/a", "test/b", "other/c", "file", "beside"]);
    let paths = ["src/", "./test", "file"].map(WatchedPath::new).to_vec();
    let watched = project.watch_with(Options { paths, ..project.options() });
    for path in ["src/a", "test/b", "other/c", "file", "beside"] {
        project.write(path, "another");
    }
    assert_same(
        watched.reported_with_fence_in("src"),
        &[modified("src/a"), modified("test/b"), modified("file")],
    );
    // The project's directory, for what is in it directly, and the two.
    assert_eq!(watched.watcher.status().directories, 3);
}

#[test]
fn each_path_has_its_kinds_patterns_and_extensions() {
    let project = Project::new(&["src/a.ts", "src/b.ts", "lib/a.ts"]);
    let src = WatchedPath {
        kinds: Some(vec![Kind::Modified, Kind::Deleted]),
        ignore: vec!["gen/".to_owned(), "/b.ts".to_owned()],
        extensions: Some(vec!["ts".to_owned(), ".fence".to_owned()]),
        ..WatchedPath::new("src")
    };
    let watched =
        project.watch_with(Options { paths: vec![src, WatchedPath::new("lib")], ..project.options() });
    project.write("src/a.ts", "another");
    project.write("src/b.ts", "another");
    project.write("src/new.ts", "");
    project.write("src/x.js", "");
    project.write("src/gen/a.ts", "");
    project.write("lib/new.js", "");
    assert_same(watched.reported_with_fence_in("lib"), &[modified("src/a.ts"), created("lib/new.js")]);
    // Nobody asked for renames there.
    project.rename("src/a.ts", "src/c.ts");
    project.rename("lib/a.ts", "lib/c.ts");
    assert_same(
        watched.reported_with_fence_in("lib"),
        &[deleted("src/a.ts"), renamed("lib/a.ts", "lib/c.ts")],
    );
}

#[test]
fn a_path_asked_for_by_name_is_watched_although_ignored() {
    let project = Project::new(&["dist/types/a", "dist/b"]);
    project.write(".gitignore", "dist/\n");
    let paths = vec![WatchedPath::new("."), WatchedPath::new("dist/types")];
    let watched = project.watch_with(Options { paths, ..project.options() });
    project.write("dist/types/a", "another");
    project.write("dist/b", "another");
    watched.assert_reported(&[modified("dist/types/a")]);
}

#[test]
fn the_ignore_file_above_a_watched_path_counts_when_edited() {
    let project = Project::new(&["src/out/a", "src/b"]);
    let paths = vec![WatchedPath::new("src")];
    let watched = project.watch_with(Options { paths, ..project.options() });
    project.write(".gitignore", "out/\n");
    assert_same(watched.reported_with_fence_in("src"), &[]);
    project.write("src/out/a", "another");
    project.write("src/b", "another");
    assert_same(watched.reported_with_fence_in("src"), &[modified("src/b")]);
    project.remove(".gitignore");
    assert_same(watched.reported_with_fence_in("src"), &[]);
    project.write("src/out/a", "yet another");
    assert_same(watched.reported_with_fence_in("src"), &[modified("src/out/a")]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let project = Project::new(&["file"]);
    let start = |options: Options| Watcher::start(&options, drop, drop).unwrap_err();
    let outside = Options { paths: vec![WatchedPath::new("../elsewhere")], ..project.options() };
    assert!(matches!(start(outside), WatchError::Outside { .. }));
    let pattern = Options { ignore: vec!["a{b".to_owned()], ..project.options() };
    assert!(matches!(start(pattern), WatchError::Pattern { pattern, .. } if pattern == "a{b"));
    let nowhere = Options { root: project.path("nowhere"), ..project.options() };
    assert!(matches!(start(nowhere), WatchError::Root { .. }));
    let file = Options { root: project.path("file"), ..project.options() };
    assert!(matches!(start(file), WatchError::Root { .. }));
}

#[test]
fn changes_gather_for_the_time_that_is_set_and_no_longer() {
    let project = Project::new(&[]);
    let settle = Duration::from_millis(400);
    let watched = project.watch_with(Options { settle, ..project.options() });
    let started = Instant::now();
    project.write("a", "");
    // A steady stream must not put it off for ever.
    let done = AtomicBool::new(false);
    let change_set = std::thread::scope(|scope| {
        scope.spawn(|| write_until(&done, &project));
        let change_set = watched.change_set();
        done.store(true, Ordering::Relaxed);
        change_set
    });
    assert!(started.elapsed() >= settle);
    assert!(started.elapsed() < settle * 20, "{:?}", started.elapsed());
    assert!(change_set.changes.contains(&created("a")));
}

fn write_until(done: &AtomicBool, project: &Project) {
    for round in 0.. {
        if done.load(Ordering::Relaxed) {
            return;
        }
        project.write("stream", &format!("{round}"));
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn it_can_be_asked_what_would_be_reported() {
    use Verdict::{Ignored, NotAsked, NotWanted, Reported};

    let project = Project::new(&["src/a.ts", "gen/a.ts", "gen/out/b"]);
    project.write("src/.gitignore", "*.tmp\n");
    let src = WatchedPath {
        kinds: Some(vec![Kind::Modified]),
        ignore: vec!["/b.ts".to_owned()],
        extensions: Some(vec!["ts".to_owned(), "tmp".to_owned()]),
        ..WatchedPath::new("src")
    };
    let paths = vec![src, WatchedPath::new("gen/out"), WatchedPath::new("file.log")];
    let options = Options { paths, ignore: vec!["gen/".to_owned(), "*.log".to_owned()], ..project.options() };
    let verdict = |path: &str| options.verdict(path.as_ref(), Kind::Modified).unwrap();
    for (path, expected) in [
        ("src/a.ts", Reported),
        ("./src/deep/not/there.ts", Reported),
        ("src/b.ts", Ignored),
        ("src/x.tmp", Ignored),
        ("src/.git/x.ts", Ignored),
        ("src/a.js", NotWanted),
        ("test/a.ts", NotAsked),
        ("gen/out/a", Reported),
        ("gen/a.ts", NotAsked),
        ("file.log", Reported),
    ] {
        assert_eq!(verdict(path), expected, "{path}");
    }
    assert_eq!(options.verdict("src/a.ts".as_ref(), Kind::Deleted).unwrap(), NotWanted);
    assert!(matches!(options.verdict("../a".as_ref(), Kind::Modified), Err(WatchError::Outside { .. })));
    // What it says is what happens.
    let watched = project.watch_with(options.clone());
    for path in ["src/a.ts", "src/b.ts", "gen/a.ts"] {
        project.write(path, "another");
    }
    project.write("src/x.tmp", "");
    assert_same(watched.reported_with_fence_in("gen/out"), &[modified("src/a.ts")]);
}
