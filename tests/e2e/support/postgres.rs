//! The store of the tests' projects, where that is a PostgreSQL: `AIWG_TEST_STORE=postgres`.

#[allow(dead_code, unreachable_pub)]
#[path = "../../postgres/cluster.rs"]
mod cluster;

use std::{env, path::Path, sync::OnceLock};

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

/// True, and said, where the tests' projects have their stores in a PostgreSQL: this test is about the one in the directory.
pub(crate) fn is_about_sqlite(what: &str) -> bool {
    if is_asked_for() {
        eprintln!("SKIPPED with AIWG_TEST_STORE=postgres: {what}");
    }
    is_asked_for()
}
