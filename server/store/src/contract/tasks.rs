//! Tasks: what is stored of them, and their states.

use std::collections::BTreeMap;

use aiwg_model::{
    AskedBy, EndReason, ImportedTask, Outcome, Processes, ProtectRecord, Received, RunCost, Sent, StopReason,
    Taken, TaskNo, TaskSpec, Terms, TreeTerms, VerifyTerms,
};
use aiwg_protocol::terms::{ApprovalLimits, OnTimeout};
use aiwg_protocol::types::{
    Cause, CheckCommand, Json, JsonObject, RetryOn, RetryPolicy, Span, TaskState, TaskUsage, WorkspaceBack,
};

use super::{Backend, at, commit, numbers, of_rule, queue, task};
use crate::{Selection, TaskFilter};

/// All that is in a task comes back.
pub fn a_task_is_read_as_it_was_stored(backend: &dyn Backend) {
    let mut store = backend.store();
    let mut metadata = JsonObject::default();
    metadata.insert("a \" b".to_owned(), Json::new(&[1, 2]).unwrap());
    let spec = TaskSpec {
        prompt: "line\n\u{1f600} \\ \" '".to_owned(),
        agent: Some("reviewer".to_owned()),
        priority: -3,
        lane_priority: 4,
        timeout_ms: Some(90_000),
        env: BTreeMap::from([("A".to_owned(), "${B}".to_owned())]),
        metadata,
        cause: Some(Cause { task: Some("task-0009".to_owned()), rule: None, event: Some(4), depth: 2 }),
        after: vec![TaskNo(1)],
        rule: None,
        conversation: Some("talk".to_owned()),
        lane: Some("docs".to_owned()),
        class: "docs\u{1f}".to_owned(),
        terms: Terms {
            runs_on: vec!["gpu".to_owned()],
            demand: Some("label:gpu shared".to_owned()),
            trace: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
            protected: Some(ProtectRecord {
                task: Some(TaskNo(7)),
                run: 2,
                hash: "0a".to_owned(),
                written: vec!["tests/report".to_owned()],
                is_anew: true,
                found: Some(Default::default()),
            }),
            ignore_budget: true,
            has_own_login: true,
            stays_with: Some("codex".to_owned()),
            retry: Some(RetryPolicy { max: 3, on: vec![RetryOn::Timeout], delay: Span::from_millis(500) }),
            verify: Some(VerifyTerms {
                command: CheckCommand::Program(vec!["make".to_owned(), "test".to_owned()]),
                max_rounds: 3,
                timeout_minutes: 0.5,
                before: true,
                protect: vec!["tests/**".to_owned()],
            }),
            approval: Some(ApprovalLimits { timeout_minutes: Some(0.5), on_timeout: OnTimeout::Approve }),
            sent: vec![Sent {
                at: Some(at(4)),
                is_unsure: true,
                text: "and the docs".to_owned(),
                from: Some("task-0009".to_owned()),
                run: Some(2),
            }],
            tree: Some(TreeTerms {
                base: Some("main".to_owned()),
                back: WorkspaceBack::Apply,
                from: Some("c0ffee".to_owned()),
                sent_by: Some("a-host".to_owned()),
                taken_by: Some("another-host".to_owned()),
            }),
            changed_after: Some(2),
            is_profile: true,
            taken: Some(Taken { since: at(3), is_done: true }),
            taken_by: Some("someone".to_owned()),
            finished_by: Some("someone else".to_owned()),
            cancelled_by: Some("someone".to_owned()),
            asked_by: Some(AskedBy {
                person: "telegram:77".to_owned(),
                platform: "telegram".to_owned(),
                chat: "-100".to_owned(),
                thread: Some("3".to_owned()),
                message: None,
            }),
        },
        expires_at: Some(at(99)),
        start_at: None,
        sender: None,
        origin: None,
        revision: None,
    };
    queue(&mut *store, 1, &task("first"));
    let no = queue(&mut *store, 2, &spec);
    let row = store.view().unwrap().task(no).unwrap().unwrap();
    let found = &row.spec;
    assert_eq!((&found.prompt, &found.agent, found.priority), (&spec.prompt, &spec.agent, spec.priority));
    assert_eq!((found.timeout_ms, &found.env), (spec.timeout_ms, &spec.env));
    assert_eq!((&found.metadata, &found.cause), (&spec.metadata, &spec.cause));
    assert_eq!((&found.after, &found.rule), (&spec.after, &spec.rule));
    assert_eq!(found.conversation, spec.conversation);
    assert_eq!(
        (&found.lane, &found.class, found.lane_priority),
        (&spec.lane, &spec.class, spec.lane_priority)
    );
    assert_eq!((&found.terms, found.expires_at), (&spec.terms, spec.expires_at));
    assert_eq!((row.state, row.created_at, row.started_at), (TaskState::Queued, at(0), None));
    assert_eq!((row.launch, row.attempts, row.exit_code), (0, 0, None));
    let read = backend.reader().task(no).unwrap().unwrap();
    assert_eq!(read.into_task(None, None), row.into_task(None, None));
    assert!(store.view().unwrap().task(TaskNo(3)).unwrap().is_none());
}

