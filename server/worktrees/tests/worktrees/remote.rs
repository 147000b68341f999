//! Bases and results that go from one clone to another over their remote.

use std::{fs, net::TcpListener, path::PathBuf, time::Duration};

use aiwg_worktrees::{Error, Fleet, Remote, Repository, Whose};

use crate::support::{ONE, Place, git, mode, run, write};

/// A clone with a bare repository as its remote, and a second clone of that.
struct Two {
    place: Place,
}

impl Two {
    fn new() -> Self {
        Self::of(&[])
    }

    /// The same; the second clone is made with these options.
    fn of(options: &[&str]) -> Self {
        let two = Self { place: Place::new() };
        two.place.write("a", "1\n2\n3\n4\n");
        two.place.commit("second");
        let bare = two.bare();
        git(two.place.dir(), &["clone", "-q", "--bare", "project", bare.to_str().unwrap()]);
        two.place.git(&["remote", "add", "origin", bare.to_str().unwrap()]);
        let url = format!("file://{}", bare.display());
        let other = two.other();
        git(two.place.dir(), &[&["clone", "-q"], options, &[&url, other.to_str().unwrap()]].concat());
        two
    }

    fn bare(&self) -> PathBuf {
        self.place.dir().join("bare.git")
    }

    fn other(&self) -> PathBuf {
        self.place.dir().join("other")
    }

    fn there(&self) -> Repository {
        Repository::find(&self.other(), &self.place.dir().join("state/other")).unwrap()
    }

    /// The refs of the bare repository.
    fn refs(&self) -> String {
        git(&self.bare(), &["for-each-ref", "--format=%(refname)"])
    }
}

fn fleet() -> Fleet {
    Fleet::named("f1").unwrap()
}

fn remote(repository: &Repository) -> Remote {
    repository.remote(None).unwrap().unwrap()
}

#[test]
fn an_uncommitted_edit_goes_there_and_what_is_made_of_it_comes_back() {
    for options in [&[][..], &["--depth=1"], &["--filter=blob:none"]] {
        let two = Two::of(options);
        two.place.write("a", "edited\n");
        let (here, there) = (two.place.repository(), two.there());
        let base = here.snapshot().unwrap().commit;
        let before = two.refs();
        remote(&here).push_bases(&fleet(), &[("task-0001".to_owned(), base.clone())]).unwrap();
        // Once more is no other.
        remote(&here).push_bases(&fleet(), &[("task-0001".to_owned(), base.clone())]).unwrap();
        assert!(matches!(there.commit_of(base.hash()), Err(Error::NoSuchCommit { .. })));
        remote(&there).fetch_base(&fleet(), "task-0001", &base).unwrap();

        let ready = there.prepare(1, &base, ONE).unwrap();
        assert_eq!(fs::read_to_string(ready.dir.join("a")).unwrap(), "edited\n", "{options:?}");
        write(&ready.dir.join("new"), "new\n");
        let kept = there.keep(1, ONE, &base).unwrap();
        remote(&there).push_result(&fleet(), ONE, &base, &kept.commit).unwrap();

        remote(&here).fetch_result(&fleet(), ONE, &base, &kept.commit).unwrap();
        let diff = here.diff(&base, &kept.commit, 1000).unwrap();
        assert_eq!(diff.files.len(), 1);
        assert_eq!(two.place.git(&["rev-parse", "refs/aiwg/tasks/task-0001/1"]), kept.commit.hash());

        // What is there is the fleet's own, and goes.
        let found = remote(&here).refs(&fleet()).unwrap();
        let whose: Vec<&Whose> = found.iter().map(|found| &found.whose).collect();
        let (base, result) = (Whose::Base("task-0001".to_owned()), Whose::Result("task-0001".to_owned(), 1));
        assert_eq!(whose, [&base, &result]);
        let names: Vec<String> = found.into_iter().map(|found| found.name).collect();
        assert!(remote(&here).refs(&Fleet::named("f2").unwrap()).unwrap().is_empty());
        remote(&there).remove(&fleet(), &names).unwrap();
        remote(&here).remove(&fleet(), &names).unwrap();
        assert_eq!(two.refs(), before);
    }
}

#[test]
fn a_result_that_has_left_its_base_brings_that_along() {
    let two = Two::new();
    two.place.write("a", "edited\n");
    let (here, there) = (two.place.repository(), two.there());
    let base = here.snapshot().unwrap().commit;
    let ready = here.prepare(1, &base, ONE).unwrap();
    git(&ready.dir, &["checkout", "-q", "--orphan", "other"]);
    git(&ready.dir, &["commit", "-qam", "another history"]);
    let kept = here.keep(1, ONE, &base).unwrap();
    remote(&here).push_result(&fleet(), ONE, &base, &kept.commit).unwrap();
    remote(&there).fetch_result(&fleet(), ONE, &base, &kept.commit).unwrap();
    assert!(there.diff(&base, &kept.commit, 1000).unwrap().files.is_empty());
    let found = remote(&here).refs(&fleet()).unwrap();
    assert!(found.len() == 2 && found.iter().all(|found| matches!(&found.whose, Whose::Result(_, 1))));
}

