//! The supervisor: carries out the engine's orders and tells it what came of them.
//!
//! Each agent runs under a shim (`aiwg-shim`), a small process of its own that outlives this daemon. What is known of a running agent
//! is in its run's directory, `actions/<task>/<n>/`: the shim's lock says that it is alive, `run.json` who it is, `exit.json` how
//! it ended. So a daemon that finds tasks running in the store at its start goes on with them exactly as the one before.

mod account;
mod agent;
mod bring;
mod check;
mod cost;
mod environment;
mod force;
mod found;
mod launch;
mod messages;
mod outcome;
mod overdue;
mod permissions;
mod prepare;
mod reset;
mod set_up;
mod shim;
mod shortage;
mod silence;
mod status;
mod travel;
mod trees;
mod work;

use std::{panic::AssertUnwindSafe, sync::Arc};

use aiwg_model::{RunRow, StopReason, TaskRow};
use aiwg_protocol::{
    config::{DaemonConfig, InterruptedTasks},
    types::TaskState,
};
use futures::FutureExt;
use tokio::{sync::mpsc, task::JoinSet, time::Instant};

use crate::{context::Context, engine::Order};
pub(crate) use account::account;
use agent::Agent;
pub(crate) use bring::{Wanted, apply, explained, wanted};
pub(crate) use environment::DEPTH_ENV;
pub use environment::{AGENT_ENV, TASK_ENV};
use force::end_unkept;
pub(crate) use force::{end_left_over, leave_agents};
pub(crate) use found::look_for_person;
pub(crate) use shortage::Shortage;
pub(crate) use status::Supervisor;
pub(crate) use travel::{bring_here, forget_sent};
pub(crate) use trees::{Place, in_words, keep_late, keep_now, leave_to_person};

/// The parts that every agent's keeper needs.
pub(crate) struct Shared {
    pub(crate) context: Arc<Context>,
    /// The shortage by which no agents can be started, if there is one.
    pub(crate) shortage: Shortage,
    /// Number of files that an agent may have open; none for as many as the daemon.
    pub(crate) open_files: Option<u64>,
}

/// Carries out orders until they end and no agent is left that it keeps.
pub(crate) async fn supervise(
    shared: Arc<Shared>,
    found: Vec<LeftRunning>,
    mut orders: mpsc::UnboundedReceiver<Order>,
) {
    // What was killed that kept something leaves it to this process, which can end it.
    if shared.context.host.is_own()
        && let Err(error) = aiwg_shim::take_in_orphans()
    {
        tracing::warn!(%error, "what a killed shim leaves cannot be taken in");
    }
    // Before the first agent wants it, and beside those who wait for an answer.
    tokio::task::spawn_blocking(shim::look_for_small);
    let began = Instant::now();
    let mut keepers = Keepers { shared, agents: JoinSet::new() };
    for found in found.into_iter().filter(|found| found.task.state == TaskState::Running) {
        let dir = keepers.shared.context.project.run_dir(found.task.run(), found.run.as_ref());
        keepers.keep(Agent::found(&found, dir), true, found.task.ending);
    }
    keepers.agents.spawn(end_unkept(Arc::clone(&keepers.shared), began));
    let (bring, to_bring) = mpsc::unbounded_channel();
    let again = bring.downgrade();
    keepers.agents.spawn(bring::bring_back(Arc::clone(&keepers.shared), to_bring, again));
    keepers.agents.spawn(travel::travel(Arc::clone(&keepers.shared)));
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Start(order)) => {
                    let task = keepers.shared.context.project.action_dir(order.no);
                    keepers.keep(Agent::ordered(*order, &task), false, None);
                }
                Some(Order::End(run, ending)) => keepers.shared.context.running.end(run, ending),
                Some(Order::Tell(run, message)) => keepers.shared.context.running.tell(run, message),
                Some(Order::Bring(run)) => drop(bring.send(run)),
                None => return,
            },
            Some(_) = keepers.agents.join_next() => {}
        }
    }
}

/// A task that an earlier daemon has left running.
pub(crate) struct LeftRunning {
    /// The task.
    pub(crate) task: TaskRow,
    /// Its run; none if its row cannot be read.
    pub(crate) run: Option<RunRow>,
    /// The part of its time limit that earlier runs have used up, in milliseconds.
    pub(crate) used_ms: u64,
}

/// Maximum number of starts of a task's agent, where each was lost.
pub(crate) fn most_attempts(daemon: &DaemonConfig) -> u32 {
    match daemon.interrupted_tasks {
        InterruptedTasks::Requeue => daemon.max_attempts,
        InterruptedTasks::Fail => 1,
    }
}

struct Keepers {
    shared: Arc<Shared>,
    agents: JoinSet<()>,
}

impl Keepers {
    fn keep(&mut self, agent: Agent, is_found: bool, ending: Option<StopReason>) {
        let (task, shared) = (agent.task(), Arc::clone(&self.shared));
        let dir = agent.dir().to_owned();
        let orders = shared.context.running.begin(task.id(), dir.clone(), is_found, ending);
        if let Some(outputs) = &shared.context.outputs {
            outputs.begin(task.id(), dir.clone(), is_found);
        }
        self.agents.spawn(async move {
            if AssertUnwindSafe(agent.keep(&shared, orders)).catch_unwind().await.is_err() {
                task.give_up(&shared, dir).await;
            }
            shared.context.running.finished(task.no, task.launch);
        });
    }
}
