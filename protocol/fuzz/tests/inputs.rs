//! Seeds and mutations of them, tried on the wire.

use aiwg_protocol_fuzz::Target;

fn target(name: &str) -> Target {
    Target::new(env!("CARGO_MANIFEST_DIR"), name)
}

#[test]
fn lines() {
    target("lines").try_inputs(5_000, aiwg_protocol_fuzz::lines);
}

#[test]
fn transport() {
    target("transport").try_inputs(5_000, aiwg_protocol_fuzz::transport);
}

#[test]
#[should_panic(expected = "an input that is found")]
fn what_is_wrong_is_found() {
    target("transport").try_inputs(1_000, |input| assert!(!input.ends_with(b"}}"), "an input that is found"));
}
