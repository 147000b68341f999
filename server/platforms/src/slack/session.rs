//! Receiving: what comes over the sockets, and what was said while there was none.

use std::time::Duration;

use aiwg_messaging::{Place, Platform};
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::{
    Acknowledgement, Slack,
    links::{Links, Step},
    missed::{Gap, Missed, Unreadable},
    read::{self, Bot, Envelope},
    seen::{Seen, micros},
    work,
};
use crate::{Inbound, Received, Trouble, What};

/// Interval between signs that the platform is there, while nothing comes.
const SIGN_EVERY: Duration = Duration::from_secs(30);

/// Longest pause before a gap is looked at again.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Time that a look at a gap has by itself; after it what comes over the sockets does not wait for it.
const ALONE: Duration = Duration::from_secs(1);

/// Time for which what was missed goes before what comes, so that it is heard in its order. After it they take turns.
const FIRST: Duration = Duration::from_secs(1);

/// The result of looking at a page of a gap.
type Looked = Result<Option<Missed>, Unreadable>;

/// The first of two things: a look at a gap has ended, or something has come over the sockets.
enum Beside {
    Looked(Looked),
    Came(Step),
}

/// The state of receiving. One task has it.
pub(super) struct Session {
    links: Links,
    seen: Option<Seen>,
    /// The position that is stored if all that was handed out is committed.
    handed: Option<String>,
    gaps: Vec<Gap>,
    /// Number of times in a row that a gap could not be looked at.
    failures: u32,
    /// Time at which the next gap is looked at.
    look_at: Option<Instant>,
    /// Time at which looking at gaps began.
    began_at: Instant,
    /// True if a gap was looked at after the sockets were.
    has_looked: bool,
    /// Time at which the last sign was given.
    signed_at: Instant,
}

impl Session {
    pub(super) fn new(links: Links) -> Self {
        Self {
            links,
            seen: None,
            handed: None,
            gaps: Vec::new(),
            failures: 0,
            look_at: None,
            began_at: Instant::now(),
            has_looked: false,
            signed_at: Instant::now(),
        }
    }

    /// Gives all sockets up. What is said until there is another one is looked at then.
    pub(super) fn reset(&mut self) {
        self.links.reset();
    }

    /// Waits for what comes after this position.
    pub(super) async fn next(
        &mut self,
        slack: &Slack,
        bot: &Bot,
        position: Option<&str>,
    ) -> Result<Vec<Received>, Trouble> {
        self.resume(slack, position);
        if self.seen.is_none() {
            // Nothing counts that was said before; it is stored before anything can be missed.
            self.seen = Some(Seen::from(slack.now()));
            return Ok(vec![self.moved(bot)]);
        }
        loop {
            let is_turn = !self.has_looked || self.began_at.elapsed() < FIRST;
            if is_turn && self.look_at.is_some_and(|at| at <= Instant::now()) {
                self.has_looked = true;
                let found = match self.look_beside_sockets(slack, bot).await? {
                    Beside::Looked(looked) => self.looked(slack, bot, looked),
                    Beside::Came(step) => self.stepped(slack, bot, step),
                };
                // Also where nothing was found: that it cannot be looked at is to be said.
                if let Some(found) = found {
                    return Ok(found);
                }
                continue;
            }
            self.has_looked = false;
            let step = self.links.next(&slack.api, self.look_at).await?;
            if let Some(found) = self.stepped(slack, bot, step) {
                return Ok(found);
            }
        }
    }

    /// A step of the sockets; none if there is nothing that the caller must hear of.
    fn stepped(&mut self, slack: &Slack, bot: &Bot, step: Step) -> Option<Vec<Received>> {
        match step {
            Step::Connected { is_gap, others } => {
                slack.shared().has_others = others;
                self.signed_at = Instant::now();
                if is_gap {
                    self.begin(slack);
                }
                Some(Vec::new())
            }
            Step::Frame(frame, socket) => {
                let envelope = read::envelope(bot, &frame)?;
                Some(vec![self.received(slack, bot, envelope, socket)])
            }
            Step::Alive => {
                slack.works.sweep(&slack.api);
                if std::mem::take(&mut slack.shared().look_again) {
                    self.begin(slack);
                }
                let is_due = self.signed_at.elapsed() >= SIGN_EVERY;
                is_due.then(|| {
                    self.signed_at = Instant::now();
                    Vec::new()
                })
            }
            Step::Due => None,
        }
    }

