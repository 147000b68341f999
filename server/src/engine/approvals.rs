//! Approvals: what tasks and agents ask people for, the decisions, and what comes of them, each in one transaction.

use aiwg_model::{
    ApprovalNo, ApprovalRow, EndReason, Hold, NewApproval, NewEvent, Outcome, PROMPT_HEAD, RunRow, TaskNo,
    TaskRow, TaskSpec, VerifyTerms, text::one_line,
};
use aiwg_protocol::{
    terms::{ApprovalLimits, OnTimeout},
    types::{
        ApprovalDecider, ApprovalDecision, ApprovalEvent, ApprovalKind, ApprovalMessage, ApprovalRequest,
        ApprovalState, Cause, EventSource, Json, TaskState, Timestamp,
    },
};

use super::{
    Engine, EngineError,
    call::Call,
    transaction::{Failure, Transaction},
    waits::Wait,
};
use crate::rules::minutes_to_ms;

/// Maximum length of the summary of an approval, in characters.
pub(crate) const LONGEST_SUMMARY: usize = 200;

/// Maximum number of messages that an approval shows.
const MOST_MESSAGES: usize = 100;

/// Maximum number of questions of a task that wait for an answer.
const MOST_QUESTIONS: u64 = 20;

/// Maximum number of approvals of a task, in whatever state.
pub(super) const MOST_OF_TASK: u64 = 500;

/// Number of approvals to start a task that are kept once others took their place.
const KEPT_STARTS: u32 = 20;

/// Maximum number of approvals that time out in one transaction: those beyond are due at once, in the next.
const MOST_AT_ONCE: u32 = 100;

/// The choice of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// It is approved.
    Approve,
    /// It is rejected.
    Reject,
    /// The answer to a question.
    Answer(String),
}

/// A person's decision on an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The decision.
    pub choice: Choice,
    /// The reason.
    pub reason: Option<String>,
    /// The one who makes it.
    pub by: ApprovalDecider,
}

impl Engine {
    /// Has the agent of a running task ask a person. What the task has asked in the same words before is not asked again, unless its time
    /// was over.
    ///
    /// # Errors
    /// The task does not run, or has asked as much as a task may; or the database could not be written.
    pub async fn ask_person(
        &self,
        asked: NewApproval,
        cause: Option<Cause>,
    ) -> Result<ApprovalRow, EngineError> {
        let text = asked.summary.len() + asked.request.question.as_ref().map_or(0, String::len);
        self.call(Call::bringing(move |tx| tx.ask_person(&asked, cause.as_ref())).with_text(text)).await
    }

    /// Decides on an approval, once.
    ///
    /// # Errors
    /// There is no such approval, it is decided or expired, or the decision does not fit it; or the database could not be written.
    pub async fn decide(&self, no: ApprovalNo, verdict: Verdict) -> Result<ApprovalRow, EngineError> {
        self.call(Call::changing(move |tx| tx.decide(no, &verdict))).await
    }

    /// The agent of `task` waits for a person as long as this lives, and does nothing meanwhile: its slot is lent.
    pub(crate) async fn waits_for_person(&self, task: TaskNo) -> Wait {
        // A task that waits for itself waits for none of the others.
        self.waits_for(task, task).await
    }
}

