//! Every method of the service, from the definition.

use aiwg_protocol::{for_each_method, types::*};

use crate::{client::DaemonClient, error::ClientError};

macro_rules! methods {
    ($($(#[doc = $doc:literal])* fn $name:ident($params:ty) -> $result:ty;)*) => {
        impl DaemonClient {
            $(
                $(#[doc = $doc])*
                ///
                /// # Errors
                /// The daemon's answer, or that there was none.
                pub async fn $name(&self, params: $params) -> Result<$result, ClientError> {
                    let (stub, context) = self.ready().await?;
                    self.outcome(stub.$name(context, params).await)
                }
            )*
        }
    };
}
for_each_method!(methods);
