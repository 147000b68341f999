//! The rules: which files count, and which are ignored.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use ignore::{Match, gitignore::Gitignore};

use crate::{
    EDITOR_FILES, Kind, Options, WatchError, git,
    ignore_file::{Budget, GITIGNORE, How, IgnoreFile, MAX_COST},
    roots::{Root, patterns, within},
    shared::Shared,
};

/// Rules that are the same in all directories.
#[derive(Debug)]
pub(crate) struct Scope {
    /// Absolute, without symbolic links.
    pub(crate) project: PathBuf,
    pub(crate) roots: Vec<Root>,
    own: Vec<PathBuf>,
    ignore: Gitignore,
    pub(crate) uses_gitignore: bool,
    watches_work_trees: bool,
    /// Ignore files that count after the `.gitignore` files.
    shared: Shared,
    budget: Budget,
    /// Patterns that count last, by the name alone.
    editors: Gitignore,
}

/// Rules of a directory.
#[derive(Debug)]
pub(crate) struct Rules {
    /// The watched paths that the directory lies in and that do not ignore it, by their place in [`Scope::roots`]. None where
    /// it is only on the way to a watched path.
    active: Vec<usize>,
    gitignore: Option<IgnoreFile>,
    parent: Option<Arc<Self>>,
    /// Cost of the patterns of the ignore files for it.
    cost: usize,
}

impl Rules {
    fn new(active: Vec<usize>, gitignore: Option<IgnoreFile>, parent: Option<Arc<Self>>) -> Self {
        let above = parent.as_ref().map_or(0, |parent| parent.cost);
        let cost = above + gitignore.as_ref().map_or(0, IgnoreFile::cost);
        Self { active, gitignore, parent, cost }
    }

    /// The rules of the directory itself and of those above it.
    fn nearest_first(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |rules| rules.parent.as_deref())
    }

    /// The part that does not count of the ignore file that was read last for these rules.
    pub(crate) fn problem(&self) -> Option<(&Path, &str)> {
        self.gitignore.as_ref()?.problem()
    }
}

/// Answer to the question of whether the changes of a file are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They are.
    Reported,
    /// The file is in none of the watched paths.
    NotAsked,
    /// A pattern or an ignore file says so, or it is never looked at.
    Ignored,
    /// The file is in another work tree of the project's repository.
    OtherWorkTree,
    /// The file is behind a symbolic link, which is not followed.
    BehindLink,
    /// The watched path is not for files with this ending, or not for changes of this kind.
    NotWanted,
}

impl Scope {
    pub(crate) fn new(project: PathBuf, options: &Options) -> Result<Self, WatchError> {
        let roots = options.paths.iter().map(|path| Root::new(&project, path)).collect::<Result<_, _>>()?;
        let own = options.own.iter().map(|path| within(&project, path)).collect::<Result<_, _>>()?;
        let editors = patterns(Path::new(""), EDITOR_FILES)?;
        let ignore = patterns(&project, &options.ignore)?;
        let uses_gitignore = options.gitignore;
        let (shared, budget) = (Shared::default(), Budget::default());
        let watches_work_trees = options.work_trees;
        let mut scope =
            Self { project, roots, own, ignore, uses_gitignore, watches_work_trees, shared, budget, editors };
        scope.read_shared();
        Ok(scope)
    }

    /// Reads the ignore files that count after the `.gitignore` files again, if they have changed. Returns true if they have.
    pub(crate) fn read_shared(&mut self) -> bool {
        self.uses_gitignore && self.shared.read_again(&self.project, &self.budget)
    }

    /// The parts that do not count of the ignore files that count after the `.gitignore` files.
    pub(crate) fn shared_problems(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.shared.problems()
    }

    /// The rules for the project's directory.
    pub(crate) fn top(&self) -> Arc<Rules> {
        let active = self.roots_at(&self.project).collect();
        Arc::new(Rules::new(active, self.gitignore_at(&self.project, None), None))
    }

    /// The rules for a directory in one that has `rules`; `None` if nothing in it can count. Reads its `.gitignore` if it is
    /// said to have one.
    pub(crate) fn enter(&self, rules: &Arc<Rules>, path: &Path) -> Option<Arc<Rules>> {
        if self.is_never(path) {
            return None;
        }
        let mut active = Vec::new();
        if !rules.active.is_empty() && !self.is_ignored(rules, path, true) {
            active.extend(rules.active.iter().copied().filter(|&root| !self.roots[root].ignores(path, true)));
        }
        active.extend(self.roots_at(path));
        if active.is_empty() && !self.roots.iter().any(|root| root.path.starts_with(path)) {
            return None;
        }
        if active == rules.active {
            return Some(Arc::clone(rules));
        }
        Some(Arc::new(Rules::new(active, None, Some(Arc::clone(rules)))))
    }

    /// Adds the `.gitignore` of a directory, which is there, to its rules.
    pub(crate) fn with_gitignore(&self, rules: Arc<Rules>, directory: &Path) -> Arc<Rules> {
        match self.gitignore_at(directory, Some(&rules)) {
            None => rules,
            gitignore => Arc::new(Rules::new(rules.active.clone(), gitignore, Some(rules))),
        }
    }

