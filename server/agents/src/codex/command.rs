//! The command line of `codex exec`.

use crate::command::{
    Builder, Capabilities, CommandError, Invocation, Prompt, Session, checked_id, checked_prompt,
};

/// The command of a run: `codex exec … [resume ID] [-- PROMPT]`.
pub(super) fn command(
    configured: &[String],
    invocation: &Invocation<'_>,
) -> Result<Vec<String>, CommandError> {
    invocation.without_agent(configured)?;
    invocation.without_settings(configured)?;
    let mut command = Builder::new(configured);
    if matches!(invocation.session, Session::Resumed(_)) || invocation.prompt != Prompt::Stdin {
        // The configured command has it for a prompt on standard input: here the prompt is, or comes, elsewhere.
        command.remove_bare(&["-"]);
    }
    let Session::Resumed(id) = invocation.session else {
        return command.with_prompt(invocation.prompt, true);
    };
    // Options of `exec` may stand before the command `resume`, and not all of them after it.
    let mut words = command.without_prompt();
    words.extend(["resume", "--", checked_id(id)?].map(str::to_owned));
    words.push(match invocation.prompt {
        Prompt::Argument(prompt) => checked_prompt(prompt)?.to_owned(),
        // Without a prompt it would go on by itself, and not read one.
        Prompt::Stdin | Prompt::Messages => "-".to_owned(),
    });
    Ok(words)
}

/// Its abilities. It reports its session with `--json` alone.
pub(super) fn capabilities(configured: &[String]) -> Capabilities {
    Capabilities { can_resume: super::is_json(configured), ..Capabilities::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(invocation: Invocation<'_>) -> Result<String, CommandError> {
        let configured: Vec<String> = "codex exec --json".split(' ').map(str::to_owned).collect();
        command(&configured, &invocation).map(|words| words.join(" "))
    }

    #[test]
    fn a_session_is_resumed_by_a_command_of_its_own() {
        let id = "01a22610-105b-7020-b1e4-66bb030efffe";
        let resumed = Invocation { session: Session::Resumed(id), ..Invocation::default() };
        assert_eq!(made(resumed).unwrap(), format!("codex exec --json resume -- {id} -"));
        let prompt = Invocation { prompt: Prompt::Argument("-Go on"), ..resumed };
        assert_eq!(made(prompt).unwrap(), format!("codex exec --json resume -- {id} -Go on"));
        let fresh = Invocation { session: Session::New, ..prompt };
        assert_eq!(made(fresh).unwrap(), "codex exec --json -- -Go on");
        assert_eq!(
            made(Invocation { cap_usd: Some(1.0), ..Invocation::default() }).unwrap(),
            "codex exec --json"
        );
    }

    #[test]
    fn a_prompt_on_standard_input_has_one_place() {
        let configured = ["codex", "exec", "--json", "-"].map(str::to_owned);
        let made = |invocation| command(&configured, &invocation).unwrap().join(" ");
        assert_eq!(made(Invocation::default()), "codex exec --json -");
        let prompt = Invocation { prompt: Prompt::Argument("x"), ..Invocation::default() };
        assert_eq!(made(prompt), "codex exec --json -- x");
        let resumed = Invocation { session: Session::Resumed("a"), ..Invocation::default() };
        assert_eq!(made(resumed), "codex exec --json resume -- a -");
    }

    #[test]
    fn it_refuses_what_it_cannot_do() {
        let agent = Invocation { agent: Some("reviewer"), ..Invocation::default() };
        assert!(made(agent).unwrap_err().to_string().contains("no agents"));
        assert!(made(Invocation { settings: Some("{}"), ..Invocation::default() }).is_err());
        assert!(made(Invocation { session: Session::Resumed("--last"), ..Invocation::default() }).is_err());
        let prompt = Prompt::Argument("a\0");
        let resumed = Invocation { session: Session::Resumed("a"), prompt, ..Invocation::default() };
        assert_eq!(made(resumed), Err(CommandError::Nul));
    }
}
