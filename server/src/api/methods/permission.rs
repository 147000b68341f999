//! Permissions: the hooks of an agent's program ask whether it may use a tool.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    path::PathBuf,
    sync::Arc,
};

use aiwg_agents::claude::was_used;
use aiwg_fs::open_regular;
use aiwg_git::Look;
use aiwg_model::{ApprovalNo, TaskNo};
use aiwg_protocol::{
    ApiError,
    limits::{LONGEST_NAME, LONGEST_TOOL_INPUT, TOOL_INPUT_TOO_LONG},
    types::{
        ApprovalPermission, ApprovalPermissionParams, ApprovalState, Json, PermissionStep, PermissionVerdict,
    },
};
use aiwg_shim::STDOUT_FILE;
use serde_json::value::RawValue;
use tokio::time::{Duration, Instant};

use super::{
    approval::{own_task, row_after},
    check,
};
use crate::{
    api::Handler,
    beside::beside,
    engine::{LetThrough, PermissionAnswer, Permit, ToolCall},
};

pub(crate) async fn approval_permission(
    handler: &Handler,
    params: ApprovalPermissionParams,
) -> Result<ApprovalPermission, ApiError> {
    checked(&params)?;
    let task = own_task(handler, "approval.permission")?;
    let engine = &handler.context.engine;
    let is_subagents = params.subagent.unwrap_or_default();
    let call = ToolCall { task, tool: params.tool, input: canonical(&params.input)?, is_subagents };
    if params.step == PermissionStep::Use {
        let id = params.tool_use_id.unwrap_or_else(|| UNNAMED.to_owned());
        return Ok(verdict(handler.command(engine.about_to_use(call, id)).await?));
    }
    if call.input.as_str().len() > LONGEST_TOOL_INPUT {
        return Ok(denied(None, TOOL_INPUT_TOO_LONG));
    }
    let _place = handler.wait()?;
    let until = params.wait_ms.and_then(|ms| Instant::now().checked_add(Duration::from_millis(ms)));
    let mut before = None;
    loop {
        let permit =
            handler.command(engine.ask_permission(call.clone(), before.take(), handler.cause())).await?;
        let no = match permit {
            PermissionAnswer::Given(Permit::Waits(no)) => no,
            PermissionAnswer::LetThrough(id) => {
                let is_over = is_over(handler, task, id.clone()).await;
                before = Some(LetThrough { id, is_over });
                continue;
            }
            PermissionAnswer::Given(permit) => return Ok(verdict(permit)),
        };
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        // Decided or not: another call just like this one may have used the approval meanwhile, and this one is asked for anew.
        if row_after(handler, no, task, left).await?.state == ApprovalState::Pending {
            return Ok(denied(Some(no), if is_subagents { NOT_YET_FOR_SUBAGENT } else { NOT_YET }));
        }
    }
}

/// True if an agent has used a tool under this name, by its output; also where that cannot be read, or not in time: then a person is asked once more.
async fn is_over(handler: &Handler, task: TaskNo, id: String) -> bool {
    let Some(dir) = handler.context.running.dir(task) else { return true };
    // One at a time: an agent can make its output as large as it likes, and ask as often as it likes.
    let Ok(turn) = Arc::clone(&handler.api.looking).acquire_owned().await else { return true };
    let look = move || {
        let _turn = turn;
        is_use_in_output(dir.join(STDOUT_FILE), &id, Look::within(LOOK_WITHIN)).unwrap_or(true)
    };
    beside(look).await
}

/// Looks for a use of a tool under this name in an agent's output.
fn is_use_in_output(output: PathBuf, id: &str, look: Look) -> io::Result<bool> {
    was_used(&mut InTime { output: open_regular(&output)?, look }, id)
}

/// An output that is read until a look is over, and then fails.
struct InTime<R> {
    output: R,
    look: Look,
}

impl<R: Read> Read for InTime<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.look.is_over() { Err(io::ErrorKind::TimedOut.into()) } else { self.output.read(into) }
    }
}

/// The longest time that a look at an agent's output takes.
const LOOK_WITHIN: Duration = Duration::from_secs(10);

/// The name of a use of a tool that has none.
const UNNAMED: &str = "unnamed";

fn checked(params: &ApprovalPermissionParams) -> Result<(), ApiError> {
    check::text("tool", &params.tool, LONGEST_NAME)?;
    check::readable("input", &params.input)?;
    params.tool_use_id.as_ref().map_or(Ok(()), |id| check::text("toolUseId", id, LONGEST_NAME))
}

/// For an agent whose call nobody has decided on in time.
const NOT_YET: &str = "A person has to allow this call, and has not decided yet. Make exactly the same call again now, with the same input and \
                       as the only one in your message: then you are put to sleep until it is decided, and lose nothing.";

