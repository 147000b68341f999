//! The remote of a project's repository, over which hosts hand each other what tasks begin with and leave.
//!
//! The configuration of the repository says where the remote is, and nothing else: an agent can write it. So git transfers in a directory of its own
//! ([`scratch`]), with the objects of the repository and the user's configuration: his keys and credential helpers are asked, and nobody is.

mod refs;
mod scratch;
mod transfer;

use std::time::Duration;

pub use self::refs::{Fleet, Travelling, Whose};
use crate::{
    error::Error,
    repository::Repository,
    told::{Place, text},
};

/// Time for one transfer.
const WITHIN: Duration = Duration::from_secs(5 * 60);

/// The name of the remote that git gives a clone.
const USUAL: &str = "origin";

/// A remote, as the repository's configuration named it when it was looked for.
#[derive(Debug, Clone)]
pub struct Remote {
    repository: Repository,
    /// The name, for people; where it was given by its address, that without what is secret in it.
    name: String,
    /// The address from which is fetched.
    fetch: String,
    /// The address to which is pushed.
    push: String,
    within: Duration,
}

/// Where the configuration says that remotes are.
#[derive(Debug, Default)]
struct Configured {
    /// Their names and values: `remote.NAME.url`, `remote.NAME.pushurl`, `branch.NAME.remote`.
    all: Vec<(String, String)>,
}

impl Repository {
    /// The remote with this name or address; of none is named, that of the branch which is checked out, else `origin`, else the only one. None if there
    /// is none.
    ///
    /// # Errors
    /// There is none with that name, its address cannot be one, or git fails.
    pub fn remote(&self, wanted: Option<&str>) -> Result<Option<Remote>, Error> {
        let configured = Configured::read(&self.checkout)?;
        let Some(name) = wanted else {
            let branch = branch(&self.checkout)?;
            let Some(name) = configured.usual(branch.as_deref()) else { return Ok(None) };
            return self.remote_of(&configured, &name).map(Some);
        };
        self.remote_of(&configured, name).map(Some)
    }

    fn remote_of(&self, configured: &Configured, name: &str) -> Result<Remote, Error> {
        let is_address = name.contains(['/', ':']);
        let fetch = configured.value(&format!("remote.{name}.url"));
        let (fetch, push) = match fetch {
            Some(fetch) => (fetch, configured.value(&format!("remote.{name}.pushurl")).unwrap_or(fetch)),
            None if is_address => (name, name),
            None => return Err(self.no_remote(name, "the repository has no remote with this name")),
        };
        // Git would take it for an option. Those that would start a program are refused by it.
        if [fetch, push].iter().any(|url| url.starts_with('-') || url.is_empty()) {
            return Err(self.no_remote(name, "its address is none that aiwg takes"));
        }
        Ok(Remote {
            repository: self.clone(),
            name: without_secret(name),
            fetch: fetch.to_owned(),
            push: push.to_owned(),
            within: WITHIN,
        })
    }

    fn no_remote(&self, name: &str, said: &str) -> Error {
        let said =
            format!("{said}; `git remote -v` in {} shows those that there are", self.checkout.top.display());
        Error::Remote { doing: "use".to_owned(), name: without_secret(name), said }
    }
}

impl Remote {
    /// Its name, for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives a transfer no longer than this; five minutes without it.
    #[must_use]
    pub fn with_time(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// True if both are the same, in the same repository.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.fetch, &self.push, self.repository.top())
            == (&other.fetch, &other.push, other.repository.top())
    }
}

impl Configured {
    fn read(place: &Place) -> Result<Self, Error> {
        let keys = r"^(remote\..*\.(url|pushurl)|branch\..*\.remote)$";
        let step = place.step("read its configuration", ["config", "--null", "--get-regexp", keys]);
        // 1: there is none.
        let told = step.without_files().allowing(&[1]).in_dir(&place.git_dir).done()?;
        let entries = told.split(|byte| *byte == 0).filter_map(|entry| {
            let at = entry.iter().position(|byte| *byte == b'\n')?;
            Some((text(entry.get(..at)?), text(entry.get(at + 1..)?)))
        });
        Ok(Self { all: entries.collect() })
    }

    /// The first value of a key: git fetches from the first address of several.
    fn value(&self, key: &str) -> Option<&str> {
        // The first and the last part are in lower case, whatever is written.
        self.all.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The remotes that have an address.
    fn names(&self) -> Vec<&str> {
        let all = self.all.iter();
        let mut names: Vec<&str> =
            all.filter_map(|(key, _)| key.strip_prefix("remote.")?.strip_suffix(".url")).collect();
        names.dedup();
        names
    }

    /// The remote of a branch, else `origin`, else the only one.
    fn usual(&self, branch: Option<&str>) -> Option<String> {
        let names = self.names();
        let of_branch = branch.and_then(|branch| self.value(&format!("branch.{branch}.remote")));
        // "." is the repository itself.
        let known = of_branch.filter(|name| names.contains(name));
        let only = || names.first().copied().filter(|first| names.iter().all(|name| name == first));
        known.or_else(|| names.contains(&USUAL).then_some(USUAL)).or_else(only).map(str::to_owned)
    }
}

/// The branch that is checked out; none for a commit.
fn branch(place: &Place) -> Result<Option<String>, Error> {
    let step = place.step("ask for the branch", ["symbolic-ref", "--quiet", "--short", "HEAD"]);
    let name = step.without_files().allowing(&[1, 128]).in_dir(&place.git_dir).line()?;
    Ok(Some(name).filter(|name| !name.is_empty()))
}

/// An address without the user and the password that it may have.
fn without_secret(name: &str) -> String {
    match name.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?))) {
        Some((scheme, (who, rest))) if !who.contains('/') => format!("{scheme}://{rest}"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configured(all: &[(&str, &str)]) -> Configured {
        Configured { all: all.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect() }
    }

    #[test]
    fn the_remote_is_that_of_the_branch_then_origin_then_the_only_one() {
        let both = [("remote.origin.url", "/o"), ("remote.up.url", "/u"), ("branch.main.remote", "up")];
        let all = configured(&both);
        assert_eq!(all.usual(Some("main")).as_deref(), Some("up"));
        assert_eq!(all.usual(Some("other")).as_deref(), Some("origin"));
        assert_eq!(all.usual(None).as_deref(), Some("origin"));
        let here = configured(&[("remote.up.url", "/u"), ("branch.main.remote", ".")]);
        assert_eq!(here.usual(Some("main")).as_deref(), Some("up"));
        assert_eq!(configured(&[("remote.a.url", "/a"), ("remote.b.url", "/b")]).usual(None), None);
        assert_eq!(configured(&[]).usual(Some("main")), None);
        assert_eq!(configured(&[("remote.a.pushurl", "/a")]).usual(None), None);
    }

    #[test]
    fn a_name_for_people_has_no_secret() {
        assert_eq!(without_secret("https://me:secret@host/x@y"), "https://host/x@y");
        assert_eq!(without_secret("https://host/x@y"), "https://host/x@y");
        assert_eq!(without_secret("git@host:x"), "git@host:x");
        assert_eq!(without_secret("origin"), "origin");
    }
}
