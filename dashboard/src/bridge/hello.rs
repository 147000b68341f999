//! The first question to a daemon: whether it speaks the protocol that the page speaks.

use std::time::Duration;

use aiwg_client::ClientError;
use aiwg_protocol::PROTOCOL_VERSION;
use futures::StreamExt;
use serde::Deserialize;
use tokio::{io::AsyncWriteExt, time::timeout};

use super::{DaemonEnd, Ending};
use crate::projects::Way;

/// Time within which a daemon must answer it.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// The id of the question.
const ID: &str = "aiwg-dashboard";

/// The answer, or what the daemon sends instead.
#[derive(Deserialize)]
struct Answer {
    id: Option<serde_json::Value>,
    result: Option<Status>,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    protocol_version: String,
}

#[derive(Deserialize)]
struct Failure {
    message: String,
}

/// Connects to a daemon, and asks for its version.
///
/// # Errors
/// It is away, or cannot be used.
pub(crate) async fn greet(way: &Way) -> Result<DaemonEnd, Ending> {
    let stream = way.open().await.map_err(|error| match error {
        ClientError::NotAllowed { .. } | ClientError::NotTrusted(_) | ClientError::Stranger { .. } => {
            Ending::daemon_unfit(error.to_string())
        }
        // The page knows better than a path what it asked for.
        ClientError::NoDaemon { .. } | ClientError::NoProject { .. } => Ending::daemon_away("none answers"),
        error => Ending::daemon_away(error),
    })?;
    let mut daemon = DaemonEnd::of(stream);
    timeout(ANSWERS_WITHIN, ask(&mut daemon))
        .await
        .unwrap_or_else(|_| Err(Ending::daemon_away("it does not answer")))?;
    Ok(daemon)
}

async fn ask(daemon: &mut DaemonEnd) -> Result<(), Ending> {
    let question = format!("{{\"jsonrpc\":\"2.0\",\"id\":\"{ID}\",\"method\":\"daemon.status\"}}\n");
    daemon.writer.write_all(question.as_bytes()).await.map_err(|error| Ending::daemon_lost(&error))?;
    loop {
        let Some(line) = daemon.lines.next().await else { return Err(Ending::daemon_closed()) };
        let line = line.map_err(|error| Ending::daemon_lost(&error))?;
        let no_daemon = || Ending::daemon_unfit("what answers there is no daemon");
        let answer: Answer = serde_json::from_slice(&line).map_err(|_| no_daemon())?;
        match answer {
            // Such as that it has too many connections.
            Answer { error: Some(error), .. } => return Err(Ending::daemon_away(error.message)),
            Answer { result: Some(status), .. } => return check(&status.protocol_version),
            Answer { id: None, .. } => {}
            Answer { .. } => return Err(no_daemon()),
        }
    }
}

/// Compares the versions: the first number says whether two can talk.
fn check(theirs: &str) -> Result<(), Ending> {
    let major = |version: &str| version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    let (their_major, our_major) = (major(theirs), major(PROTOCOL_VERSION));
    if their_major == our_major {
        return Ok(());
    }
    let what_to_do = match their_major > our_major {
        true => "upgrade aiwg here",
        false => "upgrade aiwg there, and restart the daemon",
    };
    // A daemon is no author of what a person reads here.
    let theirs: String = theirs.chars().filter(|c| c.is_ascii_digit() || *c == '.').take(10).collect();
    Err(Ending::daemon_unfit(format!(
        "the daemon speaks protocol {theirs}, this dashboard {PROTOCOL_VERSION}: {what_to_do}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_with_the_same_first_number_talk() {
        for fits in ["1.0", "1.7", "1"] {
            assert_eq!(check(fits), Ok(()), "{fits}");
        }
        for (other, what_to_do) in
            [("2.0", "upgrade aiwg here"), ("0.9", "there"), ("", "there"), ("<b>", "there")]
        {
            let ending = check(other).unwrap_err();
            assert!(ending.code == 4002 && ending.reason().contains(what_to_do), "{ending:?}");
            assert!(!ending.reason().contains('<'));
        }
    }
}
