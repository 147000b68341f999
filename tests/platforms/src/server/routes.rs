//! Which part answers which address.

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::response::Response;
use axum::routing::any;

use super::connection::ConnectionHandle;
use super::{Shared, pipeline};
use crate::answer::Answer;
use crate::incoming::Incoming;
use crate::platform::Platform;
use crate::{control, discord, slack};

// No platform takes a larger request without a file; a larger one is answered 413.
const MAX_BODY: usize = 8 << 20;

type Info = ConnectInfo<ConnectionHandle>;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/telegram/{*path}", any(telegram))
        .route("/slack/api/{*path}", any(slack_api))
        .route("/slack/respond/{*path}", any(slack_api))
        .route("/slack/link/", any(slack_link))
        .route("/slack/link", any(slack_link))
        .route("/discord/api/{*path}", any(discord_api))
        .route("/discord/gateway", any(discord_gateway))
        .route("/discord/gateway/", any(discord_gateway))
        .route("/discord/gateway/resume", any(discord_gateway))
        .route("/discord/gateway/resume/", any(discord_gateway))
        .route("/control/{*path}", any(by_control))
        .with_state(shared)
}

async fn read(request: Request, ConnectionHandle(connection): ConnectionHandle) -> Result<Incoming, Answer> {
    let (parts, body) = request.into_parts();
    let too_large = || Answer::text(413, "Request Entity Too Large");
    let bytes = to_bytes(body, MAX_BODY).await.map_err(|_| too_large())?;
    Ok(Incoming::new(parts.method, &parts.uri, &parts.headers, &bytes, connection))
}

async fn serve(platform: Platform, shared: Arc<Shared>, info: Info, request: Request) -> Response {
    match read(request, info.0).await {
        Ok(incoming) => pipeline::answer(platform, &shared, incoming).await.into_response(),
        Err(answer) => answer.into_response(),
    }
}

async fn telegram(State(shared): State<Arc<Shared>>, info: Info, request: Request) -> Response {
    serve(Platform::Telegram, shared, info, request).await
}

async fn slack_api(State(shared): State<Arc<Shared>>, info: Info, request: Request) -> Response {
    serve(Platform::Slack, shared, info, request).await
}

async fn discord_api(State(shared): State<Arc<Shared>>, info: Info, request: Request) -> Response {
    serve(Platform::Discord, shared, info, request).await
}

async fn by_control(State(shared): State<Arc<Shared>>, info: Info, request: Request) -> Response {
    match read(request, info.0).await {
        Ok(incoming) => control::answer(&shared, &incoming).into_response(),
        Err(answer) => answer.into_response(),
    }
}

/// Splits a request for a socket into the upgrade and the rest.
async fn upgrade(request: Request, info: Info) -> Result<(WebSocketUpgrade, Incoming), Response> {
    let (mut parts, _) = request.into_parts();
    let socket = WebSocketUpgrade::from_request_parts(&mut parts, &()).await;
    let socket = socket.map_err(|_| Answer::text(426, "Upgrade Required").into_response())?;
    let nothing = axum::body::Bytes::new();
    Ok((socket, Incoming::new(parts.method, &parts.uri, &parts.headers, &nothing, info.0.0)))
}

async fn slack_link(State(shared): State<Arc<Shared>>, info: Info, request: Request) -> Response {
    let (socket, incoming) = match upgrade(request, info).await {
        Ok(both) => both,
        Err(response) => return response,
    };
    if let Some(fault) = pipeline::before_socket(Platform::Slack, &shared, "socket open", &incoming).await {
        return fault.into_response();
    }
    slack::open_socket(shared, socket, &incoming)
}

async fn discord_gateway(State(shared): State<Arc<Shared>>, info: Info, request: Request) -> Response {
    let (socket, incoming) = match upgrade(request, info).await {
        Ok(both) => both,
        Err(response) => return response,
    };
    if let Some(fault) = pipeline::before_socket(Platform::Discord, &shared, "gateway open", &incoming).await
    {
        return fault.into_response();
    }
    discord::open_gateway(shared, socket, incoming)
}
