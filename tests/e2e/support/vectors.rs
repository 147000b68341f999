//! What the runners of the vectors share.

use serde_json::Value;

/// Whether a value is what a vector tells of it: members that it does not name may be anything.
pub(crate) fn tells(got: &Value, wanted: &Value) -> bool {
    match (got, wanted) {
        (Value::Object(got), Value::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| got.get(name).is_some_and(|got| tells(got, wanted)))
        }
        (Value::Array(got), Value::Array(wanted)) => {
            got.len() == wanted.len() && got.iter().zip(wanted).all(|(got, wanted)| tells(got, wanted))
        }
        _ => got == wanted,
    }
}
