//! Waiting for the agent's end, and ending it with all it started.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use rustix::{
    event::PollFlags,
    io::Errno,
    process::{Signal, WaitOptions, WaitStatus, wait},
};

use crate::{
    descendants::{Descendant, descendants, remain_without_children, signal},
    input::Input,
    killing::{Killing, Next},
    lease::{Kept, Lease},
    pauses::Pauses,
    process::Process,
    record::EndedFor,
    signals::Signals,
    watch::Watch,
};

/// The time between two looks while processes have time to end. On Linux the tree's end always comes with a SIGCHLD: the last to end is
/// our child. Elsewhere, members of the group that are not our children end unseen.
const LOOK_EVERY: Duration =
    if cfg!(target_os = "linux") { Duration::MAX } else { Duration::from_millis(50) };

/// The shortest time until the next look at a pause of the agent's time that goes on.
const LOOK_AT_PAUSE: Duration = Duration::from_secs(1);

/// The longest time between two rounds of killing: each death that a round leads to starts another at once.
const KILL_EVERY: Duration = Duration::from_millis(20);

/// The end of the tree.
pub(crate) struct End {
    /// None if the agent could not be ended.
    pub(crate) status: Option<WaitStatus>,
    pub(crate) requested: bool,
    /// The reason for which it was ended without a request.
    pub(crate) ended_for: Option<EndedFor>,
    pub(crate) ended: u32,
    pub(crate) left: u32,
}

/// The phase of the tree's life.
#[derive(Clone, Copy)]
enum Phase {
    /// The agent runs.
    Running,
    /// Everything has been asked to end.
    Ending { until: Instant },
    /// Everything is being killed.
    Killing,
}

/// The longest times of the phases.
pub(crate) struct Limits {
    /// The agent's work.
    pub(crate) time: Option<Duration>,
    /// Its pauses, by which that is prolonged.
    pub(crate) paused: Duration,
    /// The time from the request to end to the kill.
    pub(crate) grace: Duration,
    /// The time from SIGTERM to the kill of the processes that it left behind.
    pub(crate) leftover_grace: Duration,
    /// The lease of the agent; none where it has none.
    pub(crate) lease: Option<Lease>,
}

/// Waits until the agent has exited and all that it started has ended, or could not be ended. `put_back` is called when the record of the run
/// is gone.
pub(crate) fn supervise(
    agent: Process,
    signals: &mut Signals,
    mut watch: Watch<'_>,
    mut input: Option<&mut Input>,
    limits: &Limits,
    put_back: impl Fn(),
) -> End {
    let mut tree =
        Tree { agent, status: None, signalled: HashSet::new(), killing: Killing::default(), ended_for: None };
    let began = Instant::now();
    let mut deadline = limits.time.map(|time| after(began, time));
    let mut lease = limits.lease.clone().map(Kept::of);
    let mut phase = Phase::Running;
    loop {
        let requested = signals.end_requested();
        let now = Instant::now();
        if tree.is_gone() {
            return tree.end(requested, &watch);
        }
        if matches!(phase, Phase::Running) && !requested && tree.status.is_none() {
            let found = watch.look(now);
            if found.no_record && found.end.is_none() {
                put_back();
            }
            if let Some(input) = &mut input {
                input.look(now);
            }
            if deadline.is_some_and(|until| now >= until) {
                deadline =
                    limits.time.map(|time| with_pauses(began, time, watch.pauses(), limits.paused, now));
            }
            tree.ended_for =
                found.end.or_else(|| deadline.filter(|until| now >= *until).map(|_| EndedFor::TimeLimit));
            if lease.as_mut().is_some_and(|lease| lease.is_over(now)) {
                tree.ended_for = tree.ended_for.or(Some(EndedFor::Lease));
            }
        }
        phase = match phase {
            // Much could be written in a long grace.
            Phase::Running if tree.ended_for == Some(EndedFor::Output) => {
                tree.ask_to_end(after(now, limits.grace.min(limits.leftover_grace)))
            }
            Phase::Running if requested || tree.ended_for.is_some() => {
                tree.ask_to_end(after(now, limits.grace))
            }
            Phase::Running if tree.status.is_some() => tree.ask_to_end(after(now, limits.leftover_grace)),
            Phase::Ending { until } if now >= until => Phase::Killing,
            unchanged => unchanged,
        };
        match phase {
            Phase::Running => {
                let input = input.as_deref();
                let looks = watch.next_look().into_iter().chain(input.and_then(|input| input.next_look(now)));
                let looks = looks.chain(lease.as_ref().map(Kept::next_look));
                let wake = deadline.into_iter().chain(looks).min();
                let changes = watch.waits_for().map(|fd| (fd, PollFlags::IN));
                let waits_for = input.into_iter().flat_map(|input| input.waits_for(now)).chain(changes);
                signals.sleep(waits_for, wake.map(|wake| wake.saturating_duration_since(now)));
            }
            Phase::Ending { until } => {
                tree.ask_orphans_to_end();
                signals.sleep([], Some(until.saturating_duration_since(now).min(LOOK_EVERY)));
            }
            Phase::Killing => match tree.kill(now) {
                Next::Look => {}
                Next::Wait => signals.sleep([], Some(KILL_EVERY)),
                Next::GiveUp => return tree.end(requested, &watch),
            },
        }
    }
}

