//! What agents have written: what is read of it, wherever it has come from.

use aiwg_model::{Keep, Outcome, RunId, TaskNo};
use aiwg_protocol::types::{OutputStream, TaskState};

use super::{Backend, at, carrying::table, commit, queue, task};
use crate::{BLOCK, Cell, OutputPiece, Store, StreamOf};

fn of(task: u64, n: u32, stream: OutputStream) -> StreamOf {
    StreamOf { run: RunId { task: TaskNo(task), n }, stream }
}

fn put(store: &mut dyn Store, of: StreamOf, blocks: &[(u64, &[u8], bool)]) {
    let row = |(start, bytes, is_last): &(u64, &[u8], bool)| {
        let integer = |number: u64| Cell::Integer(number.try_into().unwrap());
        vec![
            integer(of.run.task.0),
            integer(of.run.n.into()),
            Cell::Integer(of.number()),
            integer(*start),
            Cell::Blob(bytes.to_vec()),
            integer((*is_last).into()),
        ]
    };
    let rows: Vec<Vec<Cell>> = blocks.iter().map(row).collect();
    commit(store, |tx| tx.put(table("output"), &rows));
}

fn block(with: u8) -> Vec<u8> {
    vec![with; usize::try_from(BLOCK).unwrap()]
}

/// A stream is read from any byte on, over the borders of its blocks, up to what is not kept.
pub fn an_output_is_read_in_pieces(backend: &dyn Backend) {
    let mut store = backend.store();
    let (out, err) = (of(1, 2, OutputStream::Stdout), of(1, 2, OutputStream::Stderr));
    let (a, b, c) = (block(b'a'), block(b'b'), block(b'c'));
    put(
        &mut *store,
        out,
        &[(0, &a, false), (BLOCK, &b, false), (9 * BLOCK, &c, false), (10 * BLOCK, b"end", true)],
    );
    put(&mut *store, err, &[(0, b"x", false), (1, b"", true)]);
    put(&mut *store, of(1, 1, OutputStream::Stdout), &[(0, b"earlier", true)]);
    let reader = backend.reader();
    let read = |of, from, most| reader.output(of, from, most).unwrap();
    let piece = |start, bytes: &[u8]| OutputPiece { start, bytes: bytes.to_vec(), ..OutputPiece::default() };
    let cut = |piece| OutputPiece { is_cut: true, ..piece };
    let at_end = |piece| OutputPiece { is_at_end: true, ..piece };
    let last = |piece| OutputPiece { is_at_end: true, is_last: true, ..piece };
    assert_eq!(read(out, 0, 10), piece(0, &[b'a'; 10]));
    assert_eq!(read(out, BLOCK - 1, 3), piece(BLOCK - 1, b"abb"));
    assert_eq!(read(out, BLOCK - 1, 1), piece(BLOCK - 1, b"a"));
    assert_eq!(read(out, 0, 1 << 20), cut(piece(0, &[a.clone(), b.clone()].concat())));
    assert_eq!(read(out, 2 * BLOCK - 1, 9), cut(piece(2 * BLOCK - 1, b"b")));
    // From within what is not kept it goes on after that.
    for from in [2 * BLOCK, 2 * BLOCK + 7, 9 * BLOCK] {
        assert_eq!(read(out, from, 3), piece(9 * BLOCK, b"ccc"), "{from}");
    }
    assert_eq!(read(out, 10 * BLOCK - 1, 100), last(piece(10 * BLOCK - 1, b"cend")));
    assert_eq!(read(out, 10 * BLOCK + 1, 2), last(piece(10 * BLOCK + 1, b"nd")));
    for from in [10 * BLOCK + 3, 10 * BLOCK + 4, u64::MAX] {
        let found = read(out, from, 100);
        assert!(found.bytes.is_empty() && found.is_at_end && found.is_last, "{from}: {found:?}");
    }
    assert_eq!(read(err, 0, 100), last(piece(0, b"x")));
    assert_eq!(read(of(1, 1, OutputStream::Stderr), 5, 100), at_end(piece(5, b"")));
    assert_eq!(read(of(7, 1, OutputStream::Stdout), 0, 100), at_end(piece(0, b"")));

    let tail = |of, most| reader.output_tail(of, most).unwrap();
    assert_eq!(tail(out, 4), at_end(piece(10 * BLOCK - 1, b"cend")));
    assert_eq!(tail(out, 1 << 20), at_end(piece(9 * BLOCK, &[c, b"end".to_vec()].concat())));
    assert_eq!(tail(err, 4), at_end(piece(0, b"x")));
    assert_eq!(tail(of(7, 1, OutputStream::Stdout), 4), at_end(piece(0, b"")));
}

/// What an agent has written is forgotten with its task.
pub fn an_output_goes_with_its_task(backend: &dyn Backend) {
    let mut store = backend.store();
    for no in 1..=2 {
        queue(&mut *store, no, &task("x"));
        put(&mut *store, of(no, 1, OutputStream::Stdout), &[(0, b"said", true)]);
    }
    let outcome = Outcome::without_exit(TaskState::Cancelled, "");
    commit(&mut *store, |tx| tx.finish(TaskNo(1), TaskState::Queued, &outcome, at(1)));
    let keep = Keep { since: Some(at(2)), most: None, from: None };
    assert_eq!(commit(&mut *store, |tx| tx.prune_tasks(keep, 9)), [TaskNo(1)]);
    let reader = backend.reader();
    let left = [1, 2].map(|no| reader.output(of(no, 1, OutputStream::Stdout), 0, 9).unwrap().bytes.len());
    assert_eq!((left, reader.rows_of(table("output")).unwrap()), ([0, 4], 1));
}
