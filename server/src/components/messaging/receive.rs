//! The receiving end of a line: what comes is committed, and only then does the platform hear that it was taken.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aiwg_messaging::{Place, Platform};
use aiwg_model::{Cursor, MessageNo, Sender};
use aiwg_platforms::{Account, Inbound, Received, Trouble, What};
use aiwg_protocol::types::{Origin, OriginPerson, Verify};
use tokio::time::{sleep, timeout};

use super::{
    Messaging,
    line::Line,
    lock::{BotLock, NotLocked},
    plan::{Plan, Rules, plan},
    replies::show,
    send::outbound,
};
use crate::{
    context::Context,
    engine::{Asked, Effect, EngineError, Receipt},
};

/// The source of the cursors with the platforms' positions, by platform and bot.
const POSITIONS: &str = "platform";

/// Pause before the first new attempt; twice as long before each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Pause while someone else receives for the bot, or has its lock.
const TAKEN_PAUSE: Duration = Duration::from_secs(30);

/// Pause while a token is refused: only a person can change that, by a restart.
const STOPPED_PAUSE: Duration = Duration::from_secs(3600);

/// Pause after the database could not be written.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// The pauses between attempts that fail.
#[derive(Default)]
struct Pauses(u32);

impl Pauses {
    fn next(&mut self, trouble: &Trouble) -> Duration {
        self.0 = self.0.saturating_add(1);
        let doubled = FIRST_PAUSE.saturating_mul(1 << (self.0 - 1).min(6)).min(LONGEST_PAUSE);
        match trouble {
            Trouble::Later { after, .. } => doubled.max(after.unwrap_or_default()),
            Trouble::Taken(_) => TAKEN_PAUSE,
            Trouble::Stop(_) => STOPPED_PAUSE,
        }
    }
}

impl Messaging {
    /// Receives on a line until the daemon stops.
    pub(super) async fn receive_all(&self, line: &Arc<Line>, context: &Arc<Context>) {
        let _lock = self.bot_lock(line, context).await;
        let account = self.until_account(line, context).await;
        self.account_for_sending(line, context).await;
        let discord = context.settings.get().config.messaging.discord.clone();
        let server =
            discord.and_then(|discord| discord.guild).filter(|_| line.platform() == Platform::Discord);
        if let Err(why) = line.client.register(server.as_deref()).await {
            tracing::warn!(platform = line.platform().name(), why, "the commands could not be registered");
        }
        let key = format!("{}:{}", line.platform(), account.id);
        let mut position = cursors(POSITIONS, context).await.remove(&key);
        let mut pauses = Pauses::default();
        loop {
            match receive(line, position.as_deref()).await {
                Ok(all) => {
                    pauses = Pauses::default();
                    line.note_answer();
                    self.report(line, context);
                    for received in all {
                        if let Err(error) = self.take_in(line, &account, &key, &received, context).await {
                            tracing::warn!(%error, platform = line.platform().name(), "a message could not be taken in yet");
                            sleep(STORE_PAUSE).await;
                            // The platform sends it again, with those behind it.
                            break;
                        }
                        position = received.position.or(position);
                    }
                }
                Err(trouble) => self.pause(line, &trouble, &mut pauses, context).await,
            }
        }
    }

    async fn pause(&self, line: &Line, trouble: &Trouble, pauses: &mut Pauses, context: &Context) {
        line.note_trouble(trouble);
        self.report(line, context);
        tracing::debug!(platform = line.platform().name(), ?trouble, "nothing can be received");
        sleep(pauses.next(trouble)).await;
    }

