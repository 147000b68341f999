//! Wrong use of the command line: what clap says of it, with what to do about it, for people or for programs.

use std::{ffi::OsString, process::ExitCode};

use clap::{
    Command, CommandFactory, Error,
    builder::StyledStr,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{args::Args, error::CliError};

/// Arguments that have blanks, though they are typed as one.
const TEXTS: [&str; 3] = ["prompt", "message", "expression"];

/// Prints what clap found, which may be that help was asked for, and gives the exit code.
pub(crate) fn report(mut error: Error, words: &[OsString]) -> ExitCode {
    if !error.use_stderr() {
        // The help or the version. `aiwg --help | head` has all it wanted.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let tips: Vec<_> = hints(&error, words).into_iter().map(StyledStr::from).collect();
    if !tips.is_empty() {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    let before_texts = words.iter().take_while(|word| *word != "--");
    if before_texts.into_iter().any(|word| word == "--json") {
        let text = error.render().to_string();
        return CliError::Usage(text.trim_start_matches("error: ").trim_end().to_owned()).report(true);
    }
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1))
}

fn hints(error: &Error, words: &[OsString]) -> Vec<String> {
    let named = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let mut all = Args::command();
    all.build();
    let command = typed(&all, words);
    match error.kind() {
        ErrorKind::UnknownArgument if error.get(ContextKind::SuggestedArg).is_none() => {
            let argument = named(ContextKind::InvalidArg).unwrap_or_default();
            text_hint(command, argument.starts_with('-')).into_iter().collect()
        }
        ErrorKind::InvalidSubcommand if command.get_name() == all.get_name() => {
            let word = named(ContextKind::InvalidSubcommand).unwrap_or_default();
            let mut verbs = Vec::new();
            find(&all, &word, &mut verbs);
            verbs
        }
        _ => Vec::new(),
    }
}

/// The command that was meant, as far as it was typed rightly.
fn typed<'a>(all: &'a Command, words: &[OsString]) -> &'a Command {
    let mut command = all;
    for word in words.iter().skip(1).filter_map(|word| word.to_str()) {
        command = command.find_subcommand(word).unwrap_or(command);
    }
    command
}

/// For a command that takes a text: how the shell hands that over as it is.
fn text_hint(command: &Command, is_option: bool) -> Option<String> {
    let text = command.get_positionals().find(|argument| TEXTS.contains(&argument.get_id().as_str()))?;
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    Some(if is_option {
        format!("a text that begins with - goes behind --, and in quotes: {name} -- '- like this'")
    } else {
        format!("{text} is one argument: put it in quotes, as in {name} '...'")
    })
}

/// The commands that have this verb.
fn find(command: &Command, verb: &str, found: &mut Vec<String>) {
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        let is_verb = below.get_name() == verb || below.get_all_aliases().any(|alias| alias == verb);
        if is_verb && !below.has_subcommands() {
            found.push(format!("there is {}", below.get_bin_name().unwrap_or_else(|| below.get_name())));
        }
        find(below, verb, found);
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn hints_for(words: &[&str]) -> Vec<String> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        hints(&Args::try_parse_from(&words).unwrap_err(), &words)
    }

    #[test]
    fn texts_are_one_argument() {
        assert_eq!(
            hints_for(&["aiwg", "task", "submit", "fix", "the", "tests"]),
            ["<PROMPT> is one argument: put it in quotes, as in aiwg task submit '...'"]
        );
        assert!(
            hints_for(&["aiwg", "schedule", "next", "0", "9", "*", "*", "1-5"])[0].starts_with("<EXPR> is")
        );
        assert!(hints_for(&["aiwg", "chat", "send", "- like this"])[0].contains("aiwg chat send -- '-"));
        assert!(hints_for(&["aiwg", "task", "submit", "--priorty", "5", "x"]).is_empty());
        assert!(hints_for(&["aiwg", "task", "get", "1", "2"]).is_empty());
    }

    #[test]
    fn verbs_without_a_noun_are_found() {
        assert_eq!(
            hints_for(&["aiwg", "status"]),
            [
                "there is aiwg daemon status",
                "there is aiwg automation status",
                "there is aiwg messaging status"
            ]
        );
        assert_eq!(hints_for(&["aiwg", "submit", "x"]), ["there is aiwg task submit"]);
        for words in [["task", "show", "1"].as_slice(), &["automation", "list"], &["task", "ls"]] {
            assert!(Args::try_parse_from(["aiwg"].iter().chain(words)).is_ok(), "{words:?}");
        }
    }
}