    /// True if a directory is another work tree of the project's repository, which does not count unless asked for by name.
    pub(crate) fn is_other_work_tree(&self, directory: &Path) -> bool {
        !self.watches_work_trees
            && directory != self.project
            && git::is_work_tree_of_same_repository(&self.project, directory)
    }

    /// The rules of a directory in which only those watched paths count that are the directory itself or lie in it; `None` if there
    /// are none.
    pub(crate) fn by_name(&self, rules: Arc<Rules>, directory: &Path) -> Option<Arc<Rules>> {
        let active: Vec<usize> = self.roots_at(directory).collect();
        if active.is_empty() && !self.roots.iter().any(|root| root.path.starts_with(directory)) {
            return None;
        }
        Some(Arc::new(Rules::new(active, None, Some(rules))))
    }

    /// True if a file in the directory of `rules` counts.
    pub(crate) fn is_visible(&self, rules: &Rules, path: &Path) -> bool {
        self.interested(rules, path).next().is_some()
    }

    /// True if anyone wants to know of a change of this kind to a file in the directory of `rules`.
    pub(crate) fn is_wanted(&self, rules: &Rules, path: &Path, kind: Kind) -> bool {
        self.interested(rules, path).any(|root| root.wants_kind(kind))
    }

    /// Evaluates a change to a file in the project, by the ignore files as they are.
    pub(crate) fn verdict(&self, path: &Path, kind: Kind) -> Verdict {
        if !self.roots.iter().any(|root| path.starts_with(&root.path)) {
            return Verdict::NotAsked;
        }
        let mut rules = self.top();
        let mut directory = self.project.clone();
        let way = path.parent().and_then(|parent| parent.strip_prefix(&self.project).ok());
        for name in way.into_iter().flat_map(Path::iter) {
            directory.push(name);
            if directory.is_symlink() {
                return Verdict::BehindLink;
            }
            let Some(entered) = self.enter(&rules, &directory) else { return Verdict::Ignored };
            rules = self.with_gitignore(entered, &directory);
            if self.is_other_work_tree(&directory) {
                let Some(named) = self.by_name(rules, &directory) else { return Verdict::OtherWorkTree };
                rules = named;
            }
        }
        if self.is_wanted(&rules, path, kind) {
            return Verdict::Reported;
        }
        let is_named = self.roots_at(path).next().is_some();
        if !is_named && (rules.active.is_empty() || self.is_ignored(&rules, path, false)) {
            return Verdict::Ignored;
        }
        let ignores = |&root: &usize| self.roots[root].ignores(path, false);
        if !is_named && rules.active.iter().all(ignores) { Verdict::Ignored } else { Verdict::NotWanted }
    }

    fn interested<'a>(&'a self, rules: &'a Rules, path: &'a Path) -> impl Iterator<Item = &'a Root> {
        let is_ignored = rules.active.is_empty() || self.is_ignored(rules, path, false);
        let active = rules.active.iter().filter(move |_| !is_ignored).map(|&root| &self.roots[root]);
        let by_name = self.roots_at(path).map(|root| &self.roots[root]).filter(|_| !self.is_never(path));
        active
            .filter(|root| !root.ignores(path, false))
            .chain(by_name)
            .filter(|root| root.wants_name(name_of(path)))
    }

    fn is_ignored(&self, rules: &Rules, path: &Path, is_dir: bool) -> bool {
        if self.is_never(path) {
            return true;
        }
        match self.ignore.matched(path, is_dir) {
            Match::None => {}
            matched => return matched.is_ignore(),
        }
        let gitignores = rules.nearest_first().filter_map(|rules| rules.gitignore.as_ref());
        let mut says = gitignores.chain(self.shared.files()).filter_map(|file| file.ignores(path, is_dir));
        if let Some(is_ignored) = says.next() {
            return is_ignored;
        }
        self.editors.matched(name_of(path), is_dir).is_ignore()
    }

    /// True if a path never counts, whatever the patterns say.
    fn is_never(&self, path: &Path) -> bool {
        // What lies in a directory that never counts is not asked about.
        name_of(path) == git::GIT || self.own.iter().any(|own| own.as_os_str() == path.as_os_str())
    }

    fn roots_at(&self, path: &Path) -> impl Iterator<Item = usize> {
        self.roots
            .iter()
            .enumerate()
            .filter(move |(_, root)| root.path.as_os_str() == path.as_os_str())
            .map(|(index, _)| index)
    }

    fn gitignore_at(&self, directory: &Path, above: Option<&Rules>) -> Option<IgnoreFile> {
        if !self.uses_gitignore {
            return None;
        }
        let how = How {
            follows_links: false,
            fold: self.shared.ignores_case(),
            max_cost: MAX_COST.saturating_sub(above.map_or(0, |above| above.cost)),
            budget: &self.budget,
        };
        IgnoreFile::read(directory, directory.join(GITIGNORE), &how)
    }
}

/// The last name of a path that is joined of names: what [`Path::file_name`] says, at a tenth of its price, which each of 100,000 files
/// would pay several times.
fn name_of(path: &Path) -> &OsStr {
    let path = path.as_os_str().as_bytes();
    let from = memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1);
    OsStr::from_bytes(path.get(from..).unwrap_or_default())
}
