//! Writes `schema/`, the JavaScript and Python clients, `docs/protocol.md`, `docs/mcp.md` and test vectors from the definition.
//!
//! A small compiler: [`model`] lowers the definition once, from JSON Schema to a model that knows no language; each
//! language's folder turns the model into views for its templates. What is wrong in the output is mended in the model or in a
//! view, never in the text.
//!
//! The same compiler writes typed events for the topics that a project declares ([`events`]). The command does with that
//! alone, without the feature `repository`.
#![cfg_attr(
    not(feature = "repository"),
    allow(dead_code, unused_imports, reason = "the languages write the clients, too")
)]

#[cfg(feature = "repository")]
mod docs;
mod error;
mod events;
#[cfg(feature = "repository")]
mod files;
mod generated_file;
mod js;
mod layout;
mod model;
#[cfg(feature = "repository")]
mod output;
mod python;
mod render;
mod rust;
#[cfg(feature = "repository")]
mod samples;
#[cfg(feature = "repository")]
mod schema;
#[cfg(all(test, feature = "repository"))]
mod tests;
mod text;
#[cfg(feature = "repository")]
mod vectors;

pub use error::GenerateError;
pub use events::{Language, events};
#[cfg(feature = "repository")]
pub use files::{Difference, check, write};
pub use generated_file::Output;
pub use model::{DeclaredTopic, DeclaredTopics};
#[cfg(feature = "repository")]
pub use output::outputs;

/// The command that rewrites the output, as messages and the heads of the files name it.
pub const COMMAND: &str = "scripts/generate";
