//! Selects the tasks that start: those for which there is a slot, including those that others wait for in theirs.

use std::collections::{HashMap, HashSet};

use aiwg_model::{EndReason, Outcome, RunCost, RunRow, RunStart, TaskNo, TaskRow, TreeOrder};
use aiwg_protocol::types::{Event, TaskEvent, TaskState, Timestamp};

use super::{
    budget::{Share, charged_before},
    command::{Order, StartOrder, Starts},
    next_run::NextRun,
    payload::task_event,
    spans::RunSpan,
    state::Slot,
    transaction::Transaction,
};
use crate::{profiles::no_profile, telemetry::Note};

impl Transaction<'_> {
    /// Starts what there is room for. True if any were started, or there are events to take in.
    pub(super) fn fill_slots(&mut self) -> aiwg_store::Result<bool> {
        let mut has_started = false;
        while !self.state.closing {
            let Some(no) = self.next()? else { break };
            // Even one that cannot be read has changed something.
            has_started = true;
            let Some(task) = self.readable(no)? else { continue };
            match self.cannot_go_on(&task)? {
                Some(outcome) => self.finish(&task, &outcome)?,
                None => self.start(no)?,
            }
        }
        // A look at the gates may have something to say.
        Ok(has_started || !self.effects.new_events.is_empty())
    }

    /// The end of a task that can have no further run of its agent; none if it can.
    pub(super) fn cannot_go_on(&self, task: &TaskRow) -> aiwg_store::Result<Option<Outcome>> {
        let agent = task.spec.agent.as_deref();
        if task.spec.terms.is_profile && self.state.config.profiles.profile_of(agent).is_none() {
            let (reason, cost) = (EndReason::NOT_STARTED, RunCost::Nothing);
            let failed = Outcome::without_exit(TaskState::Failed, no_profile(agent.unwrap_or_default()));
            return Ok(Some(Outcome { reason, cost, ..failed }));
        }
        self.is_over_cap(task)
    }

    /// The task that is to start now, if there is room for one.
    fn next(&mut self) -> aiwg_store::Result<Option<TaskNo>> {
        if self.state.starts == Starts::None || !self.state.has_room {
            return Ok(None);
        }
        let slots = self.state.config.max_parallel;
        let running = self.state.running_here();
        let open = if running < slots { self.next_open()? } else { None };
        if open.is_some() {
            return Ok(open);
        }
        let pairs = self.waits()?;
        if pairs.is_empty() || running >= self.most_running() {
            return Ok(None);
        }
        let lent = lent(&pairs, &self.state.running, self.most_lent(slots));
        if running >= slots && running - lent < slots {
            let open = self.next_open()?;
            if open.is_some() {
                return Ok(open);
            }
        }
        if self.state.resting_since().is_some() {
            return Ok(None);
        }
        // Whoever waits for it does nothing: it takes that one's slot, and its place in a lane, whatever else is queued, since nothing goes on
        // without it.
        let mut awaited: Vec<TaskNo> = Vec::new();
        for (task, other) in &pairs {
            let is_free = self.state.running.contains_key(task)
                && !waits_for_running(*task, &pairs, &self.state.running);
            if is_free && !awaited.contains(other) && self.may_start_awaited(*other)? {
                awaited.push(*other);
            }
        }
        self.store.next_of(&awaited)
    }

    /// Pairs of a running task and one that it waits for, including those that must complete before that one can
    /// start.
    fn waits(&self) -> aiwg_store::Result<Vec<(TaskNo, TaskNo)>> {
        let mut all = Vec::new();
        for (task, other) in self.state.waits.pairs() {
            if self.state.running.contains_key(&other) {
                all.push((task, other));
            } else {
                all.extend(self.store.needed(other)?.into_iter().map(|no| (task, no)));
            }
        }
        Ok(all)
    }

    fn start(&mut self, no: TaskNo) -> aiwg_store::Result<()> {
        if self.state.starts == Starts::One {
            self.state.starts = Starts::None;
        }
        let task = self.store.start(no, self.now)?;
        // What it changes in a work tree changes none of the project's files.
        if let Some(rule) = task.spec.rule.as_ref().filter(|_| task.spec.terms.tree.is_none()) {
            let depth = task.spec.cause.as_ref().map_or(0, |cause| cause.depth);
            self.state.memory.started(rule, no, depth, self.now);
        }
        if task.launch <= 1 {
            let waited_ms = self.now.as_millis().saturating_sub(task.created_at.as_millis());
            self.effects.notes.push(Note::Started { waited_ms });
        }
        self.effects.messages |= task.spec.terms.asked_by.is_some();
        let host = self.state.hosts.own().map(|host| host.name.clone());
        let event = TaskEvent { host, ..task_event(no, &task.spec, TaskState::Running, task.attempts) };
        self.publish_task_event(&event, &task.spec);
        self.launch(task)
    }

    /// True if the next run of a task may begin in its slot.
    pub(super) fn may_go_on(&self) -> bool {
        !self.state.closing && self.state.starts != Starts::None && self.state.has_room
    }

    /// Begins the next run of a running task.
    pub(super) fn launch(&mut self, task: TaskRow) -> aiwg_store::Result<()> {
        let next = self.next_run(&task)?;
        let next = if self.was_elsewhere(&task)? { next.on_another_host() } else { next };
        let is_check = next.round.as_ref().is_some_and(|round| round.is_check);
        let share = self.begin_run(&task, next.profile.as_deref(), is_check)?;
        let (tree, next) = match self.tree_of_next(&task)? {
            Some((tree, is_elsewhere)) if is_elsewhere => (Some(tree), next.elsewhere()),
            found => (found.map(|(tree, _)| tree), next),
        };
        if !is_check {
            self.note_sent(&task)?;
        }
        let traceparent = self.trace_of_run(&task);
        let event = match task.spec.cause.as_ref().and_then(|cause| cause.event) {
            Some(seq) => self.store.event(seq)?,
            None => None,
        };
        let is_role = self.state.config.profiles.profile_of(task.spec.agent.as_deref()).is_none();
        let cap_usd = if is_check { None } else { self.cap_of_run(share, next.profile.as_deref()) };
        self.effects.orders.push(Order::Start(Box::new(start_order(
            task,
            is_role,
            (next, tree),
            cap_usd,
            (event, traceparent),
            self.now,
        ))));
        Ok(())
    }

    /// True if the run of a task before this one was on another host.
    fn was_elsewhere(&self, task: &TaskRow) -> aiwg_store::Result<bool> {
        if task.launch <= 1 || self.state.hosts.me().is_none() {
            return Ok(false);
        }
        let runs = self.store.runs(task.no)?;
        let before = runs.iter().rfind(|run| run.id.n < task.launch);
        Ok(before.is_some_and(|run| self.state.hosts.is_elsewhere(run.host.as_deref())))
    }

    /// Notes that the run of a task begins which has the number of its launch. Returns its share in the budgets, if there are any: a check has none.
    fn begin_run(
        &mut self,
        task: &TaskRow,
        profile: Option<&str>,
        is_check: bool,
    ) -> aiwg_store::Result<Option<Share>> {
        let (id, at) = (task.run(), self.now);
        let kind = if is_check { RunRow::CHECK } else { RunRow::AGENT };
        let share = if is_check { None } else { self.share(task, profile)? };
        let reserved_usd = share.map(|share| share.reserved_usd);
        let cap_usd = share.and_then(|share| self.cap_of_run(Some(share), profile));
        self.store.begin_run(&RunStart {
            id,
            kind,
            at,
            dir: Some(&id.dir()),
            profile,
            reserved_usd,
            cap_usd,
            host: self.state.hosts.me(),
        })?;
        let span = RunSpan { is_check, from: at, until: None };
        let host = self.state.hosts.me().map(str::to_owned);
        let is_new = host.is_some();
        let mut slot = Slot { profile: profile.map(str::to_owned), span, host, is_new, ..Slot::of(task) };
        if let Some(reserved_usd) = reserved_usd {
            let before_usd = charged_before(self.store, task)?;
            slot = Slot { reserved_usd, cap_usd: cap_usd.unwrap_or_default(), before_usd, ..slot };
        }
        self.state.running.insert(task.no, slot);
        Ok(share)
    }

    /// Number of these places that agents lend at the most while they wait for a person. Nobody can see whether the agent that asks works on
    /// meanwhile, so that is how many more than wanted may be at work.
    pub(super) fn most_lent(&self, places: usize) -> usize {
        self.state.config.max_lent.unwrap_or(places)
    }

    /// Number of running tasks among these that wait for a person.
    pub(super) fn asking(&self, is_one: impl Fn(&Slot) -> bool) -> usize {
        let pairs = self.state.waits.pairs();
        let asking = pairs.iter().filter(|(task, other)| task == other);
        asking.filter(|(task, _)| self.state.running.get(task).is_some_and(&is_one)).count()
    }

    /// Maximum number of running agents, including those that only wait: no ring of waits has more and more started.
    fn most_running(&self) -> usize {
        let depth = usize::try_from(self.state.config.max_task_depth).unwrap_or(usize::MAX);
        self.state.config.max_parallel.saturating_mul(depth.saturating_add(1))
    }
}

