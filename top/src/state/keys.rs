//! What keys do.

use aiwg_client::types::{ApprovalKind, OutputStream, TaskState};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{Choice, Decision, Input, Output, Over, State, Text, View};
use crate::{
    help,
    message::{Effect, Key},
};

/// A long way.
const FAR: isize = 1_000_000;

impl State {
    pub(super) fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        if key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        self.list.is_to_end = false;
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            match key.code {
                KeyCode::Char('c') => return vec![Effect::Quit(true)],
                KeyCode::Char('z') => return vec![Effect::Suspend],
                KeyCode::Char('l') => return vec![Effect::Redraw],
                _ => {}
            }
        }
        // Esc and a letter that come together are taken for Alt and the letter, which nothing here means.
        if key.modifiers.contains(KeyModifiers::ALT) && !self.is_typing() {
            let mut effects = self.key(KeyCode::Esc.into());
            self.settle();
            effects.extend(self.key(KeyEvent { modifiers: key.modifiers - KeyModifiers::ALT, ..key }));
            return effects;
        }
        if self.over.is_some() {
            self.key_over(key)
        } else if self.typing.is_some() {
            self.key_typing(key)
        } else if self.output.is_some() {
            self.key_output(key)
        } else {
            self.key_list(key)
        }
    }

    /// True if letters are text.
    fn is_typing(&self) -> bool {
        match &self.over {
            Some(Over::Decision(decision)) => {
                matches!(decision.choice, Some(Choice::Reject | Choice::Answer))
            }
            Some(_) => false,
            None => self.typing.is_some(),
        }
    }

    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        // Elsewhere it would be taken for keys.
        match (&mut self.over, &mut self.typing) {
            (Some(Over::Decision(decision)), _) if decision.choice.is_some() => decision.input.paste(text),
            (None, Some(input)) => {
                input.paste(text);
                let filter = input.text.clone();
                self.list.look_for(&filter);
            }
            _ => {}
        }
        Vec::new()
    }

    fn key_list(&mut self, key: KeyEvent) -> Vec<Effect> {
        let page = isize::try_from(self.areas().list.height.saturating_sub(1)).unwrap_or(1).max(1);
        if let Some(by) = movement(key, page) {
            self.list.step(by);
            self.list.is_to_end = by >= FAR;
            return Vec::new();
        }
        match key.code {
            KeyCode::Char('q') => return vec![Effect::Quit(false)],
            KeyCode::Char('?') | KeyCode::F(1) | KeyCode::Char('h') => {
                self.over = Some(Over::Help(Text::new("Keys", help::lines())));
            }
            KeyCode::Char('/') => self.typing = Some(Input::of(&self.list.filter)),
            KeyCode::Esc => self.list.look_for(""),
            KeyCode::Char('s') => return self.sort(1),
            KeyCode::Char('S') => return self.sort(5),
            KeyCode::Char('e') => self.has_tail = !self.has_tail,
            KeyCode::Tab | KeyCode::Right => self.turn(1),
            KeyCode::BackTab | KeyCode::Left => self.turn(View::ALL.len() - 1),
            KeyCode::Char(digit @ '1'..='6') => {
                let at = usize::try_from(u32::from(digit) - u32::from('1')).unwrap_or(0);
                self.list.go_to(View::ALL[at]);
            }
            KeyCode::Enter => return self.open(),
            KeyCode::Char('o') => return self.chosen_task().map_or_else(Vec::new, |task| self.follow(task)),
            KeyCode::Char('i') => self.look_into(self.chosen_task()),
            KeyCode::Char('d') => return self.chosen_task().map(Effect::LoadDiff).into_iter().collect(),
            KeyCode::Char('c') => self.ask_to_cancel(self.chosen_task()),
            KeyCode::Char('r') => self.ask_to_retry(self.chosen_task()),
            KeyCode::Char('a') => return self.decide(Choice::Approve),
            KeyCode::Char('x') => return self.decide(Choice::Reject),
            _ => {}
        }
        Vec::new()
    }

    fn sort(&mut self, by: usize) -> Vec<Effect> {
        self.list.sort = self.list.sort.next(by);
        self.list.is_stale = true;
        let Some(order) = self.list.sort.asked() else { return Vec::new() };
        self.up().map(|no| Effect::LoadFirst(no, order)).collect()
    }

    /// The projects whose daemons answer.
    fn up(&self) -> impl Iterator<Item = usize> {
        self.projects.iter().enumerate().filter(|(_, project)| project.is_up()).map(|(no, _)| no)
    }

    fn turn(&mut self, by: usize) {
        let at = View::ALL.iter().position(|view| *view == self.list.view).unwrap_or(0);
        self.list.go_to(View::ALL[(at + by) % View::ALL.len()]);
    }

    fn open(&mut self) -> Vec<Effect> {
        let Some(chosen) = self.list.chosen else { return Vec::new() };
        match self.list.view {
            View::Approvals => self.look_at(chosen, None),
            View::Events => {
                let event = self.events.iter().find(|heard| heard.key == chosen);
                if let Some(heard) = event {
                    let title =
                        format!("{}event-{}: {}", self.of(chosen.project), chosen.number, heard.topic);
                    let lines = vec![
                        format!("At {}, from {}", heard.at, heard.source),
                        String::new(),
                        heard.payload.clone(),
                    ];
                    self.over = Some(Over::Facts(Text::new(title, lines)));
                }
                Vec::new()
            }
            _ => self.follow(chosen),
        }
    }

    fn follow(&mut self, task: Key) -> Vec<Effect> {
        self.follow_stream(task, OutputStream::Stdout)
    }

    fn follow_stream(&mut self, task: Key, stream: OutputStream) -> Vec<Effect> {
        self.follows += 1;
        self.output = Some(Output::new(task, self.follows, stream, self.areas().output_size()));
        let mut effects = vec![Effect::Follow(self.follows, task, stream)];
        if !self.tasks.contains_key(&task) {
            effects.push(Effect::LoadTask(task));
        }
        effects
    }

    fn look_into(&mut self, task: Option<Key>) {
        if let Some(row) = task.and_then(|task| self.tasks.get(&task)) {
            let title = self.of(row.key.project) + &row.key.task_id();
            self.over = Some(Over::Facts(Text::new(title, row.facts(self))));
        }
    }

    fn ask_to_cancel(&mut self, task: Option<Key>) {
        let Some(task) = task else { return };
        match self.tasks.get(&task).map(|row| row.state) {
            Some(state) if state.is_final() => {
                self.say(format!("{}{} has ended already", self.of(task.project), task.task_id()), true);
            }
            _ => self.over = Some(Over::Cancel(task)),
        }
    }

    fn ask_to_retry(&mut self, task: Option<Key>) {
        let Some(task) = task else { return };
        match self.tasks.get(&task).map(|row| row.state) {
            Some(TaskState::Queued | TaskState::Running) => {
                self.say(format!("{}{} has not ended yet", self.of(task.project), task.task_id()), true);
            }
            _ => self.over = Some(Over::Retry(task)),
        }
    }

    /// Shows what the chosen task, or approval, waits for a decision on.
    fn decide(&mut self, choice: Choice) -> Vec<Effect> {
        let Some(chosen) = self.list.chosen else { return Vec::new() };
        match self.list.view {
            View::Approvals => self.look_at(chosen, Some(choice)),
            _ => match self.chosen_task() {
                Some(task) => self.decide_on(task, choice),
                None => Vec::new(),
            },
        }
    }

    fn decide_on(&mut self, task: Key, choice: Choice) -> Vec<Effect> {
        match self.asked_of(task) {
            Some(asked) => self.look_at(asked, Some(choice)),
            None => {
                self.say(format!("{}{} waits for no decision", self.of(task.project), task.task_id()), true);
                Vec::new()
            }
        }
    }

    fn look_at(&mut self, approval: Key, choice: Option<Choice>) -> Vec<Effect> {
        let mut decision = Decision::on(approval);
        let kind = self.approvals.get(&approval).map(|asked| asked.kind);
        decision.choice = choice.map(|choice| fitting(choice, kind));
        self.over = Some(Over::Decision(Box::new(decision)));
        vec![Effect::LoadApproval(approval)]
    }

    fn key_typing(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(input) = &mut self.typing else { return Vec::new() };
        match key.code {
            KeyCode::Enter => {
                let text = input.text.trim().to_owned();
                self.typing = None;
                self.list.look_for(&text);
                // What is older than what is known has it, too.
                if !text.is_empty() && self.list.view.is_of_tasks() {
                    return self.up().map(|no| Effect::Search(no, text.clone())).collect();
                }
            }
            KeyCode::Esc => {
                self.typing = None;
                self.list.look_for("");
            }
            KeyCode::Up => self.list.step(-1),
            KeyCode::Down => self.list.step(1),
            _ => {
                if input.key(key) {
                    let text = input.text.trim().to_owned();
                    self.list.look_for(&text);
                }
            }
        }
        Vec::new()
    }

    fn key_output(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(output) = &mut self.output else { return Vec::new() };
        let (task, stream) = (output.key, output.stream);
        match movement(key, output.page()) {
            Some(by) if by <= -FAR => output.go_to_start(),
            Some(by) if by >= FAR => output.go_to_end(),
            Some(by) => output.scroll(by),
            None => match key.code {
                KeyCode::Char('q') | KeyCode::Esc | KeyCode::Left => {
                    self.output = None;
                    return vec![Effect::Unfollow];
                }
                KeyCode::Char('f') => output.toggle_following(),
                KeyCode::Char('e') => {
                    let other = match stream {
                        OutputStream::Stdout => OutputStream::Stderr,
                        OutputStream::Stderr => OutputStream::Stdout,
                    };
                    return self.follow_stream(task, other);
                }
                KeyCode::Char('?') | KeyCode::F(1) | KeyCode::Char('h') => {
                    self.over = Some(Over::Help(Text::new("Keys", help::lines())));
                }
                KeyCode::Char('i') => self.look_into(Some(task)),
                KeyCode::Char('d') => return vec![Effect::LoadDiff(task)],
                KeyCode::Char('c') => self.ask_to_cancel(Some(task)),
                KeyCode::Char('r') => self.ask_to_retry(Some(task)),
                KeyCode::Char('a') => return self.decide_on(task, Choice::Approve),
                KeyCode::Char('x') => return self.decide_on(task, Choice::Reject),
                _ => {}
            },
        }
        Vec::new()
    }

    fn key_over(&mut self, key: KeyEvent) -> Vec<Effect> {
        let room = self.areas().text_window().1;
        let (columns, height) = (usize::from(room.columns), usize::from(room.rows));
        let page = isize::try_from(height).unwrap_or(1).max(1);
        let is_no = matches!(key.code, KeyCode::Esc | KeyCode::Char('n' | 'N' | 'q'));
        let is_yes = matches!(key.code, KeyCode::Char('y' | 'Y'));
        match &mut self.over {
            Some(Over::Cancel(task) | Over::Retry(task)) => {
                let task = *task;
                let is_cancel = matches!(self.over, Some(Over::Cancel(_)));
                if is_yes || is_no {
                    self.over = None;
                }
                match (is_yes, is_cancel) {
                    (true, true) => vec![Effect::Cancel(task)],
                    (true, false) => vec![Effect::Retry(task)],
                    (false, _) => Vec::new(),
                }
            }
            Some(Over::Help(text) | Over::Facts(text)) => {
                match movement(key, page) {
                    Some(by) => text.scroll(by, columns, height),
                    None => self.over = None,
                }
                Vec::new()
            }
            Some(Over::Decision(decision)) => {
                if let Some(effect) = key_decision(decision, key, (columns, height)) {
                    self.over = None;
                    return effect.into_iter().collect();
                }
                Vec::new()
            }
            None => Vec::new(),
        }
    }
}

