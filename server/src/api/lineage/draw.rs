//! The nodes of an answer, made of the records that were found.

use std::collections::{BTreeSet, HashMap, HashSet};

use aiwg_model::{
    ApprovalRow, EndReason, Follow, HostRow, RunRow, TaskNo, TracedEvent, TracedTask, whole_usd,
};
use aiwg_protocol::{
    config::AgentConfig,
    types::{EventSource, Timestamp, Why, WhyKind, WhyNode},
};

use super::{
    Asked,
    bounds::{Bounded, bounded},
    event_id,
    text::{about_approval, decider, from_task, of_approval, of_event, of_origin, of_source, says_more},
    walk::{Walk, task_of},
};

/// The largest definition of a rule that is in an answer, in bytes.
const LARGEST_DEFINITION: usize = 64 << 10;

/// The answer, whose nodes have so many bytes as JSON at the most, and how many they have.
pub(super) fn drawn(walk: &Walk, asked: Asked, follow: Follow, bytes: usize) -> (Why, usize) {
    let mut gathered: HashMap<TaskNo, Vec<u64>> = HashMap::new();
    for made in walk.decisions.values() {
        made.task.into_iter().for_each(|no| gathered.entry(no).or_default().push(made.event));
    }
    // A task has a node of its rule as well. A node is large: to make room for them again and again would cost more than to draw them.
    let most = walk.events.len() + 2 * walk.tasks.len() + walk.runs.len() + walk.approvals.len();
    let nodes = Vec::with_capacity(most + walk.decisions.len() + walk.origins.len());
    let mut drawing = Drawing { walk, follow, gathered, nodes, shown: HashSet::new() };
    walk.events.values().for_each(|event| drawing.event(event));
    walk.tasks.values().for_each(|task| drawing.task(task));
    walk.runs.values().for_each(|run| drawing.nodes.push(run_node(run)));
    walk.approvals.values().for_each(|approval| drawing.nodes.push(approval_node(approval)));
    drawing.waits();
    drawing.refusals();
    let mut nodes = drawing.nodes;
    if follow == Follow::Effects {
        leave_out_what_led_to_nothing(&mut nodes, walk, asked);
    }
    let Bounded { nodes, is_cut, bytes } = bounded(in_order(nodes), &asked.id(), bytes);
    (Why { asked: asked.id(), nodes, cut: walk.cut || is_cut }, bytes)
}

struct Drawing<'a> {
    walk: &'a Walk,
    follow: Follow,
    /// The events that went into each task with others.
    gathered: HashMap<TaskNo, Vec<u64>>,
    nodes: Vec<WhyNode>,
    /// The ids of origins and the numbers of revisions that have a node, or are in one.
    shown: HashSet<String>,
}

fn node(kind: WhyKind, id: String, causes: Vec<String>, at: Option<Timestamp>, text: String) -> WhyNode {
    WhyNode {
        id,
        kind,
        causes,
        at,
        until: None,
        text,
        state: None,
        reason: None,
        error: None,
        profile: None,
        host: None,
        finished_by: None,
        cost_usd: None,
        rule: None,
        revision: None,
        definition: None,
        origin: None,
    }
}

