use std::sync::OnceLock;

use aiwg_protocol::{
    ApiError,
    schema::openrpc,
    types::{Json, NoParams, OpenRpcDocument},
};

use crate::api::Handler;

pub(crate) async fn rpc_discover(handler: &Handler, _: NoParams) -> Result<OpenRpcDocument, ApiError> {
    static DOCUMENT: OnceLock<OpenRpcDocument> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| OpenRpcDocument(Json::from(openrpc())));
    handler.answer_of(document.0.as_str().len(), || document.clone()).await
}