/// Takes a key in for a decision. Something if it is over, with what is to be done.
fn key_decision(decision: &mut Decision, key: KeyEvent, room: (usize, usize)) -> Option<Option<Effect>> {
    let (columns, height) = room;
    let page = isize::try_from(height).unwrap_or(1).max(1);
    let is_typed = matches!(decision.choice, Some(Choice::Reject | Choice::Answer));
    // While something is typed, letters are text.
    let by = movement(key, page).filter(|_| !is_typed || !matches!(key.code, KeyCode::Char(_)));
    if let (Some(by), Some(request)) = (by, &mut decision.request) {
        request.scroll(by, columns, height);
        return None;
    }
    match (key.code, decision.choice) {
        (KeyCode::Esc, None) | (KeyCode::Char('q'), None) => return Some(None),
        (KeyCode::Esc, Some(_)) => {
            decision.choice = None;
            decision.input = Input::default();
        }
        (KeyCode::Char('n' | 'q'), Some(Choice::Approve)) => return Some(None),
        // Nobody says yes to what is not shown.
        _ if !decision.can_be_made() => {}
        // Nor yes, or an answer, to what has not been on the screen to its end.
        (KeyCode::Char('y' | 'Y'), Some(Choice::Approve)) | (KeyCode::Enter, Some(Choice::Answer))
            if !decision.can_be_agreed_to() => {}
        (KeyCode::Char('y' | 'Y'), Some(Choice::Approve)) => return Some(decision.effect()),
        (KeyCode::Enter, Some(Choice::Reject | Choice::Answer)) => {
            return decision.effect().map(Some);
        }
        (KeyCode::Char('a'), None) => decision.choice = Some(fitting(Choice::Approve, decision.kind)),
        (KeyCode::Char('x'), None) => decision.choice = Some(Choice::Reject),
        (_, Some(Choice::Reject | Choice::Answer)) => {
            decision.input.key(key);
        }
        _ => {}
    }
    None
}

/// A question is answered, and not approved.
fn fitting(choice: Choice, kind: Option<ApprovalKind>) -> Choice {
    match (choice, kind) {
        (Choice::Approve, Some(ApprovalKind::Question)) => Choice::Answer,
        (choice, _) => choice,
    }
}

/// The rows by which a key moves something, if it does.
fn movement(key: KeyEvent, page: isize) -> Option<isize> {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('d' | 'f') if is_control => page,
        KeyCode::Char('u' | 'b') if is_control => -page,
        KeyCode::Char(_) if is_control => return None,
        KeyCode::Up | KeyCode::Char('k') => -1,
        KeyCode::Down | KeyCode::Char('j') => 1,
        KeyCode::PageUp => -page,
        KeyCode::PageDown | KeyCode::Char(' ') => page,
        KeyCode::Home | KeyCode::Char('g') => -FAR,
        KeyCode::End | KeyCode::Char('G') => FAR,
        _ => return None,
    })
}
