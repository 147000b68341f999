//! Prints the figures: the time to watch a large tree, the watches it takes, the memory, and the time from a change to its
//! change set. On other systems than Linux, watches and memory are shown as 0. `cargo run --release -p aiwg-watch --example figures [directories]`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{
    fs,
    path::Path,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use aiwg_watch::{Options, Watcher};

const FILES_EACH: usize = 10;

fn main() {
    let directories: usize = std::env::args().nth(1).map_or(10_000, |count| count.parse().unwrap());
    let bare = tree(directories, false);
    let beside_ignored = tree(directories, true);
    // First, as memory that was freed is not all given back.
    watching(beside_ignored.path());
    for (what, tree) in [("", &bare), (", as many again ignored", &beside_ignored)] {
        let mut took: Vec<_> = (0..5).map(|_| start(tree.path())).collect();
        took.sort();
        println!(
            "start: {} files in {directories} directories{what}: {:?}",
            directories * FILES_EACH,
            took[2]
        );
    }
}

fn start(root: &Path) -> Duration {
    let started = Instant::now();
    let watcher = Watcher::start(&Options::new(root), |_| {}, |notice| println!("{notice}")).unwrap();
    let took = started.elapsed();
    drop(watcher);
    // The kernel is still busy taking the watches away.
    thread::sleep(Duration::from_millis(500));
    took
}

fn watching(root: &Path) {
    let before = resident();
    let (sender, change_sets) = mpsc::channel();
    let options = Options { settle: Duration::ZERO, ..Options::new(root) };
    let send = move |change_set| sender.send(change_set).unwrap();
    let watcher = Watcher::start(&options, send, |notice| println!("{notice}")).unwrap();
    let status = watcher.status();
    // When its files have been looked at, it is quiet.
    thread::sleep(Duration::from_secs(2));
    println!("watches: {} for {} directories, {} files", watches(), status.directories, status.files);
    println!("memory: {} KiB more, {} KiB in all", resident().saturating_sub(before), resident());

    let mut took = Vec::new();
    for round in 0..200 {
        let file = root.join(format!("d{}/f0", round % 100));
        let started = Instant::now();
        fs::write(&file, format!("{round} is another content")).unwrap();
        change_sets.recv_timeout(Duration::from_secs(10)).unwrap();
        took.push(started.elapsed());
        while change_sets.recv_timeout(Duration::from_millis(30)).is_ok() {}
    }
    took.sort();
    println!(
        "a change to its change_set: median {:?}, 95% {:?}, longest {:?}",
        took[100], took[190], took[199]
    );
}

/// A tree with `directories` directories in two levels, and as many in an ignored one.
fn tree(directories: usize, has_ignored: bool) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join(".gitignore"), "node_modules/\n").unwrap();
    fill(root.path(), directories);
    if has_ignored {
        fill(&root.path().join("node_modules"), directories);
    }
    root
}

fn fill(base: &Path, directories: usize) {
    for index in 0..directories {
        let directory = base.join(format!("d{}/e{}", index % 100, index / 100));
        let directory = if index < 100 { base.join(format!("d{index}")) } else { directory };
        fs::create_dir_all(&directory).unwrap();
        for file in 0..FILES_EACH {
            fs::write(directory.join(format!("f{file}")), "content").unwrap();
        }
    }
}

fn watches() -> usize {
    let infos = fs::read_dir("/proc/self/fdinfo").into_iter().flatten().flatten();
    let texts = infos.filter_map(|info| fs::read_to_string(info.path()).ok());
    texts.map(|text| text.lines().filter(|line| line.starts_with("inotify")).count()).sum()
}

/// KiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or_default()
}