impl Drawing<'_> {
    fn event(&mut self, event: &TracedEvent) {
        let causes = match task_of(event.cause.as_ref()) {
            Some(no) => {
                let about = self.decided(event).or_else(|| self.known(no));
                let from = from_task(event).and_then(|no| self.known(no));
                about.into_iter().chain(from).chain(self.origin(event.origin)).collect()
            }
            None => self.origin(event.origin).or_else(|| self.source(event)).into_iter().collect(),
        };
        self.nodes.push(node(WhyKind::Event, event_id(event.seq), causes, Some(event.at), of_event(event)));
    }

    /// The id of the node of the approval that an event is about.
    fn decided(&self, event: &TracedEvent) -> Option<String> {
        let no = about_approval(event)?;
        self.walk.approvals.contains_key(&no).then(|| no.to_string())
    }

    /// The id of a task's node, if it has one.
    fn known(&self, no: TaskNo) -> Option<String> {
        self.walk.tasks.contains_key(&no).then(|| no.to_string())
    }

    fn task(&mut self, task: &TracedTask) {
        let first = task.retry_of.and_then(|no| self.walk.tasks.get(&no));
        let mut causes = Vec::new();
        if let Some(first) = first {
            causes.push(first.no.to_string());
            // An agent that had it carried out again.
            let (again, before) = (task_of(task.cause.as_ref()), task_of(first.cause.as_ref()));
            causes.extend(again.filter(|_| again != before).and_then(|no| self.known(no)));
        } else if let Some(rule) = &task.rule {
            causes.push(self.rule(task, rule));
        } else {
            causes.extend(task_of(task.cause.as_ref()).and_then(|no| self.known(no)));
        }
        causes.extend(self.origin(task.origin));
        causes.extend(task.in_vain_for.and_then(|no| self.known(no)));
        let text = if first.is_some() { format!("again: {}", task.prompt) } else { task.prompt.clone() };
        self.nodes.push(WhyNode {
            until: task.completed_at,
            state: Some(task.state),
            reason: task.reason.as_ref().map(|reason| reason.name().to_owned()),
            error: task.error.clone(),
            finished_by: task.finished_by.clone(),
            cost_usd: task.cost_usd.map(whole_usd),
            ..node(WhyKind::Task, task.no.to_string(), causes, Some(task.created_at), text)
        });
    }

    /// Adds the rule that made a task, and gives the id of its node.
    fn rule(&mut self, task: &TracedTask, rule: &str) -> String {
        let id = format!("{}/rule", task.no);
        let last = task.cause.as_ref().and_then(|cause| cause.event);
        let gathered = self.gathered.get(&task.no).into_iter().flatten().copied();
        let events = last.into_iter().chain(gathered);
        let causes = events.filter(|seq| self.walk.events.contains_key(seq)).map(event_id).collect();
        let revision = task.revision.and_then(|id| self.walk.revisions.get(&id));
        let definition = revision.filter(|revision| {
            revision.definition.as_str().len() <= LARGEST_DEFINITION
                && self.shown.insert(format!("revision-{}", revision.id))
        });
        self.nodes.push(WhyNode {
            rule: Some(rule.to_owned()),
            revision: revision.map(|revision| revision.n),
            definition: definition.map(|revision| revision.definition.clone()),
            ..node(WhyKind::Rule, id.clone(), causes, Some(task.created_at), rule.to_owned())
        });
        id
    }

    /// The id of the node of a sender, which is added with the first of what came from there.
    fn origin(&mut self, id: Option<u64>) -> Option<String> {
        let origin = self.walk.origins.get(&id?).filter(|_| self.follow == Follow::Causes)?;
        let id = format!("origin-{}", id?);
        if self.shown.insert(id.clone()) {
            let text = of_origin(origin);
            let origin = Some(Box::new(origin.clone()));
            self.nodes.push(WhyNode { origin, ..node(WhyKind::Origin, id.clone(), Vec::new(), None, text) });
        }
        Some(id)
    }

    /// The id of the node of what came from outside with an event, be it a change of a file or a schedule.
    fn source(&mut self, event: &TracedEvent) -> Option<String> {
        if self.follow == Follow::Effects {
            return None;
        }
        let id = format!("{}/origin", event_id(event.seq));
        self.nodes.push(node(WhyKind::Origin, id.clone(), Vec::new(), Some(event.at), of_source(event)));
        Some(id)
    }

    /// The waits of queued tasks, and of the agents of running ones.
    fn waits(&mut self) {
        for (no, waits) in &self.walk.waits {
            for (n, wait) in waits.iter().enumerate() {
                let (id, causes) = (format!("{no}/wait-{}", n + 1), vec![no.to_string()]);
                self.nodes.push(WhyNode {
                    until: wait.until,
                    reason: Some(wait.reason().to_owned()),
                    ..node(WhyKind::Wait, id, causes, None, wait.to_string())
                });
            }
        }
    }

    /// The matches that came to nothing, and those that wait.
    fn refusals(&mut self) {
        let walk = self.walk;
        let known = |seq: &u64| walk.events.contains_key(seq);
        let refused = walk.decisions.values().filter(|made| made.task.is_none() && known(&made.event));
        for made in refused {
            let (id, causes) =
                (format!("{}/rule-{}", event_id(made.event), made.rule), vec![event_id(made.event)]);
            let text = made.reason.clone().unwrap_or_default();
            self.nodes.push(WhyNode {
                rule: Some(made.rule.clone()),
                reason: Some(made.decision.clone().into_owned()),
                ..node(WhyKind::Refusal, id, causes, Some(made.at), text)
            });
        }
        for (seq, rule) in walk.waiting.iter().filter(|(seq, _)| known(seq)) {
            let (id, causes) = (format!("{}/rule-{rule}", event_id(*seq)), vec![event_id(*seq)]);
            let at = walk.events.get(seq).map(|event| event.at);
            self.nodes.push(WhyNode {
                rule: Some(rule.clone()),
                reason: Some("waiting".to_owned()),
                ..node(WhyKind::Rule, id, causes, at, rule.clone())
            });
        }
    }
}

