//! The checks that the types of params cannot express.

use std::ops::RangeInclusive;

use aiwg_model::{
    TaskNo,
    names::{
        AGENT_RULE, LABEL_RULE, TOPIC_RULE, TRACEPARENT_RULE, is_agent, is_label, is_topic, is_traceparent,
        is_variable, reserved,
    },
};
use aiwg_patterns::{PatternError, TopicFilter};
use aiwg_protocol::{
    ApiError, ErrorKind,
    config::{Config, DaemonConfig},
    limits::{LIST_SIZES, LONGEST_NAME, LONGEST_PATH, LONGEST_PROMPT, LONGEST_TASK_MINUTES, PRIORITIES},
    types::{
        ApprovalAskParams, ApprovalLimits, ApprovalTerms, Json, RetryPolicy, Span, TaskListParams, TaskOrder,
        TaskSelection, TaskSubmitParams, Timestamp, Workspace, WorkspaceTerms,
    },
};
use aiwg_store::Selection;

use crate::{
    api::memory::kib,
    engine::Select,
    rules::{expires_early, is_task_time, never_times_out, no_lane, times_out_late, wrong_verify},
};

/// The longest wait: clients ask again, so a connection that has silently died is noticed.
const LONGEST_WAIT_MS: u64 = 60_000;

const MOST_DEPENDENCIES: usize = 100;
const MOST_RETRIES: RangeInclusive<u32> = 1..=100;
const MOST_RETRIED: usize = 10;
const MOST_SELECTED: usize = 1000;

/// The longest name of a lane, in characters.
const LONGEST_LANE: usize = 100;

/// The longest name of a base, in characters.
const LONGEST_BASE: usize = 200;

/// The longest text that prompts are searched for, in characters.
const LONGEST_TEXT: usize = 1000;

/// The longest question of an agent, and each answer to choose from, in characters; and the number of these.
const LONGEST_QUESTION: usize = 16_384;
const LONGEST_OPTION: usize = 1000;
const MOST_OPTIONS: usize = 20;

/// Ten years.
const LONGEST_WITHIN_MINUTES: f64 = 5_256_000.0;

/// Checks a name of any kind before its use: a longer one cannot be the name of anything.
pub(super) fn name(member: &str, name: &str) -> Result<(), ApiError> {
    at_most(member, name, LONGEST_NAME)
}

/// A path, likewise.
pub(super) fn path(member: &str, path: &str) -> Result<(), ApiError> {
    at_most(member, path, LONGEST_PATH)
}

/// Checks that a text has no null character: commands, environments and paths end at one.
pub(super) fn without_null(member: &str, text: &str) -> Result<(), ApiError> {
    if !text.contains('\0') {
        return Ok(());
    }
    let message = format!("the member {member:?} has a null character");
    Err(ApiError::invalid_member(member, message))
}

fn at_most(member: &str, text: &str, most: usize) -> Result<(), ApiError> {
    without_null(member, text)?;
    // Bytes first: of nearly all texts the characters need not be counted.
    if text.len() <= most {
        return Ok(());
    }
    match text.chars().count() {
        characters if characters > most => {
            let message = format!("the member {member:?} has {characters} characters; {most} is the limit");
            Err(ApiError::invalid_member(member, message))
        }
        _ => Ok(()),
    }
}

/// Checks that a client may emit this topic.
pub(super) fn topic(topic: &str) -> Result<(), ApiError> {
    topic_as_such(topic)?;
    match reserved(topic) {
        Some(prefix) => {
            let message = format!(
                "topics that start with {prefix:?} are the daemon's own: choose another for {topic:?}"
            );
            Err(ApiError::new(ErrorKind::TopicReserved, message))
        }
        None => Ok(()),
    }
}

/// Checks that an event may have this topic, whatever its source.
pub(super) fn topic_as_such(topic: &str) -> Result<(), ApiError> {
    name("topic", topic)?;
    if is_topic(topic) {
        return Ok(());
    }
    Err(ApiError::invalid_member("topic", format!("{TOPIC_RULE}; {topic:?} has not")))
}

