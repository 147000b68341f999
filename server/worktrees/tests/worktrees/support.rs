//! A repository for a test, and how it stands.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use aiwg_worktrees::{Commit, Kept, Ready, Repository, Use};

/// A repository, with the directory of its work trees beside it.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    /// An empty repository.
    pub(crate) fn empty() -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(place.root()).unwrap();
        place.git(&["init", "-q", "-b", "main"]);
        place
    }

    /// A repository with a commit: a file `a` with three lines, `dir/b`, and a `.gitignore` for `ignored` and `*.log`.
    pub(crate) fn new() -> Self {
        let place = Self::empty();
        place.write("a", "1\n2\n3\n");
        place.write("dir/b", "b\n");
        place.write(".gitignore", "/ignored\n*.log\n.env*\n");
        place.commit("first");
        place
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join("project")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.dir.path().join("state/aiwg/worktrees/project-1")
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        write(&self.root().join(name), text);
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.root().join(name)).unwrap()
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(&self.root(), arguments)
    }

    pub(crate) fn commit(&self, text: &str) -> Commit {
        self.git(&["add", "--all"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", text]);
        self.head()
    }

    pub(crate) fn head(&self) -> Commit {
        Commit::of(&self.git(&["rev-parse", "HEAD"])).unwrap()
    }

    pub(crate) fn repository(&self) -> Repository {
        Repository::find(&self.root(), &self.home()).unwrap().with_patience(Duration::from_millis(300))
    }

    /// The names and contents of a commit's files.
    pub(crate) fn files(&self, commit: &Commit) -> BTreeMap<String, String> {
        let listed = self.git(&["ls-tree", "-r", "-z", "--full-tree", commit.hash()]);
        let entries = listed.split('\0').filter(|entry| !entry.is_empty());
        entries
            .map(|entry| {
                let (head, name) = entry.split_once('\t').unwrap();
                let fields: Vec<&str> = head.split(' ').collect();
                let content = run(&self.root(), &["cat-file", "blob", fields[2]]).stdout;
                let content = String::from_utf8_lossy(&content).into_owned();
                let kind = match fields[0] {
                    "120000" => "-> ",
                    "100755" => "* ",
                    _ => "",
                };
                (name.to_owned(), format!("{kind}{content}"))
            })
            .collect()
    }

    /// All that a person has and that only apply may change: the bytes of the index, the refs, `HEAD`, and the files.
    pub(crate) fn state(&self) -> BTreeMap<String, Vec<u8>> {
        let mut state = tree(&self.root());
        state.insert("the index".to_owned(), fs::read(self.root().join(".git/index")).unwrap_or_default());
        state.insert("the HEAD".to_owned(), fs::read(self.root().join(".git/HEAD")).unwrap());
        state.insert(
            "the refs".to_owned(),
            run(&self.root(), &["for-each-ref", "refs/heads", "refs/tags"]).stdout,
        );
        state
    }

    /// Temporary files in the repository: there are none.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let all = walk(&self.root().join(".git"));
        let all = all.into_iter().map(|name| name.to_string_lossy().into_owned());
        all.filter(|name| name.contains("tmp_") || name.ends_with("aiwg-apply")).collect()
    }
}

/// The only run of a task.
pub(crate) const ONE: Use<'static> = Use { task: "task-0001", launch: 1 };
/// That of another task.
pub(crate) const TWO: Use<'static> = Use { task: "task-0002", launch: 1 };
/// That of a third one.
pub(crate) const THREE: Use<'static> = Use { task: "task-0003", launch: 1 };

pub(crate) fn write(path: &Path, text: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(crate) fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

pub(crate) fn run(dir: &Path, arguments: &[&str]) -> Output {
    let who = [
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "protocol.file.allow=always",
    ];
    let mut git = Command::new("git");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git.env_remove(name);
    }
    git.arg("-C").arg(dir).args(who).args(arguments).output().unwrap()
}

pub(crate) fn git(dir: &Path, arguments: &[&str]) -> String {
    let done = run(dir, arguments);
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim_end().to_owned()
}

/// A slot that is ready for a run, with the project's files as they are.
pub(crate) fn ready(repository: &Repository, n: u32, of: Use<'_>) -> (Ready, Commit) {
    let base = repository.snapshot().unwrap().commit;
    (repository.prepare(n, &base, of).unwrap(), base)
}

/// The numbers of a result.
pub(crate) fn numbers(kept: &Kept) -> (u64, u64, u64) {
    (kept.files, kept.insertions, kept.deletions)
}

/// The files in a directory with their contents, those of git left out.
pub(crate) fn tree(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let names = walk(dir).into_iter().filter(|name| !name.starts_with(".git"));
    let names = names.chain(dir.join(".gitignore").exists().then(|| ".gitignore".into()));
    let names = names.filter(|name| !dir.join(name).symlink_metadata().unwrap().is_dir());
    names
        .map(|name| {
            let path = dir.join(&name);
            let content = match path.symlink_metadata().unwrap() {
                found if found.is_symlink() => {
                    fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
                }
                found if found.is_file() => fs::read(&path).unwrap(),
                _ => Vec::new(),
            };
            (name.to_string_lossy().into_owned(), content)
        })
        .collect()
}

fn walk(dir: &Path) -> Vec<PathBuf> {
    let (mut all, mut dirs) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(at) = dirs.pop() {
        for entry in fs::read_dir(at).unwrap().flatten() {
            let is_dir = entry.file_type().unwrap().is_dir();
            if is_dir {
                dirs.push(entry.path());
            }
            all.push(entry.path().strip_prefix(dir).unwrap().to_owned());
        }
    }
    all.sort_unstable();
    all
}
