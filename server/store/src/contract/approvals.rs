//! Approvals.

use aiwg_model::{ApprovalNo, Hold, Keep, NewApproval, Outcome, TaskNo, ToolUse};
use aiwg_protocol::{
    terms::OnTimeout,
    types::{
        ApprovalDecider, ApprovalDecision, ApprovalKind, ApprovalRequest, ApprovalState, ApprovalVia, Json,
        TaskState,
    },
};

use super::{Backend, at, commit, queue, task};
use crate::ApprovalFilter;

fn asked(task: u64, expires: Option<i64>) -> NewApproval {
    NewApproval {
        task: TaskNo(task),
        kind: ApprovalKind::Permission,
        summary: "Bash: ls".to_owned(),
        request: ApprovalRequest {
            tool: Some("Bash".to_owned()),
            input: Json::from_text(r#"{"command":"ls"}"#).ok(),
            ..ApprovalRequest::default()
        },
        expires_at: expires.map(at),
        on_timeout: OnTimeout::Approve,
    }
}

fn decision(reason: &str) -> ApprovalDecision {
    ApprovalDecision {
        at: at(9),
        answer: None,
        reason: Some(reason.to_owned()),
        by: ApprovalDecider {
            uid: Some(1000),
            user: Some("me".to_owned()),
            program: Some("aiwg".to_owned()),
            pid: Some(7),
            via: ApprovalVia::Cli,
        },
    }
}

fn in_state(state: ApprovalState) -> ApprovalFilter {
    ApprovalFilter { state, task: None, limit: 10 }
}

/// The first decision is kept, and no second one.
pub fn an_approval_is_decided_once(backend: &dyn Backend) {
    let mut store = backend.store();
    queue(&mut *store, 1, &task("x"));
    let (first, second) = commit(&mut *store, |tx| {
        Ok((tx.add_approval(&asked(1, None), at(1))?, tx.add_approval(&asked(1, Some(60)), at(2))?))
    });
    assert_eq!((first, second), (ApprovalNo(1), ApprovalNo(2)));
    let reader = backend.reader();
    let pending = reader.approvals(&in_state(ApprovalState::Pending)).unwrap();
    assert_eq!(pending.iter().map(|row| row.no).collect::<Vec<_>>(), [first, second]);
    assert_eq!(pending[0].asked, asked(1, None));
    assert_eq!((pending[0].requested_at, pending[0].decision.clone()), (at(1), None));
    assert_eq!(reader.pending_approvals().unwrap(), 2);
    // One that waits for what cannot be decided any more is known.
    commit(&mut *store, |tx| tx.hold(TaskNo(1), &Hold::approval(second)).map(drop));
    assert_eq!(reader.held_in_vain(10).unwrap(), []);
    queue(&mut *store, 2, &task("x"));
    commit(&mut *store, |tx| tx.hold(TaskNo(2), &Hold::approval(ApprovalNo(9))).map(drop));
    assert_eq!(reader.held_in_vain(10).unwrap(), [TaskNo(2)]);
    let rejected = ApprovalState::Rejected;
    assert!(commit(&mut *store, |tx| tx.decide_approval(first, rejected, Some(&decision("no")))));
    for state in [ApprovalState::Approved, rejected] {
        assert!(!commit(&mut *store, |tx| tx.decide_approval(first, state, Some(&decision("yes")))));
    }
    assert!(!commit(&mut *store, |tx| tx.decide_approval(ApprovalNo(9), rejected, None)));
    let row = reader.approval(first).unwrap().unwrap();
    assert_eq!((row.state, row.decision, row.used_by), (rejected, Some(decision("no")), None));
    commit(&mut *store, |tx| tx.use_approval(first, "toolu_1"));
    let view = store.view().unwrap();
    assert_eq!(view.approval(first).unwrap().unwrap().used_by.as_deref(), Some("toolu_1"));
    drop(view);
    for tool_use in [Some(ToolUse { run: 2, id: "toolu_2".to_owned() }), None] {
        commit(&mut *store, |tx| tx.set_tool_use(first, tool_use.as_ref()));
        assert_eq!(reader.approval(first).unwrap().unwrap().tool_use, tool_use);
    }
    let view = store.view().unwrap();
    let of_task = view.approvals_of(TaskNo(1)).unwrap();
    assert_eq!(of_task.iter().map(|row| row.no).collect::<Vec<_>>(), [first, second]);
    assert_eq!(
        (view.approval(ApprovalNo(9)).unwrap(), reader.approval(ApprovalNo(9)).unwrap()),
        (None, None)
    );
    assert_eq!(reader.pending_approvals().unwrap(), 1);
    let other = ApprovalFilter { task: Some(TaskNo(2)), ..in_state(ApprovalState::Pending) };
    assert_eq!(reader.approvals(&other).unwrap(), []);
}

/// Approvals that nobody has decided in time are known, and the time at which the next is due.
pub fn approvals_expire_in_time(backend: &dyn Backend) {
    let mut store = backend.store();
    queue(&mut *store, 1, &task("x"));
    let numbers = commit(&mut *store, |tx| {
        [Some(60), None, Some(30), Some(90)]
            .map(|expires| tx.add_approval(&asked(1, expires), at(0)))
            .into_iter()
            .collect::<crate::Result<Vec<_>>>()
    });
    let [late, _, soon, last] = numbers[..] else { panic!("{numbers:?}") };
    drop(store);
    let mut store = backend.store();
    let view = store.view().unwrap();
    assert_eq!(view.approvals_due(at(29), 10).unwrap(), []);
    assert_eq!(view.approvals_due(at(60), 10).unwrap(), [soon, late]);
    assert_eq!(view.approvals_due(at(60), 1).unwrap(), [soon]);
    assert_eq!(view.next_deadline(None).unwrap(), Some(at(30)));
    assert_eq!(view.next_deadline(Some(at(30))).unwrap(), Some(at(60)));
    assert_eq!(view.next_deadline(Some(at(90))).unwrap(), None);
    drop(view);
    assert!(commit(&mut *store, |tx| tx.decide_approval(soon, ApprovalState::Timeout, None)));
    let view = store.view().unwrap();
    assert_eq!(view.approvals_due(at(99), 10).unwrap(), [late, last]);
    assert!(view.approval(soon).unwrap().unwrap().is_approved(), "that is what it counts as");
}

/// Pending approvals are withdrawn however many there are, and of those that were withdrawn the latest stay.
pub fn pending_approvals_are_withdrawn(backend: &dyn Backend) {
    let mut store = backend.store();
    queue(&mut *store, 1, &task("x"));
    queue(&mut *store, 2, &task("x"));
    let of = |no, kind| NewApproval { kind, ..asked(no, None) };
    let all = commit(&mut *store, |tx| {
        let mut add = |kind| tx.add_approval(&of(1, kind), at(0));
        let question = add(ApprovalKind::Question)?;
        let permissions = [add(ApprovalKind::Permission)?, add(ApprovalKind::Permission)?];
        let starts = (0..3).map(|_| add(ApprovalKind::Task)).collect::<crate::Result<Vec<_>>>()?;
        tx.add_approval(&of(2, ApprovalKind::Question), at(0))?;
        Ok((question, permissions, starts))
    });
    let (question, permissions, starts) = all;
    let numbers = |rows: Vec<aiwg_model::ApprovalRow>| rows.iter().map(|row| row.no).collect::<Vec<_>>();
    let view = store.view().unwrap();
    assert_eq!(view.approval_counts(TaskNo(1)).unwrap(), (6, 1));
    assert_eq!(view.approval_counts(TaskNo(3)).unwrap(), (0, 0));
    assert_eq!(numbers(view.permissions_of(TaskNo(1)).unwrap()), permissions);
    drop(view);
    commit(&mut *store, |tx| tx.decide_approval(permissions[0], ApprovalState::Rejected, None));
    let only_starts = Some(ApprovalKind::Task);
    assert_eq!(commit(&mut *store, |tx| tx.withdraw_approvals(TaskNo(1), only_starts)), starts);
    commit(&mut *store, |tx| tx.prune_withdrawn(TaskNo(1), ApprovalKind::Task, 2));
    assert_eq!(commit(&mut *store, |tx| tx.withdraw_approvals(TaskNo(1), None)), [question, permissions[1]]);
    assert_eq!(commit(&mut *store, |tx| tx.withdraw_approvals(TaskNo(1), None)), []);
    let view = store.view().unwrap();
    assert_eq!(view.approval_counts(TaskNo(1)).unwrap(), (5, 0));
    assert_eq!(numbers(view.permissions_of(TaskNo(1)).unwrap()), permissions[..1]);
    assert_eq!(view.approval(starts[0]).unwrap(), None);
    assert_eq!(view.approval(starts[1]).unwrap().unwrap().state, ApprovalState::Withdrawn);
    assert_eq!(view.approval_counts(TaskNo(2)).unwrap(), (1, 1));
}

/// Approvals are forgotten with their task, and their numbers are not given again.
pub fn approvals_go_with_their_task(backend: &dyn Backend) {
    let mut store = backend.store();
    for no in [1, 2] {
        queue(&mut *store, no, &task("x"));
        commit(&mut *store, |tx| tx.add_approval(&asked(no, None), at(0)));
    }
    let outcome = Outcome::without_exit(TaskState::Cancelled, "");
    commit(&mut *store, |tx| tx.finish(TaskNo(2), TaskState::Queued, &outcome, at(1)));
    let keep = Keep { since: Some(at(5)), most: None, from: None };
    assert_eq!(commit(&mut *store, |tx| tx.prune_tasks(keep, 10)), [TaskNo(2)]);
    let reader = backend.reader();
    assert_eq!(reader.approval(ApprovalNo(2)).unwrap(), None);
    assert!(reader.approval(ApprovalNo(1)).unwrap().is_some());
    assert_eq!(commit(&mut *store, |tx| tx.add_approval(&asked(1, None), at(9))), ApprovalNo(3));
}
