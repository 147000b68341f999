//! All files of a tree as they are, in an index of their own: that of the tree is only read.

use std::{
    ffi::OsString,
    fs::{self, File, FileTimes},
    io,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, io as failed},
    hidden, nested,
    quarantine::Quarantine,
    rights,
    told::{Place, entries, path, text, words},
};

/// What of `.aiwg` is nobody's work: files of the daemon, unless they are tracked.
const OF_DAEMON: [&str; 2] = ["**/.aiwg/**", "**/.aiwg"];

/// Whose tree it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The project's checkout: files of the daemon are no part of it.
    Person,
    /// A slot. Its agent may have hidden changes from git, and taken rights from its files.
    Agent,
}

/// The files of a tree, staged.
#[derive(Debug)]
pub(crate) struct Staged<'a> {
    place: &'a Place,
    quarantine: Quarantine,
    /// The files that could not be read.
    pub(crate) left_out: Vec<String>,
    /// False if the index of the tree has files at which git does not look, or that is not known.
    pub(crate) is_plain: bool,
}

impl<'a> Staged<'a> {
    /// Stages all that is not ignored. `base` is what an index begins with where that of the tree is broken.
    pub(crate) fn new(place: &'a Place, whose: Whose, base: Option<&str>) -> Result<Self, Error> {
        let mut staged =
            Self { place, quarantine: Quarantine::new(place)?, left_out: Vec::new(), is_plain: false };
        match (staged.begun(whose), base) {
            (Ok(is_plain), _) => staged.is_plain = is_plain,
            (Err(error @ Error::Git { .. }), Some(base)) if whose == Whose::Agent => {
                staged.begun_with(base).map_err(|_| error)?;
            }
            (Err(error), _) => return Err(error),
        }
        staged.filled(whose)
    }

    /// Stages all that is not ignored in a slot that git knows no more: what is not as in this commit is read.
    pub(crate) fn from_commit(place: &'a Place, base: &str) -> Result<Self, Error> {
        let staged =
            Self { place, quarantine: Quarantine::new(place)?, left_out: Vec::new(), is_plain: false };
        staged.begun_with(base)?;
        staged.filled(Whose::Agent)
    }

    fn filled(mut self, whose: Whose) -> Result<Self, Error> {
        let place = self.place;
        let mut said = self.add(whose)?;
        if whose == Whose::Agent && said.contains("Permission denied") {
            rights::give_back(&place.top);
            said = self.add(whose)?;
        }
        if whose == Whose::Person {
            self.add_tracked_of_daemon()?;
        }
        if !said.is_empty() {
            self.left_out = self.differing()?;
        }
        self.add_nested()?;
        Ok(self)
    }

    /// The variables with which git sees what is staged.
    pub(crate) fn environment(&self) -> Vec<(&'static str, OsString)> {
        let mut environment = self.quarantine.environment().to_vec();
        environment.push(("GIT_INDEX_FILE", self.index().into_os_string()));
        environment
    }

    /// The tree of all that is staged.
    pub(crate) fn tree(&self) -> Result<String, Error> {
        self.place.step("write the tree of the files", ["write-tree"]).with(&self.environment()).line()
    }

    /// Makes its objects those of the repository.
    pub(crate) fn released(self) -> Result<(), Error> {
        self.quarantine.released()
    }

    /// The files that are not as they were staged.
    pub(crate) fn differing(&self) -> Result<Vec<String>, Error> {
        let asked = |arguments: &[&str]| {
            let step = self.place.step("compare the files", arguments).with(&self.environment());
            step.done()
        };
        let changed = asked(&["diff-files", "-z", "--name-only", "--ignore-submodules=all"])?;
        let others = asked(&["ls-files", "-z", "--others", "--exclude-standard"])?;
        Ok(entries(&changed).chain(entries(&others)).map(text).collect())
    }

    fn index(&self) -> PathBuf {
        self.quarantine.file("index")
    }

    /// Begins with the index of the tree, if there is one; false if it has files at which git would not look.
    fn begun(&self, whose: Whose) -> Result<bool, Error> {
        let (from, to) = (self.place.git_dir.join("index"), self.index());
        if copied(&from, &to)? && whose == Whose::Agent {
            return Ok(!hidden::uncover(self.place, &self.environment())?);
        }
        Ok(whose == Whose::Person)
    }

