//! The connection to the gateway: it is kept alive, left and resumed; and what came over it is handed out in its order.

use std::{collections::VecDeque, sync::atomic::Ordering, time::Duration};

use aiwg_messaging::Place;
use reqwest::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{
    Discord,
    gateway::{Gateway, LEAVE, Leave, Step, greeting, random},
    missed::Reading,
    position::{Position, Session, id_at, time_of},
    read::{self, Bot, Heard},
};
use crate::{Frame, Inbound, Received, Socket, Token, Trouble, What};

/// The domain of the gateway's hosts.
const DOMAIN: &str = "discord.gg";

/// Time between two connections that are left: whoever leaves one sooner waits before the next.
const LEFT_EARLY: Duration = Duration::from_secs(5);

/// Number of times in a row that a session's own address may not be reached while Discord is.
const PATIENCE: u32 = 3;

/// Time after which nobody waits for what an interaction does any more, in milliseconds: Discord takes no answer then.
const INTERACTION_MS: i64 = 15 * 60_000;

/// Time that a request for what was missed still has while someone waits for an answer.
const GRACE: Duration = Duration::from_secs(1);

/// A connection, and what came over it and is not handed out yet.
pub(super) struct Connection {
    socket: Socket,
    gateway: Gateway,
    opened: Instant,
    /// The position that was handed out last.
    at: Position,
    came: VecDeque<Came>,
    /// The part of what was missed that is read, while it is read.
    reading: Option<Reading>,
    /// True if a heartbeat was answered of which the caller has not heard while that is read.
    has_beaten: bool,
}

/// Something that came.
#[derive(Debug, Default)]
struct Came {
    /// Its number in the session.
    seq: Option<u64>,
    /// The session that begins with it.
    session: Option<Session>,
    /// The id of its message.
    message: Option<u64>,
    heard: Option<Heard>,
    /// True if the caller hears of it at once, even if nobody has said anything.
    is_due: bool,
}

impl Came {
    fn is_interaction(&self) -> bool {
        self.heard.as_ref().is_some_and(|heard| heard.ack.is_some())
    }
}

impl Connection {
    /// Keeps what came. What means nothing only moves the position.
    fn keep(&mut self, came: Came) {
        let means_nothing = |came: &Came| came.heard.is_none() && came.session.is_none() && !came.is_due;
        match self.came.back_mut().filter(|last| means_nothing(last) && means_nothing(&came)) {
            Some(last) => {
                last.seq = came.seq.or(last.seq);
                last.message = last.message.max(came.message);
            }
            None => self.came.push_back(came),
        }
    }

    /// Takes out the first interaction that came: whoever has pressed or commanded something waits for an answer.
    fn take_interaction(&mut self) -> Option<Heard> {
        self.came.iter_mut().find(|came| came.is_interaction())?.heard.take()
    }

    fn has_interaction(&self) -> bool {
        self.came.iter().any(Came::is_interaction)
    }

    /// Waits for one frame or heartbeat. It may be dropped while it waits.
    async fn turn(&mut self, bot: &Bot, token: &Token) -> Result<(), Leave> {
        let broken = |failed: crate::Failed| {
            Leave::resume(format!("the connection to Discord has ended: {}", failed.why))
        };
        let step = tokio::select! {
            frame = self.socket.next() => match frame.map_err(broken)? {
                Frame::Text(text) => self.gateway.take(&text, Instant::now(), random()),
                Frame::Alive => Step::Nothing,
                Frame::Closed { code, reason } => return Err(Leave::of_code(code, &reason)),
            },
            () = sleep_until(self.gateway.due()) => {
                self.gateway.beat(Instant::now())?.map_or(Step::Nothing, Step::Say)
            }
        };
        match step {
            Step::Nothing => {}
            Step::Greet => self.socket.send(greeting(token, &self.at).to_string()).await.map_err(broken)?,
            Step::Say(frame) => self.socket.send(frame.to_string()).await.map_err(broken)?,
            Step::Leave(leave) => return Err(leave),
            Step::Beat if !self.gateway.is_up() => {}
            Step::Beat => {
                self.has_beaten = true;
                self.keep(Came { is_due: true, ..Came::default() });
            }
            Step::Up(seq, session) => {
                self.keep(Came { seq: Some(seq), session, is_due: true, ..Came::default() })
            }
            Step::Event(event) => {
                let (message, heard) = (read::message_id(&event), read::event(bot, &event));
                self.keep(Came { seq: Some(event.seq), message, heard, ..Came::default() });
            }
        }
        Ok(())
    }
}

