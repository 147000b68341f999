//! See `config` in `src`, which an ordinary test tries as well.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| aiwg_server_fuzz::config(text));
