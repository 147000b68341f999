//! The one that carries what is known of accounts between this daemon and the file that all daemons of the user share.
//!
//! The engine decides by what is in memory, and never waits for the file: whoever holds its lock, or a home that does not answer, keeps only this component from
//! going on. The engine looks again when there is something new.

use std::{future::pending, io, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::watched::Watched;
use crate::{
    accounts::{Accounts, Known},
    beside::beside,
    component::Component,
    context::Context,
    health::{Health, IssueKind},
};

/// The agents' accounts cannot be shared with the user's other daemons.
const SHARING_ISSUE: IssueKind = IssueKind::named("accounts_file");

/// Number of times in a row that the lock of the file cannot be had, after which the health says so: another daemon may hold it for a moment.
const TIMES_IN_A_ROW: u32 = 2;

/// Pause before the file is tried again that could not be written.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// The same where another daemon has held its lock: it is waited for less long than a claim is.
const LOCK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Carries what is known of accounts into the shared file, and what others have written there back.
pub(crate) struct AccountSharing;

impl Component for AccountSharing {
    fn name(&self) -> &'static str {
        "the accounts"
    }

    fn run(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let Some(dir) = context.accounts.path().and_then(|path| path.parent()) else { return };
            let mut carrier = Carrier::new(&context, Watched::new(dir.to_owned()));
            loop {
                tokio::select! {
                    () = carrier.next() => {}
                    () = context.stopped.cancelled() => return,
                }
                if carrier.carry().await {
                    // It fails where the database cannot be written, or the engine has ended: both look by themselves.
                    let _ = context.engine.look_at_accounts().await;
                }
            }
        })
    }
}

struct Carrier {
    accounts: Accounts,
    known: watch::Receiver<Known>,
    file: Watched,
    /// Number of the latest news that were to be written.
    tried: u64,
    /// None where there is nothing to look for: the system says when that changes.
    next_look: Option<Instant>,
    health: Health,
    /// Number of times in a row that the file could not be written.
    failures: u32,
}

impl Carrier {
    fn new(context: &Context, file: Watched) -> Self {
        Self {
            accounts: context.accounts.clone(),
            known: context.accounts.watch(),
            file,
            tried: 0,
            next_look: Some(Instant::now()),
            health: context.health.clone(),
            failures: 0,
        }
    }

    /// Waits until there is something to carry, or it is time to look.
    async fn next(&mut self) {
        let tried = self.tried;
        let has_news = |known: &Known| known.latest_unshared().is_some_and(|latest| latest > tried);
        let next_look = self.next_look;
        let is_time = async {
            match next_look {
                Some(at) => sleep_until(at).await,
                None => pending().await,
            }
        };
        tokio::select! {
            // The accounts hold the other end.
            _ = self.known.wait_for(has_news) => {}
            () = self.file.changed() => {}
            () = is_time => {}
        }
    }

    /// Carries both ways. True if something has come of it for the engine.
    async fn carry(&mut self) -> bool {
        self.tried = self.known.borrow().latest_unshared().unwrap_or(self.tried);
        let (accounts, mut file) = (self.accounts.clone(), std::mem::take(&mut self.file));
        let (file, look_every, carried) = beside(move || {
            let look_every = file.watch();
            (file, look_every, accounts.share())
        })
        .await;
        self.file = file;
        let error = carried.as_ref().err().map(|failed| &failed.error);
        let look_after = match error.map(io::Error::kind) {
            Some(io::ErrorKind::WouldBlock) => Some(LOCK_AGAIN_AFTER),
            Some(_) => Some(TRY_AGAIN_AFTER),
            // Where nothing is known, nothing can have changed on a file system that reports no changes of others: the next limit is met again.
            None => Some(look_every).filter(|_| !self.file.is_watched() || self.accounts.are_known()),
        };
        self.next_look = look_after.map(|after| Instant::now() + after);
        self.report(error);
        carried.unwrap_or_else(|failed| failed.has_granted)
    }

    fn report(&mut self, error: Option<&io::Error>) {
        let before = self.failures;
        self.failures = error.map_or(0, |_| before.saturating_add(1));
        let Some(path) = self.accounts.path() else { return };
        let path = path.display();
        match error {
            Some(error) if before == 0 => tracing::warn!(
                file = %path,
                %error,
                "what is known of the agents' accounts cannot be shared with the user's other daemons for now: it counts here, and is tried again"
            ),
            None if before > 0 => {
                tracing::info!(file = %path, "the user's other daemons know of the agents' accounts again");
            }
            _ => {}
        }
        match error {
            Some(error) if error.kind() != io::ErrorKind::WouldBlock || self.failures >= TIMES_IN_A_ROW => self.health.report(
                SHARING_ISSUE,
                format!(
                    "{path} cannot be written ({error}): limits of the agents' accounts count in this project, and the user's other daemons meet \
                     them again; see that its directory may be written to, or start the daemon with another XDG_STATE_HOME"
                ),
            ),
            Some(_) => {}
            None => self.health.clear(SHARING_ISSUE),
        }
    }
}
