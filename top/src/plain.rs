//! The view without a terminal, for a screen reader or a pipe: sentences, one line each, as things change.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    io,
    time::Duration,
};

use aiwg_client::types::{Event, Task, TaskEvent, TaskGetParams, Timestamp};
use jiff::tz::TimeZone;
use tokio::sync::mpsc::channel;

use crate::{
    Options, Projects,
    format::clock,
    message::{Effect, Key, Message, Part, ProjectNo, Reason},
    net::Net,
    sentence,
    text::one_line,
};

/// Number of messages that may wait.
const MOST_WAITING: usize = 64;

/// Time that is taken to find out what a task is about.
const ASKS_WITHIN: Duration = Duration::from_secs(2);

/// Number of prompts that are remembered.
const MOST_PROMPTS: usize = 500;

/// What is known of a project.
#[derive(Default)]
struct Known {
    name: String,
    is_away: bool,
    /// What is said once for each connection.
    said: HashSet<&'static str>,
}

struct Teller<F> {
    say: F,
    zone: TimeZone,
    is_all: bool,
    projects: Vec<Known>,
    net: Net,
    prompts: HashMap<Key, String>,
    /// The tasks whose prompts are remembered, the oldest first.
    remembered: VecDeque<Key>,
}

/// Says what changes until `say` fails.
pub(crate) async fn tell<F: FnMut(&str) -> io::Result<()>>(options: Options, say: F) -> io::Result<()> {
    let Options { projects, zone, timeout, reader, is_utf8: _, is_colored: _ } = options;
    let (to, mut messages) = channel(MOST_WAITING);
    let is_all = matches!(projects, Projects::All(_));
    let net = Net::new(projects, timeout, to, reader);
    let mut teller = Teller {
        say,
        zone,
        is_all,
        projects: Vec::new(),
        net,
        prompts: HashMap::new(),
        remembered: VecDeque::new(),
    };
    while let Some(message) = messages.recv().await {
        teller.take(message).await?;
    }
    Ok(())
}

impl<F: FnMut(&str) -> io::Result<()>> Teller<F> {
    async fn take(&mut self, message: Message) -> io::Result<()> {
        match message {
            Message::Project(name) => {
                self.projects.push(Known { name: one_line(&name, 200), ..Known::default() });
                Ok(())
            }
            Message::Connected(no) => {
                let known = self.known(no);
                (known.is_away, known.said) = (false, HashSet::new());
                self.net.carry_out(Effect::Refresh(no, vec![Part::Running, Part::Approvals, Part::Budget]));
                Ok(())
            }
            Message::Away(no, why) => {
                if std::mem::replace(&mut self.known(no).is_away, true) {
                    return Ok(());
                }
                self.now(
                    no,
                    &format!("The daemon does not answer, and is waited for: {}", one_line(&why, 1000)),
                )
            }
            Message::Status(no, status) => self.once(no, "status", |_| vec![sentence::status(&status)]),
            Message::Budget(no, budget) => self.once(no, "budget", |_| vec![sentence::budget(&budget)]),
            Message::Approvals(no, approvals) => self.once(no, "approvals", |_| {
                approvals
                    .iter()
                    .map(|asked| sentence::asked(&asked.id, &asked.task_id, asked.kind, &asked.summary))
                    .collect()
            }),
            Message::Tasks(no, Reason::Part(Part::Running), tasks) => {
                tasks.iter().for_each(|task| self.remember(no, task));
                self.once(no, "running", |now| tasks.iter().map(|task| sentence::runs(task, now)).collect())
            }
            Message::Events(no, events, false) => {
                for event in events {
                    self.event(no, &event).await?;
                }
                Ok(())
            }
            Message::Missed(no, missed) => self.now(no, &format!("{missed} events were passed over")),
            _ => Ok(()),
        }
    }

    fn known(&mut self, no: ProjectNo) -> &mut Known {
        while self.projects.len() <= no {
            self.projects.push(Known::default());
        }
        &mut self.projects[no]
    }

    /// Says something once for each connection.
    fn once(
        &mut self,
        no: ProjectNo,
        what: &'static str,
        sentences: impl FnOnce(Timestamp) -> Vec<String>,
    ) -> io::Result<()> {
        if !self.known(no).said.insert(what) {
            return Ok(());
        }
        sentences(Timestamp::now()).into_iter().try_for_each(|said| self.now(no, &said))
    }

    fn now(&mut self, no: ProjectNo, said: &str) -> io::Result<()> {
        self.at(no, Timestamp::now(), said)
    }

    fn at(&mut self, no: ProjectNo, at: Timestamp, said: &str) -> io::Result<()> {
        let of = if self.is_all { format!("{}: ", self.known(no).name) } else { String::new() };
        let end = if said.ends_with(['.', '?', '!']) { "" } else { "." };
        (self.say)(&format!("{} {of}{said}{end}", clock(at, &self.zone)))
    }

    async fn event(&mut self, no: ProjectNo, event: &Event) -> io::Result<()> {
        let task = event.payload.to::<TaskEvent>().ok().and_then(|said| Key::of(no, &said.task_id));
        let is_begun = matches!(event.topic.as_str(), "task:queued" | "task:started");
        if let Some(key) = task.filter(|key| is_begun && !self.prompts.contains_key(key))
            && let Some(client) = self.net.client(no)
        {
            let params = TaskGetParams { task_id: key.task_id(), ..TaskGetParams::default() };
            if let Ok(task) = client.with_timeout(ASKS_WITHIN).task_get(params).await {
                self.remember(no, &task);
            }
        }
        let prompt = task.and_then(|key| self.prompts.get(&key)).map(String::as_str);
        let said = sentence::event(event, prompt, &self.zone);
        self.at(no, event.at, &said)
    }

    fn remember(&mut self, no: ProjectNo, task: &Task) {
        let Some(key) = Key::of(no, &task.id) else { return };
        if self.prompts.insert(key, one_line(&task.prompt, 400)).is_none() {
            self.remembered.push_back(key);
        }
        if self.remembered.len() > MOST_PROMPTS
            && let Some(oldest) = self.remembered.pop_front()
        {
            self.prompts.remove(&oldest);
        }
    }
}
