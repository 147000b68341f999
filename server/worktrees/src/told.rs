//! Git, as it is told here: for which repository, with which index, and what its failure means.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    time::Duration,
};

use aiwg_git::{GitAnswer, GitBounds, Look, Order, tell_git};

use crate::error::{Error, Unusable};

/// Largest answer that is kept in memory, in bytes.
const LARGEST_ANSWER: u64 = 256 * 1024 * 1024;

/// Time for one step of git: the checkout of a large repository on a slow disk is one.
pub(crate) const STEP_WITHIN: Duration = Duration::from_secs(30 * 60);

/// Time in which git says where a repository is: it reads some small files for it, in whose places an agent may have put pipes.
const DISCOVERED_WITHIN: Duration = Duration::from_secs(30);

/// The settings with which all is done: what is written is what is there, whoever configured what. Changes that someone hides by what git may trust
/// of a file's times are seen. Everything is in one index.
const SETTINGS: [&str; 13] = [
    "core.checkStat=default",
    "core.trustctime=true",
    "core.ignoreStat=false",
    "core.safecrlf=false",
    "core.splitIndex=false",
    "commit.gpgSign=false",
    "i18n.commitEncoding=UTF-8",
    "submodule.recurse=false",
    "sparse.expectFilesOutsideOfPatterns=false",
    "merge.default=text",
    "merge.renormalize=false",
    "gc.auto=0",
    "clean.requireForce=false",
];

/// The settings with which objects and refs are on the disk when git says that they are there. Not all is done with them: whatever was written before has
/// to get there first, and of a checkout that is everything.
const DURABLE: [&str; 2] = ["core.fsync=loose-object,reference", "core.fsyncMethod=batch"];

/// The commands that are done with them: those that add objects, or name them.
const ADDING: [&str; 6] = ["add", "update-index", "write-tree", "merge-tree", "commit-tree", "update-ref"];

/// The author of what the daemon commits.
const AUTHOR: [(&str, &str); 4] = [
    ("GIT_AUTHOR_NAME", "aiwg"),
    ("GIT_AUTHOR_EMAIL", "aiwg@localhost"),
    ("GIT_COMMITTER_NAME", "aiwg"),
    ("GIT_COMMITTER_EMAIL", "aiwg@localhost"),
];

/// One work tree of a repository, which git is told by variables: no `.git` in the tree is believed.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The top of the tree.
    pub(crate) top: PathBuf,
    /// The directory of this tree's `HEAD` and index.
    pub(crate) git_dir: PathBuf,
    /// The directory of the repository.
    pub(crate) common: PathBuf,
    /// Time for one step of git there.
    pub(crate) within: Duration,
}

/// A step that git is to do.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    place: &'a Place,
    doing: &'a str,
    arguments: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
    input: Vec<u8>,
    output: Option<File>,
    is_for_files: bool,
    may_be_cut: bool,
    most: u64,
    allowed: &'a [i32],
    dir: &'a Path,
}

impl Place {
    /// A step, with its name for errors ("list the files") and its arguments.
    pub(crate) fn step<'a, A: AsRef<OsStr>>(
        &'a self,
        doing: &'a str,
        arguments: impl IntoIterator<Item = A>,
    ) -> Step<'a> {
        let own = |path: &Path| path.as_os_str().to_owned();
        let mut environment = vec![
            ("GIT_DIR", own(&self.git_dir)),
            ("GIT_COMMON_DIR", own(&self.common)),
            ("GIT_WORK_TREE", own(&self.top)),
        ];
        environment.extend(AUTHOR.map(|(name, value)| (name, value.into())));
        Step {
            place: self,
            doing,
            arguments: arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect(),
            environment,
            input: Vec::new(),
            output: None,
            is_for_files: true,
            may_be_cut: false,
            most: LARGEST_ANSWER,
            allowed: &[],
            dir: &self.top,
        }
    }
}

impl<'a> Step<'a> {
    /// It needs no contents of files, so that it can start no filter. Most steps may: `write-tree` reads a file that has changed in the moment of
    /// the index.
    pub(crate) fn without_files(mut self) -> Self {
        self.is_for_files = false;
        self
    }

