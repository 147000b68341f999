//! The memory that a filter reports is the most that it takes: by that, clients are given memory for theirs.

#![allow(unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use aiwg_patterns::TopicFilter;

/// The system's allocator, and how many bytes of it a thread has taken.
struct Counting;

thread_local! {
    static TAKEN: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: all is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.set(TAKEN.get().wrapping_add(layout.size()));
        // SAFETY: as called.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        TAKEN.set(TAKEN.get().wrapping_sub(layout.size()));
        // SAFETY: as called.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Topics of the characters that patterns have, the same each time.
fn topics() -> Vec<String> {
    let mut random = 1_u64;
    let mut next = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b"abcd:x0123456789"[(random >> 60) as usize])
    };
    (0..80).map(|_| (0..200).map(|_| next()).collect()).collect()
}

#[test]
fn a_filter_takes_no_more_than_it_says() {
    let topics = topics();
    let list = |pattern: &dyn Fn(usize) -> String, count| (0..count).map(pattern).collect::<Vec<_>>();
    let of_one = |pattern: String| vec![pattern];
    for patterns in [
        of_one("task:completed".to_owned()),
        of_one("task:*".to_owned()),
        list(&|n| format!("task{n}:completed"), 100),
        list(&|n| format!("app{n}:*:done"), 10),
        list(&|n| format!("app{n}:*:done"), 100),
        list(&|n| format!("*{n}*:*"), 100),
        of_one(format!("{{{}}}", list(&|n| format!("a*b*c{n}d?"), 90).join(","))),
        of_one("*a".repeat(500)),
        of_one("?".repeat(1000)),
        of_one("[!a-c]*".repeat(140)),
        of_one("{a,b}*".repeat(100)),
        of_one("[0-9a-z]?*".repeat(100)),
    ] {
        let said = TopicFilter::memory(&patterns);
        let before = TAKEN.get();
        let filter = TopicFilter::new(&patterns).unwrap();
        for topic in &topics {
            filter.is_match(topic);
        }
        let takes = TAKEN.get() - before;
        assert!(takes <= said, "{takes} bytes, not {said}: {:.60}", patterns[0]);
        // Nor does it say much more: small filters are the usual ones, and there may be many.
        assert!(said <= 64 * 1024 || takes * 20 > said, "{takes} bytes, and not {said}: {:.60}", patterns[0]);
    }
}
