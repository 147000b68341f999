//! Sockets of the gateway: <https://docs.discord.com/developers/events/gateway>.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use super::State;
use super::session::{ALL_INTENTS, Event, GUILDS, Session};
use crate::incoming::Incoming;
use crate::platform::Platform;
use crate::server::{Connection, Shared};

/// "Gateway events that are larger than 4096 bytes" end the connection.
const MAX_FRAME: usize = 4_096;

/// An open socket.
pub(crate) struct Socket {
    orders: UnboundedSender<Order>,
    connection: Arc<Connection>,
    /// True if it was opened at `resume_gateway_url`.
    is_at_resume_url: bool,
    session: Option<String>,
}

enum Order {
    Frame(Value),
    Close(u16),
}

impl Socket {
    // A socket that has just ended takes nothing, as in life.
    pub(super) fn send(&self, frame: Value) {
        let _ = self.orders.send(Order::Frame(frame));
    }

    pub(super) fn close(&self, code: u16) {
        let _ = self.orders.send(Order::Close(code));
    }

    pub(super) fn freeze(&self) {
        self.connection.freeze();
    }
}

/// True for the codes after which no session can be resumed.
fn ends_session(code: u16) -> bool {
    matches!(code, 1000 | 1001 | 4003 | 4004 | 4007 | 4009..=4014)
}

impl State {
    /// Cuts the connections of all sockets.
    pub(crate) fn cut_sockets(&mut self) {
        for socket in self.sockets.values() {
            socket.connection.cut();
        }
    }

    /// Number of sockets on which the bot is identified.
    pub(super) fn ready_sockets(&self) -> usize {
        self.sockets.values().filter(|socket| socket.session.is_some()).count()
    }

    /// The end of a socket; a session outlives it unless it was ended on purpose.
    fn leave(&mut self, id: u64, code: Option<u16>) {
        let Some(name) = self.sockets.remove(&id).and_then(|socket| socket.session) else { return };
        if code.is_some_and(ends_session) {
            self.sessions.remove(&name);
        } else if let Some(session) =
            self.sessions.get_mut(&name).filter(|session| session.socket == Some(id))
        {
            session.socket = None;
        }
    }
}

pub(crate) fn open_gateway(shared: Arc<Shared>, upgrade: WebSocketUpgrade, incoming: Incoming) -> Response {
    // 4012 for another version; other encodings are for whoever asks for them.
    let version = incoming.query.get("v").and_then(Value::as_str).map(str::to_owned);
    let is_v10 = version.as_deref() == Some("10") && incoming.query.get("encoding") == Some(&json!("json"));
    upgrade.on_upgrade(move |socket| run(shared, socket, incoming, is_v10))
}

async fn run(shared: Arc<Shared>, mut socket: WebSocket, incoming: Incoming, is_v10: bool) {
    let (orders, mut waiting) = unbounded_channel();
    let id = shared.discord.change(|state| {
        state.ids += 1;
        let connection = Arc::clone(&incoming.connection);
        let is_at_resume_url = incoming.path.contains("/resume");
        state.sockets.insert(state.ids, Socket { orders, connection, is_at_resume_url, session: None });
        state.ids
    });
    let interval = u64::try_from(shared.settings.discord_heartbeat.as_millis()).unwrap_or(u64::MAX);
    let hello = json!({ "op": 10, "d": { "heartbeat_interval": interval, "_trace": ["stand-in"] } });
    let mut code = None;
    if !is_v10 {
        note(&shared, "gateway open", &Value::Null, Some("the address wants ?v=10&encoding=json".to_owned()));
        let _ = socket.send(close(4012)).await;
    } else if socket.send(Message::Text(hello.to_string().into())).await.is_ok() {
        code = talk(&shared, id, &mut socket, &mut waiting).await;
    }
    shared.discord.change(|state| state.leave(id, code));
}

fn close(code: u16) -> Message {
    Message::Close(Some(CloseFrame { code, reason: "".into() }))
}