/// The same for a subagent, which cannot be put to sleep.
const NOT_YET_FOR_SUBAGENT: &str = "A person has to allow this call, and has not decided yet. You cannot wait for it: go on without it, and say in \
                                    your answer that this call waits for a person, so that whoever has asked you can make exactly the same \
                                    call itself.";

/// For an agent of which a person is asked too much.
const TOO_MANY: &str = "A person would have to allow this call, and too many of yours wait for a person already, or have. Go on without it.";

fn verdict(permit: Permit) -> ApprovalPermission {
    let of = |verdict, no: Option<ApprovalNo>| ApprovalPermission {
        verdict,
        approval_id: no.map(|no| no.to_string()),
        message: None,
    };
    match permit {
        Permit::Undecided => of(PermissionVerdict::Undecided, None),
        Permit::Allowed(no) => of(PermissionVerdict::Allow, Some(no)),
        Permit::PutOff(no) | Permit::Waits(no) => of(PermissionVerdict::Defer, Some(no)),
        Permit::Denied(no, why) => denied(Some(no), why),
        Permit::TooMany => denied(None, TOO_MANY),
    }
}

fn denied(no: Option<ApprovalNo>, why: impl Into<String>) -> ApprovalPermission {
    ApprovalPermission {
        verdict: PermissionVerdict::Deny,
        approval_id: no.map(|no| no.to_string()),
        message: Some(why.into()),
    }
}

/// The one text for all inputs that say the same: the members of objects are in order.
fn canonical(input: &Json) -> Result<Json, ApiError> {
    let refused = |error: serde_json::Error| {
        ApiError::invalid_member("input", format!("the member \"input\" cannot be read: {error}"))
    };
    let value: &RawValue = input.to().map_err(refused)?;
    let mut text = String::new();
    write_ordered(value, &mut text).map_err(refused)?;
    Json::from_text(text).map_err(refused)
}

/// Writes a value with the members of its objects in order. Numbers stay as they are written: no type has all that JSON may have, and two that differ
/// are two.
fn write_ordered(value: &RawValue, into: &mut String) -> serde_json::Result<()> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'{') => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
            in_brackets(into, ('{', '}'), members, |(name, member), into| {
                into.push_str(&serde_json::to_string(&name)?);
                into.push(':');
                write_ordered(member, into)
            })
        }
        Some(b'[') => {
            let entries: Vec<&RawValue> = serde_json::from_str(text)?;
            in_brackets(into, ('[', ']'), entries, write_ordered)
        }
        Some(b'"') => {
            let string: String = serde_json::from_str(text)?;
            into.push_str(&serde_json::to_string(&string)?);
            Ok(())
        }
        _ => {
            into.push_str(text);
            Ok(())
        }
    }
}

fn in_brackets<T>(
    into: &mut String,
    (open, close): (char, char),
    all: impl IntoIterator<Item = T>,
    write: impl Fn(T, &mut String) -> serde_json::Result<()>,
) -> serde_json::Result<()> {
    into.push(open);
    for (place, one) in all.into_iter().enumerate() {
        if place > 0 {
            into.push(',');
        }
        write(one, into)?;
    }
    into.push(close);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_that_say_the_same_are_one_text_and_numbers_that_differ_are_two() {
        let of = |text: &str| canonical(&Json::from_text(text).unwrap()).unwrap().as_str().to_owned();
        assert_eq!(
            of(r#"{"b": [1, {"d": "\u00e4", "c": null}], "a": true}"#),
            r#"{"a":true,"b":[1,{"c":null,"d":"ä"}]}"#
        );
        let large = |last: u32| of(&format!(r#"{{"n": 1844674407370955161{last}}}"#));
        assert_ne!(large(6), large(7));
        assert_ne!(of("[0.1000000000000000055]"), of("[0.1]"));
        assert_eq!(of(" [ 1.5 , \"\" , { } , [ ] ] "), r#"[1.5,"",{},[]]"#);
    }

    #[test]
    fn an_output_that_cannot_be_looked_through_in_time_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let output = dir.path().join(STDOUT_FILE);
        std::fs::write(&output, r#"{"tool_use_id":"a"}"#).unwrap();
        let look = || Look::within(Duration::from_secs(3600));
        let found = |id, look| is_use_in_output(output.clone(), id, look);
        assert!(found("a", look()).unwrap() && !found("b", look()).unwrap());
        let over = look();
        over.end();
        assert_eq!(found("a", over).unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(is_use_in_output(dir.path().join("none"), "a", look()).is_err());
    }
}
