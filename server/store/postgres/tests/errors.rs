//! Errors have their kind, and say what to do.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, missing_docs)]

#[allow(dead_code, unreachable_pub)]
mod cluster;

use std::{
    env, fs,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use aiwg_model::{HostRow, TaskNo, TaskSpec};
use aiwg_protocol::types::{TaskState, Timestamp};
use aiwg_store::{ErrorKind, Reader, Reports, Store, StoreError};
use aiwg_store_postgres::{Address, Listener, PostgresReader, PostgresStore};
use cluster::{Cluster, PASSWORD, at, open};

fn queue(store: &mut PostgresStore, no: u64) {
    let mut tx = store.begin().unwrap();
    let task = TaskSpec { prompt: "a\0b".to_owned(), ..TaskSpec::default() };
    tx.insert_task(TaskNo(no), &task, Timestamp::default()).unwrap();
    tx.commit().unwrap();
}

fn refused(address: &Address) -> StoreError {
    PostgresStore::open(address).err().unwrap()
}

#[test]
fn what_is_in_the_way_is_said() {
    let Some(mut cluster) = Cluster::start() else { return };
    let address = at(&cluster, "one");
    let error = refused(&address.clone().with_password("another"));
    assert_eq!(error.kind(), ErrorKind::Other);
    let text = error.to_string();
    assert!(text.contains("PGPASSFILE") && text.contains("28P01") && text.contains("project one"), "{text}");
    assert!(!text.contains("another"), "{text}");
    let nowhere = Address::new("postgres://tester@127.0.0.1:1/postgres?project=one").unwrap();
    assert_eq!(refused(&nowhere.with_password(PASSWORD)).kind(), ErrorKind::Gone);
    let no_database = Address::new(&format!("postgres://tester@127.0.0.1:{}/none", cluster.port)).unwrap();
    let error = refused(&no_database.with_password(PASSWORD));
    assert_eq!(error.kind(), ErrorKind::Gone, "{error}");

    let mut store = open(&address);
    queue(&mut store, 1);
    // Another project, in the same database.
    let mut other = open(&at(&cluster, "other"));
    assert_eq!(other.view().unwrap().last_numbers().unwrap(), (0, 0));
    queue(&mut other, 7);
    assert_eq!(store.view().unwrap().last_numbers().unwrap(), (0, 1));
    let reader = PostgresReader::open(&address).unwrap();
    assert_eq!(
        reader.task(TaskNo(1)).unwrap().unwrap().spec.prompt,
        "a\u{fffd}b",
        "no text has that character"
    );
    assert!(Reader::size(&reader).unwrap() > 0);

    // As the server says it where its disk is full.
    cluster.psql(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN RAISE 'could not extend file' USING ERRCODE = '53100'; END $$;
         CREATE TRIGGER full_disk BEFORE INSERT ON aiwg_one.task EXECUTE FUNCTION full_disk()",
    );
    assert!(store.has_room());
    let mut tx = store.begin().unwrap();
    // It is sent, and the end of the transaction waits for what comes of it.
    tx.insert_task(TaskNo(2), &TaskSpec::default(), Timestamp::default()).unwrap();
    assert_eq!(tx.commit().unwrap_err().kind(), ErrorKind::Full);
    let mut tx = store.begin().unwrap();
    tx.insert_task(TaskNo(2), &TaskSpec::default(), Timestamp::default()).unwrap();
    assert!(tx.task(TaskNo(2)).is_err_and(|full| full.kind() == ErrorKind::Full), "or the next answer does");
    drop(tx);
    assert!(!store.has_room());

    cluster.psql("UPDATE aiwg_one.project SET tables = 999");
    let error = refused(&address);
    assert!(error.kind() == ErrorKind::Newer && error.to_string().contains("version 999"), "{error}");
    cluster.psql("UPDATE aiwg_one.project SET tables = 1");
    drop(store);

    cluster.stop("INT");
    let standby = cluster.path("data/standby.signal");
    fs::write(&standby, "").unwrap();
    cluster.own(&standby);
    cluster.run();
    let error = refused(&address);
    assert!(error.kind() == ErrorKind::Other && error.to_string().contains("standby"), "{error}");
    // The connection was lost once, which nobody notices.
    assert!(reader.task(TaskNo(1)).unwrap().is_some(), "what is committed can be read there");
}

#[test]
fn two_daemons_write_one_after_the_other() {
    let Some(cluster) = Cluster::start() else { return };
    let address = at(&cluster, "one");
    let (mut store, mut other) = (open(&address), open(&address));
    other.set_patience(Duration::ZERO).unwrap();
    let held = store.begin().unwrap();
    assert_eq!(other.begin().err().unwrap().kind(), ErrorKind::Busy);
    assert_eq!(other.view().unwrap().queued(), 0, "what is committed can be read meanwhile");
    drop(held);
    other.set_patience(Duration::from_secs(60)).unwrap();
    assert!(!store.view().unwrap().has_moved(), "it has seen what there is");
    for no in 1..=10 {
        let store = if no % 2 == 0 { &mut store } else { &mut other };
        let view = store.view().unwrap();
        assert_eq!(view.last_numbers().unwrap(), (0, no - 1));
        // The first has seen an empty project.
        assert_eq!(view.has_moved(), no > 1, "the other one has written");
        drop(view);
        assert!(!store.begin().unwrap().has_moved(), "it has seen that");
        queue(store, no);
        assert_eq!(store.view().unwrap().queued(), no, "each counts what the other has done");
        assert!(!store.view().unwrap().has_moved(), "it was itself");
    }
    let tx = store.begin().unwrap();
    assert!(!tx.commit().unwrap(), "nothing was written");
    assert_eq!(cluster.psql("SELECT version FROM aiwg_one.project"), "10");
    let apart = store.view().unwrap().now().as_millis().abs_diff(Timestamp::now().as_millis());
    assert!(apart < 60_000, "{apart}");

    // Two that open it for the first time at once.
    let address = at(&cluster, "two");
    let opened: Vec<_> =
        (0..3).map(|_| address.clone()).map(|at| std::thread::spawn(move || drop(open(&at)))).collect();
    opened.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn whoever_opens_it_waits_for_no_lock_for_ever() {
    let Some(cluster) = Cluster::start() else { return };
    std::thread::scope(|scope| {
        scope.spawn(|| cluster.psql("SELECT pg_advisory_lock(hashtext('aiwg_one')), pg_sleep(15)"));
        let locked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted";
        while cluster.psql(locked) == "0" {
            std::thread::sleep(Duration::from_millis(20));
        }
        let error = refused(&at(&cluster, "one"));
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        let text = error.to_string();
        assert!(text.contains("pg_stat_activity") && text.contains("(project one)"), "{text}");
    });
    open(&at(&cluster, "one"));
}

#[test]
fn a_server_may_say_of_itself_what_it_likes() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.psql(
        "CREATE SCHEMA odd;
         CREATE FUNCTION odd.current_setting(text) RETURNS text LANGUAGE sql AS $$
             SELECT CASE $1 WHEN 'server_encoding' THEN NULL ELSE pg_catalog.current_setting($1) END $$;
         ALTER ROLE tester SET search_path = odd, pg_catalog",
    );
    let error = refused(&at(&cluster, "one"));
    assert!(error.kind() == ErrorKind::Other && error.to_string().contains("its encoding is "), "{error}");
    cluster.psql(
        "CREATE OR REPLACE FUNCTION odd.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT 'on' $$",
    );
    let error = refused(&at(&cluster, "one"));
    assert!(error.kind() == ErrorKind::Other && error.to_string().contains("is no PostgreSQL"), "{error}");
}

fn host(no: u32, place: &str) -> HostRow {
    let id = format!("{no:08}-0000-4000-8000-000000000000");
    HostRow { id, place: place.to_owned(), ..HostRow::default() }
}

#[test]
fn other_hosts_join_and_of_one_id_the_last_daemon_writes() {
    let Some(cluster) = Cluster::start() else { return };
    let address = at(&cluster, "one");
    let mut first = open(&address);
    first.join(&host(1, "/work/a on ant"), false).unwrap();
    queue(&mut first, 1);
    // The same one, started again: what it was before can write no more.
    let mut again = open(&address);
    again.join(&host(1, "/work/a on ant"), false).unwrap();
    let error = first.begin().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Foreign, "{error}");
    assert!(first.remedy(&error).contains("another daemon has opened this store"));
    queue(&mut again, 2);
    let mut other = open(&address);
    other.join(&host(2, "/work/b on bee"), false).unwrap();
    queue(&mut other, 3);
    queue(&mut again, 4);
    let hosts = |store: &mut PostgresStore| store.view().unwrap().hosts().unwrap();
    let known = hosts(&mut other);
    let found: Vec<_> =
        known.iter().map(|host| (host.place.as_str(), host.instance, host.is_there())).collect();
    assert_eq!(found, [("/work/a on ant", 2, true), ("/work/b on bee", 3, true)]);

    // One that is given up takes part again as soon as it is there, and knows that others have written.
    let give_up = |store: &mut PostgresStore, no: u32| {
        let mut tx = store.begin().unwrap();
        let now = tx.now();
        assert!(tx.lose_host(&host(no, "").id, None, now).unwrap());
        tx.commit().unwrap();
    };
    give_up(&mut other, 1);
    assert!(hosts(&mut other)[0].lost_at.is_some());
    let tx = again.begin().unwrap();
    assert!(tx.has_moved() && tx.hosts().unwrap()[0].is_there());
    tx.commit().unwrap();
    assert!(hosts(&mut other).iter().all(HostRow::is_there));
    // Whoever takes it over gives all others up.
    let mut third = open(&address);
    third.join(&host(3, "/work/c on cow"), true).unwrap();
    assert_eq!(hosts(&mut third).iter().filter(|host| host.is_there()).count(), 1);
    let none = HostRow { id: "'; DROP TABLE host; --".to_owned(), ..HostRow::default() };
    assert!(open(&address).join(&none, false).unwrap_err().to_string().contains("is no UUID"));
}

