//! The checks of a prompt that need no event.

use aiwg_topics::Part;
use minijinja::{Environment, ErrorKind};

use super::{
    TemplateError, environment::environment, growth, members, on_known_stack, parsed, sample::sample, tokens,
    unless_it_panics,
};

/// The names to which a prompt may refer.
const NAMES: [&str; 5] = ["event", "events", "files", "matches", "rule"];

/// The members of an event.
const EVENT_MEMBERS: [&str; 6] = ["seq", "topic", "payload", "source", "at", "causedBy"];

/// The number of instructions of a dry run. The sample events are short; a configuration may have thousands of prompts.
const FUEL: u64 = 50_000;

/// Finds the problem of a prompt, before there is any event: its syntax, and names that nothing will ever have.
///
/// # Errors
/// It cannot be used.
pub fn check(prompt: &str) -> Result<(), TemplateError> {
    if prompt.contains('{') { on_known_stack(|| check_template(prompt))? } else { Ok(()) }
}

fn check_template(prompt: &str) -> Result<(), TemplateError> {
    tokens::check(prompt)?;
    let taken_apart = parsed(prompt)?;
    growth::check(&taken_apart, None)?;
    let (environment, _) = environment();
    let template = environment.template_from_str(prompt)?;
    for name in template.undeclared_variables(true) {
        let mut parts = name.split('.');
        let first = parts.next().unwrap_or_default();
        if !NAMES.contains(&first) {
            let message = format!("{name:?} is unknown; a prompt may refer to {}", NAMES.join(", "));
            return Err(TemplateError(message));
        }
        if first == "event"
            && let Some(member) = parts.next()
            && !EVENT_MEMBERS.contains(&member)
        {
            let message = format!("{name:?} is unknown; an event has {}", EVENT_MEMBERS.join(", "));
            return Err(TemplateError(message));
        }
    }
    // The payload of a sample event is unknown, so its values may be anything: their size is checked when there is an event.
    if growth::check(&taken_apart, Some(&sample())).is_err() {
        return Ok(());
    }
    dry_run(&environment, prompt)
}

/// The members of events' payloads that a prompt names, each by the way to it, in order. None where it cannot be taken apart, which [`check`]
/// reports.
pub(in crate::rules) fn payload_members(prompt: &str) -> Vec<Vec<Part>> {
    if !prompt.contains('{') || !prompt.contains("payload") {
        return Vec::new();
    }
    let named = || {
        tokens::check(prompt).ok()?;
        Some(members::named(&parsed(prompt).ok()?))
    };
    on_known_stack(named).ok().flatten().unwrap_or_default()
}

/// Renders the prompt with sample events: filters, functions and the members of members are only looked up in use.
fn dry_run(environment: &Environment<'_>, prompt: &str) -> Result<(), TemplateError> {
    let mut environment = environment.clone();
    environment.set_fuel(Some(FUEL));
    environment.set_formatter(|_, _, value| {
        if value.is_undefined() { Err(ErrorKind::UndefinedError.into()) } else { Ok(()) }
    });
    match unless_it_panics(|| environment.render_str(prompt, sample()))? {
        Err(error) if error.kind() == ErrorKind::UndefinedError => {
            let named = error.detail().map_or_else(String::new, |what| format!(": {what}"));
            Err(TemplateError(format!("it refers to something that no event has{named}")))
        }
        Err(error) if is_wrong_for_any_event(error.kind()) => Err(error.into()),
        // Other errors may not occur with the payload of a real event.
        _ => Ok(()),
    }
}

fn is_wrong_for_any_event(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnknownFilter
            | ErrorKind::UnknownTest
            | ErrorKind::UnknownFunction
            | ErrorKind::UnknownMethod
            | ErrorKind::TemplateNotFound
    )
}