/// Checks that a text is a trace context of W3C.
pub(super) fn traceparent(text: &str) -> Result<(), ApiError> {
    if is_traceparent(text) {
        return Ok(());
    }
    Err(ApiError::invalid_member("traceparent", TRACEPARENT_RULE))
}

/// Checks that rules, and every client, can read this value.
pub(super) fn readable(member: &str, value: &Json) -> Result<(), ApiError> {
    value.check().map_err(|unreadable| ApiError::unreadable_member(member, &unreadable))
}

/// An event's payload: one that can be read, and is no larger than it may be.
pub(super) fn payload(member: &str, value: &Json, config: &DaemonConfig) -> Result<(), ApiError> {
    size(member, value.as_str().len(), config.max_payload_kb, "daemon.max_payload_kb")?;
    readable(member, value)
}

/// Checks that the size does not exceed the configured limit.
fn size(member: &str, bytes: usize, max_kb: u32, key: &str) -> Result<(), ApiError> {
    if bytes <= kib(max_kb) {
        return Ok(());
    }
    let message = format!(
        "the member {member:?} has {bytes} bytes; {max_kb} KiB is the limit, {key}: put what is large into a file and send its path"
    );
    let mut error = ApiError::new(ErrorKind::PayloadTooLarge, message);
    error.data.member = Some(member.to_owned());
    Err(error)
}

/// Globs on topics; none where nothing was asked for.
pub(super) fn globs(topics: &[String]) -> Result<Option<TopicFilter>, ApiError> {
    if topics.is_empty() {
        return Ok(None);
    }
    if let Some(pattern) = topics.iter().find(|pattern| pattern.starts_with('!')) {
        let message = format!(
            "the member \"topics\" is wrong: {pattern:?}: no event has a topic that begins with a !. Only the lists of rules and of \
             notices take something out with it; name the topics that are wanted"
        );
        return Err(ApiError::invalid_member("topics", message));
    }
    let wrong = |error: PatternError| {
        let which = match error.pattern() {
            "" => String::new(),
            pattern => format!("{pattern:?}: "),
        };
        let message = format!("the member \"topics\" is wrong: {which}{error}");
        ApiError::invalid_member("topics", message)
    };
    TopicFilter::new(topics).map(Some).map_err(wrong)
}

/// A page's size.
pub(super) fn limit(given: Option<u32>, default: u32) -> Result<u32, ApiError> {
    match given.unwrap_or(default) {
        limit if LIST_SIZES.contains(&limit) => Ok(limit),
        limit => {
            let (least, most) = (LIST_SIZES.start(), LIST_SIZES.end());
            let message = format!("the member \"limit\" must be from {least} to {most}; it is {limit}");
            Err(ApiError::invalid_member("limit", message))
        }
    }
}

/// The time to wait for something, in milliseconds; 0 unless given.
pub(super) fn wait_ms(given: Option<u64>) -> Result<u64, ApiError> {
    match given.unwrap_or(0) {
        wait_ms @ 0..=LONGEST_WAIT_MS => Ok(wait_ms),
        wait_ms => {
            let message = format!("the member \"waitMs\" must be at most {LONGEST_WAIT_MS}; it is {wait_ms}");
            Err(ApiError::invalid_member("waitMs", message))
        }
    }
}

/// The name of a conversation.
pub(super) fn conversation(name: &str) -> Result<(), ApiError> {
    if name.trim().is_empty() || name.chars().count() > LONGEST_NAME {
        let message = format!("the member \"conversation\" must be a name of 1 to {LONGEST_NAME} characters");
        return Err(ApiError::invalid_member("conversation", message));
    }
    Ok(())
}

