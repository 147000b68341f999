//! Tests of moves between the stores, with every kind of row.

use aiwg_store::{Kind, STAYING, TABLES, Table};
use rusqlite::{Connection, types::ValueRef};

use super::*;
use server::{Cluster, PASSWORD};

#[allow(dead_code, unreachable_pub, clippy::print_stderr)]
#[path = "../../../tests/postgres/cluster.rs"]
mod server;

/// The tables in which there are more rows than are read at once.
const LONG: [&str; 4] = ["task", "event", "hold", "answer"];

/// The number of rows that these have beside those of the others.
const MORE: i64 = 1100;

/// A project whose store has so many rows of every kind.
struct Filled {
    _dir: tempfile::TempDir,
    project: Project,
}

impl Filled {
    fn with(rows: i64) -> Self {
        let (_dir, project) = Project::temporary();
        drop(SqliteStore::open(&project.database()).unwrap());
        let database = Connection::open(project.database()).unwrap();
        let transaction = database.unchecked_transaction().unwrap();
        for table in TABLES {
            let more = if rows > 100 && LONG.contains(&table.name) { MORE } else { 0 };
            for no in 1..=rows + more {
                insert(&transaction, table, no);
            }
        }
        transaction.commit().unwrap();
        Self { _dir, project }
    }

    fn own(&self) -> Connection {
        Connection::open(self.project.database()).unwrap()
    }

    fn to(&self, to: Option<&Address>) -> Result<Report, MigrateError> {
        let options = Options {
            project: self.project.root().to_owned(),
            to: to.map_or(To::Here, |_| To::Address("postgres://tester@db/work".to_owned())),
            dry_run: false,
        };
        Moving::of(&self.project)?.to(to, &options)
    }

    /// Back, from an address that no configuration names.
    fn back(&self, address: &Address) -> Carried {
        let mut moving = Moving::of(&self.project).unwrap();
        let carried = moving.back(address).unwrap();
        moving.own.close(true).unwrap();
        carried
    }
}

/// A row in which every column holds something of its own; every second row has nothing in those that may be empty.
fn insert(database: &Connection, table: &Table, no: i64) {
    let may_be_empty: Vec<bool> = database
        .prepare(&format!("SELECT name, \"notnull\" = 0 AND pk = 0 FROM pragma_table_info('{}')", table.name))
        .unwrap()
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .fold(vec![false; table.columns.len()], |mut all, (name, is_empty)| {
            let at = table.columns.iter().position(|(column, _)| *column == name).unwrap();
            all[at] = is_empty;
            all
        });
    let values: Vec<String> = table
        .columns
        .iter()
        .enumerate()
        .map(|(at, (name, kind))| match kind {
            _ if may_be_empty[at] && no % 2 == 0 => "NULL".to_owned(),
            Kind::Integer if ["until", "span"].contains(name) => format!("{}", 1_795_860_000_000 + no),
            Kind::Integer if ["is_notice", "is_repeat", "counts", "enabled"].contains(name) => {
                (no % 2).to_string()
            }
            Kind::Integer => no.to_string(),
            Kind::Real => format!("{no}.1"),
            Kind::Blob => format!("x'00ff{no:08x}'"),
            // As a state has to be, where that is what it is.
            Kind::Text if *name == "state" && table.name == "task" => "'completed'".to_owned(),
            Kind::Text => format!("'{name} é {no}'"),
        })
        .collect();
    let columns: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let sql = format!("INSERT INTO {} ({}) VALUES ({})", table.name, columns.join(", "), values.join(", "));
    database.execute(&sql, []).unwrap();
}

/// All rows of all tables but those that stay, in the order of their keys.
fn dump(database: &Connection) -> Vec<String> {
    let mut all = Vec::new();
    for table in TABLES {
        let columns: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        let keys = columns[..table.key].join(", ");
        let kept = if table.name == "cursor" { "WHERE source NOT IN ('host', 'store')" } else { "" };
        let sql = format!("SELECT {} FROM {} {kept} ORDER BY {keys}", columns.join(", "), table.name);
        let mut select = database.prepare(&sql).unwrap();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let held: Vec<String> = (0..columns.len())
                .map(|at| match row.get_ref(at).unwrap() {
                    ValueRef::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
                    other => format!("{other:?}"),
                })
                .collect();
            all.push(format!("{}: {}", table.name, held.join(", ")));
        }
    }
    all
}

