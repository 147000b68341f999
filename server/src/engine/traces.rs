//! Spans of what happens: of events that lead to something, of rules, tasks, runs and checks. Their ids are made of what is stored, so that the next
//! daemon, and the agent's own telemetry, go on with the same trace. Where traces are not asked for, none of it is done.

use aiwg_model::{Outcome, TaskRow, TaskSpec, UsedBy};
use aiwg_protocol::types::{Event, JsonObject, TaskState, Timestamp};
use xxhash_rust::xxh3::xxh3_64;

use super::transaction::Transaction;
use crate::telemetry::{Ended, EventSpan, Id, Kind, Placed, Span, SpanContext};

/// Maximum number of other events that the span of a rule links to.
const MOST_LINKS: usize = 32;

/// The member of a task's metadata with the caller's trace, as clients put it there.
const TRACEPARENT: &str = "traceparent";

/// The ids of a project's spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traces(u64);

impl Traces {
    /// Those of the project at this place.
    pub fn of(project: &str) -> Self {
        Self(number_of(project))
    }

    fn id(self, kind: Kind, numbers: [u64; 3]) -> Id {
        Id::of(self.0, kind, numbers)
    }

    fn event(self, event: &Event) -> Id {
        self.id(Kind::Event, [event.seq, of_time(event.at), 0])
    }

    fn task(self, task: &TaskRow) -> Placed {
        let id = self.id(Kind::Task, [task.no.0, of_time(task.created_at), 0]);
        placed(task.spec.terms.trace.as_deref(), id)
    }

    /// The place of a run of a task.
    fn run(self, task: &TaskRow, n: u32) -> Placed {
        let id = self.id(Kind::Run, [task.no.0, of_time(task.created_at), n.into()]);
        Placed::below(self.task(task).own, id)
    }

    fn rule(self, rule: &str, event: &Event, below: SpanContext) -> Placed {
        Placed::below(below, self.id(Kind::Rule, [number_of(rule), event.seq, of_time(event.at)]))
    }
}