    /// Looks at a page of the next gap. Where that takes long, what comes over the sockets does not wait for it: then it is looked at again.
    async fn look_beside_sockets(&mut self, slack: &Slack, bot: &Bot) -> Result<Beside, Trouble> {
        let Some(gap) = self.gaps.first_mut() else {
            self.look_at = None;
            return Ok(Beside::Looked(Ok(None)));
        };
        let look = gap.step(&slack.api, bot);
        tokio::pin!(look);
        if let Ok(looked) = timeout(ALONE, &mut look).await {
            return Ok(Beside::Looked(looked));
        }
        tokio::select! {
            looked = look => Ok(Beside::Looked(looked)),
            step = self.links.next(&slack.api, None) => Ok(Beside::Came(step?)),
        }
    }

    /// Goes on from the position that was committed. If that is another than the one that was handed out, all after it is looked at again.
    fn resume(&mut self, slack: &Slack, position: Option<&str>) {
        if self.handed.as_deref() == position {
            return;
        }
        let is_first = self.seen.is_none();
        self.seen = position.and_then(Seen::read);
        self.handed = position.map(str::to_owned);
        if let Some(seen) = &self.seen {
            slack.shared().foreign = seen.foreign().map(str::to_owned).collect();
        }
        if !is_first {
            self.begin(slack);
        }
    }

    /// Has all channels looked at.
    fn begin(&mut self, slack: &Slack) {
        let Some(seen) = &self.seen else { return };
        let homes = slack.shared().homes.clone();
        for (channel, since) in seen.to_look_at(&homes, slack.now()) {
            // What is still to be looked at began earlier.
            match self.gaps.iter_mut().find(|gap| gap.channel == channel) {
                Some(gap) => gap.restart(),
                None => {
                    let threads = seen.threads_of(&channel);
                    let is_home = homes.contains(&channel);
                    self.gaps.push(Gap::new(channel, since, threads, is_home));
                }
            }
        }
        self.began_at = Instant::now();
        self.look_at = (!self.gaps.is_empty()).then(Instant::now);
    }

    fn is_open(&self, channel: &str) -> bool {
        self.gaps.iter().any(|gap| gap.channel == channel)
    }

    /// What came of a look at the next gap; none if there is more to look at, or it has to be done later.
    fn looked(&mut self, slack: &Slack, bot: &Bot, looked: Looked) -> Option<Vec<Received>> {
        match looked {
            Ok(None) => {
                self.failures = 0;
                None
            }
            Ok(Some(missed)) => {
                self.failures = 0;
                let channel = self.close();
                if slack.is_home(&channel) {
                    slack.shared().blind = None;
                }
                Some(self.caught_up(slack, bot, &channel, missed))
            }
            Err(Unreadable::Later(pause)) => {
                // What fails again and again is asked more and more seldom, and others are looked at before it.
                self.gaps.rotate_left(1);
                self.failures = self.failures.saturating_add(1);
                let pause =
                    pause.saturating_mul(1 << (self.failures - 1).min(6)).min(LONGEST_PAUSE.max(pause));
                self.look_at = Some(Instant::now() + pause);
                None
            }
            Err(Unreadable::Never(why)) => {
                let channel = self.close();
                tracing::warn!(
                    channel,
                    why,
                    "what was said in a channel while nobody listened cannot be read"
                );
                if slack.is_home(&channel) {
                    slack.shared().blind = Some(format!(
                        "what was said in the channel {channel} while the daemon was away cannot be read: {why}"
                    ));
                }
                Some(Vec::new())
            }
        }
    }

    /// Ends the gap that is looked at. Returns its channel.
    fn close(&mut self) -> String {
        let gap = self.gaps.remove(0);
        self.look_at = (!self.gaps.is_empty()).then(Instant::now);
        gap.channel
    }

