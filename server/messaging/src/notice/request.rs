//! The words of what people are asked for: all that decides what becomes of it, and, where that is too long, that there is more.

use aiwg_protocol::{
    terms::CheckCommand,
    types::{ApprovalKind, ApprovalMessage, ApprovalRequest, Timestamp},
};

use super::{Notice, Severity, words::minute};
use crate::{
    Platform,
    text::{Style, Styled, clean, is_blank, line, shortened},
    words::Button,
};

/// The most of a question, of a tool's input, of a check and of variables, in characters.
const LONGEST_REQUEST: usize = 1500;

/// The most of a prompt, in characters: as much as an approval keeps of it.
const LONGEST_PROMPT: usize = 4096;

/// The most messages to an agent that are shown, the latest, and the most of each, in characters.
const MOST_MESSAGES: usize = 5;
const LONGEST_MESSAGE: usize = 500;

/// The most of a name, in characters.
const LONGEST_NAME: usize = 100;

/// The most answers that get a button.
const MOST_OPTIONS: usize = 20;

/// The text of a request, and whether all of it is shown.
struct Asking {
    text: Styled,
    is_all: bool,
}

impl Asking {
    /// Adds a text of others, of which this many characters are shown at most.
    fn push(&mut self, text: &str, style: Style, most: usize) {
        let text = clean(text);
        let shown = shortened(&text, most);
        self.is_all &= shown == text;
        self.text.push_with(&shown, style);
    }

    /// Adds what decides about a task besides its prompt.
    fn push_terms(&mut self, request: &ApprovalRequest) {
        let ApprovalRequest { messages, agent, lane, env, verify, .. } = request;
        let before = messages.len().saturating_sub(MOST_MESSAGES);
        if before > 0 {
            self.is_all = false;
            let plural = if before == 1 { "" } else { "s" };
            self.text.push_plain(&format!("\n\n{before} earlier message{plural} to its agent, and:"));
        }
        for ApprovalMessage { text, from } in messages.iter().skip(before) {
            let from = from.as_ref().map(|task| format!(" of the agent of {}", line(task, LONGEST_NAME)));
            self.text.push_plain(&format!("\n\nAnd the message{}:\n\n", from.unwrap_or_default()));
            self.push(text, Style::Quote, LONGEST_MESSAGE);
        }
        if let Some(command) = verify.as_ref().and_then(|verify| verify.command.as_ref()) {
            let command = match command {
                CheckCommand::Shell(line) => line.clone(),
                CheckCommand::Program(words) => words.join(" "),
            };
            self.text.push_plain("\n\nIt is done once this command succeeds, which is run as well:\n\n");
            self.push(&command, Style::Pre(None), LONGEST_REQUEST);
        }
        if !env.is_empty() {
            let variables: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
            self.text.push_plain("\n\nWith these variables:\n\n");
            self.push(&variables.join("\n"), Style::Pre(None), LONGEST_REQUEST);
        }
        for (what, name) in [("Agent", agent), ("Lane", lane)] {
            if let Some(name) = name {
                self.text.push_plain(&format!("\n\n{what}: {}", line(name, LONGEST_NAME)));
            }
        }
    }
}