/// Whoever listens is woken by what others write, and not by what its own daemon does.
#[test]
fn whoever_listens_hears_of_what_others_write() {
    let Some(cluster) = Cluster::start() else { return };
    let address = at(&cluster, "one");
    let (mut store, mut other) = (open(&address), open(&address));
    let joined = store.join(&host(1, "/work/a on ant"), false).unwrap();
    queue(&mut store, 1);
    let listener = Listener::new(address.clone(), store.known(), joined);
    let (woken, rings) = std::sync::mpsc::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::spawn(move || {
        runtime.block_on(listener.run(move || {
            let _ = woken.send(());
        }));
    });
    let soon = Duration::from_secs(30);
    queue(&mut other, 2);
    rings.recv_timeout(soon).unwrap();
    while rings.try_recv().is_ok() {}
    assert!(store.begin().unwrap().has_moved());
    std::thread::sleep(Duration::from_millis(1500));
    while rings.try_recv().is_ok() {}
    assert!(rings.recv_timeout(Duration::from_millis(2500)).is_err(), "it knows all there is");
    // What was only seen, is not taken in yet.
    queue(&mut other, 4);
    rings.recv_timeout(soon).unwrap();
    assert!(store.view().unwrap().has_moved());
    while rings.try_recv().is_ok() {}
    rings.recv_timeout(soon).unwrap();
    store.has_caught_up();
    std::thread::sleep(Duration::from_millis(1500));
    while rings.try_recv().is_ok() {}
    assert!(rings.recv_timeout(Duration::from_millis(2500)).is_err(), "it knows all there is");
    // Where the connection is lost, it goes on with another one.
    cluster.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT version FROM project%'");
    queue(&mut other, 3);
    rings.recv_timeout(soon).unwrap();
}