impl Transaction<'_> {
    /// Has a queued task wait until a person has approved it.
    pub(super) fn ask_to_start(
        &mut self,
        task: TaskNo,
        spec: &TaskSpec,
        limits: ApprovalLimits,
    ) -> aiwg_store::Result<()> {
        let asked = NewApproval {
            task,
            kind: ApprovalKind::Task,
            summary: summary(spec),
            request: request(spec),
            expires_at: limits.timeout_minutes.map(|minutes| later(self.now, minutes)),
            on_timeout: limits.on_timeout,
        };
        let no = self.add_approval(&asked, spec.cause.as_ref())?;
        // Without an end of its own: whatever becomes of the approval's row, no task starts without a decision.
        self.store.hold(task, &Hold::approval(no)).map(drop)
    }

    /// Asks once more about a queued task that is to do something else now, whatever was decided before. What its agent has asked for itself stays.
    pub(super) fn ask_to_start_again(
        &mut self,
        task: TaskNo,
        spec: &TaskSpec,
        limits: ApprovalLimits,
    ) -> aiwg_store::Result<()> {
        let others: Vec<ApprovalRow> = self
            .store
            .approvals_of(task)?
            .into_iter()
            .filter(|row| row.asked.kind != ApprovalKind::Task)
            .collect();
        self.withdraw(task, Some(ApprovalKind::Task))?;
        self.store.prune_withdrawn(task, ApprovalKind::Task, KEPT_STARTS)?;
        let is_others = |hold: &Hold| others.iter().any(|row| hold.key == Hold::approval(row.no).key);
        for hold in
            self.store.holds(task)?.iter().filter(|hold| hold.kind == Hold::APPROVAL && !is_others(hold))
        {
            self.store.release_one(task, Hold::APPROVAL, &hold.key)?;
        }
        self.ask_to_start(task, spec, limits)
    }

    pub(super) fn ask_person(
        &mut self,
        asked: &NewApproval,
        cause: Option<&Cause>,
    ) -> Result<ApprovalRow, Failure> {
        let state = self.store.task_state(asked.task)?.ok_or(EngineError::TaskNotFound(asked.task))?;
        if state != TaskState::Running {
            return Err(EngineError::TaskEnded(asked.task).into());
        }
        let since = self.asks_since(asked.task)?;
        let same = |row: &ApprovalRow| {
            let has_been_asked = row.asked.kind == asked.kind && row.asked.request == asked.request;
            let is_over = [ApprovalState::Timeout, ApprovalState::Withdrawn].contains(&row.state)
                || since.is_some_and(|since| row.requested_at < since);
            has_been_asked && !is_over && row.used_by.is_none()
        };
        if let Some(earlier) = self.store.approvals_of(asked.task)?.into_iter().rev().find(same) {
            return Ok(earlier);
        }
        let (all, questions) = self.store.approval_counts(asked.task)?;
        if questions >= MOST_QUESTIONS || all >= MOST_OF_TASK {
            return Err(EngineError::TooManyAsked(asked.task).into());
        }
        let no = self.add_approval(asked, cause)?;
        Ok(self.store.approval(no)?.ok_or(EngineError::ApprovalNotFound(no))?)
    }

    /// Time from which on what a task has asked counts for what it asks now: a check asks about the work of its own round. None for any.
    fn asks_since(&self, task: TaskNo) -> aiwg_store::Result<Option<Timestamp>> {
        let runs = self.store.runs(task)?;
        if runs.last().is_none_or(|run| run.kind != RunRow::CHECK) {
            return Ok(None);
        }
        Ok(runs.iter().rev().find(|run| run.kind == RunRow::AGENT).and_then(|run| run.ended_at))
    }

    /// Withdraws the questions of a task that are about its round, if that is over with this run: whoever waits for the answers is gone.
    pub(super) fn withdraw_questions(&mut self, task: &TaskRow) -> aiwg_store::Result<()> {
        let is_check = |runs: Vec<RunRow>| runs.last().is_some_and(|run| run.kind == RunRow::CHECK);
        if task.spec.terms.verify.is_some() && is_check(self.store.runs(task.no)?) {
            self.withdraw(task.no, Some(ApprovalKind::Question))?;
        }
        Ok(())
    }

    pub(super) fn add_approval(
        &mut self,
        asked: &NewApproval,
        cause: Option<&Cause>,
    ) -> aiwg_store::Result<ApprovalNo> {
        let no = self.store.add_approval(asked, self.now)?;
        self.publish_approval("requested", event(no, asked), cause);
        Ok(no)
    }

    pub(super) fn decide(&mut self, no: ApprovalNo, verdict: &Verdict) -> Result<ApprovalRow, Failure> {
        let row = self.store.approval(no)?.ok_or(EngineError::ApprovalNotFound(no))?;
        self.can_be_decided(&row)?;
        let (state, answer) = fits(&row, &verdict.choice)?;
        let Verdict { reason, by, .. } = verdict.clone();
        let decision = ApprovalDecision { at: self.now, answer, reason, by };
        self.store.decide_approval(no, state, Some(&decision))?;
        let is_approved = state == ApprovalState::Approved;
        let topic = if is_approved { "approved" } else { "rejected" };
        let event = ApprovalEvent {
            by: decision.by.user.clone(),
            via: Some(decision.by.via),
            reason: decision.reason.clone(),
            ..event(no, &row.asked)
        };
        self.publish_decision(topic, event, &row)?;
        let why = rejected_by(&decision);
        self.carry_out_decision(no, is_approved, &why)?;
        Ok(ApprovalRow { state, decision: Some(decision), ..row })
    }

    fn can_be_decided(&self, row: &ApprovalRow) -> Result<(), EngineError> {
        let no = row.no;
        match (row.state, row.asked.expires_at) {
            (ApprovalState::Pending, Some(at)) | (ApprovalState::Timeout, Some(at)) if at <= self.now => {
                Err(EngineError::ApprovalExpired { no, at, counts_as: row.asked.on_timeout.name() })
            }
            (ApprovalState::Pending, _) => Ok(()),
            (ApprovalState::Withdrawn, _) => Err(EngineError::ApprovalWithdrawn { no, task: row.asked.task }),
            _ => Err(EngineError::ApprovalDecided { no, how: how_decided(row) }),
        }
    }

    /// Has the task of an approval go on, or ends it if it was not to start.
    fn carry_out_decision(&mut self, no: ApprovalNo, is_approved: bool, why: &str) -> aiwg_store::Result<()> {
        self.effects.decided.push(no);
        self.note_decided(no)?;
        for task in self.store.release(Hold::APPROVAL, &no.0.to_string())? {
            // An agent that asked for permission hears the refusal when it goes on.
            let is_start = self.store.approval(no)?.is_none_or(|row| row.asked.kind == ApprovalKind::Task);
            if is_approved || !is_start {
                continue;
            }
            if let Some(row) = self.readable(task)?.filter(|row| row.state == TaskState::Queued) {
                let outcome = Outcome {
                    reason: EndReason::REJECTED,
                    ..Outcome::without_exit(TaskState::Cancelled, why)
                };
                self.finish(&row, &outcome)?;
            }
        }
        Ok(())
    }

    /// Carries out what approvals count as whose time is over.
    pub(super) fn time_out_approvals(&mut self) -> aiwg_store::Result<()> {
        for no in self.store.approvals_due(self.now, MOST_AT_ONCE)? {
            let row = self.store.approval(no)?;
            self.store.decide_approval(no, ApprovalState::Timeout, None)?;
            // What cannot be read any more counts as rejected.
            let on_timeout = row.as_ref().map_or(OnTimeout::Reject, |row| row.asked.on_timeout);
            if let Some(row) = &row {
                let event = ApprovalEvent { counts_as: Some(on_timeout.into()), ..event(no, &row.asked) };
                self.publish_decision("timeout", event, row)?;
            }
            let why = "nobody approved it in time; to ask again, submit it once more: `aiwg task retry`";
            self.carry_out_decision(no, on_timeout == OnTimeout::Approve, why)?;
        }
        Ok(())
    }

    /// Withdraws what a task that has ended was still asking for.
    pub(super) fn withdraw_approvals(&mut self, task: TaskNo) -> aiwg_store::Result<()> {
        self.withdraw(task, None)
    }

    fn withdraw(&mut self, task: TaskNo, kind: Option<ApprovalKind>) -> aiwg_store::Result<()> {
        for no in self.store.withdraw_approvals(task, kind)? {
            self.effects.decided.push(no);
            self.note_decided(no)?;
            if let Some(row) = self.store.approval(no)? {
                self.publish_decision("withdrawn", event(no, &row.asked), &row)?;
            }
        }
        Ok(())
    }

    fn publish_decision(
        &mut self,
        topic: &str,
        event: ApprovalEvent,
        row: &ApprovalRow,
    ) -> aiwg_store::Result<()> {
        let cause = self.store.task_if_readable(row.asked.task)?.and_then(|task: TaskRow| task.spec.cause);
        self.publish_approval(topic, event, cause.as_ref());
        Ok(())
    }

    /// Publishes an event about an approval of a task with this cause.
    fn publish_approval(&mut self, topic: &str, event: ApprovalEvent, before: Option<&Cause>) {
        let cause = Cause {
            task: Some(event.task_id.clone()),
            rule: before.and_then(|cause| cause.rule.clone()),
            event: before.and_then(|cause| cause.event),
            depth: before.map_or(0, |cause| cause.depth) + 1,
        };
        self.effects.new_events.push_back(NewEvent {
            topic: format!("approval:{topic}"),
            payload: Json::new(&event).unwrap_or_default(),
            source: EventSource::Supervisor,
            cause: Some(cause),
            happened_at: None,
            traceparent: None,
        });
    }
}

