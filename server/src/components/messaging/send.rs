//! The sending end: one message after the other in each chat, and the chats beside each other.

use std::{collections::HashSet, sync::Arc, time::Duration};

use aiwg_messaging::{Place, Platform};
use aiwg_platforms::{Outbound, SendFailure};
use aiwg_protocol::types::PlatformState;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use super::{Messaging, line::Line};
use crate::{
    context::Context,
    engine::{EngineError, Outgoing},
};

/// Interval between signs that an agent works: they last for five seconds.
const SHOW_WORK_EVERY: Duration = Duration::from_secs(4);

/// Longest sleep while something is to be sent later: the clock may be set.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Pause after a message that was due could not be taken.
const NOT_TO_BE_HAD: Duration = Duration::from_secs(2);

/// Pause before a message is sent again; twice as long before each further attempt.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Time for a message that is on its way when the daemon stops.
const LAST_MESSAGE: Duration = Duration::from_secs(5);

/// A chat: its platform, and its id there.
type Chat = (Platform, String);

/// A message as a client takes it.
pub(super) fn outbound(out: &Outgoing) -> Outbound {
    Outbound {
        no: out.no.0,
        place: out.place.clone(),
        part: out.part.clone(),
        created_ms: out.created_at.as_millis(),
        is_repeat: out.is_repeat,
        asking: out.asking.clone(),
    }
}

impl Messaging {
    /// Sends what waits, and shows where agents work, until the daemon stops.
    pub(super) async fn send_all(self: &Arc<Self>, context: &Arc<Context>) {
        let mut sending: JoinSet<Chat> = JoinSet::new();
        let mut active: HashSet<Chat> = HashSet::new();
        let mut show_at: Option<Instant> = None;
        loop {
            let wake_at = self.start_lanes(&mut sending, &mut active, context).await;
            if show_at.is_none_or(|at| at <= Instant::now()) {
                show_at = self.show_work(context).await.then(|| Instant::now() + SHOW_WORK_EVERY);
            }
            let wake_at = wake_at.into_iter().chain(show_at).min();
            tokio::select! {
                () = context.stopped.cancelled() => break,
                () = context.messages.notified() => {}
                () = until(wake_at) => {}
                Some(done) = sending.join_next() => if let Ok(chat) = done {
                    active.remove(&chat);
                },
            }
        }
        let last = async { while sending.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_MESSAGE, last).await.is_err() {
            tracing::debug!("a message is still on its way; the next start finds out what becomes of it");
        }
    }

    /// Begins to send in the chats for which a message is due. Returns when the next one is.
    async fn start_lanes(
        self: &Arc<Self>,
        sending: &mut JoinSet<Chat>,
        active: &mut HashSet<Chat>,
        context: &Arc<Context>,
    ) -> Option<Instant> {
        let lanes = match context.engine.outbox_lanes().await {
            Ok(lanes) => lanes,
            Err(error) => {
                tracing::debug!(%error, "it cannot be read what is to be sent");
                return Some(Instant::now() + LOOK_AGAIN);
            }
        };
        let now = context.engine.now();
        let mut next: Option<Duration> = None;
        for lane in lanes {
            let Some(platform) = Platform::named(&lane.platform) else { continue };
            let chat = (platform, lane.chat);
            let line = self.line(platform).filter(|line| line.standing().may_send);
            let Some(line) = line.filter(|_| !active.contains(&chat)) else { continue };
            let wait = u64::try_from(lane.due_at.as_millis().saturating_sub(now.as_millis())).unwrap_or(0);
            if wait > 0 {
                let wait = Duration::from_millis(wait).min(LOOK_AGAIN);
                next = Some(next.map_or(wait, |next| next.min(wait)));
                continue;
            }
            active.insert(chat.clone());
            let (messaging, context, line) = (Arc::clone(self), Arc::clone(context), Arc::clone(line));
            sending.spawn(async move {
                messaging.send_in(&line, &chat, &context).await;
                chat
            });
        }
        next.map(|wait| Instant::now() + wait)
    }

