//! Patterns and paths that can match nothing. One that only looks like a mistake is a notice, in [`super::notices_in_config`].

use std::path::{Path, PathBuf};

use aiwg_patterns::{Pattern, PatternSet, alternatives};
use aiwg_protocol::config::Config;
use aiwg_watch::{Kind, Options, Verdict, Verdicts, within};

use super::options;

const RELATIVE: &str = "a pattern is relative to the project";

/// The number of alternatives of a pattern that are examined one by one.
const ALTERNATIVES: usize = 16;

/// The names that stand for the match of a wildcard. Two, so that a pattern that ignores one by chance has no consequence.
const NAMES: [&str; 2] = ["x", "q7-other"];

/// The watched files, by the configuration alone: the files that git ignores may change. Prepared once for many patterns.
pub(super) struct Watched {
    root: PathBuf,
    /// The watched paths within it.
    paths: Vec<PathBuf>,
    /// None where the section `watch` is wrong, which is reported elsewhere.
    verdicts: Option<Verdicts>,
    /// True if the section does not limit the watched files.
    is_all: bool,
    /// True if a pattern brings back ignored files.
    negates: bool,
}

impl Watched {
    pub(super) fn by(project: &Path, config: &Config) -> Self {
        let options = Options { gitignore: false, ..options(project, config) };
        let paths = options.paths.iter().filter_map(|path| within(&options.root, &path.path).ok()).collect();
        Self {
            paths,
            verdicts: options.verdicts().ok(),
            is_all: config.watch.paths.is_empty() && config.watch.ignore.is_empty(),
            negates: config.watch.ignore.iter().any(|line| line.starts_with('!')),
            root: options.root,
        }
    }

    /// The reason for which no watched file can match; none if one can.
    pub(super) fn in_vain(&self, pattern: &str) -> Option<String> {
        if self.is_all && !pattern.contains(['.', '{']) {
            return None;
        }
        let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
        alternatives(pattern, ALTERNATIVES).iter().find_map(|one| self.one_in_vain(one))
    }

    fn one_in_vain(&self, pattern: &str) -> Option<String> {
        let wild = pattern.find(['*', '?', '[', '{', '\\']);
        let fixed = pattern.get(..wild.unwrap_or(pattern.len())).unwrap_or_default();
        let directory = fixed.rsplit_once('/').map_or("", |(directory, _)| directory);
        let said = |why: &str| Some(format!("{pattern:?} matches no file that is watched: {why}"));
        if fixed.split('/').rev().skip(1).any(|part| part == ".git")
            || pattern.ends_with("/.git")
            || pattern == ".git"
        {
            return said("git's own files never are");
        }
        let rest = pattern.get(directory.len()..).unwrap_or_default().trim_start_matches('/');
        let descends = rest.contains('/') || rest.contains("**");
        let at = within(&self.root, directory.as_ref()).ok()?;
        // A watched path may be a file as well.
        let may_hold = |root: &PathBuf| {
            at.starts_with(root)
                || if descends {
                    root.starts_with(&at)
                } else {
                    root.parent() == Some(at.as_path()) && names(pattern, root)
                }
        };
        if !self.paths.iter().any(may_hold) {
            return said("it lies in none of \"watch.paths\"");
        }
        let has_ending = wild.is_none()
            || pattern.rsplit(['*', '?', ']', '}']).next().is_some_and(|rest| rest.contains('.'));
        let set = PatternSet::new([Pattern::path(pattern).ok()?]).ok()?;
        let verdicts = NAMES.map(|name| {
            let sample = sample(pattern, name)?;
            if set.is_match(&sample) {
                self.verdicts.as_ref()?.of(sample.as_ref(), Kind::Modified).ok()
            } else {
                None
            }
        });
        match verdicts {
            [Some(Verdict::Ignored), Some(Verdict::Ignored)] if !self.negates => {
                said("\"watch.ignore\" leaves it out, or it is the daemon's own")
            }
            [Some(Verdict::NotWanted), Some(Verdict::NotWanted)] if has_ending => {
                said("its entry in \"watch.paths\" is not for files with this ending")
            }
            _ => None,
        }
    }
}

/// True if the last part of a pattern matches the name of a file.
fn names(pattern: &str, file: &Path) -> bool {
    let last = pattern.rsplit('/').next().unwrap_or(pattern);
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    Pattern::path(last).and_then(|last| PatternSet::new([last])).is_ok_and(|set| set.is_match(name))
}

/// A path that the pattern may match. None if it has wildcards other than stars.
fn sample(pattern: &str, name: &str) -> Option<String> {
    if pattern.contains(['[', '{', '\\', '?']) {
        return None;
    }
    Some(pattern.replace("**", "*").replace('*', name))
}