/// Talks until the end; the code with which either side closed.
async fn talk(
    shared: &Shared,
    id: u64,
    socket: &mut WebSocket,
    orders: &mut UnboundedReceiver<Order>,
) -> Option<u16> {
    // "There is already tolerance in the heartbeat_interval that will cover network latency."
    let patience = shared.settings.discord_heartbeat * 3 / 2;
    let mut deadline = Instant::now() + patience;
    loop {
        tokio::select! {
            order = orders.recv() => match order? {
                Order::Frame(frame) => socket.send(Message::Text(frame.to_string().into())).await.ok()?,
                Order::Close(code) => return end(socket, code).await,
            },
            () = tokio::time::sleep_until(deadline) => {
                // What came over a connection that was left half-open was heard by nobody.
                let is_frozen = shared.discord.read(|state| {
                    state.sockets.get(&id).is_some_and(|socket| socket.connection.is_frozen())
                });
                let misfit = (!is_frozen).then(|| "no heartbeat within the interval".to_owned());
                note(shared, "gateway heartbeat", &Value::Null, misfit);
                return end(socket, 4000).await;
            }
            message = socket.recv() => match message?.ok()? {
                Message::Text(text) => {
                    if let Err(code) = take(shared, id, text.as_str(), &mut deadline, patience) {
                        return end(socket, code).await;
                    }
                }
                Message::Close(frame) => return frame.map(|frame| frame.code),
                Message::Binary(_) => return end(socket, 4002).await,
                Message::Ping(_) | Message::Pong(_) => {}
            },
        }
    }
}

/// Closes, and waits a moment for the client to do so too: it reads the code only then.
async fn end(socket: &mut WebSocket, code: u16) -> Option<u16> {
    socket.send(close(code)).await.ok()?;
    let rest = async { while let Some(Ok(_)) = socket.recv().await {} };
    let _ = tokio::time::timeout(Duration::from_secs(5), rest).await;
    Some(code)
}

fn note(shared: &Shared, call: &str, frame: &Value, misfit: Option<String>) {
    shared.log.change(|log| {
        let token = frame["d"]["token"].as_str().map(str::to_owned);
        let number = log.add(Platform::Discord, call, "/discord/gateway/", token, frame.clone());
        if let Some(misfit) = misfit {
            log.violate(number, misfit);
        }
    });
}

/// Takes a frame. An error is the code to close with.
fn take(shared: &Shared, id: u64, text: &str, deadline: &mut Instant, patience: Duration) -> Result<(), u16> {
    let frame: Value = serde_json::from_str(text).map_err(|_| 4002_u16)?;
    if text.len() > MAX_FRAME {
        note(
            shared,
            "gateway frame",
            &frame,
            Some(format!("{} bytes, and {MAX_FRAME} are allowed", text.len())),
        );
        return Err(4002);
    }
    let (call, taken) = match frame["op"].as_u64() {
        Some(1) => {
            *deadline = Instant::now() + patience;
            ("gateway heartbeat", shared.discord.change(|state| heartbeat(state, id, &frame["d"])))
        }
        Some(2) => {
            ("gateway identify", shared.discord.change(|state| identify(shared, state, id, &frame["d"])))
        }
        Some(6) => ("gateway resume", shared.discord.change(|state| resume(state, id, &frame["d"]))),
        // Presence, voice, requests for members: they have no answer that a bot of messages waits for.
        Some(3 | 4 | 8) => ("gateway frame", Ok(())),
        _ => ("gateway frame", Err((4001, "there is no such opcode".to_owned()))),
    };
    note(
        shared,
        call,
        &frame,
        taken.as_ref().err().and_then(|(_, why)| Some(why.clone()).filter(|why| !why.is_empty())),
    );
    match taken {
        // 0 is a misfit that Discord lets pass.
        Ok(()) | Err((0, _)) => Ok(()),
        Err((code, _)) => Err(code),
    }
}

/// The code to close with (0 for none), and what does not fit (empty where nothing is wrong with the frame).
type Taken = Result<(), (u16, String)>;

fn heartbeat(state: &mut State, id: u64, seq: &Value) -> Taken {
    let Some(socket) = state.sockets.get(&id) else { return Ok(()) };
    socket.send(json!({ "op": 11 }));
    // Before a resume it is a number of a session that the socket does not have yet.
    let Some(session) = socket.session.as_ref().and_then(|name| state.sessions.get(name)) else {
        return Ok(());
    };
    let latest = session.seq;
    match seq {
        Value::Null => Ok(()),
        _ if seq.as_u64().is_some_and(|seq| seq <= latest) => Ok(()),
        _ => Err((0, format!("d: {seq} is no number up to {latest}, the latest event's"))),
    }
}

