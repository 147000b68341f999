//! The line that is typed: several of them, completion, history over sessions.

use std::{
    borrow::Cow,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rustyline::{
    CompletionType, Config, Context, Editor, Helper,
    completion::Completer,
    highlight::Highlighter,
    hint::Hinter,
    history::FileHistory,
    validate::{ValidationContext, ValidationResult, Validator},
};

use crate::error::CliError;

/// Number of lines that are remembered.
const REMEMBERED: usize = 1000;

/// Commands that can be typed besides a message.
pub(super) const COMMANDS: [(&str, &str); 12] = [
    ("/help", "what can be typed here"),
    ("/status", "how the daemon is"),
    ("/tasks", "the latest tasks"),
    ("/run PROMPT", "a task in the background; a notice says when it ends"),
    ("/cancel ID...", "cancel tasks"),
    ("/approvals", "what waits for a decision of yours"),
    ("/approve ID [REASON]", "approve it"),
    ("/reject ID [REASON]", "reject it"),
    ("/answer ID TEXT", "answer an agent's question"),
    ("/history", "what was said in this conversation"),
    ("/clear", "forget what was said in it"),
    ("/quit", "leave; Ctrl-D does so too"),
];

/// The tasks that can be cancelled, as they come and go.
pub(super) type Cancellable = Arc<Mutex<Vec<String>>>;

/// The editor, with what was typed in earlier sessions.
pub(super) fn editor(cancellable: Cancellable) -> Result<Editor<Typing, FileHistory>, CliError> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .max_history_size(REMEMBERED)
        .map_err(unusable)?
        .history_ignore_space(true)
        .build();
    let history = FileHistory::with_config(&config);
    let mut editor = Editor::with_history(config, history).map_err(unusable)?;
    editor.set_helper(Some(Typing { cancellable }));
    if let Some(path) = history_file() {
        // None yet, in the first session.
        let _ = editor.load_history(&path);
    }
    Ok(editor)
}

/// Keeps what was typed, also for the next session. At once: a terminal that is closed gives no time for it.
pub(super) fn remember(editor: &mut Editor<Typing, FileHistory>, typed: &str) {
    // Where it cannot be remembered, it is not.
    let _ = editor.add_history_entry(typed);
    let Some(path) = history_file() else { return };
    let is_there = path.parent().is_some_and(|dir| {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).is_ok()
    });
    if is_there {
        let _ = editor.append_history(&path);
    }
}

/// As the XDG base directory specification has it.
fn history_file() -> Option<PathBuf> {
    let named = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = named("XDG_STATE_HOME").or_else(|| Some(named("HOME")?.join(".local/state")))?;
    Some(state.join("aiwg/chat-history"))
}

fn unusable(error: impl std::fmt::Display) -> CliError {
    CliError::Failed(format!("the terminal cannot be used: {error}"))
}

/// Helps with typing.
pub(super) struct Typing {
    cancellable: Cancellable,
}

impl Helper for Typing {}
impl Highlighter for Typing {}

impl Hinter for Typing {
    type Hint = String;
}

impl Validator for Typing {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let is_whole = is_whole(context.input());
        Ok(if is_whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Completer for Typing {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let typed = line.get(..at).unwrap_or(line);
        if let Some(ids) = typed.strip_prefix("/cancel ") {
            let id = ids.rsplit(char::is_whitespace).next().unwrap_or(ids);
            let tasks = self.cancellable.lock().unwrap_or_else(PoisonError::into_inner);
            let fits = tasks.iter().filter(|task| task.starts_with(id)).cloned().collect();
            return Ok((at - id.len(), fits));
        }
        // What comes behind it is typed next.
        let names = COMMANDS.iter().map(|(command, _)| match command.split_once(' ') {
            Some((name, _)) => format!("{name} "),
            None => (*command).to_owned(),
        });
        let fits = names.filter(|name| typed.starts_with('/') && name.starts_with(typed));
        Ok((0, fits.collect()))
    }
}

/// True if a message is all there: no `\` at its end, no open block of code.
fn is_whole(typed: &str) -> bool {
    !typed.ends_with('\\') && !turns_block(typed)
}

/// True if a block of code is open behind it if none was before, or the other way round.
pub(super) fn turns_block(typed: &str) -> bool {
    !typed.matches("```").count().is_multiple_of(2)
}

/// The message that was typed, over several lines perhaps.
pub(super) fn message(typed: &str) -> Cow<'_, str> {
    if typed.contains("\\\n") { typed.replace("\\\n", "\n").into() } else { typed.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_may_have_several_lines() {
        assert!(
            is_whole("hello") && !is_whole("hello\\") && !is_whole("```\ncode") && is_whole("```\ncode\n```")
        );
        assert_eq!(message("one\\\ntwo"), "one\ntwo");
    }
}
