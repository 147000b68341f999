//! Tasks in work trees on other hosts: this keeps the way to the repository's remote known, puts there what others are to begin with and what runs have
//! left here, and removes it when it is not needed any more. Nothing of it is done where there is no other host, or no remote.

mod bases;
mod fetch;
mod results;
mod sweep;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use aiwg_model::TaskNo;
use aiwg_protocol::terms::WorkspaceRemote;
use aiwg_store::Reader;
use aiwg_worktrees::{Error, Fleet, Remote};
use tokio::{
    sync::broadcast::error::{RecvError, TryRecvError},
    time::sleep,
};

pub(crate) use self::{
    fetch::{Unfetched, bring_here, fetch},
    sweep::forget_sent,
};
pub(super) use results::send_result;

use super::Shared;
use crate::{
    beside::beside, bus::Committed, context::Context, engine::Way, health::IssueKind, workspaces::Route,
};

/// The way to the repository's remote is closed.
const REMOTE_ISSUE: IssueKind = IssueKind::named("workspace_remote");

/// What some tasks are to begin with could not be made.
const BASE_ISSUE: IssueKind = IssueKind::named("workspace_base");

/// Time between two looks, where nothing wakes it.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// Time in which events are gathered.
const GATHERED: Duration = Duration::from_millis(100);

/// Time for a try whether the remote can be reached.
const PROBE_WITHIN: Duration = Duration::from_secs(60);

/// Time until the next try, at first and at the most.
const RETRY_AFTER: Duration = Duration::from_secs(5);
const RETRY_AT_MOST: Duration = Duration::from_secs(10 * 60);

/// Time between two looks for a remote where there is none.
const FIND_EVERY: Duration = Duration::from_secs(60);

/// What is known of the way, and of what was sent.
#[derive(Debug, Default)]
struct Traveller {
    /// The route, if there is one.
    route: Option<Arc<Route>>,
    is_open: bool,
    /// Number of tries in vain since something was sent.
    failures: u32,
    /// Time before which nothing is tried.
    not_before: Option<Instant>,
    /// The bases that it has sent, of tasks that had not ended then.
    sent: HashMap<TaskNo, String>,
    /// True if tasks may have ended since these were looked at.
    may_have_ended: bool,
    /// The tasks whose base could not be made, and until when they are left alone.
    put_off: HashMap<TaskNo, Instant>,
    /// The time of the last sweep.
    swept: Option<Instant>,
}

/// Keeps the way known and sends what is to be sent, until it is stopped.
pub(super) async fn travel(shared: Arc<Shared>) {
    let context = &shared.context;
    if context.engine.host().is_none() {
        return;
    }
    let (mut traveller, mut events) = (Traveller::default(), context.bus.listen());
    let mut changes = context.settings.changes();
    loop {
        traveller.round(context).await;
        tokio::select! {
            // Where there is no way, nobody looks at what happens.
            event = events.recv(), if traveller.route.is_some() => {
                traveller.may_have_ended |= is_end(&event);
                if matches!(event, Err(RecvError::Closed)) {
                    return;
                }
                sleep(GATHERED).await;
                loop {
                    let more = match events.try_recv() {
                        Ok(event) => Ok(event),
                        Err(TryRecvError::Lagged(missed)) => Err(RecvError::Lagged(missed)),
                        Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                    };
                    traveller.may_have_ended |= is_end(&more);
                }
            }
            Ok(()) = changes.changed() => traveller.find_again(),
            () = context.workspaces.routes.woken() => {}
            () = sleep(LOOK_EVERY) => {}
            () = context.stopped.cancelled() => return,
        }
    }
}

/// True if a task may have ended by this event, or by one that was missed.
fn is_end(event: &Result<Committed, RecvError>) -> bool {
    let is_end =
        |topic: &str| matches!(topic, "task:completed" | "task:failed" | "task:cancelled" | "task:timeout");
    event.as_ref().map_or(true, |event| is_end(&event.topic))
}

impl Traveller {
    /// Looks for the remote anew.
    fn find_again(&mut self) {
        (self.route, self.is_open, self.not_before, self.failures) = (None, false, None, 0);
        self.put_off.clear();
    }

    async fn round(&mut self, context: &Arc<Context>) {
        let are_several =
            |reader: &dyn Reader| Ok(reader.hosts()?.iter().filter(|(host, _)| host.is_there()).count() > 1);
        // Where that is not known, nothing changes.
        match context.read(are_several).await {
            Ok(true) => {}
            Ok(false) => return self.end(context),
            Err(_) => return,
        }
        if let Some(why) = context.workspaces.routes.take_trouble() {
            self.closed(context, &why);
        }
        if self.not_before.is_some_and(|at| at > Instant::now()) {
            return;
        }
        if self.route.is_none() && !self.find(context).await {
            return;
        }
        let Some(route) = self.route.clone() else { return };
        if !self.is_open && !self.probe(context, &route).await {
            return;
        }
        if let Err(error) = self.send(context, &route).await {
            self.closed(context, &error.to_string());
        }
    }