fn address(cluster: &Cluster, name: &str) -> Address {
    Address::new(&cluster.url(name)).unwrap().with_password(PASSWORD)
}

fn refused(moved: Result<Report, MigrateError>) -> String {
    moved.err().unwrap().to_string()
}

/// The rows of the named tables that a PostgreSQL has.
fn rows(cluster: &Cluster, project: &str, table: &str) -> String {
    cluster.psql(&format!("SELECT count(*) FROM \"aiwg_{project}\".{table}"))
}

#[test]
fn every_table_of_both_databases_is_moved_or_known_to_stay() {
    let known: Vec<String> = {
        let mut known: Vec<String> = TABLES
            .iter()
            .flat_map(|table| table.columns.iter().map(|(name, _)| format!("{}.{name}", table.name)))
            .collect();
        known.sort();
        known
    };
    let staying = STAYING.map(|name| format!("'{name}'")).join(", ");
    let filled = Filled::with(0);
    let own = filled.own();
    let mut here: Vec<String> = own
        .prepare(&format!(
            "SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name NOT IN ({staying})"
        ))
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    here.sort();
    assert_eq!(here, known, "aiwg_store::TABLES says what is moved, and STAYING what stays");
    let Some(cluster) = Cluster::start() else { return };
    drop(PostgresStore::open(&address(&cluster, "one")).unwrap());
    let there = cluster.psql(&format!(
        "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'aiwg_one' AND table_name NOT IN ({staying})"
    ));
    let mut there: Vec<String> = there.lines().map(str::to_owned).collect();
    there.sort();
    assert_eq!(there, known, "aiwg_store::TABLES says what is moved, and STAYING what stays");
}

#[test]
fn every_row_goes_there_and_back() {
    let Some(cluster) = Cluster::start() else { return };
    let filled = Filled::with(134);
    let before = dump(&filled.own());
    let there = address(&cluster, "shop");
    let moved = filled.to(Some(&there)).unwrap();
    assert_eq!(moved.outcome, Outcome::Moved);
    assert!(
        moved
            .tables
            .iter()
            .all(|table| table.rows == 134 || LONG.contains(&table.table) && table.rows == 1234),
        "{:?}",
        moved.tables
    );
    assert_eq!(rows(&cluster, "shop", "task"), "1234");
    assert_eq!(dump(&filled.own()), before, "the source is left as it was");
    // What it gives itself goes on after what was given here.
    for (table, columns, values) in [
        ("origin", "who", "'x'"),
        ("firing", "rule, at, event, matches, task, counts", "'x', 1, 1, 1, 1, 1"),
        ("rule_revision", "rule, n, at, definition", "'x', 1, 1, 'x'"),
    ] {
        let sql = format!("INSERT INTO aiwg_shop.{table} ({columns}) VALUES ({values}) RETURNING id");
        assert_eq!(cluster.psql(&sql), "135", "{table}");
        cluster.psql(&format!("DELETE FROM aiwg_shop.{table} WHERE id = 135"));
    }
    // Once more is nothing.
    assert_eq!(filled.to(Some(&there)).unwrap().outcome, Outcome::AlreadyThere);
    let other = refused(filled.to(Some(&address(&cluster, "other"))));
    assert!(other.contains("--to sqlite"), "{other}");

    // What happens there comes back, in place of what was left.
    cluster.psql(
        "UPDATE aiwg_shop.task SET result = 'there' WHERE no = 7; DELETE FROM aiwg_shop.event WHERE seq = 5",
    );
    let carried = filled.back(&there);
    assert_eq!(carried.changes, Default::default());
    let after = dump(&filled.own());
    assert_eq!(after.len(), before.len() - 1);
    let differs: Vec<&String> = after.iter().filter(|row| !before.contains(row)).collect();
    assert!(differs.len() == 1 && differs[0].contains("\"there\""), "{differs:?}");
    // And once more to the same place, where what was left is of before.
    filled.to(Some(&there)).unwrap();
    assert_eq!(rows(&cluster, "shop", "event"), "1233");
    filled.back(&there);
    assert_eq!(dump(&filled.own()), after);
}

