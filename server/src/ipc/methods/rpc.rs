use std::sync::OnceLock;

use aiwg_protocol::{
    ApiError,
    schema::openrpc,
    types::{Json, NoParams, OpenRpcDocument},
};

use crate::ipc::connection::Handler;

pub(crate) async fn rpc_discover(_: &Handler, _: NoParams) -> Result<OpenRpcDocument, ApiError> {
    static DOCUMENT: OnceLock<OpenRpcDocument> = OnceLock::new();
    Ok(DOCUMENT.get_or_init(|| OpenRpcDocument(Json::from(openrpc()))).clone())
}
