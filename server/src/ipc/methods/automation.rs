use aiwg_protocol::{
    ApiError,
    config::{Action, Rule},
    types::{
        AutomationStatus, AutomationSwitchParams, AutomationSwitched, AutomationTestParams, AutomationTested,
        Event, EventSource, FileEvent, Json, MatchOutcome, NoParams, PendingMatches, RuleAction,
        RuleActionKind, RuleStatus, RuleTested, Timestamp,
    },
};

use super::schedule;
use crate::{
    engine::{Draft, RuleState},
    ipc::connection::Handler,
    rules::{Decision, Refusal, task_of},
    scheduler::draft,
};

/// How many executions the status shows.
const EXECUTIONS_SHOWN: u32 = 50;

pub(crate) async fn automation_status(handler: &Handler, _: NoParams) -> Result<AutomationStatus, ApiError> {
    let automation = handler.daemon.engine.automation().await?;
    let firings = handler.daemon.read(|reader| reader.firings(EXECUTIONS_SHOWN)).await?;
    let rules: Vec<_> =
        automation.rules.into_iter().map(|state| rule_status(state, automation.enabled)).collect();
    let watcher = handler.daemon.watcher.status();
    Ok(AutomationStatus {
        enabled: automation.enabled,
        rule_count: u32::try_from(rules.len()).unwrap_or(u32::MAX),
        rules,
        held_by: watcher.held_by,
        held_since: watcher.held_since,
        recent_executions: firings,
    })
}

pub(crate) async fn automation_enable(
    handler: &Handler,
    params: AutomationSwitchParams,
) -> Result<AutomationSwitched, ApiError> {
    switch(handler, params, true).await
}

pub(crate) async fn automation_disable(
    handler: &Handler,
    params: AutomationSwitchParams,
) -> Result<AutomationSwitched, ApiError> {
    switch(handler, params, false).await
}

pub(crate) async fn automation_test(
    handler: &Handler,
    params: AutomationTestParams,
) -> Result<AutomationTested, ApiError> {
    let event = event_of(handler, params)?;
    let decided = handler.daemon.engine.try_out(event.clone()).await?;
    let rules = decided.into_iter().map(|(rule, decision)| tested(&rule, &decision, &event)).collect();
    Ok(AutomationTested { topic: event.topic, rules })
}

async fn switch(
    handler: &Handler,
    params: AutomationSwitchParams,
    enabled: bool,
) -> Result<AutomationSwitched, ApiError> {
    let all = params.rule_id.is_none();
    handler.daemon.engine.switch(params.rule_id, enabled).await?;
    handler.daemon.status_changed.notify_one();
    Ok(if all {
        AutomationSwitched { enabled: Some(enabled), success: None }
    } else {
        AutomationSwitched { enabled: None, success: Some(true) }
    })
}

fn rule_status(state: RuleState, all_on: bool) -> RuleStatus {
    let refusal = if !all_on {
        Some(Refusal::AllOff)
    } else if !state.enabled {
        Some(Refusal::Off)
    } else {
        state.tripped_at.map(|_| Refusal::Tripped)
    };
    let on_busy = state.rule.on_busy();
    let Rule { id, trigger, condition, action, .. } = state.rule;
    let Action::SubmitTask { prompt, priority, agent, .. } = action;
    RuleStatus {
        id,
        trigger,
        condition,
        action: RuleAction { kind: RuleActionKind::SubmitTask, prompt, priority, agent },
        enabled: state.enabled,
        active: refusal.is_none(),
        reason: refusal.map(|refusal| refusal.to_string()),
        on_busy,
        tripped_at: state.tripped_at,
        busy: u32::try_from(state.busy).unwrap_or(u32::MAX),
        last_refusal: state.last_refusal,
        pending: state
            .pending
            .map(|pending| PendingMatches { matches: pending.matches, due_at: pending.due_at }),
    }
}

/// The event that is to be tried. It is stored nowhere.
fn event_of(handler: &Handler, params: AutomationTestParams) -> Result<Event, ApiError> {
    let AutomationTestParams { topic, payload, file, schedule } = params;
    let (topic, payload, source) = match (topic, file, schedule) {
        (Some(topic), None, None) => (topic, payload.unwrap_or_default(), EventSource::Client),
        (None, Some(path), None) => {
            let file = FileEvent { path, ..FileEvent::default() };
            ("file:modified".to_owned(), Json::new(&file).unwrap_or_default(), EventSource::FileWatcher)
        }
        (None, None, Some(job)) => {
            let job = schedule::job(&handler.daemon.settings.get(), &job)?;
            let Draft { topic, payload, source, .. } = draft(&job, Timestamp::now(), false, None);
            (topic, payload, source)
        }
        _ => {
            let message = "give exactly one of the members \"topic\", \"file\" and \"schedule\"";
            return Err(ApiError::invalid_member("topic", message));
        }
    };
    Ok(Event { seq: 0, topic, payload, source, at: Timestamp::now(), caused_by: None })
}

fn tested(rule: &Rule, decision: &Decision, event: &Event) -> RuleTested {
    let (outcome, refused) = match decision {
        Decision::Fire => (MatchOutcome::Fire, None),
        Decision::Debounce { .. } => (MatchOutcome::Debounce, None),
        Decision::Coalesce => (MatchOutcome::Coalesce, None),
        Decision::Refuse(why) => (MatchOutcome::Refuse, Some(why.to_string())),
        Decision::Trip => (MatchOutcome::Trip, Some("the rule has fired too often".to_owned())),
    };
    let (task, unusable) = task_of(rule, std::slice::from_ref(event));
    RuleTested {
        rule: rule.id.clone(),
        outcome,
        prompt: unusable.is_none().then_some(task.prompt),
        reason: refused.or_else(|| unusable.map(|why| why.to_string())),
    }
}
