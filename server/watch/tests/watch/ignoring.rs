//! Ignored files, which cost nothing.

use aiwg_watch::{Notice, Options};

use crate::support::{Project, created, deleted, is_watched, modified, until, watches};

#[test]
fn ignored_directories_are_not_watched() {
    let project = Project::new(&["src/a", "node_modules/x/y/z", "deep/node_modules/w", ".git/objects/o"]);
    project.write(".gitignore", "node_modules/\n");
    let watched = project.watch();
    for path in ["node_modules", "node_modules/x", "deep/node_modules", ".git", ".git/objects"] {
        assert!(!is_watched(&project.path(path)), "{path}");
    }
    assert!(is_watched(&project.path("src")) && is_watched(&project.path("deep")));
    assert_eq!(watched.watcher.status().directories, 3);
    // Nor are those that come later.
    project.write("src/node_modules/new/v", "");
    project.write("node_modules/x/y/z", "another");
    project.write(".git/objects/o", "another");
    watched.assert_reported(&[]);
    assert!(!is_watched(&project.path("src/node_modules")));
    assert!(watches().len() <= 3);
}

#[test]
fn the_rules_are_those_of_git() {
    let project = Project::new(&[]);
    project.write(
        ".gitignore",
        "*.log\n/build\n!keep.log\ndoc/*.txt\n**/gen/**\n# comment\n\\#hash\ntrailing\\ \n",
    );
    project.write("sub/.gitignore", "!debug.log\nown\n");
    let watched = project.watch();
    for ignored in
        ["a.log", "sub/b.log", "build/x", "doc/a.txt", "sub/gen/x", "#hash", "trailing ", "sub/own/x"]
    {
        project.write(ignored, "");
    }
    let counting = ["keep.log", "sub/keep.log", "sub/build/x", "doc/sub/a.txt", "sub/debug.log", "own"];
    for path in counting {
        project.write(path, "");
    }
    watched.assert_reported(&counting.map(created));
}

#[test]
fn git_agrees() {
    let project =
        Project::new(&["a/b/c.o", "a/keep.o", "x/y/build/z", "x/build", "t.tmp", "q[1].txt", "sp ace"]);
    project.write(".gitignore", "*.o\n!keep.o\nbuild/\n/t.tmp\nq\\[1\\].txt\n");
    project.write("a/.gitignore", "/b/*.o\n!/b/\n");
    project.sh("git init -q .");
    let watched = project.watch();
    project.sh("find . -name .git -prune -o -type f ! -name .gitignore -exec sh -c 'echo >>\"$1\"' - {} \\;");
    let reported = watched.reported();
    let output = std::process::Command::new("git")
        .args(["ls-files", "-co", "--exclude-standard", "-z"])
        .current_dir(project.path(""))
        .output()
        .unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let listed =
        listed.split_terminator('\0').filter(|path| !path.contains(".gitignore") && !path.contains("fence"));
    let expected: Vec<_> = listed.map(modified).collect();
    assert!(expected.len() >= 3);
    crate::support::assert_same(reported, &expected);
}

#[test]
fn the_watch_ignore_option_comes_first() {
    let project = Project::new(&[]);
    project.write(".gitignore", "*.log\n");
    let ignore = vec!["*.tmp".to_owned(), "/dist/".to_owned(), "!wanted.log".to_owned()];
    let watched = project.watch_with(aiwg_watch::Options { ignore, ..project.options() });
    for path in ["a.tmp", "dist/a", "a.log"] {
        project.write(path, "");
    }
    project.write("wanted.log", "");
    project.write("sub/dist/a", "");
    watched.assert_reported(&[created("wanted.log"), created("sub/dist/a")]);
}

#[test]
fn without_gitignore_only_the_option_counts() {
    let project = Project::new(&["out/a"]);
    project.write(".gitignore", "out/\n");
    let watched = project.watch_with(aiwg_watch::Options { gitignore: false, ..project.options() });
    project.write("out/a", "another");
    watched.assert_reported(&[modified("out/a")]);
}

#[test]
fn exclude_and_the_ignore_files_above_the_project_count() {
    let repository = Project::new(&["project/a"]);
    repository.sh("git init -q .");
    repository.write(".gitignore", "*.above\n");
    repository.write(".git/info/exclude", "*.excluded\n");
    let options = aiwg_watch::Options { root: repository.path("project"), ..repository.options() };
    let watched = repository.watch_with(options);
    repository.write("project/x.above", "");
    repository.write("project/sub/x.excluded", "");
    repository.write("project/a", "another");
    std::fs::write(repository.path("project/end"), "").unwrap();
    let change_set = watched.change_set();
    assert_eq!(change_set.changes, [modified("a"), created("end")]);
}

#[test]
fn exclude_takes_effect_when_it_is_edited() {
    let project = Project::new(&["shown/a", "hidden/a", ".git/HEAD"]);
    project.write(".git/info/exclude", "/hidden/\n");
    project.let_a_tick_pass();
    let watched = project.watch();
    assert!(!is_watched(&project.path("hidden")));
    project.write(".git/info/exclude", "/shown/\n");
    until("it is read again", || is_watched(&project.path("hidden")) && !is_watched(&project.path("shown")));
    project.write("shown/a", "another");
    project.write("hidden/a", "another");
    watched.assert_reported(&[modified("hidden/a")]);
}

