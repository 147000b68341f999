//! The command line of `claude`.

use super::Format;
use crate::command::{
    Builder, Capabilities, CommandError, Invocation, Prompt, Session, checked_id, program_name, runs,
};

/// The least cap that is handed on, in US dollars: 0 is none to it.
const LEAST_CAP: f64 = 0.0001;

/// The command of a run. A wrapper gets the same options, and hands them on.
pub(super) fn command(
    configured: &[String],
    invocation: &Invocation<'_>,
) -> Result<Vec<String>, CommandError> {
    let mut command = Builder::new(configured);
    if let Some(agent) = invocation.agent {
        command.option("--agent", agent);
    }
    match invocation.session {
        Session::New => {}
        Session::Named(id) => command.option("--session-id", checked_id(id)?),
        Session::Resumed(id) => command.option("--resume", checked_id(id)?),
    }
    if let Some(cap) = invocation.cap_usd.filter(|cap| cap.is_finite()) {
        command.option("--max-budget-usd", &format!("{:.4}", cap.max(LEAST_CAP)));
    }
    if let Some(settings) = invocation.settings {
        command.remove("--settings");
        command.option("--settings", settings);
    }
    if invocation.prompt == Prompt::Messages {
        if !takes_messages(configured) {
            return Err(CommandError::NoMessages { program: program_name(configured) });
        }
        command.option(INPUT_FORMAT, "stream-json");
    }
    command.with_prompt(invocation.prompt, runs(configured, "claude"))
}

/// The option that decides how the input is read.
const INPUT_FORMAT: &str = "--input-format";

/// True if it reads messages where it is told to: it can do so in this output format alone. A command with a format of its own is left alone.
fn takes_messages(configured: &[String]) -> bool {
    let has_own = configured.iter().any(|word| word.split('=').next() == Some(INPUT_FORMAT));
    Format::of(configured) == Format::StreamJson && !has_own
}

/// Options with a value that make no sense for a person.
const UNATTENDED: [&str; 6] = [
    "--output-format",
    INPUT_FORMAT,
    "--max-budget-usd",
    "--max-turns",
    "--permission-prompt-tool",
    "--session-id",
];

/// Options without one.
const UNATTENDED_BARE: [&str; 5] =
    ["-p", "--print", "--verbose", "--include-partial-messages", "--replay-user-messages"];

/// The command by which a person goes on with a session: what makes it run unattended is left out.
pub(super) fn interactive(configured: &[String], session: &str) -> Result<Vec<String>, CommandError> {
    let (mut words, mut is_value) = (Vec::new(), false);
    for word in configured.iter().take_while(|word| *word != "--") {
        let (name, has_value) = word.split_once('=').map_or((word.as_str(), false), |(name, _)| (name, true));
        if std::mem::take(&mut is_value) || UNATTENDED_BARE.contains(&name) {
            continue;
        }
        if UNATTENDED.contains(&name) {
            is_value = !has_value;
            continue;
        }
        words.push(word.clone());
    }
    words.extend(["--resume".to_owned(), checked_id(session)?.to_owned()]);
    Ok(words)
}

/// The tools of an agent that can only read. No command, no edit, no agent of its own, and nothing of the network.
const READING_TOOLS: &str = "Read,Grep,Glob";

/// Options that give more than that, each with the words after it.
const GIVING: [&str; 8] = [
    "--tools",
    "--allowedTools",
    "--allowed-tools",
    "--mcp-config",
    "--permission-mode",
    "--permission-prompt-tool",
    "--add-dir",
    "--agents",
];

/// The same without a word after it.
const GIVING_BARE: [&str; 2] = ["--dangerously-skip-permissions", "--allow-dangerously-skip-permissions"];

/// The command whose agents can only read: with the tools for that, and no servers of tools.
pub(super) fn read_only(configured: &[String]) -> Vec<String> {
    let (mut words, mut is_value) = (Vec::new(), false);
    for word in configured.iter().take_while(|word| *word != "--") {
        let (name, has_value) = word.split_once('=').map_or((word.as_str(), false), |(name, _)| (name, true));
        let is_option = word.starts_with('-');
        if GIVING.contains(&name) {
            is_value = !has_value;
        } else if is_option && !GIVING_BARE.contains(&name) {
            is_value = false;
            words.push(word.clone());
        } else if !is_option && !is_value {
            words.push(word.clone());
        }
    }
    // One word each: an option that takes several would take what comes after it.
    words.extend([format!("--tools={READING_TOOLS}"), "--strict-mcp-config".to_owned()]);
    words.extend(configured.iter().skip_while(|word| *word != "--").cloned());
    words
}

