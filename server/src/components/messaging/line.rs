//! The line to a platform: its client, and how it stands.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aiwg_messaging::Platform;
use aiwg_platforms::{Account, PlatformClient, Trouble};
use aiwg_protocol::types::{PlatformState, Timestamp};

use crate::health::{Health, IssueKind};

/// Time for which a line may fail before the health says so, in milliseconds: networks come and go.
const PATIENCE_MS: i64 = 60_000;

/// The line to a platform.
pub(super) struct Line {
    pub(super) client: Arc<dyn PlatformClient>,
    /// The name of its token in the lock.
    pub(super) fingerprint: String,
    standing: Mutex<Standing>,
}

/// The state of a line.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) state: PlatformState,
    /// Since when.
    pub(super) since: Timestamp,
    pub(super) account: Option<Account>,
    /// Time at which the platform was last heard of.
    pub(super) last_received_at: Option<Timestamp>,
    /// The fault that keeps messages from being received.
    pub(super) trouble: Option<String>,
    /// True if the trouble is that the platform was silent for long: that is no matter of a moment.
    pub(super) was_silent: bool,
    /// The fault that kept the last message that could not be sent from being sent.
    pub(super) send_error: Option<String>,
    /// True once the messages that an earlier daemon was sending are accounted for: others may be sent.
    pub(super) may_send: bool,
}

impl Line {
    pub(super) fn new(client: Arc<dyn PlatformClient>, fingerprint: String) -> Self {
        let standing = Standing {
            state: PlatformState::Connecting,
            since: Timestamp::now(),
            account: None,
            last_received_at: None,
            trouble: None,
            was_silent: false,
            send_error: None,
            may_send: false,
        };
        Self { client, fingerprint, standing: Mutex::new(standing) }
    }

    pub(super) fn platform(&self) -> Platform {
        self.client.platform()
    }

    fn lock(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it stands at this moment.
    pub(super) fn standing(&self) -> Standing {
        let mut standing = self.lock();
        // A line comes about, and ends, while the client waits for what comes.
        match (standing.state, self.client.is_open()) {
            (PlatformState::Connected, false) => Self::enter(&mut standing, PlatformState::Connecting),
            (PlatformState::Connecting, true) => Self::enter(&mut standing, PlatformState::Connected),
            _ => {}
        }
        standing.clone()
    }

    fn enter(standing: &mut Standing, state: PlatformState) {
        if standing.state != state {
            standing.state = state;
            standing.since = Timestamp::now();
        }
    }

    /// The client has received, be it nothing. The platform was heard of if the line stands.
    pub(super) fn note_answer(&self) {
        if !self.client.is_open() {
            return;
        }
        let mut standing = self.lock();
        if standing.state != PlatformState::Connected {
            tracing::info!(platform = self.platform().name(), "messaging is connected");
        }
        Self::enter(&mut standing, PlatformState::Connected);
        standing.last_received_at = Some(Timestamp::now());
        (standing.trouble, standing.was_silent) = (None, false);
    }

    /// The platform has said who the bot is. The line does not stand by that.
    pub(super) fn note_account(&self, account: Account) {
        let mut standing = self.lock();
        Self::enter(&mut standing, PlatformState::Connecting);
        (standing.account, standing.trouble) = (Some(account), None);
    }

    /// The platform has said anew who the bot is and what it lacks; whether anything is received is another question.
    pub(super) fn renew_account(&self, account: Account) {
        self.lock().account = Some(account);
    }

    /// Nothing can be received.
    pub(super) fn note_trouble(&self, trouble: &Trouble) {
        let mut standing = self.lock();
        let (state, why) = match trouble {
            Trouble::Later { why, .. } => (PlatformState::Retrying, why),
            Trouble::Taken(why) => (PlatformState::Taken, why),
            Trouble::Stop(why) => (PlatformState::Stopped, why),
        };
        Self::enter(&mut standing, state);
        standing.trouble = Some(why.clone());
    }

    /// The platform was silent for so long that the line is begun again.
    pub(super) fn note_silence(&self) {
        self.lock().was_silent = true;
    }

    /// From here on messages may be sent.
    pub(super) fn allow_sending(&self) {
        self.lock().may_send = true;
    }

    /// A message was sent, or why one was not.
    pub(super) fn note_sending(&self, error: Option<String>) {
        self.lock().send_error = error;
    }

    /// Says in the health what needs a person; `home_issue` is the fault of the chat for notices.
    pub(super) fn report(&self, health: &Health, home_issue: Option<String>) {
        let kind = IssueKind::named(self.platform().name());
        match self.issue(Timestamp::now(), home_issue) {
            // The kind names the platform.
            Some(issue) => health.report(kind, issue),
            None => health.clear(kind),
        }
    }

    /// The state of the line, for a check of the health: an error if it does not stand.
    pub(super) fn checked(&self) -> Result<String, String> {
        let Standing { state, since, trouble, .. } = self.standing();
        let said = format!("{} since {since}", state.name());
        match (state, trouble) {
            (PlatformState::Connected, _) => Ok(said),
            (_, Some(trouble)) => Err(format!("{said}: {trouble}")),
            (_, None) => Err(said),
        }
    }

    fn issue(&self, now: Timestamp, home_issue: Option<String>) -> Option<String> {
        let Standing { state, since, account, trouble, was_silent, send_error, .. } = self.standing();
        let lasts = now.as_millis().saturating_sub(since.as_millis()) >= PATIENCE_MS;
        if let Some(trouble) = trouble.filter(|_| state != PlatformState::Retrying || lasts || was_silent) {
            return Some(trouble);
        }
        if state != PlatformState::Connected {
            return None;
        }
        let lacks = account.and_then(|account| account.lacks);
        send_error.or(lacks).or_else(|| self.client.warning()).or(home_issue)
    }
}
