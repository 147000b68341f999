//! What agents write, carried by several hosts.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, missing_docs)]

#[allow(dead_code, unreachable_pub)]
mod cluster;

use aiwg_model::{HostRow, Keep, Outcome, RunId, RunRow, RunStart, TaskNo, TaskSpec};
use aiwg_protocol::types::{OutputStream, TaskState, Timestamp};
use aiwg_store::{BLOCK, KeptOutput, OutputBlock, OutputSink, Store, StoredEnd, StreamOf, Transaction};
use aiwg_store_postgres::{Address, PostgresOutputs, PostgresReader, PostgresStore};
use cluster::{Cluster, at, open};
use tokio::runtime::{Builder, Runtime};

const TASK: TaskNo = TaskNo(1);

fn id(n: u8) -> String {
    format!("0000000{n}-0000-4000-8000-000000000000")
}

/// A host that has joined, and where it carries what its agents write.
fn host(address: &Address, n: u8) -> (PostgresStore, PostgresOutputs) {
    let mut store = open(address);
    let row = HostRow { id: id(n), place: "/work".to_owned(), ..HostRow::default() };
    let joined = store.join(&row, false).unwrap();
    (store, PostgresOutputs::new(address.clone(), joined))
}

fn change<T>(
    store: &mut PostgresStore,
    work: impl FnOnce(&mut dyn Transaction) -> aiwg_store::Result<T>,
) -> T {
    let mut tx = store.begin().unwrap();
    let done = work(&mut *tx).unwrap();
    tx.commit().unwrap();
    done
}

/// Starts the task on a host.
fn start(store: &mut PostgresStore, n: u32, host: &str) -> RunId {
    let run = RunId { task: TASK, n };
    change(store, |tx| {
        tx.start(TASK, Timestamp::default())?;
        tx.begin_run(&RunStart {
            id: run,
            kind: RunRow::AGENT,
            at: Timestamp::default(),
            dir: Some("1"),
            profile: None,
            reserved_usd: None,
            cap_usd: None,
            host: Some(host),
        })
    });
    run
}

fn out(run: RunId) -> StreamOf {
    StreamOf { run, stream: OutputStream::Stdout }
}

fn block(run: RunId, start: u64, bytes: &str) -> OutputBlock {
    OutputBlock { of: out(run), start, bytes: bytes.as_bytes().to_vec(), is_last: false }
}

