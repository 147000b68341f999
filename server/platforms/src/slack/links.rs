//! The sockets of Socket Mode: at least one is open, and the next is there before one is left.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use serde_json::Value;
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, Interval, MissedTickBehavior, interval, sleep_until, timeout},
};

use super::api::{Api, DOMAINS, With, unreached};
use crate::{Frame, Socket, Trouble, http::Failed};

/// Interval between our pings.
const PING_EVERY: Duration = Duration::from_secs(5);

/// Pings without an answer, or anything else, after which a socket is dead.
const MOST_UNANSWERED: u32 = 3;

/// Time until the platform greets.
const GREETING: Duration = Duration::from_secs(20);

/// Time for which a socket is still listened to once another has taken its place.
const LEAVING: Duration = Duration::from_secs(10);

/// Time for which a connection that broke may still count as ours to the platform.
const BROKEN_COUNTS: Duration = Duration::from_secs(120);

/// The same for one that was closed.
const CLOSED_COUNTS: Duration = Duration::from_secs(5);

/// Time for which more connections must be counted than we have before it is said that someone else is connected, too: the platform may still
/// count one of a daemon that has ended.
const CONFIRM: Duration = Duration::from_secs(15);

/// The same, once it was said.
const LOOK_AGAIN: Duration = Duration::from_secs(300);

/// Pause before a next socket is asked for again while there is one.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// The most sockets that are asked for in a minute.
const MOST_OPENED: usize = 6;

/// The time that counts for that.
const MINUTE: Duration = Duration::from_secs(60);

/// An acknowledgement: the number of the socket by which the envelope came, and the frame.
pub(super) type Ack = (u64, String);

/// An open socket.
struct Live {
    no: u64,
    socket: Box<Socket>,
    /// Pings since anything was heard.
    unanswered: u32,
    /// The connections of the app that the platform named.
    connections: u64,
}

/// A step of the sockets.
pub(super) enum Step {
    /// A socket is open. `is_gap` if there was none before it; `others` is true if more are connected than we are.
    Connected { is_gap: bool, others: bool },
    /// A frame has come, over the socket of this number.
    Frame(Value, u64),
    /// Some seconds have gone by, and the platform is there.
    Alive,
    /// The time that was asked for has come.
    Due,
}

enum Heard {
    Opened(Result<Live, Trouble>),
    Frame(u64, Result<Frame, Failed>),
    Ack(Ack),
    Tick,
    Due,
}

/// The sockets.
pub(super) struct Links {
    /// True while a socket is open, for those who do not receive.
    is_open: Arc<AtomicBool>,
    current: Option<Live>,
    leaving: Option<(Live, Instant)>,
    opening: Option<BoxFuture<'static, Result<Live, Trouble>>>,
    /// Time at which the next is to be opened, while there is one.
    open_at: Option<Instant>,
    acks: UnboundedReceiver<Ack>,
    /// The acknowledgement that is being sent: whoever stops waiting in the middle of that goes on with it.
    sending: Option<Ack>,
    tick: Option<Interval>,
    /// Times at which sockets were asked for.
    opened: VecDeque<Instant>,
    /// Times until which connections that have ended may still count as ours to the platform.
    ended: VecDeque<Instant>,
    count: u64,
    /// Time since which more have been connected than we are; none if there are no more.
    crowded_since: Option<Instant>,
    /// True if that was for so long that someone else is connected.
    has_others: bool,
}

impl Links {
    /// No socket yet. The acknowledgements that are to be sent come over the channel.
    pub(super) const fn new(acks: UnboundedReceiver<Ack>, is_open: Arc<AtomicBool>) -> Self {
        Self {
            is_open,
            current: None,
            leaving: None,
            opening: None,
            open_at: None,
            acks,
            sending: None,
            tick: None,
            opened: VecDeque::new(),
            ended: VecDeque::new(),
            count: 0,
            crowded_since: None,
            has_others: false,
        }
    }

    /// Gives all sockets up: the next step opens another one.
    pub(super) fn reset(&mut self) {
        (self.leaving, self.opening, self.open_at, self.tick) = (None, None, None, None);
        if let Some(no) = self.current.as_ref().map(|live| live.no) {
            self.lose(no, true);
        }
    }

    fn note_open(&self) {
        self.is_open.store(self.current.is_some(), Ordering::Relaxed);
    }