/// What an agent can write into the configuration and beside it starts nothing, and leads nowhere else.
#[test]
fn no_program_of_the_repository_is_run() {
    let two = Two::new();
    let program = two.place.dir().join("program");
    write(&program, format!("#!/bin/sh\ntouch '{}'\nexit 1\n", two.place.dir().join("PWNED").display()));
    mode(&program, 0o755);
    let (program, bare) = (program.to_str().unwrap(), two.bare());
    for key in [
        "core.sshCommand",
        "core.askPass",
        "core.gitProxy",
        "credential.helper",
        "remote.origin.uploadpack",
        "remote.origin.receivepack",
        "core.alternateRefsCommand",
        "uploadpack.packObjectsHook",
        "gpg.program",
    ] {
        two.place.git(&["config", key, program]);
    }
    two.place.git(&["config", &format!("remote.{}.receivepack", bare.display()), program]);
    two.place.git(&["config", &format!("remote.{}.uploadpack", bare.display()), program]);
    two.place.git(&["config", "push.gpgSign", "true"]);
    for hook in ["pre-push", "reference-transaction"] {
        let hook = two.place.root().join(".git/hooks").join(hook);
        write(&hook, fs::read(program).unwrap());
        mode(&hook, 0o755);
    }
    let here = two.place.repository();
    let origin = remote(&here);
    let head = two.place.head();
    origin.push_bases(&fleet(), &[("task-0001".to_owned(), head.clone())]).unwrap();
    origin.refs(&fleet()).unwrap();
    two.there().remote(None).unwrap().unwrap().fetch_base(&fleet(), "task-0001", &head).unwrap();
    for url in [format!("ext::{program} x"), "ssh://127.0.0.1:1/x".to_owned()] {
        two.place.git(&["config", "remote.evil.url", &url]);
        let evil = here.remote(Some("evil")).unwrap().unwrap();
        assert!(matches!(evil.refs(&fleet()), Err(Error::Remote { .. })), "{url}");
    }
    two.place.git(&["config", "remote.evil.url", "--upload-pack=x"]);
    assert!(matches!(here.remote(Some("evil")), Err(Error::Remote { .. })));
    assert!(!two.place.dir().join("PWNED").exists());
}

#[test]
fn a_remote_that_refuses_or_hangs_or_is_gone_is_an_error_with_words() {
    let two = Two::new();
    let here = two.place.repository();
    let base = [("task-0001".to_owned(), two.place.head())];
    let said = |remote: &Remote| remote.push_bases(&fleet(), &base).unwrap_err().to_string();

    let hook = two.bare().join("hooks/pre-receive");
    write(&hook, "#!/bin/sh\necho no such names here >&2\nexit 1\n");
    mode(&hook, 0o755);
    let words = said(&remote(&here));
    assert!(words.contains("push to the remote origin") && words.contains("no such names here"), "{words}");
    fs::remove_file(&hook).unwrap();

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("git://127.0.0.1:{}/x", silent.local_addr().unwrap().port());
    two.place.git(&["remote", "add", "silent", &url]);
    let silent = here.remote(Some("silent")).unwrap().unwrap().with_time(Duration::from_millis(300));
    let words = said(&silent);
    assert!(words.contains("the remote silent") && words.contains("given up"), "{words}");

    fs::rename(two.bare(), two.place.dir().join("away")).unwrap();
    let words = said(&remote(&here));
    assert!(words.contains("the remote origin") && !words.contains("bare.git"), "{words}");
    let words = here.remote(Some("none")).unwrap_err().to_string();
    assert!(words.contains("no remote with this name"), "{words}");
    two.place.git(&["remote", "remove", "origin"]);
    two.place.git(&["remote", "remove", "silent"]);
    assert!(here.remote(None).unwrap().is_none());
}

#[test]
fn no_more_is_fetched_than_what_is_new() {
    let two = Two::new();
    for n in 0..50 {
        two.place.write("grows", format!("{n}\n").repeat(500));
        two.place.commit("more");
    }
    two.place.git(&["push", "-q", "origin", "main"]);
    git(&two.other(), &["pull", "-q"]);
    two.place.write("a", "edited\n");
    let (here, there) = (two.place.repository(), two.there());
    let base = here.snapshot().unwrap().commit;
    let count = |dir: &std::path::Path| {
        let told = String::from_utf8(run(dir, &["count-objects", "-v"]).stdout).unwrap();
        let number = |name: &str| {
            let line =
                told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")?.parse().ok());
            line.unwrap_or(0_u64)
        };
        number("count") + number("in-pack")
    };
    let before = [count(&two.bare()), count(&two.other())];
    remote(&here).push_bases(&fleet(), &[("task-0001".to_owned(), base.clone())]).unwrap();
    remote(&there).fetch_base(&fleet(), "task-0001", &base).unwrap();
    let after = [count(&two.bare()), count(&two.other())];
    // The commit, its tree, and the file.
    assert_eq!([after[0] - before[0], after[1] - before[1]], [3, 3]);
}
