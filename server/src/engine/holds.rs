//! Holds on queued tasks: placing and releasing them.

use aiwg_model::{Hold, RunId, TaskNo};
use aiwg_protocol::types::TaskState;

use super::{
    Engine, EngineError,
    call::Call,
    transaction::{Failure, Transaction},
};

impl Engine {
    /// Keeps a queued task from starting. False if it is not queued, or held by that already.
    ///
    /// # Errors
    /// There is no such task, or the database could not be written.
    pub async fn hold(&self, no: TaskNo, hold: Hold) -> Result<bool, EngineError> {
        self.call(Call::changing(move |tx| tx.hold(no, &hold))).await
    }

    /// Releases what is held by this, and gives the tasks that were, in the order of their numbers.
    ///
    /// # Errors
    /// The database could not be written.
    pub async fn release(&self, kind: &'static str, key: String) -> Result<Vec<TaskNo>, EngineError> {
        self.call(Call::changing(move |tx| tx.store.release(kind, &key))).await
    }

    /// A task whose agent was lost in this run, the last one so far, has rested for long enough. Nothing if it has been run again since.
    ///
    /// # Errors
    /// The database could not be written.
    pub async fn rested(&self, run: RunId) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.rested(run))).await
    }
}

impl Transaction<'_> {
    /// Keeps a queued task from starting. False if it is not queued, or held by that already.
    pub(super) fn hold(&mut self, no: TaskNo, hold: &Hold) -> Result<bool, Failure> {
        let state = self.store.task_state(no)?.ok_or(EngineError::TaskNotFound(no))?;
        Ok(state == TaskState::Queued && self.store.hold(no, hold)?)
    }

    fn rested(&mut self, run: RunId) -> aiwg_store::Result<()> {
        if self.store.task_if_readable(run.task)?.is_some_and(|task| task.launch == run.n) {
            self.store.release_one(run.task, Hold::REST, &Hold::rest().key)?;
        }
        Ok(())
    }

    /// Releases what is held until now at the latest.
    pub(super) fn release_due(&mut self) -> aiwg_store::Result<()> {
        for (no, hold) in self.store.release_due(self.now)? {
            tracing::info!(task = %no, kind = %hold.kind, "is no longer held");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aiwg_model::{InForce, Order, TaskSpec};
    use aiwg_protocol::types::Timestamp;
    use aiwg_store_sqlite::SqliteStore;
    use tokio::sync::{Notify, mpsc, watch};
    use tokio_util::sync::CancellationToken;

    use super::super::{self as engine, Due, EngineConfig, EngineSetup, fire_when_due, gathering};
    use super::*;
    use crate::{bus::Bus, health::Health};

    fn config(max_parallel: usize) -> EngineConfig {
        EngineConfig { max_parallel, max_task_depth: 8, ..EngineConfig::default() }
    }

    #[tokio::test]
    async fn a_task_starts_when_what_holds_it_is_over_or_released() {
        let dir = tempfile::tempdir().unwrap();
        let (next_due, due) = watch::channel(Due::default());
        let (send_orders, mut orders) = mpsc::unbounded_channel();
        let setup = EngineSetup {
            accounts: crate::accounts::Accounts::default(),
            store: Box::new(SqliteStore::open(&dir.path().join("db")).unwrap()),
            config: config(0),
            bus: Bus::new(0),
            orders: send_orders,
            health: Health::default(),
            grown: Arc::new(Notify::new()),
            messages: Arc::new(Notify::new()),
            next_due,
        };
        let (engine, thread) = engine::start(setup).unwrap();
        let stopped = CancellationToken::new();
        let (_, gathered) = gathering();
        let clock = tokio::spawn(fire_when_due(engine.clone(), due, gathered, stopped.clone()));
        let spec = || TaskSpec { prompt: "x".to_owned(), ..TaskSpec::default() };
        for _ in 0..2 {
            engine.submit(spec()).await.unwrap();
        }
        let until = Timestamp::from_millis(Timestamp::now().as_millis() + 50);
        let delay = Hold { kind: "delay".into(), key: String::new(), until: Some(until) };
        let approval = Hold { kind: "approval".into(), key: "a".to_owned(), until: None };
        assert!(engine.hold(TaskNo(1), delay).await.unwrap());
        assert!(engine.hold(TaskNo(2), approval).await.unwrap());
        engine.configure(config(2), InForce { named: None, text: None }).await.unwrap();
        let mut next = async || match orders.recv().await {
            Some(Order::Start(order)) => order.no,
            other => panic!("{other:?}"),
        };
        assert_eq!(next().await, TaskNo(1));
        assert!(Timestamp::now() >= until);
        assert_eq!(engine.release("approval", "b".to_owned()).await.unwrap(), []);
        assert_eq!(engine.release("approval", "a".to_owned()).await.unwrap(), [TaskNo(2)]);
        assert_eq!(next().await, TaskNo(2));
        stopped.cancel();
        clock.await.unwrap();
        engine.exit(false).await;
        thread.join().unwrap();
    }
}