#[test]
fn a_row_that_cannot_be_read_is_reported_and_passed_over() {
    let Some(cluster) = Cluster::start() else { return };
    let address = at(&cluster, "one");
    let mut store = open(&address);
    queue(&mut store, 1);
    cluster.psql("UPDATE aiwg_one.task SET env = '{', cause = 'x', terms = '{', usage = '[' WHERE no = 1");
    let said = Arc::new(Mutex::new(Vec::new()));
    let reports = {
        let said = Arc::clone(&said);
        Reports::to(move |message| said.lock().unwrap().push(message))
    };
    store.report_to(reports.clone());
    let view = store.view().unwrap();
    assert_eq!(view.task(TaskNo(1)).err().unwrap().kind(), ErrorKind::Row);
    assert!(view.task_if_readable(TaskNo(1)).unwrap().is_none());
    drop(view);
    let reader = PostgresReader::open(&address).unwrap().reporting_to(reports);
    // Of what is no JSON only that is not known which it would say.
    assert!(reader.stats().is_ok() && reader.records_in_use().unwrap().is_empty());
    let mut tx = store.begin().unwrap();
    tx.classify(&|_| aiwg_store::Placed { class: "new".to_owned(), ..Default::default() }).unwrap();
    assert!(tx.task_or_fail(TaskNo(1), Timestamp::default()).unwrap().is_none());
    tx.commit().unwrap();
    let view = store.view().unwrap();
    assert_eq!((view.task_state(TaskNo(1)).unwrap(), view.queued()), (Some(TaskState::Failed), 0));
    assert!(reader.task(TaskNo(1)).unwrap().unwrap().error.unwrap().contains("could not be read"));
    let said = said.lock().unwrap();
    assert!(said.len() >= 2 && said.iter().all(|message| message.contains("`psql` shows them")), "{said:?}");
}

