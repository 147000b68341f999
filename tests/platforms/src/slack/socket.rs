//! Sockets of Socket Mode: <https://docs.slack.dev/apis/events-api/using-socket-mode>.

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{APP, State, ok};
use crate::answer::Answer;
use crate::incoming::Incoming;
use crate::platform::Platform;
use crate::server::{Connection, Shared};

/// An open socket.
pub(crate) struct Socket {
    orders: UnboundedSender<Order>,
    connection: Arc<Connection>,
    /// True from its `disconnect` on.
    pub(super) is_leaving: bool,
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
}

impl State {
    /// Says goodbye on each socket. `refresh_requested` and `warning` leave it to the client to go; `link_disabled` closes.
    pub(super) fn disconnect(&mut self, reason: &str) {
        for socket in self.sockets.values_mut() {
            socket.is_leaving = true;
            socket.send(
                json!({ "type": "disconnect", "reason": reason, "debug_info": { "host": "stand-in" } }),
            );
            if reason == "link_disabled" {
                let _ = socket.orders.send(Order::Close(1000));
            }
        }
    }

    pub(super) fn close_sockets(&self, code: u16) {
        for socket in self.sockets.values() {
            let _ = socket.orders.send(Order::Close(code));
        }
    }

    pub(super) fn freeze_sockets(&self) {
        self.sockets.values().for_each(|socket| socket.connection.freeze());
    }

    /// Cuts the connections of all sockets.
    pub(crate) fn cut_sockets(&mut self) {
        for (_, socket) in std::mem::take(&mut self.sockets) {
            socket.connection.cut();
        }
    }
}

/// `apps.connections.open`: an address for one socket.
pub(super) fn open(shared: &Shared) -> Answer {
    let url = shared.slack.change(|state| {
        let ticket = format!("ticket-{}", state.next_id());
        state.tickets.push(ticket.clone());
        format!("ws://{}/slack/link/?ticket={ticket}&app_id={APP}", shared.address)
    });
    ok(json!({ "url": url }))
}

pub(crate) fn open_socket(shared: Arc<Shared>, upgrade: WebSocketUpgrade, incoming: &Incoming) -> Response {
    let ticket = incoming.query.get("ticket").and_then(Value::as_str).unwrap_or_default();
    let is_new = shared.slack.change(|state| {
        let before = state.tickets.len();
        state.tickets.retain(|one| one != ticket);
        state.tickets.len() < before
    });
    if !is_new {
        return Answer::text(403, "The address of a socket can be used once").into_response();
    }
    let connection = Arc::clone(&incoming.connection);
    upgrade.on_upgrade(move |socket| run(shared, socket, connection))
}

async fn run(shared: Arc<Shared>, mut socket: WebSocket, connection: Arc<Connection>) {
    let (orders, mut waiting) = unbounded_channel();
    let (id, count) = shared.slack.change(|state| {
        let id = state.next_id();
        state.sockets.insert(id, Socket { orders, connection, is_leaving: false });
        (id, state.sockets.len() + state.other_sockets)
    });
    let hello = json!({
        "type": "hello", "num_connections": count, "connection_info": { "app_id": APP },
        "debug_info": { "host": "stand-in", "build_number": 1, "approximate_connection_time": 18_060 },
    });
    if send(&mut socket, &hello).await {
        talk(&shared, &mut socket, &mut waiting).await;
    }
    shared.slack.change(|state| state.sockets.remove(&id));
}

async fn send(socket: &mut WebSocket, frame: &Value) -> bool {
    socket.send(Message::Text(frame.to_string().into())).await.is_ok()
}

async fn talk(shared: &Arc<Shared>, socket: &mut WebSocket, orders: &mut UnboundedReceiver<Order>) {
    let mut ping = tokio::time::interval(shared.settings.slack_ping_every);
    loop {
        let goes_on = tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Frame(frame)) => send(socket, &frame).await,
                Some(Order::Close(code)) => {
                    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: "".into() }))).await;
                    true
                }
                None => false,
            },
            _ = ping.tick() => socket.send(Message::Ping("Ping from stand-in".into())).await.is_ok(),
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    take(shared, text.as_str());
                    true
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => true,
                Some(Ok(Message::Binary(_))) => {
                    note(shared, &Value::Null, Some("a frame of bytes".to_owned()));
                    true
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => false,
            },
        };
        if !goes_on {
            return;
        }
    }
}

fn note(shared: &Shared, frame: &Value, misfit: Option<String>) {
    shared.log.change(|log| {
        let number = log.add(Platform::Slack, "socket acknowledge", "/slack/link/", None, frame.clone());
        if let Some(misfit) = misfit {
            log.violate(number, misfit);
        }
    });
}

fn take(shared: &Shared, text: &str) {
    let frame = serde_json::from_str::<Value>(text);
    let misfit = match &frame {
        Ok(frame) => shared.slack.change(|state| state.acknowledge(frame)).err(),
        Err(error) => Some(format!("the frame is no JSON: {error}")),
    };
    note(shared, &frame.unwrap_or_default(), misfit);
}
