//! Runs: what is stored of each.

use aiwg_model::{EndReason, Keep, KeptTree, Outcome, RunId, RunRow, RunStart, RunTree, StopReason, TaskNo};
use aiwg_protocol::types::{Json, TaskState, TaskUsage};

use super::{Backend, at, commit, queue, task};
use crate::Store;

pub(super) fn start(
    task: TaskNo,
    n: u32,
    kind: &'static str,
    dir: Option<&'static str>,
) -> RunStart<'static> {
    RunStart {
        id: RunId { task, n },
        kind,
        at: at(i64::from(n)),
        dir,
        profile: None,
        reserved_usd: None,
        cap_usd: None,
        host: None,
    }
}

fn begun(start: &RunStart<'static>) -> RunRow {
    RunRow {
        id: start.id,
        kind: start.kind.into(),
        started_at: start.at,
        ended_at: None,
        reason: None,
        exit_code: None,
        signal: None,
        usage: None,
        dir: start.dir.map(str::to_owned),
        profile: start.profile.map(str::to_owned),
        reserved_usd: start.reserved_usd,
        cap_usd: start.cap_usd,
        charged_usd: None,
        detail: None,
        tree: None,
        host: start.host.map(str::to_owned),
    }
}

/// A task that was put off, and ends while it waits, counts the run that it has had: an agent was started.
pub fn a_task_that_was_put_off_counts_its_run_when_it_ends(backend: &dyn Backend) {
    let mut store = backend.store();
    for (n, reason, expected) in
        [(1, EndReason::LIMITED, (1, Some(at(1)))), (2, EndReason::NOT_STARTED, (0, None))]
    {
        let no = queue(&mut *store, n, &task("x"));
        let run = start(no, 1, RunRow::AGENT, None);
        let ended = Outcome { reason, ..Outcome::without_exit(TaskState::Queued, "") };
        commit(&mut *store, |tx| {
            tx.start(no, at(1))?;
            tx.begin_run(&run)?;
            tx.end_run(run.id, &ended, at(2))?;
            tx.requeue(no, false)
        });
        let found = |store: &mut dyn Store| {
            let row = store.view().unwrap().task(no).unwrap().unwrap();
            (row.attempts, row.started_at)
        };
        assert_eq!(found(&mut *store), (0, None));
        let cancelled = Outcome::without_exit(TaskState::Cancelled, "");
        commit(&mut *store, |tx| tx.finish(no, TaskState::Queued, &cancelled, at(9)));
        assert_eq!(found(&mut *store), expected);
    }
}