/// The end of the agent's time, given its pauses, of which `most` counts. While one goes on, it is looked at again in a while.
fn with_pauses(began: Instant, time: Duration, pauses: Pauses, most: Duration, now: Instant) -> Instant {
    let believed = pauses.believed(now.saturating_duration_since(began), most);
    let until = after(began, time.saturating_add(believed));
    if pauses.since_ms.is_some() && until > now { until.max(now + LOOK_AT_PAUSE) } else { until }
}

/// A grace may be meant as "for ever", which the clock cannot hold.
fn after(now: Instant, grace: Duration) -> Instant {
    now.checked_add(grace).unwrap_or(now + Duration::from_secs(30 * 365 * 24 * 3600))
}

/// The agent and all it started.
struct Tree {
    agent: Process,
    status: Option<WaitStatus>,
    /// The processes that have been sent a signal to end.
    signalled: HashSet<Process>,
    killing: Killing,
    ended_for: Option<EndedFor>,
}

impl Tree {
    /// Reaps every child that has ended, the adopted ones included, and says whether that was all there is.
    fn is_gone(&mut self) -> bool {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if u32::try_from(pid.as_raw_pid()) == Ok(self.agent.pid) => {
                    self.status = Some(status);
                }
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return false,
                Err(_) => return !remain_without_children(self.agent),
            }
        }
    }

    /// SIGTERM to all, once.
    fn ask_to_end(&mut self, until: Instant) -> Phase {
        for Descendant { process, .. } in descendants(self.agent) {
            self.send_term(process);
        }
        Phase::Ending { until }
    }

    /// SIGTERM to those that have not had it and whose parent has died: they were forked while the others were being signalled. A process
    /// that a living one starts after its SIGTERM is part of its way of ending, such as a clean-up, and is left alone.
    fn ask_orphans_to_end(&mut self) {
        for Descendant { process, is_child } in descendants(self.agent) {
            if is_child && !self.signalled.contains(&process) {
                self.send_term(process);
            }
        }
    }

    /// SIGTERM, and SIGCONT: one that is stopped would not hear the first before it is killed.
    fn send_term(&mut self, process: Process) {
        self.send(process, Signal::TERM);
        self.send(process, Signal::CONT);
    }

    /// The next step of killing all.
    fn kill(&mut self, now: Instant) -> Next {
        let alive: Vec<Process> =
            descendants(self.agent).into_iter().map(|Descendant { process, .. }| process).collect();
        self.killing.round(&alive, now)
    }

    fn send(&mut self, process: Process, what: Signal) {
        if signal(process, what) {
            self.signalled.insert(process);
        }
    }

    fn end(mut self, requested: bool, watch: &Watch<'_>) -> End {
        let left = if self.is_gone() { Vec::new() } else { descendants(self.agent) };
        self.signalled.extend(self.killing.reached());
        for Descendant { process, .. } in &left {
            self.signalled.remove(process);
        }
        let count = |length| u32::try_from(length).unwrap_or(u32::MAX);
        // However quickly it came: the same work is judged alike each time.
        let too_much = || watch.reason().filter(|end| *end == EndedFor::Output && !requested);
        let ended_for = self.ended_for.or_else(too_much);
        End {
            status: self.status,
            requested,
            ended_for,
            ended: count(self.signalled.len()),
            left: count(left.len()),
        }
    }
}
