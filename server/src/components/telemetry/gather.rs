//! Gathers what the metrics say.

use std::sync::Arc;

use aiwg_model::{AgentSum, Hold, QueuedCount};
use aiwg_protocol::{
    ApiError,
    types::{BudgetBound, DaemonStatus, Waiting},
};

use super::process::Process;
use crate::{
    component::Components,
    context::Context,
    engine::{Engine, budget_status, lane_of},
    status::status,
    telemetry::{Counts, SpanCounts},
};

/// Maximum number of running tasks that are counted by lane.
const MOST_RUNNING: u32 = 10_000;

/// What a queued task waits for that could start.
const SLOT: &str = "slot";

/// All that the metrics say.
pub(super) struct Gathered {
    /// The status.
    pub(super) status: DaemonStatus,
    /// What the engine has counted since the start.
    pub(super) counts: Counts,
    /// Queued tasks by lane, what they wait for, and their number.
    pub(super) queued: Vec<(String, &'static str, u64)>,
    /// The lane of each running task.
    pub(super) running: Vec<String>,
    /// Ends of tasks by reason.
    pub(super) ends: Vec<(String, u64)>,
    /// The usage by rule and agent.
    pub(super) sums: Vec<AgentSum>,
    /// The budgets' bounds.
    pub(super) bounds: Vec<BudgetBound>,
    /// The rules that have tripped.
    pub(super) tripped: Vec<String>,
    /// Messages that wait, by platform.
    pub(super) messages: Vec<(String, u64)>,
    /// Size of the store, in bytes.
    pub(super) store_bytes: u64,
    /// What has become of spans.
    pub(super) spans: SpanCounts,
    /// The process.
    pub(super) process: Process,
}

/// Gathers it.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn gather(context: &Arc<Context>, components: &Components) -> Result<Gathered, ApiError> {
    let status = status(context, components).await?;
    let asked = Arc::clone(context);
    context
        .read(move |reader| {
            let config = &asked.settings.get().config;
            let bounds = match config.budget.is_set() {
                true => budget_status(config, reader, asked.engine.now())?.bounds,
                false => Vec::new(),
            };
            let running = reader.running(MOST_RUNNING)?.into_iter();
            let waits =
                |of: QueuedCount| (lane_of(&of.class).to_owned(), waiting(&asked.engine, &of), of.count);
            let messages = reader.message_counts()?.into_iter();
            let rules = asked.automation_in(reader)?.rules;
            let mut counts = asked.engine.counts();
            counts.know(
                rules.iter().map(|state| state.rule.id.as_str()),
                status.subsystems.messaging.platforms.iter().map(|of| of.name.as_str()),
            );
            Ok(Gathered {
                counts,
                queued: reader.queued_by_class()?.into_iter().map(waits).collect(),
                running: running.map(|row| row.spec.lane.unwrap_or_default()).collect(),
                ends: reader.stats()?.reasons.into_iter().collect(),
                sums: reader.agent_sums()?,
                bounds,
                tripped: rules
                    .into_iter()
                    .filter(|state| state.tripped_at.is_some())
                    .map(|state| state.rule.id)
                    .collect(),
                messages: messages.map(|of| (of.platform, of.waiting)).collect(),
                store_bytes: reader.size()?,
                spans: asked.engine.spans().counts(),
                process: Process::own(),
                status,
            })
        })
        .await
}

/// What queued tasks wait for, as a name.
fn waiting(engine: &Engine, of: &QueuedCount) -> &'static str {
    let held = |kind: &String| Hold { kind: kind.clone().into(), key: String::new(), until: None }.waiting();
    let waits = of.hold.as_ref().map(held).or_else(|| Some(engine.gate(&of.class)?.waiting));
    waits.map_or(SLOT, Waiting::name)
}
