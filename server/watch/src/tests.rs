//! Tests of the kernel's own queue overflowing, which cannot be brought about from outside.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    os::unix::fs::FileExt,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use crate::{
    Change, Kind, Notice, Options,
    queue::{Message, Queue},
    rules::Scope,
    source::Source,
    state::State,
    worker::Worker,
};

#[test]
fn when_the_kernels_queue_overflows_everything_is_looked_at() {
    let project = tempfile::tempdir().unwrap();
    let root = project.path().canonicalize().unwrap();
    let path = |name: &str| root.join(name);
    for name in ["a", "b", "gone", "old/x"] {
        fs::create_dir_all(path(name).parent().unwrap()).unwrap();
        fs::write(path(name), "content").unwrap();
    }
    let options = Options { settle: Duration::from_millis(50), ..Options::new(&root) };
    let gate = Arc::new(Mutex::new(()));
    let (queue, inbox) = Queue::new();
    let stop = queue.sender.clone();
    let (to_source, behind_gate) = (queue.clone(), Arc::clone(&gate));
    let make_source = Box::new(move || {
        let (queue, gate) = (to_source.clone(), Arc::clone(&behind_gate));
        Source::new(move |event| {
            drop(gate.lock().unwrap());
            queue.push(event);
        })
    });
    let mut state = State::new(Scope::new(root.clone(), &options).unwrap(), make_source, usize::MAX);
    state.open_source();
    state.watch_first();
    let (send, change_sets) = mpsc::channel();
    let (send_notice, notices) = mpsc::channel();
    let sink = Box::new(move |change_set| drop(send.send(change_set)));
    let worker = Worker::new(
        &options,
        state,
        (queue, inbox),
        sink,
        Box::new(move |notice| drop(send_notice.send(notice))),
    );
    let thread = thread::spawn(move || worker.run());

    let closed = gate.lock().unwrap();
    let limit: u64 =
        fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap().trim().parse().unwrap();
    let files = ["a", "b"].map(|name| File::options().write(true).open(path(name)).unwrap());
    // More than fit, as notify has taken some already.
    for round in 0..limit + 1000 {
        files[usize::from(round % 2 == 0)].write_all_at(b"x", 0).unwrap();
    }
    // The events of all this are lost.
    fs::remove_file(path("gone")).unwrap();
    fs::rename(path("old"), path("moved")).unwrap();
    fs::create_dir_all(path("new/deep")).unwrap();
    fs::write(path("new/deep/y"), "").unwrap();
    drop(closed);

    let reported_until = |last: (Kind, &str)| {
        let mut reported = BTreeSet::new();
        while !reported.contains(&(last.0, last.1.to_owned())) {
            let changes = change_sets.recv_timeout(Duration::from_secs(60)).unwrap().changes;
            reported.extend(
                changes
                    .into_iter()
                    .map(|Change { kind, path, .. }| (kind, path.to_str().unwrap().to_owned())),
            );
        }
        reported
    };
    let expected = [
        (Kind::Created, "new/deep/y"),
        (Kind::Modified, "a"),
        (Kind::Modified, "b"),
        (Kind::Deleted, "gone"),
        (Kind::Renamed, "moved/x"),
    ];
    let reported = reported_until(expected[0]);
    assert_eq!(reported, expected.map(|(kind, path)| (kind, path.to_owned())).into());
    assert_eq!(notices.recv_timeout(Duration::from_secs(60)).unwrap(), Notice::Overflow);
    // And everything is watched where it is now.
    for name in ["moved/x", "new/deep/y"] {
        fs::write(path(name), "another").unwrap();
        reported_until((Kind::Modified, name));
    }
    stop.send(Message::Stop).unwrap();
    drop(thread.join().unwrap());
}
