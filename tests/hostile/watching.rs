//! Ignore files, links and git operations that would end, silence or deceive the watcher.
