use aiwg_protocol::{
    ApiError,
    types::{BudgetStatus, NoParams},
};

use crate::{api::Handler, engine};

pub(crate) async fn budget_status(handler: &Handler, _: NoParams) -> Result<BudgetStatus, ApiError> {
    let loaded = handler.context.settings.get();
    let now = handler.context.engine.now();
    handler.read(move |reader| engine::budget_status(&loaded.config, reader, now)).await
}
