//! The lock: which shim is alive, and which may still start.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use aiwg_shim::{Abandon, LOCK_FILE, RUN_FILE, Signal, abandon, is_held};

use crate::support::Task;

#[test]
fn a_launch_that_was_given_up_never_runs() {
    let task = Task::sh("echo ran >ran");
    assert_eq!(abandon(task.dir(), 1).unwrap(), Abandon::Done);
    let mut shim = task.start();
    assert_eq!(shim.says(), None);
    shim.wait();
    assert!(!task.file("ran").exists() && !task.file(RUN_FILE).exists());
}

#[test]
fn the_next_launch_runs() {
    let mut task = Task::sh("echo ran >ran");
    assert_eq!(abandon(task.dir(), 1).unwrap(), Abandon::Done);
    assert_eq!(task.text(LOCK_FILE), r#"{"abandoned":1}"#);
    task.spec.launch = 2;
    assert_eq!(task.run().launch, 2);
    assert!(task.file("ran").exists());
}

#[test]
fn giving_up_an_earlier_launch_takes_nothing_back() {
    let mut task = Task::sh("echo ran >ran");
    assert_eq!(abandon(task.dir(), 10).unwrap(), Abandon::Done);
    assert_eq!(abandon(task.dir(), 9).unwrap(), Abandon::Done);
    task.spec.launch = 10;
    task.start().wait();
    assert!(!task.file("ran").exists());
}

#[test]
fn a_running_launch_cannot_be_given_up() {
    let task = Task::new(&["sleep", "1000"]);
    let (mut shim, agent) = task.started();
    assert!(is_held(task.dir()).unwrap());
    assert_eq!(abandon(task.dir(), 1).unwrap(), Abandon::StillRunning);
    assert!(agent.is_alive());
    shim.signal(Signal::TERM);
    shim.wait();
    assert!(!is_held(task.dir()).unwrap());
    assert_eq!(abandon(task.dir(), 1).unwrap(), Abandon::Done);
    assert_eq!(task.exit().signal, Some(15));
}

#[test]
fn there_is_one_shim_at_a_time() {
    let task = Task::sh("echo $$ >>ran; exec sleep 1000");
    let (mut shim, agent) = task.started();
    let mut second = task.start();
    assert_eq!(second.says(), None);
    assert!(!second.succeeds());
    assert!(task.text("shim.log").contains("another shim"));
    assert!(agent.is_alive());
    shim.signal(Signal::TERM);
    shim.wait();
    assert_eq!(task.text("ran").lines().count(), 1);
}

#[test]
fn either_it_runs_or_it_was_given_up() {
    let mut outcomes = [0, 0];
    for n in 0..40 {
        let task = Task::sh("echo ran >ran");
        let mut shim = task.start();
        // Sooner or later, on either side of the moment when the lock is taken.
        let begin = std::time::Instant::now();
        while begin.elapsed().as_micros() < n * 60 {
            std::hint::spin_loop();
        }
        let abandoned = abandon(task.dir(), 1).unwrap() == Abandon::Done;
        let started = shim.says().is_some();
        shim.succeeds();
        // Given up after its end, it is over as well.
        let over = task.file("exit.json").exists();
        assert_eq!(started, over);
        assert_eq!(started, task.file("ran").exists());
        assert!(started != abandoned || over, "it neither ran nor was given up");
        outcomes[usize::from(started)] += 1;
    }
    println!("{} given up, {} run", outcomes[0], outcomes[1]);
}

#[test]
fn looking_does_not_keep_a_shim_from_starting() {
    let task = Arc::new(Task::sh("true"));
    let over = Arc::new(AtomicBool::new(false));
    let looking: Vec<_> = (0..2)
        .map(|_| {
            let (task, over) = (Arc::clone(&task), Arc::clone(&over));
            thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    is_held(task.dir()).unwrap();
                }
            })
        })
        .collect();
    let runs = (0..30).filter(|_| task.start().succeeds()).count();
    over.store(true, Ordering::Relaxed);
    looking.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(runs, 30);
}

#[test]
fn no_shim_starts_over_a_note_that_it_cannot_read() {
    let task = Task::sh("echo ran >ran");
    std::fs::write(task.file(LOCK_FILE), r#"{"abando"#).unwrap();
    let mut shim = task.start();
    assert!(!shim.succeeds());
    assert!(task.text("shim.log").contains(LOCK_FILE) && !task.file("ran").exists());
    // Giving the launch up writes the file again.
    assert_eq!(abandon(task.dir(), 1).unwrap(), Abandon::Done);
    assert_eq!(task.text(LOCK_FILE), r#"{"abandoned":1}"#);
}

#[test]
fn a_planted_lock_is_not_followed() {
    let task = Task::sh("true");
    task.touch("victim");
    std::os::unix::fs::symlink(task.file("victim"), task.file(LOCK_FILE)).unwrap();
    assert!(!abandon(task.dir(), 1).unwrap_err().is_no_directory() && is_held(task.dir()).is_err());
    assert!(!task.start().succeeds());
    assert_eq!(task.text("victim"), "");
}

#[test]
fn a_link_in_the_place_of_the_directory_above_is_not_followed() {
    let task = Task::sh("echo ran >ran");
    std::fs::create_dir_all(task.file("elsewhere/1")).unwrap();
    std::os::unix::fs::symlink("elsewhere", task.file("task")).unwrap();
    let planted = task.file("task/1");
    assert!(abandon(&planted, 1).unwrap_err().is_no_directory() && is_held(&planted).is_err());
    let mut spec = task.spec.clone();
    spec.dir = planted;
    let mut shim = task.shim();
    shim.give(&spec);
    assert!(!shim.succeeds());
    assert_eq!(std::fs::read_dir(task.file("elsewhere/1")).unwrap().count(), 0);
    assert!(!task.file("ran").exists());
}

#[test]
fn nobody_is_alive_where_there_was_never_anyone() {
    let dir = tempfile::tempdir().unwrap();
    assert!(!is_held(dir.path()).unwrap());
    assert!(abandon(&dir.path().join("gone"), 1).unwrap_err().is_not_found());
}
