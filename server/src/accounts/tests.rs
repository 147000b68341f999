//! What several daemons of a user learn of its accounts, and share.

use std::sync::LazyLock;

use super::*;

fn identity() -> Identity {
    Identity { id: "a".to_owned(), program: "claude".to_owned(), login: vec!["HOME".to_owned()] }
}

fn limited(by: &str, until: Timestamp) -> RunEnd {
    let limit = Some((Some("five_hour".to_owned()), Some(until)));
    RunEnd { by: by.to_owned(), reason: aiwg_agents::Reason::Limited, limit, ..RunEnd::default() }
}

static NOW: LazyLock<Timestamp> = LazyLock::new(|| Timestamp::from_millis(1_795_888_000_000));

fn look(accounts: &Accounts, now: Timestamp) -> Look {
    accounts.look("a", &Policy::default(), &[], now)
}

#[test]
fn what_one_daemon_learns_the_others_know() {
    let dir = tempfile::tempdir().unwrap();
    let open = |name: &str| Accounts::open(Some(dir.path().join("state")), name.to_owned());
    let (one, other) = (open("one"), open("other"));
    assert_eq!(look(&other, *NOW), Look::Open);
    one.note(&identity(), &limited("run", NOW.after_ms(60_000)), *NOW);
    let Look::Closed { until: Some(until) } = look(&one, *NOW) else { panic!("it is open") };
    assert!(until >= NOW.after_ms(60_000) && until <= NOW.after_ms(63_000), "{until}");
    assert!(one.share().unwrap() && !one.share().unwrap());
    assert!(other.share().unwrap() && !other.share().unwrap());
    assert_eq!(look(&other, *NOW), look(&one, *NOW));
    // One of them tries, the other waits for what comes of it.
    assert_eq!((look(&one, until), look(&other, until)), (Look::Unclaimed, Look::Unclaimed));
    for claiming in [&other, &one] {
        assert_eq!(claiming.claim_probe("a", until), Some(until.after_ms(CLAIM_PATIENCE_MS)));
        assert_eq!(look(claiming, until), Look::Unclaimed, "the file decides");
    }
    assert!(other.share().unwrap() && one.share().unwrap());
    assert_eq!(look(&other, until), Look::Probe);
    assert!(matches!(look(&one, until), Look::Closed { .. }));
    let resume = || one.resume("a", &Policy::default(), until);
    assert!(resume() && !resume());
    assert!(one.share().unwrap() && other.share().unwrap());
    assert_eq!((look(&one, *NOW), look(&other, *NOW)), (Look::Open, Look::Open));
    assert_eq!(look(&open("later"), *NOW), Look::Open);
}

#[test]
fn the_others_hear_of_a_probe_that_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let open = |name: &str| Accounts::open(Some(dir.path().join("state")), name.to_owned());
    let (one, other) = (open("one"), open("other"));
    one.note(&identity(), &limited("run", NOW.after_ms(60_000)), *NOW);
    let began = NOW.after_ms(70_000);
    one.claim_probe("a", began);
    assert!(one.share().unwrap() && other.share().unwrap());
    let policy = Policy::default();
    let note = |starts: &[Timestamp], now| one.note_passed("a", &policy, starts, now);
    let over = began.after_ms(120_000);
    assert_eq!(one.passes_at("a", &policy, &[began]), Some(over));
    assert!(!note(&[began], NOW.after_ms(189_999)) && !note(&[*NOW], over), "that one is no probe");
    assert!(note(&[began, *NOW], over) && !note(&[began], over), "once");
    assert_eq!((look(&one, over), look(&other, over)), (Look::Open, Look::Unclaimed));
    assert!(one.share().unwrap() && other.share().unwrap());
    assert_eq!(look(&other, over), Look::Open);
    assert_eq!(one.passes_at("a", &policy, &[began]), None);
}

#[test]
fn without_a_place_it_is_known_here() {
    let dir = tempfile::tempdir().unwrap();
    let blocked = dir.path().join("file");
    std::fs::write(&blocked, "").unwrap();
    for place in [None, Some(blocked)] {
        let is_shared = place.is_some();
        let accounts = Accounts::open(place, "one".to_owned());
        accounts.note(&identity(), &limited("run", NOW.after_ms(60_000)), *NOW);
        assert!(matches!(look(&accounts, *NOW), Look::Closed { .. }), "{:?}", look(&accounts, *NOW));
        let later = NOW.after_ms(70_000);
        assert_eq!(look(&accounts, later), Look::Unclaimed);
        assert_eq!(accounts.claim_probe("a", later).is_some(), is_shared);
        assert_eq!(accounts.share().is_err(), is_shared);
        assert_eq!(look(&accounts, later), Look::Probe, "there is nobody to ask");
        assert_eq!(accounts.unshared_pauses().len(), usize::from(is_shared), "it is kept for the next time");
    }
}