#[test]
fn the_daemons_own_files_never_trigger() {
    let project = Project::new(&[".aiwg/daemon/tasks.json", ".aiwg/daemon.pid", ".aiwg/notes"]);
    let ignore = vec!["!.aiwg/**".to_owned()];
    let mut options = aiwg_watch::Options { ignore, ..project.options() };
    options.paths.push(aiwg_watch::WatchedPath::new(".aiwg"));
    options.paths.push(aiwg_watch::WatchedPath::new(".aiwg/daemon"));
    let watched = project.watch_with(options);
    project.write(".aiwg/daemon/tasks.json", "another");
    project.write(".aiwg/daemon/new/x", "another");
    project.write(".aiwg/daemon.pid", "another");
    project.write(".aiwg/notes", "another");
    watched.assert_reported(&[modified(".aiwg/notes")]);
    assert!(!is_watched(&project.path(".aiwg/daemon")));
}

#[test]
fn an_ignore_file_that_is_edited_takes_effect() {
    let project = Project::new(&["out/a", "out/deep/b", "src/c", "x.log"]);
    let watched = project.watch();
    project.write(".gitignore", "out/\n*.log\n");
    watched.assert_reported(&[created(".gitignore")]);
    assert!(!is_watched(&project.path("out")) && !is_watched(&project.path("out/deep")));
    project.write("out/a", "another");
    project.write("x.log", "another");
    watched.assert_reported(&[]);
    // What counts again has not changed by that.
    project.write(".gitignore", "nothing\n");
    watched.assert_reported(&[modified(".gitignore")]);
    project.write("out/deep/b", "another");
    project.write("x.log", "yet another");
    watched.assert_reported(&[modified("out/deep/b"), modified("x.log")]);
    project.remove(".gitignore");
    watched.assert_reported(&[deleted(".gitignore")]);
}

#[test]
fn an_ignore_file_below_takes_effect_too() {
    let project = Project::new(&["sub/a.o", "sub/deep/b.o", "c.o"]);
    let watched = project.watch();
    project.write("sub/.gitignore", "*.o\n");
    watched.assert_reported(&[created("sub/.gitignore")]);
    project.write("sub/deep/b.o", "another");
    project.write("c.o", "another");
    watched.assert_reported(&[modified("c.o")]);
    project.remove("sub/.gitignore");
    watched.assert_reported(&[deleted("sub/.gitignore")]);
    project.write("sub/deep/b.o", "yet another");
    watched.assert_reported(&[modified("sub/deep/b.o")]);
}

#[test]
fn what_is_made_as_the_ignore_file_changes_is_reported() {
    let project = Project::new(&["a"]);
    project.write(".gitignore", "out/\n");
    let watched = project.watch();
    project.write("out/new", "");
    project.write(".gitignore", "nothing\n");
    watched.assert_reported(&[modified(".gitignore"), created("out/new")]);
}

#[test]
fn an_ignore_file_above_the_project_is_looked_at_again() {
    let repository = Project::new(&["project/deep/a", "project/b/c"]);
    repository.sh("git init -q .");
    let options = Options { root: repository.path("project"), ..repository.options() };
    let watched = repository.watch_with(options);
    let deep = repository.path("project/deep");
    repository.write(".gitignore", "deep/\n");
    until("what it says counts", || !is_watched(&deep));
    // One that is not read is named, until it is well.
    repository.sh("rm .gitignore && mkfifo .gitignore");
    let is_it = |path: &std::path::Path| path.parent() == Some(&repository.path("").canonicalize().unwrap());
    watched.notice(|notice| matches!(notice, Notice::IgnoreFile { path, .. } if is_it(path)));
    until("it is watched again", || is_watched(&deep));
    repository.remove(".gitignore");
    watched.notice(|notice| matches!(notice, Notice::IgnoreFileWell(path) if is_it(path)));
}

#[test]
fn a_repository_that_ignores_the_whole_project_says_nothing_about_what_is_in_it() {
    for (file, lines) in [(".gitignore", "*\n"), (".gitignore", "/home\n*.o\n"), (".git/info/exclude", "*\n")]
    {
        let repository = Project::new(&["home/project/a.o", "home/project/b"]);
        repository.sh("git init -q .");
        repository.write(file, lines);
        repository.write("home/project/.gitignore", "b\n");
        let project = repository.path("home/project");
        let watched = repository.watch_with(Options { root: project.clone(), ..repository.options() });
        repository.write("home/project/a.o", "another");
        repository.write("home/project/b", "another");
        let reported = watched.change_set().changes;
        assert_eq!(reported, [modified("a.o")], "{file} {lines}");
    }
    // While one that ignores only some of it does.
    let repository = Project::new(&["project/a.o", "project/b"]);
    repository.sh("git init -q .");
    repository.write(".gitignore", "*\n!/project/\n!/project/b\n");
    let watched = repository.watch_with(Options { root: repository.path("project"), ..repository.options() });
    repository.write("project/a.o", "another");
    repository.write("project/b", "another");
    assert_eq!(watched.change_set().changes, [modified("b")]);
}
