//! Ignore files of which not all counts.

use std::path::{Path, PathBuf};

use crate::{Notice, ignore_file::GITIGNORE, rules::Rules, state::State};

impl State {
    /// Says what does not count of the ignore file of a directory.
    pub(crate) fn note_ignore_file_of(&mut self, directory: &Path, rules: &Rules) {
        let own = directory.join(GITIGNORE);
        let of_own = rules.problem().filter(|(file, _)| *file == own).map(|(_, why)| why.to_owned());
        self.note_ignore_file(&own, of_own);
    }

    /// Says what does not count of those outside the project.
    pub(crate) fn note_shared_ignore_files(&mut self) {
        let shared = self.scope.shared_problems().map(|(file, why)| (file.to_owned(), why.to_owned()));
        let shared: Vec<(PathBuf, String)> = shared.collect();
        let is_shared = |file: &Path| shared.iter().any(|(other, _)| other == file);
        let project = self.scope.project.clone();
        let is_of_tree = |file: &Path| file.starts_with(&project) && file.ends_with(GITIGNORE);
        let before = self.ignore_problems.keys().filter(|file| !is_of_tree(file));
        let well: Vec<_> = before.filter(|file| !is_shared(file)).cloned().collect();
        well.into_iter().for_each(|file| self.note_ignore_file(&file, None));
        shared.into_iter().for_each(|(file, why)| self.note_ignore_file(&file, Some(why)));
    }

    pub(crate) fn note_ignore_file(&mut self, file: &Path, problem: Option<String>) {
        let Some(why) = problem else {
            if self.ignore_problems.remove(file).is_some() {
                self.notices.push(Notice::IgnoreFileWell(file.to_owned()));
            }
            return;
        };
        if self.ignore_problems.get(file) != Some(&why) {
            self.ignore_problems.insert(file.to_owned(), why.clone());
            self.notices.push(Notice::IgnoreFile { path: file.to_owned(), why });
        }
    }
}
