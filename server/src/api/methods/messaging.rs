use std::sync::Arc;

use aiwg_messaging::Platform;
use aiwg_protocol::{
    ApiError,
    types::{MessagingStatus, MessagingTestParams, MessagingTested, NoParams},
};

use crate::api::Handler;

pub(crate) async fn messaging_status(handler: &Handler, _: NoParams) -> Result<MessagingStatus, ApiError> {
    let messaging = Arc::clone(&handler.api.messaging);
    let platforms = handler.read(move |reader| messaging.platforms(reader)).await?;
    Ok(MessagingStatus { platforms })
}

pub(crate) async fn messaging_test(
    handler: &Handler,
    params: MessagingTestParams,
) -> Result<MessagingTested, ApiError> {
    let named = |name: String| {
        Platform::named(&name).ok_or_else(|| {
            let why = format!("{name:?} is no platform: there are slack, discord and telegram");
            ApiError::invalid_member("platform", why)
        })
    };
    let platform = params.platform.map(named).transpose()?;
    let trials = handler.api.messaging.try_out(platform, &handler.context).await;
    Ok(MessagingTested { trials })
}
