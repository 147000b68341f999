//! The positions of sources.

use std::collections::HashMap;

use aiwg_model::{Cursor, OnlyIf};
use aiwg_protocol::types::Timestamp;

use crate::{SqliteReader, SqliteStore};

#[test]
fn a_cursor_moves_only_from_where_it_must_be_and_is_forgotten_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&dir.path().join("db")).unwrap();
    let at = Timestamp::from_millis;
    let to = |value: &str, only_if| Cursor { only_if, ..Cursor::moved("a", "k", value) };
    let mut moves = |cursor: &Cursor| {
        let may = store.writer.may_move(cursor).unwrap();
        if may {
            store.writer.move_cursor(cursor).unwrap();
        }
        may
    };
    assert!(!moves(&to("1", OnlyIf::At("0".to_owned()))));
    assert!(moves(&to("1", OnlyIf::Unseen)));
    assert!(!moves(&to("2", OnlyIf::Unseen)));
    assert!(moves(&to("2", OnlyIf::At("1".to_owned()))));
    assert!(moves(&to("3", OnlyIf::Always)));
    let seen = |key: &str, until| Cursor { until, ..Cursor::moved("b", key, "") };
    for cursor in [seen("old", Some(at(1))), seen("new", Some(at(9))), seen("for ever", None)] {
        assert!(moves(&cursor));
    }
    assert_eq!(store.writer.prune_cursors(at(5), 10).unwrap(), 1);
    let reader = SqliteReader::open(&dir.path().join("db")).unwrap();
    assert_eq!(reader.cursors("a").unwrap(), HashMap::from([("k".to_owned(), "3".to_owned())]));
    let mut left: Vec<String> = reader.cursors("b").unwrap().into_keys().collect();
    left.sort();
    assert_eq!(left, ["for ever", "new"]);
    store.writer.move_cursor(&Cursor { value: None, ..to("", OnlyIf::Always) }).unwrap();
    assert!(store.writer.cursors("a").unwrap().is_empty());
}