    /// There is nobody else: nothing is sent.
    fn end(&mut self, context: &Context) {
        if self.route.is_some() {
            self.find_again();
            context.workspaces.routes.set(None, false);
            context.engine.note_way(Way::None);
            context.health.clear(REMOTE_ISSUE);
            context.health.clear(BASE_ISSUE);
        }
    }

    /// Looks for the remote. False if there is none.
    async fn find(&mut self, context: &Arc<Context>) -> bool {
        let wanted = context.settings.get().config.workspace.settings().remote;
        let found = match &wanted {
            Some(WorkspaceRemote::Switch(false)) => Ok(None),
            wanted => found(context, wanted.as_ref()).await,
        };
        let is_named = matches!(wanted, Some(WorkspaceRemote::Named(_) | WorkspaceRemote::Switch(true)));
        let why = match found {
            Ok(Some(route)) => {
                let route = Arc::new(route);
                self.route = Some(Arc::clone(&route));
                context.workspaces.routes.set(Some(route), false);
                context.engine.note_way(Way::Closed);
                return true;
            }
            Ok(None) => "the repository has no remote, or several and none that is the usual one".to_owned(),
            Err(why) => why,
        };
        self.not_before = Some(Instant::now() + FIND_EVERY);
        context.workspaces.routes.set(None, false);
        context.engine.note_way(Way::None);
        match is_named {
            true => context.health.report(REMOTE_ISSUE, format!("workspace.remote: {why}")),
            false => context.health.clear(REMOTE_ISSUE),
        }
        false
    }

    /// Tries whether this host can read and write there.
    async fn probe(&mut self, context: &Arc<Context>, route: &Arc<Route>) -> bool {
        let (its, host) = (route.within(PROBE_WITHIN), context.engine.host().unwrap_or_default().to_owned());
        match beside(move || its.remote.probe(&its.fleet, &host)).await {
            Ok(()) => {
                tracing::info!(remote = route.remote.name(), "tasks in work trees can go to other hosts");
                self.is_open = true;
                context.workspaces.routes.set(Some(Arc::clone(route)), true);
                context.engine.note_way(Way::Open);
                context.health.clear(REMOTE_ISSUE);
                true
            }
            Err(error) => {
                self.closed(context, &error.to_string());
                false
            }
        }
    }

    /// The way is closed for now, for this reason.
    fn closed(&mut self, context: &Context, why: &str) {
        let wait = RETRY_AFTER.saturating_mul(2_u32.saturating_pow(self.failures.min(16))).min(RETRY_AT_MOST);
        (self.is_open, self.failures) = (false, self.failures.saturating_add(1));
        self.not_before = Some(Instant::now() + wait);
        tracing::warn!(%why, ?wait, "the remote cannot be used for now");
        if let Some(route) = &self.route {
            context.workspaces.routes.set(Some(Arc::clone(route)), false);
            context.engine.note_way(Way::Closed);
        }
        let words = format!(
            "{why}; until that works, tasks in work trees run on the host where they were submitted, and this one takes none of others; it is tried again"
        );
        context.health.report(REMOTE_ISSUE, words);
    }

    async fn send(&mut self, context: &Arc<Context>, route: &Arc<Route>) -> Result<(), Error> {
        let has_sent = self.push_results(context, route).await? | self.send_bases(context, route).await?;
        if has_sent {
            self.failures = 0;
        }
        self.remove_bases(context, route).await?;
        self.sweep(context, route).await
    }
}

/// The remote that the configuration means.
async fn found(context: &Arc<Context>, wanted: Option<&WorkspaceRemote>) -> Result<Option<Route>, String> {
    let named = match wanted {
        Some(WorkspaceRemote::Named(name)) => Some(name.clone()),
        _ => None,
    };
    let its = Arc::clone(context);
    let found = beside(move || -> Result<Option<Remote>, String> {
        let repository = its.workspaces.repository().map_err(|error| error.to_string())?;
        repository.remote(named.as_deref()).map_err(|error| error.to_string())
    });
    let Some(remote) = found.await? else { return Ok(None) };
    let name = context.engine.host().unwrap_or_default().to_owned();
    let fleet = context.engine.fleet(name).await.map_err(|error| error.to_string())?;
    let fleet = Fleet::named(&fleet).map_err(|error| error.to_string())?;
    Ok(Some(Route { remote, fleet }))
}
