use std::sync::Arc;

use aiwg_messaging::Platform;
use aiwg_protocol::{
    ApiError,
    types::{MessagingStatus, MessagingTestParams, MessagingTested, NoParams},
};

use crate::api::Handler;

pub(crate) async fn messaging_status(handler: &Handler, _: NoParams) -> Result<MessagingStatus, ApiError> {
    let messaging = Arc::clone(&handler.api.messaging);
    handler
        .read(move |reader| {
            let platforms = messaging.platforms(reader)?;
            let waits = if platforms.is_empty() { (None, None) } else { messaging.waits(reader)? };
            let (muted_until, quiet_until) = waits;
            Ok(MessagingStatus { platforms, muted_until, quiet_until })
        })
        .await
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