    /// Sends all that is due in a chat.
    async fn send_in(&self, line: &Line, (platform, chat): &Chat, context: &Context) {
        let (mut failures, mut has_sent) = (0, false);
        while !context.stopped.is_cancelled() {
            let out = match context.engine.take_to_send(*platform, chat.clone()).await {
                Ok(Some(out)) => out,
                Ok(None) if has_sent => return,
                // It was due, and cannot be had: whoever looks again at once would do nothing else.
                found => {
                    if let Err(error) = found {
                        tracing::debug!(%error, "no message could be taken from the outbox");
                    }
                    tokio::select! {
                        () = sleep(NOT_TO_BE_HAD) => {}
                        () = context.stopped.cancelled() => {}
                    }
                    return;
                }
            };
            has_sent = true;
            match line.client.send(&outbound(&out)).await {
                Ok(sent) => {
                    failures = 0;
                    if line.standing().send_error.is_some() {
                        line.note_sending(None);
                        self.report(line, context);
                    }
                    note(context.engine.message_sent(out.no, sent.id).await);
                }
                Err(failure) => {
                    failures += 1;
                    let pause = self.failed(line, &out, failure, failures, context).await;
                    tokio::select! {
                        () = sleep(pause) => {}
                        () = context.stopped.cancelled() => {}
                    }
                }
            }
        }
    }

    /// Stores what became of a message that was not sent, as far as is known. Returns for how long nothing more is sent in its chat.
    async fn failed(
        &self,
        line: &Line,
        out: &Outgoing,
        failure: SendFailure,
        failures: u32,
        context: &Context,
    ) -> Duration {
        let doubled = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(6)).min(LONGEST_PAUSE);
        let engine = &context.engine;
        match failure {
            SendFailure::RetryAfter(pause) => {
                note(engine.send_again(out.no, false, "the platform takes no more for now".to_owned()).await);
                pause
            }
            SendFailure::NotSent(why) => {
                self.note_error(line, &why, context);
                note(engine.send_again(out.no, false, why).await);
                doubled
            }
            SendFailure::Unknown(why) => {
                self.note_error(line, &why, context);
                note(engine.send_again(out.no, true, why).await);
                doubled
            }
            // It waits as long as it may: someone can let the bot in again.
            SendFailure::Closed(why) if self.is_home(&out.place) => {
                self.note_error(line, &why, context);
                note(engine.send_again(out.no, false, why).await);
                doubled
            }
            SendFailure::Refused(why) | SendFailure::Closed(why) => {
                tracing::warn!(
                    platform = line.platform().name(),
                    chat = out.place.chat,
                    why,
                    "a message cannot be sent"
                );
                // Whoever has blocked the bot is no fault of the line.
                if self.is_home(&out.place) {
                    self.note_error(line, &why, context);
                }
                note(engine.message_failed(out.no, why).await);
                Duration::ZERO
            }
            SendFailure::Stop(why) => {
                line.note_trouble(&aiwg_platforms::Trouble::Stop(why.clone()));
                self.report(line, context);
                note(engine.send_again(out.no, false, why).await);
                LONGEST_PAUSE
            }
            SendFailure::Moved(to) => {
                note(engine.send_again(out.no, false, format!("the chat is {to} now")).await);
                note(self.chat_moved(&out.place, &to, context).await);
                Duration::ZERO
            }
        }
    }

    fn note_error(&self, line: &Line, why: &str, context: &Context) {
        line.note_sending(Some(why.to_owned()));
        self.report(line, context);
    }

    /// Shows in each place where someone waits for an agent that it works. True if there is any.
    async fn show_work(&self, context: &Context) -> bool {
        let places: Vec<Place> = context.engine.places_at_work().await.unwrap_or_default();
        for place in &places {
            let connected = |line: &&Arc<Line>| line.standing().state == PlatformState::Connected;
            if let Some(line) = self.line(place.platform).filter(connected) {
                let (line, place) = (Arc::clone(line), place.clone());
                tokio::spawn(async move { line.client.show_work(&place).await });
            }
        }
        !places.is_empty()
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Logs that a result could not be stored. The message stays in the store as being sent, and the next start finds out what became of it.
fn note(done: Result<(), EngineError>) {
    if let Err(error) = done {
        tracing::warn!(%error, "what became of a message could not be stored");
    }
}