/// Each transition happens from the state it belongs to, and is counted.
pub fn a_task_goes_from_state_to_state(backend: &dyn Backend) {
    let mut store = backend.store();
    let no = queue(&mut *store, 1, &task("x"));
    let outcome = Outcome {
        cost: RunCost::Told,
        state: TaskState::Failed,
        reason: EndReason::FAILED,
        exit_code: Some(3),
        signal: Some(9),
        error: Some("why".to_owned()),
        result: Some("answer".to_owned()),
        processes: Some(Processes { ended: 2, left: 1 }),
        usage: Some(TaskUsage { turns: 4, ..TaskUsage::default() }),
        session: None,
        detail: None,
        by: None,
        received: Received::default(),
        resets_at: None,
    };
    assert!(store.begin().unwrap().finish(no, TaskState::Running, &outcome, at(1)).is_err());
    assert!(store.begin().unwrap().requeue(no, true).is_err(), "it does not run");
    for (started, launch, attempts) in [(true, 1, 1), (false, 2, 1), (true, 3, 2)] {
        commit(&mut *store, |tx| tx.start(no, at(5)));
        let row = store.view().unwrap().task(no).unwrap().unwrap();
        assert_eq!((row.state, row.started_at), (TaskState::Running, Some(at(5))));
        commit(&mut *store, |tx| tx.requeue(no, started));
        let row = store.view().unwrap().task(no).unwrap().unwrap();
        assert_eq!((row.launch, row.attempts, row.started_at), (launch, attempts, None));
        assert_eq!(store.view().unwrap().queued(), 1);
    }
    commit(&mut *store, |tx| tx.start(no, at(6)));
    commit(&mut *store, |tx| tx.finish(no, TaskState::Running, &outcome, at(9)));
    let row = store.view().unwrap().task(no).unwrap().unwrap();
    assert_eq!((row.state, row.completed_at, row.exit_code), (TaskState::Failed, Some(at(9)), Some(3)));
    assert_eq!((row.signal, row.processes_ended, row.processes_left), (Some(9), Some(2), Some(1)));
    assert_eq!((row.error.as_deref(), row.result.as_deref()), (Some("why"), Some("answer")));
    assert_eq!(row.usage, outcome.usage);
    let stats = backend.reader().stats().unwrap();
    assert_eq!((stats.total, stats.queued, stats.running, stats.failed), (1, 0, 0, 1));
    assert!(store.begin().unwrap().start(no, at(9)).is_err(), "it has ended");
}

/// The stop reason of a task is stored until the task has ended.
pub fn an_ending_is_kept(backend: &dyn Backend) {
    let mut store = backend.store();
    let reasons = [
        StopReason::Cancel,
        StopReason::Timeout,
        StopReason::Stalled,
        StopReason::Finished,
        StopReason::Stop,
    ];
    for (no, reason) in (1..).zip(reasons) {
        let no = queue(&mut *store, no, &task("x"));
        commit(&mut *store, |tx| {
            tx.start(no, at(1))?;
            tx.mark_ending(no, reason)
        });
        assert_eq!(store.view().unwrap().task_if_readable(no).unwrap().unwrap().ending, Some(reason));
        assert!(commit(&mut *store, |tx| tx.task_or_fail(no, at(2))).is_some());
    }
    let view = store.view().unwrap();
    assert_eq!(view.running().unwrap().len(), 5);
    assert_eq!(numbers(&view.running_numbers().unwrap()), [1, 2, 3, 4, 5]);
}

