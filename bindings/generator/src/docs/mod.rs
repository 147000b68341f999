use crate::{GenerateError, model::Model, output::Output};
pub(crate) fn outputs(_model: &Model) -> Result<Vec<Output>, GenerateError> {
    Ok(vec![])
}
