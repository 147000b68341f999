//! Everything that is generated, in memory.

use crate::{
    GenerateError, docs, generated_file::Output, js, model::Model, python, samples, schema, vectors,
};

/// Folders in which every file is generated: a file that is not among the outputs is left over from an older definition.
pub(crate) const FOLDERS: &[&str] = &["schema", js::FOLDER, python::FOLDER];

/// Generates everything.
///
/// # Errors
/// The definition holds something that the generator has no word for; the message says what and where.
pub fn outputs() -> Result<Vec<Output>, GenerateError> {
    let model = Model::from_definition()?;
    let mut outputs = schema::outputs()?;
    outputs.extend(js::outputs(&model)?);
    outputs.extend(python::outputs(&model)?);
    outputs.extend(docs::outputs(&model)?);
    outputs.extend(vectors::outputs(&model)?);
    outputs.extend(samples::outputs()?);
    Ok(outputs)
}
