//! `aiwg dashboard`: the page, served on this machine.

mod args;
mod browser;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::mpsc::{Sender, channel},
};

use aiwg_dashboard::{Address, Announcement, Dashboard, FORWARDED_PORT, Listen, Options, Projects};
use aiwg_server::{
    boot::is_running,
    lifecycle::{hide_memory, projects_with_daemon},
};
use futures::future::select_all;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

pub(crate) use self::args::DashboardArgs;
use self::browser::Browser;
use crate::{
    commands::daemon::is_agent,
    error::CliError,
    output::{Output, Page, json_line, note, visible},
    project::{Viewed, here, to_view},
};

/// The variable of the environment of who works here over SSH.
const OVER_SSH: &str = "SSH_CONNECTION";

/// Serves it until a signal comes.
pub(crate) fn run(named: Option<&Path>, args: DashboardArgs, output: &Output) -> Result<ExitCode, CliError> {
    let projects = projects(named, args.all)?;
    let shown = Shown::of(&projects, &args, output.json);
    let options =
        Options { listen: args.place(), projects, is_read_only: args.readonly, is_agents: is_agent() };
    // Whom the daemon is to find for an agent by its environment, it must be able to look at.
    if !options.is_agents {
        hide_memory();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let notices = tell(shown);
        let browser = Browser::default();
        let leave = browser.clone();
        let dashboard = Dashboard::bind(options, move |announcement| match announcement {
            // Nobody may be there to hear it.
            Announcement::Address(address) => drop(notices.send(address)),
            Announcement::BrowserCame => leave.remove(),
        });
        let dashboard = dashboard.await.map_err(|error| CliError::Failed(error.to_string()))?;
        if args.open {
            browser.open(&dashboard.address_for_browser()?)?;
        }
        dashboard.serve(asked_to_end()?).await;
        browser.remove();
        Ok(ExitCode::SUCCESS)
    })
}

/// The projects that are meant.
fn projects(named: Option<&Path>, is_all: bool) -> Result<Projects, CliError> {
    let (path, options) = match to_view(named, is_all)? {
        Viewed::All => return Ok(Projects::All(Box::new(projects_with_daemon))),
        Viewed::One { path, options } => (path, options),
    };
    if here(named).is_some_and(|project| !is_running(&project)) {
        note("No daemon runs here yet: `aiwg daemon start` starts it, and the page finds it then.");
    }
    Ok(Projects::One { path, options })
}

/// What is said of a dashboard beside its address.
struct Shown {
    /// The project's directory; none where all are shown, or only a socket is known.
    project: Option<PathBuf>,
    is_all: bool,
    is_read_only: bool,
    socket: Option<PathBuf>,
    json: bool,
}

impl Shown {
    fn of(projects: &Projects, args: &DashboardArgs, json: bool) -> Self {
        let project = match projects {
            Projects::One { path, .. } => path.clone(),
            Projects::All(_) => None,
        };
        let socket = match args.place() {
            Listen::Unix(path) => Some(std::path::absolute(&path).unwrap_or(path)),
            Listen::Port(_) => None,
        };
        Self { project, is_all: args.all, is_read_only: args.readonly, socket, json }
    }

    fn address(&self, address: &Address) -> Result<(), CliError> {
        if self.json {
            #[derive(Serialize)]
            struct Printed<'a> {
                address: &'a str,
                port: Option<u16>,
                readonly: bool,
                all: bool,
            }
            return json_line(&Printed {
                address: &address.url,
                port: address.port,
                readonly: self.is_read_only,
                all: self.is_all,
            });
        }
        let mut page = Page::stdout();
        match address.is_next {
            true => writeln!(page, "That address was used. The next one:\n\n    {}\n", address.url)?,
            false => self.first(&mut page, address)?,
        }
        Ok(page.flush()?)
    }

    fn first(&self, page: &mut Page, address: &Address) -> io::Result<()> {
        let of = match (&self.project, self.is_all) {
            (_, true) => " of all your daemons".to_owned(),
            (Some(project), false) => format!(" of {}", visible(&project.display().to_string())),
            (None, false) => String::new(),
        };
        let only = if self.is_read_only { ", for reading only" } else { "" };
        writeln!(page, "The dashboard{of}{only}:\n\n    {}\n", address.url)?;
        if let Some(socket) = &self.socket {
            let socket = visible(&socket.display().to_string()).into_owned();
            writeln!(page, "It is behind the socket {socket}. Where you sit, first:\n")?;
            writeln!(page, "    ssh -N -L {FORWARDED_PORT}:{socket} HOST\n")?;
        } else if let Some(port) = address.port.filter(|_| std::env::var_os(OVER_SSH).is_some()) {
            writeln!(page, "It is on this machine. Where you sit, first:\n")?;
            writeln!(page, "    ssh -N -L {port}:127.0.0.1:{port} HOST\n")?;
        }
        writeln!(
            page,
            "An address counts once; after each use, a new one is shown here. Ctrl-C ends the dashboard."
        )
    }
}

/// Prints addresses in a thread of its own: a terminal that is stopped (Ctrl-S) stops nothing else.
fn tell(shown: Shown) -> Sender<Address> {
    let (notices, addresses) = channel::<Address>();
    std::thread::spawn(move || {
        for address in addresses {
            // Who has closed the pipe has had the address that was wanted.
            let _ = shown.address(&address);
        }
    });
    notices
}

/// Done once a signal asks the dashboard to end.
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut signals = kinds.into_iter().map(signal).collect::<io::Result<Vec<_>>>()?;
    Ok(async move {
        select_all(signals.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
    })
}
