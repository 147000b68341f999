//! Messages from a platform: the key, the effect, the answers and the position of each in one transaction.

use std::sync::Arc;

use aiwg_messaging::{Place, Platform, rights::PersonId, text::Styled, words::in_chat};
use aiwg_model::{ApprovalNo, AskedBy, Cursor, OnlyIf, Sender, TaskNo, TaskSpec, Terms, VerifyTerms};
use aiwg_protocol::types::{ApprovalDecider, ApprovalState, ApprovalVia, TaskState, Waiting};

use super::super::{
    Choice, EngineError, Select, Verdict,
    transaction::{Failure, Transaction},
};
use super::notices::MOST_WAITING;
use crate::messaging::{ASK_PROFILE, wait_in_words};

/// The source of the cursors with the keys of what was taken in.
const KEYS: &str = "message";

/// The source of the cursors with the number of the conversation in each place.
const CONVERSATIONS: &str = "conversation";

/// The source of the cursors with the strangers who have heard that they are none.
const STRANGERS: &str = "stranger";

/// Time for which a key is kept, in milliseconds. No platform sends anything again after a day.
const KEPT_MS: u64 = 72 * 3_600_000;

/// Time after which a stranger hears it again, in milliseconds.
const STRANGER_MS: u64 = 30 * 24 * 3_600_000;

/// The priority of what people ask: they wait for the answer.
const PRIORITY: i32 = 5;

/// Something that has come from a platform, as it is to be taken in.
#[derive(Debug, Clone)]
pub(crate) struct Receipt {
    /// The key by which it counts once; none for what has no effect.
    pub(crate) key: Option<String>,
    /// The platform's position after it: source, key and value of the cursor.
    pub(crate) position: Option<Cursor>,
    /// The person who has sent it, and the place; none for what has no effect.
    pub(crate) asked: Option<Asked>,
    /// The effect.
    pub(crate) effect: Effect,
    /// The answers that are known before it is taken in.
    pub(crate) replies: Vec<Styled>,
    /// True if the answers are for a stranger, who hears them once.
    pub(crate) is_stranger: bool,
}

/// The person who has sent a message, and the place.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The person.
    pub(crate) person: PersonId,
    /// The person as decisions name them.
    pub(crate) name: String,
    /// The place.
    pub(crate) place: Place,
    /// The message's id; of a pressed button that of the message that has it.
    pub(crate) message: Option<String>,
    /// True if a button was pressed.
    pub(crate) is_press: bool,
    /// The person as the store keeps who has sent something.
    pub(crate) sender: Arc<Sender>,
}

/// The effect of a message.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    /// None but its answers.
    None,
    /// A turn of the conversation of its place.
    Turn {
        /// The text.
        text: String,
        /// True if it is answered by the agent of those who may only ask.
        is_ask: bool,
        /// The time limit, in milliseconds.
        timeout_ms: u64,
    },
    /// The conversation of its place begins again.
    New,
    /// A task.
    Run {
        /// The prompt.
        prompt: String,
        /// The check.
        verify: Option<VerifyTerms>,
    },
    /// A task is cancelled.
    Cancel(TaskNo),
    /// A task is carried out again.
    Retry(TaskNo),
    /// An approval is decided.
    Decide(ApprovalNo, Decision),
    /// A rule, or all of automation, is switched.
    Switch {
        /// On or off.
        on: bool,
        /// The rule; all if none.
        rule: Option<String>,
    },
    /// Notices wait for so many minutes.
    Mute(u32),
}

/// A decision on an approval.
#[derive(Debug, Clone)]
pub(crate) enum Decision {
    /// It is approved.
    Approve,
    /// It is rejected, for a reason.
    Reject(Option<String>),
    /// The answer to a question.
    Answer(String),
    /// The answer of this place among those to choose from.
    Option(usize),
}

/// The result of taking something in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Received {
    /// False if it had been taken in before.
    pub(crate) is_new: bool,
    /// The effect in a line, for the person who has pressed a button.
    pub(crate) said: Option<String>,
}

impl Receipt {
    /// About how much text it brings, in bytes.
    pub(super) fn text(&self) -> usize {
        let effect = match &self.effect {
            Effect::Turn { text, .. } => text.len(),
            Effect::Run { prompt, .. } => prompt.len(),
            Effect::Decide(_, Decision::Answer(answer)) => answer.len(),
            _ => 0,
        };
        effect + self.replies.iter().map(|reply| reply.text.len()).sum::<usize>()
    }
}

