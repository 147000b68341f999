//! `aiwg hook permission`: what `claude` runs before it uses a tool, and where a person would be asked whether it may.
//!
//! It is no command for people, so it is none of [`crate::args`]: it runs with each use of a tool. Without a daemon it never allows anything:
//! before a tool is used the program's own rules count then, and where a person would be asked the answer is no.

use std::{
    ffi::OsString,
    fmt::Display,
    io::{self, Read},
    process::ExitCode,
    time::{Duration, Instant},
};

use aiwg_agents::claude::{ASKING_SECONDS, HookAnswer, HookCall, HookEvent};
use aiwg_client::{
    ClientError, DaemonClient,
    types::{ApprovalPermission, ApprovalPermissionParams, Json, PermissionStep, PermissionVerdict},
};
use aiwg_protocol::limits::{LONGEST_TOOL_INPUT, TOOL_INPUT_TOO_LONG};
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    error::CliError,
    output::json_line,
    project::{connect, is_gone, is_silent},
    reconnecting_client::wait_ms,
};

/// The word that stands for it on the command line.
pub(crate) const ROLE: &str = "hook";

/// The time for which an agent waits for a person in its place, after which it is put to sleep.
const WAIT: Duration = Duration::from_secs(120);

/// A variable with another time, in seconds; more than [`LONGEST_WAIT`] counts as that.
const WAIT_ENV: &str = "AIWG_PERMISSION_WAIT";

/// Time for which a daemon is looked for that is gone, beyond that; and then for which its answer is waited for.
const SLACK: Duration = Duration::from_secs(20);

/// The longest such wait: a hook that takes longer than its time is killed, and has not answered.
const LONGEST_WAIT: Duration =
    Duration::from_secs(ASKING_SECONDS).saturating_sub(SLACK).saturating_sub(SLACK);

/// Interval at which it is looked for.
const SEEK_EVERY: Duration = Duration::from_millis(250);

/// The longest input of a hook, in bytes: what is longer is no use of a tool that a person could be asked about.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Reads what the hook is given, asks the daemon, and prints the answer.
pub(crate) fn run() -> ExitCode {
    let printed = answered().and_then(|answer| answer.as_ref().map_or(Ok(()), json_line));
    printed.map_or_else(|error| error.report(false), |()| ExitCode::SUCCESS)
}

/// The answer; none where the program's own rules are to count.
fn answered() -> Result<Option<Value>, CliError> {
    if std::env::args_os().skip(2).ne([OsString::from("permission")]) {
        let message = "`aiwg hook permission` is what an agent's program runs before it uses a tool (\"agent.ask_permissions\"): people have \
                       `aiwg approval`";
        return Err(CliError::Usage(message.to_owned()));
    }
    // By the exit code of a wrong call, 2, the program refuses the use of the tool; after any other it may go on.
    let unusable =
        |error: &dyn Display| CliError::Usage(format!("standard input is no use of a tool: {error}"));
    let mut given = String::new();
    io::stdin().lock().take(LONGEST).read_to_string(&mut given).map_err(|error| unusable(&error))?;
    let call = HookCall::read(&given).map_err(|error| unusable(&error))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(match call.event {
        HookEvent::PreToolUse => Box::pin(before(&call)) as std::pin::Pin<Box<dyn Future<Output = _>>>,
        HookEvent::PermissionRequest => Box::pin(asked(&call)),
    })
}

/// Looks up what was decided on a call that is about to be made.
async fn before(call: &HookCall) -> Result<Option<Value>, CliError> {
    let Some(params) = params(call, PermissionStep::Use) else { return Ok(None) };
    let answer = connect(None).await?.approval_permission(params).await?;
    Ok(shown(call, &answer))
}

/// Asks a person. A daemon that is gone is waited for: what was asked is asked still.
async fn asked(call: &HookCall) -> Result<Option<Value>, CliError> {
    let denied = |why: &str| Ok(Some(call.answer(HookAnswer::Deny(why))));
    let Some(params) = params(call, PermissionStep::Ask) else { return denied(TOOL_INPUT_TOO_LONG) };
    let until = Instant::now() + wait(std::env::var(WAIT_ENV).ok().as_deref());
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let params = ApprovalPermissionParams { wait_ms: Some(wait_ms(left)), ..params.clone() };
        let error = match ask(params, left).await {
            Ok(answer) => return Ok(shown(call, &answer)),
            Err(error) => error,
        };
        let comes_back = is_gone(&error) || is_silent(&error);
        if !comes_back || Instant::now() >= until + SLACK {
            let error = CliError::from(error);
            return denied(&format!("No person could be asked whether this call is allowed: {error}"));
        }
        sleep(SEEK_EVERY).await;
    }
}

/// The time for which a person is waited for, as the variable has it.
fn wait(variable: Option<&str>) -> Duration {
    let seconds = variable.and_then(|text| text.parse().ok());
    seconds.map_or(WAIT, Duration::from_secs).min(LONGEST_WAIT)
}

async fn ask(params: ApprovalPermissionParams, wait: Duration) -> Result<ApprovalPermission, ClientError> {
    let client: DaemonClient = connect(None).await?;
    client.with_timeout(wait.saturating_add(SLACK)).approval_permission(params).await
}

/// The call as the daemon is asked about it; none if nobody can be.
fn params(call: &HookCall, step: PermissionStep) -> Option<ApprovalPermissionParams> {
    Some(ApprovalPermissionParams {
        step,
        tool: call.tool.clone(),
        input: Json::from_text(call.input.clone()).ok().filter(|_| call.input.len() <= LONGEST_TOOL_INPUT)?,
        tool_use_id: call.id.clone().filter(|_| step == PermissionStep::Use),
        subagent: call.is_subagents.then_some(true),
        wait_ms: None,
    })
}

/// The answer as the hook prints it; none where nothing was decided.
fn shown(call: &HookCall, answer: &ApprovalPermission) -> Option<Value> {
    let why = answer.message.as_deref().unwrap_or("no person has allowed this call");
    let answer = match answer.verdict {
        PermissionVerdict::Allow => HookAnswer::Allow,
        PermissionVerdict::Defer => HookAnswer::Defer,
        PermissionVerdict::Undecided => return None,
        _ => HookAnswer::Deny(why),
    };
    Some(call.answer(answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_wait_is_longer_than_the_hook_may_take() {
        assert_eq!([None, Some("soon"), Some("-1")].map(wait), [WAIT; 3]);
        assert_eq!(wait(Some("5")), Duration::from_secs(5));
        let most = u64::MAX.to_string();
        assert_eq!(["141", "1000000", &most].map(|text| wait(Some(text))), [Duration::from_secs(140); 3]);
        let _no_panic = Instant::now() + wait(Some(&most)) + SLACK;
    }
}