    /// Waits for the next step, until this time at the latest. It may be dropped while it waits.
    ///
    /// # Errors
    /// There is no socket, and none is to be had.
    pub(super) async fn next(&mut self, api: &Api, due: Option<Instant>) -> Result<Step, Trouble> {
        loop {
            self.open(api)?;
            self.send_acknowledgement().await;
            let step = match self.hear(due).await {
                Heard::Opened(opened) => self.enter(opened)?,
                Heard::Frame(no, Ok(Frame::Text(text))) => self.read(no, &text)?,
                Heard::Frame(no, Ok(Frame::Alive)) => {
                    self.note_alive(no);
                    None
                }
                Heard::Frame(no, Ok(Frame::Closed { code, .. })) => {
                    tracing::debug!(code, "Slack has closed a socket");
                    self.lose(no, false);
                    None
                }
                Heard::Frame(no, Err(failed)) => {
                    tracing::debug!(why = failed.why, "a socket of Slack is broken");
                    self.lose(no, true);
                    None
                }
                Heard::Ack(ack) => {
                    self.sending = Some(ack);
                    None
                }
                Heard::Tick => self.check().await.then_some(Step::Alive),
                Heard::Due => Some(Step::Due),
            };
            if let Some(step) = step {
                return Ok(step);
            }
        }
    }

    /// Waits for what happens next. Acknowledgements go first, since they are awaited; that nothing was heard counts last.
    async fn hear(&mut self, due: Option<Instant>) -> Heard {
        let Self { current, leaving, opening, acks, tick, .. } = self;
        let tick = tick.get_or_insert_with(|| {
            let mut tick = interval(PING_EVERY);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            tick
        });
        tokio::select! {
            biased;
            Some(ack) = acks.recv() => Heard::Ack(ack),
            opened = opened(opening.as_mut()) => Heard::Opened(opened),
            (no, frame) = frame_of(current.as_mut()) => Heard::Frame(no, frame),
            (no, frame) = frame_of(leaving.as_mut().map(|(live, _)| live)) => Heard::Frame(no, frame),
            _ = tick.tick() => Heard::Tick,
            () = until(due) => Heard::Due,
        }
    }

    /// Asks for a socket, if one is needed.
    fn open(&mut self, api: &Api) -> Result<(), Trouble> {
        let now = Instant::now();
        let is_needed = self.current.is_none() || self.open_at.is_some_and(|at| at <= now);
        if self.opening.is_some() || !is_needed {
            return Ok(());
        }
        self.opened.retain(|at| now.duration_since(*at) < MINUTE);
        if self.opened.len() >= MOST_OPENED {
            let wait =
                self.opened.front().map_or(MINUTE, |first| MINUTE.saturating_sub(now.duration_since(*first)));
            if self.current.is_some() {
                self.open_at = Some(now + wait);
                return Ok(());
            }
            let why = "the connections to Slack end again and again".to_owned();
            return Err(Trouble::Later { why, after: Some(wait) });
        }
        self.opened.push_back(now);
        self.open_at = None;
        self.count += 1;
        self.opening = Some(Box::pin(open(api.clone(), self.count)));
        Ok(())
    }

    /// Takes a new socket in place of the one before.
    fn enter(&mut self, opened: Result<Live, Trouble>) -> Result<Option<Step>, Trouble> {
        self.opening = None;
        let now = Instant::now();
        let live = match opened {
            Ok(live) => live,
            Err(trouble) if self.current.is_none() => return Err(trouble),
            Err(trouble) => {
                let after = match trouble {
                    Trouble::Later { after: Some(after), .. } => after.max(TRY_AGAIN),
                    _ => TRY_AGAIN,
                };
                self.open_at = Some(now + after);
                return Ok(None);
            }
        };
        let is_gap = self.current.is_none();
        if let Some(old) = self.current.take()
            && let Some((older, _)) = self.leaving.replace((old, now + LEAVING))
        {
            self.close(older);
        }
        let others = self.has_others(live.connections, now);
        self.current = Some(live);
        self.note_open();
        Ok(Some(Step::Connected { is_gap, others }))
    }

