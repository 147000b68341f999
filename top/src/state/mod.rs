//! What is shown, as plain values: [`State::update`] is a pure function of the state and a message, and gives what is to be done.

mod asked;
mod diff;
mod events;
mod heard;
mod input;
mod keys;
mod lines;
mod list;
mod output;
mod project;
mod row;
mod scroll;
mod tasks;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, VecDeque};

use aiwg_client::types::Timestamp;
use jiff::tz::TimeZone;

pub(crate) use self::{
    asked::{Asked, Choice, Decision, complete},
    heard::Heard,
    input::Input,
    list::{List, View},
    output::Output,
    project::{Link, Project},
    row::Row,
    scroll::Text,
};
use crate::{
    layout::{Areas, Size},
    message::{Effect, Key, Message, Part, ProjectNo},
};

/// Time for which a notice is shown, in milliseconds.
const NOTICE_MS: i64 = 8000;

/// What is shown over the rest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Over {
    /// The keys.
    Help(Text),
    /// A task or an event as a whole, or what a task has changed.
    Facts(Text),
    /// Whether a task is to be cancelled.
    Cancel(Key),
    /// Whether a task is to be submitted again.
    Retry(Key),
    /// What a person is asked for.
    Decision(Box<Decision>),
}

/// A word to the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) text: String,
    pub(crate) is_bad: bool,
    since: Timestamp,
    /// The project whose daemon is away, where that is what it says: it is said until then.
    of_away: Option<ProjectNo>,
}

/// How things look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Looks {
    /// True if there may be colours.
    pub(crate) is_colored: bool,
    /// True if the terminal shows other letters than ASCII.
    pub(crate) is_utf8: bool,
}

/// All that is shown.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) now: Timestamp,
    pub(crate) zone: TimeZone,
    pub(crate) looks: Looks,
    pub(crate) size: Size,
    /// True if the projects of all daemons are shown.
    pub(crate) is_all: bool,
    pub(crate) projects: Vec<Project>,
    pub(crate) tasks: BTreeMap<Key, Row>,
    pub(crate) approvals: BTreeMap<Key, Asked>,
    pub(crate) events: VecDeque<Heard>,
    /// Number of those that were loaded since, as somebody has gone that far back.
    loaded_events: usize,
    pub(crate) has_tail: bool,
    pub(crate) list: List,
    /// The text after `/`, while it is typed.
    pub(crate) typing: Option<Input>,
    pub(crate) output: Option<Output>,
    pub(crate) over: Option<Over>,
    pub(crate) notice: Option<Notice>,
    /// Number of outputs that were followed so far.
    follows: u64,
    /// True if something may look different than when it was drawn last.
    is_changed: bool,
}

impl State {
    /// A view of nothing yet.
    pub(crate) fn new(now: Timestamp, zone: TimeZone, looks: Looks, is_all: bool) -> Self {
        Self {
            now,
            zone,
            looks,
            size: Size { columns: 80, rows: 24 },
            is_all,
            projects: Vec::new(),
            tasks: BTreeMap::new(),
            approvals: BTreeMap::new(),
            events: VecDeque::new(),
            loaded_events: 0,
            has_tail: true,
            list: List::default(),
            typing: None,
            output: None,
            over: None,
            notice: None,
            follows: 0,
            is_changed: true,
        }
    }

    /// Takes a message in, and gives what is to be done.
    pub(crate) fn update(&mut self, message: Message) -> Vec<Effect> {
        let is_tick = matches!(message, Message::Tick(_));
        let effects = self.take(message);
        self.is_changed |= !is_tick;
        effects
    }

