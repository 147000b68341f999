//! Connections that are lost, and whoever is frozen.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, missing_docs)]

#[allow(dead_code, unreachable_pub)]
mod cluster;

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::Duration,
};

use aiwg_model::{TaskNo, TaskSpec};
use aiwg_protocol::types::Timestamp;
use aiwg_store::{ErrorKind, Store, StoreError};
use aiwg_store_postgres::{Address, PostgresReader, PostgresStore};
use cluster::{Cluster, PASSWORD, at, open};

const WHOLE: u8 = 0;
const CUT_BEFORE: u8 = 1;
const CUT_AFTER: u8 = 2;

/// Something between a daemon and the server, which loses the connection of the next commit.
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
                let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                let told = Arc::clone(&told);
                thread::spawn(move || carry(client, server, &told));
            }
        });
        Self { port, cut }
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
        if how == CUT_BEFORE {
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

fn queue(store: &mut PostgresStore, no: u64) -> Result<bool, StoreError> {
    let mut tx = store.begin()?;
    tx.insert_task(TaskNo(no), &TaskSpec::default(), Timestamp::default())?;
    tx.commit()
}

#[test]
fn what_became_of_a_commit_is_known_before_anything_is_said() {
    let Some(cluster) = Cluster::start() else { return };
    let between = Between::with(cluster.port);
    let url = format!("postgres://tester@127.0.0.1:{}/postgres?project=one", between.port);
    let mut store = open(&Address::new(&url).unwrap().with_password(PASSWORD));
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
