//! Tasks whose account meets a limit, and which a fallback cannot do, or does: no fallback knows what a person has decided or done in a session, for one.

use std::sync::Arc;

use aiwg_agents::Reason;
use aiwg_model::{
    ApprovalNo, EndReason, Order, Outcome, Processes, RunCost, RunId, StartOrder, TaskNo, TaskSpec, Terms,
    VerifyTerms,
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
    steer::SentBy,
};
use crate::{
    accounts::{Accounts, Identity, InUse, Policy, RunEnd},
    bus::Bus,
    health::Health,
    profiles::{BUILT_IN, Profiles},
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
        let fallback = r#"{"agent": {"fallback": ["codex"]}, "agents": {"codex": {"program": "codex"}}}"#;
        let mut harness = Self::of(fallback, &["codex"]).await;
        harness.engine.submit(spec).await.unwrap();
        assert_eq!(harness.started().await, [(1, None, None)]);
        harness
    }

    /// With this configuration, in which these profiles have no account; and without a task.
    async fn of(config: &str, without_account: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = serde_json::from_str(config).unwrap();
        let by_profile = without_account.iter().map(|name| ((*name).to_owned(), None)).collect();
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
        Self { engine: engine::start(setup).unwrap().0, orders, accounts, _dir: dir }
    }

    /// The starts since this was last asked.
    async fn started(&mut self) -> Vec<Started> {
        let orders = self.start_orders().await;
        orders.into_iter().map(|order| (order.no.0, order.profile, order.resume)).collect()
    }

    async fn start_orders(&mut self) -> Vec<StartOrder> {
        // Orders are given after answers: those of all before have been when another command is answered.
        for _ in 0..2 {
            self.engine.look_at_accounts().await.unwrap();
        }
        let mut started = Vec::new();
        while let Ok(order) = self.orders.try_recv() {
            if let Order::Start(order) = order {
                started.push(*order);
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

    /// The agent of the run of this number could not be started.
    async fn is_not_started(&self, n: u32) {
        let why = "the agent command was not found";
        let outcome = Outcome { cost: RunCost::Nothing, ..Outcome::without_exit(TaskState::Failed, why) };
        self.engine.ended(RunId { task: TASK, n }, outcome).await.unwrap();
    }

    /// The gate is closed before the tasks of this class, for the limit alone.
    fn waits_for_the_limit(&self, class: &str) {
        assert_eq!(self.engine.gate(class).map(|gate| gate.waiting), Some(Waiting::Limit), "{class:?}");
    }

    fn lift_the_limit(&self) {
        assert!(self.accounts.resume("a", &Policy::default(), Timestamp::now()));
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

#[tokio::test]
async fn a_task_of_a_built_in_profile_has_no_fallback_and_waits_for_its_own_account() {
    let configs = [
        r#"{"agent": {"fallback": ["codex"]}, "agents": {"codex": {"program": "codex"}}}"#,
        r#"{"lanes": {"docs": {}}}"#,
    ];
    for (name, config) in BUILT_IN.into_iter().flat_map(|name| configs.map(|config| (name, config))) {
        let mut harness = Harness::of(config, &["codex"]).await;
        harness.limit();
        let agent = Some(name.to_owned());
        harness.engine.submit(TaskSpec { agent: agent.clone(), ..spec() }).await.unwrap();
        assert_eq!(harness.started().await, [], "{name}");
        harness.waits_for_the_limit(&format!("\u{1f}\u{1f}\u{1f}{name}"));
        harness.lift_the_limit();
        assert_eq!(harness.started().await, [(1, agent.clone(), None)]);
        // It meets the limit itself.
        harness.limit();
        harness.ends(1, EndReason::LIMITED).await;
        assert_eq!(harness.started().await, [], "{name}");
        harness.lift_the_limit();
        assert_eq!(harness.started().await, [(1, agent, Some("s".to_owned()))]);
        harness.end().await;
    }
}

#[tokio::test]
async fn a_built_in_profile_without_a_limit_waits_for_no_account_of_another_program() {
    let mut harness = Harness::of(r#"{"lanes": {"docs": {}}}"#, &["chat:ask"]).await;
    harness.limit();
    let agent = Some("chat:ask".to_owned());
    harness.engine.submit(TaskSpec { agent: agent.clone(), ..spec() }).await.unwrap();
    assert_eq!(harness.started().await, [(1, agent, None)]);
    harness.end().await;
}

#[tokio::test]
async fn a_role_goes_to_a_fallback_of_the_same_program_only() {
    let task = || TaskSpec { agent: Some("reviewer".to_owned()), ..spec() };
    let config = |fallback: &str| {
        format!(
            r#"{{"agent": {{"fallback": [{fallback}]}}, "agents": {{"codex": {{"program": "codex"}}, "second": {{"program": "claude"}}}}}}"#
        )
    };
    let mut harness = Harness::of(&config(r#""codex""#), &["codex", "second"]).await;
    harness.limit();
    harness.engine.submit(task()).await.unwrap();
    assert_eq!(harness.started().await, []);
    // It keeps nothing else from the fallback.
    harness.engine.submit(spec()).await.unwrap();
    assert_eq!(harness.started().await, [(2, Some("codex".to_owned()), None)]);
    harness.end().await;
    let mut harness = Harness::of(&config(r#""codex", "second""#), &["codex", "second"]).await;
    harness.limit();
    harness.engine.submit(task()).await.unwrap();
    let orders = harness.start_orders().await;
    let started: Vec<_> =
        orders.iter().map(|order| (order.profile.as_deref(), order.agent.as_deref())).collect();
    assert_eq!(started, [(Some("second"), Some("reviewer"))]);
    harness.end().await;
}

#[tokio::test]
async fn a_message_to_a_task_that_is_done_waits_for_the_limit_and_its_session() {
    let mut harness = Harness::start().await;
    let by = SentBy { is_agent: false, is_live: false };
    harness.engine.send(TASK, "more".to_owned(), None, by).await.unwrap();
    harness.limit();
    harness.ends(1, EndReason::DONE).await;
    harness.waits_for_the_limit_and_goes_on().await;
    // Also where it meets the limit itself.
    harness.limit();
    harness.ends(2, EndReason::LIMITED).await;
    harness.waits_for_the_limit_and_goes_on().await;
    harness.end().await;
}

#[tokio::test]
async fn a_fallback_that_cannot_be_started_is_passed_over() {
    let config = |more: &str| {
        format!(
            r#"{{"agent": {{"fallback": ["none"{more}]}}, "agents": {{"none": {{"program": "gemini"}}, "codex": {{"program": "codex"}}}}}}"#
        )
    };
    let none = || Some("none".to_owned());
    for (more, next) in [(r#", "codex""#, Some("codex")), ("", None)] {
        let mut harness = Harness::of(&config(more), &["none", "codex"]).await;
        harness.limit();
        harness.engine.submit(spec()).await.unwrap();
        assert_eq!(harness.started().await, [(1, none(), None)]);
        harness.is_not_started(1).await;
        let expected: Vec<Started> = next.iter().map(|next| (1, Some((*next).to_owned()), None)).collect();
        assert_eq!(harness.started().await, expected, "{more}");
        if next.is_none() {
            harness.waits_for_the_limit("");
            harness.lift_the_limit();
            assert_eq!(harness.started().await, [(1, None, None)]);
        }
        harness.end().await;
    }
}

#[tokio::test]
async fn a_profile_that_is_asked_for_and_cannot_be_started_fails() {
    let mut harness = Harness::of(r#"{"agents": {"none": {"program": "gemini"}}}"#, &["none"]).await;
    harness.engine.submit(TaskSpec { agent: Some("none".to_owned()), ..spec() }).await.unwrap();
    assert_eq!(harness.started().await.len(), 1);
    harness.is_not_started(1).await;
    assert_eq!(harness.started().await, [], "it has failed");
    harness.end().await;
}
