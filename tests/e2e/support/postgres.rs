//! The store of the tests' projects, where that is a PostgreSQL: `AIWG_TEST_STORE=postgres`.

#[allow(dead_code, unreachable_pub)]
#[path = "../../postgres/cluster.rs"]
mod cluster;

use std::{env, path::Path, process::Command, sync::OnceLock};

pub(crate) use cluster::{Cluster, PASSWORD};

/// The variable with the address of a server that is there already, up to its query: that of `scripts/test`.
const SERVER: &str = "AIWG_TEST_POSTGRES";

/// True if the tests' projects have their stores in a PostgreSQL.
pub(crate) fn is_asked_for() -> bool {
    env::var("AIWG_TEST_STORE").is_ok_and(|store| store == "postgres")
}

/// The variables of a project's daemon in this directory, if it is to have its store in a PostgreSQL: each directory is a project of its own there.
pub(crate) fn variables(project: &Path) -> Vec<(&'static str, String)> {
    if !is_asked_for() {
        return Vec::new();
    }
    let id = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = project.file_name().unwrap().to_string_lossy().chars().map(id).collect();
    let address = match env::var(SERVER) {
        Ok(server) => format!("{server}?project={name}"),
        Err(_) => {
            static OWN: OnceLock<Cluster> = OnceLock::new();
            OWN.get_or_init(|| Cluster::start().unwrap()).url(&name)
        }
    };
    vec![("AIWG_STORE", address), ("PGPASSWORD", PASSWORD.to_owned())]
}

/// Executes a statement beside the daemon of a project in this directory, wherever its store is, and gives the rows of it as texts.
pub(crate) fn execute(project: &Path, sql: &str) -> Vec<Vec<String>> {
    let variables = variables(project);
    let Some((_, address)) = variables.first() else { return execute_here(project, sql) };
    let (address, name) = address.split_once("?project=").unwrap();
    let done = Command::new("psql")
        .args([
            "-XAtq",
            "-F",
            "\u{1f}",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            &format!("SET search_path = \"aiwg_{name}\""),
            "-c",
            sql,
            address,
        ])
        .env("PGPASSWORD", PASSWORD)
        .output()
        .unwrap();
    assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8(done.stdout).unwrap();
    text.lines().map(|line| line.split('\u{1f}').map(str::to_owned).collect()).collect()
}

fn execute_here(project: &Path, sql: &str) -> Vec<Vec<String>> {
    let database = rusqlite::Connection::open(project.join(".aiwg/daemon/daemon.db")).unwrap();
    let mut statement = database.prepare(sql).unwrap();
    let columns = statement.column_count();
    if columns == 0 {
        statement.execute([]).unwrap();
        return Vec::new();
    }
    let text = |value: rusqlite::types::Value| match value {
        rusqlite::types::Value::Null => String::new(),
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        other => panic!("{other:?}"),
    };
    let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column).map(text)).collect());
    rows.unwrap().map(Result::unwrap).collect()
}

/// True, and said, where the tests' projects have their stores in a PostgreSQL: this test is about the one in the directory.
pub(crate) fn is_about_sqlite(what: &str) -> bool {
    if is_asked_for() {
        eprintln!("SKIPPED with AIWG_TEST_STORE=postgres: {what}");
    }
    is_asked_for()
}
