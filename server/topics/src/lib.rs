//! The one checked entry for the schemas of a project's topics: JSON Schema 2020-12 with references within the schema only.
//!
//! Nothing is ever fetched. Before anything compiles a schema, its size, its depth and its references are looked at: one that
//! refers to itself without going into the payload would never end, and one that multiplies its parts would not end in time.
//! Patterns are of the engine that takes linear time.
//!
//! ```
//! use aiwg_topics::{Part, PayloadSchema, look_up};
//! use serde_json::json;
//!
//! let schema = json!({ "type": "object", "properties": { "version": { "type": "string" } }, "additionalProperties": false });
//! let compiled = PayloadSchema::new(&schema)?;
//! assert!(compiled.check(r#"{"version": "1.2.3"}"#).is_ok());
//! assert_eq!(compiled.check(r#"{"version": 1}"#).unwrap_err()[0].path, "/version");
//! let can_have = |name: &str| look_up(&schema, &[Part::Name(name.to_owned())]).is_ok();
//! assert!(can_have("version") && !can_have("versoin"));
//! # Ok::<(), aiwg_topics::SchemaError>(())
//! ```

mod check;
mod empty;
mod error;
mod keywords;
mod lookup;
mod misfits;
mod misspelt;
mod parts;
mod payload;
mod quick;
mod reference;

pub use error::{SchemaError, Step};
pub use lookup::{NoMember, Part, look_up};
pub use misfits::{MOST_MISFITS, Misfit, without_its_middle};
pub use misspelt::{Misspelt, misspelt};
pub use payload::PayloadSchema;

#[cfg(test)]
mod tests;
