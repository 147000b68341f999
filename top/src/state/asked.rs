//! What people are asked for, and their decisions.

use aiwg_client::types::{
    Approval, ApprovalKind, ApprovalMessage, ApprovalRequest, ApprovalState, ApprovalSummary, Task,
    TaskMessage, Timestamp,
};
use aiwg_protocol::terms::CheckCommand;

use super::{Input, Text};
use crate::{
    layout::Size,
    message::{Effect, Key, ProjectNo},
    state::{Over, State},
    text::{lines, one_line, visible},
};

/// Number of messages that a request has at the most: the latest ones.
const MOST_MESSAGES: usize = 100;

/// Number of bytes of a summary that are kept.
const MOST_SUMMARY: usize = 1000;

/// Something that a person is asked for, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) key: Key,
    pub(crate) task: Option<Key>,
    pub(crate) kind: ApprovalKind,
    pub(crate) summary: String,
    pub(crate) requested_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
}

impl Asked {
    fn of(project: ProjectNo, approval: &ApprovalSummary) -> Option<Self> {
        Some(Self {
            key: Key::of(project, &approval.id)?,
            task: Key::of(project, &approval.task_id),
            kind: approval.kind,
            summary: one_line(&approval.summary, MOST_SUMMARY),
            requested_at: approval.requested_at,
            expires_at: approval.expires_at,
        })
    }

    /// True if a text, in small letters, is in what is shown of it.
    pub(crate) fn has(&self, text: &str, project: &str) -> bool {
        let is_in = |part: &str| part.to_lowercase().contains(text);
        is_in(&self.summary)
            || is_in(project)
            || self.key.approval_id().contains(text)
            || self.task.is_some_and(|task| task.task_id().contains(text))
    }
}

/// The word that a person is about to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    Approve,
    Reject,
    Answer,
}

/// A request that is looked at, and what is about to be said to it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decision {
    pub(crate) key: Key,
    /// All of the request; nobody can decide on it before it is shown.
    pub(crate) request: Option<Text>,
    pub(crate) kind: Option<ApprovalKind>,
    /// The answers to choose from.
    pub(crate) options: Vec<String>,
    /// What is about to be said: then a reason, or an answer, is typed.
    pub(crate) choice: Option<Choice>,
    pub(crate) input: Input,
    /// True if somebody has decided, or nobody can any more.
    pub(crate) is_over: bool,
    /// True if the end of the request has been on the screen.
    pub(crate) is_seen: bool,
    /// True if a part of the request could not be had.
    pub(crate) is_cut: bool,
}

impl Decision {
    pub(crate) fn on(key: Key) -> Self {
        Self {
            key,
            request: None,
            kind: None,
            options: Vec::new(),
            choice: None,
            input: Input::default(),
            is_over: false,
            is_seen: false,
            is_cut: false,
        }
    }

    /// Takes in all of the request.
    pub(super) fn take(&mut self, project: ProjectNo, of: &str, approval: &Approval) {
        if Key::of(project, &approval.id) != Some(self.key) {
            return;
        }
        self.kind = Some(approval.kind);
        self.options = approval.request.options.clone();
        self.is_over = approval.state != ApprovalState::Pending;
        if approval.kind == ApprovalKind::Question && self.choice == Some(Choice::Approve) {
            // A question is answered, and not approved.
            self.choice = Some(Choice::Answer);
        }
        let title = format!("{of}{}: {} of {}", approval.id, approval.kind.name(), approval.task_id);
        let mut request = Text::new(one_line(&title, 200), all_of(approval));
        request.top = self.request.as_ref().map_or(0, |shown| shown.top);
        self.is_cut = approval.request.cut;
        self.is_seen &= self.request.as_ref().is_some_and(|shown| shown.lines == request.lines);
        self.request = Some(request);
    }

    /// True if the word that a person says counts now.
    pub(crate) fn can_be_made(&self) -> bool {
        self.request.is_some() && !self.is_over
    }

    /// True if a yes, or an answer, counts as well: all that it is said to has been on the screen.
    pub(crate) fn can_be_agreed_to(&self) -> bool {
        self.can_be_made() && self.is_seen && !self.is_cut
    }

    /// True if the end of the request has been on the screen, or is on one with this room for text.
    pub(crate) fn is_end_seen(&self, room: Size) -> bool {
        // In a single column, a wide letter is not to be seen.
        let has_room = room.columns > 1 && room.rows > 0;
        let is_at_end = |request: &Text| request.is_at_end(room.columns.into(), room.rows.into());
        self.is_seen || has_room && self.request.as_ref().is_some_and(is_at_end)
    }