/// Each run of a task is kept with how it ended and what it used, until the task is forgotten.
pub fn runs_are_kept(backend: &dyn Backend) {
    let mut store = backend.store();
    let (one, two) = (queue(&mut *store, 1, &task("x")), queue(&mut *store, 2, &task("y")));
    let (lost, checked) = (
        start(one, 1, RunRow::AGENT, None),
        RunStart {
            reserved_usd: Some(0.5),
            cap_usd: Some(2.0),
            profile: Some("codex"),
            ..start(one, 2, "check", Some("2"))
        },
    );
    let other = start(two, 1, RunRow::AGENT, None);
    commit(&mut *store, |tx| [&checked, &lost, &other].into_iter().try_for_each(|run| tx.begin_run(run)));
    assert_eq!(store.view().unwrap().runs(one).unwrap(), [begun(&lost), begun(&checked)]);
    assert!(store.view().unwrap().runs_of_running().unwrap().is_empty(), "both are queued");
    commit(&mut *store, |tx| tx.start(one, at(1)));
    assert_eq!(store.view().unwrap().runs_of_running().unwrap(), [begun(&lost), begun(&checked)]);

    let usage = TaskUsage {
        cost_usd: Some(0.25),
        turns: 3,
        input_tokens: 4,
        output_tokens: 5,
        cache_read_tokens: 6,
        cache_creation_tokens: 7,
        session_id: Some("s".to_owned()),
        permission_denials: vec!["Bash: ls".to_owned()],
    };
    let stopped = EndReason::stopped(StopReason::Stalled);
    let of_lost = Outcome { reason: EndReason::LOST, ..Outcome::without_exit(TaskState::Queued, "") };
    let of_checked = Outcome {
        reason: stopped.clone(),
        exit_code: Some(3),
        signal: Some(9),
        usage: Some(usage.clone()),
        detail: Some(Json::from_text(r#"{"tail": "x"}"#).unwrap()),
        ..Outcome::without_exit(TaskState::Timeout, "why")
    };
    commit(&mut *store, |tx| {
        tx.end_run(lost.id, &of_lost, at(5))?;
        tx.end_run(checked.id, &of_checked, at(6))
    });
    let lost = RunRow { ended_at: Some(at(5)), reason: Some(EndReason::LOST), ..begun(&lost) };
    let checked = RunRow {
        ended_at: Some(at(6)),
        reason: Some(stopped),
        exit_code: Some(3),
        signal: Some(9),
        usage: Some(TaskUsage { permission_denials: Vec::new(), ..usage }),
        detail: of_checked.detail,
        ..begun(&checked)
    };
    let reader = backend.reader();
    assert_eq!(reader.runs(one).unwrap(), [lost, checked]);
    assert_eq!(reader.runs(two).unwrap(), [begun(&other)]);
    assert!(reader.runs(TaskNo(3)).unwrap().is_empty());

    let ended = Outcome::without_exit(TaskState::Cancelled, "");
    commit(&mut *store, |tx| tx.finish(one, TaskState::Running, &ended, at(7)));
    let keep = Keep { since: Some(at(8)), most: None, from: None };
    assert_eq!(commit(&mut *store, |tx| tx.prune_tasks(keep, 9)), [one]);
    assert!(reader.runs(one).unwrap().is_empty(), "they go with their task");
    assert_eq!(reader.runs(two).unwrap(), [begun(&other)]);
}

/// The work tree of a run is kept with it, also where it is noted after the end of its task; that of a run which has not begun is nothing.
pub fn the_work_tree_of_a_run_is_kept(backend: &dyn Backend) {
    let mut store = backend.store();
    let no = queue(&mut *store, 1, &task("x"));
    let run = start(no, 1, RunRow::AGENT, Some("1"));
    let begun_there = RunTree { number: 3, ..RunTree::default() };
    commit(&mut *store, |tx| {
        tx.begin_run(&run)?;
        tx.set_tree(run.id, &begun_there)?;
        tx.set_tree(RunId { task: no, n: 2 }, &begun_there)
    });
    let of = |tree: &RunTree| RunRow { tree: Some(tree.clone()), ..begun(&run) };
    assert_eq!(store.view().unwrap().runs(no).unwrap(), [of(&begun_there)]);
    let outcome = Outcome::without_exit(TaskState::Completed, "");
    let kept =
        KeptTree { name: "refs/x".to_owned(), commit: "c".to_owned(), files: 2, ..KeptTree::default() };
    let tree = RunTree { kept: Some(kept), ..begun_there };
    commit(&mut *store, |tx| {
        tx.start(no, at(1))?;
        tx.finish(no, TaskState::Running, &outcome, at(2))?;
        tx.set_tree(run.id, &tree)
    });
    assert_eq!(backend.reader().runs(no).unwrap(), [of(&tree)]);
}

/// The last that was noted under a number counts, and the end of what was not noted changes nothing.
pub fn a_run_is_noted_once(backend: &dyn Backend) {
    let mut store = backend.store();
    let no = queue(&mut *store, 1, &task("x"));
    let (run, again) = (start(no, 1, RunRow::AGENT, None), start(no, 1, RunRow::AGENT, Some("1")));
    let outcome = Outcome::without_exit(TaskState::Completed, "");
    commit(&mut *store, |tx| {
        tx.begin_run(&run)?;
        tx.end_run(run.id, &outcome, at(3))?;
        tx.begin_run(&again)?;
        tx.end_run(RunId { task: no, n: 2 }, &outcome, at(4))
    });
    assert_eq!(store.view().unwrap().runs(no).unwrap(), [begun(&again)]);
}