fn approval_node(approval: &ApprovalRow) -> WhyNode {
    let decision = approval.decision.as_ref();
    WhyNode {
        until: decision.map(|decision| decision.at),
        reason: Some(approval.state.name().to_owned()),
        origin: decision.map(|decision| Box::new(decider(&decision.by))),
        ..node(
            WhyKind::Approval,
            approval.no.to_string(),
            vec![approval.asked.task.to_string()],
            Some(approval.requested_at),
            of_approval(approval),
        )
    }
}

fn run_node(run: &RunRow) -> WhyNode {
    let (task, id) = (run.id.task, format!("{}/run-{}", run.id.task, run.id.n));
    // A check is no agent, whichever profile's environment it has.
    let profile = (run.kind == RunRow::AGENT)
        .then(|| run.profile.clone().unwrap_or_else(|| AgentConfig::NAME.to_owned()));
    WhyNode {
        profile,
        host: run.host.as_deref().map(|host| HostRow::id_in(host).to_owned()),
        until: run.ended_at,
        reason: run.reason.as_ref().map(EndReason::name).map(str::to_owned),
        cost_usd: run.usage.as_ref().and_then(|usage| usage.cost_usd),
        ..node(WhyKind::Run, id, vec![task.to_string()], Some(run.started_at), run.kind.to_string())
    }
}

/// Leaves out the events about tasks that led to nothing: each task has several, and its own node says as much.
fn leave_out_what_led_to_nothing(nodes: &mut Vec<WhyNode>, walk: &Walk, asked: Asked) {
    let leading: HashSet<String> = nodes.iter().flat_map(|node| node.causes.clone()).collect();
    let about_tasks =
        walk.events.values().filter(|event| event.source == EventSource::Supervisor && !says_more(event));
    let idle: HashSet<String> =
        about_tasks.map(|event| event_id(event.seq)).filter(|id| !leading.contains(id)).collect();
    let asked = asked.id();
    nodes.retain(|node| node.id == asked || !idle.contains(&node.id));
}

/// The nodes, each after those that it came of; else in the order of their times. What damaged records say of circles is left out.
fn in_order(nodes: Vec<WhyNode>) -> Vec<WhyNode> {
    // Their places are sorted, since they are large themselves.
    let mut by_time: Vec<usize> = (0..nodes.len()).collect();
    by_time.sort_by_key(|at| nodes.get(*at).map(|node| node.at));
    let in_time = || by_time.iter().filter_map(|at| nodes.get(*at)).enumerate();
    let places: HashMap<&str, usize> = in_time().map(|(at, node)| (node.id.as_str(), at)).collect();
    let mut is_whole = true;
    let mut effects: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut open: Vec<usize> = vec![0; nodes.len()];
    for (at, node) in in_time() {
        for cause in &node.causes {
            let cause = places.get(cause.as_str()).and_then(|cause| effects.get_mut(*cause));
            match (cause, open.get_mut(at)) {
                (Some(effects), Some(open)) => {
                    effects.push(at);
                    *open += 1;
                }
                _ => is_whole = false,
            }
        }
    }
    drop(places);
    let mut ready: BTreeSet<usize> = (0..nodes.len()).filter(|at| open.get(*at) == Some(&0)).collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(at) = ready.pop_first() {
        order.push(at);
        for effect in effects.get(at).into_iter().flatten() {
            if let Some(open) = open.get_mut(*effect) {
                *open -= 1;
                if *open == 0 {
                    ready.insert(*effect);
                }
            }
        }
    }
    is_whole &= order.len() == nodes.len();
    let mut ordered: Vec<WhyNode> = Vec::with_capacity(nodes.len());
    let mut nodes: Vec<Option<WhyNode>> = nodes.into_iter().map(Some).collect();
    let mut taken = |at: usize| nodes.get_mut(*by_time.get(at)?)?.take();
    ordered.extend(order.into_iter().filter_map(&mut taken));
    ordered.extend((0..by_time.len()).filter_map(taken));
    if !is_whole {
        let mut seen = HashSet::with_capacity(ordered.len());
        for node in &mut ordered {
            node.causes.retain(|cause| seen.contains(cause));
            seen.insert(node.id.clone());
        }
    }
    ordered
}