/// The selected tasks: params that select nothing in particular are refused, or they would select all.
pub(super) fn selection(params: TaskSelection, now: Timestamp) -> Result<Select, ApiError> {
    let TaskSelection { task_ids, state, agent, rule, within_minutes } = params;
    if let Some(ids) = task_ids {
        if ids.len() > MOST_SELECTED {
            let message =
                format!("the member \"taskIds\" must have at most {MOST_SELECTED} ids; it has {}", ids.len());
            return Err(ApiError::invalid_member("taskIds", message));
        }
        return Ok(Select::Named(ids.iter().map(|id| task_no(id)).collect::<Result<_, _>>()?));
    }
    for (member, text) in [("agent", &agent), ("rule", &rule)] {
        name(member, text.as_deref().unwrap_or_default())?;
    }
    let within = match within_minutes {
        Some(minutes) if minutes > 0.0 && minutes <= LONGEST_WITHIN_MINUTES => {
            Some((minutes * 60_000.0) as i64)
        }
        Some(minutes) => {
            let message = format!(
                "the member \"withinMinutes\" must be more than 0 and at most {LONGEST_WITHIN_MINUTES}; it is {minutes}"
            );
            return Err(ApiError::invalid_member("withinMinutes", message));
        }
        None => None,
    };
    if state.is_none() && agent.is_none() && rule.is_none() && within.is_none() {
        let message = "say which tasks: name them in \"taskIds\", or give a \"state\", an \"agent\", a \"rule\" or \"withinMinutes\"";
        return Err(ApiError::invalid_member("taskIds", message));
    }
    let since = within.map(|within| Timestamp::from_millis(now.as_millis() - within));
    Ok(Select::All(Selection { state, agent, rule, since }))
}

/// A lane of the configuration.
pub(super) fn lane(lane: Option<&str>, config: &Config) -> Result<(), ApiError> {
    match lane.and_then(|lane| no_lane(config, lane)) {
        Some(why) => Err(ApiError::invalid_member("lane", why)),
        None => Ok(()),
    }
}

/// A policy of retries.
pub(super) fn retry(policy: Option<&RetryPolicy>) -> Result<(), ApiError> {
    let Some(policy) = policy else { return Ok(()) };
    if !MOST_RETRIES.contains(&policy.max) {
        let message = format!(
            "the member \"retry.max\" must be from {} to {}; it is {}",
            MOST_RETRIES.start(),
            MOST_RETRIES.end(),
            policy.max
        );
        return Err(ApiError::invalid_member("retry.max", message));
    }
    if policy.on.is_empty() || policy.on.len() > MOST_RETRIED {
        let message = format!("the member \"retry.on\" must have 1 to {MOST_RETRIED} entries");
        return Err(ApiError::invalid_member("retry.on", message));
    }
    Ok(())
}

/// A task's number, from its id.
pub(super) fn task_no(id: &str) -> Result<TaskNo, ApiError> {
    name("taskId", id)?;
    let unknown = |()| {
        ApiError::new(
            ErrorKind::TaskNotFound,
            format!("there is no task {id:?}; `aiwg task list` shows the latest"),
        )
    };
    id.parse().map_err(unknown)
}

/// The tasks that a new one is to start after.
pub(super) fn after(ids: Option<&[String]>) -> Result<Vec<TaskNo>, ApiError> {
    let ids = ids.unwrap_or_default();
    if ids.len() > MOST_DEPENDENCIES {
        let message =
            format!("the member \"after\" names {} tasks; {MOST_DEPENDENCIES} is the limit", ids.len());
        return Err(ApiError::invalid_member("after", message));
    }
    ids.iter().try_for_each(|id| name("after", id))?;
    let unknown = |id: &str| {
        let message =
            format!("it is to start after {id:?}, which does not exist; `aiwg task list` shows the latest");
        ApiError::new(ErrorKind::DependencyNotFound, message)
    };
    ids.iter().map(|id| id.parse().map_err(|()| unknown(id))).collect()
}

/// Checks that an agent can be asked this.
pub(super) fn prompt(member: &str, text: &str) -> Result<(), ApiError> {
    if text.trim().is_empty() {
        let message = format!("the member {member:?} is empty: say what the agent is to do");
        return Err(ApiError::invalid_member(member, message));
    }
    if text.len() > LONGEST_PROMPT {
        let message =
            format!("the member {member:?} has {} bytes; {LONGEST_PROMPT} is the limit", text.len());
        return Err(ApiError::invalid_member(member, message));
    }
    Ok(())
}

