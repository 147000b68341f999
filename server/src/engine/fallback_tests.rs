//! Tasks that have a session of their own, and whose account meets a limit while they wait: no fallback knows what a person has decided or done there.

use std::sync::Arc;

use aiwg_agents::Reason;
use aiwg_model::{
    ApprovalNo, EndReason, Order, Outcome, Processes, RunId, TaskNo, TaskSpec, Terms, VerifyTerms,
};
use aiwg_protocol::types::{
    ApprovalDecider, ApprovalVia, CheckCommand, Json, TaskState, TaskUsage, Timestamp, Waiting,
};
use aiwg_store_sqlite::SqliteStore;
use tokio::sync::{
    Notify,
    mpsc::{self, UnboundedReceiver},
    watch,
};

use super::{
    self as engine, By, Classes, Due, Engine, EngineConfig, EngineSetup,
    approvals::{Choice, Verdict},
    permissions::{PermissionAnswer, Permit, ToolCall},
};
use crate::{
    accounts::{Accounts, Identity, InUse, Policy, RunEnd},
    bus::Bus,
    health::Health,
    profiles::Profiles,
};

const TASK: TaskNo = TaskNo(1);

/// The class of the tasks that stay with the section `agent`.
const STAYING: &str = "\u{1f}\u{1f}\u{1f}\u{1f}\u{1f}agent";

/// A daemon without its other parts, whose section `agent` has a fallback with another account, and one task that runs.
struct Harness {
    engine: Engine,
    orders: UnboundedReceiver<Order>,
    accounts: Accounts,
    _dir: tempfile::TempDir,
}

/// A start: the task, its profile, its session.
type Started = (u64, Option<String>, Option<String>);

fn identity() -> Identity {
    Identity { id: "a".to_owned(), program: "claude".to_owned(), login: Vec::new() }
}

fn spec() -> TaskSpec {
    TaskSpec { prompt: "x".to_owned(), ..TaskSpec::default() }
}

fn in_session() -> (u64, Option<String>, Option<String>) {
    (1, None, Some("s".to_owned()))
}

impl Harness {
    async fn start() -> Self {
        Self::with(spec()).await
    }

    async fn with(spec: TaskSpec) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = serde_json::from_str(
            r#"{"agent": {"fallback": ["codex"]}, "agents": {"codex": {"program": "codex"}}}"#,
        )
        .unwrap();
        let by_profile = [("codex".to_owned(), None)].into();
        let config = EngineConfig {
            max_parallel: 1,
            max_task_depth: 8,
            classes: Classes::of(&config),
            profiles: Profiles::of(&config),
            accounts: InUse { default: Some(identity()), by_profile, ..InUse::default() },
            ..EngineConfig::default()
        };
        let (send_orders, orders) = mpsc::unbounded_channel();
        let accounts = Accounts::default();
        let setup = EngineSetup {
            accounts: accounts.clone(),
            store: Box::new(SqliteStore::open(&dir.path().join("db")).unwrap()),
            config,
            bus: Bus::new(0),
            orders: send_orders,
            health: Health::default(),
            grown: Arc::new(Notify::new()),
            messages: Arc::new(Notify::new()),
            next_due: watch::channel(Due::default()).0,
        };
        let mut harness = Self { engine: engine::start(setup).unwrap().0, orders, accounts, _dir: dir };
        harness.engine.submit(spec).await.unwrap();
        assert_eq!(harness.started().await, [(1, None, None)]);
        harness
    }

    /// The starts since this was last asked.
    async fn started(&mut self) -> Vec<Started> {
        // Orders are given after answers: those of all before have been when another command is answered.
        for _ in 0..2 {
            self.engine.look_at_accounts().await.unwrap();
        }
        let mut started = Vec::new();
        while let Ok(order) = self.orders.try_recv() {
            if let Order::Start(order) = order {
                started.push((order.no.0, order.profile, order.resume));
            }
        }
        started
    }

    /// The run of this number has ended so, in its session.
    async fn ends(&self, n: u32, reason: EndReason) {
        let usage = Some(TaskUsage { session_id: Some("s".to_owned()), ..TaskUsage::default() });
        let processes = Some(Processes { ended: 0, left: 0 });
        let outcome = Outcome { reason, usage, processes, ..Outcome::without_exit(TaskState::Completed, "") };
        self.engine.ended(RunId { task: TASK, n }, outcome).await.unwrap();
    }

    /// The account of the section `agent` meets a limit.
    fn limit(&self) {
        let now = Timestamp::now();
        let limit = Some((Some("five_hour".to_owned()), Some(now.after_ms(3_600_000))));
        let end = RunEnd { by: "another".to_owned(), reason: Reason::Limited, limit, ..RunEnd::default() };
        self.accounts.note(&identity(), &end, now);
    }

    /// Nothing has started, and the task waits for the limit. When that is lifted, the task goes on in its session.
    async fn waits_for_the_limit_and_goes_on(&mut self) {
        assert_eq!(self.started().await, []);
        let gate = self.engine.gate(STAYING).unwrap();
        assert!(gate.waiting == Waiting::Limit && gate.until.is_some(), "{gate:?}");
        assert!(self.accounts.resume("a", &Policy::default(), Timestamp::now()));
        assert_eq!(self.started().await, [in_session()]);
    }

    /// A call of the running agent is put off.
    async fn put_off(&self) -> ApprovalNo {
        let input = Json::from_text(r#"{"command":"make"}"#.to_owned()).unwrap();
        let call = ToolCall { task: TASK, tool: "Bash".to_owned(), input, is_subagents: false };
        let asked = self.engine.ask_permission(call.clone(), None, None).await.unwrap();
        let PermissionAnswer::Given(Permit::Waits(no)) = asked else { panic!("{asked:?}") };
        assert_eq!(self.engine.about_to_use(call, "first".to_owned()).await.unwrap(), Permit::PutOff(no));
        no
    }

    async fn decide(&self, no: ApprovalNo, choice: Choice) {
        let via = ApprovalVia::Sdk;
        let by = ApprovalDecider { uid: None, user: None, program: None, pid: None, via };
        self.engine.decide(no, Verdict { choice, reason: None, by }).await.unwrap();
    }

    async fn end(self) {
        self.engine.exit(false).await;
        self.engine.gone().await;
    }
}

