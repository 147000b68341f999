//! Messages to platforms.

use aiwg_model::{MessageCounts, MessageNo, MessageRow, MessageState, NewMessage, OutboxLane};
use aiwg_protocol::types::{Json, Timestamp};

use super::{Backend, at, commit};

fn message(platform: &str, chat: &str, due: i64) -> NewMessage {
    NewMessage {
        platform: platform.to_owned(),
        chat: chat.to_owned(),
        thread: Some("3".to_owned()),
        is_notice: due % 2 == 0,
        severity: u8::try_from(due % 3).unwrap(),
        content: Json::from_text(r#"{"text":{"text":"hi"}}"#).unwrap(),
        about: (due == 5).then(|| "approval-0001".to_owned()),
        due_at: at(due),
        expires_at: at(100),
    }
}

/// A message is read as it was stored, changes its state, and its number is never given again.
pub fn a_message_goes_from_state_to_state(backend: &dyn Backend) {
    let mut store = backend.store();
    let no = commit(&mut *store, |tx| tx.add_message(&message("telegram", "7", 5), at(1)));
    let stored = store.view().unwrap().message(no).unwrap().unwrap();
    let waiting = MessageRow {
        no,
        message: message("telegram", "7", 5),
        state: MessageState::Waiting,
        created_at: at(1),
        attempts: 0,
        is_repeat: false,
        sent_as: None,
        error: None,
    };
    assert_eq!(stored, waiting);
    let sending = MessageRow { state: MessageState::Sending, attempts: 1, is_repeat: true, ..waiting };
    commit(&mut *store, |tx| tx.set_message(&sending));
    assert_eq!(store.view().unwrap().messages_sending().unwrap(), std::slice::from_ref(&sending));
    assert!(store.view().unwrap().outbox_lanes().unwrap().is_empty());
    let counts = |waiting, unknown, dead: u64| MessageCounts {
        platform: "telegram".to_owned(),
        waiting,
        unknown,
        dead,
        latest_dead: (dead > 0).then(|| {
            "a message of 2026-11-28T10:00:01Z to the chat 7 could not be sent (\"hi\"): gone".to_owned()
        }),
    };
    assert_eq!(backend.reader().message_counts().unwrap(), [counts(1, 1, 0)]);
    let dead = MessageRow { state: MessageState::Dead, error: Some("gone".to_owned()), ..sending.clone() };
    commit(&mut *store, |tx| tx.set_message(&dead));
    assert_eq!(backend.reader().message_counts().unwrap(), [counts(0, 0, 1)]);
    let sent = MessageRow { state: MessageState::Sent, sent_as: Some("99".to_owned()), ..sending };
    commit(&mut *store, |tx| tx.set_message(&sent));
    assert_eq!(store.view().unwrap().messages_about("approval-0001").unwrap(), [sent]);
    let mut asking = |chat| store.view().unwrap().messages_asking("telegram", chat).unwrap();
    assert_eq!((asking("7"), asking("8")), (vec!["99".to_owned()], vec![]));
    assert_eq!(commit(&mut *store, |tx| tx.prune_messages(at(1), 10)), 0);
    assert_eq!(commit(&mut *store, |tx| tx.prune_messages(at(2), 10)), 1);
    assert!(!commit(&mut *store, |tx| tx.remove_message(no)));
    drop(store);
    let mut store = backend.store();
    assert_eq!(
        commit(&mut *store, |tx| tx.add_message(&message("slack", "C", 1), at(1))),
        MessageNo(no.0 + 1)
    );
}

/// What asks for an approval is found before all that waits for its chat, in its order.
pub fn what_is_asked_is_found_first(backend: &dyn Backend) {
    let mut store = backend.store();
    commit(&mut *store, |tx| {
        for due in [1, 2, 7, 5, 5] {
            let message = message("slack", "C", due);
            let about = (due == 7).then(|| "approval-0002/0".to_owned()).or(message.about.clone());
            tx.add_message(&NewMessage { about, ..message }, at(0))?;
        }
        Ok(())
    });
    let first = |store: &mut dyn crate::Store, now| {
        store.view().unwrap().next_asked("slack", "C", at(now), 1).unwrap().map(|row| row.no)
    };
    assert_eq!((first(&mut *store, 4), first(&mut *store, 9)), (None, Some(MessageNo(4))));
    commit(&mut *store, |tx| tx.remove_message(MessageNo(4)));
    assert_eq!((first(&mut *store, 6), first(&mut *store, 9)), (Some(MessageNo(5)), Some(MessageNo(5))));
    commit(&mut *store, |tx| tx.remove_message(MessageNo(5)));
    assert_eq!((first(&mut *store, 6), first(&mut *store, 9)), (None, Some(MessageNo(3))));
    assert_eq!(store.view().unwrap().next_asked("slack", "D", at(9), 1).unwrap(), None);
}

/// The messages of each chat are found in their order; those that are too old are not sent any more.
pub fn messages_wait_by_chat(backend: &dyn Backend) {
    let mut store = backend.store();
    let all = [
        ("telegram", "8", 9),
        ("telegram", "7", 3),
        ("telegram", "7", 2),
        ("slack", "C", 4),
        ("telegram", "7", 3),
    ];
    commit(&mut *store, |tx| {
        all.iter().try_for_each(|(platform, chat, due)| {
            tx.add_message(&message(platform, chat, *due), at(0)).map(drop)
        })
    });
    let lane = |platform: &str, chat: &str, due| OutboxLane {
        platform: platform.to_owned(),
        chat: chat.to_owned(),
        due_at: at(due),
        is_new_notice: due % 2 == 0,
        severity: u8::try_from(due % 3).unwrap(),
    };
    let view = store.view().unwrap();
    let lanes = [lane("slack", "C", 4), lane("telegram", "7", 2), lane("telegram", "8", 9)];
    assert_eq!(view.outbox_lanes().unwrap(), lanes);
    let due = |now, limit| -> Vec<u64> {
        view.due_messages("telegram", "7", at(now), 1, limit).unwrap().iter().map(|row| row.no.0).collect()
    };
    assert_eq!((due(1, 9), due(2, 9), due(50, 9), due(50, 2)), (vec![], vec![3], vec![3, 2, 5], vec![3, 2]));
    assert_eq!(view.next_asked("telegram", "7", at(50), 1).unwrap(), None);
    let behind = |chat, count| view.is_behind("telegram", chat, count).unwrap();
    assert_eq!(
        [behind("7", 1), behind("7", 3), behind("7", 4), behind("7", 100)],
        [true, true, false, false]
    );
    assert!(behind("8", 1) && !behind("8", 2) && !behind("9", 1));
    drop(view);
    // One that goes before all others is a later one.
    let first = NewMessage { due_at: Timestamp::default(), ..message("telegram", "7", 1) };
    let no = commit(&mut *store, |tx| tx.add_message(&first, at(0)));
    let view = store.view().unwrap();
    let behind = |count| view.is_behind("telegram", "7", count).unwrap();
    assert_eq!([behind(4), behind(5), behind(100)], [true, false, false]);
    assert_eq!(view.due_messages("telegram", "7", at(50), 1, 1).unwrap()[0].no, no);
    drop(view);
    commit(&mut *store, |tx| tx.remove_message(no));
    commit(&mut *store, |tx| tx.move_messages("telegram", "8", "-100"));
    assert_eq!(store.view().unwrap().outbox_lanes().unwrap()[1], lane("telegram", "-100", 9));
    assert_eq!(commit(&mut *store, |tx| tx.expire_messages("telegram", "7", at(99), 1)), 0);
    assert_eq!(commit(&mut *store, |tx| tx.expire_messages("telegram", "7", at(100), 1)), 3);
    assert_eq!(store.view().unwrap().outbox_lanes().unwrap().len(), 2);
    assert_eq!(store.view().unwrap().cursor("a", "b").unwrap(), None);
}

/// Notices below a severity are held back: what is not, is found though many are before it, and no time of theirs runs out.
pub fn notices_are_held_back_by_severity(backend: &dyn Backend) {
    let mut store = backend.store();
    let numbers = commit(&mut *store, |tx| {
        let add = |(n, severity): (usize, u8)| {
            let about = (n >= 4).then(|| "approval-0001".to_owned());
            let one = NewMessage { severity, about, ..message("slack", "C", 1 + i64::try_from(n).unwrap()) };
            tx.add_message(&one, at(0)).map(|no| no.0)
        };
        [1, 2, 3, 0, 2, 3].into_iter().enumerate().map(add).collect::<Result<Vec<_>, _>>()
    });
    let view = store.view().unwrap();
    let due = |now, least| -> Vec<usize> {
        let rows = view.due_messages("slack", "C", at(now), least, 9).unwrap();
        rows.iter().map(|row| numbers.iter().position(|no| *no == row.no.0).unwrap()).collect()
    };
    assert_eq!((due(9, 1), due(9, 2)), (vec![0, 1, 2, 3, 4, 5], vec![1, 2, 3, 4, 5]));
    assert_eq!((due(9, 3), due(9, 4), due(4, 3)), (vec![2, 3, 5], vec![3], vec![2, 3]));
    let asked = |least| view.next_asked("slack", "C", at(9), least).unwrap().map(|row| row.no.0);
    assert_eq!((asked(1), asked(3), asked(4)), (Some(numbers[4]), Some(numbers[5]), None));
    assert_eq!(view.outbox_lanes().unwrap()[0].severity, 1);
    drop(view);
    assert_eq!(commit(&mut *store, |tx| tx.expire_messages("slack", "C", at(100), 3)), 2);
    commit(&mut *store, |tx| tx.keep_notices(at(200)));
    assert_eq!(commit(&mut *store, |tx| tx.expire_messages("slack", "C", at(199), 1)), 0);
    assert_eq!(commit(&mut *store, |tx| tx.expire_messages("slack", "C", at(200), 1)), 2);
    // What someone is to decide does not expire.
    let about = store.view().unwrap().messages_about("approval-0001").unwrap();
    assert_eq!(about.iter().map(|row| row.no.0).collect::<Vec<_>>(), numbers[4..]);
    let part = |about: &str| NewMessage { about: Some(about.to_owned()), ..message("slack", "C", 1) };
    commit(&mut *store, |tx| {
        ["approval-0001/0", "approval-00010", "approval-0002/0"]
            .into_iter()
            .try_for_each(|about| tx.add_message(&part(about), at(0)).map(drop))
    });
    let about = store.view().unwrap().messages_about("approval-0001").unwrap();
    assert_eq!(about.len(), 3, "with the parts before the one that has the buttons");
}