    /// What is done, once the person has said it.
    pub(super) fn effect(&self) -> Option<Effect> {
        let text = self.input.text.trim();
        match self.choice? {
            Choice::Approve => Some(Effect::Approve(self.key)),
            Choice::Reject => Some(Effect::Reject(self.key, (!text.is_empty()).then(|| text.to_owned()))),
            Choice::Answer => {
                let number = text.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                let option = number.and_then(|number| self.options.get(number));
                let answer = option.map_or(text, String::as_str);
                (!answer.is_empty()).then(|| Effect::Answer(self.key, answer.to_owned()))
            }
        }
    }
}

/// Puts the whole prompt of its task, and its messages as a whole, into a request that was cut. It stays cut where another prompt, or other
/// messages, were asked for.
pub(crate) fn complete(request: &mut ApprovalRequest, task: &Task) {
    if !request.prompt.as_ref().is_some_and(|head| task.prompt.starts_with(head)) {
        return;
    }
    // The latest ones are in it, or the beginning of each.
    let earlier = task.messages.len().checked_sub(request.messages.len());
    let latest = earlier.and_then(|earlier| task.messages.get(earlier..)).unwrap_or_default();
    let is_whole = |(said, sent): (&ApprovalMessage, &TaskMessage)| {
        sent.cut != Some(true) && sent.from == said.from && sent.message.starts_with(&said.text)
    };
    request.prompt = Some(task.prompt.clone());
    let are_these = latest.len() == request.messages.len()
        && (latest.len() == task.messages.len() || latest.len() >= MOST_MESSAGES);
    if are_these && request.messages.iter().zip(latest).all(is_whole) {
        let whole =
            |sent: &TaskMessage| ApprovalMessage { text: sent.message.clone(), from: sent.from.clone() };
        request.messages = task.messages.iter().map(whole).collect();
        request.cut = false;
    }
}

/// All that is asked, line by line.
fn all_of(approval: &Approval) -> Vec<String> {
    let request = &approval.request;
    let mut all = Vec::new();
    if approval.state != ApprovalState::Pending {
        all.extend([format!("This is {} already.", visible(approval.state.name())), String::new()]);
    }
    let mut fact = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            all.push(format!("{name}: {}", visible(value)));
        }
    };
    fact("Rule", request.rule.as_deref());
    fact("Event", request.event.map(|event| event.to_string()).as_deref());
    fact("Agent", request.agent.as_deref());
    fact("Lane", request.lane.as_deref());
    for (name, value) in &request.env {
        fact("Variable", Some(&format!("{name}={value}")));
    }
    let check = request.verify.as_ref().and_then(|verify| verify.command.as_ref());
    fact(
        "Check",
        check
            .map(|command| match command {
                CheckCommand::Shell(line) => line.clone(),
                // With blanks between its words, it could be another command.
                CheckCommand::Program(words) => format!("{words:?}"),
            })
            .as_deref(),
    );
    fact("Tool", request.tool.as_deref());
    if !all.is_empty() {
        all.push(String::new());
    }
    let input = request.input.as_ref().map(|input| input.as_str());
    let text = request.prompt.as_deref().or(request.question.as_deref()).or(input);
    all.extend(lines(text.unwrap_or(&approval.summary)));
    for message in &request.messages {
        let from = message.from.as_ref().map(|task| format!(" from the agent of {}", visible(task)));
        all.extend([String::new(), format!("Message{}:", from.unwrap_or_default())]);
        all.extend(lines(&message.text));
    }
    if request.cut {
        let (task, id) = (visible(&approval.task_id), visible(&approval.id));
        let more = format!(
            "There is more of it: `aiwg task get --whole {task}` has all of it. `y` does not count here;"
        );
        all.extend([String::new(), format!("{more} `aiwg approval approve {id}` approves it.")]);
    }
    for (number, option) in request.options.iter().enumerate() {
        all.push(format!("  {}  {}", number + 1, visible(option)));
    }
    all
}

impl State {
    /// All that is drawn has been seen.
    pub(crate) fn saw(&mut self) {
        let room = self.areas().text_window().1;
        if let Some(Over::Decision(decision)) = &mut self.over {
            decision.is_seen = decision.is_end_seen(room);
        }
    }

    pub(super) fn take_approvals(&mut self, no: ProjectNo, listed: Vec<ApprovalSummary>) -> Vec<Effect> {
        self.approvals.retain(|key, _| key.project != no);
        let asked = listed.iter().filter_map(|approval| Asked::of(no, approval));
        self.approvals.extend(asked.map(|asked| (asked.key, asked)));
        self.list.is_stale = true;
        // One that is looked at, and no longer waits: somebody else has decided.
        match &self.over {
            Some(Over::Decision(decision))
                if decision.key.project == no
                    && decision.can_be_made()
                    && !self.approvals.contains_key(&decision.key) =>
            {
                vec![Effect::LoadApproval(decision.key)]
            }
            _ => Vec::new(),
        }
    }

    /// The oldest request that a task waits for.
    pub(crate) fn asked_of(&self, task: Key) -> Option<Key> {
        self.approvals.values().find(|asked| asked.task == Some(task)).map(|asked| asked.key)
    }
}
