//! See `index` in `src`, which an ordinary test tries as well.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| aiwg_server_fuzz::index(bytes));
