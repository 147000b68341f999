//! The walk: look after look, each at all tasks and events that the one before has named.

use std::collections::{BTreeMap, BTreeSet};

use aiwg_model::{
    ApprovalNo, ApprovalRow, Follow, MatchDecision, RuleRevision, RunRow, TaskNo, Trace, TracedEvent,
    TracedTask,
};
use aiwg_protocol::types::{Cause, Origin, TaskState};
use aiwg_store::Reader;

use super::{Asked, MOST_NODES, text::from_task};
use crate::waits::{Now, WaitsFor};

/// The least length of a node besides its texts, in bytes.
const NODE_BYTES: usize = 60;

/// The number of links of a chain that are looked at together, and of chains that are followed in this way at once.
const LINKS: u32 = 256;
const CHAINS: usize = 4;

/// The most tasks, and the most events, that are looked at together: what a look finds beyond the bounds of an answer is read in vain.
const AT_ONCE: usize = 512;

/// The most tasks whose waits are looked at, the latest ones, and the most waits of one that are shown.
const WAITING: usize = 100;
const WAITS: usize = 20;

/// The records that were found: the larger ones in boxes, since a map moves what it holds.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) tasks: BTreeMap<TaskNo, Box<TracedTask>>,
    pub(super) events: BTreeMap<u64, Box<TracedEvent>>,
    pub(super) runs: BTreeMap<(TaskNo, u32), Box<RunRow>>,
    /// By event and rule.
    pub(super) decisions: BTreeMap<(u64, String), MatchDecision>,
    pub(super) origins: BTreeMap<u64, Origin>,
    pub(super) revisions: BTreeMap<u64, RuleRevision>,
    /// The matches that wait, by event and rule.
    pub(super) waiting: BTreeSet<(u64, String)>,
    /// The approvals that the tasks have asked for.
    pub(super) approvals: BTreeMap<ApprovalNo, ApprovalRow>,
    /// The waits of these tasks.
    pub(super) waits: BTreeMap<TaskNo, Vec<WaitsFor>>,
    /// True if there is more.
    pub(super) cut: bool,
    nodes: usize,
    bytes: usize,
    seen: Names,
    next: Names,
}

/// Tasks and events by their numbers.
#[derive(Default)]
struct Names {
    tasks: BTreeSet<TaskNo>,
    events: BTreeSet<u64>,
}

/// Takes some of these out: those that are likely to be nearest to the one that was asked about.
fn some<T: Ord + Copy>(named: &mut BTreeSet<T>, follow: Follow) -> Vec<T> {
    let mut taken: Vec<T> = match follow {
        Follow::Causes => named.iter().rev().take(AT_ONCE).copied().collect(),
        Follow::Effects => named.iter().take(AT_ONCE).copied().collect(),
    };
    for one in &taken {
        named.remove(one);
    }
    taken.sort_unstable();
    taken
}

/// The task of a cause.
pub(super) fn task_of(cause: Option<&Cause>) -> Option<TaskNo> {
    cause?.task.as_ref()?.parse().ok()
}

impl Walk {
    /// Walks until nothing is named that was not looked at, or about so many bytes are found. None if there is no such task or event.
    pub(super) fn from(
        reader: &dyn Reader,
        asked: Asked,
        follow: Follow,
        bytes: usize,
    ) -> aiwg_store::Result<Option<Self>> {
        let mut walk = Self::default();
        match asked {
            Asked::Task(no) => walk.name_task(no),
            Asked::Event(seq) => walk.name_event(seq),
        }
        let mut is_first = true;
        while !walk.next.tasks.is_empty() || !walk.next.events.is_empty() {
            walk.cut |= walk.nodes >= MOST_NODES || walk.bytes >= bytes;
            if walk.cut {
                break;
            }
            walk.name_chains(reader, follow, bytes)?;
            walk.look(reader, follow)?;
            if std::mem::take(&mut is_first) && !walk.has(asked) {
                return Ok(None);
            }
        }
        walk.look_at_waiting(reader, asked, follow)?;
        Ok(Some(walk))
    }

    fn has(&self, asked: Asked) -> bool {
        match asked {
            Asked::Task(no) => self.tasks.contains_key(&no),
            Asked::Event(seq) => self.events.contains_key(&seq),
        }
    }

    fn name_task(&mut self, no: TaskNo) {
        if self.seen.tasks.insert(no) {
            self.next.tasks.insert(no);
        }
    }

    fn name_event(&mut self, seq: u64) {
        if self.seen.events.insert(seq) {
            self.next.events.insert(seq);
        }
    }

    /// Names many links of a long chain at once, so that they are not looked at one by one.
    fn name_chains(&mut self, reader: &dyn Reader, follow: Follow, bytes: usize) -> aiwg_store::Result<()> {
        let most = u32::try_from(bytes / NODE_BYTES).unwrap_or(u32::MAX).clamp(1, LINKS);
        for no in self.next.tasks.iter().rev().take(CHAINS).copied().collect::<Vec<_>>() {
            reader.chain(no, follow, most)?.into_iter().for_each(|no| self.name_task(no));
        }
        Ok(())
    }

