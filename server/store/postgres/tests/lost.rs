//! Connections that are lost, and whoever is frozen.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, missing_docs)]

#[allow(dead_code, unreachable_pub)]
mod cluster;

use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use aiwg_model::{HostRow, TaskNo, TaskSpec};
use aiwg_protocol::types::Timestamp;
use aiwg_store::{ErrorKind, Store, StoreError};
use aiwg_store_postgres::{Address, PostgresReader, PostgresStore};
use cluster::{Cluster, PASSWORD, at, open};

const WHOLE: u8 = 0;
const CUT_BEFORE: u8 = 1;
const CUT_AFTER: u8 = 2;
const CUT_FOR_GOOD: u8 = 3;
const AWAY: u8 = 4;

/// Something between a daemon and the server, which loses the connection of the next commit, and lets nobody through while it is away.
struct Between {
    port: u16,
    cut: Arc<AtomicU8>,
}

impl Between {
    fn with(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (port, cut) = (listener.local_addr().unwrap().port(), Arc::new(AtomicU8::new(WHOLE)));
        let told = Arc::clone(&cut);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if told.load(Ordering::SeqCst) == AWAY {
                    continue;
                }
                let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                let told = Arc::clone(&told);
                thread::spawn(move || carry(client, server, &told));
            }
        });
        Self { port, cut }
    }

    fn address(&self) -> Address {
        let url = format!("postgres://tester@127.0.0.1:{}/postgres?project=one", self.port);
        Address::new(&url).unwrap().with_password(PASSWORD)
    }

    /// Does something once the next commit is lost, and lets all through then.
    fn once_cut(&self, work: impl FnOnce()) {
        while self.cut.load(Ordering::SeqCst) != AWAY {
            thread::sleep(Duration::from_millis(10));
        }
        work();
        self.cut.store(WHOLE, Ordering::SeqCst);
    }
}

