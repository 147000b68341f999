//! The calls by which editors save: one `modified` each.

use std::{
    fs::{self, File},
    io::Write,
};

use crate::support::{Project, modified};

#[test]
fn in_place_as_nano() {
    let project = Project::new(&["src/a.ts"]);
    let watched = project.watch();
    let mut file = File::options().write(true).truncate(true).open(project.path("src/a.ts")).unwrap();
    file.write_all(b"a line\n").unwrap();
    file.write_all(b"another\n").unwrap();
    file.sync_all().unwrap();
    drop(file);
    watched.assert_reported(&[modified("src/a.ts")]);
}

#[test]
fn write_and_rename_as_vs_code_jetbrains_and_sed() {
    for temporary in ["src/.a.ts.tmp", "src/a.ts___jb_tmp___", "src/sedXYZabc"] {
        let project = Project::new(&["src/a.ts"]);
        let watched = project.watch();
        let mut file = File::create_new(project.path(temporary)).unwrap();
        file.write_all(b"another").unwrap();
        let mode = fs::metadata(project.path("src/a.ts")).unwrap().permissions();
        file.set_permissions(mode).unwrap();
        file.sync_all().unwrap();
        drop(file);
        project.rename(temporary, "src/a.ts");
        watched.assert_reported(&[modified("src/a.ts")]);
    }
}

#[test]
fn two_renames_as_jetbrains_with_a_backup() {
    let project = Project::new(&["src/a.ts"]);
    let watched = project.watch();
    project.write("src/a.ts___jb_tmp___", "another");
    project.rename("src/a.ts", "src/a.ts___jb_old___");
    project.rename("src/a.ts___jb_tmp___", "src/a.ts");
    project.remove("src/a.ts___jb_old___");
    watched.assert_reported(&[modified("src/a.ts")]);
}

#[test]
fn backup_by_rename_as_vim() {
    let project = Project::new(&["src/a.ts"]);
    let watched = project.watch();
    // Editing begins.
    project.write("src/.a.ts.swp", "swap");
    project.write("src/.a.ts.swx", "");
    project.remove("src/.a.ts.swx");
    watched.assert_reported(&[]);
    // :w
    project.write("src/4913", "");
    project.remove("src/4913");
    project.rename("src/a.ts", "src/a.ts~");
    let mut file = File::create_new(project.path("src/a.ts")).unwrap();
    file.write_all(b"another").unwrap();
    file.sync_all().unwrap();
    drop(file);
    project.remove("src/a.ts~");
    watched.assert_reported(&[modified("src/a.ts")]);
    project.remove("src/.a.ts.swp");
    watched.assert_reported(&[]);
}

#[test]
fn backup_by_copy_as_emacs() {
    let project = Project::new(&["src/a.ts"]);
    let watched = project.watch();
    project.link("user@host.123", "src/.#a.ts");
    project.write("src/#a.ts#", "automatic");
    fs::copy(project.path("src/a.ts"), project.path("src/a.ts~")).unwrap();
    project.write("src/a.ts", "another");
    project.remove("src/#a.ts#");
    project.remove("src/.#a.ts");
    watched.assert_reported(&[modified("src/a.ts")]);
}

#[test]
fn sed_itself() {
    let project = Project::new(&["a", "b"]);
    let watched = project.watch();
    project.sh("sed -i s/a/x/ a");
    watched.assert_reported(&[modified("a")]);
}

#[test]
fn vim_itself_where_there_is_one() {
    let project = Project::new(&["a.txt"]);
    for setting in ["set backupcopy=no", "set backupcopy=yes", "set backup"] {
        let watched = project.watch();
        let command = format!(
            "command -v vim >/dev/null || {{ echo x >>a.txt; exit 0; }}; \
             vim -u NONE -N -es -c '{setting}' -c 'normal ox' -c wq a.txt </dev/null >/dev/null 2>&1 || true"
        );
        project.sh(&command);
        watched.assert_reported(&[modified("a.txt")]);
    }
}