    fn take(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Key(key) => {
                // What a key means is said by what is shown.
                self.settle();
                let mut effects = self.key(key);
                self.settle();
                effects.extend(self.load_older());
                effects
            }
            Message::Pasted(text) => self.paste(&text),
            Message::Resized(columns, rows) => {
                self.size = Size { columns, rows };
                let size = self.areas().output_size();
                if let Some(output) = &mut self.output {
                    output.resize(size);
                }
                Vec::new()
            }
            Message::Tick(now) => self.tick(now),
            Message::Project(name) => {
                self.projects.push(Project::named(&name));
                Vec::new()
            }
            Message::NotLoaded(no) => {
                self.list.is_to_end = false;
                self.with_project(no, |project| {
                    (project.is_loading, project.is_loading_events) = (false, false);
                });
                Vec::new()
            }
            Message::OlderEvents(no, events) => self.take_older_events(no, events),
            Message::Connected(no) => {
                self.with_project(no, |project| {
                    project.link = Link::Up;
                    (project.is_loading, project.is_loading_events) = (false, false);
                });
                self.notice.take_if(|notice| notice.of_away == Some(no));
                vec![Effect::Refresh(no, Part::ALL.to_vec())]
            }
            Message::Away(no, why) => {
                let since = match self.projects.get(no).map(|project| &project.link) {
                    Some(Link::Away { since, .. }) => *since,
                    _ => self.now,
                };
                self.set_link(no, Link::Away { since, why: crate::text::one_line(&why, 1000) });
                Vec::new()
            }
            Message::Tasks(no, reason, tasks) => self.take_tasks(no, reason, tasks),
            Message::Forgotten(key) => {
                self.tasks.remove(&key);
                self.list.is_stale = true;
                Vec::new()
            }
            Message::Approvals(no, listed) => self.take_approvals(no, listed),
            Message::Budget(no, budget) => {
                self.with_project(no, |project| project.budget = Some(*budget));
                Vec::new()
            }
            Message::Status(no, status) => {
                self.with_project(no, |project| project.take_status(&status));
                Vec::new()
            }
            Message::Events(no, events, is_old) => self.take_events(no, events, is_old),
            Message::Missed(no, missed) => {
                self.events.retain(|heard| heard.key.project != no);
                self.loaded_events = self.loaded_events.min(self.events.len());
                self.with_project(no, |project| project.oldest_event = None);
                self.list.is_stale = true;
                let name = self.name_of(no);
                self.say(format!("{missed} events of {name} were passed over"), false);
                vec![Effect::Refresh(no, Part::ALL.to_vec())]
            }
            Message::Approval(no, approval) => {
                let of = self.of(no);
                if let Some(Over::Decision(decision)) = &mut self.over {
                    decision.take(no, &of, &approval);
                }
                Vec::new()
            }
            Message::Diff(no, diff) => {
                // Whoever looks at something else by now stays there.
                if self.over.is_none() {
                    self.over = Some(Over::Facts(diff::text(&self.of(no), &diff)));
                }
                Vec::new()
            }
            Message::Output(follow, heard) => {
                if let Some(output) = self.output.as_mut().filter(|output| output.follow == follow) {
                    output.take(heard);
                }
                Vec::new()
            }
            Message::Done(no, text) => {
                self.say(self.of(no) + &text, false);
                Vec::new()
            }
            Message::Failed(no, text) => {
                self.wait_for_no_request();
                self.say(self.of(no) + &text, true);
                Vec::new()
            }
            Message::NobodyThere(no) => {
                self.wait_for_no_request();
                self.say(self.of(no) + "the daemon does not answer just now: nothing was done", true);
                if let Some(notice) = &mut self.notice {
                    notice.of_away = Some(no);
                }
                Vec::new()
            }
        }
    }

    /// True if it may look different than when this was asked last.
    pub(crate) fn has_changed(&mut self) -> bool {
        std::mem::take(&mut self.is_changed)
    }

    fn tick(&mut self, now: Timestamp) -> Vec<Effect> {
        self.is_changed |= now.as_millis() / 1000 != self.now.as_millis() / 1000;
        self.now = now;
        let is_over = |notice: &Notice| now.as_millis() - notice.since.as_millis() >= NOTICE_MS;
        if self.notice.as_ref().is_some_and(is_over) {
            self.notice = None;
            self.is_changed = true;
        }
        Vec::new()
    }

    /// What cannot be shown is not waited for.
    fn wait_for_no_request(&mut self) {
        let is_blank = |over: &Over| matches!(over, Over::Decision(of) if of.request.is_none());
        self.over.take_if(|over| is_blank(over));
    }

    fn set_link(&mut self, no: usize, link: Link) {
        self.with_project(no, |project| project.link = link);
    }

    fn with_project(&mut self, no: usize, change: impl FnOnce(&mut Project)) {
        if let Some(project) = self.projects.get_mut(no) {
            change(project);
        }
    }

    /// A word to the person.
    pub(crate) fn say(&mut self, text: impl Into<String>, is_bad: bool) {
        let text = crate::text::one_line(&text.into(), 2000);
        self.notice = Some(Notice { text, is_bad, since: self.now, of_away: None });
    }

    /// The name of a project.
    pub(crate) fn name_of(&self, no: usize) -> &str {
        self.projects.get(no).map_or("", |project| project.name.as_str())
    }

    /// What stands before what is said of a project: its name, where there are others. All of them have the same ids.
    pub(crate) fn of(&self, no: usize) -> String {
        if self.is_all { format!("{}: ", self.name_of(no)) } else { String::new() }
    }

    /// The places of what is shown.
    pub(crate) fn areas(&self) -> Areas {
        let has_tail = self.has_tail && self.list.view != View::Events;
        Areas::of(self.size, has_tail)
    }
}
