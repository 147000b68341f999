//! Which call a request of the REST API is, and its answer.

use serde_json::{Map, Value, json};

use super::interactions::{callback, original};
use super::{State, commands, error, interactions, messages, rate_limited};
use crate::answer::Answer;
use crate::check::{DISCORD, Part};
use crate::incoming::{Body, Incoming, segments};
use crate::server::{Call, Shared};
use crate::settings::RateLimit;

/// The variables of a path that fits a template: `/channels/{channel_id}` and `/channels/7`.
fn variables(template: &str, path: &[String]) -> Option<Map<String, Value>> {
    let parts: Vec<&str> = template.split('/').skip(1).collect();
    if parts.len() != path.len() {
        return None;
    }
    let mut found = Map::new();
    for (part, segment) in parts.into_iter().zip(path) {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => {
                found.insert(name.to_owned(), segment.clone().into());
            }
            None if part == segment => {}
            None => return None,
        }
    }
    Some(found)
}

/// Reads a request: `/discord/api/v10/...`, with a body in JSON.
pub(crate) fn read(incoming: &Incoming) -> Call {
    let segments = segments(&incoming.path);
    let mut misfits = Vec::new();
    if segments.get(2).is_none_or(|version| version != "v10") {
        misfits.push(format!("{} names no version 10 of the API", incoming.path));
    }
    let path = segments.get(3..).unwrap_or_default();
    let method = incoming.method.as_str();
    let known = DISCORD.calls().filter_map(|call| call.strip_prefix(method)?.strip_prefix(' '));
    let found = known.filter_map(|template| Some((template, variables(template, path)?)));
    // A name is closer than a variable: `/webhooks/{id}/{token}/messages/@original`.
    let (name, ids) = match found.min_by_key(|(_, ids)| ids.len()) {
        Some((template, ids)) => (format!("{method} {template}"), ids),
        None => {
            misfits.push(format!("{method} {} is no call that the stand-in has", incoming.path));
            (format!("{method} /{}", path.join("/")), Map::new())
        }
    };
    let body = match &incoming.body {
        Body::None => Value::Null,
        Body::Json(value) => value.clone(),
        Body::Form(_) => {
            misfits.push("body: Discord reads no forms".to_owned());
            Value::Null
        }
        Body::Unreadable(reason) => {
            misfits.push(reason.clone());
            Value::Null
        }
    };
    if DISCORD.knows(&name) {
        misfits.extend(DISCORD.check(&name, Part::Query, &incoming.query.clone().into()));
        misfits.extend(DISCORD.check(&name, Part::Body, &body));
    }
    let params = json!({ "path": ids, "query": incoming.query, "body": body });
    Call { name, path: incoming.path.clone(), token: incoming.token("Bot"), params, misfits, number: 0 }
}

/// The limit of a call's bucket. Of most calls Discord publishes none; this one is far from what a bot needs.
fn limit(shared: &Shared, call: &str) -> RateLimit {
    match call {
        "POST /channels/{channel_id}/messages" => shared.settings.discord_messages,
        _ => RateLimit { requests: 50, window: std::time::Duration::from_secs(1) },
    }
}

pub(crate) fn carry_out(shared: &Shared, _: &Incoming, call: &Call) -> Answer {
    // What has a token in its path needs no other.
    let is_open = call.name.contains("{interaction_token}") || call.name.contains("{webhook_token}");
    if !is_open && call.token != Some(shared.discord.read(|state| state.token.clone())) {
        return error(401, 0, "401: Unauthorized");
    }
    let limit = limit(shared, &call.name);
    shared.discord.change(|state| {
        let bucket =
            format!("{} {}", call.name, call.params["path"]["channel_id"].as_str().unwrap_or_default());
        let allowance = state.limiter.take(&bucket, limit);
        let reset_after = allowance.reset_after.as_secs_f64();
        let answer =
            if allowance.is_allowed { dispatch(shared, state, call) } else { rate_limited(reset_after) };
        #[allow(clippy::cast_precision_loss)]
        let reset = jiff::Timestamp::now().as_millisecond() as f64 / 1000.0 + reset_after;
        answer
            .with("x-ratelimit-limit", limit.requests)
            .with("x-ratelimit-remaining", allowance.remaining)
            .with("x-ratelimit-reset", format!("{reset:.3}"))
            .with("x-ratelimit-reset-after", format!("{reset_after:.3}"))
            .with("x-ratelimit-bucket", bucket_name(&call.name))
    })
}