fn carry(mut client: TcpStream, mut server: TcpStream, told: &AtomicU8) {
    let (mut back, mut answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let is_cut = Arc::new(AtomicU8::new(WHOLE));
    let is_cut_there = Arc::clone(&is_cut);
    let (said, committed) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let mut bytes = [0; 65536];
        while let Ok(count @ 1..) = answers.read(&mut bytes) {
            if is_cut_there.load(Ordering::SeqCst) == CUT_AFTER {
                let _ = said.send(());
                break;
            }
            if back.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = back.shutdown(Shutdown::Both);
    });
    let mut bytes = [0; 65536];
    while let Ok(count @ 1..) = client.read(&mut bytes) {
        let is_commit = bytes[..count].windows(6).any(|word| word == b"COMMIT");
        let how = if is_commit { told.swap(WHOLE, Ordering::SeqCst) } else { WHOLE };
        is_cut.store(how, Ordering::SeqCst);
        if how == CUT_FOR_GOOD {
            told.store(AWAY, Ordering::SeqCst);
        }
        if how == CUT_BEFORE || how == CUT_FOR_GOOD {
            break;
        }
        if server.write_all(&bytes[..count]).is_err() {
            break;
        }
        if how == CUT_AFTER {
            // The server has said that it is done, and nobody hears it.
            let _ = committed.recv();
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

fn host() -> HostRow {
    let id = "00000001-0000-4000-8000-000000000000".to_owned();
    HostRow { id, place: "/work/a".to_owned(), ..HostRow::default() }
}

fn queue(store: &mut PostgresStore, no: u64) -> Result<bool, StoreError> {
    let mut tx = store.begin()?;
    tx.insert_task(TaskNo(no), &TaskSpec::default(), Timestamp::default())?;
    tx.commit()
}

#[test]
fn what_became_of_a_commit_is_known_before_anything_is_said() {
    let Some(cluster) = Cluster::start() else { return };
    let between = Between::with(cluster.port);
    let mut store = open(&between.address());
    for round in 0..10 {
        let (lost, kept) = (3 * round + 1, 3 * round + 2);
        between.cut.store(CUT_BEFORE, Ordering::SeqCst);
        assert_eq!(queue(&mut store, lost).unwrap_err().kind(), ErrorKind::Gone);
        assert_eq!(store.view().unwrap().task_state(TaskNo(lost)).unwrap(), None);
        between.cut.store(CUT_AFTER, Ordering::SeqCst);
        assert!(queue(&mut store, kept).unwrap());
        assert!(store.view().unwrap().task_state(TaskNo(kept)).unwrap().is_some());
        assert!(queue(&mut store, kept + 1).unwrap());
        assert_eq!(store.view().unwrap().queued(), 2 * (round + 1));
    }
}

#[test]
fn whoever_is_frozen_is_overtaken_and_a_server_that_was_away_is_found_again() {
    let Some(mut cluster) = Cluster::start() else { return };
    let address = at(&cluster, "one");
    let (mut frozen, mut other) = (open(&address), open(&address));
    other.set_patience(Duration::from_secs(60)).unwrap();
    let mut tx = frozen.begin().unwrap();
    tx.insert_task(TaskNo(1), &TaskSpec::default(), Timestamp::default()).unwrap();
    // It waits until the server has ended the other one.
    assert!(queue(&mut other, 2).unwrap());
    assert_eq!(tx.commit().unwrap_err().kind(), ErrorKind::Gone);
    assert_eq!(frozen.view().unwrap().queued(), 1, "nothing of it remained");
    assert!(queue(&mut frozen, 3).unwrap());

    let reader = PostgresReader::open(&address).unwrap();
    assert!(reader.task(TaskNo(3)).unwrap().is_some());
    cluster.stop("QUIT");
    let error = queue(&mut frozen, 4).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gone, "{error}");
    assert_eq!(reader.task(TaskNo(3)).err().unwrap().kind(), ErrorKind::Gone);
    cluster.run();
    assert!(queue(&mut frozen, 4).unwrap());
    assert!(queue(&mut other, 5).unwrap());
    assert!(reader.task(TaskNo(5)).unwrap().is_some());
    assert_eq!(other.view().unwrap().queued(), 4);
}

#[test]
fn what_became_of_a_commit_is_not_asked_for_ever() {
    let Some(mut cluster) = Cluster::start() else { return };
    let between = Between::with(cluster.port);
    let mut store = open(&between.address());
    between.cut.store(CUT_FOR_GOOD, Ordering::SeqCst);
    let began = Instant::now();
    let error = queue(&mut store, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gone, "{error}");
    assert!(error.to_string().contains("whether it is stored is not known"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());

    // A primary that has become a standby is waited for, as one that is not there.
    let standby = cluster.path("data/standby.signal");
    cluster.stop("INT");
    fs::write(&standby, "").unwrap();
    cluster.own(&standby);
    cluster.run();
    between.cut.store(WHOLE, Ordering::SeqCst);
    let error = queue(&mut store, 1).unwrap_err();
    assert!(error.kind() == ErrorKind::Gone && error.to_string().contains("as a standby is"), "{error}");
    cluster.stop("INT");
    fs::remove_file(&standby).unwrap();
    cluster.run();
    assert!(queue(&mut store, 1).unwrap());
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

/// As where a standby has become the primary that had not all of it.
#[test]
fn what_the_database_has_lost_has_not_happened_and_only_a_start_goes_on() {
    let Some(mut cluster) = Cluster::start() else { return };
    let between = Between::with(cluster.port);
    let address = between.address();
    let (data, backup) = (cluster.path("data"), cluster.path("backup"));
    assert!(queue(&mut open(&address), 1).unwrap());
    cluster.stop("INT");
    copy(&data, &backup);
    cluster.run();
    for has_others in [false, true] {
        let mut store = open(&address);
        store.join(&host(), false).unwrap();
        for no in 2..=5 {
            assert!(queue(&mut store, no).unwrap());
        }
        between.cut.store(CUT_FOR_GOOD, Ordering::SeqCst);
        let restored = || {
            cluster.stop("QUIT");
            copy(&backup, &data);
            cluster.run();
            if has_others {
                // The number of the lost one is that of another one now, which is committed.
                cluster.psql(
                    "DO 'BEGIN FOR i IN 1..100 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END'",
                );
            }
        };
        let error = thread::scope(|scope| {
            // The server ends with the thread that has started it.
            let queued = scope.spawn(|| queue(&mut store, 6).unwrap_err());
            between.once_cut(restored);
            queued.join().unwrap()
        });
        assert_eq!(error.kind(), ErrorKind::Gone, "{error}");
        for error in [store.begin().err(), store.view().err()].map(Option::unwrap) {
            assert_eq!(error.kind(), ErrorKind::Foreign, "{error}");
            let said = store.remedy(&error);
            assert!(said.contains("has lost what was stored") && said.contains("daemon restart"), "{said}");
        }
        let mut again = open(&address);
        again.join(&host(), false).unwrap();
        assert_eq!(again.view().unwrap().queued(), 1);
    }
}