impl Discord {
    /// Waits for what comes after a position.
    ///
    /// # Errors
    /// Nothing can be received.
    pub(super) async fn listen(&self, position: Option<&str>) -> Result<Vec<Received>, Trouble> {
        let bot = self.bot().await?;
        let mut slot = self.connection.lock().await;
        let mut position = Position::read(position);
        if position.first == 0 {
            // Stored before anything can be missed.
            return Ok(vec![nothing(bot, Position::beginning(self.rest.http.clock().now_ms()).text())]);
        }
        loop {
            let mut connection = match slot.take() {
                Some(connection) if connection.at == position => connection,
                // What was handed out was not committed: a session that is resumed sends it again.
                Some(connection) => {
                    connection.socket.close(LEAVE).await;
                    continue;
                }
                None => {
                    self.is_open.store(false, Ordering::Relaxed);
                    self.connect(&position).await?
                }
            };
            match self.hear(&mut connection, bot).await {
                Ok(received) => {
                    *slot = Some(connection);
                    return Ok(received);
                }
                Err(leave) => position = self.leave(connection, leave).await?,
            }
        }
    }

    /// Opens a connection for a position.
    async fn connect(&self, position: &Position) -> Result<Connection, Trouble> {
        let mut position = position.clone();
        let address = match position.session.take() {
            Some(session) if self.not_reached.load(Ordering::Relaxed) < PATIENCE => {
                let url = session.url.clone();
                position.session = Some(session);
                url
            }
            Some(_) => {
                // While Discord itself is not reached, either, the session may be as good as ever.
                let address = self.gateway_address().await?;
                position = position.without_session();
                address
            }
            None => self.gateway_address().await?,
        };
        let address = format!("{}/?v=10&encoding=json", address.trim_end_matches('/'));
        let opened = Socket::open(&self.rest.http, &address, &[DOMAIN]).await;
        let socket = match opened {
            Ok(socket) => socket,
            Err(failed) => {
                if position.session.is_some() {
                    self.not_reached.fetch_add(1, Ordering::Relaxed);
                }
                let why = format!("Discord's gateway was not reached: {}", failed.why);
                return Err(Trouble::Later { why, after: None });
            }
        };
        self.not_reached.store(0, Ordering::Relaxed);
        let (now, seq) = (Instant::now(), position.session.as_ref().map(|_| position.seq));
        Ok(Connection {
            socket,
            gateway: Gateway::new(seq, now),
            opened: now,
            at: position,
            came: VecDeque::new(),
            reading: None,
            has_beaten: false,
        })
    }

    /// Asks where a new session begins, and whether it may.
    async fn gateway_address(&self) -> Result<String, Trouble> {
        let found = self.rest.ask(Method::GET, "gateway/bot", None).await?;
        let limit = found.get("session_start_limit");
        let number = |key: &str| limit.and_then(|limit| limit.get(key)?.as_u64());
        if number("remaining") == Some(0) {
            // More would have Discord reset the token.
            let after = Duration::from_millis(number("reset_after").unwrap_or(60_000).max(1000));
            let why =
                "the bot has begun as many sessions as it may in a day: does another program use its token?"
                    .to_owned();
            return Err(Trouble::Later { why, after: Some(after) });
        }
        let url = found.get("url").and_then(Value::as_str).map(str::to_owned);
        url.ok_or_else(|| Trouble::Later {
            why: "Discord does not say where its gateway is".to_owned(),
            after: None,
        })
    }

