//! The template engine, set up the same way for every language.

use minijinja::{Environment, UndefinedBehavior, Value, syntax::SyntaxConfig};

use crate::GenerateError;

/// Renders a template. A name that the view lacks is an error.
pub(crate) fn render(template: &str, view: &Value) -> Result<String, GenerateError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?,
    );
    Ok(environment.render_str(template, view)?)
}
