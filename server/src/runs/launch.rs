//! One launch of a task's agent, and what its directory tells of it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use aiwg_model::{Outcome, RunId, TaskNo, Used};
use aiwg_protocol::types::TaskState;
use aiwg_shim::{Abandon, Process, RunRecord};

use super::{Shared, found::look_for_person, work::COMPARED_WITHIN};
use crate::{
    beside::beside,
    engine::{Engine, EngineError},
};

/// Pause before something is tried again: what could not be stored, or was asked for in vain.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// One launch of a task: the number of a run.
#[derive(Clone, Copy)]
pub(super) struct Launch {
    pub(super) no: TaskNo,
    pub(super) launch: u32,
}

/// The end of an agent.
pub(super) enum End {
    Ended(Box<Outcome>),
    /// Lost, be it together with its shim. `started` tells whether there had been one at all.
    Lost {
        started: bool,
        /// Time for which it is not to be started again.
        rest: Option<Duration>,
        /// Its usage and cost until then.
        used: Box<Used>,
    },
    /// There was none, for a reason that is not the task's: which, and what to do about it.
    NotStarted(String),
}

impl End {
    /// The end of the task with this outcome.
    pub(super) fn of(outcome: Outcome) -> Self {
        Self::Ended(Box::new(outcome))
    }
}

impl Launch {
    /// The id of the run that its reports are about.
    pub(super) fn id(self) -> RunId {
        RunId { task: self.no, n: self.launch }
    }

    /// The record of the run, once its shim has written it. One that an earlier launch has left, or the original of a copied directory, is another's.
    pub(super) fn run(self, dir: &Path) -> Option<RunRecord> {
        aiwg_shim::read_run(dir).ok().flatten().filter(|run| run.launch == self.launch)
    }

    /// The agent's number, as its shim has it on record. An agent that writes there itself can name none but a child of its shim.
    pub(super) fn agent_of(self, shim: Process, dir: &Path) -> Option<u32> {
        let agent = self.run(dir)?.agent?;
        (agent.is_alive() && Process::parent_of(agent.pid) == Some(shim.pid)).then_some(agent.pid)
    }

    /// Asks the shim to end its agent: this one where it is known, or whoever holds the lock. Until it has taken the lock nobody can be asked:
    /// to be repeated. What is known comes first: its directory may be gone, or its file system not answer.
    pub(super) fn request_end(self, dir: &Path, known: Option<Process>) {
        let asked = match known.map(|shim| aiwg_shim::ask_to_end(&shim)) {
            Some(Ok(true)) => return,
            _ => aiwg_shim::request_end(dir),
        };
        if let Err(error) = asked {
            tracing::warn!(task = %self.no, %error, "the shim could not be asked to end its agent");
        }
    }

    /// Has the agent ended of which nobody knows any more how it is, and the task with it: its keeper has panicked.
    pub(super) async fn give_up(self, shared: &Shared, dir: PathBuf) {
        tracing::error!(task = %self.no, "keeping its agent has failed, so it is being ended");
        let end = move || {
            let is_there = matches!(aiwg_shim::abandon(&dir, self.launch), Ok(Abandon::StillRunning));
            if is_there {
                self.request_end(&dir, None);
            }
            is_there
        };
        while beside(end.clone()).await {
            tokio::time::sleep(RETRY).await;
        }
        let why = "aiwg itself failed while it kept this task's agent: please report it with what .aiwg/daemon/daemon.log says";
        let root = shared.context.project.root();
        self.report(shared, &End::of(Outcome::without_exit(TaskState::Failed, why)), (1, root)).await;
    }

    /// Tells the engine of its end, until it could store it. It has worked in `root`.
    pub(super) async fn report(self, shared: &Shared, end: &End, (most_attempts, root): (u32, &Path)) {
        let (engine, no, run) = (&shared.context.engine, self.no, self.id());
        // Whoever hears of its end on another host is to find all that it has written.
        if let Some(outputs) = &shared.context.outputs {
            outputs.carried(run).await;
        }
        loop {
            let told = match end {
                End::Ended(outcome) => engine.ended(run, Outcome::clone(outcome)).await,
                End::Lost { started, rest, used } => {
                    let used = Used::clone(used);
                    engine.interrupted(run, *started, most_attempts, rest.is_some(), used).await
                }
                End::NotStarted(_) => engine.not_started(run).await,
            };
            match told {
                Err(EngineError::Storage(_)) => tokio::time::sleep(RETRY).await,
                Err(EngineError::FilesUnseen { protect, .. }) => {
                    let project = &shared.context.project;
                    let found =
                        look_for_person(project, (run, root.to_owned()), protect, COMPARED_WITHIN).await;
                    if engine.note_found(run, found).await.is_err_and(|error| error.is_storage()) {
                        tokio::time::sleep(RETRY).await;
                    }
                }
                // As where other hosts have given this one up meanwhile.
                Err(error @ EngineError::RunIsOver(..)) => {
                    return tracing::warn!(task = %no, %error, "its end was not taken in");
                }
                Err(error) => return tracing::error!(task = %no, %error, "its end was not taken in"),
                Ok(()) => break,
            }
        }
        match end {
            End::NotStarted(why) => return shared.shortage.met(why),
            End::Lost { rest: Some(rest), .. } => self.rest(engine.clone(), *rest),
            _ => {}
        }
        // One whose agent was started has said so then: what there is enough of now, its end does not tell.
        if shared.context.running.pid(no).is_none() {
            shared.shortage.over();
        }
    }

    /// Has it start again after a while. The next daemon does not wait.
    fn rest(self, engine: Engine, rest: Duration) {
        tokio::spawn(async move {
            tokio::time::sleep(rest).await;
            while engine.rested(self.id()).await.is_err_and(|error| error.is_storage()) {
                tokio::time::sleep(RETRY).await;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_of_another_launch_is_not_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let me = aiwg_shim::Process::current();
        let record = RunRecord {
            task_id: "task-0001".to_owned(),
            launch: 1,
            boot_id: None,
            shim: me,
            agent: None,
            started_at_ms: None,
        };
        std::fs::write(dir.path().join(aiwg_shim::RUN_FILE), serde_json::to_vec(&record).unwrap()).unwrap();
        let run = |launch| Launch { no: TaskNo(1), launch }.run(dir.path());
        assert_eq!((run(1), run(2)), (Some(record), None));
    }
}