    /// True if more have been connected for some time than we are. Until it is known, and while it is so, it is looked at again by a new socket.
    fn has_others(&mut self, connections: u64, now: Instant) -> bool {
        self.ended.retain(|until| *until > now);
        let open = 1 + usize::from(self.leaving.is_some());
        if connections <= open as u64 {
            (self.crowded_since, self.has_others) = (None, false);
        } else if connections > (open + self.ended.len()) as u64 {
            let confirmed_at = *self.crowded_since.get_or_insert(now) + CONFIRM;
            self.has_others = confirmed_at <= now;
            self.open_at = Some(if self.has_others { now + LOOK_AGAIN } else { confirmed_at });
        } else {
            // It may be those that have ended, or someone else: it is known once they do not count any more.
            self.open_at = self.ended.iter().max().copied();
        }
        self.has_others
    }

    /// Reads a frame.
    fn read(&mut self, no: u64, text: &str) -> Result<Option<Step>, Trouble> {
        self.note_alive(no);
        let Ok(frame) = serde_json::from_str::<Value>(text) else { return Ok(None) };
        match frame.get("type").and_then(Value::as_str) {
            Some("disconnect") => {
                let reason = frame.get("reason").and_then(Value::as_str).unwrap_or_default();
                if let Some(trouble) = fatal(reason) {
                    (self.current, self.leaving, self.opening) = (None, None, None);
                    self.note_open();
                    return Err(trouble);
                }
                if self.current.as_ref().is_some_and(|live| live.no == no) {
                    self.open_at = Some(Instant::now());
                }
                Ok(None)
            }
            Some("hello") => Ok(None),
            _ => Ok(Some(Step::Frame(frame, no))),
        }
    }

    fn live(&mut self, no: u64) -> Option<&mut Live> {
        let leaving = self.leaving.as_mut().map(|(live, _)| live);
        self.current.as_mut().into_iter().chain(leaving).find(|live| live.no == no)
    }

    fn note_alive(&mut self, no: u64) {
        if let Some(live) = self.live(no) {
            live.unanswered = 0;
        }
    }

    fn lose(&mut self, no: u64, is_broken: bool) {
        self.note_ended(if is_broken { BROKEN_COUNTS } else { CLOSED_COUNTS });
        if self.current.as_ref().is_some_and(|live| live.no == no) {
            self.current = None;
        }
        if self.leaving.as_ref().is_some_and(|(live, _)| live.no == no) {
            self.leaving = None;
        }
        self.note_open();
    }

    /// A connection has ended, which may count as ours for so long.
    fn note_ended(&mut self, counts: Duration) {
        self.ended.push_back(Instant::now() + counts);
        while self.ended.len() > MOST_OPENED {
            self.ended.pop_front();
        }
    }

    fn close(&mut self, live: Live) {
        self.note_ended(CLOSED_COUNTS);
        // Nobody waits for it.
        tokio::spawn(live.socket.close(1000));
    }

    /// Acknowledges an envelope, over the socket by which it came, if that is still there.
    async fn send_acknowledgement(&mut self) {
        let Some((no, text)) = self.sending.clone() else { return };
        let no = match self.live(no) {
            Some(live) => live.no,
            None => self.current.as_ref().map_or(0, |live| live.no),
        };
        // Without a socket it is sent again, and counts once.
        let Some(live) = self.live(no) else {
            self.sending = None;
            return;
        };
        let is_sent = live.socket.send(text).await.is_ok();
        self.sending = None;
        if !is_sent {
            self.lose(no, true);
        }
    }

    /// Asks each socket whether the other side is there, and gives those up that do not answer. True if one answers.
    async fn check(&mut self) -> bool {
        if self.leaving.as_ref().is_some_and(|(_, until)| *until <= Instant::now())
            && let Some((live, _)) = self.leaving.take()
        {
            self.close(live);
        }
        let nos = self.current.iter().map(|live| live.no);
        let nos: Vec<u64> = nos.chain(self.leaving.iter().map(|(live, _)| live.no)).collect();
        for no in nos {
            let Some(live) = self.live(no) else { continue };
            if live.unanswered >= MOST_UNANSWERED || live.socket.ping().await.is_err() {
                tracing::debug!("a socket of Slack is dead");
                self.lose(no, true);
            } else {
                live.unanswered += 1;
            }
        }
        self.current.as_ref().is_some_and(|live| live.unanswered <= 1)
    }
}

