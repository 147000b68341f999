//! What `aiwg dashboard` runs: it serves the page, and carries what the page says to the daemon and back.
//!
//! It is a client of the daemon as any other: a process of its own, whose connections the daemon judges by that process. A dashboard
//! that an agent has started has an agent's rights. It has no state, no protocol of its own, and no port unless somebody starts it.
//!
//! What keeps others out, in the order in which a request meets it:
//! 1. the place: loopback, or a Unix socket that only the user can open;
//! 2. the request's way here: `Host`, `Origin`, `Sec-Fetch-Site` (`guard`);
//! 3. the secret of an address, which counts once, then a cookie and a key (`secrets`);
//! 4. what a frame may be (`bridge`), and with `--readonly` what it may ask for;
//! 5. the daemon itself, which knows nothing of all that.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod answer;
mod bridge;
mod files;
mod guard;
mod listen;
mod projects;
mod routes;
mod secrets;

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};

pub use listen::{FORWARDED_PORT, Listen};
pub use projects::Projects;

use crate::{listen::Listener, routes::Site, secrets::AddressKind};

/// Maximum number of connections at once. Browsers open six of them for a page.
const MOST_CONNECTIONS: usize = 512;

/// Time within which a request must have come.
const ASKS_WITHIN: Duration = Duration::from_secs(10);

/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 32 * 1024;

/// Time for the pages to hear that the dashboard ends.
const LAST_MOMENTS: Duration = Duration::from_millis(300);

/// Pause after an error of the system, such as that too many files are open.
const PAUSE: Duration = Duration::from_millis(100);

/// A dashboard to be.
pub struct Options {
    /// The place where it listens.
    pub listen: Listen,
    /// The projects that it shows.
    pub projects: Projects,
    /// True if pages can only read.
    pub is_read_only: bool,
    /// True if an agent starts it: pages say so.
    pub is_agents: bool,
}

/// An address that opens the dashboard, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The address, with its secret.
    pub url: String,
    /// The port; none of a Unix socket.
    pub port: Option<u16>,
    /// False of the first one; true of one that takes the place of one that was used.
    pub is_next: bool,
}

/// What whoever has started a dashboard is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Announcement {
    /// An address to show.
    Address(Address),
    /// The browser that was started has come.
    BrowserCame,
}

/// A dashboard that listens.
pub struct Dashboard {
    listener: Listener,
    site: Arc<Site>,
    stop: watch::Sender<bool>,
    base: String,
}

impl Dashboard {
    /// Binds the place, and hands over the first address; and another one whenever one was used.
    ///
    /// # Errors
    /// The place is taken, or the system gives no random numbers.
    pub async fn bind(
        options: Options,
        announce: impl Fn(Announcement) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let Options { listen, projects, is_read_only, is_agents } = options;
        let listener = Listener::bind(&listen).await?;
        let port = listener.port();
        let base = match port {
            Some(port) => format!("http://127.0.0.1:{port}/"),
            // As ssh forwards it: the port is the person's choice.
            None => format!("http://localhost:{FORWARDED_PORT}/"),
        };
        let secrets = secrets::Secrets::new()?;
        let at = base.clone();
        let address = move |secrets: &secrets::Secrets, is_next| Address {
            url: with_secret(&at, secrets.printed().as_str()),
            port,
            is_next,
        };
        announce(Announcement::Address(address(&secrets, false)));
        let on_use = move |secrets: &secrets::Secrets, kind| {
            announce(match kind {
                AddressKind::Printed => Announcement::Address(address(secrets, true)),
                AddressKind::Opened => Announcement::BrowserCame,
            });
        };
        let (stop, stopped) = watch::channel(false);
        let site = Site {
            secrets,
            projects,
            is_read_only,
            is_agents,
            on_use: Box::new(on_use),
            sockets: Site::places(),
            stop: stopped,
        };
        Ok(Self { listener, site: Arc::new(site), stop, base })
    }

    /// An address for a browser that is started now: it counts once, and for a minute.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn address_for_browser(&self) -> io::Result<String> {
        Ok(with_secret(&self.base, self.site.secrets.for_browser()?.as_str()))
    }

    /// Serves until a future is done.
    pub async fn serve(self, until: impl Future<Output = ()>) {
        let Self { listener, site, stop, base: _ } = self;
        let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        tokio::select! {
            () = until => {}
            () = accept(&listener, &site, &places) => {}
        }
        drop(listener);
        stop.send_replace(true);
        drop(site);
        // Those that have a page open hear of it.
        let _ = timeout(LAST_MOMENTS, stop.closed()).await;
    }
}

fn with_secret(base: &str, secret: &str) -> String {
    format!("{base}?token={secret}")
}

async fn accept(listener: &Listener, site: &Arc<Site>, places: &Arc<Semaphore>) {
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok(stream) => stream,
            Err(_) => {
                sleep(PAUSE).await;
                continue;
            }
        };
        let site = Arc::clone(site);
        tokio::spawn(async move {
            let mut stop = site.stop.clone();
            let service = service_fn(|request| {
                let site = Arc::clone(&site);
                async move { Ok::<_, Infallible>(site.answer(request).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(ASKS_WITHIN)
                .max_buf_size(LONGEST_HEAD)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            tokio::select! {
                _ = connection => {}
                _ = stop.wait_for(|is_over| *is_over) => {}
            }
            drop(place);
        });
    }
}
