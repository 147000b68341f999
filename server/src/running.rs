//! The agents that are running, for those who ask, and for those who have one end.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aiwg_model::{Message, RunId, StopReason, TaskNo};
use aiwg_protocol::types::Timestamp;
use aiwg_shim::{Pauses, Process, Signal, write_pauses};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    time::Instant,
};

/// The running agents. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Running {
    kept: Arc<Mutex<HashMap<TaskNo, Kept>>>,
    count: Arc<watch::Sender<usize>>,
}

/// A running task, and the way to its keeper. The next launch of a task may be ordered while the keeper of the one before is still finishing: the
/// reports of a keeper count only for its own launch.
struct Kept {
    launch: u32,
    /// The directory of its run.
    dir: PathBuf,
    agent: Option<u32>,
    shim: Option<Process>,
    /// True if an earlier daemon has started its shim.
    is_found: bool,
    end: watch::Sender<Option<StopReason>>,
    messages: mpsc::UnboundedSender<Message>,
    /// True if its agent takes messages while it works.
    is_live: bool,
    /// True if it was seen to take none all the same.
    is_mute: bool,
    /// True if it has reported on one, be it its prompt.
    is_heard: watch::Sender<bool>,
    clock: Clock,
}

/// The orders to the keeper of a run.
pub(crate) struct KeeperOrders {
    /// The reason for which its agent is to end.
    pub(crate) end: watch::Receiver<Option<StopReason>>,
    /// The messages to its agent.
    pub(crate) messages: mpsc::UnboundedReceiver<Message>,
    /// True once its agent has reported on a message, be it its prompt.
    pub(crate) heard: watch::Receiver<bool>,
}

/// The clock of a run's time, which stands still while its agent waits for a person.
#[derive(Default)]
struct Clock {
    /// True if it is an earlier daemon's run, whose pauses so far are not known yet.
    is_unknown: bool,
    /// The number of the agent's calls that wait.
    waiting: usize,
    pauses: Pauses,
    /// The end of the last pause.
    ran_on: Option<Instant>,
    /// The pauses that were recorded last, or that it was tried with.
    recorded: Pauses,
    /// True while someone records them: one at a time, however often they change, since the run's directory may not answer.
    is_recording: bool,
}

/// The pauses of a run's time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Paused {
    /// The sum of all until now.
    pub(crate) total: Duration,
    /// True if its agent waits for a person now.
    pub(crate) is_waiting: bool,
    /// The end of the last one; now, if it goes on. None if there was none.
    pub(crate) ran_on: Option<Instant>,
}

/// A pause of a run's time, as long as this lives.
pub(crate) struct Pause {
    running: Running,
    run: RunId,
}

impl Drop for Pause {
    fn drop(&mut self) {
        self.running.change_clock(self.run, |clock| {
            clock.waiting = clock.waiting.saturating_sub(1);
            if clock.waiting == 0 {
                clock.pauses = Pauses { over_ms: millis(clock.pauses.total()), since_ms: None };
                clock.ran_on = Some(Instant::now());
            }
        });
    }
}

impl Kept {
    fn is_shim(&self, pid: u32) -> bool {
        self.shim.is_some_and(|shim| shim.pid == pid)
    }
}

impl Running {
    pub(crate) fn new() -> Self {
        Self { kept: Arc::default(), count: Arc::new(watch::Sender::new(0)) }
    }

    /// Keeps this run of a task, which has this directory, from here on. `is_found` is true if an earlier daemon has started its shim: until that is known, any process may
    /// be it.
    pub(crate) fn begin(
        &self,
        run: RunId,
        dir: PathBuf,
        is_found: bool,
        ending: Option<StopReason>,
    ) -> KeeperOrders {
        let (end, ended) = watch::channel(ending);
        let (tell, messages) = mpsc::unbounded_channel();
        let (is_heard, heard) = watch::channel(false);
        let one = Kept {
            launch: run.n,
            dir,
            agent: None,
            shim: None,
            is_found,
            end,
            messages: tell,
            is_live: false,
            is_mute: false,
            is_heard,
            clock: Clock { is_unknown: is_found, ..Clock::default() },
        };
        self.change(|kept| kept.insert(run.task, one));
        KeeperOrders { end: ended, messages, heard }
    }

    /// Notes that the agent of a run takes messages while it works.
    pub(crate) fn set_live(&self, run: RunId) {
        if let Some(one) = self.lock().get_mut(&run.task).filter(|one| one.launch == run.n) {
            one.is_live = true;
        }
    }