    fn look(&mut self, reader: &dyn Reader, follow: Follow) -> aiwg_store::Result<()> {
        let (tasks, events) = (some(&mut self.next.tasks, follow), some(&mut self.next.events, follow));
        let trace = reader.trace(&tasks, &events, follow)?;
        match follow {
            Follow::Causes => self.name_causes(&trace),
            Follow::Effects => self.name_effects(&trace),
        }
        self.take(trace);
        Ok(())
    }

    fn name_causes(&mut self, trace: &Trace) {
        for task in &trace.tasks {
            task.retry_of.into_iter().chain(task.in_vain_for).for_each(|no| self.name_task(no));
            if task.rule.is_some() {
                task.cause
                    .as_ref()
                    .and_then(|cause| cause.event)
                    .into_iter()
                    .for_each(|seq| self.name_event(seq));
            } else {
                task_of(task.cause.as_ref()).into_iter().for_each(|no| self.name_task(no));
            }
        }
        // The events that went into these tasks with others.
        let gathered =
            trace.decisions.iter().filter(|made| made.task.is_some_and(|no| self.seen.tasks.contains(&no)));
        gathered.map(|made| made.event).collect::<Vec<_>>().into_iter().for_each(|seq| self.name_event(seq));
        trace.emitted.iter().for_each(|seq| self.name_event(*seq));
        for event in &trace.events {
            from_task(event).into_iter().for_each(|no| self.name_task(no));
            task_of(event.cause.as_ref()).into_iter().for_each(|no| self.name_task(no));
        }
    }

    fn name_effects(&mut self, trace: &Trace) {
        trace.made.iter().chain(&trace.submitted).for_each(|no| self.name_task(*no));
        trace.emitted.iter().for_each(|seq| self.name_event(*seq));
        trace.tasks.iter().filter_map(|task| task.retried_as).for_each(|no| self.name_task(no));
        let gathered = trace.decisions.iter().filter(|made| self.seen.events.contains(&made.event));
        let into: Vec<TaskNo> = gathered.filter_map(|made| made.task).collect();
        into.into_iter().for_each(|no| self.name_task(no));
    }

    fn take(&mut self, trace: Trace) {
        self.cut |= trace.is_cut;
        let texts =
            |texts: &[Option<&String>]| -> usize { texts.iter().flatten().map(|text| text.len()).sum() };
        for task in trace.tasks {
            let has_rule = usize::from(task.rule.is_some());
            self.count(
                1 + has_rule,
                texts(&[
                    Some(&task.prompt),
                    task.error.as_ref(),
                    task.rule.as_ref(),
                    task.finished_by.as_ref(),
                ]),
            );
            self.tasks.insert(task.no, Box::new(task));
        }
        for event in trace.events {
            self.count(1, texts(&[Some(&event.topic), Some(&event.payload)]));
            self.events.insert(event.seq, Box::new(event));
        }
        for run in trace.runs {
            self.count(1, 0);
            self.runs.insert((run.id.task, run.id.n), Box::new(run));
        }
        for approval in trace.approvals {
            self.count(1, texts(&[Some(&approval.asked.summary)]));
            self.approvals.insert(approval.no, approval);
        }
        for made in trace.decisions {
            self.count(usize::from(made.task.is_none()), texts(&[made.reason.as_ref()]));
            self.decisions.insert((made.event, made.rule.clone()), made);
        }
        for (id, origin) in trace.origins {
            self.count(1, NODE_BYTES);
            self.origins.insert(id, origin);
        }
        for revision in trace.revisions {
            let bytes = revision.definition.as_str().len();
            if self.revisions.insert(revision.id, revision).is_none() {
                self.count(0, bytes);
            }
        }
    }

    fn count(&mut self, nodes: usize, bytes: usize) {
        self.nodes += nodes;
        self.bytes += nodes * NODE_BYTES + bytes;
    }

    /// Looks at what the tasks wait for that were found: those that are queued, and those that run and whose agents wait for others.
    pub(super) fn look_at_waits(&mut self, reader: &dyn Reader, now: &Now<'_>) -> aiwg_store::Result<()> {
        let waits = |task: &TracedTask| match task.state {
            TaskState::Queued => true,
            TaskState::Running => now.waits.iter().any(|(by, _)| *by == task.no),
            _ => false,
        };
        for task in self.tasks.values().rev().filter(|task| waits(task)).take(WAITING) {
            let Some(row) = reader.task(task.no)? else { continue };
            let mut waits = WaitsFor::all(reader, now, &row)?;
            waits.truncate(WAITS);
            self.waits.insert(task.no, waits);
        }
        Ok(())
    }

    /// The rules that still wait with events: of those that are followed, or of the one that was asked about.
    fn look_at_waiting(
        &mut self,
        reader: &dyn Reader,
        asked: Asked,
        follow: Follow,
    ) -> aiwg_store::Result<()> {
        let events: Vec<u64> = match (follow, asked) {
            (Follow::Effects, _) => self.events.keys().copied().collect(),
            (Follow::Causes, Asked::Event(seq)) => vec![seq],
            (Follow::Causes, Asked::Task(_)) => Vec::new(),
        };
        if !events.is_empty() {
            let waiting = reader.waiting_matches(&events)?;
            self.waiting = waiting.into_iter().map(|(rule, seq)| (seq, rule)).collect();
        }
        Ok(())
    }
}