#[test]
fn what_differs_is_said_and_what_cannot_be_read_is_refused() {
    let Some(cluster) = Cluster::start() else { return };
    let filled = Filled::with(3);
    let own = filled.own();
    own.execute_batch(
        "UPDATE task SET prompt = 'a' || char(0) || 'b' || char(0), result = char(0) WHERE no = 2;
         UPDATE event SET payload = char(0) WHERE seq < 3;
         UPDATE usage SET turns = 1e300 WHERE day = (SELECT min(day) FROM usage);",
    )
    .unwrap();
    let moved = filled.to(Some(&address(&cluster, "one"))).unwrap();
    let said: Vec<(&str, u64)> =
        moved.null_characters.iter().map(|(column, count)| (column.as_str(), *count)).collect();
    assert_eq!(said, [("event.payload", 2), ("task.prompt", 1), ("task.result", 1)]);
    assert_eq!(moved.numbers["usage.turns"], 1);
    assert_eq!(cluster.psql("SELECT prompt FROM aiwg_one.task WHERE no = 2"), "a\u{fffd}b\u{fffd}");
    assert_eq!(cluster.psql("SELECT max(turns) FROM aiwg_one.usage"), "9007199254740991");

    let filled = Filled::with(3);
    filled.own().execute_batch("UPDATE run SET reason = x'ff' WHERE task = 2").unwrap();
    let why = refused(filled.to(Some(&address(&cluster, "two"))));
    assert!(why.contains("table run with task = 2, n = 2 holds bytes in reason"), "{why}");
    filled.own().execute_batch("UPDATE run SET reason = CAST(x'ff' AS TEXT) WHERE task = 2").unwrap();
    let why = refused(filled.to(Some(&address(&cluster, "two"))));
    assert!(why.contains("reason of run") && why.contains("utf-8"), "{why}");
    assert_eq!(rows(&cluster, "two", "task"), "0", "nothing of it has happened");
    filled.own().execute_batch("UPDATE run SET reason = 'done'").unwrap();
    filled.to(Some(&address(&cluster, "two"))).unwrap();
}

#[test]
fn nothing_is_replaced_that_somebody_may_need() {
    let Some(cluster) = Cluster::start() else { return };
    let (one, two) = (Filled::with(2), Filled::with(3));
    let there = address(&cluster, "shop");
    one.to(Some(&there)).unwrap();
    let owner = || cluster.psql("SELECT owner FROM aiwg_shop.project");
    let is_refused = || {
        let before = owner();
        let why = refused(two.to(Some(&there)));
        assert!(why.contains("not empty") && why.contains("2 tasks, 2 runs"), "{why}");
        assert!(why.contains("?project=NAME"), "{why}");
        assert_eq!(owner(), before, "it belongs to whom it did");
    };
    is_refused();
    // One that nobody has claimed, as of a dump that was put back.
    cluster.psql("DELETE FROM aiwg_shop.host; UPDATE aiwg_shop.project SET owner = NULL");
    is_refused();
    assert_eq!(rows(&cluster, "shop", "task"), "2");
    // One that somebody else has claimed, and has nothing in yet.
    let claimed = address(&cluster, "claimed");
    let id = "00000001-0000-4000-8000-000000000000".to_owned();
    let other = aiwg_model::HostRow { id, place: "/elsewhere".to_owned(), ..aiwg_model::HostRow::default() };
    PostgresStore::open(&claimed).unwrap().join(&other, false).unwrap();
    let why = refused(two.to(Some(&claimed)));
    assert!(why.contains("another project's") && why.contains("/elsewhere"), "{why}");
    // The directory has tasks of its own that are not those of the PostgreSQL.
    let mixed = Filled::with(0);
    mixed.to(Some(&address(&cluster, "mixed"))).unwrap();
    let own = mixed.own();
    own.execute("DELETE FROM cursor WHERE source = 'store'", []).unwrap();
    insert(&own, &TABLES[0], 1);
    let mut moving = Moving::of(&mixed.project).unwrap();
    let why = moving.back(&address(&cluster, "mixed")).err().unwrap().to_string();
    assert!(why.contains("not empty") && why.contains("1 tasks") && why.contains("daemon.db"), "{why}");
    let noted = cluster.psql("SELECT count(*) FROM aiwg_mixed.cursor WHERE source = 'store'");
    assert_eq!(noted, "0", "a move that is refused leaves no note");
}