    /// Takes the bot's lock, once no other daemon has it.
    async fn bot_lock(&self, line: &Line, context: &Context) -> Option<BotLock> {
        loop {
            let trouble = match BotLock::take(&line.fingerprint, context.project.root()) {
                Ok(lock) => return Some(lock),
                Err(NotLocked::Held(project)) => Trouble::Taken(format!(
                    "the daemon of {project} works with the same bot: each project needs a bot of its own, or end that daemon"
                )),
                // Without the lock it works; only nobody says so if another daemon does the same.
                Err(NotLocked::Unreadable(error)) => {
                    tracing::warn!(%error, "it cannot be seen whether another daemon works with the same bot");
                    return None;
                }
            };
            line.note_trouble(&trouble);
            self.report(line, context);
            sleep(TAKEN_PAUSE).await;
        }
    }

    async fn until_account(&self, line: &Line, context: &Context) -> Account {
        let mut pauses = Pauses::default();
        loop {
            match line.client.account().await {
                Ok(account) => {
                    tracing::info!(platform = line.platform().name(), bot = account.name, "the bot is known");
                    line.note_account(account.clone());
                    self.report(line, context);
                    return account;
                }
                Err(trouble) => self.pause(line, &trouble, &mut pauses, context).await,
            }
        }
    }

    /// Finds out what became of the messages that an earlier daemon was sending. Where that is not to be found out, they are sent again.
    async fn account_for_sending(&self, line: &Line, context: &Context) {
        loop {
            let sending = match context.engine.messages_sending().await {
                Ok(sending) => sending,
                Err(EngineError::Closing) => return,
                Err(error) => {
                    tracing::warn!(%error, "the messages that were being sent cannot be read yet");
                    sleep(STORE_PAUSE).await;
                    continue;
                }
            };
            for out in sending.iter().filter(|out| out.place.platform == line.platform()) {
                let found = line.client.find(&outbound(out)).await;
                let no = MessageNo(out.no.0);
                let done = match found {
                    Some(Some(sent)) => context.engine.message_sent(no, sent.id).await,
                    Some(None) => context.engine.send_again(no, false, "it was not sent".to_owned()).await,
                    None => {
                        let why = "the daemon ended while it was being sent".to_owned();
                        context.engine.send_again(no, true, why).await
                    }
                };
                if let Err(error) = done {
                    tracing::warn!(%error, "the fate of a message could not be stored");
                }
            }
            line.allow_sending();
            context.messages.notify_one();
            return;
        }
    }

    /// Takes in something that has come.
    ///
    /// # Errors
    /// It could not be stored: it is to be received again.
    async fn take_in(
        &self,
        line: &Arc<Line>,
        account: &Account,
        key: &str,
        received: &Received,
        context: &Arc<Context>,
    ) -> Result<(), EngineError> {
        let inbound = &received.inbound;
        // Anyone can add the bot to a group, and have that move: only a chat that is set up counts.
        if let What::Moved(to) = &inbound.what
            && self.is_home(&inbound.place)
        {
            self.chat_moved(&inbound.place, to, context).await?;
        }
        let loaded = context.settings.get();
        let verify = loaded.config.defaults.verify.clone().unwrap_or_default();
        let plan = self.plan_for(inbound, &account.name, &verify);
        let is_idle = matches!(plan, Plan::PassOver | Plan::Toast(_));
        let mut receipt = Receipt {
            // What has no effect may come as often as it likes. A stranger is known by the id, and everyone can be one: no message of theirs is kept.
            key: (!is_idle && !matches!(plan, Plan::Stranger(_))).then(|| received.key.clone()),
            position: received.position.as_ref().map(|position| Cursor::moved(POSITIONS, key, position)),
            asked: asked(inbound).filter(|_| !is_idle),
            effect: Effect::None,
            replies: Vec::new(),
            is_stranger: matches!(plan, Plan::Stranger(_)),
        };
        // What a platform shows until someone answers is not to wait for an answer that never comes.
        let is_for_us = matches!(plan, Plan::Say(_) | Plan::Show(_) | Plan::Do(_));
        let mut toast = None;
        match plan {
            Plan::PassOver => {}
            Plan::Toast(text) => toast = Some(text),
            Plan::Stranger(text) | Plan::Say(text) => receipt.replies.push(text),
            Plan::Show(view) => {
                receipt.replies.push(show(view, inbound.place.platform, context, &self.components).await)
            }
            Plan::Do(effect) => receipt.effect = effect,
        }
        if is_idle && receipt.position.is_none() && received.ack.is_none() {
            return Ok(());
        }
        let done = context.engine.receive(receipt).await?;
        if let Some(ack) = received.ack.clone() {
            let line = Arc::clone(line);
            // What comes next need not wait for it.
            tokio::spawn(async move {
                match toast {
                    Some(why) => line.client.refuse(&ack, why).await,
                    None if is_for_us && done.is_new => {
                        line.client.acknowledge(&ack, done.said.as_deref()).await;
                    }
                    None if is_for_us => line.client.acknowledge_again(&ack).await,
                    None => line.client.pass_over(&ack).await,
                }
            });
        }
        Ok(())
    }