#[test]
fn a_claim_that_nobody_answers_is_granted_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(Some(dir.path().join("state")), "one".to_owned());
    accounts.note(&identity(), &limited("run", NOW.after_ms(60_000)), *NOW);
    let at = NOW.after_ms(70_000);
    let until = accounts.claim_probe("a", at).unwrap();
    assert_eq!(accounts.claim_probe("a", at.after_ms(1)), Some(until));
    assert_eq!(accounts.claim_probe("a", until), None);
    assert_eq!(look(&accounts, until), Look::Probe);
    // So it is where the clock was set back.
    accounts.note(&identity(), &limited("again", until.after_ms(60_000)), until);
    let later = until.after_ms(70_000);
    assert!(accounts.claim_probe("a", later).is_some());
    assert_eq!(accounts.claim_probe("a", until), None);
}

#[test]
fn while_another_daemon_holds_the_lock_a_claim_waits_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(Some(dir.path().join("state")), "one".to_owned());
    accounts.note(&identity(), &limited("run", NOW.after_ms(60_000)), *NOW);
    assert!(accounts.share().unwrap());
    let lock = std::fs::File::options().write(true).open(dir.path().join("state/accounts.lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let at = NOW.after_ms(70_000);
    assert!(accounts.claim_probe("a", at).is_some());
    assert!(!accounts.share().unwrap_err().has_granted);
    assert_eq!(look(&accounts, at), Look::Unclaimed, "the other may have it");
    drop(lock);
    assert!(accounts.share().unwrap());
    assert_eq!(look(&accounts, at), Look::Probe);
}

#[test]
fn however_much_is_learnt_no_claim_and_no_latest_pause_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(Some(dir.path().join("state")), "one".to_owned());
    let of = |id: &str| Identity { id: id.to_owned(), ..identity() };
    accounts.note(&identity(), &limited("run", NOW.after_ms(60_000)), *NOW);
    let at = NOW.after_ms(70_000);
    let flood = || {
        (0..=MOST_UNSHARED)
            .for_each(|n| accounts.note(&of("b"), &limited(&n.to_string(), NOW.after_ms(60_000)), at))
    };
    flood();
    // Also where there is no room left.
    let until = accounts.claim_probe("a", at);
    flood();
    assert_eq!(accounts.claim_probe("a", at.after_ms(1)), until, "it is asked once");
    let known = accounts.known.borrow();
    assert_eq!(known.unshared.len(), MOST_UNSHARED);
    drop(known);
    let pauses = accounts.unshared_pauses();
    assert!(pauses.contains_key("a") && pauses["b"].contains(&format!("\"{MOST_UNSHARED}\"")), "{pauses:?}");
    assert!(accounts.share().unwrap());
    assert_eq!(look(&accounts, at), Look::Probe);
}

#[test]
fn a_pause_that_was_not_shared_outlasts_the_daemon() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Accounts::open(Some(dir.path().join("state")), "one".to_owned());
    let killed = open();
    killed.note(&identity(), &limited("run", NOW.after_ms(60_000)), *NOW);
    let kept = killed.unshared_pauses();
    let next = open();
    assert_eq!(look(&next, *NOW), Look::Open);
    next.restore(kept.values().chain([&"damaged".to_owned()]));
    assert_eq!(look(&next, *NOW), look(&killed, *NOW));
    assert!(next.share().unwrap() && next.unshared_pauses().is_empty());
    // One that had shared it was killed before its store knew of that: meanwhile someone has lifted the pause.
    assert!(next.resume("a", &Policy::default(), *NOW) && next.share().unwrap());
    let last = open();
    last.restore(kept.values());
    assert_eq!(look(&last, *NOW), Look::Open);
}

#[test]
fn what_is_learnt_while_the_file_is_written_counts_on_top_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let open = |name: &str| Accounts::open(Some(dir.path().join("state")), name.to_owned());
    let (one, other) = (open("one"), open("other"));
    let lock = std::fs::File::create(dir.path().join("state/accounts.lock"));
    assert!(lock.is_err(), "there is no directory before there is something to say");
    other.note(&Identity { id: "b".to_owned(), ..identity() }, &limited("x", NOW.after_ms(60_000)), *NOW);
    assert!(other.share().unwrap());
    one.note(&identity(), &limited("run", NOW.after_ms(60_000)), *NOW);
    let written = one.known.borrow().latest_unshared().unwrap();
    one.note(&identity(), &limited("second", NOW.after_ms(90_000)), *NOW);
    let in_file = BTreeMap::from([("b".to_owned(), other.all()["b"].clone())]);
    assert!(one.replace(in_file, written));
    let Look::Closed { until: Some(until) } = look(&one, *NOW) else { panic!("it is open") };
    assert!(until >= NOW.after_ms(90_000) && one.pause("b").is_some());
    assert_eq!(one.watch().borrow().latest_unshared(), Some(written + 1));
}
