//! The operations.

use aiwg_model::{TaskNo, TaskSpec, Terms, VerifyTerms};
use aiwg_protocol::{
    terms::{ApprovalLimits, OnTimeout},
    types::{Cause, CheckCommand, Timestamp},
};
use proptest::prelude::*;

use super::{HOUR_MS, MAX_ROUNDS};

/// An operation. A task is named by any number, of which the tasks so far take the remainder.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Submit(Submit),
    Hold { task: usize, hours: Option<i64> },
    Release(usize),
    Edit { task: usize, is_docs: bool, priority: i32 },
    Cancel(usize),
    Pause,
    Resume,
    Take { task: usize, now: bool },
    Give { task: usize, done: bool },
    Decide { approval: u64, is_yes: bool },
    Told { task: usize, usd: f64 },
    Ended { task: usize, code: i32, usd: Option<f64> },
    Limited { task: usize, usd: f64 },
    Lost { task: usize, started: bool },
    Rested(usize),
    Wait { minutes: i64 },
    Reload { day_usd: f64 },
}

#[derive(Debug, Clone)]
pub(super) struct Submit {
    pub(super) priority: i32,
    pub(super) is_docs: bool,
    pub(super) of_rule: bool,
    pub(super) after: Option<usize>,
    pub(super) delay_hours: Option<i64>,
    pub(super) expires_hours: Option<i64>,
    pub(super) is_verified: bool,
    pub(super) approval: Option<bool>,
    pub(super) ignores_budget: bool,
}

fn submit() -> impl Strategy<Value = Op> {
    let rarely = || prop::bool::weighted(0.15);
    let hours = || proptest::option::weighted(0.2, 1..30_i64);
    (
        (-1..=1, prop::bool::weighted(0.3), any::<bool>(), proptest::option::weighted(0.2, 0..100_usize)),
        (
            hours(),
            hours(),
            prop::bool::weighted(0.4),
            proptest::option::weighted(0.2, any::<bool>()),
            rarely(),
        ),
    )
        .prop_map(
            |(
                (priority, is_docs, of_rule, after),
                (delay_hours, expires_hours, is_verified, approval, ignores_budget),
            )| {
                Op::Submit(Submit {
                    priority,
                    is_docs,
                    of_rule,
                    after,
                    delay_hours,
                    expires_hours,
                    is_verified,
                    approval,
                    ignores_budget,
                })
            },
        )
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    let task = || 0..100_usize;
    let usd = || 0.0..1.5_f64;
    let code = || prop_oneof![2 => Just(0), 1 => 1..4];
    prop_oneof![
        7 => submit(),
        1 => (task(), proptest::option::of(1..20_i64)).prop_map(|(task, hours)| Op::Hold { task, hours }),
        1 => task().prop_map(Op::Release),
        1 => (task(), any::<bool>(), -1..=1).prop_map(|(task, is_docs, priority)| Op::Edit { task, is_docs, priority }),
        1 => task().prop_map(Op::Cancel),
        1 => prop_oneof![1 => Just(Op::Pause), 2 => Just(Op::Resume)],
        1 => (task(), any::<bool>()).prop_map(|(task, now)| Op::Take { task, now }),
        1 => (task(), any::<bool>()).prop_map(|(task, done)| Op::Give { task, done }),
        2 => (1..12_u64, any::<bool>()).prop_map(|(approval, is_yes)| Op::Decide { approval, is_yes }),
        2 => (task(), usd()).prop_map(|(task, usd)| Op::Told { task, usd }),
        8 => (task(), code(), proptest::option::weighted(0.8, usd()))
            .prop_map(|(task, code, usd)| Op::Ended { task, code, usd }),
        1 => (task(), usd()).prop_map(|(task, usd)| Op::Limited { task, usd }),
        1 => (task(), any::<bool>()).prop_map(|(task, started)| Op::Lost { task, started }),
        1 => task().prop_map(Op::Rested),
        2 => (1..900_i64).prop_map(|minutes| Op::Wait { minutes }),
        1 => (0.5..6.0_f64).prop_map(|day_usd| Op::Reload { day_usd }),
    ]
}

/// The specification of a task that is submitted now, after so many others.
pub(super) fn spec(submit: &Submit, now: Timestamp, tasks: u64) -> TaskSpec {
    let hours = |hours: i64| Timestamp::from_millis(now.as_millis() + hours * HOUR_MS);
    let rule = submit.of_rule.then(|| "r".to_owned());
    let verify = submit.is_verified.then(|| VerifyTerms {
        command: CheckCommand::Shell("make test".to_owned()),
        max_rounds: MAX_ROUNDS,
        timeout_minutes: 1.0,
        before: false,
        protect: Vec::new(),
    });
    let approval = submit.approval.map(|is_yes| ApprovalLimits {
        timeout_minutes: Some(300.0),
        on_timeout: if is_yes { OnTimeout::Approve } else { OnTimeout::Reject },
    });
    TaskSpec {
        prompt: "x".to_owned(),
        priority: submit.priority,
        lane: submit.is_docs.then(|| "docs".to_owned()),
        cause: rule.clone().map(|rule| Cause { task: None, rule: Some(rule), event: None, depth: 0 }),
        rule,
        after: submit
            .after
            .filter(|_| tasks > 0)
            .map(|after| TaskNo(after as u64 % tasks + 1))
            .into_iter()
            .collect(),
        start_at: submit.delay_hours.map(hours),
        expires_at: submit.expires_hours.map(hours),
        terms: Terms { verify, approval, ignore_budget: submit.ignores_budget, ..Terms::default() },
        ..TaskSpec::default()
    }
}