/// The address of an encrypted server, for the test that another one runs.
const ENCRYPTED: &str = "AIWG_TEST_ENCRYPTED";

#[test]
#[ignore = "run by the next one, with another environment"]
fn an_encrypted_connection_is_opened() {
    let address = Address::new(&env::var(ENCRYPTED).unwrap()).unwrap();
    open(&address).view().unwrap();
}

#[test]
fn whoever_is_encrypted_has_to_prove_its_name() {
    let Some(mut cluster) = Cluster::start() else { return };
    let (certificate, key) = (cluster.path("data/server.crt"), cluster.path("data/server.key"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        eprintln!("SKIPPED: there is no openssl to make a certificate");
        return;
    }
    cluster.own(&certificate);
    cluster.own(&key);
    cluster.close_to_others(&key);
    cluster.stop("INT");
    cluster.run_with(&["ssl=on"]);
    let url = |host: &str| {
        format!("postgres://tester@{host}:{}/postgres?sslmode=require&project=one", cluster.port)
    };
    let encrypted =
        |more: &str| Address::new(&format!("{}{more}", url("localhost"))).unwrap().with_password(PASSWORD);
    let unknown = refused(&encrypted("")).to_string();
    assert!(unknown.contains("certificate"), "{unknown}");
    // By the certificate that the address names, and by no other file.
    open(&encrypted(&format!("&sslrootcert={}", certificate.display())));
    let said =
        refused(&encrypted(&format!("&sslrootcert={}", cluster.path("password").display()))).to_string();
    assert!(said.contains("has no certificate"), "{said}");
    let said = refused(&encrypted("&sslrootcert=/nowhere.pem")).to_string();
    assert!(said.contains("/nowhere.pem cannot be read"), "{said}");
    let opens = |host: &str| {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "an_encrypted_connection_is_opened", "--ignored"]).env(ENCRYPTED, url(host));
        child
            .env("SSL_CERT_FILE", &certificate)
            .env("PGPASSWORD", PASSWORD)
            .output()
            .unwrap()
            .status
            .success()
    };
    assert!(opens("localhost"), "its certificate is known now");
    assert!(!opens("127.0.0.1"), "and of another name");
}
