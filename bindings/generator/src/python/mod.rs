use crate::{GenerateError, model::Model, output::Output};
pub(crate) const FOLDER: &str = "bindings/python/src/aiwg/daemon/_generated";
pub(crate) fn outputs(_model: &Model) -> Result<Vec<Output>, GenerateError> {
    Ok(vec![])
}