/// Checks that a task may have this priority.
pub(super) fn priority(given: Option<i32>) -> Result<(), ApiError> {
    match given {
        Some(priority) if !PRIORITIES.contains(&priority) => {
            let (least, most) = (PRIORITIES.start(), PRIORITIES.end());
            let message = format!("the member \"priority\" must be from {least} to {most}; it is {priority}");
            Err(ApiError::invalid_member("priority", message))
        }
        _ => Ok(()),
    }
}

/// Checks a text of any kind: not blank, and of so many characters at the most.
pub(super) fn text(member: &str, text: &str, most: usize) -> Result<(), ApiError> {
    at_most(member, text, most)?;
    if text.trim().is_empty() {
        return Err(ApiError::invalid_member(member, format!("the member {member:?} must not be empty")));
    }
    Ok(())
}

/// Checks a number of minutes.
fn minutes(member: &str, minutes: Option<f64>) -> Result<(), ApiError> {
    let Some(minutes) = minutes.filter(|minutes| !is_task_time(*minutes)) else { return Ok(()) };
    let message = format!(
        "the member {member:?} must be more than 0 and at most {LONGEST_TASK_MINUTES}; it is {minutes}"
    );
    Err(ApiError::invalid_member(member, message))
}

/// Checks the terms on which a person is to approve a task; none if nobody is asked.
pub(super) fn approval(terms: Option<ApprovalTerms>) -> Result<Option<ApprovalLimits>, ApiError> {
    let limits = terms.and_then(ApprovalTerms::limits);
    minutes("approval.timeout_minutes", limits.and_then(|limits| limits.timeout_minutes))?;
    match limits.and_then(|limits| never_times_out(&limits)) {
        Some(why) => {
            let message = format!("the member \"approval.on_timeout\" {why}");
            Err(ApiError::invalid_member("approval.on_timeout", message))
        }
        None => Ok(limits),
    }
}

/// Checks an agent's question.
pub(super) fn question(params: &ApprovalAskParams) -> Result<(), ApiError> {
    text("question", &params.question, LONGEST_QUESTION)?;
    minutes("timeoutMinutes", params.timeout_minutes)?;
    let options = params.options.as_deref().unwrap_or_default();
    if options.len() > MOST_OPTIONS {
        let message =
            format!("the member \"options\" has {} entries; {MOST_OPTIONS} is the limit", options.len());
        return Err(ApiError::invalid_member("options", message));
    }
    options.iter().try_for_each(|option| text("options", option, LONGEST_OPTION))
}

/// Checks a time after which a task is no longer wanted.
pub(super) fn expires(given: Option<Span>) -> Result<(), ApiError> {
    match given.and_then(|expires| expires_early(expires, None)) {
        Some(why) => Err(ApiError::invalid_member("expires", format!("the member \"expires\" {why}"))),
        None => Ok(()),
    }
}

/// Checks that a task which is not to start before a time can do so before it is no longer wanted.
pub(super) fn start_before(
    start_at: Option<Timestamp>,
    expires: Span,
    now: Timestamp,
) -> Result<(), ApiError> {
    let expires_at = now.after_ms(expires.as_millis());
    let Some(start_at) = start_at.filter(|start_at| expires_at <= *start_at) else { return Ok(()) };
    let message = format!(
        "the member \"expires\" is over at {expires_at}, and the task is not to start before {start_at}: make it longer, or leave it out"
    );
    Err(ApiError::invalid_member("expires", message))
}

