//! Tools by which an agent reaches a person: a question, and the permission to use another tool.

use std::time::Duration;

use aiwg_client::{ClientError, DaemonClient};
use aiwg_protocol::{
    definition::Method,
    limits::{LONGEST_TOOL_INPUT, TOOL_INPUT_TOO_LONG},
    types::{
        ApprovalAskParams, ApprovalPermission, ApprovalPermissionParams, Json, PermissionStep,
        PermissionVerdict,
    },
    wire::decode_params,
};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    call::{Daemon, is_gone},
    catalogue::{Source, Tool, Tools},
    failure::Failure,
};

/// Time for which a daemon is looked for that is gone: what was asked is asked still.
const SEEK: Duration = Duration::from_secs(30);

/// Interval at which it is looked for.
const SEEK_EVERY: Duration = Duration::from_millis(300);

/// The member by which `approval.ask` waits for a while: the tool waits for the answer.
const WAIT: &str = "waitMs";

/// Takes the time to wait from the arguments of `ask`.
pub(crate) fn without_wait(input: &mut Map<String, Value>) {
    if let Some(properties) = input.get_mut("properties").and_then(Value::as_object_mut) {
        properties.shift_remove(WAIT);
    }
}

/// The tool that an agent's program asks before it uses another one.
pub(crate) fn permission_prompt() -> Tool {
    let input = json!({
        "type": "object",
        "properties": {
            "tool_name": { "type": "string", "minLength": 1, "maxLength": 200, "description": "The name of the tool." },
            "input": { "type": "object", "description": "Its input. A decision counts for exactly this input." },
            "tool_use_id": { "type": "string", "description": "The program's own name for this use of the tool." },
        },
        "required": ["tool_name", "input"],
    });
    let description = "Asks a person whether another tool may be used, and waits for the decision. It is for an agent's program, as \
                       `claude --permission-prompt-tool mcp__aiwg__permission_prompt`, and not for models: use the other tool, and the program \
                       asks by itself.\n\nThe answer is a text, `{\"behavior\": \"allow\", \"updatedInput\": ...}` or `{\"behavior\": \"deny\", \
                       \"message\": ...}`. Without a daemon nothing is allowed.";
    Tool {
        name: "permission_prompt".to_owned(),
        tools: Tools::Read,
        agents_only: true,
        source: Source::PermissionPrompt,
        description: description.to_owned(),
        input: input.as_object().cloned().unwrap_or_default(),
        output: None,
    }
}

/// The answer for the program, which is never an error: what cannot be asked about is not allowed.
pub(crate) async fn permission(daemon: &Daemon, arguments: &Map<String, Value>) -> Value {
    let denied = |why: &str| json!({ "behavior": "deny", "message": why });
    let Some(tool) = arguments.get("tool_name").and_then(Value::as_str) else {
        return denied("The call has no \"tool_name\", so nobody could be asked whether it is allowed.");
    };
    let Some(input) = arguments.get("input").filter(|input| input.is_object()) else {
        return denied(
            "The call has no \"input\" that is an object, so nobody could be shown what it would do.",
        );
    };
    let text = input.to_string();
    if text.len() > LONGEST_TOOL_INPUT {
        return denied(TOOL_INPUT_TOO_LONG);
    }
    let Ok(asked) = Json::from_text(text) else { return denied("The input of the call cannot be read.") };
    let params = ApprovalPermissionParams {
        step: PermissionStep::Ask,
        tool: tool.to_owned(),
        input: asked,
        tool_use_id: None,
        subagent: None,
        wait_ms: None,
    };
    let ask = |client: DaemonClient| {
        let params = params.clone();
        async move { client.approval_permission(params).await }
    };
    match patiently(daemon, ask).await {
        Ok(ApprovalPermission { verdict: PermissionVerdict::Allow, .. }) => {
            json!({ "behavior": "allow", "updatedInput": input })
        }
        Ok(ApprovalPermission { message, .. }) => {
            denied(message.as_deref().unwrap_or("No person has allowed this call."))
        }
        Err(error) => denied(&format!("No person could be asked whether this call is allowed: {error}")),
    }
}

/// Asks a question, and waits for the answer.
///
/// # Errors
/// The arguments do not fit, or there was no answer of a daemon.
pub(crate) async fn ask(
    daemon: &Daemon,
    method: &Method,
    arguments: &Map<String, Value>,
) -> Result<Value, Failure> {
    let text = Value::Object(arguments.clone()).to_string();
    let params: ApprovalAskParams =
        decode_params(Some(&text)).map_err(|error| error.into_error(method.name))?;
    let params = ApprovalAskParams { wait_ms: None, ..params };
    let ask = |client: DaemonClient| {
        let params = params.clone();
        async move { client.approval_ask(params).await }
    };
    match patiently(daemon, ask).await {
        Ok(outcome) => {
            serde_json::to_value(outcome).map_err(|error| Failure::new("failed", error.to_string(), None))
        }
        Err(error) => Err(daemon.failed(method, error).await),
    }
}

/// The answer to what can be asked twice, as long as that takes. A daemon that is gone is waited for.
async fn patiently<T, F>(daemon: &Daemon, ask: impl Fn(DaemonClient) -> F) -> Result<T, ClientError>
where
    F: Future<Output = Result<T, ClientError>>,
{
    let mut gone_since = None;
    loop {
        let error = match daemon.client().await {
            Ok(client) => match ask(client.with_timeout(Duration::MAX)).await {
                Err(error) => error,
                answer => return answer,
            },
            Err(error) => error,
        };
        let since = *gone_since.get_or_insert_with(Instant::now);
        if !is_gone(&error) || since.elapsed() > SEEK {
            return Err(error);
        }
        sleep(SEEK_EVERY).await;
    }
}