    /// Notes that the agent of a run takes no messages while it works, whatever it was started with.
    pub(crate) fn set_mute(&self, run: RunId) {
        if let Some(one) = self.lock().get_mut(&run.task).filter(|one| one.launch == run.n) {
            one.is_mute = true;
        }
    }

    /// Notes that the agent of a run has reported on a message, be it its prompt: it takes others.
    pub(crate) fn set_heard(&self, run: RunId) {
        if let Some(one) = self.lock().get_mut(&run.task).filter(|one| one.launch == run.n) {
            one.is_heard.send_replace(true);
        }
    }

    /// True if the agent of a task has reported on a message in this run.
    pub(crate) fn is_heard(&self, no: TaskNo) -> bool {
        self.lock().get(&no).is_some_and(|one| *one.is_heard.borrow())
    }

    /// True if the agent of a task takes messages while it works.
    pub(crate) fn is_live(&self, no: TaskNo) -> bool {
        self.lock().get(&no).is_some_and(|one| one.is_live && !one.is_mute)
    }

    /// Hands the keeper of a run a message to its agent, if there is one.
    pub(crate) fn tell(&self, run: RunId, message: Message) {
        if let Some(one) = self.lock().get(&run.task).filter(|one| one.launch == run.n) {
            // Its keeper may just have finished: the message waits in the store.
            let _ = one.messages.send(message);
        }
    }

    /// Ends the keeping of this launch of a task.
    pub(crate) fn finished(&self, no: TaskNo, launch: u32) {
        self.change(|kept| {
            if kept.get(&no).is_some_and(|one| one.launch == launch) {
                kept.remove(&no);
            }
        });
    }

    /// The processes of this launch, as far as they are known.
    pub(crate) fn set_processes(&self, no: TaskNo, launch: u32, shim: Option<Process>, agent: Option<u32>) {
        if let Some(one) = self.lock().get_mut(&no).filter(|one| one.launch == launch) {
            (one.shim, one.agent) = (shim, agent);
        }
    }

    /// Asks the keeper of a run to end its agent, if there is one.
    pub(crate) fn end(&self, run: RunId, ending: StopReason) {
        if let Some(one) = self.lock().get(&run.task).filter(|one| one.launch == run.n) {
            // Its keeper may just have finished.
            let _ = one.end.send(Some(ending));
        }
    }

    /// Stops the clock of a task's run while its agent waits for a person; none if no agent of it is kept.
    pub(crate) fn pause(&self, no: TaskNo) -> Option<Pause> {
        let run = RunId { task: no, n: self.launch(no)? };
        self.change_clock(run, |clock| {
            clock.waiting += 1;
            if clock.pauses.since_ms.is_none() {
                clock.pauses.since_ms = u64::try_from(Timestamp::now().as_millis()).ok();
            }
        });
        Some(Pause { running: self.clone(), run })
    }

    /// Goes on with the pauses that an earlier daemon has recorded for a run, by their sum: the one that was going on ends now.
    pub(crate) fn paused_before(&self, run: RunId, before: Duration) {
        self.change_clock(run, |clock| {
            clock.is_unknown = false;
            clock.pauses.over_ms = clock.pauses.over_ms.saturating_add(millis(before));
        });
    }

    /// The pauses of a run's time.
    pub(crate) fn paused(&self, run: RunId) -> Paused {
        let kept = self.lock();
        let Some(one) = kept.get(&run.task).filter(|one| one.launch == run.n) else {
            return Paused::default();
        };
        let (clock, is_waiting) = (&one.clock, one.clock.waiting > 0);
        let ran_on = if is_waiting { Some(Instant::now()) } else { clock.ran_on };
        Paused { total: clock.pauses.total(), is_waiting, ran_on }
    }

    /// Changes the clock of a run, and records its pauses for the shim and for a daemon to come.
    fn change_clock(&self, run: RunId, change: impl FnOnce(&mut Clock)) {
        let mut kept = self.lock();
        let Some(one) = kept.get_mut(&run.task).filter(|one| one.launch == run.n) else { return };
        change(&mut one.clock);
        // What is on record is to be read first.
        if one.clock.is_unknown || one.clock.is_recording {
            return;
        }
        // At the end of the daemon there is nobody to do it: the run's time goes on meanwhile.
        let Ok(runtime) = Handle::try_current() else { return };
        one.clock.is_recording = true;
        let (dir, running) = (one.dir.clone(), self.clone());
        drop(kept);
        runtime.spawn_blocking(move || {
            while let Some(pauses) = running.to_record(run) {
                if let Err(error) = write_pauses(&dir, pauses) {
                    tracing::warn!(task = %run.task, %error, "that its time does not run could not be recorded");
                }
            }
        });
    }