/// All of a task that decides what its agent does, for a person to see.
fn request(spec: &TaskSpec) -> ApprovalRequest {
    let head = |text: &str| text.chars().take(PROMPT_HEAD).collect::<String>();
    let is_long = |text: &str| text.chars().nth(PROMPT_HEAD).is_some();
    let sent = &spec.terms.sent;
    let latest = sent.get(sent.len().saturating_sub(MOST_MESSAGES)..).unwrap_or_default();
    ApprovalRequest {
        prompt: Some(head(&spec.prompt)),
        cut: is_long(&spec.prompt)
            || latest.len() < sent.len()
            || latest.iter().any(|message| is_long(&message.text)),
        rule: spec.rule.clone(),
        event: spec.cause.as_ref().and_then(|cause| cause.event),
        messages: latest
            .iter()
            .map(|message| ApprovalMessage { text: head(&message.text), from: message.from.clone() })
            .collect(),
        agent: spec.agent.clone(),
        lane: spec.lane.clone(),
        env: spec.env.clone(),
        verify: spec.terms.verify.clone().map(VerifyTerms::into_verify),
        ..ApprovalRequest::default()
    }
}

/// A task in one line: the beginning of its prompt, and of the last message to its agent.
fn summary(spec: &TaskSpec) -> String {
    let Some(last) = spec.terms.sent.last() else { return one_line(&spec.prompt, LONGEST_SUMMARY) };
    let from = last.from.as_deref().map(|task| format!(" of the agent of {task}")).unwrap_or_default();
    let prompt = one_line(&spec.prompt, LONGEST_SUMMARY / 2);
    one_line(&format!("{prompt}; and the message{from}: {}", last.text), LONGEST_SUMMARY)
}

