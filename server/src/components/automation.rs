//! The rules, as far as the status and the health check say something of them.

use aiwg_protocol::{
    config::Config,
    types::{AutomationSubsystem, HealthCheckItem, Subsystems},
};
use aiwg_store::Reader;
use futures::future::BoxFuture;

use crate::{
    component::{Component, item},
    context::Context,
    rules::tripped_message,
};

/// The status and the health of the rules.
pub(crate) struct Rules;

impl Component for Rules {
    fn name(&self) -> &'static str {
        "the rules"
    }

    fn status(
        &self,
        context: &Context,
        reader: &dyn Reader,
        into: &mut Subsystems,
    ) -> aiwg_store::Result<()> {
        into.automation = AutomationSubsystem {
            enabled: reader.automation_enabled()?,
            rule_count: rule_count(&context.settings.get().config),
        };
        Ok(())
    }

    fn probe<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Vec<HealthCheckItem>> {
        Box::pin(async { vec![item("rules", check(context).await)] })
    }
}

/// Counts the rules of the configuration. Those that jobs are on the inside are jobs to people.
pub(crate) fn rule_count(config: &Config) -> u32 {
    u32::try_from(config.rules.len()).unwrap_or(u32::MAX)
}

/// Checks that no rule has tripped.
async fn check(context: &Context) -> Result<String, String> {
    let automation = context.automation().await.map_err(|error| error.to_string())?;
    let tripped: Vec<_> = automation
        .rules
        .iter()
        .filter(|state| state.tripped_at.is_some())
        .map(|state| (state.rule.id.as_str(), state.tripped_why.as_deref()))
        .collect();
    if tripped.is_empty() {
        return Ok(format!("{} rules, none tripped", automation.rules.len()));
    }
    Err(tripped_message(&tripped))
}
