//! What counts after the `.gitignore` files: `.git/info/exclude`, and the file of the user that git's configuration names.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    git,
    git_config::{self, GitConfig},
    ignore_file::{Budget, How, IgnoreFile, MAX_COST},
    stamp::Stamp,
};

/// The ignore files that lie outside the work tree.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// The first one that says something about a path counts.
    files: Vec<IgnoreFile>,
    config: GitConfig,
    /// All that this was read from, each as it was then.
    read_from: Vec<(PathBuf, Option<Stamp>)>,
}

impl Shared {
    pub(crate) fn files(&self) -> impl Iterator<Item = &IgnoreFile> {
        self.files.iter()
    }

    /// Whether git takes upper and lower case for the same here.
    pub(crate) fn ignores_case(&self) -> bool {
        self.config.ignores_case
    }

    pub(crate) fn problems(&self) -> impl Iterator<Item = (&Path, &str)> {
        let of_config = self.config.problem.as_ref().map(|(file, why)| (file.as_path(), why.as_str()));
        self.files.iter().filter_map(IgnoreFile::problem).chain(of_config)
    }

    /// Reads it again if anything has changed. Tells whether it has.
    pub(crate) fn read_again(&mut self, project: &Path, budget: &Budget) -> bool {
        let configs = git_config::files(project);
        let exclude = git::exclude_file(project);
        let of_exclude = exclude.as_ref().map(|(_, file)| file.clone());
        let others = || of_exclude.iter().cloned().chain(self.config.excludes.clone()).chain(configs.clone());
        if self.read_from == stamped(others()) && !self.read_from.is_empty() {
            return false;
        }
        self.config = git_config::read(project, &configs);
        self.read_from = stamped(of_exclude.into_iter().chain(self.config.excludes.clone()).chain(configs));
        let how = How { follows_links: true, fold: self.config.ignores_case, max_cost: MAX_COST, budget };
        // Those of the user are relative to the top of the repository, as the others.
        let top = exclude.as_ref().map_or(project, |(top, _)| top);
        let files = exclude.iter().map(|(_, file)| file).chain(&self.config.excludes);
        self.files = files.filter_map(|file| IgnoreFile::read(top, file.clone(), &how)).collect();
        true
    }
}

fn stamped(files: impl Iterator<Item = PathBuf>) -> Vec<(PathBuf, Option<Stamp>)> {
    let stamp = |file: &PathBuf| fs::metadata(file).ok().as_ref().map(Stamp::of);
    files.map(|file| (stamp(&file), file)).map(|(stamp, file)| (file, stamp)).collect()
}
