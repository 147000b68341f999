use aiwg_messaging::Platform;
use aiwg_model::TaskSpec;
use aiwg_protocol::{
    ApiError, ErrorKind,
    types::{
        ChatClearParams, ChatCleared, ChatHistoryParams, ChatSendParams, ChatSent, ChatTurn, TaskSubmitted,
    },
};

use super::check;
use crate::api::{Handler, answer::Part};

/// The priority of a message that has none of its own: a person waits for the answer.
const PRIORITY: i32 = 5;

/// The number of turns that are shown unless the caller asks for another.
const TURNS: u32 = 20;

pub(crate) async fn chat_send(handler: &Handler, mut params: ChatSendParams) -> Result<ChatSent, ApiError> {
    let key = handler.key(params.idempotency_key.take(), "chat.send", &params)?;
    let submitted: TaskSubmitted = match message(handler, params) {
        Ok(task) => handler.command(handler.context.engine.submit_once(task, key)).await?,
        Err(refusal) => handler.refused(key, refusal).await?,
    };
    Ok(ChatSent { task_id: submitted.task_id })
}

/// The task that a message is, once it is checked.
fn message(handler: &Handler, params: ChatSendParams) -> Result<TaskSpec, ApiError> {
    let ChatSendParams { message, priority, conversation, idempotency_key: _ } = params;
    check::prompt("message", &message)?;
    check::priority(priority)?;
    if let Some(conversation) = &conversation {
        check::conversation(conversation)?;
        is_not_of_people(conversation, handler)?;
    }
    Ok(TaskSpec {
        prompt: message,
        priority: priority.unwrap_or(PRIORITY),
        conversation,
        cause: handler.cause(),
        sender: handler.sender(),
        ..TaskSpec::default()
    })
}

/// Refuses an agent that would speak in a conversation of people on a messaging platform: they would wait for the answer to its words.
fn is_not_of_people(conversation: &str, handler: &Handler) -> Result<(), ApiError> {
    let is_of_people =
        conversation.split_once(':').is_some_and(|(platform, _)| Platform::named(platform).is_some());
    if handler.agent.is_none() || !is_of_people {
        return Ok(());
    }
    let message =
        format!("the conversation {conversation:?} is one of people: an agent may begin one of its own");
    Err(ApiError::new(ErrorKind::NotAllowed, message))
}

pub(crate) async fn chat_history(
    handler: &Handler,
    params: ChatHistoryParams,
) -> Result<Vec<ChatTurn>, ApiError> {
    check::conversation(&params.conversation)?;
    let limit = check::limit(params.limit, TURNS)?;
    handler
        .answer_read(move |reader, bytes| {
            let (turns, is_cut) = reader.turns(&params.conversation, limit, bytes)?;
            Ok(Part::new(turns, is_cut))
        })
        .await
}

pub(crate) async fn chat_clear(handler: &Handler, params: ChatClearParams) -> Result<ChatCleared, ApiError> {
    check::conversation(&params.conversation)?;
    let cleared = handler.command(handler.context.engine.forget_conversation(params.conversation)).await?;
    Ok(ChatCleared { cleared })
}
