//! See `ignore` in `src`, which an ordinary test tries as well.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| aiwg_server_fuzz::ignore(text));
