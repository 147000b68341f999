//! The shim as a program of its own, without all that `aiwg` is besides: it starts in half the time. `aiwg` is a shim as well, where this one
//! is not beside it.

// Without what the standard library does before a program: it looks at its own memory map for the end of a stack, for a tenth of a millisecond.
#![no_main]

use std::{
    ffi::{c_char, c_int},
    io::Write,
};

/// By this a daemon knows the program of its own build.
#[used]
static MARK: &str = aiwg_shim::MARK;

// SAFETY: this is the program's only symbol of that name, with the type that the C library calls.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
extern "C" fn main(_count: c_int, _arguments: *const *const c_char) -> c_int {
    if aiwg_shim::is_started_by_daemon() {
        return aiwg_shim::run().into();
    }
    let refusal = "only a daemon starts it, and what has started this one is none: use `aiwg`";
    let _ = writeln!(std::io::stderr(), "{}{refusal}", std::hint::black_box(MARK));
    1
}