/// Checks that this specification can be carried out.
pub(super) fn spec(params: &TaskSubmitParams, config: &Config, now: Timestamp) -> Result<(), ApiError> {
    let wrong = |member: &str, message: String| Err(ApiError::invalid_member(member, message));
    prompt("prompt", &params.prompt)?;
    priority(params.priority)?;
    minutes("timeoutMinutes", params.timeout_minutes)?;
    if let Some(agent) = &params.agent {
        name("agent", agent)?;
    }
    if params.agent.as_ref().is_some_and(|agent| !is_agent(agent)) {
        return wrong("agent", format!("the member \"agent\" {AGENT_RULE}"));
    }
    let env = params.env.iter().flatten().map(|(name, value)| name.len() + value.len()).sum();
    size("env", env, config.daemon.max_metadata_kb, "daemon.max_metadata_kb")?;
    let metadata =
        params.metadata.iter().flatten().map(|(name, value)| name.len() + value.as_str().len()).sum();
    size("metadata", metadata, config.daemon.max_metadata_kb, "daemon.max_metadata_kb")?;
    for name in params.env.iter().flat_map(|env| env.keys()) {
        if !is_variable(name) {
            return wrong("env", format!("the member \"env\" has {name:?}, which is no name of a variable"));
        }
    }
    if params.env.iter().flat_map(|env| env.values()).any(|value| value.contains('\0')) {
        return wrong("env", "the member \"env\" has a value with a null character".to_owned());
    }
    for (name, value) in params.metadata.iter().flatten() {
        readable(&format!("metadata.{name}"), value)?;
    }
    lane(params.lane.as_deref(), config)?;
    if let Some((member, why)) = params.verify.as_ref().and_then(wrong_verify) {
        let member = format!("verify.{member}");
        let message = format!("the member {member:?} {why}");
        return wrong(&member, message);
    }
    let time = params.approval.and_then(ApprovalTerms::limits).and_then(|limits| limits.timeout_minutes);
    if let Some(why) = time.zip(params.expires).and_then(|(time, expires)| times_out_late(time, expires)) {
        let member = "approval.timeout_minutes";
        return wrong(member, format!("the member {member:?} {why}"));
    }
    if let Some(why) = params.expires.and_then(|expires| expires_early(expires, params.delay)) {
        return wrong("expires", format!("the member \"expires\" {why}"));
    }
    if let Some(expires) = params.expires {
        start_before(params.start_at, expires, now)?;
    }
    if let Some(label) = params.runs_on.iter().flatten().find(|label| !is_label(label)) {
        return wrong(
            "runsOn",
            format!("the member \"runsOn\" has {label:?}, which is no label: {LABEL_RULE}"),
        );
    }
    base(params.workspace.as_ref())?;
    retry(params.retry.as_ref())
}

/// Checks the number of a run.
pub(super) fn launch(launch: Option<u32>) -> Result<(), ApiError> {
    if launch != Some(0) {
        return Ok(());
    }
    let message = "the member \"launch\" must be at least 1: runs are numbered from 1";
    Err(ApiError::invalid_member("launch", message))
}

/// Checks the state of the files from which a work tree is to begin.
fn base(workspace: Option<&Workspace>) -> Result<(), ApiError> {
    let Some(Workspace::Terms(WorkspaceTerms { base: Some(base), .. })) = workspace else { return Ok(()) };
    let member = "workspace.base";
    at_most(member, base, LONGEST_BASE)?;
    if base.is_empty() || base.starts_with('-') || base.contains('\0') {
        let message = format!(
            "the member {member:?} must be \"snapshot\", \"head\", or a branch, a tag or a hash; it is {base:?}"
        );
        return Err(ApiError::invalid_member(member, message));
    }
    Ok(())
}

/// Checks the filters of a list, and its order.
pub(super) fn list(params: &TaskListParams) -> Result<(), ApiError> {
    for (member, text) in [("agent", &params.agent), ("rule", &params.rule)] {
        name(member, text.as_deref().unwrap_or_default())?;
    }
    at_most("lane", params.lane.as_deref().unwrap_or_default(), LONGEST_LANE)?;
    if let Some(text) = &params.text {
        at_most("text", text, LONGEST_TEXT)?;
        if text.is_empty() {
            return Err(ApiError::invalid_member("text", "the member \"text\" must not be empty"));
        }
    }
    let is_newest = matches!(params.sort, None | Some(TaskOrder::Newest));
    if params.cursor.is_some() && !is_newest {
        let message = "the member \"cursor\" goes with the order \"newest\" only: leave out \"sort\"";
        return Err(ApiError::invalid_member("cursor", message));
    }
    Ok(())
}
