//! The component: a part of the daemon that runs beside the engine.
//!
//! A component is its own folder in [`crate::components`], one line in the list of [`crate::boot`], its section of the configuration
//! ([`crate::config::SectionCheck`]) and its member of [`Subsystems`]. It knows the [`Context`], never another component.
//!
//! Its life: it is built before anything runs; [`configure`](Component::configure) puts the configuration in force, at the start and
//! after each reload; [`run`](Component::run) does its work until `context.stopped`; [`finish`](Component::finish) comes before that,
//! while the engine still accepts the component's last reports.

use std::{
    future::ready,
    sync::{Arc, OnceLock},
};

use aiwg_model::Cursor;
use aiwg_protocol::types::{Cause, HealthCheckItem, Subsystems};
use aiwg_store::Reader;
use futures::future::BoxFuture;

use crate::{context::Context, rules::BuiltIn, stop::Stop};

/// A part of the daemon that runs beside the engine.
pub(crate) trait Component: Send + Sync {
    /// The name in the log.
    fn name(&self) -> &'static str;

    /// Works until `context.stopped`. Default: there is nothing to run.
    fn run(self: Arc<Self>, _context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(ready(()))
    }

    /// Puts the configuration in force. Default: nothing, since the component asks the settings whenever it works.
    fn configure(self: Arc<Self>, _context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(ready(()))
    }

    /// Does the last work before the engine closes. It may block. Default: nothing.
    fn finish(&self, _how: Stop) {}

    /// Fills in its member of the status. It may block.
    ///
    /// # Errors
    /// The store cannot be read.
    fn status(
        &self,
        _context: &Context,
        _reader: &dyn Reader,
        _into: &mut Subsystems,
    ) -> aiwg_store::Result<()> {
        Ok(())
    }

    /// Checks its health, for the action `health-check`. Default: no checks.
    fn probe<'a>(&'a self, _context: &'a Context) -> BoxFuture<'a, Vec<HealthCheckItem>> {
        Box::pin(ready(Vec::new()))
    }

    /// Carries out a built-in action, if it is the component's. Default: nothing.
    fn carry_out<'a>(&'a self, _duty: &'a Duty, _context: &'a Arc<Context>) -> BoxFuture<'a, ()> {
        Box::pin(ready(()))
    }
}

/// The firing of a job that has a built-in action.
#[derive(Debug)]
pub(crate) struct Duty {
    /// The action.
    pub(crate) action: BuiltIn,
    /// The job's name.
    pub(crate) job: String,
    /// True if someone has run it by hand.
    pub(crate) is_manual: bool,
    /// The cause of the events that it publishes.
    pub(crate) cause: Option<Cause>,
    /// The cursor to move with what it publishes: until then the next daemon makes up for it. None if nothing would be made up for.
    pub(crate) settled: Option<Cursor>,
}

/// An item of a health check: the report of what is well, or the problem and its remedy.
pub(crate) fn item(name: &str, found: Result<String, String>) -> HealthCheckItem {
    let ok = found.is_ok();
    HealthCheckItem { name: name.to_owned(), ok, message: found.unwrap_or_else(|what| what) }
}

/// All components, in the order of the list in [`crate::boot`]. Cheap to clone. A component may hold this as well, to ask all of them.
#[derive(Clone, Default)]
pub(crate) struct Components(Arc<OnceLock<Vec<Arc<dyn Component>>>>);

impl Components {
    /// Fills the list, which is empty until then. It is filled once.
    pub(crate) fn set(&self, all: Vec<Arc<dyn Component>>) {
        // A second list would be a fault of the boot; the first one stays.
        let _ = self.0.set(all);
    }

    /// The components.
    pub(crate) fn all(&self) -> &[Arc<dyn Component>] {
        self.0.get().map_or(&[], Vec::as_slice)
    }

    /// Reports a new configuration in force to each component.
    pub(crate) async fn configure(&self, context: &Arc<Context>) {
        for component in self.all() {
            Arc::clone(component).configure(Arc::clone(context)).await;
        }
    }

    /// Asks each for its member of the status. It may block.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn status(&self, context: &Context, reader: &dyn Reader) -> aiwg_store::Result<Subsystems> {
        let mut subsystems = Subsystems::default();
        for component in self.all() {
            component.status(context, reader, &mut subsystems)?;
        }
        Ok(subsystems)
    }

    /// Checks the health of each.
    pub(crate) async fn probe(&self, context: &Context) -> Vec<HealthCheckItem> {
        let mut items = Vec::new();
        for component in self.all() {
            items.extend(component.probe(context).await);
        }
        items
    }

    /// Runs a built-in action by its component.
    pub(crate) async fn carry_out(&self, duty: &Duty, context: &Arc<Context>) {
        for component in self.all() {
            component.carry_out(duty, context).await;
        }
    }
}
