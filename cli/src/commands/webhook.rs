//! `aiwg webhook`: what comes in from other services.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use aiwg_client::{
    DaemonClient, new_idempotency_key,
    types::{DaemonStatus, NoParams, Timestamp, WebhooksSubsystem},
};
use aiwg_protocol::config::{WebhookKind, WebhookSource};
use aiwg_server::{
    boot::load_config,
    webhooks::{Secret, signed, sources},
};
use clap::{Subcommand, ValueHint};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    error::CliError,
    examples,
    output::{
        Column::{Number, Text, Whole},
        Output, Page, Table, ago, visible,
    },
    project::request_timeout,
    values::STDIN,
};

/// Commands for webhooks.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum WebhookCommand {
    /// List those that may send webhooks, with what has come from each since the daemon's start
    #[command(after_help = examples::WEBHOOK_LIST, alias = "ls")]
    List,
    /// Send a webhook to the project's daemon as its sender would, to try it out
    #[command(after_help = examples::WEBHOOK_SEND)]
    Send(SendArgs),
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SendArgs {
    /// The path of the webhook in the configuration, as /github
    #[arg(value_hint = ValueHint::Other)]
    path: String,
    /// The file with the body; - reads it from standard input; an empty object unless given
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// Sign it as this kind of sender does; as the configuration says unless given
    #[arg(long, value_parser = ["github", "gitlab", "slack", "standard", "json"])]
    kind: Option<String>,
    /// The name of the event, where the sender says it in a header: GitHub, GitLab
    #[arg(long, default_value = "push", value_hint = ValueHint::Other)]
    event: String,
    /// The id of the delivery; a new one unless given
    #[arg(long, value_hint = ValueHint::Other)]
    id: Option<String>,
}

/// The most bytes of a body that is read, and of an answer.
const LONGEST_BODY: u64 = 1 << 30;
const LONGEST_ANSWER: u64 = 64 * 1024;

/// Output of `--json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    status: u16,
    /// The answer, if it is JSON.
    answer: Option<Box<RawValue>>,
    #[serde(skip)]
    text: String,
}

