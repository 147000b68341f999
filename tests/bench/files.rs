//! A tree of 100,000 files in 10,000 directories, or in 2,000: how long it takes to watch it, what that costs, how soon a change is an event.

use std::{
    ffi::CString,
    fs,
    io::{BufRead, BufReader, Write},
    os::{
        fd::OwnedFd,
        unix::{ffi::OsStrExt, net::UnixStream},
    },
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use serde_json::json;

use crate::{daemon::BenchDaemon, table};

const FILES: usize = 100_000;
const DIRECTORIES: usize = 10_000;
const FEW_DIRECTORIES: usize = 2_000;

pub(crate) fn run(aiwg: &Path) {
    let without = BenchDaemon::start(aiwg, &json!({}));
    let mut daemon = with_tree(aiwg, DIRECTORIES);
    let few = with_tree(aiwg, FEW_DIRECTORIES);
    fs::write(daemon.file(".gitignore"), "ignored/\n").unwrap();

    table::head("start to watch, milliseconds", "aiwg", "walk, watch");
    let bare = measured(|| drop(walk(&daemon.file("src"))));
    table::row("100,000 files in 10,000 directories", restarted(&daemon), bare);
    let bare_few = measured(|| drop(walk(&few.file("src"))));
    table::row("100,000 files in 2,000 directories", restarted(&few), bare_few);
    let watches = inotify_watches(daemon.pid);
    tree(&daemon.file("ignored"), DIRECTORIES);
    table::row("with as many again ignored", restarted(&daemon), bare);
    table::figure("inotify watches before", watches as f64, "");
    table::figure("inotify watches with the ignored ones", inotify_watches(daemon.pid) as f64, "");
    daemon.restart();
    table::figure("memory more than without watching", daemon.resident_mib() - without.resident_mib(), "MiB");

    table::head("from a change to its event, median, milliseconds", "aiwg", "inotify");
    table::row("one file written, debounce_ms 0", latency(&daemon), bare_latency(&daemon.file("src")));
}

/// Milliseconds until the tree is watched.
pub(crate) fn first_look(aiwg: &Path) -> f64 {
    restarted(&with_tree(aiwg, DIRECTORIES))
}

/// Milliseconds from a change to its event.
pub(crate) fn change_to_event(aiwg: &Path) -> f64 {
    let daemon = with_tree(aiwg, DIRECTORIES);
    restarted(&daemon);
    latency(&daemon)
}

fn with_tree(aiwg: &Path, directories: usize) -> BenchDaemon {
    let daemon = BenchDaemon::start(aiwg, &json!({ "watch": { "enabled": false, "debounce_ms": 0 } }));
    tree(&daemon.file("src"), directories);
    daemon
}

fn tree(root: &Path, directories: usize) {
    for directory in 0..directories {
        // As deep as projects are.
        let path = root.join(format!("{}/{}/{directory}", directory % 10, directory % 100));
        fs::create_dir_all(&path).unwrap();
        (0..FILES / directories).for_each(|file| fs::write(path.join(format!("{file}.rs")), "").unwrap());
    }
}

/// The median of three, in milliseconds.
fn measured(mut work: impl FnMut()) -> f64 {
    let mut took: Vec<Duration> = (0..3)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed()
        })
        .collect();
    took.sort_unstable();
    took[1].as_secs_f64() * 1e3
}

/// Duration of a reload that switches the watching on, in milliseconds.
fn restarted(daemon: &BenchDaemon) -> f64 {
    let configure = |enabled: bool| {
        let config = json!({ "watch": { "enabled": enabled, "debounce_ms": 0 } });
        fs::write(daemon.file(".aiwg/daemon.json"), config.to_string()).unwrap();
        let began = Instant::now();
        assert_eq!(daemon.json(&["daemon", "reload"])["reloaded"], true);
        began.elapsed()
    };
    let mut took: Vec<Duration> = (0..3)
        .map(|_| {
            configure(false);
            configure(true)
        })
        .collect();
    took.sort_unstable();
    took[1].as_secs_f64() * 1e3
}

/// Lists all directories, and adds a watch for each: the least that it could take.
fn walk(root: &Path) -> OwnedFd {
    let inotify = inotify::init(CreateFlags::CLOEXEC).unwrap();
    let mut left = vec![root.to_owned()];
    while let Some(directory) = left.pop() {
        watch(&inotify, &directory);
        for entry in fs::read_dir(&directory).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                left.push(entry.path());
            }
        }
    }
    inotify
}

fn watch(inotify: &OwnedFd, directory: &Path) {
    let path = CString::new(directory.as_os_str().as_bytes()).unwrap();
    let what = WatchFlags::CLOSE_WRITE | WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVE;
    inotify::add_watch(inotify, path, what).unwrap();
}

fn inotify_watches(pid: u32) -> usize {
    let files = fs::read_dir(format!("/proc/{pid}/fdinfo")).unwrap();
    let text = |file: fs::DirEntry| fs::read_to_string(file.path()).unwrap_or_default();
    files.map(|file| text(file.unwrap()).matches("inotify wd").count()).sum()
}

const ROUNDS: usize = 200;

fn changed(root: &Path, round: usize) -> PathBuf {
    root.join(format!("{}/{}/{}/0.rs", round % 10, round % 100, round % 100))
}

fn latency(daemon: &BenchDaemon) -> f64 {
    let mut stream = BufReader::new(UnixStream::connect(&daemon.socket).unwrap());
    let line = r#"{"jsonrpc":"2.0","id":1,"method":"event.subscribe","params":{"topics":["file:*"]}}"#;
    stream.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
    let mut next = || {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        line
    };
    next();
    median(|round| {
        let began = Instant::now();
        fs::write(changed(&daemon.file("src"), round), format!("{round}")).unwrap();
        let event = next();
        assert!(event.contains("file:modified"), "{event}");
        began.elapsed()
    })
}

fn bare_latency(root: &Path) -> f64 {
    let inotify = inotify::init(CreateFlags::CLOEXEC).unwrap();
    (0..ROUNDS).for_each(|round| watch(&inotify, changed(root, round).parent().unwrap()));
    let mut buffer = [0; 4096];
    median(|round| {
        let began = Instant::now();
        fs::write(changed(root, round), format!("bare {round}")).unwrap();
        rustix::io::read(&inotify, &mut buffer).unwrap();
        began.elapsed()
    })
}

fn median(mut round: impl FnMut(usize) -> Duration) -> f64 {
    let mut took: Vec<Duration> = (0..ROUNDS)
        .map(|number| {
            // What the one before has left to do is not to be measured with this one.
            std::thread::sleep(Duration::from_millis(5));
            round(number)
        })
        .collect();
    took.sort_unstable();
    took[ROUNDS / 2].as_secs_f64() * 1e3
}
