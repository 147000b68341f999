//! The way of every request: it is noted, held against the description, met by a fault or not, and answered.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::Shared;
use crate::answer::Answer;
use crate::faults::FaultKind;
use crate::incoming::Incoming;
use crate::platform::Platform;
use crate::{discord, slack, telegram};

/// A request as its platform reads it.
pub(crate) struct Call {
    /// Its name in the description.
    pub(crate) name: String,
    /// Its path without a token.
    pub(crate) path: String,
    pub(crate) token: Option<String>,
    pub(crate) params: Value,
    /// Misfits with the description.
    pub(crate) misfits: Vec<String>,
    /// Number in the log; set by the pipeline.
    pub(crate) number: usize,
}

fn read(platform: Platform, incoming: &Incoming) -> Call {
    match platform {
        Platform::Telegram => telegram::read(incoming),
        Platform::Slack => slack::read(incoming),
        Platform::Discord => discord::read(incoming),
    }
}

async fn carry_out(platform: Platform, shared: &Arc<Shared>, incoming: &Incoming, call: &Call) -> Answer {
    match platform {
        Platform::Telegram => telegram::carry_out(shared, incoming, call).await,
        Platform::Slack => slack::carry_out(shared, call),
        Platform::Discord => discord::carry_out(shared, incoming, call),
    }
}

fn refusal(platform: Platform, fault: &FaultKind) -> Answer {
    match platform {
        Platform::Telegram => telegram::refusal(fault),
        Platform::Slack => slack::refusal(fault),
        Platform::Discord => discord::refusal(fault),
    }
}

pub(crate) async fn answer(platform: Platform, shared: &Arc<Shared>, incoming: Incoming) -> Answer {
    let mut call = read(platform, &incoming);
    let fault = shared.faults.lock().unwrap().take(platform, &call.name);
    call.number = shared.log.change(|log| {
        let number = log.add(platform, &call.name, &call.path, call.token.clone(), call.params.clone());
        log.received[number].fault = fault.as_ref().map(|fault| format!("{fault:?}"));
        for misfit in &call.misfits {
            log.violate(number, misfit);
        }
        number
    });
    let answer = meet(platform, shared, &incoming, &call, fault).await;
    if let Some(answer) = &answer {
        shared.log.change(|log| log.received[call.number].status = Some(answer.status));
        return answer.clone();
    }
    incoming.connection.cut();
    // It reaches nobody: the connection takes no byte any more.
    Answer::empty(500)
}

/// The answer, or none where the connection is to be cut.
async fn meet(
    platform: Platform,
    shared: &Arc<Shared>,
    incoming: &Incoming,
    call: &Call,
    fault: Option<FaultKind>,
) -> Option<Answer> {
    match fault {
        None => Some(carry_out(platform, shared, incoming, call).await),
        Some(FaultKind::Slow(milliseconds)) => {
            let answer = carry_out(platform, shared, incoming, call).await;
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            Some(answer)
        }
        Some(FaultKind::CutBefore) => None,
        Some(FaultKind::CutAfter) => {
            carry_out(platform, shared, incoming, call).await;
            None
        }
        Some(FaultKind::Hang) => std::future::pending().await,
        Some(FaultKind::HangAfter) => {
            carry_out(platform, shared, incoming, call).await;
            std::future::pending().await
        }
        Some(FaultKind::Html) => Some(Answer::html(502)),
        Some(FaultKind::HtmlOk) => Some(Answer::html(200)),
        Some(fault) => Some(refusal(platform, &fault)),
    }
}

/// Notes the opening of a socket. Its answer is a fault's.
pub(super) async fn before_socket(
    platform: Platform,
    shared: &Arc<Shared>,
    name: &str,
    incoming: &Incoming,
) -> Option<Answer> {
    let fault = shared.faults.lock().unwrap().take(platform, name);
    shared.log.change(|log| {
        let number = log.add(platform, name, &incoming.path, None, Value::Object(incoming.query.clone()));
        log.received[number].fault = fault.as_ref().map(|fault| format!("{fault:?}"));
    });
    match fault? {
        FaultKind::Slow(milliseconds) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            None
        }
        FaultKind::CutBefore | FaultKind::CutAfter => {
            incoming.connection.cut();
            Some(Answer::empty(500))
        }
        FaultKind::Hang | FaultKind::HangAfter => std::future::pending().await,
        FaultKind::TooManyRequests { .. } => Some(Answer::text(429, "Too Many Requests")),
        FaultKind::Unauthorized | FaultKind::Error(_) => Some(Answer::text(403, "Forbidden")),
        FaultKind::ServerError => Some(Answer::text(500, "Internal Server Error")),
        FaultKind::Html | FaultKind::HtmlOk => Some(Answer::html(502)),
    }
}