impl Transaction<'_> {
    pub(super) fn receive(&mut self, receipt: &Receipt) -> Result<Received, Failure> {
        self.is_open()?;
        let mut received = Received::default();
        if self.is_first(receipt.key.as_deref(), KEYS, KEPT_MS)? {
            received.is_new = true;
            if let Some(asked) = &receipt.asked {
                received.said = self.take_in(receipt, asked)?;
            }
        }
        if let Some(position) = &receipt.position {
            self.store.move_cursor(position)?;
        }
        Ok(received)
    }

    /// Carries out the effect, and answers. Returns what was done.
    fn take_in(&mut self, receipt: &Receipt, asked: &Asked) -> Result<Option<String>, Failure> {
        if receipt.is_stranger && !self.is_first(Some(&asked.person.to_string()), STRANGERS, STRANGER_MS)? {
            return Ok(None);
        }
        // Whoever asks and asks could fill the disk with answers that nobody would read.
        let chat = self.state.messages.chat_now(&asked.place);
        if matches!(receipt.effect, Effect::None)
            && self.store.is_behind(asked.place.platform.name(), &chat, MOST_WAITING)?
        {
            return Ok(None);
        }
        let reply_to = asked.message.as_deref();
        for reply in &receipt.replies {
            self.say(&asked.place, reply, reply_to, "ask for less")?;
        }
        let pressed = self.pressed_copy(&receipt.effect, asked)?;
        // On Discord whoever has pressed a button sees what was done, and the message with the button says so to all.
        let mut is_seen = false;
        let said = match self.carry_out_effect(&receipt.effect, asked) {
            Ok(said) => {
                is_seen = asked.is_press && asked.place.platform == Platform::Discord;
                said
            }
            Err(Failure::Refused(EngineError::Closing)) => return Err(EngineError::Closing.into()),
            Err(Failure::Refused(error)) => Some(in_chat(&error.to_string(), asked.place.platform)),
            Err(store) => return Err(store),
        };
        if let Some((no, message)) = pressed {
            self.settle_copy(no, &asked.place, message)?;
        }
        if let Some(said) = said.as_ref().filter(|_| !is_seen) {
            self.say(&asked.place, &Styled::plain(said), reply_to, "ask for less")?;
        }
        Ok(said)
    }

    /// True if this key is new to this source: from here on it is not.
    fn is_first(
        &mut self,
        key: Option<&str>,
        source: &'static str,
        kept_ms: u64,
    ) -> aiwg_store::Result<bool> {
        let Some(key) = key else { return Ok(true) };
        let until = Some(self.now.after_ms(kept_ms));
        let cursor = Cursor { only_if: OnlyIf::Unseen, until, ..Cursor::moved(source, key, "") };
        let is_first = self.store.may_move(&cursor)?;
        if is_first {
            self.store.move_cursor(&cursor)?;
        }
        Ok(is_first)
    }

    fn carry_out_effect(&mut self, effect: &Effect, asked: &Asked) -> Result<Option<String>, Failure> {
        match effect {
            Effect::None => Ok(None),
            Effect::Turn { text, is_ask, timeout_ms } => self.turn(text, *is_ask, *timeout_ms, asked),
            Effect::New => {
                let (key, n) = self.conversation_number(&asked.place)?;
                self.store.move_cursor(&Cursor::moved(CONVERSATIONS, key, (n + 1).to_string()))?;
                Ok(Some("A new conversation begins here.".to_owned()))
            }
            Effect::Run { prompt, verify } => self.run_for(prompt, verify.as_ref(), asked),
            Effect::Cancel(no) => {
                let cancelled = self.cancel(*no, Some(&asked.name))?;
                let how =
                    if cancelled.state == TaskState::Cancelled { "was cancelled" } else { "is being ended" };
                Ok(Some(format!("{no} {how}.")))
            }
            Effect::Retry(no) => {
                let retried = self.retry_many(&Select::Named(vec![*no]), None, Some(&asked.sender))?;
                let again = retried.tasks.iter().find(|task| task.retry_of == no.to_string());
                Ok(Some(match again {
                    Some(task) => format!("{no} is carried out again, as {}.", task.task_id),
                    None => {
                        format!("{no} is not carried out again: it has not ended, or was retried already.")
                    }
                }))
            }
            Effect::Decide(no, decision) => self.decide_for(*no, decision, asked).map(Some),
            Effect::Switch { on, rule } => {
                self.switch(rule.as_deref(), *on, None, Some(&asked.sender))?;
                let what = rule.as_ref().map_or("Automation".to_owned(), |rule| format!("The rule {rule}"));
                Ok(Some(format!("{what} is {}.", if *on { "on" } else { "off" })))
            }
            Effect::Mute(0) => {
                self.mute(None)?;
                Ok(Some("Notices are sent again.".to_owned()))
            }
            Effect::Mute(minutes) => {
                self.mute(Some(self.now.after_ms(u64::from(*minutes) * 60_000)))?;
                let plural = if *minutes == 1 { "" } else { "s" };
                Ok(Some(format!(
                    "Notices wait for {minutes} minute{plural}; `{}` ends that.",
                    asked.place.platform.command("mute 0")
                )))
            }
        }
    }

    fn conversation_number(&self, place: &Place) -> aiwg_store::Result<(String, u64)> {
        let key = place.to_string();
        let n = self.store.cursor(CONVERSATIONS, &key)?.and_then(|n| n.parse().ok()).unwrap_or(1);
        Ok((key, n))
    }

    /// A turn of the conversation in a place.
    fn turn(
        &mut self,
        text: &str,
        is_ask: bool,
        timeout_ms: u64,
        asked: &Asked,
    ) -> Result<Option<String>, Failure> {
        let conversation = match self.conversation_number(&asked.place)? {
            (key, 1) => key,
            (key, n) => format!("{key}#{n}"),
        };
        let before = self.store.open_turns(&conversation)?;
        let task = TaskSpec {
            agent: is_ask.then(|| ASK_PROFILE.to_owned()),
            timeout_ms: Some(timeout_ms),
            conversation: Some(conversation),
            ..task_for(text, asked)
        };
        let wait = if before.is_empty() {
            self.what_starts_wait_for()
        } else {
            Some("the answer before it".to_owned())
        };
        let (no, _) = self.submit(&task)?;
        let wait = self.or_gate(wait, no)?;
        Ok(wait.map(|wait| format!("This is {no}. It waits for {wait}.")))
    }

    fn run_for(
        &mut self,
        prompt: &str,
        verify: Option<&VerifyTerms>,
        asked: &Asked,
    ) -> Result<Option<String>, Failure> {
        let mut task = task_for(prompt, asked);
        task.terms.verify = verify.cloned();
        task.terms.tree = self.state.config.tree.clone();
        let wait = self.what_starts_wait_for();
        let (no, _) = self.submit(&task)?;
        Ok(Some(match self.or_gate(wait, no)? {
            Some(wait) => format!("{no} is queued. It waits for {wait}."),
            None => format!("{no} is under way."),
        }))
    }

    /// This wait, or else that for the gate before a task that was just submitted, in words; none if it starts at once.
    fn or_gate(&mut self, wait: Option<String>, no: TaskNo) -> aiwg_store::Result<Option<String>> {
        if wait.is_some() {
            return Ok(wait);
        }
        Ok(self.gate_before(no)?.map(|gate| wait_in_words(gate.waiting, gate.until)))
    }

    /// The wait of a task that is submitted now for what all tasks wait for, in words; none if there is a slot.
    fn what_starts_wait_for(&self) -> Option<String> {
        let (running, most) = (self.state.running.len(), self.state.config.max_parallel);
        if self.state.resting_since().is_some() {
            return Some(wait_in_words(Waiting::Paused, None));
        }
        if !self.state.has_room {
            return Some("room on the disk, which is full".to_owned());
        }
        (running >= most).then(|| match most {
            1 => "the agent that works".to_owned(),
            most => format!("one of the {most} agents that work"),
        })
    }

    fn decide_for(&mut self, no: ApprovalNo, decision: &Decision, asked: &Asked) -> Result<String, Failure> {
        let (choice, reason) = match decision {
            Decision::Approve => (Choice::Approve, None),
            Decision::Reject(reason) => (Choice::Reject, reason.clone()),
            Decision::Answer(answer) => (Choice::Answer(answer.clone()), None),
            Decision::Option(place) => {
                let row = self.store.approval(no)?.ok_or(EngineError::ApprovalNotFound(no))?;
                let option = row.asked.request.options.get(*place).cloned();
                let why = || EngineError::ApprovalMismatch(format!("{no} has no such answer"));
                (Choice::Answer(option.ok_or_else(why)?), None)
            }
        };
        let by = ApprovalDecider {
            uid: None,
            user: Some(asked.name.clone()),
            program: None,
            pid: None,
            via: ApprovalVia::Chat,
        };
        let row = self.decide(no, &Verdict { choice, reason, by })?;
        let answer = row.decision.and_then(|decision| decision.answer);
        Ok(match (row.state, answer) {
            (ApprovalState::Approved, Some(_)) => format!("{no} was answered."),
            (ApprovalState::Approved, None) => format!("{no} was approved."),
            _ => format!("{no} was rejected."),
        })
    }
}

/// A task that a person has asked for.
fn task_for(prompt: &str, asked: &Asked) -> TaskSpec {
    let Asked { person, place, message, sender, .. } = asked;
    let asked_by = AskedBy {
        person: person.to_string(),
        platform: place.platform.name().to_owned(),
        chat: place.chat.clone(),
        thread: place.thread.clone(),
        message: message.clone(),
    };
    TaskSpec {
        prompt: prompt.to_owned(),
        priority: PRIORITY,
        sender: Some(Arc::clone(sender)),
        terms: Terms { asked_by: Some(asked_by), ..Terms::default() },
        ..TaskSpec::default()
    }
}