/// The reason for which a line of `watch.ignore` can match nothing, if there is one.
pub(super) fn wrong_ignore(project: &Path, line: &str) -> Option<String> {
    let pattern = line.strip_prefix('!').unwrap_or(line);
    if pattern.trim().is_empty() {
        return Some("must not be empty".to_owned());
    }
    if let Some(rest) = pattern.strip_prefix("./") {
        return Some(format!(
            "matches nothing: without the \"./\" it is {:?}, in the project's directory",
            format!("/{rest}")
        ));
    }
    if let Some(rest) = project.to_str().and_then(|project| pattern.strip_prefix(project)) {
        return Some(format!(
            "matches nothing: {RELATIVE}, such as {:?}",
            format!("/{}", rest.trim_start_matches('/'))
        ));
    }
    if pattern == "~" || pattern.starts_with("~/") {
        return Some(format!("matches nothing: {RELATIVE}, and ~ stands for no directory"));
    }
    if pattern.split('/').any(|part| part == ".." || part == ".") {
        return Some(format!("matches nothing: {RELATIVE}, and cannot have a \".\" or \"..\" in it"));
    }
    if pattern.contains("//") {
        return Some("matches nothing: no path has an empty part".to_owned());
    }
    None
}

/// The reason for which a path in `watch.paths` can be no directory, if there is one.
pub(super) fn wrong_path(path: &str) -> Option<String> {
    if path.contains(['*', '?']) {
        return Some(
            "takes no patterns: name a directory; the rules say which files of it, and \"extensions\" which endings".to_owned(),
        );
    }
    if path == "~" || path.starts_with("~/") {
        return Some(
            "is relative to the project, and ~ stands for no directory; \"./~\" names one of this name"
                .to_owned(),
        );
    }
    if path.starts_with('$') {
        return Some("takes no variables: it is relative to the project".to_owned());
    }
    None
}

/// The reason for which no file has this ending, if there is one.
pub(super) fn wrong_extension(extension: &str) -> Option<String> {
    let bare = extension.trim_start_matches('*').trim_start_matches('.');
    (bare.trim().is_empty() || bare.contains(['/', '*']))
        .then(|| "is no ending of a file's name, such as \".ts\"".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(watch: serde_json::Value) -> Config {
        serde_json::from_value(serde_json::json!({ "watch": watch })).unwrap()
    }

    #[test]
    fn a_rule_outside_of_what_is_watched_is_in_vain() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let why = |watch, pattern| Watched::by(here, &config(watch)).in_vain(pattern);
        for (watch, pattern) in [
            (serde_json::json!({ "paths": ["src/"] }), "lib/**"),
            (serde_json::json!({ "paths": ["src/"] }), "{src,lib}/**"),
            (serde_json::json!({ "paths": ["src/"] }), "a.ts"),
            (serde_json::json!({ "paths": ["src/"] }), "*.ts"),
            (serde_json::json!({ "ignore": ["build/"] }), "build/**"),
            (serde_json::json!({ "ignore": ["*.log"] }), "logs/*.log"),
            (serde_json::json!({ "paths": [{ "path": ".", "extensions": ["ts"] }] }), "*.md"),
            (serde_json::json!({}), ".git/HEAD"),
            (serde_json::json!({}), ".aiwg/daemon/daemon.log"),
            (serde_json::json!({}), ".aiwg/daemon/**"),
        ] {
            assert!(why(watch, pattern).is_some(), "{pattern}");
        }
        for (watch, pattern) in [
            (serde_json::json!({ "paths": ["src/"] }), "**/*.ts"),
            (serde_json::json!({ "paths": ["src/a/"] }), "src/**"),
            (serde_json::json!({ "paths": ["README.md"] }), "*.md"),
            (serde_json::json!({ "paths": ["src/"] }), "src/a/*.ts"),
            (serde_json::json!({ "paths": ["src/"] }), "*/a.ts"),
            (serde_json::json!({ "ignore": ["build/", "!build/keep/"] }), "build/**"),
            (serde_json::json!({ "ignore": ["*", "!*.ts"] }), "**"),
            (serde_json::json!({ "ignore": ["x"] }), "**"),
            (serde_json::json!({ "paths": [{ "path": ".", "extensions": ["ts"] }] }), "**"),
            (serde_json::json!({}), ".aiwg/daemon.json"),
            (serde_json::json!({}), ".github/**"),
            (serde_json::json!({}), "src/app{,.test}.ts"),
        ] {
            assert_eq!(why(watch, pattern), None, "{pattern}");
        }
    }
}
