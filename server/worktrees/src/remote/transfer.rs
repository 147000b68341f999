//! What is done with a remote: each is one git, which ends with its time.

use std::ffi::OsStr;

use super::{Fleet, Remote, Travelling, scratch::Scratch};
use crate::{
    commit::Commit,
    error::Error,
    refs::Change,
    slot::Use,
    snapshot::commit_at,
    told::{Place, Step},
};

/// The programs at the other end, where someone has configured others.
const UPLOAD: &str = "--upload-pack=git-upload-pack";
const RECEIVE: &str = "--receive-pack=git-receive-pack";

/// The most refs of one push: they go into git's arguments.
const AT_ONCE: usize = 100;

impl Remote {
    /// The refs of a fleet that are there.
    ///
    /// # Errors
    /// It cannot be reached.
    pub fn refs(&self, fleet: &Fleet) -> Result<Vec<Travelling>, Error> {
        let scratch = Scratch::new(&self.repository, self.within)?;
        let pattern = fleet.pattern();
        let arguments = ["ls-remote", "--refs", "--quiet", UPLOAD, "--", &self.fetch, &pattern];
        let listed = self.done(&scratch, "read", &arguments)?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let one = |line: &str| {
            let (hash, name) = line.split_once('\t')?;
            fleet.read(name, Commit::of(hash)?)
        };
        Ok(listed.lines().filter_map(one).collect())
    }

    /// Tries whether this host can read and write there: it puts a commit there, and removes it.
    ///
    /// # Errors
    /// It cannot be reached, or does not take it; or there is no commit yet.
    pub fn probe(&self, fleet: &Fleet, host: &str) -> Result<(), Error> {
        let name = fleet.host(host)?;
        let head = self.repository.commit_of("HEAD")?;
        self.refs(fleet)?;
        self.push(&[format!("+{head}:{name}")])?;
        self.push(&[format!(":{name}")])
    }

    /// Puts the commits with which tasks are to begin there, each under its task.
    ///
    /// # Errors
    /// It cannot be reached, or does not take them: then none counts as there.
    pub fn push_bases(&self, fleet: &Fleet, bases: &[(String, Commit)]) -> Result<(), Error> {
        let order = |(task, commit): &(String, Commit)| Ok(format!("{commit}:{}", fleet.base(task, commit)?));
        let orders: Vec<String> = bases.iter().map(order).collect::<Result<_, Error>>()?;
        self.push(&orders)
    }

    /// Puts the result of a run there, and what its task has begun from where that is not in it.
    ///
    /// # Errors
    /// It cannot be reached, or does not take it; or the commit is not here any more.
    pub fn push_result(
        &self,
        fleet: &Fleet,
        of: Use<'_>,
        from: &Commit,
        result: &Commit,
    ) -> Result<(), Error> {
        // A run that a person has gone on with leaves another commit. Nobody else writes it: it is that of this fleet, this task and this run.
        let mut orders = vec![format!("+{result}:{}", fleet.result(of.task, of.launch)?)];
        if !is_ancestor(&self.repository.checkout, from, result)? {
            orders.push(format!("+{from}:{}", fleet.from(of.task, of.launch)?));
        }
        self.push(&orders)
    }

    /// Removes these refs, which need not be there.
    ///
    /// # Errors
    /// It cannot be reached, or does not let them be removed.
    pub fn remove(&self, fleet: &Fleet, names: &[String]) -> Result<(), Error> {
        if names.is_empty() {
            return Ok(());
        }
        let there = self.refs(fleet)?;
        let is_there = |name: &&String| there.iter().any(|found| found.name == **name);
        let orders: Vec<String> = names.iter().filter(is_there).map(|name| format!(":{name}")).collect();
        self.push(&orders)
    }

    /// Brings what a task is to begin with here.
    ///
    /// # Errors
    /// It cannot be reached, or does not have it.
    pub fn fetch_base(&self, fleet: &Fleet, task: &str, commit: &Commit) -> Result<(), Error> {
        let name = format!("refs/aiwg/snapshots/{commit}");
        self.fetch(&fleet.base(task, commit)?, commit)?;
        self.repository.change_refs("name the base", &[Change::Set(&name, commit.hash())])
    }

    /// Brings the result of a run here, and what its task has begun from.
    ///
    /// # Errors
    /// It cannot be reached, or does not have it.
    pub fn fetch_result(
        &self,
        fleet: &Fleet,
        of: Use<'_>,
        from: &Commit,
        result: &Commit,
    ) -> Result<(), Error> {
        self.fetch(&fleet.result(of.task, of.launch)?, result)?;
        self.fetch(&fleet.from(of.task, of.launch)?, from)?;
        let (name, base_name) = (of.name()?, of.base_name()?);
        let changes = [Change::Set(&name, result.hash()), Change::Set(&base_name, from.hash())];
        self.repository.change_refs("name the result", &changes)
    }

    /// Brings the commit of a ref here, unless it is here.
    fn fetch(&self, name: &str, wanted: &Commit) -> Result<(), Error> {
        let checkout = &self.repository.checkout;
        let is_here = || Ok::<_, Error>(commit_at(checkout, wanted.hash())?.is_some());
        if is_here()? {
            return Ok(());
        }
        let scratch = Scratch::new(&self.repository, self.within)?;
        let options = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"];
        let rest = ["--no-auto-maintenance", "--no-write-commit-graph", UPLOAD, "--", &self.fetch, name];
        self.done(&scratch, "fetch from", &[&options[..], &rest[..]].concat())?;
        if is_here()? {
            return Ok(());
        }
        let said = format!("its {name} is another commit than {wanted}");
        Err(Error::Remote { doing: "fetch from".to_owned(), name: self.name.clone(), said })
    }

    fn push(&self, orders: &[String]) -> Result<(), Error> {
        if orders.is_empty() {
            return Ok(());
        }
        let scratch = Scratch::new(&self.repository, self.within)?;
        let options = ["push", "--quiet", "--no-verify", "--no-signed", "--no-follow-tags"];
        let rest = ["--recurse-submodules=no", RECEIVE, "--", &self.push];
        for orders in orders.chunks(AT_ONCE) {
            let orders: Vec<&str> = orders.iter().map(String::as_str).collect();
            self.done(&scratch, "push to", &[&options[..], &rest[..], &orders].concat())?;
        }
        Ok(())
    }

    /// Does a step with it, and says what went wrong as far as a person can do something about it.
    fn done(&self, scratch: &Scratch, doing: &str, arguments: &[&str]) -> Result<Vec<u8>, Error> {
        let settings = scratch.settings.iter().flat_map(|setting| ["-c", setting.as_str()]);
        let arguments = settings.chain(arguments.iter().copied()).map(OsStr::new);
        let step: Step<'_> = scratch.place.step(doing, arguments).without_files().with(&scratch.environment);
        let failed = |said: String| Error::Remote {
            doing: doing.to_owned(),
            name: self.name.clone(),
            said: said.replace(&self.fetch, &self.name).replace(&self.push, &self.name),
        };
        step.done().map_err(|error| match error {
            Error::Git { said, .. } => failed(said),
            Error::Slow { within, .. } => {
                failed(format!("it has not answered within {} s, and was given up", within.as_secs()))
            }
            error => error,
        })
    }
}

fn is_ancestor(place: &Place, ancestor: &Commit, of: &Commit) -> Result<bool, Error> {
    let arguments = ["merge-base", "--is-ancestor", ancestor.hash(), of.hash()];
    let step = place.step("compare the commits", arguments).without_files().in_dir(&place.git_dir);
    Ok(step.allowing(&[1]).told()?.code == Some(0))
}