pub(crate) async fn run(
    client: &DaemonClient,
    command: WebhookCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let status = client.daemon_status(NoParams {}).await?;
    match command {
        WebhookCommand::List => {
            output.result(&status.subsystems.webhooks.unwrap_or_default(), show)?;
            Ok(ExitCode::SUCCESS)
        }
        WebhookCommand::Send(args) => {
            let sent = send(&status, &args)?;
            let is_taken = (200..300).contains(&sent.status);
            output.result(&sent, |out, sent| {
                writeln!(out, "{} {}", sent.status, visible(sent.text.trim_end()))
            })?;
            Ok(if is_taken { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

fn show(out: &mut Page, webhooks: &WebhooksSubsystem) -> io::Result<()> {
    if webhooks.sources.is_empty() {
        return writeln!(
            out,
            "There are none: \"gateway\" in .aiwg/daemon.json sets them up; docs/webhooks.md tells how."
        );
    }
    match &webhooks.address {
        Some(address) => writeln!(out, "They are listened to at http://{}", visible(address))?,
        None => writeln!(out, "! They are not listened to: `aiwg daemon status` says why")?,
    }
    let mut rows = Table::new([
        Whole("PATH"),
        Whole("KIND"),
        Text("TOPIC", 60),
        Whole("SIGNED"),
        Number("TAKEN IN"),
        Number("REFUSED"),
        Whole("LAST"),
    ]);
    for source in &webhooks.sources {
        rows.add([
            source.path.as_str().into(),
            source.kind.as_str().into(),
            source.topic.as_str().into(),
            if source.signed { "yes" } else { "no" }.into(),
            source.accepted.into(),
            source.refused.into(),
            source.last_at.map_or_else(|| "never".to_owned(), ago).into(),
        ]);
    }
    rows.write(out)?;
    for source in &webhooks.sources {
        if let Some(error) = &source.error {
            writeln!(out, "! {}", visible(error))?;
        }
    }
    Ok(())
}

fn send(status: &DaemonStatus, args: &SendArgs) -> Result<Sent, CliError> {
    let source = source(status, &args.path)?;
    let kind = match &args.kind {
        None => source.kind,
        Some(kind) => serde_json::from_value::<WebhookKind>(kind.as_str().into())
            .map_err(|error| CliError::Usage(error.to_string()))?,
    };
    let secret = secret(&source, kind)?;
    let body = body(args.file.as_deref())?;
    let webhooks = status.subsystems.webhooks.as_ref();
    let Some(address) = webhooks.and_then(|webhooks| webhooks.address.as_deref()) else {
        return Err(CliError::Failed(
            "the daemon listens to no webhooks: `aiwg daemon status` says why".to_owned(),
        ));
    };
    let id = args.id.clone().unwrap_or_else(new_idempotency_key);
    let now = u64::try_from(Timestamp::now().as_millis() / 1000).unwrap_or_default();
    let mut headers = signed(kind, secret.as_ref(), (&args.event, &id), &body, now);
    headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    if headers.iter().any(|(_, value)| value.contains(char::is_control)) {
        return Err(CliError::Usage(
            "the event, the id or the secret has a character that no header can have".to_owned(),
        ));
    }
    post(address, &args.path, &headers, &body)
}

/// The sender with this path, in the configuration that the daemon has.
fn source(status: &DaemonStatus, path: &str) -> Result<WebhookSource, CliError> {
    let none = |known: &str| CliError::Usage(format!("the configuration has no webhook {path:?}{known}"));
    let Some(file) = &status.config else { return Err(none("")) };
    let loaded = load_config(Path::new(&status.project), Path::new(file), true)
        .map_err(|error| CliError::Failed(error.to_string()))?;
    let sources = sources(&loaded.config);
    let known: Vec<&str> = sources.iter().map(|source| source.path.as_str()).collect();
    let known = if known.is_empty() { String::new() } else { format!("; there are {}", known.join(", ")) };
    sources.iter().find(|source| source.path == path).cloned().ok_or_else(|| none(&known))
}

fn secret(source: &WebhookSource, kind: WebhookKind) -> Result<Option<Secret>, CliError> {
    let Some(name) = source.variable() else { return Ok(None) };
    let text = std::env::var(name).map_err(|_| {
        CliError::Usage(format!("the variable {name} with the secret is not in this shell's environment: set it as the daemon has it"))
    })?;
    Secret::of(kind, &text).map(Some).map_err(|why| CliError::Usage(format!("the variable {name} {why}")))
}

fn body(file: Option<&Path>) -> Result<Vec<u8>, CliError> {
    let mut body = Vec::new();
    match file {
        None => body.extend_from_slice(b"{}"),
        Some(file) if file.as_os_str() == STDIN => {
            io::stdin().lock().take(LONGEST_BODY).read_to_end(&mut body)?;
        }
        Some(file) => {
            let opened = std::fs::File::open(file).map_err(CliError::at(file))?;
            opened.take(LONGEST_BODY).read_to_end(&mut body).map_err(CliError::at(file))?;
        }
    }
    Ok(body)
}

fn post(address: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> Result<Sent, CliError> {
    let failed = |error: io::Error| CliError::Failed(format!("http://{address} does not answer: {error}"));
    let time = Some(request_timeout().max(Duration::from_secs(1)));
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    stream.set_read_timeout(time).and_then(|()| stream.set_write_timeout(time)).map_err(failed)?;
    let mut head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    // One that refuses a long body answers before it has read all of it.
    let written = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    let mut answer = Vec::new();
    let read = stream.take(LONGEST_ANSWER).read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    let (head, text) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let Some(status) = status else {
        written.and(read.map(drop)).map_err(failed)?;
        return Err(failed(io::Error::from(io::ErrorKind::InvalidData)));
    };
    Ok(Sent { status, answer: RawValue::from_string(text.trim().to_owned()).ok(), text: text.to_owned() })
}
