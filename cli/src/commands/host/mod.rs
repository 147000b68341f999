//! The hosts that share the project's store.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{HostDrainParams, HostList, HostLost, HostLostParams, HostState, HostStatus, NoParams},
};
use clap::{Subcommand, ValueHint};

use crate::{
    error::CliError,
    examples,
    output::{
        Column::{Number, Text, Whole},
        Output, Page, Table, count, moment, visible,
    },
};

/// Characters of an id that people are shown: enough to name it.
const ID_SHOWN: usize = 8;

/// Commands for hosts.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum HostCommand {
    /// List the hosts that share the project's store
    #[command(after_help = examples::HOST_LIST)]
    List,
    /// Give a host no new tasks; what runs there goes on
    #[command(after_help = examples::HOST_DRAIN)]
    Drain {
        /// The host's id, the beginning of it, or its name
        #[arg(value_hint = ValueHint::Other)]
        host: String,
        /// Give it new tasks again
        #[arg(long)]
        resume: bool,
    },
    /// Give a host up that is gone for ever: what ran there is interrupted at once
    #[command(after_help = examples::HOST_LOST)]
    Lost {
        /// The host's id, the beginning of it, or its name
        #[arg(value_hint = ValueHint::Other)]
        host: String,
    },
}

pub(crate) async fn run(
    client: &DaemonClient,
    command: HostCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    match command {
        HostCommand::List => output.result(&client.host_list(NoParams {}).await?, show)?,
        HostCommand::Drain { host, resume } => {
            let params = HostDrainParams { host, resume: resume.then_some(true) };
            output.result(&client.host_drain(params).await?, |out, host| {
                let does =
                    if host.draining_since.is_some() { "takes no new tasks" } else { "takes new tasks" };
                writeln!(out, "{} {does}; {}.", visible(&host.name), running(host))
            })?;
        }
        HostCommand::Lost { host } => {
            output.result(&client.host_lost(HostLostParams { host }).await?, |out, lost: &HostLost| {
                write!(out, "{} was given up", visible(&lost.host.name))?;
                match lost.tasks.as_slice() {
                    [] => writeln!(out, "; nothing ran there."),
                    tasks => writeln!(out, ", and what ran there is interrupted: {}.", tasks.join(", ")),
                }
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The beginning of the id of a host, by which people name it.
pub(super) fn short_id(id: &str) -> String {
    id.chars().take(ID_SHOWN).collect()
}

fn running(host: &HostStatus) -> String {
    match u64::from(host.running) {
        0 => "nothing runs there".to_owned(),
        many => format!("{} there", count(many, "task runs", "tasks run")),
    }
}

fn show(out: &mut Page, list: &HostList) -> io::Result<()> {
    let mut rows = Table::new([
        Whole("ID"),
        Text("NAME", 40),
        Text("LABELS", 40),
        Whole("STATE"),
        Whole("VERSION"),
        Number("RUNNING"),
        Text("PLACE", 80),
    ]);
    for host in &list.hosts {
        let labels = if host.labels.is_empty() { "-".to_owned() } else { host.labels.join(", ") };
        rows.add([
            short_id(&host.id).into(),
            host.name.as_str().into(),
            labels.into(),
            state(host).into(),
            host.version.as_str().into(),
            host.running.into(),
            host.place.as_str().into(),
        ]);
    }
    rows.write(out)
}

fn state(host: &HostStatus) -> String {
    let this = if host.is_this { " (this one)" } else { "" };
    let since = match host.state {
        HostState::Draining => host.draining_since.map(|since| format!(" since {}", moment(since))),
        HostState::Lost => host.lost_at.map(|at| format!(" since {}", moment(at))),
        HostState::Silent => Some(format!(" since {}", moment(host.seen_at))),
        _ => None,
    };
    format!("{}{}{this}", host.state.name(), since.unwrap_or_default())
}
