//! What counts, and what is ignored.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use ignore::{
    Match,
    gitignore::{Gitignore, GitignoreBuilder, gitconfig_excludes_path},
};

use crate::{
    EDITOR_FILES, Kind, Options, WatchError, git,
    roots::{Root, patterns, within},
    stamp::Stamp,
};

/// The name of the ignore files.
pub(crate) const GITIGNORE: &str = ".gitignore";

/// What is the same in all directories.
#[derive(Debug)]
pub(crate) struct Scope {
    /// Absolute, without symbolic links.
    pub(crate) project: PathBuf,
    pub(crate) roots: Vec<Root>,
    own: Vec<PathBuf>,
    ignore: Gitignore,
    pub(crate) uses_gitignore: bool,
    /// What counts after the `.gitignore` files, in this order.
    shared: Vec<Gitignore>,
    /// The files that `shared` was read from, each as it was then.
    shared_files: Vec<(PathBuf, Option<Stamp>)>,
    /// What counts last, by the name alone.
    editors: Gitignore,
}

/// What counts in a directory.
#[derive(Debug)]
pub(crate) struct Rules {
    /// The watched paths that the directory lies in and that do not ignore it, by their place in [`Scope::roots`]. None where
    /// it is only on the way to a watched path.
    active: Vec<usize>,
    gitignore: Option<Gitignore>,
    parent: Option<Arc<Self>>,
}

/// Whether the changes of a file are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They are.
    Told,
    /// It lies in none of the watched paths.
    NotAsked,
    /// A pattern or an ignore file says so, or it is never looked at.
    Ignored,
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
        let (shared, shared_files) = (Vec::new(), Vec::new());
        let mut scope = Self { project, roots, own, ignore, uses_gitignore, shared, shared_files, editors };
        scope.read_shared();
        Ok(scope)
    }

    /// Reads what counts after the `.gitignore` files again, if it has changed. Tells whether it has.
    pub(crate) fn read_shared(&mut self) -> bool {
        if !self.uses_gitignore {
            return false;
        }
        let exclude = git::exclude_file(&self.project);
        let files = [exclude.clone().map(|(_, file)| file), gitconfig_excludes_path()];
        let stamped = |file: PathBuf| (fs::symlink_metadata(&file).ok().as_ref().map(Stamp::of), file);
        let files: Vec<_> =
            files.into_iter().flatten().map(stamped).map(|(stamp, file)| (file, stamp)).collect();
        if files == self.shared_files {
            return false;
        }
        self.shared_files = files;
        let exclude = exclude.and_then(|(top, file)| read(&top, &file));
        let global = GitignoreBuilder::new(&self.project).build_global().0;
        self.shared = exclude.into_iter().chain([global]).filter(|patterns| !patterns.is_empty()).collect();
        true
    }

    /// The rules for the project's directory.
    pub(crate) fn top(&self) -> Arc<Rules> {
        let mut above = None;
        if self.uses_gitignore {
            for directory in git::directories_above(&self.project) {
                above = Some(Arc::new(Rules { active: vec![], gitignore: load(&directory), parent: above }));
            }
        }
        let active = self.roots_at(&self.project).collect();
        Arc::new(Rules { active, gitignore: self.gitignore_at(&self.project), parent: above })
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
        Some(Arc::new(Rules { active, gitignore: None, parent: Some(Arc::clone(rules)) }))
    }

    /// Adds the `.gitignore` of a directory, which is there, to its rules.
    pub(crate) fn with_gitignore(&self, rules: Arc<Rules>, directory: &Path) -> Arc<Rules> {
        match self.gitignore_at(directory) {
            None => rules,
            gitignore => Arc::new(Rules { active: rules.active.clone(), gitignore, parent: Some(rules) }),
        }
    }

    /// Whether a file in the directory of `rules` counts.
    pub(crate) fn is_visible(&self, rules: &Rules, path: &Path) -> bool {
        self.interested(rules, path).next().is_some()
    }

    /// Whether anyone wants to know of a change of this kind to a file in the directory of `rules`.
    pub(crate) fn is_wanted(&self, rules: &Rules, path: &Path, kind: Kind) -> bool {
        self.interested(rules, path).any(|root| root.wants_kind(kind))
    }

    /// What comes of a change to a file in the project, by the ignore files as they are.
    pub(crate) fn verdict(&self, path: &Path, kind: Kind) -> Verdict {
        if !self.roots.iter().any(|root| path.starts_with(&root.path)) {
            return Verdict::NotAsked;
        }
        let mut rules = self.top();
        let mut directory = self.project.clone();
        let way = path.parent().and_then(|parent| parent.strip_prefix(&self.project).ok());
        for name in way.into_iter().flat_map(Path::iter) {
            directory.push(name);
            let Some(entered) = self.enter(&rules, &directory) else { return Verdict::Ignored };
            rules = self.with_gitignore(entered, &directory);
        }
        if self.is_wanted(&rules, path, kind) {
            return Verdict::Told;
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
        active.filter(|root| !root.ignores(path, false)).chain(by_name).filter(|root| {
            let name = path.file_name().unwrap_or_default();
            root.wants_name(name)
        })
    }

    fn is_ignored(&self, rules: &Rules, path: &Path, is_dir: bool) -> bool {
        if self.is_never(path) {
            return true;
        }
        let nearest_first = std::iter::successors(Some(rules), |rules| rules.parent.as_deref());
        let gitignores = nearest_first.filter_map(|rules| rules.gitignore.as_ref());
        for patterns in std::iter::once(&self.ignore).chain(gitignores).chain(&self.shared) {
            match patterns.matched(path, is_dir) {
                Match::None => {}
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
            }
        }
        path.file_name().is_some_and(|name| self.editors.matched(name, is_dir).is_ignore())
    }

    /// Whether a path never counts, whatever the patterns say.
    fn is_never(&self, path: &Path) -> bool {
        // What lies in a directory that never counts is not asked about.
        path.file_name().is_some_and(|name| name == git::GIT)
            || self.own.iter().any(|own| own.as_os_str() == path.as_os_str())
    }

    fn roots_at(&self, path: &Path) -> impl Iterator<Item = usize> {
        self.roots
            .iter()
            .enumerate()
            .filter(move |(_, root)| root.path.as_os_str() == path.as_os_str())
            .map(|(index, _)| index)
    }

    fn gitignore_at(&self, directory: &Path) -> Option<Gitignore> {
        if self.uses_gitignore { load(directory) } else { None }
    }
}

/// The `.gitignore` of a directory. As in git, lines that make no sense are passed over.
fn load(directory: &Path) -> Option<Gitignore> {
    read(directory, &directory.join(GITIGNORE)).filter(|gitignore| !gitignore.is_empty())
}

fn read(top: &Path, file: &Path) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new(top);
    drop(builder.add(file));
    builder.build().ok()
}