/// "A unique string denoting the rate limit being encountered (non-inclusive of top-level resources in the path)".
fn bucket_name(call: &str) -> String {
    let sum = call.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    format!("{sum:016x}")
}

fn dispatch(shared: &Shared, state: &mut State, call: &Call) -> Answer {
    let params = &call.params;
    let (ids, body) = (&params["path"], &params["body"]);
    let id = |name: &str| ids[name].as_str().unwrap_or_default();
    let json = |value: Value| Answer::json(200, &value);
    let (channel, message) = (id("channel_id"), id("message_id"));
    match call.name.as_str() {
        "GET /users/@me" => json(state.bot()),
        "GET /oauth2/applications/@me" | "GET /applications/@me" => json(commands::application(state)),
        "GET /gateway" => json(json!({ "url": gateway_url(shared) })),
        "GET /gateway/bot" => json(json!({
            "url": gateway_url(shared), "shards": 1,
            "session_start_limit": {
                "total": 1000, "remaining": state.identifies_left, "reset_after": 86_400_000, "max_concurrency": 1,
            },
        })),
        "GET /guilds/{guild_id}" if id("guild_id") == state.guild => json(state.guild_json()),
        "GET /guilds/{guild_id}" => error(404, 10_004, "Unknown Guild"),
        "GET /channels/{channel_id}" => {
            messages::in_channel(state, channel, |state| json(state.channels[channel].json()))
        }
        "GET /channels/{channel_id}/messages" => messages::list(state, channel, &params["query"]),
        "POST /channels/{channel_id}/messages" => messages::create(state, channel, body),
        "GET /channels/{channel_id}/messages/{message_id}" => messages::get(state, channel, message),
        "PATCH /channels/{channel_id}/messages/{message_id}" => messages::edit(state, channel, message, body),
        "DELETE /channels/{channel_id}/messages/{message_id}" => messages::delete(state, channel, message),
        "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me" => {
            messages::react(state, channel, message, id("emoji_name"))
        }
        "POST /channels/{channel_id}/messages/{message_id}/threads" => {
            messages::thread(state, channel, message, body)
        }
        "POST /channels/{channel_id}/typing" => messages::in_channel(state, channel, |state| {
            state.typing.push(channel.to_owned());
            Answer::empty(204)
        }),
        "POST /users/@me/channels" => {
            let id = state.direct_channel(body["recipient_id"].as_str().unwrap_or_default());
            json(state.channels[&id].json())
        }
        "POST /interactions/{interaction_id}/{interaction_token}/callback" => callback(
            state,
            id("interaction_id"),
            id("interaction_token"),
            params,
            shared.settings.discord_answer_within,
        ),
        "POST /webhooks/{webhook_id}/{webhook_token}" => {
            interactions::follow_up(state, id("webhook_token"), body)
        }
        "GET /webhooks/{webhook_id}/{webhook_token}/messages/@original" => {
            original(state, id("webhook_token"), messages::get)
        }
        "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original" => {
            interactions::edit_original(state, id("webhook_token"), body)
        }
        "DELETE /webhooks/{webhook_id}/{webhook_token}/messages/@original" => {
            original(state, id("webhook_token"), messages::delete)
        }
        name if name.ends_with("/commands") => commands::carry_out(state, name, id("guild_id"), body),
        _ => error(404, 0, "404: Not Found"),
    }
}

fn gateway_url(shared: &Shared) -> String {
    format!("ws://{}/discord/gateway/", shared.address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_fits_its_template() {
        let path = segments("/channels/7/messages/8/reactions/%F0%9F%91%80/@me");
        let template = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me";
        let found = variables(template, &path).unwrap();
        assert_eq!(Value::from(found), json!({ "channel_id": "7", "message_id": "8", "emoji_name": "👀" }));
        assert_eq!(variables("/channels/{channel_id}", &path), None);
        assert_eq!(variables("/guilds/{id}", &segments("/channels/7")), None);
    }
}
