//! The sockets of Socket Mode: at least one is open, and the next is there before one is left.

use std::{collections::VecDeque, time::Duration};

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
const STILL_COUNTS: Duration = Duration::from_secs(120);

/// Time after which it is looked again whether someone else is connected, too, before that is said: the platform may still count a connection of
/// a daemon that has ended.
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
    /// Times at which connections broke of which the platform may not know.
    broken: VecDeque<Instant>,
    count: u64,
    /// Number of times in a row that more were connected than we are.
    crowded: u32,
}

impl Links {
    /// No socket yet. The acknowledgements that are to be sent come over the channel.
    pub(super) const fn new(acks: UnboundedReceiver<Ack>) -> Self {
        Self {
            current: None,
            leaving: None,
            opening: None,
            open_at: None,
            acks,
            sending: None,
            tick: None,
            opened: VecDeque::new(),
            broken: VecDeque::new(),
            count: 0,
            crowded: 0,
        }
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
            close(older);
        }
        self.broken.retain(|at| now.duration_since(*at) < STILL_COUNTS);
        let ours = 1 + usize::from(self.leaving.is_some()) + self.broken.len();
        self.crowded = if live.connections > ours as u64 { self.crowded.saturating_add(1) } else { 0 };
        match self.crowded {
            0 => {}
            1 => self.open_at = Some(now + CONFIRM),
            _ => self.open_at = Some(now + LOOK_AGAIN),
        }
        self.current = Some(live);
        Ok(Some(Step::Connected { is_gap, others: self.crowded > 1 }))
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
        if is_broken {
            self.broken.push_back(Instant::now());
            while self.broken.len() > MOST_OPENED {
                self.broken.pop_front();
            }
        }
        if self.current.as_ref().is_some_and(|live| live.no == no) {
            self.current = None;
        }
        if self.leaving.as_ref().is_some_and(|(live, _)| live.no == no) {
            self.leaving = None;
        }
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
            close(live);
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

fn close(live: Live) {
    // Nobody waits for it.
    tokio::spawn(live.socket.close(1000));
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
