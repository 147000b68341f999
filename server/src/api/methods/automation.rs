use aiwg_protocol::{
    ApiError,
    config::{Action, Rule},
    types::{
        AutomationStatus, AutomationSwitchParams, AutomationSwitched, NoParams, PendingMatches, RuleAction,
        RuleActionKind, RuleStatus, Trigger,
    },
};

use super::check;
use crate::{
    api::{Handler, answer::Part},
    components::automation::rule_count,
    engine::RuleState,
    rules::Refusal,
};

/// The number of executions that the status shows.
const EXECUTIONS_SHOWN: u32 = 50;

pub(crate) async fn automation_status(handler: &Handler, _: NoParams) -> Result<AutomationStatus, ApiError> {
    handler.settled().await;
    handler.answer(|_| status(handler)).await
}

async fn status(handler: &Handler) -> Result<Part<AutomationStatus>, ApiError> {
    let _place = handler.place().await;
    let automation = handler.context.automation().await?;
    let firings = handler.context.read(|reader| reader.firings(EXECUTIONS_SHOWN)).await?;
    let rules: Vec<_> =
        automation.rules.into_iter().map(|state| rule_status(state, automation.enabled)).collect();
    let watcher = handler.api.watcher.watch_status();
    let status = AutomationStatus {
        enabled: automation.enabled,
        rule_count: rule_count(&handler.context.settings.get().config),
        rules,
        held_by: watcher.held_by,
        held_since: watcher.held_since,
        recent_executions: firings,
    };
    Ok(Part::new(status, false))
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

async fn switch(
    handler: &Handler,
    params: AutomationSwitchParams,
    enabled: bool,
) -> Result<AutomationSwitched, ApiError> {
    if let Some(rule) = &params.rule_id {
        check::name("ruleId", rule)?;
    }
    let all = params.rule_id.is_none();
    handler
        .command(handler.context.engine.switch(params.rule_id, enabled, handler.cause(), handler.sender()))
        .await?;
    handler.context.status_changed.notify_one();
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
    let reason = refusal.map(|refusal| match (refusal, state.tripped_why) {
        (Refusal::Tripped, Some(why)) => format!("{why}: {}", refusal.why(&id)),
        _ => refusal.why(&id),
    });
    let Action::SubmitTask { prompt, priority, agent, .. } = action;
    RuleStatus {
        id,
        trigger: Trigger::from(trigger).into(),
        condition: condition.into(),
        action: RuleAction { kind: RuleActionKind::SubmitTask, prompt, priority, agent },
        enabled: state.enabled,
        active: refusal.is_none(),
        reason,
        on_busy: on_busy.into(),
        tripped_at: state.tripped_at,
        busy: u32::try_from(state.busy).unwrap_or(u32::MAX),
        last_refusal: state.last_refusal,
        pending: state
            .pending
            .map(|pending| PendingMatches { matches: pending.matches, due_at: pending.due_at }),
    }
}
