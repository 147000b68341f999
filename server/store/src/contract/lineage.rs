//! Records of what led to what.

use aiwg_model::{
    Follow, Keep, MatchDecision, NewApproval, Outcome, RunId, RunRow, RunStart, TaskNo, TaskSpec,
};
use aiwg_protocol::{
    terms::OnTimeout,
    types::{ApprovalKind, ApprovalRequest, Cause, Event, Json, Origin, OriginProcess, TaskState},
};

use super::{Backend, at, commit, event, numbers, queue, task};

fn caused_by(task: u64, event: Option<u64>) -> Option<Cause> {
    Some(Cause { task: Some(TaskNo(task).to_string()), rule: None, event, depth: 1 })
}

fn gathered(rule: &str, event: u64, task: u64) -> MatchDecision {
    MatchDecision {
        rule: rule.to_owned(),
        event,
        decision: MatchDecision::GATHERED.into(),
        at: at(1),
        reason: None,
        task: Some(TaskNo(task)),
    }
}

fn someone(pid: u32) -> Origin {
    let process = OriginProcess { pid, program: Some("python3".to_owned()), script: Some("a.py".to_owned()) };
    Origin { process: Some(process), cwd: Some("/a".to_owned()), ..Origin::default() }
}

/// A chain is found in both directions: by events, rules, tasks and agents.
pub fn chains_are_followed(backend: &dyn Backend) {
    let mut store = backend.store();
    commit(&mut *store, |tx| {
        tx.insert_event(&event(1, "a"), None)?;
        tx.insert_event(&event(2, "a"), None)?;
        tx.insert_event(&Event { caused_by: caused_by(1, Some(2)), ..event(3, "task:completed") }, None)
    });
    let of_event = |event: u64, task: Option<u64>| TaskSpec {
        rule: Some("r".to_owned()),
        cause: Some(Cause {
            task: task.map(|no| TaskNo(no).to_string()),
            rule: Some("r".to_owned()),
            event: Some(event),
            depth: 0,
        }),
        ..task_of(event)
    };
    queue(&mut *store, 1, &of_event(2, None));
    queue(&mut *store, 2, &of_event(3, Some(1)));
    queue(&mut *store, 3, &TaskSpec { cause: caused_by(2, Some(3)), ..task("by the agent of 2") });
    queue(&mut *store, 4, &task("again"));
    let run = RunId { task: TaskNo(1), n: 1 };
    commit(&mut *store, |tx| {
        tx.insert_decision(&gathered("r", 1, 1))?;
        let refused = MatchDecision {
            decision: "off".into(),
            reason: Some("off".to_owned()),
            task: None,
            ..gathered("s", 1, 1)
        };
        tx.insert_decision(&refused)?;
        tx.note_retry(TaskNo(3), TaskNo(4))?;
        tx.start(TaskNo(1), at(2))?;
        tx.begin_run(&RunStart {
            id: run,
            kind: RunRow::AGENT,
            at: at(2),
            dir: Some("1"),
            reserved_usd: None,
            cap_usd: None,
            profile: None,
            host: None,
        })
    });
    let reader = backend.reader();
    let chain = |no: u64, follow, limit| numbers(&reader.chain(TaskNo(no), follow, limit).unwrap());
    assert_eq!(chain(4, Follow::Causes, 10), [4, 3, 2, 1]);
    assert_eq!(chain(4, Follow::Causes, 2), [4, 3]);
    assert_eq!(chain(1, Follow::Effects, 10), [1, 2, 3]);
    assert_eq!(chain(1, Follow::Effects, 2), [1, 2]);
    let up = reader.trace(&[TaskNo(1), TaskNo(9)], &[2, 9], Follow::Causes).unwrap();
    assert_eq!((up.tasks.len(), up.events.len(), up.runs.len()), (1, 1, 1));
    assert_eq!((up.tasks[0].no, up.events[0].seq, up.runs[0].id), (TaskNo(1), 2, run));
    assert_eq!(up.decisions, [gathered("r", 1, 1)], "that by which event 1 went into the task");
    assert!(up.made.is_empty() && up.submitted.is_empty() && up.emitted.is_empty());
    let down = reader.trace(&[TaskNo(1), TaskNo(2)], &[1, 2], Follow::Effects).unwrap();
    assert_eq!((numbers(&down.made), numbers(&down.submitted), down.emitted), (vec![1], vec![3], vec![3]));
    let on: Vec<(u64, &str)> = down.decisions.iter().map(|made| (made.event, made.rule.as_str())).collect();
    assert_eq!(on.iter().filter(|made| **made == (1, "s")).count(), 1, "{on:?}");
    let approval = NewApproval {
        task: TaskNo(3),
        kind: ApprovalKind::Question,
        summary: "Which?".to_owned(),
        request: ApprovalRequest { question: Some("Which?".to_owned()), ..ApprovalRequest::default() },
        expires_at: None,
        on_timeout: OnTimeout::Reject,
    };
    queue(&mut *store, 5, &task("after 3"));
    commit(&mut *store, |tx| {
        tx.add_approval(&approval, at(3))?;
        tx.note_in_vain(TaskNo(5), TaskNo(3))
    });
    let asking = reader.trace(&[TaskNo(3)], &[], Follow::Effects).unwrap();
    assert_eq!((numbers(&asking.submitted), asking.approvals.len(), asking.is_cut), (vec![5], 1, false));
    assert_eq!(asking.approvals[0].asked.summary, "Which?");
    let in_vain = reader.trace(&[TaskNo(5)], &[], Follow::Causes).unwrap();
    assert_eq!((in_vain.tasks[0].in_vain_for, in_vain.approvals.len()), (Some(TaskNo(3)), 0));
    let again = reader.trace(&[TaskNo(3), TaskNo(4)], &[], Follow::Causes).unwrap().tasks;
    assert_eq!((again[0].retried_as, again[1].retry_of), (Some(TaskNo(4)), Some(TaskNo(3))));
    commit(&mut *store, |tx| tx.add_pending("w", &event(2, "a"), at(3)).map(drop));
    assert_eq!(reader.waiting_matches(&[1, 2]).unwrap(), [("w".to_owned(), 2)]);
    commit(&mut *store, |tx| tx.refuse_pending("w", "tripped", "too often", at(4)));
    let refused = reader.trace(&[], &[2], Follow::Causes).unwrap().decisions;
    assert_eq!((refused[0].decision.as_ref(), refused[0].reason.as_deref()), ("tripped", Some("too often")));
}