fn kept(run: RunId) -> KeptOutput {
    KeptOutput { of: out(run), head: BLOCK, from: 3 * BLOCK }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn only_the_host_that_has_a_run_adds_to_it() {
    let Some(cluster) = Cluster::start() else { return };
    let (address, runtime) = (at(&cluster, "one"), runtime());
    let (mut a, mut of_a) = host(&address, 1);
    let (mut b, mut of_b) = host(&address, 2);
    let reader = PostgresReader::open(&address).unwrap();
    let text = |run: RunId| String::from_utf8(reader.output(out(run), 0, 1000).unwrap().bytes).unwrap();
    let put = |sink: &mut PostgresOutputs, run, text: &str| {
        runtime.block_on(sink.put(&[block(run, 0, text)], &[kept(run)])).unwrap()
    };
    change(&mut a, |tx| tx.insert_task(TASK, &TaskSpec::default(), Timestamp::default()));
    let first = start(&mut a, 1, &id(1));
    assert_eq!(put(&mut of_b, first, "not its own"), []);
    assert_eq!(put(&mut of_a, first, "a"), [first]);
    assert_eq!(text(first), "a");

    // A is given up, and the task runs on B: whatever A still carries, in whose name ever, is refused.
    change(&mut b, |tx| {
        tx.lose_host(&id(1), None, Timestamp::default())?;
        tx.requeue(TASK, true)
    });
    let second = start(&mut b, 2, &id(2));
    assert_eq!(put(&mut of_b, second, "b"), [second]);
    assert_eq!((text(first), text(second)), (String::new(), "b".to_owned()), "the earlier run's is gone");
    for run in [first, second] {
        assert_eq!(put(&mut of_a, run, "stale, and longer"), []);
    }
    assert_eq!((text(first), text(second)), (String::new(), "b".to_owned()));
    assert_eq!(put(&mut of_b, second, "b goes on"), [second]);
    assert_eq!(text(second), "b goes on");

    // One that is started with the same id takes the place of the one before.
    let (mut again, mut of_again) = host(&address, 2);
    assert_eq!(put(&mut of_b, second, "of the one before, and longer"), []);
    assert_eq!(put(&mut of_again, second, "b goes on and on"), [second]);
    // Nor is anything put that is of a task which is forgotten.
    change(&mut again, |tx| {
        let outcome = Outcome::without_exit(TaskState::Completed, "");
        tx.finish(TASK, TaskState::Running, &outcome, Timestamp::default())?;
        tx.prune_tasks(Keep { since: Some(Timestamp::now()), most: None, from: None }, 9)
    });
    assert_eq!(put(&mut of_again, second, "late"), []);
    assert_eq!(cluster.psql("SELECT count(*) FROM aiwg_one.output"), "0");
}

#[test]
fn blocks_grow_and_what_is_not_kept_goes() {
    let Some(cluster) = Cluster::start() else { return };
    let (address, runtime) = (at(&cluster, "one"), runtime());
    let (mut store, mut sink) = host(&address, 1);
    change(&mut store, |tx| tx.insert_task(TASK, &TaskSpec::default(), Timestamp::default()));
    let run = start(&mut store, 1, &id(1));
    let mut put =
        |blocks: &[OutputBlock]| assert_eq!(runtime.block_on(sink.put(blocks, &[kept(run)])).unwrap(), [run]);
    let full = "x".repeat(usize::try_from(BLOCK).unwrap());
    put(&[block(run, 0, "1")]);
    put(&[block(run, 0, "123")]);
    // A statement that comes late takes nothing back.
    put(&[block(run, 0, "12")]);
    put(&[block(run, 0, &full), block(run, BLOCK, &full), block(run, 3 * BLOCK, "end")]);
    put(&[block(run, 3 * BLOCK, "end of it")]);
    let starts = cluster.psql("SELECT string_agg(start / 16384 || ':' || octet_length(bytes), ' ' ORDER BY start) FROM aiwg_one.output");
    assert_eq!(starts, "0:16384 3:9");
    let end = 3 * BLOCK + 9;
    let ends = |sink: &mut PostgresOutputs| runtime.block_on(sink.ends(&[run])).unwrap();
    assert_eq!(ends(&mut sink), [StoredEnd { of: out(run), end, is_whole: false }]);

    // Once the run has ended, its streams are missing until both are there to their ends.
    let unfinished = |sink: &mut PostgresOutputs| runtime.block_on(sink.unfinished()).unwrap();
    assert_eq!(unfinished(&mut sink), []);
    change(&mut store, |tx| {
        let outcome = Outcome::without_exit(TaskState::Completed, "");
        tx.end_run(run, &outcome, Timestamp::now())?;
        tx.finish(TASK, TaskState::Running, &outcome, Timestamp::now())
    });
    assert_eq!(unfinished(&mut sink), [(run, Some("1".to_owned()))]);
    for stream in [OutputStream::Stdout, OutputStream::Stderr] {
        assert_eq!(unfinished(&mut sink).len(), 1);
        let start = if stream == OutputStream::Stdout { end } else { 0 };
        let of = StreamOf { run, stream };
        let last = OutputBlock { of, start, bytes: Vec::new(), is_last: true };
        runtime.block_on(sink.put(&[last], &[KeptOutput { of, ..kept(run) }])).unwrap();
    }
    assert_eq!(unfinished(&mut sink), []);
    assert_eq!(ends(&mut sink).iter().filter(|end| end.is_whole).count(), 2);
    let (_other, mut of_other) = host(&address, 2);
    runtime.block_on(of_other.forget(&[TASK])).unwrap();
    assert_eq!(ends(&mut sink).len(), 2, "it was no task of that host");
    runtime.block_on(sink.forget(&[TASK])).unwrap();
    assert_eq!(ends(&mut sink), []);
}
