use std::{
    os::unix::fs::{PermissionsExt, symlink},
    process::Command,
};

use super::*;

/// A project with protected files, and the directory of a task with that of its first run.
struct Place {
    project: tempfile::TempDir,
    task: tempfile::TempDir,
    on: ProtectRecord,
}

impl Place {
    fn new(files: &[&str]) -> Self {
        let project = tempfile::tempdir().unwrap();
        let task = tempfile::tempdir().unwrap();
        let place = Self { project, task, on: ProtectRecord { run: 1, ..ProtectRecord::default() } };
        std::fs::create_dir(place.task.path().join("1")).unwrap();
        files.iter().for_each(|file| place.write(file, file));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.project.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        std::fs::write(self.path(name), text).unwrap();
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        let who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
        let done = git.arg("-C").arg(self.project.path()).args(who).args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    fn record(&mut self, globs: &[&str]) {
        let dir = self.task.path().join("1");
        self.on.hash = record(&look(), self.project.path(), &owned(globs), &dir).unwrap();
    }

    fn changes(&self, globs: &[&str]) -> Vec<String> {
        let compared = self.compared(&look(), globs);
        assert_eq!((compared.unseen, compared.is_slow), (None, false));
        compared.changed
    }

    fn compared(&self, look: &Look, globs: &[&str]) -> Compared {
        changes(look, self.project.path(), &owned(globs), self.task.path(), Some(&self.on))
    }
}

fn owned(globs: &[&str]) -> Vec<String> {
    globs.iter().map(|glob| (*glob).to_owned()).collect()
}

/// A look with more time than a test takes.
fn look() -> Look {
    Look::within(std::time::Duration::from_secs(3600))
}

const TESTS: [&str; 1] = ["tests/**"];

#[test]
fn what_is_put_back_is_as_before() {
    let mut place = Place::new(&["tests/a", "tests/deep/b", "src"]);
    place.record(&TESTS);
    place.write("src", "may change");
    assert!(place.changes(&TESTS).is_empty());
    std::fs::remove_file(place.path("tests/deep/b")).unwrap();
    place.write("tests/a", "easier");
    place.write("tests/new", "");
    assert_eq!(place.changes(&TESTS), ["tests/a", "tests/deep/b", "tests/new"]);
    std::fs::remove_file(place.path("tests/new")).unwrap();
    for name in ["tests/a", "tests/deep/b"] {
        place.write(name, name);
    }
    assert!(place.changes(&TESTS).is_empty());
    assert!(place.changes(&[]).is_empty());
}

#[test]
fn a_record_that_somebody_else_has_written_is_none() {
    let mut place = Place::new(&["tests/a"]);
    place.record(&TESTS);
    std::fs::remove_file(place.path("tests/a")).unwrap();
    let path = place.task.path().join("1").join(RECORD_FILE);
    let planted = [r#"{"files":{},"ignoring":{}}"#, "{}", ""];
    for text in planted {
        std::fs::write(&path, text).unwrap();
        assert_eq!(place.changes(&TESTS), [path.display().to_string()]);
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(place.changes(&TESTS).len(), 1, "nothing shows that nothing was changed");
    let without = changes(&look(), place.project.path(), &owned(&TESTS), place.task.path(), None);
    assert_eq!(without.changed.len(), 1);
}

#[test]
fn what_git_ignores_is_nobodys_change_unless_it_is_named_or_ignored_only_now() {
    let mut place = Place::new(&["tests/a.py", ".env"]);
    place.git(&["init", "-q"]);
    place.write(".gitignore", "__pycache__/\n*.pyc\n.env\n");
    place.write("tests/__pycache__/old.pyc", "1");
    place.git(&["add", "."]);
    place.git(&["commit", "-q", "-m", "first"]);
    let globs = ["tests/**", ".env"];
    place.record(&globs);
    place.write("tests/__pycache__/old.pyc", "2");
    place.write("tests/__pycache__/new.pyc", "1");
    assert!(place.changes(&globs).is_empty(), "{:?}", place.changes(&globs));
    place.write(".env", "other");
    assert_eq!(place.changes(&globs), [".env"], "named without a wildcard");
    place.write(".env", ".env");
    // Whoever hides a file by a line of his own has changed it all the same.
    place.write("tests/conftest.py", "everything passes");
    for hide in [".gitignore", "tests/.gitignore", ".git/info/exclude"] {
        let before = std::fs::read_to_string(place.path(hide)).unwrap_or_default();
        place.write(hide, &format!("{before}conftest.py\n.gitignore\n"));
        assert_eq!(place.changes(&globs).last().map(String::as_str), Some("tests/conftest.py"), "{hide}");
        place.write(hide, &before);
    }
    place.git(&["config", "core.excludesFile", ".env"]);
    place.write(".env", "conftest.py");
    assert!(place.changes(&TESTS).contains(&"tests/conftest.py".to_owned()));
}

#[test]
fn a_line_that_takes_a_file_back_cannot_be_removed() {
    let mut place = Place::new(&["tests/a.py"]);
    place.git(&["init", "-q"]);
    place.write(".gitignore", "*.out\n!keep.out\n");
    place.record(&TESTS);
    place.write("tests/x.out", "");
    assert!(place.changes(&TESTS).is_empty());
    place.write("tests/keep.out", "");
    assert_eq!(place.changes(&TESTS), ["tests/keep.out"]);
    place.write(".gitignore", "*.out\n");
    assert!(place.changes(&TESTS).contains(&"tests/keep.out".to_owned()));
}

#[test]
fn the_first_check_may_write_files_that_git_does_not_track() {
    let mut place = Place::new(&["tests/a"]);
    place.git(&["init", "-q"]);
    place.git(&["add", "."]);
    place.record(&TESTS);
    place.write("tests/report", "1");
    place.write("tests/a", "formatted");
    let wrote = written(&look(), place.project.path(), &owned(&TESTS), place.task.path(), Some(&place.on));
    assert_eq!(wrote, ["tests/report"]);
    place.on.written = wrote;
    assert_eq!(place.changes(&TESTS), ["tests/a"]);
}

#[test]
fn where_git_does_not_say_what_it_tracks_the_first_check_may_write_nothing() {
    let mut place = Place::new(&["tests/a", "shared/b"]);
    symlink("../shared", place.path("tests/all")).unwrap();
    place.git(&["init", "-q"]);
    place.git(&["add", "."]);
    place.record(&TESTS);
    place.write("tests/report", "1");
    place.write("shared/b", "formatted");
    let wrote = || written(&look(), place.project.path(), &owned(&TESTS), place.task.path(), Some(&place.on));
    assert_eq!(wrote(), ["tests/report"], "git tracks the other one behind its link");
    place.write(".git/config", "[broken");
    assert!(wrote().is_empty());
    std::fs::remove_dir_all(place.path(".git")).unwrap();
    assert_eq!(wrote(), ["tests/all/b", "tests/report"], "without a repository nothing is tracked");
}

#[test]
fn rights_count() {
    let mut place = Place::new(&["tests/run"]);
    let path = place.path("tests/run");
    let set = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o755);
    place.record(&TESTS);
    for mode in [0o644, 0o000] {
        set(mode);
        assert_eq!(place.changes(&TESTS), ["tests/run"], "{mode:o}");
    }
    set(0o700);
    assert!(place.changes(&TESTS).is_empty(), "what others may do says nothing");
}

#[test]
fn a_file_that_is_too_large_to_be_read_counts_whatever_is_written_to_it() {
    use std::os::unix::fs::FileExt;

    let mut place = Place::new(&["tests/a"]);
    let hole = std::fs::File::create(place.path("tests/hole")).unwrap();
    // Reading it would take days.
    hole.set_len(1 << 43).unwrap();
    symlink("hole", place.path("tests/link")).unwrap();
    place.record(&TESTS);
    assert!(place.changes(&TESTS).is_empty());
    let times = hole.metadata().unwrap().modified().unwrap();
    hole.write_all_at(b"x", 1 << 42).unwrap();
    hole.set_modified(times).unwrap();
    assert_eq!(place.changes(&TESTS), ["tests/hole", "tests/link"], "though size and time are as before");
}

#[test]
fn more_than_can_be_read_is_refused() {
    let place = Place::new(&["tests/a", "tests/b", "tests/c"]);
    let protected = Protected::new(&owned(&TESTS)).unwrap();
    let size = 7 * 3;
    assert_eq!(protected.find(place.project.path(), Reading::of(&look(), size)).unwrap().files.len(), 3);
    let refused = protected.find(place.project.path(), Reading::of(&look(), size - 1)).unwrap_err();
    assert!(refused.to_string().contains("narrow it"), "{refused}");
}

#[test]
fn what_is_behind_links_in_the_project_is_looked_at() {
    let mut place = Place::new(&["shared/a.txt", "shared/deep/b", "tests/real"]);
    symlink("../shared/a.txt", place.path("tests/a.txt")).unwrap();
    symlink("../shared", place.path("tests/all")).unwrap();
    symlink("..", place.path("tests/up")).unwrap();
    symlink("/etc/hostname", place.path("tests/outside")).unwrap();
    symlink("nowhere", place.path("tests/dangling")).unwrap();
    place.record(&TESTS);
    assert!(place.changes(&TESTS).is_empty());
    place.write("shared/a.txt", "other");
    assert_eq!(place.changes(&TESTS), ["tests/a.txt", "tests/all/a.txt"]);
    place.write("shared/a.txt", "shared/a.txt");
    place.write("shared/deep/b", "other");
    assert_eq!(place.changes(&TESTS), ["tests/all/deep/b"]);
    place.write("shared/deep/b", "shared/deep/b");
    std::fs::remove_file(place.path("tests/dangling")).unwrap();
    symlink("elsewhere", place.path("tests/dangling")).unwrap();
    assert_eq!(place.changes(&TESTS), ["tests/dangling"]);
}

#[test]
fn a_protected_directory_may_be_a_link_with_ignored_files_behind_it() {
    let mut place = Place::new(&["shared/a.py"]);
    symlink("shared", place.path("tests")).unwrap();
    place.git(&["init", "-q"]);
    place.write(".gitignore", "*.pyc\n");
    place.record(&TESTS);
    place.write("shared/a.pyc", "");
    assert!(place.changes(&TESTS).is_empty());
    place.write("shared/b.py", "");
    assert_eq!(place.changes(&TESTS), ["tests/b.py"]);
}

#[test]
fn a_directory_like_the_daemons_own_is_searched_further_down() {
    let mut place = Place::new(&["tests/fix/.aiwg/daemon.json", ".aiwg/daemon.json"]);
    place.record(&["**"]);
    place.write(".aiwg/daemon.json", "other");
    assert!(place.changes(&["**"]).is_empty());
    place.write("tests/fix/.aiwg/daemon.json", "other");
    assert_eq!(place.changes(&["**"]), ["tests/fix/.aiwg/daemon.json"]);
}

#[test]
fn only_directories_that_may_hold_protected_files_are_searched() {
    let protected = Protected::new(&owned(&["tests/unit/**", "spec/*.rb", "{a,b}/c"])).unwrap();
    let all = Protected::new(&owned(&["tests/unit/**", "spec/*.rb"])).unwrap();
    assert!(protected.may_hold("anything"), "alternatives may be anywhere");
    for (dir, may) in
        [("tests", true), ("tests/unit/deep", true), ("spec", true), ("tests/e2e", false), ("src", false)]
    {
        assert_eq!(all.may_hold(dir), may, "{dir}");
    }
}

#[test]
fn what_an_ended_look_has_not_compared_is_not_known_and_nobody_has_forged_a_record() {
    let mut place = Place::new(&["tests/a"]);
    place.record(&TESTS);
    let over = look();
    over.end();
    let compared = place.compared(&over, &TESTS);
    assert!(compared.changed.is_empty() && compared.is_slow, "{compared:?}");
    assert!(compared.unseen.unwrap().contains("within 600 s"));
    let dir = place.task.path().join("1");
    let refused = record(&over, place.project.path(), &owned(&TESTS), &dir).unwrap_err();
    assert!(refused.to_string().contains("within 600 s"), "{refused}");
    // A part ends with the whole.
    let whole = look();
    let part = whole.part(std::time::Duration::ZERO);
    assert!(part.is_over() && !whole.is_over());
}

#[test]
fn what_no_call_of_the_system_reaches_is_not_passed_over() {
    use rustix::fs::{Mode, OFlags, mkdirat, open, openat};

    let mut place = Place::new(&["tests/a"]);
    place.record(&TESTS);
    let name = "d".repeat(200);
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut dir = open(place.path("tests"), flags, Mode::empty()).unwrap();
    for _ in 0..25 {
        mkdirat(&dir, name.as_str(), Mode::RWXU).unwrap();
        dir = openat(&dir, name.as_str(), flags, Mode::empty()).unwrap();
    }
    openat(&dir, "hidden", OFlags::CREATE | OFlags::WRONLY, Mode::RWXU).unwrap();
    let compared = place.compared(&look(), &TESTS);
    assert!(!compared.is_slow && compared.unseen.unwrap().contains("longer than the system takes"));
    let dir = place.task.path().join("1");
    let refused = record(&look(), place.project.path(), &owned(&TESTS), &dir).unwrap_err();
    assert!(refused.to_string().contains("tests/ddd"), "{refused}");
}

#[test]
fn patterns_that_match_no_file_are_known() {
    let place = Place::new(&["tests/a", "src/b"]);
    let protected = Protected::new(&owned(&["test/**", "tests/*", "src/b", "**/*.rb"])).unwrap();
    let found = protected.find(place.project.path(), Reading::new(&look())).unwrap();
    assert_eq!(protected.in_vain(&found.files), [0, 3]);
}