#[tokio::test]
async fn what_was_put_off_and_decided_waits_for_the_limit_and_goes_on_in_its_session() {
    for choice in [Choice::Approve, Choice::Reject] {
        let mut harness = Harness::start().await;
        let no = harness.put_off().await;
        harness.ends(1, EndReason::DEFERRED).await;
        harness.limit();
        harness.decide(no, choice).await;
        harness.waits_for_the_limit_and_goes_on().await;
        // Also where it meets the limit itself before it has done anything.
        harness.limit();
        harness.ends(2, EndReason::LIMITED).await;
        harness.waits_for_the_limit_and_goes_on().await;
        harness.end().await;
    }
}

#[tokio::test]
async fn what_a_person_has_given_back_waits_for_the_limit_and_goes_on_in_its_session() {
    for now in [true, false] {
        let mut harness = Harness::start().await;
        harness.engine.take(TASK, now, None, None).await.unwrap();
        harness.ends(1, EndReason::DONE).await;
        harness.limit();
        harness.engine.give(TASK, false, None).await.unwrap();
        harness.waits_for_the_limit_and_goes_on().await;
        harness.limit();
        harness.ends(2, EndReason::LIMITED).await;
        harness.waits_for_the_limit_and_goes_on().await;
        harness.end().await;
    }
}

#[tokio::test]
async fn what_waits_for_its_session_keeps_nothing_else_from_a_fallback() {
    let mut harness = Harness::start().await;
    harness.engine.take(TASK, true, None, None).await.unwrap();
    harness.ends(1, EndReason::DONE).await;
    harness.limit();
    harness.engine.give(TASK, false, None).await.unwrap();
    harness.engine.submit(spec()).await.unwrap();
    assert_eq!(harness.started().await, [(2, Some("codex".to_owned()), None)]);
    harness.end().await;
}

#[tokio::test]
async fn what_only_a_limit_has_interrupted_begins_afresh_with_a_fallback() {
    let mut harness = Harness::start().await;
    harness.limit();
    harness.ends(1, EndReason::LIMITED).await;
    assert_eq!(harness.started().await, [(1, Some("codex".to_owned()), None)]);
    harness.end().await;
}

#[tokio::test]
async fn a_loop_between_two_rounds_waits_for_the_limit_and_goes_on_in_its_session() {
    for is_paused in [false, true] {
        let verify = VerifyTerms {
            command: CheckCommand::Shell("make test".to_owned()),
            max_rounds: 9,
            timeout_minutes: 1.0,
            before: false,
            protect: Vec::new(),
        };
        let terms = Terms { verify: Some(verify), ..Terms::default() };
        let mut harness = Harness::with(TaskSpec { terms, ..spec() }).await;
        harness.ends(1, EndReason::DONE).await;
        assert_eq!(harness.started().await.len(), 1, "its check");
        harness.limit();
        if is_paused {
            harness.engine.pause(By::default()).await.unwrap();
        }
        harness.ends(2, EndReason::CHECK_FAILED).await;
        if is_paused {
            harness.engine.resume(By::default()).await.unwrap();
        }
        harness.waits_for_the_limit_and_goes_on().await;
        // Interrupted in the middle of a round it begins afresh, as any other.
        harness.limit();
        harness.ends(3, EndReason::LIMITED).await;
        assert_eq!(harness.started().await, [(1, Some("codex".to_owned()), None)]);
        harness.end().await;
    }
}
