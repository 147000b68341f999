"""A bot on slack_sdk, as its users write one: it answers messages, commands and buttons."""

import os
import threading

from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.webhook import WebhookClient

web = WebClient(token=os.environ["AIWG_SLACK_TOKEN"], base_url=os.environ["AIWG_SLACK_API_URL"])


def answer_message(event: dict) -> None:
    button = {"type": "button", "action_id": "approve", "text": {"type": "plain_text", "text": "Approve"}, "value": "1"}
    text = event["text"].replace("ping", "pong").split("> ")[-1]
    web.chat_postMessage(
        channel=event["channel"],
        thread_ts=event["ts"],
        text=text,
        blocks=[
            {"type": "section", "text": {"type": "mrkdwn", "text": text}},
            {"type": "actions", "elements": [button]},
        ],
        metadata={"event_type": "pong", "event_payload": {"text": text}},
    )


def take(client: SocketModeClient, request: SocketModeRequest) -> None:
    payload = request.payload
    if request.type == "slash_commands":
        client.send_socket_mode_response(SocketModeResponse(request.envelope_id, {"text": "at once"}))
        WebhookClient(payload["response_url"]).send(text=f"you said {payload['text']}", response_type="in_channel")
        return
    client.send_socket_mode_response(SocketModeResponse(request.envelope_id))
    if request.type == "events_api" and payload["event"]["type"] == "app_mention":
        answer_message(payload["event"])
    elif request.type == "interactive":
        web.chat_update(
            channel=payload["channel"]["id"], ts=payload["message"]["ts"], text=f"approved by {payload['user']['id']}", blocks=[]
        )


assert web.auth_test()["ok"]
bot = SocketModeClient(app_token=os.environ["AIWG_SLACK_APP_TOKEN"], web_client=web, ping_interval=1)
bot.socket_mode_request_listeners.append(take)
bot.connect()
threading.Event().wait()
