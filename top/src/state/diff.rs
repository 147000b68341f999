//! What a task has changed in its work tree, as text.

use aiwg_client::types::{DiffFile, TaskDiff};

use super::Text;
use crate::{
    format::count,
    text::{lines, one_line, visible},
};

/// Number of files that are listed, and of lines that are shown: the command shows all.
const MOST_FILES: usize = 200;
const MOST_LINES: usize = 3000;

/// The width of a number of lines with its sign, of which one is a blank: what begins with a sign is a line of the diff.
const FIGURES: usize = 9;

/// How much was changed, in which files, and what. `of` names the project, where there are others.
pub(super) fn text(of: &str, diff: &TaskDiff) -> Text {
    let files = count(i64::try_from(diff.files.len()).unwrap_or(i64::MAX), "file");
    let mut all = vec![format!("{files}, +{} -{}, by run {}", diff.insertions, diff.deletions, diff.launch)];
    all.extend(diff.files.iter().take(MOST_FILES).map(file));
    let more = diff.files.len().saturating_sub(MOST_FILES);
    if more > 0 {
        all.push(format!("  and {more} more"));
    }
    all.push(String::new());
    let mut changes = lines(&diff.diff);
    let is_cut = diff.is_cut || changes.len() > MOST_LINES;
    changes.truncate(MOST_LINES);
    all.extend(changes);
    if is_cut {
        all.push(format!("... `aiwg task diff {}` has more of it.", visible(&diff.task_id)));
    }
    Text::diff(one_line(&format!("{of}{}: changes", diff.task_id), 200), all)
}

fn file(file: &DiffFile) -> String {
    let numbers = match (file.insertions, file.deletions) {
        (Some(insertions), Some(deletions)) => {
            format!("{:>FIGURES$} {:>FIGURES$}", format!("+{insertions}"), format!("-{deletions}"))
        }
        _ => format!("{:>1$}", "binary", 2 * FIGURES + 1),
    };
    format!("{numbers}  {}", visible(&file.path))
}
