//! Writes `schema/`, the JavaScript and Python clients, `docs/protocol.md` and test vectors from the definition.
//!
//! A small compiler: [`model`] lowers the definition once, from JSON Schema to a model that knows no language; each
//! language's folder turns the model into views for its templates. What is wrong in the output is mended in the model or in a
//! view, never in the text.

mod docs;
mod error;
mod files;
mod generated_file;
mod js;
mod layout;
mod model;
mod output;
mod python;
mod render;
mod schema;
#[cfg(test)]
mod tests;
mod text;
mod vectors;

pub use error::GenerateError;
pub use files::{Difference, check, write};
pub use generated_file::Output;
pub use output::outputs;

/// The command that rewrites the output, as messages and the heads of the files name it.
pub const COMMAND: &str = "scripts/generate";