    /// Begins with the files of a commit, none of which is known to be as it was.
    fn begun_with(&self, base: &str) -> Result<(), Error> {
        let index = self.index();
        if index.exists() {
            fs::remove_file(&index).map_err(failed("remove", &index))?;
        }
        let step = self.place.step("read the tree of the commit", ["read-tree", base]);
        step.with(&self.environment()).done().map(drop)
    }

    /// Adds all files, and gives git's words about those that it cannot read.
    fn add(&self, whose: Whose) -> Result<String, Error> {
        let mut arguments: Vec<String> =
            ["-c", "advice.addEmbeddedRepo=false", "add", "--all", "--ignore-errors", "--sparse", "--", "."]
                .map(str::to_owned)
                .into();
        if whose == Whose::Person {
            arguments.extend(OF_DAEMON.map(|glob| format!(":(exclude,glob){glob}")));
        }
        let step = self.place.step("read the files", &arguments).with(&self.environment());
        let answer = step.allowing(&[1]).told()?;
        let said = words(&answer.words).unwrap_or_default();
        // A file that cannot be read is left out; one that cannot be written leaves nothing to go on with.
        if answer.code != Some(0) && crate::told::is_full(&said) {
            return Err(Error::NoSpace {
                doing: format!("read the files of {}", self.place.top.display()),
                said,
            });
        }
        Ok(said)
    }

    fn add_tracked_of_daemon(&self) -> Result<(), Error> {
        let globs = OF_DAEMON.map(|glob| format!(":(glob){glob}"));
        let mut arguments = ["ls-files", "-z", "--"].map(str::to_owned).to_vec();
        arguments.extend(globs);
        let environment = self.environment();
        let tracked = self
            .place
            .step("list the files of .aiwg", &arguments)
            .without_files()
            .with(&environment)
            .done()?;
        self.update(&["--remove"], tracked)
    }

    /// Updates the index for these paths.
    fn update(&self, options: &[&str], paths: Vec<u8>) -> Result<(), Error> {
        if paths.is_empty() {
            return Ok(());
        }
        let arguments = [&["update-index"], options, &["-z", "--stdin"]].concat();
        let step = self.place.step("read the files", arguments);
        step.with(&self.environment()).reading(paths).done().map(drop)
    }

    /// Puts the files of repositories that lie in the tree in the place of the names of their commits, which nobody else has.
    fn add_nested(&mut self) -> Result<(), Error> {
        let environment = self.environment();
        let listed = self
            .place
            .step("list the files", ["ls-files", "-z", "--stage"])
            .without_files()
            .with(&environment)
            .done()?;
        let links = nested::links(&listed);
        let without_commit = self.left_out.extract_if(.., |name| name.ends_with('/')).collect::<Vec<_>>();
        let roots = links.iter().copied().map(<[u8]>::to_vec);
        let roots: Vec<Vec<u8>> =
            roots.chain(without_commit.iter().map(|name| name.trim_end_matches('/').into())).collect();
        if roots.is_empty() {
            return Ok(());
        }
        let links = links.iter().flat_map(|link| [*link, b"\0"].concat()).collect();
        self.update(&["--force-remove"], links)?;
        for root in &roots {
            let files = match nested::files(self.place, root) {
                Err(Error::Io { .. }) => {
                    rights::give_back(&self.place.top.join(path(root)));
                    nested::files(self.place, root)
                }
                files => files,
            };
            // All else is kept, and the tree stays as it is.
            let is_left_out = match files {
                Ok(files) => self.update(&["--add"], files).is_err(),
                Err(Error::Io { .. }) => true,
                Err(error) => return Err(error),
            };
            if is_left_out {
                self.left_out.push(text(root));
            }
        }
        Ok(())
    }
}

/// Copies an index with its time, by which git knows what it may believe of it; false if there is none.
fn copied(from: &Path, to: &Path) -> Result<bool, Error> {
    let mut source = match aiwg_fs::open_of_anyone(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened.map_err(failed("read", from))?,
    };
    let modified = source.metadata().and_then(|found| found.modified()).map_err(failed("read", from))?;
    let mut copy = File::create_new(to).map_err(failed("make", to))?;
    io::copy(&mut source, &mut copy).map_err(failed("write", to))?;
    copy.set_times(FileTimes::new().set_modified(modified)).map_err(failed("write", to))?;
    Ok(true)
}