    /// The plan for something that has come to the bot of this name; `verify` is the check of tasks where none is asked for in full.
    fn plan_for(&self, inbound: &Inbound, me: &str, verify: &Verify) -> Plan {
        // There is a set-up where there is a line.
        let Some(setup) = self.setup() else { return Plan::PassOver };
        let is_home = self.is_home(&inbound.place);
        plan(inbound, &Rules { setup: &setup, me: Some(me), is_home, verify })
    }

    /// Stores that a chat has another id.
    ///
    /// # Errors
    /// It could not be stored.
    pub(super) async fn chat_moved(
        &self,
        place: &Place,
        to: &str,
        context: &Context,
    ) -> Result<(), EngineError> {
        tracing::warn!(
            chat = place.chat,
            to,
            "a chat has another id from now on: change it in the configuration"
        );
        context.engine.chat_moved(place.platform, place.chat.clone(), to.to_owned()).await?;
        self.note_moved(place, to);
        if let Some(line) = self.line(place.platform) {
            self.report(line, context);
        }
        Ok(())
    }
}

/// The cursors of a source; none where the daemon stops before they can be read.
pub(super) async fn cursors(source: &'static str, context: &Context) -> HashMap<String, String> {
    loop {
        match context.engine.cursors(source).await {
            Ok(cursors) => return cursors,
            Err(EngineError::Closing) => return HashMap::new(),
            Err(error) => {
                tracing::warn!(%error, source, "what messaging goes on from cannot be read yet");
                sleep(STORE_PAUSE).await;
            }
        }
    }
}

/// Waits for what comes. A platform that is silent for longer than it ever is while all is well was not heard of for unknown reasons: then the
/// line is begun again.
async fn receive(line: &Line, position: Option<&str>) -> Result<Vec<Received>, Trouble> {
    let longest = line.client.longest_silence();
    if let Ok(received) = timeout(longest, line.client.receive(position)).await {
        return received;
    }
    line.note_silence();
    line.client.begin_again().await;
    let why = format!(
        "nothing was heard of {} for {} seconds: the line is begun again",
        line.platform().title(),
        longest.as_secs()
    );
    Err(Trouble::Later { why, after: None })
}

/// The person who has sent something; none if that is nobody.
fn asked(inbound: &Inbound) -> Option<Asked> {
    let person = inbound.person.clone()?;
    let name = inbound
        .name
        .as_ref()
        .map(|name| aiwg_messaging::text::line(name, 100))
        .filter(|name| !name.is_empty());
    let origin = Origin {
        person: Some(OriginPerson {
            id: person.to_string(),
            name: name.clone(),
            chat: inbound.place.to_string(),
        }),
        ..Origin::default()
    };
    Some(Asked {
        name: name.map_or_else(|| person.to_string(), |name| format!("{person} ({name})")),
        person,
        place: inbound.place.clone(),
        message: inbound.message.clone(),
        is_press: matches!(inbound.what, What::Press(_)),
        sender: Arc::new(Sender::new(origin)),
    })
}

#[cfg(test)]
mod tests;
