use aiwg_protocol::{
    ApiError,
    config::DeclaredTopic,
    schema::own_topics,
    types::{Json, NoParams, TopicInfo, TopicSource},
};

use crate::api::Handler;

pub(crate) async fn topic_list(handler: &Handler, _: NoParams) -> Result<Vec<TopicInfo>, ApiError> {
    let loaded = handler.context.settings.get();
    // The schemas are written, which takes its time where there are many.
    let topics = handler.apart(move || {
        let declared =
            loaded.config.declared_topics().map(|DeclaredTopic { name, description, payload }| TopicInfo {
                name: name.to_owned(),
                description: description.map(str::to_owned),
                payload: Json::from(payload.clone()),
                source: TopicSource::Project,
            });
        declared.chain(own_topics()).collect()
    });
    handler.keep(topics.await?).await
}
