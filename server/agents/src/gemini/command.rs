//! The command line of `gemini`.

use crate::command::{
    Builder, Capabilities, CommandError, Invocation, Prompt, Session, checked_id, checked_prompt,
};

/// The option of a prompt. Beside it no argument may be one.
const PROMPT: [&str; 2] = ["-p", "--prompt"];

/// The command of a run.
pub(super) fn command(
    configured: &[String],
    invocation: &Invocation<'_>,
) -> Result<Vec<String>, CommandError> {
    invocation.without_agent(configured)?;
    invocation.without_settings(configured)?;
    let mut command = Builder::new(configured);
    match invocation.session {
        Session::New => {}
        Session::Named(id) => command.option("--session-id", checked_id(id)?),
        Session::Resumed(id) => command.option("--resume", checked_id(id)?),
    }
    if let Prompt::Argument(prompt) = invocation.prompt {
        command.remove_bare(&PROMPT);
        // In one word with its option it is never taken for another.
        command.word(format!("--prompt={}", checked_prompt(prompt)?));
    }
    Ok(command.without_prompt())
}

/// Its abilities. It reports its session in `stream-json` alone.
pub(super) fn capabilities(configured: &[String]) -> Capabilities {
    Capabilities {
        can_resume: super::is_stream(configured),
        can_name_session: true,
        ..Capabilities::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(configured: &str, invocation: Invocation<'_>) -> Result<String, CommandError> {
        let configured: Vec<String> = configured.split(' ').map(str::to_owned).collect();
        command(&configured, &invocation).map(|words| words.join(" "))
    }

    #[test]
    fn each_part_has_its_option() {
        let prompt = Invocation { prompt: Prompt::Argument("-Do it"), ..Invocation::default() };
        assert_eq!(
            made("gemini -p -o stream-json", prompt).unwrap(),
            "gemini -o stream-json --prompt=-Do it"
        );
        let resumed = Invocation { session: Session::Resumed("a-b"), ..Invocation::default() };
        assert_eq!(made("gemini -o stream-json", resumed).unwrap(), "gemini -o stream-json --resume a-b");
        let named =
            Invocation { session: Session::Named("a-b"), cap_usd: Some(1.0), ..Invocation::default() };
        assert_eq!(made("gemini", named).unwrap(), "gemini --session-id a-b");
    }

    #[test]
    fn it_refuses_what_it_cannot_do() {
        assert!(made("gemini", Invocation { agent: Some("a"), ..Invocation::default() }).is_err());
        assert!(made("gemini", Invocation { settings: Some("{}"), ..Invocation::default() }).is_err());
        let latest = Invocation { session: Session::Resumed("../x"), ..Invocation::default() };
        assert!(made("gemini", latest).is_err());
        let nul = Invocation { prompt: Prompt::Argument("a\0"), ..Invocation::default() };
        assert_eq!(made("gemini", nul), Err(CommandError::Nul));
    }
}
