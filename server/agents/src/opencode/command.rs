//! The command line of `opencode run`.

use crate::command::{Builder, Capabilities, CommandError, Invocation, Session, checked_id};

/// The command of a run.
pub(super) fn command(
    configured: &[String],
    invocation: &Invocation<'_>,
) -> Result<Vec<String>, CommandError> {
    invocation.without_settings(configured)?;
    let mut command = Builder::new(configured);
    if let Some(agent) = invocation.agent {
        command.option("--agent", agent);
    }
    if let Session::Resumed(id) = invocation.session {
        command.option("-s", checked_id(id)?);
    }
    command.with_prompt(invocation.prompt, true)
}

/// Its abilities. It reports its session and its cost in `json` alone.
pub(super) fn capabilities(configured: &[String]) -> Capabilities {
    let is_json = super::is_json(configured);
    Capabilities { can_resume: is_json, tells_cost: is_json, ..Capabilities::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Prompt;

    #[test]
    fn each_part_has_its_option() {
        let configured = ["opencode", "run", "--format", "json"].map(str::to_owned);
        let made = |invocation| command(&configured, &invocation).map(|words| words.join(" "));
        let all = Invocation {
            agent: Some("plan"),
            session: Session::Resumed("ses_1"),
            cap_usd: Some(1.0),
            prompt: Prompt::Argument("-Do it"),
            ..Invocation::default()
        };
        assert_eq!(made(all).unwrap(), "opencode run --format json --agent plan -s ses_1 -- -Do it");
        assert_eq!(made(Invocation::default()).unwrap(), "opencode run --format json");
        assert!(made(Invocation { settings: Some("{}"), ..Invocation::default() }).is_err());
        assert!(made(Invocation { session: Session::Resumed("-c"), ..Invocation::default() }).is_err());
    }
}
