//! The paths of a configuration that lie behind symbolic links.

use std::path::Path;

use aiwg_patterns::is_glob;
use aiwg_protocol::config::{Config, Trigger, WatchPath};
use aiwg_watch::link_on_the_way;

/// Watched paths and patterns that lead through symbolic links, which are not followed.
pub(super) fn behind_links(project: &Path, config: &Config) -> Vec<String> {
    let paths = config.watch.paths.iter().map(|path| match path {
        WatchPath::Plain(path) => ("watch.paths".to_owned(), path.as_str()),
        WatchPath::Options(options) => ("watch.paths".to_owned(), options.path.as_str()),
    });
    let patterns = config.rules.iter().filter_map(|rule| match &rule.trigger {
        Trigger::FileChange { pattern, .. } => Some(pattern.matching().map(|pattern| {
            (format!("the rule {:?}", rule.id), directory_of(pattern.trim_start_matches('/')))
        })),
        _ => None,
    });
    let behind = paths.chain(patterns.flatten()).filter_map(|(place, path)| {
        let link = link_on_the_way(project, &project.join(path))?;
        Some(format!(
            "{place}: {} is a symbolic link, and links are not followed: only what becomes of the link itself counts. \
             Name what is in it by where it really is",
            link.display()
        ))
    });
    behind.collect()
}

/// The directory in which all files of a pattern lie: the path before its first part with wildcards, and before the name.
fn directory_of(pattern: &str) -> &str {
    let literal =
        pattern.split('/').take_while(|part| !is_glob(part)).map(|part| part.len() + 1).sum::<usize>();
    let literal = pattern.get(..literal.saturating_sub(1)).unwrap_or(pattern);
    if literal.len() == pattern.len() {
        literal.rsplit_once('/').map_or("", |(directory, _)| directory)
    } else {
        literal
    }
}
