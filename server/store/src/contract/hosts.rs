//! Hosts: what is stored of each.

use aiwg_model::{HostRow, RunRow, RunStart};

use super::{Backend, at, commit, queue, runs::start, task};

fn host(id: &str, instance: u64) -> HostRow {
    HostRow {
        id: id.to_owned(),
        instance,
        name: "ant".to_owned(),
        place: "/work on ant".to_owned(),
        labels: vec!["home".to_owned(), "gpu".to_owned()],
        version: "1.0.0".to_owned(),
        started_at: at(1),
        seen_at: at(2),
        draining_at: None,
        lost_at: None,
        left_at: None,
    }
}

/// Hosts are kept in the order of their starts, each with what has become of it, and what runs there is counted.
pub fn hosts_are_kept(backend: &dyn Backend) {
    let mut store = backend.store();
    assert_eq!(store.view().unwrap().hosts().unwrap(), []);
    let (a, b) = (host("a", 2), host("b", 1));
    commit(&mut *store, |tx| [&a, &b].into_iter().try_for_each(|host| tx.set_host(host)));
    assert_eq!(store.view().unwrap().hosts().unwrap(), [b.clone(), a.clone()]);
    let (one, two) = (queue(&mut *store, 1, &task("x")), queue(&mut *store, 2, &task("y")));
    let run = |task, n| RunStart { host: Some("a"), ..start(task, n, RunRow::AGENT, None) };
    commit(&mut *store, |tx| {
        for no in [one, two] {
            tx.start(no, at(3))?;
            tx.begin_run(&run(no, 1))?;
        }
        tx.begin_run(&RunStart { host: None, ..run(two, 1) })
    });
    assert_eq!(store.view().unwrap().runs(one).unwrap()[0].host.as_deref(), Some("a"));
    let reader = backend.reader();
    assert_eq!(reader.hosts().unwrap(), [(b.clone(), 0), (a.clone(), 1)]);

    let again = HostRow { instance: 3, left_at: Some(at(9)), labels: Vec::new(), ..b.clone() };
    commit(&mut *store, |tx| {
        tx.set_host(&again)?;
        tx.drain_host("a", Some(at(4)))
    });
    let drained = HostRow { draining_at: Some(at(4)), ..a };
    assert_eq!(reader.hosts().unwrap(), [(drained.clone(), 1), (again, 0)]);
    assert!(store.begin().unwrap().drain_host("c", None).is_err(), "there is none");
    let lost = commit(&mut *store, |tx| {
        Ok([tx.lose_host("a", Some(at(1)), at(5))?, tx.lose_host("c", None, at(5))?])
    });
    assert_eq!(lost, [false, false], "it was heard of since, and there is none");
    let lost = commit(&mut *store, |tx| {
        tx.drain_host("a", None)?;
        Ok([tx.lose_host("a", Some(at(2)), at(5))?, tx.lose_host("a", None, at(6))?])
    });
    assert_eq!(lost, [true, false], "it is lost once");
    assert_eq!(reader.hosts().unwrap()[0].0, HostRow { draining_at: None, lost_at: Some(at(5)), ..drained });
}
