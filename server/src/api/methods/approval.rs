use std::time::Duration;

use aiwg_model::{ApprovalNo, ApprovalRow, NewApproval, TaskNo, text::one_line};
use aiwg_protocol::{
    ApiError, ErrorKind,
    limits::APPROVALS_LISTED,
    terms::OnTimeout,
    types::{
        Approval, ApprovalAnswerParams, ApprovalAskParams, ApprovalDecideParams, ApprovalGetParams,
        ApprovalKind, ApprovalListParams, ApprovalOutcome, ApprovalRequest, ApprovalState, ApprovalSummary,
    },
};
use aiwg_store::ApprovalFilter;

use super::check;
use crate::{
    api::{Handler, answer::Part},
    engine::{Choice, EngineError, LONGEST_SUMMARY, Verdict, later},
};

pub(crate) async fn approval_list(
    handler: &Handler,
    params: ApprovalListParams,
) -> Result<Vec<ApprovalSummary>, ApiError> {
    let filter = ApprovalFilter {
        state: params.state.unwrap_or(ApprovalState::Pending),
        task: params.task_id.as_deref().map(check::task_no).transpose()?,
        limit: check::limit(params.limit, APPROVALS_LISTED)?,
    };
    handler.settled().await;
    if let Some(no) = filter.task
        && handler.read(move |reader| reader.task(no)).await?.is_none()
    {
        return Err(EngineError::TaskNotFound(no).into());
    }
    handler
        .answer_read(move |reader, _| {
            let rows = reader.approvals(&filter)?;
            Ok(Part::new(rows.into_iter().map(ApprovalRow::into_summary).collect(), false))
        })
        .await
}

pub(crate) async fn approval_get(handler: &Handler, params: ApprovalGetParams) -> Result<Approval, ApiError> {
    let no = number(&params.approval_id)?;
    Ok(row(handler, no).await?.into_approval())
}

pub(crate) async fn approval_approve(
    handler: &Handler,
    params: ApprovalDecideParams,
) -> Result<Approval, ApiError> {
    decide(handler, &params.approval_id, Choice::Approve, params.reason).await
}

pub(crate) async fn approval_reject(
    handler: &Handler,
    params: ApprovalDecideParams,
) -> Result<Approval, ApiError> {
    decide(handler, &params.approval_id, Choice::Reject, params.reason).await
}

pub(crate) async fn approval_answer(
    handler: &Handler,
    params: ApprovalAnswerParams,
) -> Result<Approval, ApiError> {
    check::text("answer", &params.answer, 65_536)?;
    decide(handler, &params.approval_id, Choice::Answer(params.answer), None).await
}

pub(crate) async fn approval_ask(
    handler: &Handler,
    params: ApprovalAskParams,
) -> Result<ApprovalOutcome, ApiError> {
    check::question(&params)?;
    let task = own_task(handler, "approval.ask")?;
    let _place = handler.wait()?;
    let asked = NewApproval {
        task,
        kind: ApprovalKind::Question,
        summary: one_line(&params.question, LONGEST_SUMMARY),
        request: ApprovalRequest {
            question: Some(params.question),
            options: params.options.unwrap_or_default(),
            ..ApprovalRequest::default()
        },
        expires_at: params.timeout_minutes.map(|minutes| later(handler.context.engine.now(), minutes)),
        on_timeout: OnTimeout::Reject,
    };
    let asked = handler.command(handler.context.engine.ask_person(asked, handler.cause())).await?;
    outcome(handler, asked, params.wait_ms).await
}

/// The decision on what the calling agent asks for, once there is one; the approval as it is after so many milliseconds without.
async fn outcome(
    handler: &Handler,
    asked: ApprovalRow,
    wait_ms: Option<u64>,
) -> Result<ApprovalOutcome, ApiError> {
    let found = row_after(handler, asked.no, asked.asked.task, wait_ms.map(Duration::from_millis)).await?;
    let ApprovalRow { no, state, decision, .. } = found;
    let (answer, reason) = decision.map(|decision| (decision.answer, decision.reason)).unwrap_or_default();
    Ok(ApprovalOutcome { approval_id: Some(no.to_string()), state: Some(state), answer, reason })
}

/// An approval once it is decided, or as it is after this time without a decision. `task` waits for it meanwhile.
pub(super) async fn row_after(
    handler: &Handler,
    no: ApprovalNo,
    task: TaskNo,
    time: Option<Duration>,
) -> Result<ApprovalRow, ApiError> {
    let context = &handler.context;
    // Registered before the look, so that a decision between the two is not missed.
    let waiting = context.bus.wait_for_decision(no);
    let decided = waiting.ended();
    let found = row(handler, no).await?;
    // One who does not wait pauses nothing, and lends nobody a place.
    if found.state != ApprovalState::Pending || time == Some(Duration::ZERO) {
        return Ok(found);
    }
    let _slot = context.engine.waits_for_person(task).await;
    let _pause = context.running.pause(task);
    tokio::select! {
        () = decided => {}
        () = after(time) => {}
        () = context.stopped.cancelled() => return Err(EngineError::Closing.into()),
    }
    row(handler, no).await
}

/// Ends after this time; never if there is none.
async fn after(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// The task whose agent calls.
pub(super) fn own_task(handler: &Handler, method: &str) -> Result<TaskNo, ApiError> {
    handler.agent.as_ref().and_then(|agent| agent.task).ok_or_else(|| {
        let message = format!(
            "{method} is for the agent of a task of this daemon, and the process that asks is none: a person has no need to ask, since \
             `aiwg approval list` shows what waits for a decision"
        );
        ApiError::new(ErrorKind::NotAllowed, message)
    })
}

async fn decide(
    handler: &Handler,
    id: &str,
    choice: Choice,
    reason: Option<String>,
) -> Result<Approval, ApiError> {
    let no = number(id)?;
    if let Some(reason) = &reason {
        check::text("reason", reason, 4096)?;
    }
    let verdict = Verdict { choice, reason, by: handler.peer.decider() };
    let row = handler.command(handler.context.engine.decide(no, verdict)).await?;
    tracing::info!(approval = %row.no, state = row.state.name(), "a person has decided");
    handler.context.status_changed.notify_one();
    Ok(row.into_approval())
}

/// An approval, by what is committed.
async fn row(handler: &Handler, no: ApprovalNo) -> Result<ApprovalRow, ApiError> {
    let found = handler.read(move |reader| reader.approval(no)).await?;
    Ok(found.ok_or(EngineError::ApprovalNotFound(no))?)
}

/// The number of an approval's id.
fn number(id: &str) -> Result<ApprovalNo, ApiError> {
    check::name("approvalId", id)?;
    id.parse().map_err(|()| {
        let message = format!(
            "there is no approval {id:?}: ids are as \"approval-0001\"; `aiwg approval list` shows them"
        );
        ApiError::new(ErrorKind::ApprovalNotFound, message)
    })
}
