//! Messaging platforms.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{MessagingStatus, MessagingTestParams, MessagingTested, NoParams, PlatformState, PlatformStatus},
};
use clap::{Subcommand, ValueEnum, ValueHint};

use crate::{
    error::CliError,
    examples,
    output::{
        Column::{Text, Whole},
        Output, Page, Table, moment, verbatim, visible,
    },
};

/// Commands for messaging platforms.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum MessagingCommand {
    /// Show how each platform stands whose token the daemon has
    #[command(after_help = examples::MESSAGING_STATUS)]
    Status,
    /// Send a message to try out whether messages arrive, and say what is missing
    #[command(after_help = examples::MESSAGING_TEST)]
    Test {
        /// The platform, as telegram; else all that are on
        #[arg(value_hint = ValueHint::Other)]
        platform: Option<String>,
    },
    /// Print the description of an app, to paste where the platform makes apps; takes no daemon
    #[command(after_help = examples::MESSAGING_MANIFEST)]
    Manifest {
        /// The platform
        platform: ManifestPlatform,
    },
}

/// The platforms that make an app of a description.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ManifestPlatform {
    /// For "From a manifest" at https://api.slack.com/apps
    Slack,
}

/// Prints the description of an app.
pub(crate) fn manifest(platform: ManifestPlatform) -> Result<ExitCode, CliError> {
    let manifest = match platform {
        ManifestPlatform::Slack => aiwg_messaging::manifest::slack(),
    };
    verbatim(format!("{manifest:#}\n").as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn run(
    client: &DaemonClient,
    command: MessagingCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    match command {
        MessagingCommand::Manifest { platform } => return manifest(platform),
        MessagingCommand::Status => output.result(&client.messaging_status(NoParams {}).await?, show)?,
        MessagingCommand::Test { platform } => {
            let named = platform.clone();
            let tested = client.messaging_test(MessagingTestParams { platform }).await?;
            output.result(&tested, |out, tested| show_tested(out, tested, named.as_deref()))?;
            let is_well = !tested.trials.is_empty() && tested.trials.iter().all(|trial| trial.ok);
            return Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The message where no platform is on.
const NONE: &str = "No platform is on: the daemon has no token. Set AIWG_TELEGRAM_TOKEN, AIWG_DISCORD_TOKEN, or AIWG_SLACK_TOKEN and AIWG_SLACK_APP_TOKEN, and start the daemon again; \
                    docs/messaging.md tells how to get one.";

fn show(out: &mut Page, status: &MessagingStatus) -> io::Result<()> {
    if status.platforms.is_empty() {
        return writeln!(out, "{NONE}");
    }
    let mut rows = Table::new([
        Whole("PLATFORM"),
        Text("BOT", 32),
        Text("STATE", 60),
        Text("CHAT", 24),
        Text("PEOPLE", 8),
        Text("MESSAGES", 60),
    ]);
    for platform in &status.platforms {
        rows.add([
            platform.name.as_str().into(),
            platform.account.clone().unwrap_or_else(|| "-".to_owned()).into(),
            state(platform).into(),
            platform.chat.clone().unwrap_or_else(|| "none is set".to_owned()).into(),
            platform.people.to_string().into(),
            messages(platform).into(),
        ]);
    }
    rows.write(out)?;
    for platform in &status.platforms {
        if let Some(error) = &platform.error {
            writeln!(out, "! {}: {error}", visible(&platform.name))?;
        }
    }
    if let Some(until) = status.muted_until {
        writeln!(out, "Notices are muted until {}: `/mute 0` in a chat ends that.", moment(until))?;
    }
    if let Some(until) = status.quiet_until {
        writeln!(out, "These are quiet hours: notices wait until {}.", moment(until))?;
    }
    Ok(())
}

fn state(platform: &PlatformStatus) -> String {
    let since = moment(platform.since);
    match platform.state {
        PlatformState::Connected => format!("connected since {since}"),
        PlatformState::Connecting => "connecting".to_owned(),
        PlatformState::Retrying => format!("not reached since {since}"),
        PlatformState::Taken => format!("someone else receives for it, since {since}"),
        PlatformState::Stopped => format!("refused since {since}"),
        other => visible(other.name()).to_string(),
    }
}

fn messages(platform: &PlatformStatus) -> String {
    let all = [
        (platform.waiting, "wait"),
        (platform.unknown, "perhaps sent"),
        (platform.dead, "could not be sent"),
    ];
    let some: Vec<String> =
        all.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if some.is_empty() { "all sent".to_owned() } else { some.join(", ") }
}

fn show_tested(out: &mut Page, tested: &MessagingTested, named: Option<&str>) -> io::Result<()> {
    match named {
        Some(name) if tested.trials.is_empty() => {
            let name = visible(name);
            return writeln!(out, "{name} is not on: `aiwg messaging status` shows the platforms that are.");
        }
        None if tested.trials.is_empty() => return writeln!(out, "{NONE}"),
        _ => {}
    }
    for trial in &tested.trials {
        out.marked(if trial.ok { "ok" } else { "failed" }, trial.ok)?;
        writeln!(out, " {}: {}", visible(&trial.platform), trial.message)?;
    }
    Ok(())
}