/// Number of slots that running tasks have lent: they wait for one that runs. Two that wait for the same one have
/// lent one slot.
///
/// One that waits for a person, which is noted as a wait for itself, has lent its slot whatever the others do; but no more than `most` of those have.
fn lent(pairs: &[(TaskNo, TaskNo)], running: &HashMap<TaskNo, Slot>, most: usize) -> usize {
    let for_person = |task: &TaskNo| pairs.contains(&(*task, *task));
    let asking = running.keys().filter(|task| for_person(task)).count();
    let (mut tasks, mut others) = (HashSet::new(), HashSet::new());
    for (task, other) in pairs {
        if !for_person(task) && running.contains_key(task) && running.contains_key(other) {
            tasks.insert(task);
            others.insert(other);
        }
    }
    tasks.len().min(others.len()) + asking.min(most)
}

fn waits_for_running(task: TaskNo, pairs: &[(TaskNo, TaskNo)], running: &HashMap<TaskNo, Slot>) -> bool {
    pairs.iter().any(|(who, other)| *who == task && other != who && running.contains_key(other))
}

fn start_order(
    task: TaskRow,
    is_role: bool,
    (next, tree): (NextRun, Option<TreeOrder>),
    cap_usd: Option<f64>,
    (event, traceparent): (Option<Event>, Option<String>),
    now: Timestamp,
) -> StartOrder {
    StartOrder {
        no: task.no,
        depth: task.spec.cause.map_or(0, |cause| cause.depth),
        launch: task.launch,
        prompt: next.prompt,
        resume: next.resume,
        fresh_prompt: next.fresh_prompt,
        round: next.round,
        tree,
        // A name that is a profile's is no role of its program. A role is one of the program of the section `agent`, whichever profile runs that.
        agent: task.spec.agent.filter(|_| is_role),
        profile: next.profile,
        env: task.spec.env,
        cap_usd,
        timeout_ms: task.spec.timeout_ms,
        event,
        traceparent,
        started_at: now,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aiwg_model::{InForce, Order, TaskSpec};
    use aiwg_store_sqlite::SqliteStore;
    use tokio::sync::{
        Notify,
        mpsc::{self, UnboundedReceiver},
        watch,
    };

    use super::*;
    use crate::{
        bus::Bus,
        engine::{self, Classes, Due, Engine, EngineConfig, EngineSetup},
        health::Health,
    };

    struct Harness {
        engine: Engine,
        orders: UnboundedReceiver<Order>,
        _dir: tempfile::TempDir,
    }

    impl Harness {
        fn start(config: EngineConfig) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let (send_orders, orders) = mpsc::unbounded_channel();
            let setup = EngineSetup {
                accounts: crate::accounts::Accounts::default(),
                store: Box::new(SqliteStore::open(&dir.path().join("db")).unwrap()),
                config,
                bus: Bus::new(0),
                orders: send_orders,
                health: Health::default(),
                grown: Arc::new(Notify::new()),
                messages: Arc::new(Notify::new()),
                next_due: watch::channel(Due::default()).0,
            };
            Self { engine: engine::start(setup).unwrap().0, orders, _dir: dir }
        }

        async fn submit(&self, lane: &str) {
            let lane = Some(lane.to_owned()).filter(|lane| !lane.is_empty());
            let spec = TaskSpec { prompt: "x".to_owned(), lane, ..TaskSpec::default() };
            self.engine.submit(spec).await.unwrap();
        }

        /// The tasks that were started since this was last asked.
        async fn started(&mut self) -> Vec<u64> {
            // Orders are given after answers: those of all before have been when another command is answered.
            for _ in 0..2 {
                self.engine.committed().await.unwrap();
            }
            let mut started = Vec::new();
            while let Ok(order) = self.orders.try_recv() {
                if let Order::Start(order) = order {
                    started.push(order.no.0);
                }
            }
            started
        }

        async fn end(self) {
            self.engine.exit(false).await;
            self.engine.gone().await;
        }
    }

    fn config(max_parallel: usize, max_lent: Option<usize>) -> EngineConfig {
        let lanes = serde_json::from_str(r#"{"lanes": {"docs": {"max_parallel": 1}}}"#).unwrap();
        let classes = Classes::of(&lanes);
        EngineConfig { max_parallel, max_lent, max_task_depth: 8, classes, ..EngineConfig::default() }
    }

    #[tokio::test]
    async fn agents_that_ask_lend_no_more_slots_than_they_may() {
        for (max_lent, most) in [(None, 2), (Some(0), 1), (Some(2), 3)] {
            let mut harness = Harness::start(config(1, max_lent));
            for _ in 0..5 {
                harness.submit("").await;
            }
            let (mut running, mut waits) = (harness.started().await, Vec::new());
            assert_eq!(running, [1]);
            // Each that runs asks, whatever it does meanwhile.
            while waits.len() < running.len() {
                waits.push(harness.engine.waits_for_person(TaskNo(running[waits.len()])).await);
                running.extend(harness.started().await);
            }
            assert_eq!(running.len(), most, "{max_lent:?}");
            harness.end().await;
        }
    }

    #[tokio::test]
    async fn an_agent_that_asks_lends_its_place_in_its_lane() {
        let mut harness = Harness::start(config(3, None));
        for _ in 0..3 {
            harness.submit("docs").await;
        }
        assert_eq!(harness.started().await, [1]);
        let first = harness.engine.waits_for_person(TaskNo(1)).await;
        assert_eq!(harness.started().await, [2]);
        // One place is there, and one is lent.
        let _second = harness.engine.waits_for_person(TaskNo(2)).await;
        assert_eq!(harness.started().await, [0; 0]);
        drop(first);
        harness.end().await;
    }

    #[tokio::test]
    async fn what_an_agent_waits_for_starts_in_its_place_in_a_lane_though_slots_are_free() {
        let mut harness = Harness::start(config(3, None));
        harness.submit("docs").await;
        harness.submit("docs").await;
        assert_eq!(harness.started().await, [1]);
        let _wait = harness.engine.waits_for(TaskNo(1), TaskNo(2)).await;
        assert_eq!(harness.started().await, [2]);
        harness.end().await;
    }

    #[tokio::test]
    async fn a_slot_that_is_lent_is_lent_again_when_it_is_free() {
        let mut harness = Harness::start(config(1, None));
        for _ in 0..2 {
            harness.submit("").await;
        }
        let wait = harness.engine.waits_for_person(TaskNo(1)).await;
        assert_eq!(harness.started().await, [1, 2]);
        drop(wait);
        harness.submit("").await;
        assert_eq!(harness.started().await, [0; 0], "the one that asked works again");
        let none = InForce { named: None, text: None };
        harness.engine.configure(config(3, None), none).await.unwrap();
        assert_eq!(harness.started().await, [3]);
        harness.end().await;
    }
}
