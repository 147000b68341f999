use aiwg_protocol::{
    ApiError,
    types::{Metrics, MetricsGetParams},
};

use crate::{
    api::{Handler, answer::Part},
    components::telemetry::metrics,
};

pub(crate) async fn metrics_get(handler: &Handler, params: MetricsGetParams) -> Result<Metrics, ApiError> {
    handler.settled().await;
    let format = params.format.unwrap_or_default();
    handler
        .answer(|_| async {
            let _place = handler.place().await;
            Ok(Part::new(metrics(&handler.context, &handler.api.components, format).await?, false))
        })
        .await
}