/// Its abilities. Text says nothing of the session and the cost.
pub(super) fn capabilities(configured: &[String]) -> Capabilities {
    let reports = Format::of(configured) != Format::Text;
    Capabilities {
        can_resume: reports,
        can_name_session: true,
        tells_cost: reports,
        has_cap: true,
        // Its process ends while a person is asked, and goes on in its session.
        asks_permissions: reports,
        takes_messages: takes_messages(configured),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(configured: &str, invocation: Invocation<'_>) -> String {
        let configured: Vec<String> = configured.split(' ').map(str::to_owned).collect();
        command(&configured, &invocation).unwrap().join(" ")
    }

    #[test]
    fn each_part_has_its_option() {
        let all = Invocation {
            agent: Some("reviewer"),
            session: Session::Resumed("e5019679-1f61-4994-81ed-b4c241c75b0a"),
            cap_usd: Some(1.5),
            settings: Some("{}"),
            prompt: Prompt::Argument("-Do it"),
        };
        assert_eq!(
            made("claude -p", all),
            "claude -p --agent reviewer --resume e5019679-1f61-4994-81ed-b4c241c75b0a --max-budget-usd 1.5000 --settings {} -- -Do it"
        );
        assert_eq!(made("claude -p", Invocation::default()), "claude -p");
        let named = Invocation { session: Session::Named("n"), ..Invocation::default() };
        assert_eq!(made("claude -p -- x", named), "claude -p --session-id n -- x");
    }

    #[test]
    fn a_cap_is_a_number_above_nothing() {
        let cap = |usd| made("claude", Invocation { cap_usd: Some(usd), ..Invocation::default() });
        assert_eq!(cap(0.0), "claude --max-budget-usd 0.0001");
        assert_eq!(cap(-3.0), "claude --max-budget-usd 0.0001");
        assert_eq!(cap(1e21), "claude --max-budget-usd 1000000000000000000000.0000");
        assert_eq!((cap(f64::NAN), cap(f64::INFINITY)), ("claude".to_owned(), "claude".to_owned()));
    }

    #[test]
    fn settings_take_the_place_of_those_that_were_added_to() {
        let settings = Invocation { settings: Some("{}"), ..Invocation::default() };
        for own in ["--settings x.json", "--settings=x.json", "--settings a --settings b"] {
            let made = made(&format!("claude {own} --verbose"), settings);
            assert_eq!(made, "claude --verbose --settings {}");
        }
        assert_eq!(
            made("claude --setting-sources user", settings),
            "claude --setting-sources user --settings {}"
        );
    }

    #[test]
    fn a_person_goes_on_without_what_makes_it_run_unattended() {
        let words =
            "claude -p --output-format stream-json --verbose --model opus --max-turns=3 --add-dir x -- y";
        let configured: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let made = interactive(&configured, "s-1").unwrap().join(" ");
        assert_eq!(made, "claude --model opus --add-dir x --resume s-1");
        assert!(interactive(&configured, "--yolo").is_err());
    }

    #[test]
    fn an_agent_that_only_reads_has_no_tool_that_does_more() {
        let limited = |command: &str| {
            let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
            read_only(&words).join(" ")
        };
        let limit = "--tools=Read,Grep,Glob --strict-mcp-config";
        assert_eq!(limited("claude -p --verbose"), format!("claude -p --verbose {limit}"));
        for given in [
            "--dangerously-skip-permissions",
            "--allowedTools Bash(git*) Edit",
            "--allowed-tools=Bash",
            "--tools default",
            "--mcp-config a.json b.json",
            "--permission-mode bypassPermissions",
            "--add-dir / /etc",
            "--tools",
        ] {
            assert_eq!(
                limited(&format!("claude -p {given} --model opus")),
                format!("claude -p --model opus {limit}"),
                "{given}"
            );
            assert_eq!(limited(&format!("claude -p {given}")), format!("claude -p {limit}"), "{given}");
        }
        assert_eq!(limited("claude -p -- --tools Bash"), format!("claude -p {limit} -- --tools Bash"));
    }

    #[test]
    fn messages_are_taken_in_where_the_output_says_so() {
        let messages = Invocation { prompt: Prompt::Messages, ..Invocation::default() };
        let words = |command: &str| command.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let stream = "claude -p --output-format stream-json --verbose";
        assert_eq!(made(stream, messages), format!("{stream} --input-format stream-json"));
        assert!(capabilities(&words(stream)).takes_messages);
        for other in ["claude -p", "claude -p --output-format json", &format!("{stream} --input-format text")]
        {
            assert!(!capabilities(&words(other)).takes_messages, "{other}");
            assert!(matches!(command(&words(other), &messages), Err(CommandError::NoMessages { .. })));
        }
    }

    #[test]
    fn text_tells_no_session_and_no_cost() {
        let of = |command: &str| capabilities(&command.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert!(!of("claude -p").can_resume && !of("claude -p").tells_cost && of("claude -p").has_cap);
        assert!(of("claude -p --output-format json").can_resume && !of("claude -p").asks_permissions);
    }
}
