//! Ignore files that count after the `.gitignore` files of the project: those above it in its repository,
//! `.git/info/exclude`, and the file of the
//! user that git's configuration names.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    git,
    git_config::{self, GitConfig},
    ignore_file::{Budget, GITIGNORE, How, IgnoreFile, MAX_COST},
    stamp::Stamp,
};

/// The ignore files that lie outside the project.
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

    /// True if git takes upper and lower case for the same here.
    pub(crate) fn ignores_case(&self) -> bool {
        self.config.ignores_case
    }

    pub(crate) fn problems(&self) -> impl Iterator<Item = (&Path, &str)> {
        let of_config = self.config.problem.as_ref().map(|(file, why)| (file.as_path(), why.as_str()));
        self.files.iter().filter_map(IgnoreFile::problem).chain(of_config)
    }

    /// Reads it again if anything has changed. Returns true if it has.
    pub(crate) fn read_again(&mut self, project: &Path, budget: &Budget) -> bool {
        let configs = git_config::files(project);
        let exclude = git::exclude_file(project);
        let above = git::directories_above(project);
        let of_repository: Vec<PathBuf> = above
            .iter()
            .map(|directory| directory.join(GITIGNORE))
            .chain(exclude.iter().map(|(_, file)| file.clone()))
            .collect();
        let others = |config: &GitConfig| {
            of_repository.iter().cloned().chain(config.excludes.clone()).chain(configs.clone())
        };
        if self.read_from == stamped(others(&self.config)) && !self.read_from.is_empty() {
            return false;
        }
        self.config = git_config::read(project, &configs);
        self.read_from = stamped(others(&self.config));
        let how = |max_cost| How { follows_links: true, fold: self.config.ignores_case, max_cost, budget };
        // Those of the user are relative to the top of the repository, as the others.
        let top = exclude.as_ref().map_or(project, |(top, _)| top);
        let read = |file: &PathBuf| IgnoreFile::read(top, file.clone(), &how(MAX_COST));
        let exclude = exclude.as_ref().and_then(|(_, file)| read(file));
        let of_user = self.config.excludes.as_ref().and_then(read);
        let mut cost = 0;
        let mut gitignores: Vec<(PathBuf, Option<IgnoreFile>)> = Vec::new();
        for directory in above {
            let how = How { follows_links: false, ..how(MAX_COST.saturating_sub(cost)) };
            let gitignore = IgnoreFile::read(&directory, directory.join(GITIGNORE), &how);
            cost += gitignore.as_ref().map_or(0, IgnoreFile::cost);
            gitignores.push((directory, gitignore));
        }
        // A repository that ignores the whole project says nothing about what is in it: else all of it would be unwatched, such as
        // in a home directory of which only some files are kept in git.
        let is_apart = ignores_project(project, &gitignores, exclude.as_ref());
        let gitignores = gitignores.into_iter().rev().filter_map(|(_, gitignore)| gitignore);
        let of_repository = gitignores.chain(exclude).filter(|_| !is_apart);
        self.files = of_repository.chain(of_user).collect();
        true
    }
}

/// True if the repository ignores the project's directory, or one that it lies in. The topmost of its directories come first.
fn ignores_project(
    project: &Path,
    above: &[(PathBuf, Option<IgnoreFile>)],
    exclude: Option<&IgnoreFile>,
) -> bool {
    let below = above.iter().skip(1).map(|(directory, _)| directory.as_path()).chain([project]);
    below.enumerate().any(|(index, directory)| {
        let nearest_first =
            above.iter().take(index + 1).rev().filter_map(|(_, gitignore)| gitignore.as_ref());
        let mut says = nearest_first.chain(exclude).filter_map(|file| file.ignores(directory, true));
        !above.is_empty() && says.next().unwrap_or_default()
    })
}

fn stamped(files: impl Iterator<Item = PathBuf>) -> Vec<(PathBuf, Option<Stamp>)> {
    let stamp = |file: &PathBuf| fs::metadata(file).ok().as_ref().map(Stamp::of);
    files.map(|file| (stamp(&file), file)).map(|(stamp, file)| (file, stamp)).collect()
}