/// A number that stands for a text.
fn number_of(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

fn of_time(at: Timestamp) -> u64 {
    at.as_millis().cast_unsigned()
}

/// The place of a thing below its caller's, if that is known.
fn placed(parent: Option<&str>, id: Id) -> Placed {
    parent.and_then(SpanContext::parse).map_or_else(|| Placed::first(id), |parent| Placed::below(parent, id))
}

/// The trace of a task's caller.
fn in_metadata(metadata: &JsonObject) -> Option<String> {
    let text: String = serde_json::from_str(metadata.get(TRACEPARENT)?.as_str()).ok()?;
    Some(SpanContext::parse(&text)?.to_string())
}

impl Transaction<'_> {
    fn traces(&self) -> Option<Traces> {
        self.state.config.traces
    }

    /// The place of an event: below its emitter's span, or below the run of the agent that it came from.
    fn event_place(&self, traces: Traces, event: &Event) -> aiwg_store::Result<Placed> {
        let id = traces.event(event);
        if event.traceparent.is_some() {
            return Ok(placed(event.traceparent.as_deref(), id));
        }
        let cause = event.caused_by.as_ref().and_then(|cause| cause.task.as_deref());
        let parent = self.last_run_of(traces, cause)?;
        Ok(parent.map_or_else(|| Placed::first(id), |parent| Placed::below(parent, id)))
    }

    /// The place of the last run of a task; of the task itself before the first.
    fn last_run_of(&self, traces: Traces, task: Option<&str>) -> aiwg_store::Result<Option<SpanContext>> {
        let Some(no) = task.and_then(|task| task.parse().ok()) else { return Ok(None) };
        let Some(task) = self.store.task_if_readable(no)? else { return Ok(None) };
        Ok(Some(match task.launch {
            0 => traces.task(&task).own,
            n => traces.run(&task, n).own,
        }))
    }

    /// The trace of a new task, where its spec has none yet: that of its caller, or of the agent that has submitted it.
    pub(super) fn trace_of_new(&self, task: &TaskSpec) -> aiwg_store::Result<Option<String>> {
        let Some(traces) = self.traces() else { return Ok(None) };
        if task.terms.trace.is_some() {
            return Ok(task.terms.trace.clone());
        }
        if let Some(trace) = in_metadata(&task.metadata) {
            return Ok(Some(trace));
        }
        let cause = task.cause.as_ref().and_then(|cause| cause.task.as_deref());
        Ok(self.last_run_of(traces, cause)?.map(|parent| parent.to_string()))
    }

    /// The trace of a task that a rule makes of an event.
    pub(super) fn trace_of_rule(&self, rule: &str, event: &Event) -> aiwg_store::Result<Option<String>> {
        let Some(traces) = self.traces() else { return Ok(None) };
        let below = self.event_place(traces, event)?.own;
        Ok(Some(traces.rule(rule, event, below).own.to_string()))
    }

    /// The trace that a run's process is told: its own, or that of its task's caller where no traces are asked for.
    pub(super) fn trace_of_run(&self, task: &TaskRow) -> Option<String> {
        match self.traces() {
            Some(traces) => Some(traces.run(task, task.launch).own.to_string()),
            None => in_metadata(&task.spec.metadata),
        }
    }

    /// Makes the span of an event that has led to something, or whose emitter has a trace.
    pub(super) fn span_of_event(&mut self, event: &Event, has_led: bool) -> aiwg_store::Result<()> {
        let Some(traces) = self.traces().filter(|_| has_led || event.traceparent.is_some()) else {
            return Ok(());
        };
        let place = self.event_place(traces, event)?;
        if place.own.is_sampled {
            let Event { seq, at, topic, source, .. } = event;
            let span = EventSpan {
                place,
                seq: *seq,
                at: *at,
                until: self.now,
                topic: topic.clone(),
                source: *source,
            };
            self.effects.spans.push(Ended::Event(span));
        }
        Ok(())
    }

    /// Makes the span of a rule that has decided on matches: with the task that it has made, or the reason for which there is none.
    pub(super) fn span_of_rule(
        &mut self,
        rule: &str,
        events: &[Event],
        decided: Result<&str, &'static str>,
    ) -> aiwg_store::Result<()> {
        let (Some(traces), Some(event)) = (self.traces(), events.last()) else { return Ok(()) };
        let below = self.event_place(traces, event)?.own;
        if !below.is_sampled {
            return Ok(());
        }
        let mut links = Vec::new();
        for other in events.iter().rev().skip(1).take(MOST_LINKS) {
            links.push(self.event_place(traces, other)?.own);
        }
        let from = events.iter().map(|event| event.at).min().unwrap_or(self.now);
        let span = Span::new(traces.rule(rule, event, below), format!("rule {rule}"), (from, self.now))
            .text("aiwg.rule.id", rule)
            .number("aiwg.event.seq", event.seq)
            .number("aiwg.rule.events", events.len() as u64);
        let span = match decided {
            Ok(task) => span.text("aiwg.rule.decision", "fired").text("aiwg.task.id", task),
            Err(why) => span.text("aiwg.rule.decision", "refused").text("aiwg.rule.reason", why),
        };
        self.keep_span(Span { links, ..span });
        Ok(())
    }

    /// Makes the span of the current run of a task, which ends with this outcome.
    pub(super) fn span_of_run(&mut self, task: &TaskRow, outcome: &Outcome) {
        let Some(traces) = self.traces() else { return };
        let Some(slot) = self.state.running.get(&task.no) else { return };
        let (from, is_check) = (slot.span.from, slot.span.is_check);
        let agent = slot.profile.clone().or_else(|| task.spec.agent.clone());
        let name = match (is_check, &agent) {
            (true, _) => "check".to_owned(),
            (false, Some(agent)) => format!("invoke_agent {agent}"),
            (false, None) => "invoke_agent".to_owned(),
        };
        let span = Span::new(traces.run(task, task.launch), name, (from, self.now))
            .text("aiwg.task.id", task.no.to_string())
            .number("aiwg.run.number", task.launch.into())
            .text("aiwg.run.kind", if is_check { "check" } else { "agent" })
            .text("aiwg.end_reason", outcome.reason.name());
        let span = span.may_integer("process.exit.code", outcome.exit_code.map(i64::from));
        let is_error = outcome.state != TaskState::Completed && !outcome.reason.is_pause();
        let span = if is_error { span.text("error.type", outcome.reason.name()) } else { span };
        let span = Span { is_error, ..span };
        self.keep_span(if is_check { span } else { of_agent(span, agent.as_deref(), outcome) });
    }

    /// Makes the span of a task that has ended.
    pub(super) fn span_of_task(&mut self, task: &TaskRow, outcome: &Outcome) {
        let Some(traces) = self.traces() else { return };
        let spec = &task.spec;
        let span = Span::new(traces.task(task), "task".to_owned(), (task.created_at, self.now))
            .text("aiwg.task.id", task.no.to_string())
            .text("aiwg.task.state", outcome.state.name())
            .text("aiwg.end_reason", outcome.reason.name())
            .number("aiwg.task.runs", task.launch.into())
            .may_text("aiwg.rule.id", spec.counts_to())
            .may_text("aiwg.task.agent", spec.agent.as_deref())
            .may_text("aiwg.task.lane", spec.lane.as_deref())
            .may_real("aiwg.cost_usd", outcome.usage.as_ref().and_then(|usage| usage.cost_usd));
        let is_error = matches!(outcome.state, TaskState::Failed | TaskState::Timeout);
        let span = if is_error { span.text("error.type", outcome.reason.name()) } else { span };
        self.keep_span(Span { is_error, ..span });
    }

    /// Keeps a span until the transaction is committed, unless nobody is to collect it.
    fn keep_span(&mut self, span: Span) {
        if span.place.own.is_sampled {
            self.effects.spans.push(Ended::Other(Box::new(span)));
        }
    }
}

/// The span of an agent's run by the conventions for generative AI: <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-agent-spans/>.
fn of_agent(span: Span, agent: Option<&str>, outcome: &Outcome) -> Span {
    let UsedBy { program, request_model, response_model } = outcome.by.clone().unwrap_or_default();
    let span = span
        .text("gen_ai.operation.name", "invoke_agent")
        .may_text("gen_ai.provider.name", provider(program))
        .may_text("gen_ai.agent.name", agent)
        .may_text("gen_ai.request.model", request_model)
        .may_text("gen_ai.response.model", response_model);
    let Some(usage) = &outcome.usage else { return span };
    // The conventions count what comes from the cache as input, too.
    let input = usage
        .input_tokens
        .saturating_add(usage.cache_read_tokens)
        .saturating_add(usage.cache_creation_tokens);
    span.may_text("gen_ai.conversation.id", usage.session_id.as_deref())
        .number("gen_ai.usage.input_tokens", input)
        .number("gen_ai.usage.output_tokens", usage.output_tokens)
        .number("gen_ai.usage.cache_read.input_tokens", usage.cache_read_tokens)
        .number("gen_ai.usage.cache_creation.input_tokens", usage.cache_creation_tokens)
        .number("aiwg.turns", usage.turns)
        .may_real("aiwg.cost_usd", usage.cost_usd)
}

/// The provider of a program's models, by the name that the conventions have for it.
fn provider(program: &str) -> Option<&'static str> {
    match program {
        "claude" => Some("anthropic"),
        "codex" => Some("openai"),
        "gemini" => Some("gcp.gemini"),
        _ => None,
    }
}