fn identify(shared: &Shared, state: &mut State, id: u64, data: &Value) -> Taken {
    if state.sockets[&id].session.is_some() {
        return Err((4005, "the socket is identified already".to_owned()));
    }
    if data["token"] != state.token.as_str() {
        return Err((4004, String::new()));
    }
    let Some(intents) = data["intents"].as_u64() else {
        return Err((4002, "d/intents: no number".to_owned()));
    };
    if intents & !ALL_INTENTS != 0 {
        return Err((4013, format!("d/intents: {intents} has bits that are no intents")));
    }
    if intents & state.disallowed_intents != 0 {
        return Err((4014, String::new()));
    }
    let known = ["token", "properties", "compress", "large_threshold", "shard", "presence", "intents"];
    let unknown = data.as_object().into_iter().flatten().find(|(name, _)| !known.contains(&name.as_str()));
    let has_properties = ["os", "browser", "device"].iter().all(|name| data["properties"][name].is_string());
    state.identifies_left = state.identifies_left.saturating_sub(1);
    ready(shared, state, id, intents);
    match unknown {
        Some((name, _)) => Err((0, format!("d: there is no {name}"))),
        None if !has_properties => Err((0, "d/properties: os, browser and device are texts".to_owned())),
        None => Ok(()),
    }
}

fn ready(shared: &Shared, state: &mut State, id: u64, intents: u64) {
    let name = format!("{:032x}", state.next_id().parse::<u128>().unwrap_or_default());
    state.sessions.insert(name.clone(), Session::new(intents, id));
    state.sockets.get_mut(&id).expect("an open socket").session = Some(name.clone());
    let own = format!("ws://{}/discord/gateway/resume/", shared.address);
    let resume_url = state.resume_url.clone().unwrap_or(own);
    let ready = json!({
        "v": 10, "user": state.bot(), "guilds": [{ "id": state.guild, "unavailable": true }], "session_id": name,
        "resume_gateway_url": resume_url, "session_type": "normal",
        "application": { "id": state.application, "flags": 0 }, "private_channels": [], "relationships": [],
        "user_settings": {}, "presences": [], "guild_join_requests": [], "geo_ordered_rtc_regions": [], "auth": {},
    });
    state.dispatch_to(&name, "READY", ready);
    if intents & GUILDS != 0 {
        let guild = state.guild_json();
        state.dispatch_to(&name, "GUILD_CREATE", guild);
    }
}

fn resume(state: &mut State, id: u64, data: &Value) -> Taken {
    if data["token"] != state.token.as_str() {
        return Err((4004, String::new()));
    }
    let (Some(name), Some(seq)) = (data["session_id"].as_str(), data["seq"].as_u64()) else {
        return Err((4002, "d: a session_id and a seq".to_owned()));
    };
    let Some(session) = state.sessions.get_mut(name) else {
        state.sockets[&id].send(json!({ "op": 9, "d": false }));
        return Ok(());
    };
    if seq > session.seq {
        return Err((4007, format!("d/seq: {seq} is later than the latest event, {}", session.seq)));
    }
    let (missed, before) = (session.missed(seq), session.socket.replace(id));
    let socket = state.sockets.get_mut(&id).expect("an open socket");
    socket.session = Some(name.to_owned());
    for frame in missed {
        socket.send(frame);
    }
    let is_at_resume_url = socket.is_at_resume_url;
    // Whoever had the session is left without it.
    if let Some(other) = before.filter(|other| *other != id).and_then(|other| state.sockets.get_mut(&other)) {
        other.session = None;
        other.close(4000);
    }
    state.dispatch_to(name, "RESUMED", json!({ "_trace": ["stand-in"] }));
    if is_at_resume_url {
        Ok(())
    } else {
        Err((0, "a session is resumed at its resume_gateway_url".to_owned()))
    }
}

/// Somebody adds a channel: sessions that look at guilds hear of it.
pub(super) fn tell_of_channel(state: &mut State, kind: &'static str, channel: Value) {
    state.dispatch(Event::of_guild(kind, channel));
}
