//! Who names the store: the environment, or the configuration. And what has to name it otherwise from now on.

use std::path::PathBuf;

use aiwg_model::InForce;
use aiwg_store_postgres::Address;
use aiwg_store_sqlite::{Found, ask};

use super::{MigrateError, To};
use crate::{boot::parse_config, messaging::STORE_VARIABLE, project::Project};

/// The longest configuration that is looked at, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;

/// The configuration that the next start reads, and the one that is in force.
struct Configurations {
    /// The file that the next start reads.
    file: PathBuf,
    /// Its text; none where it is not there.
    text: Option<String>,
    /// That of the one in force.
    in_force: Option<String>,
}

impl Configurations {
    fn of(project: &Project) -> Self {
        let in_force = match ask(&project.database()) {
            Ok(Found::Said { in_force, .. }) => in_force,
            _ => None,
        };
        let InForce { named, text } = in_force.unwrap_or(InForce { named: None, text: None });
        let file = named.unwrap_or_else(|| project.config());
        let read = aiwg_fs::open_regular(&file).and_then(|open| aiwg_fs::read_file(open, LONGEST));
        let found = read.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        Self { file, text: found, in_force: text }
    }

    /// The store that this text names.
    fn store(&self, project: &Project, text: Option<&String>) -> Option<String> {
        let (config, _) = parse_config(project.root(), &self.file.display().to_string(), text?).ok()?;
        config.store
    }
}

fn variable() -> Option<String> {
    std::env::var(STORE_VARIABLE).ok().filter(|named| !named.is_empty())
}

/// The address of a store that is known by its place.
///
/// # Errors
/// Nobody names it.
pub(super) fn of_place(project: &Project, place: &str) -> Result<Address, MigrateError> {
    let found = Configurations::of(project);
    let named = [
        variable(),
        found.store(project, found.text.as_ref()),
        found.store(project, found.in_force.as_ref()),
    ];
    let addresses = named.into_iter().flatten().filter_map(|url| Address::new(&url).ok());
    addresses
        .into_iter()
        .find(|address| address.place() == place)
        .ok_or_else(|| MigrateError::NoAddress(place.to_owned()))
}

/// What a person has to do for the next start to find the store where it is now.
pub(super) fn next(project: &Project, to: &To) -> Vec<String> {
    let found = Configurations::of(project);
    let (file, variable) = (found.file.display(), variable());
    let line = found.text.as_deref().and_then(line_of_store);
    let is = |named: &Option<String>, wanted: &str| {
        let place = |url: &str| Address::new(url).ok().map(|address| address.place().to_owned());
        named.as_deref().is_some_and(|named| place(named).is_some() && place(named) == place(wanted))
    };
    let mut next = Vec::new();
    match (to, variable) {
        (To::Address(url), Some(named)) if is(&Some(named.clone()), url) => {
            next.push(format!(
                "{STORE_VARIABLE} names it here; the daemon needs that, too, wherever it is started"
            ));
        }
        (To::Address(url), Some(_)) => {
            next.push(format!("set {STORE_VARIABLE}={url} where the daemon is started"))
        }
        (To::Address(url), None) => {
            let store = format!("\"store\": {}", serde_json::Value::from(url.as_str()));
            match line {
                _ if is(&found.store(project, found.text.as_ref()), url) => {}
                Some(line) => next.push(format!("change line {line} of {file} to: {store}")),
                None => next.push(format!("add to {file}: {store}")),
            }
        }
        (To::Here, variable) => {
            if variable.is_some() {
                next.push(format!("unset {STORE_VARIABLE} where the daemon is started"));
            }
            if let Some(line) = line {
                next.push(format!("take \"store\" out of {file}, line {line}"));
            }
        }
    }
    next.push("aiwg daemon start".to_owned());
    next
}

/// The line in which a configuration names the store, from 1.
fn line_of_store(text: &str) -> Option<usize> {
    let names =
        |line: &str| line.split("\"store\"").nth(1).is_some_and(|rest| rest.trim_start().starts_with(':'));
    text.lines().position(names).map(|at| at + 1)
}
