//! Where a project's store is: on this machine, or in a PostgreSQL.

use std::sync::{Arc, Mutex, PoisonError};

use aiwg_model::{
    InForce,
    names::{LABEL_RULE, is_label},
};
use aiwg_protocol::config::{Action, Config};
use aiwg_store::{Store, StoreError};
use aiwg_store_postgres::Address;
use aiwg_store_sqlite::SqliteStore;

use crate::{
    config::{Check, SectionCheck, Step},
    messaging::STORE_VARIABLE,
};

/// The address of the store is none.
#[derive(Debug, thiserror::Error)]
#[error("{from} {why}")]
pub struct NoAddress {
    /// Who names it.
    from: &'static str,
    /// What is wrong with it.
    why: StoreError,
}

/// Where a project's store is.
#[derive(Clone)]
pub(crate) enum Place {
    /// In the project's own directory.
    Here,
    /// In a PostgreSQL.
    Postgres(Box<Address>),
}

impl Place {
    /// The one that the environment names; else that of a configuration.
    ///
    /// # Errors
    /// It is no address.
    pub(crate) fn of(config: &Config) -> Result<Self, NoAddress> {
        let named = std::env::var(STORE_VARIABLE).ok().filter(|named| !named.is_empty());
        let from = if named.is_some() { STORE_VARIABLE } else { "\"store\" of the configuration" };
        let Some(address) = named.as_deref().or(config.store.as_deref()) else { return Ok(Self::Here) };
        let address = Address::new(address).map_err(|why| NoAddress { from, why })?;
        Ok(Self::Postgres(Box::new(address)))
    }

    /// It for people, and to compare; none where it is in the project's own directory.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Here => None,
            Self::Postgres(address) => Some(address.place()),
        }
    }

    /// Does something with the store where it may wait for an answer: that cannot be done by a thread that serves others.
    pub(crate) fn apart<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match self {
            Self::Here => work(),
            Self::Postgres(_) => std::thread::scope(|scope| match scope.spawn(work).join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            }),
        }
    }
}

/// The database in the project's own directory where the store is elsewhere. It says what is in force on this machine, and that its directory was made here.
#[derive(Clone)]
pub(crate) struct Local(Arc<Mutex<SqliteStore>>);

impl Local {
    /// This database.
    pub(crate) fn of(store: SqliteStore) -> Self {
        Self(Arc::new(Mutex::new(store)))
    }

    /// Stores the configuration in force. It may block.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(crate) fn put_in_force(&self, in_force: &InForce) -> Result<(), StoreError> {
        put_in_force(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), in_force)
    }
}

/// Stores the configuration in force.
///
/// # Errors
/// The store cannot be written.
pub(crate) fn put_in_force(store: &mut dyn Store, in_force: &InForce) -> Result<(), StoreError> {
    let mut transaction = store.begin()?;
    transaction.set_in_force(in_force)?;
    transaction.commit().map(drop)
}

fn labels(check: &mut Check<'_, '_, '_>, labels: &[String], steps: &[Step<'_>]) {
    for (at, label) in labels.iter().enumerate().filter(|(_, label)| !is_label(label)) {
        check.wrong(&[steps, &[Step::Place(at)]].concat(), format!("{label:?} is no label: {LABEL_RULE}"));
    }
}

/// The check of `store`, and of the labels of hosts.
pub(crate) struct StoreCheck;

impl SectionCheck for StoreCheck {
    fn check(&self, check: &mut Check<'_, '_, '_>, config: &Config) {
        if let Some(Err(why)) = config.store.as_deref().map(Address::new) {
            check.wrong(&[Step::Key("store")], why.to_string());
        }
        let of_host = [Step::Key("host"), Step::Key("labels")];
        labels(check, &config.host.labels, &of_host);
        for (at, rule) in config.rules.iter().enumerate() {
            let Action::SubmitTask { runs_on, .. } = &rule.action;
            let steps = [Step::Key("rules"), Step::Place(at), Step::Key("action"), Step::Key("runs_on")];
            labels(check, runs_on, &steps);
        }
        for (name, action) in &config.actions {
            let Action::SubmitTask { runs_on, .. } = action;
            labels(check, runs_on, &[Step::Key("actions"), Step::Key(name), Step::Key("runs_on")]);
        }
    }
}