    fn caught_up(&mut self, slack: &Slack, bot: &Bot, channel: &str, missed: Missed) -> Vec<Received> {
        for ts in missed.leftovers {
            let (api, channel) = (slack.api.clone(), channel.to_owned());
            tokio::spawn(async move { work::delete(&api, &channel, &ts).await });
        }
        let mut all = Vec::new();
        for (at, inbound) in missed.said {
            let key = bot.key_of(channel, inbound.message.as_deref().unwrap_or_default());
            self.keep(slack, &inbound);
            let position = self.note(channel, at, inbound.place.thread.as_deref());
            all.push(Received { key, position, ack: None, inbound });
        }
        if missed.latest > 0 {
            // So that nothing of it is read again.
            let position = self.note(channel, missed.latest, None);
            all.push(Received { position, ..nothing(bot) });
        }
        all
    }

    /// Has the direct messages of someone who is listed kept among the channels that are looked at.
    fn keep(&mut self, slack: &Slack, inbound: &Inbound) {
        if let Some(seen) = self.seen.as_mut().filter(|_| slack.is_kept(inbound)) {
            seen.note_direct(&inbound.place.chat);
        }
    }

    /// Notes a message as taken in, and returns the position after it.
    fn note(&mut self, channel: &str, at: u64, thread: Option<&str>) -> Option<String> {
        let seen = self.seen.get_or_insert_with(|| Seen::from(at));
        seen.note(channel, at, thread);
        self.hand_out()
    }

    fn hand_out(&mut self) -> Option<String> {
        self.handed = self.seen.as_ref().and_then(Seen::position);
        self.handed.clone()
    }

    fn moved(&mut self, bot: &Bot) -> Received {
        Received { position: self.hand_out(), ..nothing(bot) }
    }

    /// Notes whether another organization is in a channel at this time. Returns the position after it, if that is news.
    fn note_shared(
        &mut self,
        slack: &Slack,
        channel: &str,
        is_shared: bool,
        at: Option<u64>,
    ) -> Option<String> {
        let seen = self.seen.as_mut()?;
        let is_news = match is_shared {
            true => {
                self.gaps.retain(|gap| gap.channel != channel);
                seen.note_foreign(channel, slack.is_home(channel))
            }
            false => seen.note_own(channel, at?),
        };
        if !is_news {
            return None;
        }
        slack.shared().foreign = seen.foreign().map(str::to_owned).collect();
        self.hand_out()
    }

    /// The content of an envelope, as it is handed out.
    fn received(&mut self, slack: &Slack, bot: &Bot, envelope: Envelope, socket: u64) -> Received {
        let Envelope { id, inbound, ts, response_url, is_command, foreign } = envelope;
        let at = ts.as_deref().and_then(micros);
        let mut position =
            foreign.and_then(|(channel, is_shared)| self.note_shared(slack, &channel, is_shared, at));
        // Commands and buttons do not tell it.
        let mut inbound = inbound.filter(|inbound| !slack.shared().foreign.contains(&inbound.place.chat));
        if is_command && let Some(inbound) = &mut inbound {
            // They come from all conversations of two people, too.
            inbound.is_direct &= self.seen.as_ref().is_some_and(|seen| seen.knows(&inbound.place.chat));
        }
        let key = match (&inbound, &ts) {
            (Some(inbound), Some(ts)) => bot.key_of(&inbound.place.chat, ts),
            _ => format!("slack:{}:{id}", bot.id()),
        };
        if let (Some(inbound), Some(at)) = (&inbound, at)
            // What was missed there before is not to be passed over.
            && !self.is_open(&inbound.place.chat)
        {
            self.keep(slack, inbound);
            position = self.note(&inbound.place.chat, at, inbound.place.thread.as_deref());
        }
        if let (true, Some(url)) = (is_command, &response_url) {
            slack.note_answerable(&id, url);
        }
        let ack = Acknowledgement { envelope: id, socket, url: response_url };
        Received {
            key,
            position,
            ack: serde_json::to_value(&ack).ok().map(|ack: Value| ack.to_string()),
            inbound: inbound.unwrap_or_else(|| nothing(bot).inbound),
        }
    }
}

/// Nothing that is for the bot.
fn nothing(bot: &Bot) -> Received {
    let place = Place { platform: Platform::Slack, chat: String::new(), thread: None };
    let inbound =
        Inbound { place, is_direct: false, person: None, name: None, message: None, what: What::Nothing };
    Received { key: format!("slack:{}", bot.id()), position: None, ack: None, inbound }
}