/// Lists are newest first, and go on from where one ended.
pub fn tasks_are_listed_newest_first(backend: &dyn Backend) {
    let mut store = backend.store();
    for no in 1..=6 {
        let agent = (no % 2 == 0).then(|| "even".to_owned());
        queue(&mut *store, no, &TaskSpec { agent, ..task(&"x".repeat(4000)) });
    }
    commit(&mut *store, |tx| tx.start(TaskNo(2), at(1)));
    let reader = backend.reader();
    let list = |filter: &TaskFilter| {
        let page = reader.tasks(filter).unwrap();
        (page.tasks.iter().map(|task| task.no.0).collect::<Vec<_>>(), page.is_cut)
    };
    let all = TaskFilter { limit: 100, bytes: 1 << 20, ..TaskFilter::default() };
    assert_eq!(list(&all), (vec![6, 5, 4, 3, 2, 1], false));
    assert_eq!(list(&TaskFilter { limit: 2, before: Some(TaskNo(5)), ..all.clone() }), (vec![4, 3], false));
    assert_eq!(list(&TaskFilter { agent: Some("even".to_owned()), ..all.clone() }).0, [6, 4, 2]);
    assert_eq!(list(&TaskFilter { state: Some(TaskState::Running), ..all.clone() }).0, [2]);
    assert_eq!(list(&TaskFilter { bytes: 6000, ..all }), (vec![6, 5], true), "but for the last of them");
}

/// The tasks that match are found, the oldest first.
pub fn tasks_are_selected(backend: &dyn Backend) {
    let mut store = backend.store();
    for no in 1..=3 {
        queue(&mut *store, no, &of_rule("r", 0));
    }
    queue(&mut *store, 4, &TaskSpec { agent: Some("a".to_owned()), ..task("x") });
    commit(&mut *store, |tx| {
        for (no, end) in [(1, at(10)), (2, at(20))] {
            let outcome = Outcome::without_exit(TaskState::Failed, "w");
            tx.finish(TaskNo(no), TaskState::Queued, &outcome, end)?;
        }
        tx.insert_task(TaskNo(5), &task("again"), at(30))?;
        tx.note_retry(TaskNo(1), TaskNo(5))
    });
    let view = store.view().unwrap();
    let select = |selection: Selection, states: &[TaskState], not_retried, limit| {
        numbers(&view.select(&selection, states, not_retried, limit).unwrap())
    };
    let all = [TaskState::Queued, TaskState::Failed];
    let none = Selection::default;
    assert_eq!(select(none(), &all, false, 100), [1, 2, 3, 4, 5]);
    assert_eq!(select(none(), &all, false, 2), [1, 2]);
    assert_eq!(select(none(), &all, true, 100), [2, 3, 4, 5]);
    assert_eq!(select(none(), &[TaskState::Failed], false, 100), [1, 2]);
    assert_eq!(select(Selection { state: Some(TaskState::Queued), ..none() }, &all, false, 100), [3, 4, 5]);
    assert_eq!(select(Selection { rule: Some("r".to_owned()), ..none() }, &all, false, 100), [1, 2, 3]);
    assert_eq!(select(Selection { agent: Some("a".to_owned()), ..none() }, &all, false, 100), [4]);
    assert_eq!(select(Selection { since: Some(at(15)), ..none() }, &all, false, 100), [2, 5]);
    assert_eq!(select(none(), &[], false, 100), Vec::<u64>::new());
    assert_eq!(view.retried_as(TaskNo(1)).unwrap(), Some(TaskNo(5)));
    assert_eq!(view.retried_as(TaskNo(2)).unwrap(), None);
}

/// Tasks of another daemon keep their numbers; those without one, and the second of two, get one above all.
pub fn tasks_are_taken_over(backend: &dyn Backend) {
    let mut store = backend.store();
    queue(&mut *store, 2, &task("mine"));
    let imported = |no: Option<u64>, prompt: &str, state| ImportedTask {
        no: no.map(TaskNo),
        state,
        spec: task(prompt),
        created_at: at(1),
        started_at: None,
        completed_at: (state == TaskState::Completed).then(|| at(3)),
        attempts: 1,
        exit_code: None,
        error: None,
        result: Some("r".to_owned()),
    };
    commit(&mut *store, |tx| {
        tx.import(vec![
            imported(None, "none", TaskState::Queued),
            imported(Some(8), "eight", TaskState::Completed),
            imported(Some(8), "again", TaskState::Queued),
            imported(Some(2), "two", TaskState::Failed),
        ])
    });
    let view = store.view().unwrap();
    let prompt =
        |no: u64| view.task(TaskNo(no)).unwrap().map(|row| row.spec.prompt.clone()).unwrap_or_default();
    assert_eq!((prompt(2), prompt(8)), ("mine".to_owned(), "eight".to_owned()));
    let mut others = [prompt(9), prompt(10), prompt(11)];
    others.sort();
    assert_eq!(others, ["again", "none", "two"]);
    assert_eq!((view.queued(), view.last_numbers().unwrap()), (3, (0, 11)));
    let eight = view.task(TaskNo(8)).unwrap().unwrap();
    assert_eq!((eight.state, eight.completed_at, eight.attempts), (TaskState::Completed, Some(at(3)), 1));
    assert_eq!(eight.result.as_deref(), Some("r"));
}