/// The state that a choice leads to, and the answer.
fn fits(row: &ApprovalRow, choice: &Choice) -> Result<(ApprovalState, Option<String>), EngineError> {
    let (no, options) = (row.no, &row.asked.request.options);
    let mismatch = |why: String| Err(EngineError::ApprovalMismatch(why));
    match (row.asked.kind, choice) {
        (_, Choice::Reject) => Ok((ApprovalState::Rejected, None)),
        (ApprovalKind::Question, Choice::Approve) => {
            mismatch(format!("{no} is a question: answer it with `aiwg approval answer {} TEXT`", no.0))
        }
        (ApprovalKind::Question, Choice::Answer(answer))
            if options.is_empty() || options.contains(answer) =>
        {
            Ok((ApprovalState::Approved, Some(answer.clone())))
        }
        (ApprovalKind::Question, Choice::Answer(answer)) => mismatch(format!(
            "{answer:?} is none of the answers to choose from: {}",
            options.iter().map(|option| format!("{option:?}")).collect::<Vec<_>>().join(", ")
        )),
        (_, Choice::Answer(_)) => mismatch(format!(
            "{no} is no question: decide on it with `aiwg approval approve {}`, or reject",
            no.0
        )),
        (_, Choice::Approve) => Ok((ApprovalState::Approved, None)),
    }
}

fn event(no: ApprovalNo, asked: &NewApproval) -> ApprovalEvent {
    ApprovalEvent {
        approval_id: no.to_string(),
        task_id: asked.task.to_string(),
        kind: asked.kind,
        summary: asked.summary.clone(),
        expires_at: asked.expires_at,
        by: None,
        via: None,
        reason: None,
        counts_as: None,
    }
}

/// Why a task was cancelled that a person has rejected.
fn rejected_by(decision: &ApprovalDecision) -> String {
    let by = decision.by.user.as_ref().map(|user| format!(" by {user}")).unwrap_or_default();
    let why = decision.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("it was rejected{by} before it was started{why}")
}

/// The decision on an approval, its person and its time, in words.
fn how_decided(row: &ApprovalRow) -> String {
    let decided = row.decision.as_ref();
    let by = decided.and_then(|decision| decision.by.user.as_ref()).map(|user| format!(" by {user}"));
    let at = decided.map(|decision| format!(" at {}", decision.at));
    let what = match (row.state, row.asked.kind) {
        (ApprovalState::Approved, ApprovalKind::Question) => "answered",
        (state, _) => state.name(),
    };
    format!("{what}{}{}", by.unwrap_or_default(), at.unwrap_or_default())
}

/// The time so many minutes later.
pub(crate) fn later(now: Timestamp, minutes: f64) -> Timestamp {
    let ms = i64::try_from(minutes_to_ms(minutes)).unwrap_or(i64::MAX);
    Timestamp::from_millis(now.as_millis().saturating_add(ms))
}