/// The notice about something that a person is asked for, with the buttons that decide it.
pub fn requested(
    id: &str,
    task: &str,
    kind: ApprovalKind,
    request: &ApprovalRequest,
    expires_at: Option<Timestamp>,
    platform: Platform,
) -> Notice {
    let mut asking = Asking { text: Styled::default(), is_all: !request.cut };
    let mut buttons = Vec::new();
    match kind {
        ApprovalKind::Question => {
            asking.text.push_with(&format!("{task} asks"), Style::Bold);
            asking.text.push_plain(&format!(" ({id}):\n\n"));
            asking.push(request.question.as_deref().unwrap_or_default(), Style::Quote, LONGEST_REQUEST);
            push_options(&mut asking.text, &request.options);
            let options = request.options.iter().take(MOST_OPTIONS).enumerate();
            buttons.extend(options.map(|(place, option)| Button::option(id, place, option)));
            if request.options.is_empty() || request.options.len() > MOST_OPTIONS {
                let how = platform.command(&format!("answer {} TEXT", number(id)));
                asking.text.push_plain("\n\nAnswer with: ");
                asking.text.push_with(&how, Style::Code);
            }
        }
        ApprovalKind::Permission => {
            let tool = line(request.tool.as_deref().unwrap_or("a tool"), LONGEST_NAME);
            asking.text.push_with(&format!("{task} may not use {tool}"), Style::Bold);
            asking.text.push_plain(&format!(" without your permission ({id}):\n\n"));
            let input = request.input.as_ref().map(|input| input.as_str()).unwrap_or_default();
            asking.push(input, Style::Pre(None), LONGEST_REQUEST);
        }
        _ => {
            asking.text.push_with(&format!("May {task} start?"), Style::Bold);
            let rule =
                request.rule.as_ref().map(|rule| format!(", of the rule {}", line(rule, LONGEST_NAME)));
            asking.text.push_plain(&format!(" ({id}{})\n\n", rule.unwrap_or_default()));
            asking.push(request.prompt.as_deref().unwrap_or_default(), Style::Quote, LONGEST_PROMPT);
            asking.push_terms(request);
        }
    }
    let Asking { mut text, is_all } = asking;
    if !is_all {
        text.push_plain("\n\n");
        text.push_with("This is not all of it:", Style::Bold);
        text.push_plain(" ");
        text.push_with(&format!("aiwg approval show {id}"), Style::Code);
        text.push_plain(" shows more, in the project.");
    }
    if let Some(at) = expires_at {
        text.push_plain(&format!("\n\nUntil {}.", minute(at)));
    }
    if kind != ApprovalKind::Question {
        buttons.push(Button::approve(id));
    }
    buttons.push(Button::reject(id));
    Notice { severity: Severity::Warning, text, buttons }
}

/// Lists the options in full, if a button shows less of one than there is.
fn push_options(text: &mut Styled, options: &[String]) {
    let is_all = |option: &String| Button::option("", 0, option).label == *option;
    if options.len() <= MOST_OPTIONS && options.iter().all(is_all) {
        return;
    }
    let list = options.iter().enumerate().map(|(place, option)| {
        let option = if is_blank(option) { "(nothing that can be seen)" } else { option };
        format!("{}. {}", place + 1, shortened(clean(option).trim(), LONGEST_REQUEST))
    });
    text.push_plain("\n\nThe answers to choose from:\n\n");
    text.push_with(&list.collect::<Vec<_>>().join("\n"), Style::Quote);
}