    /// It is done with these variables, too.
    pub(crate) fn with(mut self, environment: &[(&'static str, OsString)]) -> Self {
        self.environment.extend_from_slice(environment);
        self
    }

    /// It reads this.
    pub(crate) fn reading(mut self, input: Vec<u8>) -> Self {
        self.input = input;
        self
    }

    /// It writes to this file.
    pub(crate) fn into_file(mut self, file: File) -> Self {
        self.output = Some(file);
        self
    }

    /// Of its answer no more bytes are needed than this.
    pub(crate) fn cut_at(mut self, most: u64) -> Self {
        (self.most, self.may_be_cut) = (most, true);
        self
    }

    /// These exit codes are no failure either.
    pub(crate) fn allowing(mut self, codes: &'a [i32]) -> Self {
        self.allowed = codes;
        self
    }

    /// It is done in another directory than the top, where that may be gone.
    pub(crate) fn in_dir(mut self, dir: &'a Path) -> Self {
        self.dir = dir;
        self
    }

    /// Does it, and gives the answer.
    pub(crate) fn done(self) -> Result<Vec<u8>, Error> {
        Ok(self.told()?.text)
    }

    /// Does it, and gives the answer as one line of text.
    pub(crate) fn line(self) -> Result<String, Error> {
        let text = self.done()?;
        Ok(String::from_utf8_lossy(text.strip_suffix(b"\n").unwrap_or(&text)).into_owned())
    }

    /// Does it, and gives the answer with its exit code.
    pub(crate) fn told(self) -> Result<GitAnswer, Error> {
        let Self { place, doing, allowed, dir, most, .. } = self;
        let environment: Vec<(&str, &OsStr)> =
            self.environment.iter().map(|(name, value)| (*name, value.as_os_str())).collect();
        let arguments: Vec<&OsStr> = self.arguments.iter().map(OsString::as_os_str).collect();
        // One of them has a setting of its own before it.
        let command =
            arguments.get(if arguments.first().is_some_and(|first| *first == "-c") { 2 } else { 0 });
        let is_adding = command.is_some_and(|command| ADDING.iter().any(|known| *command == *known));
        let settings = [&SETTINGS[..], if is_adding { &DURABLE } else { &[] }].concat();
        let order = Order {
            environment: &environment,
            settings: &settings,
            arguments: &arguments,
            input: self.input,
            output: self.output,
            is_for_files: self.is_for_files,
            may_be_cut: self.may_be_cut,
        };
        let look = &Look::within(place.within);
        let failed = |said: String| match look.is_over() {
            true => Error::Slow { doing: doing.to_owned(), dir: place.top.clone(), within: place.within },
            false => failure(doing, &place.top, said),
        };
        let answer = tell_git(dir, order, GitBounds { look, most }).map_err(failed)?;
        match answer.code {
            Some(0) => Ok(answer),
            // It has been ended then.
            _ if answer.is_cut => Ok(answer),
            Some(code) if allowed.contains(&code) => Ok(answer),
            Some(code) => Err(failed(words(&answer.words).unwrap_or(format!("it ends with code {code}")))),
            None => Err(failed(words(&answer.words).unwrap_or("a signal has ended it".to_owned()))),
        }
    }
}

/// The words of git in one line; none if it has said nothing.
pub(crate) fn words(said: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(said);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    (!lines.is_empty()).then(|| lines.join("; "))
}

/// The error that git's words stand for.
fn failure(doing: &str, dir: &Path, said: String) -> Error {
    if is_full(&said) {
        return Error::NoSpace { doing: format!("{doing} in {}", dir.display()), said };
    }
    Error::Git { doing: doing.to_owned(), dir: dir.to_owned(), said }
}

/// Asks git before there is a [`Place`]; its words where it fails.
pub(crate) fn discover(dir: &Path, arguments: &[&str]) -> Result<Result<Vec<u8>, String>, Unusable> {
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    let order = Order { arguments: &arguments, ..Order::default() };
    let look = &Look::within(DISCOVERED_WITHIN);
    let answer = tell_git(dir, order, GitBounds { look, most: LARGEST_ANSWER }).map_err(Unusable::NoGit)?;
    if answer.code == Some(0) {
        return Ok(Ok(answer.text));
    }
    Ok(Err(words(&answer.words).unwrap_or_else(|| "it does not say why".to_owned())))
}

/// The paths of an answer, each of which ends with a NUL byte.
pub(crate) fn entries(answer: &[u8]) -> impl Iterator<Item = &[u8]> {
    answer.split(|byte| *byte == 0).filter(|entry| !entry.is_empty())
}

/// A path as git says it.
pub(crate) fn path(name: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(name))
}

/// A path as text for people.
pub(crate) fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// True if git's words say that there is no room.
pub(crate) fn is_full(said: &str) -> bool {
    ["No space left on device", "Out of diskspace", "Disk quota exceeded", "File too large"]
        .iter()
        .any(|words| said.contains(words))
}