fn task_of(event: u64) -> TaskSpec {
    task(&format!("of event {event}"))
}

/// A rule has a revision for each change with which it made a task.
pub fn rules_have_revisions(backend: &dyn Backend) {
    let mut store = backend.store();
    let one = Json::new(&"one").unwrap();
    let two = Json::new(&"two").unwrap();
    let mut revision =
        |rule: &str, definition: &Json| commit(&mut *store, |tx| tx.revision(rule, definition, at(1)));
    let ids = [
        revision("r", &one),
        revision("r", &one),
        revision("r", &two),
        revision("s", &two),
        revision("r", &one),
    ];
    assert_eq!((ids[0], ids[2] == ids[1], ids[3] == ids[2], ids[4] == ids[0]), (ids[1], false, false, false));
    let spec = TaskSpec { rule: Some("r".to_owned()), revision: Some(ids[4]), ..task("x") };
    let no = queue(&mut *store, 1, &spec);
    queue(&mut *store, 2, &task("again"));
    commit(&mut *store, |tx| tx.note_retry(no, TaskNo(2)));
    let trace = backend.reader().trace(&[no, TaskNo(2)], &[], Follow::Causes).unwrap();
    assert_eq!(trace.tasks.iter().map(|task| task.revision).collect::<Vec<_>>(), [Some(ids[4]); 2]);
    let found: Vec<_> =
        trace.revisions.iter().map(|found| (found.rule.as_str(), found.n, &found.definition)).collect();
    assert_eq!(found, [("r", 3, &one)]);
}

/// Senders are kept as long as an event or a task names them, decisions as long as their events.
pub fn senders_are_forgotten_with_what_they_sent(backend: &dyn Backend) {
    let mut store = backend.store();
    let [both, events, tasks] = commit(&mut *store, |tx| {
        let ids =
            [tx.insert_origin(&someone(1))?, tx.insert_origin(&someone(2))?, tx.insert_origin(&someone(3))?];
        tx.insert_event(&event(1, "a"), Some(ids[0]))?;
        tx.insert_event(&event(2, "a"), Some(ids[1]))?;
        tx.insert_event(&event(3, "a"), None)?;
        tx.insert_decision(&MatchDecision { task: None, ..gathered("r", 2, 1) })?;
        Ok(ids)
    });
    let no = queue(&mut *store, 1, &TaskSpec { origin: Some(both), ..task("x") });
    queue(&mut *store, 2, &TaskSpec { origin: Some(tasks), ..task("x") });
    let reader = backend.reader();
    let found = reader.trace(&[no], &[2], Follow::Causes).unwrap();
    assert_eq!(found.origins, [(both, someone(1)), (events, someone(2))]);
    assert_eq!((found.tasks[0].origin, found.events[0].origin), (Some(both), Some(events)));
    let keep = Keep { since: None, most: Some(1), from: None };
    assert_eq!(commit(&mut *store, |tx| tx.prune_events(keep, 100)), 2);
    // One event more that names the same: only then would it be seen.
    let left = |store: &mut dyn crate::Store, seq: u64, id: u64| {
        commit(store, |tx| tx.insert_event(&event(seq, "a"), Some(id)));
        reader.trace(&[], &[seq], Follow::Causes).unwrap().origins.len()
    };
    assert_eq!((left(&mut *store, 4, both), left(&mut *store, 5, events)), (1, 0));
    assert!(reader.trace(&[], &[2], Follow::Causes).unwrap().decisions.is_empty());
    commit(&mut *store, |tx| {
        tx.finish(no, TaskState::Queued, &Outcome::without_exit(TaskState::Completed, ""), at(9))
    });
    assert_eq!(commit(&mut *store, |tx| tx.prune_events(Keep { most: Some(0), ..keep }, 100)), 3);
    assert_eq!(left(&mut *store, 6, both), 1, "its task is there");
    assert_eq!(commit(&mut *store, |tx| tx.prune_events(Keep { most: Some(0), ..keep }, 100)), 1);
    assert_eq!(
        commit(&mut *store, |tx| tx.prune_tasks(Keep { since: Some(at(99)), most: None, from: None }, 100))
            .len(),
        1
    );
    assert_eq!((left(&mut *store, 7, both), left(&mut *store, 8, tasks)), (0, 1));
}