    /// Leaves a connection. Returns the position at which the next one begins.
    async fn leave(&self, connection: Connection, leave: Leave) -> Result<Position, Trouble> {
        let (is_early, at) = (connection.opened.elapsed() < LEFT_EARLY, connection.at.clone());
        let was_up = connection.gateway.is_up();
        self.is_open.store(false, Ordering::Relaxed);
        tracing::debug!(?leave, "the connection to Discord is left");
        connection.socket.close(LEAVE).await;
        // Discord wants a pause between 1 and 5 seconds there.
        let pause = Duration::from_secs(1) + Duration::from_secs(4).mul_f64(random());
        match leave {
            Leave::Resume { why, later: false } if is_early || !was_up => {
                Err(Trouble::Later { why, after: None })
            }
            Leave::Resume { later: false, .. } => Ok(at),
            // Again and again, it is to be seen from outside.
            Leave::Resume { why, later: true } if !was_up => Err(Trouble::Later { why, after: Some(pause) }),
            Leave::Anew(why) if at.session.is_none() => Err(Trouble::Later { why, after: Some(pause) }),
            Leave::Resume { later: true, .. } => {
                sleep(pause).await;
                Ok(at)
            }
            Leave::Anew(_) => {
                sleep(pause).await;
                Ok(at.without_session())
            }
            Leave::Trouble(trouble) => Err(trouble),
        }
    }

    /// Waits until something is to be handed out.
    async fn hear(&self, connection: &mut Connection, bot: &Bot) -> Result<Vec<Received>, Leave> {
        loop {
            self.is_open.store(connection.gateway.is_up(), Ordering::Relaxed);
            self.interval_ms.store(connection.gateway.interval_ms(), Ordering::Relaxed);
            // What was missed comes before what is said now; but a new session is stored first, so that it is not begun in vain.
            let is_to_catch_up = connection.at.is_behind && connection.at.session.is_some();
            if is_to_catch_up && connection.gateway.is_up() {
                return self.catch_up(connection, bot).await;
            }
            if !is_to_catch_up && let Some(received) = self.hand_out(connection, bot).await? {
                return Ok(received);
            }
            connection.turn(bot, &self.rest.token).await?;
        }
    }

    /// Hands out what came; none if there is nothing that the caller must hear of.
    async fn hand_out(&self, connection: &mut Connection, bot: &Bot) -> Result<Option<Vec<Received>>, Leave> {
        let (mut received, mut ahead) = (Vec::<Received>::new(), connection.at.clone());
        if !connection.came.iter().any(|came| came.heard.is_some() || came.is_due) {
            return Ok(None);
        }
        while let Some(came) = connection.came.front() {
            let place = match &came.heard {
                // Of a stranger's mention nothing comes; it must not cost a request here.
                Some(heard) if self.is_strangers(heard) => None,
                Some(heard) => match self.place(&heard.channel).await {
                    Ok(place) => Some(place),
                    // What came before can be handed out.
                    Err(_) if !received.is_empty() => break,
                    Err(trouble) => return Err(Leave::Trouble(trouble)),
                },
                None => None,
            };
            let Some(came) = connection.came.pop_front() else { break };
            if let Some(session) = came.session {
                ahead.session = Some(session);
            }
            ahead.seq = came.seq.unwrap_or(ahead.seq);
            // What was missed comes first.
            if !ahead.is_behind {
                ahead.since = ahead.since.max(came.message.unwrap_or(0));
            }
            if let Some((heard, place)) = came.heard.zip(place) {
                self.channels.note_place(&heard, &mut ahead);
                received.extend(self.received(bot, heard, place, ahead.text()));
            }
        }
        // Also what means nothing has moved it.
        let is_moved = match received.last() {
            Some(last) => last.position != ahead.text(),
            None => ahead != connection.at,
        };
        received.extend(is_moved.then(|| nothing(bot, ahead.text())));
        connection.at = ahead;
        Ok(Some(received))
    }

    fn is_strangers(&self, heard: &Heard) -> bool {
        heard.ack.is_none() && !heard.channel.is_direct && !self.channels.lists(&heard.person)
    }

