//! Every method of the service, from the definition.

use aiwg_protocol::{for_each_method, types::*};
use tokio::task::unconstrained;

use crate::{client::DaemonClient, error::ClientError, traces::Traced};

macro_rules! methods {
    ($($(#[doc = $doc:literal])* fn $name:ident = $wire:literal($params:ty) -> $result:ty;)*) => {
        impl DaemonClient {
            $(
                $(#[doc = $doc])*
                ///
                /// # Errors
                /// The daemon's answer, or that there was none.
                pub async fn $name(&self, params: $params) -> Result<$result, ClientError> {
                    // Or the runtime would now and then put off the first poll of a call, and calls after it would be sent before it.
                    let call = async {
                        let within = self.within();
                        let (stub, context) = self.ready(within).await?;
                        Self::outcome(within, stub.$name(context, params).await)
                    };
                    let traced = Traced::begin($wire);
                    traced.end(unconstrained(call).await)
                }
            )*
        }
    };
}
for_each_method!(methods);