    /// The pauses of a run that its recorder has to record next; none if it is done.
    fn to_record(&self, run: RunId) -> Option<Pauses> {
        let mut kept = self.lock();
        let clock = &mut kept.get_mut(&run.task).filter(|one| one.launch == run.n)?.clock;
        clock.is_recording = clock.recorded != clock.pauses;
        clock.recorded = clock.pauses;
        clock.is_recording.then_some(clock.pauses)
    }

    /// The agent's process, if it runs and is known.
    pub(crate) fn pid(&self, no: TaskNo) -> Option<u32> {
        self.lock().get(&no)?.agent
    }

    /// The launch of a task whose agent is kept; none if it is not.
    pub(crate) fn launch(&self, no: TaskNo) -> Option<u32> {
        self.lock().get(&no).map(|one| one.launch)
    }

    /// The task whose shim or agent this process is.
    pub(crate) fn task_of(&self, pid: u32) -> Option<TaskNo> {
        let kept = self.lock();
        let found = kept.iter().find(|(_, one)| one.is_shim(pid) || one.agent == Some(pid));
        found.map(|(no, _)| *no)
    }

    /// True if this process may be the shim of a task that is kept: it is known as such, or calls itself one while there is one that is not
    /// known.
    pub(crate) fn may_be_shim(&self, pid: u32) -> bool {
        let kept = self.lock();
        let is_unknown = kept.values().any(|one| one.is_found && one.shim.is_none());
        kept.values().any(|one| one.is_shim(pid)) || (is_unknown && Process::is_shim(pid))
    }

    /// The shim of a task, as far as it is known.
    pub(crate) fn shim(&self, no: TaskNo) -> Option<Process> {
        self.lock().get(&no)?.shim
    }

    /// Continues all shims: their agents may have stopped them.
    pub(crate) fn wake_shims(&self) {
        for shim in self.lock().values().filter_map(|one| one.shim) {
            // It may just have ended.
            let _ = shim.signal(Signal::CONT);
        }
    }

    /// The tasks whose agents are kept, with the directories of their runs, in no order.
    pub(crate) fn dirs(&self) -> Vec<(TaskNo, PathBuf)> {
        self.lock().iter().map(|(no, one)| (*no, one.dir.clone())).collect()
    }

    /// The directory of the run of a task that is kept.
    pub(crate) fn dir(&self, task: TaskNo) -> Option<PathBuf> {
        self.lock().get(&task).map(|one| one.dir.clone())
    }

    /// The tasks whose agents are kept, in no order.
    pub(crate) fn tasks(&self) -> Vec<TaskNo> {
        self.lock().keys().copied().collect()
    }

