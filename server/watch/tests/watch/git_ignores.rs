//! The ignored files are those that git ignores, by the word of `git check-ignore`.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use aiwg_watch::{Kind, Options, Verdict};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::support::Project;

/// A repository that no configuration but its own has an influence on.
fn repository() -> Project {
    let project = Project::new(&[]);
    project.sh("git init -q .");
    project
}

/// The paths that git ignores.
fn ignored_by_git(project: &Project, paths: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut git = Command::new("git")
        .args(["check-ignore", "--no-index", "-z", "--stdin"])
        .current_dir(project.path(""))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = git.stdin.take().unwrap();
    for path in paths {
        input.write_all(path.as_os_str().as_bytes()).unwrap();
        input.write_all(&[0]).unwrap();
    }
    drop(input);
    let output = git.wait_with_output().unwrap().stdout;
    let names = output.split(|&byte| byte == 0).filter(|name| !name.is_empty());
    names.map(|name| PathBuf::from(std::ffi::OsStr::from_bytes(name))).collect()
}

fn ignored_here(options: &Options, paths: &[PathBuf]) -> BTreeSet<PathBuf> {
    let is_ignored = |path: &&PathBuf| options.verdict(path, Kind::Modified).unwrap() == Verdict::Ignored;
    paths.iter().filter(is_ignored).cloned().collect()
}

#[track_caller]
fn git_agrees(project: &Project, paths: &[&str]) {
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    for path in &paths {
        project.mkdir(path.parent().unwrap().to_str().unwrap());
    }
    assert_eq!(ignored_here(&project.options(), &paths), ignored_by_git(project, &paths));
}

#[test]
fn bytes_that_are_no_text_cost_no_line() {
    let project = repository();
    fs::write(project.path(".gitignore"), b"*.log\n# \xdcbersetzte\nnode_modules/\nw\xfcst\nnul\0x\ndist/\n")
        .unwrap();
    git_agrees(&project, &["a.log", "node_modules/a/x.js", "dist/out.js", "src/a.js", "nul", "nul0x"]);
    let name = PathBuf::from(std::ffi::OsStr::from_bytes(b"w\xfcst"));
    assert_eq!(ignored_here(&project.options(), std::slice::from_ref(&name)), [name.clone()].into());
}

#[test]
fn lines_are_read_as_git_reads_them() {
    for (lines, paths) in [
        ("a{b,c}\n{x}\n*.{ts,js}\n", ["ab", "a{b,c}", "{x}", "x", "a.ts", "a.{ts,js}"]),
        ("[[:upper:]]x\n[[:digit:]a]y\n[!a]z\n[]q]w\n", ["Ax", "ax", "1y", "az", "bz", "]w"]),
        ("\u{feff}bom\nafter\n", ["bom", "\u{feff}bom", "after", "x", "y", "z"]),
        ("crlf\r\nmid\rdle\r\nlast\r", ["crlf", "mid\rdle", "last", "last\r", "crlf\r", "x"]),
        ("two  \nkept\\ \nkept2\\  \ntab\t\n\\#a\n\\!b\n", ["two", "kept ", "kept2 ", "tab", "#a", "!b"]),
        (
            "**/deep/x\na/**/b\nc/**\n**d\n**/e/\n***\\f\n",
            ["y/deep/x", "a/b", "a/x/y/b", "c/x", "x/e/f", "xd"],
        ),
        ("dir/\n!dir/kept\n", ["dir/kept", "dir/x", "sub/dir/kept", "dirx", "x/dirx", "d"]),
        ("dir/*\n!dir/kept\n!dir/sub/\n", ["dir/kept", "dir/x", "dir/sub/a", "dir/other/a", "x/dir/x", "d"]),
        ("/\n//\n/ \n!\n\\\na\\\n", ["a", "a\\", "\\", "b", "!", "x/a"]),
        ("[a\nb[]\nc\\d\n?\n\\*\n", ["[a", "a", "b[]", "cd", "*", "xx"]),
        ("./a\nb/./c\n../d\n/e//f\n", ["a", "b/c", "d", "e/f", "x", "y"]),
        ("foo/bar\n/foo2/bar\nbaz\n", ["foo/bar", "x/foo/bar", "foo2/bar", "x/baz", "baz/x", "x/foo2/bar"]),
    ] {
        let project = repository();
        fs::write(project.path(".gitignore"), lines).unwrap();
        git_agrees(&project, &paths);
    }
}

#[test]
fn git_follows_no_link_in_the_work_tree_and_those_outside_of_it() {
    let project = repository();
    project.write("rules", "*.o\n");
    project.link("rules", ".gitignore");
    project.write("sub/.gitignore", "*.p\n");
    project.remove(".git/info/exclude");
    project.write("excludes", "*.q\n");
    project.link("../../excludes", ".git/info/exclude");
    git_agrees(&project, &["a.o", "sub/a.o", "sub/a.p", "a.q"]);
}

#[test]
fn the_repositorys_configuration_counts_with_what_it_includes() {
    let project = repository();
    project.write("mine", "*.mine\nUpper\n");
    project.write(".git/more", "[core]\n\texcludesFile = mine\n\tignoreCase = true\n");
    project.sh("git config include.path more");
    project.write(".gitignore", "*.Log\n/Lit/eral\n");
    git_agrees(&project, &["a.mine", "upper", "UPPER", "a.LOG", "a.log", "lit/eral", "other"]);
    project.sh("git config core.ignorecase false; git config core.excludesFile \"$PWD/elsewhere\"; echo '*.x' >elsewhere");
    git_agrees(&project, &["a.mine", "a.x", "upper", "a.LOG", "a.Log", "lit/eral"]);
}

/// Pieces that patterns are made of.
const PIECES: &[&str] = &[
    "a",
    "b",
    "A",
    "a",
    "/",
    "/",
    "*",
    "*",
    "**",
    "?",
    "[ab]",
    "[!a]",
    "[a-c]",
    "[[:alpha:]]",
    "\\",
    "\\*",
    "!",
    "#",
    " ",
    "{a,b}",
    ".",
    "**/",
    "/**",
    "[",
    "]",
    "-",
];

fn lines() -> impl Strategy<Value = Vec<String>> {
    let line = vec(select(PIECES), 1..6).prop_map(|pieces| pieces.concat());
    let prefixed = (prop::bool::weighted(0.2), line, prop::bool::weighted(0.2));
    let line = prefixed.prop_map(|(is_negated, line, is_directory)| {
        format!("{}{line}{}", if is_negated { "!" } else { "" }, if is_directory { "/" } else { "" })
    });
    vec(line, 1..6)
}

/// Every path of up to three of these names.
fn paths() -> Vec<PathBuf> {
    let names = ["a", "b", "A", "ab", "*", "a b"];
    let mut paths: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
    let mut last = paths.clone();
    for _ in 0..2 {
        last = last.iter().flat_map(|path| names.iter().map(move |name| path.join(name))).collect();
        paths.extend(last.iter().cloned());
    }
    paths
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn git_agrees_on_any_patterns(top in lines(), below in lines()) {
        let project = repository();
        project.write(".gitignore", &top.join("\n"));
        project.write("a/.gitignore", &below.join("\n"));
        // Where a path is a directory in one case and a file in another, git goes by what is there: there is nothing but `a`.
        let paths = paths();
        let there = |path: &Path| path.starts_with("a") || path.components().count() == 1;
        let paths: Vec<_> = paths.into_iter().filter(|path| path.as_path() != Path::new("a") && there(path)).collect();
        prop_assert_eq!(ignored_here(&project.options(), &paths), ignored_by_git(&project, &paths));
    }
}