fn number(id: &str) -> &str {
    id.rsplit('-').next().map_or(id, |digits| {
        let short = digits.trim_start_matches('0');
        if short.is_empty() { digits } else { short }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aiwg_protocol::{terms::Verify, types::Json};

    use super::*;

    fn start(request: &ApprovalRequest) -> String {
        let asked =
            requested("approval-0002", "task-0003", ApprovalKind::Task, request, None, Platform::Telegram);
        asked.text.text
    }

    #[test]
    fn all_that_decides_what_an_agent_does_is_shown() {
        let message = |text: &str, from: Option<&str>| ApprovalMessage {
            text: text.to_owned(),
            from: from.map(str::to_owned),
        };
        let request = ApprovalRequest {
            prompt: Some("tidy up".to_owned()),
            messages: vec![message("gently", None), message("delete everything", Some("task-0001"))],
            verify: Some(Verify {
                command: Some(CheckCommand::Shell("rm -rf build".to_owned())),
                ..Verify::default()
            }),
            env: BTreeMap::from([("A".to_owned(), "1\n2".to_owned())]),
            agent: Some("strong".to_owned()),
            lane: Some("deploys".to_owned()),
            ..ApprovalRequest::default()
        };
        assert_eq!(
            start(&request),
            "May task-0003 start? (approval-0002)\n\ntidy up\n\nAnd the message:\n\ngently\n\nAnd the message of the agent of task-0001:\n\n\
             delete everything\n\nIt is done once this command succeeds, which is run as well:\n\nrm -rf build\n\nWith these variables:\n\nA=1\n2\n\n\
             Agent: strong\n\nLane: deploys"
        );
        let flood = (0..8).map(|n| message(&format!("m{n}"), None)).collect();
        let said = start(&ApprovalRequest { messages: flood, ..request });
        assert!(said.contains("3 earlier messages to its agent, and:") && said.contains("\nm7\n"), "{said}");
        assert!(said.contains("This is not all of it: aiwg approval show approval-0002"), "{said}");
    }

    #[test]
    fn what_is_cut_says_so_before_the_buttons() {
        let long = |length: usize| format!("{}END", "y ".repeat(length / 2));
        let is_cut = |said: &str| {
            said.ends_with(
                "This is not all of it: aiwg approval show approval-0002 shows more, in the project.",
            )
        };
        let prompt =
            |length, cut| ApprovalRequest { prompt: Some(long(length)), cut, ..ApprovalRequest::default() };
        let whole = start(&prompt(4000, false));
        assert!(whole.ends_with("END"), "all that an approval has of a prompt is shown");
        assert!(is_cut(&start(&prompt(4000, true))), "of a longer one it says so");
        let of = |kind, request: &ApprovalRequest| {
            requested("approval-0002", "task-0003", kind, request, None, Platform::Slack).text.text
        };
        let question = ApprovalRequest {
            question: Some(long(2000)),
            options: vec!["yes".to_owned()],
            ..ApprovalRequest::default()
        };
        assert!(is_cut(&of(ApprovalKind::Question, &question)));
        let input = ApprovalRequest { input: Json::new(&long(2000)).ok(), ..ApprovalRequest::default() };
        assert!(is_cut(&of(ApprovalKind::Permission, &input)));
    }

    #[test]
    fn what_is_asked_has_buttons() {
        let request = ApprovalRequest {
            question: Some("Which?".into()),
            options: vec!["left".into(), "right".into()],
            ..ApprovalRequest::default()
        };
        let asked = requested(
            "approval-0012",
            "task-0003",
            ApprovalKind::Question,
            &request,
            None,
            Platform::Telegram,
        );
        let labels: Vec<_> = asked.buttons.iter().map(|button| button.label.as_str()).collect();
        assert_eq!(labels, ["left", "right", "Reject"]);
        assert_eq!(asked.text.text, "task-0003 asks (approval-0012):\n\nWhich?");
        let open = ApprovalRequest { options: Vec::new(), ..request };
        let asked =
            requested("approval-0012", "task-0003", ApprovalKind::Question, &open, None, Platform::Slack);
        assert!(asked.text.text.ends_with("Answer with: /aiwg answer 12 TEXT"));
        let asked =
            requested("approval-0012", "task-0003", ApprovalKind::Question, &open, None, Platform::Telegram);
        assert!(asked.text.text.ends_with("Answer with: /answer 12 TEXT"));
        assert!(asked.text.spans.iter().any(|span| span.style == Style::Quote));
        let start = ApprovalRequest { prompt: Some("deploy".into()), ..ApprovalRequest::default() };
        let at = "2026-11-29T12:30:00Z".parse().ok();
        let asked =
            requested("approval-0001", "task-0003", ApprovalKind::Task, &start, at, Platform::Telegram);
        assert_eq!(
            asked.text.text,
            "May task-0003 start? (approval-0001)\n\ndeploy\n\nUntil 2026-11-29 12:30 UTC."
        );
        assert_eq!(asked.buttons.len(), 2);
    }

    #[test]
    fn options_that_a_button_cannot_show_are_listed() {
        let asked = |options: Vec<String>| {
            let request =
                ApprovalRequest { question: Some("Which?".into()), options, ..ApprovalRequest::default() };
            requested(
                "approval-0012",
                "task-0003",
                ApprovalKind::Question,
                &request,
                None,
                Platform::Telegram,
            )
        };
        let long = format!("keep {} and delete the rest", "x".repeat(60));
        let made = asked(vec!["left".into(), long.clone(), "\u{200b}".into(), "a\nb".into()]);
        let said = "Which?\n\nThe answers to choose from:\n\n1. left\n2. ";
        assert!(made.text.text.contains(&format!("{said}{long}\n3. (nothing that can be seen)\n4. a\nb")));
        let labels: Vec<_> = made.buttons.iter().map(|button| button.label.as_str()).collect();
        assert_eq!((labels[0], labels[2], labels[3]), ("left", "3", "4. a"));
        assert!(labels[1].starts_with("2. keep xxx") && labels[1].ends_with('…'), "{}", labels[1]);
        let many = asked((0..25).map(|n| format!("option-{n}")).collect());
        assert!(many.text.text.contains("\n25. option-24\n\nAnswer with: /answer 12 TEXT"));
        let slack = crate::render::slack(&asked(vec!["a\n*task-0003 was approved*".into()]).text);
        assert!(slack.ends_with("> 1. a\n> ∗task-0003 was approved∗"), "{slack}");
    }
}