    /// The number of agents that are kept.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Waits until no agent is left.
    pub(crate) async fn none_left(&self) {
        // The sender lives in `self`: it cannot be gone.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }

    fn change<T>(&self, change: impl FnOnce(&mut HashMap<TaskNo, Kept>) -> T) {
        let mut kept = self.lock();
        change(&mut kept);
        self.count.send_replace(kept.len());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TaskNo, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_clock_of_a_run_stands_still_while_any_of_its_calls_waits() {
        let (dir, running, no) = (tempfile::tempdir().unwrap(), Running::new(), TaskNo(1));
        assert!(running.pause(no).is_none());
        let run = RunId { task: no, n: 2 };
        let _end = running.begin(run, dir.path().to_owned(), NEW, None);
        running.paused_before(run, Duration::from_secs(60));
        assert_eq!(running.paused(run), Paused { total: Duration::from_secs(60), ..Paused::default() });
        let (first, second) = (running.pause(no), running.pause(no));
        drop(first);
        let open = running.paused(run);
        assert!(open.is_waiting && open.ran_on.is_some() && open.total >= Duration::from_secs(60));
        drop(second);
        let closed = running.paused(run);
        assert!(!closed.is_waiting && closed.total >= open.total, "{closed:?}");
        assert_eq!(running.paused(run), closed, "it runs again");
        assert_eq!(running.paused(RunId { n: 1, ..run }), Paused::default());
        // For the shim, and for the next daemon.
        let recorded = || aiwg_shim::read_pauses(dir.path()).unwrap();
        let all = Pauses { over_ms: millis(closed.total), since_ms: None };
        while recorded() != Some(all) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[test]
    fn however_often_a_run_pauses_one_thread_at_most_waits_for_its_directory() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .max_blocking_threads(1)
            .build()
            .unwrap();
        runtime.block_on(async {
            // The only thread has something else to do: what is to be recorded waits.
            let (free, busy) = std::sync::mpsc::channel::<()>();
            let other = tokio::task::spawn_blocking(move || busy.recv());
            let (dir, running, no) = (tempfile::tempdir().unwrap(), Running::new(), TaskNo(1));
            let run = RunId { task: no, n: 1 };
            let _orders = running.begin(run, dir.path().to_owned(), NEW, None);
            let before = Arc::strong_count(&running.kept);
            for _ in 0..100 {
                drop(running.pause(no));
            }
            running.paused_before(run, Duration::from_secs(60));
            assert_eq!(Arc::strong_count(&running.kept), before + 1, "each recorder has one");
            free.send(()).unwrap();
            other.await.unwrap().unwrap();
            // The latest is recorded, and then there is no recorder.
            while Arc::strong_count(&running.kept) > before {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let all = millis(running.paused(run).total);
            let recorded = aiwg_shim::read_pauses(dir.path()).unwrap();
            assert_eq!(recorded, Some(Pauses { over_ms: all, since_ms: None }));
            // The next change has one again.
            running.paused_before(run, Duration::from_secs(60));
            while aiwg_shim::read_pauses(dir.path()).unwrap() == recorded {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
    }

    const NEW: bool = false;
    const SHIM: Option<Process> = Some(Process { pid: 10, start_time: 1 });

    fn begin(running: &Running, task: TaskNo, n: u32, is_found: bool) -> KeeperOrders {
        running.begin(RunId { task, n }, format!("{task}/{n}").into(), is_found, None)
    }

    #[test]
    fn only_what_is_known_is_a_shim_unless_one_is_not() {
        let running = Running::new();
        let _new = begin(&running, TaskNo(1), 1, NEW);
        running.set_processes(TaskNo(1), 1, SHIM, None);
        assert!(running.may_be_shim(10) && !running.may_be_shim(11));
        let _found = begin(&running, TaskNo(2), 1, true);
        running.set_processes(TaskNo(2), 1, Some(Process { pid: 20, start_time: 1 }), None);
        assert!(running.may_be_shim(20) && !running.may_be_shim(std::process::id()));
        let _unknown = begin(&running, TaskNo(3), 1, true);
        // This test is no shim.
        assert!(!running.may_be_shim(std::process::id()));
    }

    #[test]
    fn the_end_of_one_launch_says_nothing_about_the_next() {
        let (running, no) = (Running::new(), TaskNo(1));
        let _first = begin(&running, no, 1, NEW);
        running.set_processes(no, 1, SHIM, Some(11));
        // Ordered before the keeper of the first has come to its end.
        let second = begin(&running, no, 2, NEW);
        running.finished(no, 1);
        running.set_processes(no, 1, SHIM, Some(11));
        assert_eq!((running.count(), running.launch(no), running.pid(no)), (1, Some(2), None));
        let end = |n| running.end(RunId { task: no, n }, StopReason::Cancel);
        end(1);
        assert_eq!(*second.end.borrow(), None);
        end(2);
        assert_eq!(*second.end.borrow(), Some(StopReason::Cancel));
        running.finished(no, 2);
        assert_eq!(running.count(), 0);
    }

    #[test]
    fn a_task_is_known_by_its_shim_and_by_its_agent() {
        let running = Running::new();
        let _end = begin(&running, TaskNo(3), 1, NEW);
        running.set_processes(TaskNo(3), 1, SHIM, Some(11));
        assert_eq!((running.task_of(10), running.task_of(11)), (Some(TaskNo(3)), Some(TaskNo(3))));
        assert_eq!(running.task_of(12), None);
        assert_eq!(running.tasks(), [TaskNo(3)]);
        assert_eq!(running.dirs(), [(TaskNo(3), "task-0003/1".into())]);
    }

    #[test]
    fn a_message_reaches_the_keeper_of_its_run_alone() {
        let (running, task) = (Running::new(), TaskNo(1));
        let mut first = begin(&running, task, 1, NEW);
        let message = Message { n: 1, text: "x".to_owned() };
        running.set_live(RunId { task, n: 2 });
        running.tell(RunId { task, n: 2 }, message.clone());
        assert!(first.messages.try_recv().is_err() && !running.is_live(task));
        running.set_live(RunId { task, n: 1 });
        running.tell(RunId { task, n: 1 }, message.clone());
        assert!(running.is_live(task));
        assert_eq!(first.messages.try_recv(), Ok(message));
        let _second = begin(&running, task, 2, NEW);
        assert!(!running.is_live(task));
    }
}