#[test]
fn whatever_arrives_otherwise_is_noticed() {
    let filled = Filled::with(5);
    let mut moving = Moving::of(&filled.project).unwrap();
    let other = Filled::with(0);
    let mut into = Moving::of(&other.project).unwrap();
    let from = moving.own.view().unwrap();
    let mut to = into.own.begin().unwrap();
    let carried = carry(&*from, &mut *to).unwrap();
    verify(&carried, &*to).unwrap();
    to.commit().unwrap();
    for change in [
        "UPDATE task SET result = 'other' WHERE no = 1",
        "UPDATE task SET result = (SELECT result FROM task WHERE no = 3) WHERE no = 1",
        "DELETE FROM hold WHERE task = 2",
        "UPDATE spending SET usd = usd + 1e-9",
        "UPDATE answer SET call = x'' WHERE span = (SELECT min(span) FROM answer)",
        "UPDATE event SET cause = '' WHERE seq = 2",
    ] {
        let own = other.own();
        own.execute_batch(&format!("BEGIN; {change}")).unwrap();
        own.execute_batch("COMMIT").unwrap();
        let mut again = Moving::of(&other.project).unwrap();
        let why = verify(&carried, &*again.own.view().unwrap()).err().unwrap().to_string();
        assert!(why.contains("what has arrived is not what was sent"), "{change}: {why}");
        let mut back = again.own.begin().unwrap();
        carry(&*from, &mut *back).unwrap();
        back.commit().unwrap();
    }
}

#[test]
fn a_database_of_an_earlier_version_is_brought_up_to_date_first() {
    let Some(cluster) = Cluster::start() else { return };
    let (_dir, project) = Project::temporary();
    let own = Connection::open(project.database()).unwrap();
    own.execute_batch(include_str!("../../../tests/e2e/stored/daemon.sql")).unwrap();
    let there = address(&cluster, "old");
    let options = Options { project: project.root().to_owned(), to: To::Here, dry_run: true };
    let looked = look::look(&project, Some(&there), &options).unwrap();
    assert!(looked.notes[0].contains("older version") && looked.tables.is_empty(), "{looked:?}");
    let version =
        |own: &Connection| own.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0)).unwrap();
    let before = version(&own);
    let moved = Moving::of(&project).unwrap().to(Some(&there), &options).unwrap();
    assert!(version(&own) > before);
    let tasks: u64 = own.query_row("SELECT count(*) FROM task", [], |row| row.get(0)).unwrap();
    assert!(moved.tables[0].rows == tasks && tasks > 5, "{:?}", moved.tables[0]);
    assert_eq!(rows(&cluster, "old", "task"), tasks.to_string());
}

#[test]
fn a_look_counts_and_says_what_stands_against_it() {
    let Some(cluster) = Cluster::start() else { return };
    let filled = Filled::with(2);
    let there = address(&cluster, "shop");
    let look = |to: Option<&Address>| {
        let to_typed = to.map_or(To::Here, |_| To::Address("postgres://tester@db/work".to_owned()));
        let options = Options { project: filled.project.root().to_owned(), to: to_typed, dry_run: true };
        look::look(&filled.project, to, &options)
    };
    let looked = look(Some(&there)).unwrap();
    assert!(looked.tables.iter().all(|table| table.rows == 2 && table.digest.is_none()), "{looked:?}");
    assert!(looked.against.is_empty() && !looked.next.is_empty(), "{looked:?}");
    assert_eq!(cluster.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'aiwg_shop'"), "0");
    assert_eq!(look(None).unwrap().outcome, Outcome::AlreadyThere);
    // Somebody else is there.
    Filled::with(1).to(Some(&there)).unwrap();
    let looked = look(Some(&there)).unwrap();
    assert!(looked.against[0].contains("not empty") && looked.next.is_empty(), "{looked:?}");
    // A lock that is held.
    let held = Lock::take(&filled.project, None, true).unwrap().unwrap();
    assert!(look(None).unwrap().against[0].contains("aiwg daemon stop"));
    drop(held);
    // No address of it is known here.
    filled.to(Some(&address(&cluster, "other"))).unwrap();
    assert_eq!(look(Some(&address(&cluster, "other"))).unwrap().outcome, Outcome::AlreadyThere);
    assert!(look(Some(&there)).unwrap().against[0].contains("--to sqlite"));
    let unknown = look(None).err().unwrap().to_string();
    assert!(unknown.contains("set AIWG_STORE"), "{unknown}");
}