    /// Reads what was missed, while the connection is kept alive. Interactions do not wait for that.
    async fn catch_up(&self, connection: &mut Connection, bot: &Bot) -> Result<Vec<Received>, Leave> {
        let now_ms = self.rest.http.clock().now_ms();
        let mut reading =
            connection.reading.take().unwrap_or_else(|| self.begin_reading(&connection.at, now_ms));
        loop {
            if let Some(heard) = connection.take_interaction() {
                connection.reading = Some(reading);
                let place = self.place(&heard.channel).await.map_err(Leave::Trouble)?;
                // It counts once by its key, and the position still stands before what was missed.
                return Ok(self.received(bot, heard, place, None).into_iter().collect());
            }
            // The caller hears now and then that Discord is there; the next call reads on.
            if std::mem::take(&mut connection.has_beaten) {
                connection.reading = Some(reading);
                return Ok(Vec::new());
            }
            let is_waiting = reading.is_waiting();
            let is_done = {
                let step = self.read_on(bot, &mut reading);
                tokio::pin!(step);
                loop {
                    tokio::select! {
                        done = &mut step => break done.map_err(Leave::Trouble)?,
                        turn = connection.turn(bot, &self.rest.token) => turn?,
                    }
                    // A request that takes long is made again, so that nobody waits for it.
                    if connection.has_interaction() {
                        match timeout(GRACE, &mut step).await {
                            Ok(done) => break done.map_err(Leave::Trouble)?,
                            Err(_) => break false,
                        }
                    }
                    if is_waiting && connection.has_beaten {
                        break false;
                    }
                }
            };
            if is_done {
                return self.caught_up(connection, reading, bot).await;
            }
        }
    }

    /// Hands out what was missed, once all of it is read.
    async fn caught_up(
        &self,
        connection: &mut Connection,
        reading: Reading,
        bot: &Bot,
    ) -> Result<Vec<Received>, Leave> {
        let (before, began_ms) = (connection.at.clone(), reading.began_ms);
        let missed = reading.missed();
        let mut ahead = Position { is_behind: missed.read_to.is_some(), ..before };
        // What is said from here on comes by the session.
        ahead.since = ahead.since.max(missed.read_to.unwrap_or(missed.last).min(id_at(began_ms)));
        // The next read goes on exactly there.
        ahead.first = ahead.first.max(missed.read_to.unwrap_or(0));
        let people = self.channels.people();
        ahead.keep_direct(|person| people.iter().any(|one| one == person));
        missed.direct.iter().for_each(|(person, channel)| ahead.note_direct(person, channel));
        let mut received = Vec::new();
        for heard in missed.heard {
            let place = self.place(&heard.channel).await.map_err(Leave::Trouble)?;
            self.channels.note_place(&heard, &mut ahead);
            received.extend(self.received(bot, heard, place, None));
        }
        // Only with all of it the position moves.
        received.push(nothing(bot, ahead.text()));
        connection.at = ahead;
        Ok(received)
    }

    /// The message or interaction that was heard, as it is handed out; nothing of it if nobody waits for it any more.
    fn received(&self, bot: &Bot, heard: Heard, place: Place, position: Option<String>) -> Option<Received> {
        let Heard { id, channel, person, name, message, what, ack } = heard;
        if ack.is_some() && self.rest.http.clock().now_ms().saturating_sub(time_of(id)) > INTERACTION_MS {
            return position.map(|position| nothing(bot, Some(position)));
        }
        if let Some(ack) = ack.as_ref().filter(|ack| !ack.is_press) {
            self.interactions.came(&ack.id);
        }
        let is_direct = channel.is_direct;
        Some(Received {
            key: format!("discord:{}:{id}", bot.id),
            position,
            ack: ack.and_then(|ack| serde_json::to_string(&ack).ok()),
            inbound: Inbound { place, is_direct, person: Some(person), name, message, what },
        })
    }
}

/// Nothing that anyone would do something about, but the position moves.
fn nothing(bot: &Bot, position: Option<String>) -> Received {
    let place = Place { platform: aiwg_messaging::Platform::Discord, chat: String::new(), thread: None };
    Received {
        key: format!("discord:{}", bot.id),
        position,
        ack: None,
        inbound: Inbound {
            place,
            is_direct: false,
            person: None,
            name: None,
            message: None,
            what: What::Nothing,
        },
    }
}
