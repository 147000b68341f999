//! The addresses of a dashboard, and what is at each.

use std::sync::Arc;

use aiwg_protocol::PROTOCOL_VERSION;
use futures::future::join_all;
use hyper::{
    HeaderMap, Method, Request, StatusCode,
    body::Incoming,
    header::{ALLOW, HeaderName, HeaderValue, SEC_WEBSOCKET_PROTOCOL},
    upgrade,
};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::{
    sync::{Semaphore, watch},
    time::{Duration, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{handshake::server::create_response_with_body, protocol::Role},
};

use crate::{
    answer::{self, Response},
    bridge::{self, Ending, greet},
    files::File,
    guard::{OTHER_PAGE, Refusal, Visit},
    projects::{Listed, Projects, Way},
    secrets::{AddressKind, Secrets},
};

/// Maximum number of connections of pages at once.
const MOST_SOCKETS: usize = 128;

/// Time for which the list waits for a daemon's word.
const LISTED_WITHIN: Duration = Duration::from_secs(1);

/// The header with a page's key.
const KEY: HeaderName = HeaderName::from_static("aiwg-key");

/// The name that a page's WebSocket goes by, and the beginning of the one that carries its key.
const PROTOCOL: &str = "aiwg";
const KEY_PROTOCOL: &str = "key.";

/// What is done when an address was used.
pub(crate) type OnUse = Box<dyn Fn(&Secrets, AddressKind) + Send + Sync>;

/// A dashboard, as each of its requests needs it.
pub(crate) struct Site {
    pub(crate) secrets: Secrets,
    pub(crate) projects: Projects,
    pub(crate) is_read_only: bool,
    /// True if an agent has started it.
    pub(crate) is_agents: bool,
    pub(crate) on_use: OnUse,
    pub(crate) sockets: Arc<Semaphore>,
    pub(crate) stop: watch::Receiver<bool>,
}

impl Site {
    /// The places for pages' connections.
    pub(crate) fn places() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(MOST_SOCKETS))
    }

    /// Answers a request.
    pub(crate) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response {
        // To HEAD, hyper sends no body, and the length of the one that GET has.
        let answered = self.dispatch(request).await;
        answer::guarded(answered.unwrap_or_else(|(status, why)| answer::text(status, why)))
    }

    async fn dispatch(self: Arc<Self>, request: Request<Incoming>) -> Result<Response, Refusal> {
        let visit = Visit::of(request.method(), request.uri(), request.headers())?;
        let path = request.uri().path().to_owned();
        let is_key = path == "/key";
        let allowed: &[Method] = if is_key { &[Method::POST] } else { &[Method::GET, Method::HEAD] };
        if !allowed.contains(request.method()) {
            return Ok(not_allowed(allowed));
        }
        if let Some(page) = self.page(&path) {
            return self.index(&visit, &request, &page);
        }
        // What is led here from elsewhere is a person with a link: for that there are pages.
        if visit.is_led_from_elsewhere {
            return Err((StatusCode::FORBIDDEN, "this is no page"));
        }
        let Some(cookie) = self.session(&visit, request.headers()) else {
            return Err((
                StatusCode::UNAUTHORIZED,
                "there is no session: open a new address of `aiwg dashboard`",
            ));
        };
        if is_key {
            return self.key(&visit, cookie);
        }
        if path == "/dashboard.json" {
            let key = request.headers().get(KEY).and_then(|key| key.to_str().ok()).unwrap_or_default();
            self.check_key(&visit, request.headers(), key)?;
            return Ok(self.list().await);
        }
        if let Some(project) = project_of(&path, "/ws") {
            return self.connect(&visit, request, project);
        }
        let file = File::at(&path).ok_or((StatusCode::NOT_FOUND, "there is nothing at this address"))?;
        Ok(answer::file(file, false, request.headers()))
    }

    /// The path of the page that a request asks for, in our own words; none if it asks for no page.
    fn page(&self, path: &str) -> Option<String> {
        if path == "/" {
            return Some(path.to_owned());
        }
        let id = path.strip_prefix("/p/")?.strip_suffix('/')?;
        let is_id = id.len() == 16 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (is_id && self.projects.is_all()).then(|| format!("/p/{id}/"))
    }

    /// The page itself; or first the exchange of an address's secret for a session.
    fn index(&self, visit: &Visit, request: &Request<Incoming>, path: &str) -> Result<Response, Refusal> {
        let headers = request.headers();
        let has_session = self.session(visit, headers).is_some();
        if let Some(token) = request.uri().query().and_then(token) {
            if has_session {
                return Ok(answer::redirect(path, None));
            }
            // A look ahead is not the person's own, and HEAD is no visit.
            if request.method() == Method::GET && !is_ahead(headers) {
                return self.exchange(visit, token, path);
            }
            return Err((StatusCode::FORBIDDEN, "this address is for a visit"));
        }
        if has_session {
            let index = File::index().ok_or((StatusCode::NOT_FOUND, "the page is not built"))?;
            return Ok(answer::file(index, true, headers));
        }
        // The browser has kept the cookie back, if there is one.
        if visit.is_led_from_elsewhere {
            return Ok(answer::lead_on(path));
        }
        Ok(answer::page(
            StatusCode::UNAUTHORIZED,
            "This dashboard does not know your browser",
            "Open the address that <code>aiwg dashboard</code> shows in its terminal. It counts once; after each use there is a new one.",
        ))
    }

    fn exchange(&self, visit: &Visit, token: &str, path: &str) -> Result<Response, Refusal> {
        let failed = (StatusCode::INTERNAL_SERVER_ERROR, "the system gives no random numbers");
        let Some((session, kind)) = self.secrets.exchange(token).map_err(|_| failed)? else {
            return Ok(answer::page(
                StatusCode::FORBIDDEN,
                "This address does not count any more",
                "It has been used already, or is that of another dashboard. The terminal of <code>aiwg dashboard</code> shows a new \
                 one. If you have not used it yourself, somebody else has: end that dashboard, and start another one.",
            ));
        };
        (self.on_use)(&self.secrets, kind);
        let cookie =
            format!("{}={}; Path=/; HttpOnly; SameSite=Strict", visit.cookie_name(), session.as_str());
        Ok(answer::redirect(path, Some(cookie)))
    }

    /// The cookie of a session, if the request has one.
    fn session<'a>(&self, visit: &Visit, headers: &'a HeaderMap) -> Option<&'a str> {
        visit.cookies(headers).find(|cookie| self.secrets.is_session(cookie))
    }

    fn check_key(&self, visit: &Visit, headers: &HeaderMap, key: &str) -> Result<(), Refusal> {
        match visit.cookies(headers).any(|cookie| self.secrets.is_page(cookie, key)) {
            true => Ok(()),
            false => Err((
                StatusCode::UNAUTHORIZED,
                "the key of the page is missing, or is that of another session",
            )),
        }
    }

    /// The key of a session's page.
    fn key(&self, visit: &Visit, cookie: &str) -> Result<Response, Refusal> {
        if !visit.is_of_own_page {
            return Err((StatusCode::FORBIDDEN, OTHER_PAGE));
        }
        let given =
            (StatusCode::UNAUTHORIZED, "the key was given already: open a new address of `aiwg dashboard`");
        let key = self.secrets.key(cookie).ok_or(given)?;
        Ok(answer::json(format!("{{\"key\":\"{}\"}}", key.as_str()).into_bytes()))
    }

    /// The dashboard and its projects, for the page.
    async fn list(&self) -> Response {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Dashboard {
            version: &'static str,
            protocol_version: &'static str,
            readonly: bool,
            all: bool,
            agent: bool,
            projects: Vec<Listed>,
        }
        let dashboard = Dashboard {
            version: env!("CARGO_PKG_VERSION"),
            protocol_version: PROTOCOL_VERSION,
            readonly: self.is_read_only,
            all: self.projects.is_all(),
            agent: self.is_agents,
            projects: join_all(self.projects.list().into_iter().map(noted)).await,
        };
        // Strings and flags: writing them cannot fail.
        answer::json(serde_json::to_vec(&dashboard).unwrap_or_default())
    }

    /// Opens the bridge to a project's daemon.
    fn connect(
        self: Arc<Self>,
        visit: &Visit,
        mut request: Request<Incoming>,
        project: Option<&str>,
    ) -> Result<Response, Refusal> {
        if !visit.is_of_own_page {
            return Err((StatusCode::FORBIDDEN, "a WebSocket is opened by a page of this dashboard"));
        }
        let headers = request.headers();
        let offered =
            headers.get(SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let names = || offered.split(',').map(str::trim);
        let key = names().find_map(|name| name.strip_prefix(KEY_PROTOCOL)).unwrap_or_default();
        self.check_key(visit, headers, key)?;
        let has_name = names().any(|name| name == PROTOCOL);
        let switching = create_response_with_body(&request, http_body_util::Full::default);
        let mut switching = switching.map_err(|_| (StatusCode::BAD_REQUEST, "this is for WebSockets"))?;
        if !has_name {
            return Err((StatusCode::BAD_REQUEST, "the WebSocket's protocol is `aiwg`"));
        }
        switching.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
        let way = self.projects.way(project);
        let upgrade = upgrade::on(&mut request);
        tokio::spawn(async move {
            let Ok(upgraded) = upgrade.await else { return };
            let stream = TokioIo::new(upgraded);
            let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(bridge::limits())).await;
            let place = self.sockets.clone().try_acquire_owned();
            let daemon = async {
                if place.is_err() {
                    return Err(Ending::too_many());
                }
                greet(&way.ok_or_else(Ending::no_such_project)?).await
            };
            bridge::carry(socket, daemon, self.is_read_only, self.stop.clone()).await;
        });
        Ok(switching)
    }
}

/// A project with the reason for which it cannot be shown, if there is one.
async fn noted((mut listed, way): (Listed, Way)) -> Listed {
    listed.notice = match timeout(LISTED_WITHIN, greet(&way)).await {
        Ok(Ok(_)) => None,
        Ok(Err(ending)) => Some(ending.reason().to_owned()),
        Err(_) => Some("its daemon does not answer".to_owned()),
    };
    listed
}

/// The project in an address: none of them, where the address names none.
fn project_of<'a>(path: &'a str, base: &str) -> Option<Option<&'a str>> {
    match path.strip_prefix(base)? {
        "" => Some(None),
        rest => Some(Some(rest.strip_prefix('/')?)),
    }
}

/// The secret in an address.
fn token(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("token="))
}

/// True if the browser only looks ahead, before anybody has asked for the page.
fn is_ahead(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-moz"].iter().any(|name| headers.contains_key(*name))
}

fn not_allowed(allowed: &[Method]) -> Response {
    let names = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
    let mut answer = answer::text(StatusCode::METHOD_NOT_ALLOWED, "this method does nothing here");
    if let Ok(names) = HeaderValue::from_str(&names) {
        answer.headers_mut().insert(ALLOW, names);
    }
    answer
}