/// Opens a socket, and waits for the greeting.
async fn open(api: Api, no: u64) -> Result<Live, Trouble> {
    let later = |why: String| Trouble::Later { why, after: None };
    let outcome = api.ask("apps.connections.open", With::App).await.map_err(|failed| unreached(&failed))?;
    let answer = outcome.result()?;
    let Some(address) = answer.get("url").and_then(Value::as_str) else {
        return Err(later("Slack's answer has no address of a socket".to_owned()));
    };
    let socket = Socket::open(&api.http, address, &DOMAINS).await;
    let mut socket =
        socket.map_err(|failed| later(format!("Slack's socket was not reached: {}", failed.why)))?;
    let greeting = timeout(GREETING, greeted(&mut socket)).await;
    let connections = greeting.unwrap_or_else(|_| Err(later("Slack's socket does not greet".to_owned())))?;
    Ok(Live { no, socket: Box::new(socket), unanswered: 0, connections })
}

/// The number of connections in the greeting.
async fn greeted(socket: &mut Socket) -> Result<u64, Trouble> {
    let later = |why: &str| Trouble::Later { why: why.to_owned(), after: None };
    loop {
        let frame = match socket.next().await {
            Ok(Frame::Text(text)) => serde_json::from_str::<Value>(&text).unwrap_or_default(),
            Ok(Frame::Alive) => continue,
            Ok(Frame::Closed { .. }) | Err(_) => return Err(later("Slack's socket ended at once")),
        };
        match frame.get("type").and_then(Value::as_str) {
            Some("hello") => return Ok(frame.get("num_connections").and_then(Value::as_u64).unwrap_or(1)),
            Some("disconnect") => {
                let reason = frame.get("reason").and_then(Value::as_str).unwrap_or_default();
                return Err(fatal(reason).unwrap_or_else(|| later("Slack's socket was to be left at once")));
            }
            _ => {}
        }
    }
}

/// The trouble where a socket was to be left for a reason that another socket does not help against.
fn fatal(reason: &str) -> Option<Trouble> {
    match reason {
        "link_disabled" => Some(Trouble::Stop(
            "Socket Mode was switched off for the app: switch it on again at https://api.slack.com/apps under \"Socket Mode\", and start the \
             daemon again"
                .to_owned(),
        )),
        "too_many_websockets" => Some(Trouble::Taken(
            "too many programs are connected with the same app: end them, or make another app for this project with `aiwg messaging manifest slack`"
                .to_owned(),
        )),
        _ => None,
    }
}

async fn opened(opening: Option<&mut BoxFuture<'static, Result<Live, Trouble>>>) -> Result<Live, Trouble> {
    match opening {
        Some(opening) => opening.await,
        None => std::future::pending().await,
    }
}

async fn frame_of(live: Option<&mut Live>) -> (u64, Result<Frame, Failed>) {
    match live {
        Some(live) => (live.no, live.socket.next().await),
        None => std::future::pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_connections_that_last_are_those_of_others() {
        let (_acks, waiting) = tokio::sync::mpsc::unbounded_channel();
        let mut links = Links::new(waiting, Arc::default());
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        assert!(!links.has_others(1, now));
        // Refreshes that follow each other: those that were left still count.
        links.note_ended(CLOSED_COUNTS);
        links.note_ended(CLOSED_COUNTS);
        assert!(!links.has_others(3, after(1)));
        // More than all of ours, but for a moment only.
        assert!(
            !links.has_others(4, after(2))
                && !links.has_others(4, after(3))
                && !links.has_others(4, after(4))
        );
        assert_eq!(links.open_at, Some(after(2) + CONFIRM), "it is looked at again");
        assert!(!links.has_others(1, after(5)));
        // For long.
        assert!(!links.has_others(2, after(20)));
        assert!(links.has_others(2, after(20) + CONFIRM));
        assert!(links.has_others(2, after(400)) && !links.has_others(1, after(800)));
        // One that broke counts for longer.
        links.ended = VecDeque::from([after(900) + BROKEN_COUNTS]);
        assert!(!links.has_others(2, after(901)) && links.crowded_since.is_none());
        assert_eq!(
            links.open_at,
            Some(after(900) + BROKEN_COUNTS),
            "it is looked at again once that does not count"
        );
        // What has ended meanwhile hides nobody.
        assert!(!links.has_others(3, after(902)));
        links.ended = VecDeque::from([after(920), after(922)]);
        assert!(!links.has_others(3, after(917)));
        assert_eq!(links.open_at, Some(after(922)));
        assert!(links.has_others(3, after(922)));
    }
}
