"""A client whose types are all generated elsewhere: it emits an event of the project's own, and asks for the daemon's status."""

import json
import socket
import sys
from typing import Any, cast

import api
from events.deployment_complete import DeploymentComplete
from events.deployment_complete_environment import DeploymentCompleteEnvironment
from events.event_emit_answer import EventEmitAnswer
from events.event_emit_message import EventEmitMessage
from events.event_emit_method import EventEmitMethod
from events.event_emit_params import EventEmitParams
from events.json_rpc_version import JsonRpcVersion

connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
lines = connection.makefile()


def ask(request: str) -> Any:
    connection.sendall(request.encode() + b"\n")
    return json.loads(lines.readline())


payload = DeploymentComplete(version="1.2.3", environment=DeploymentCompleteEnvironment.STAGING)
message = EventEmitMessage(
    jsonrpc=JsonRpcVersion.NUMBER_2_DOT_0,
    id=1,
    method=EventEmitMethod.EVENT_DOT_EMIT,
    params=EventEmitParams(topic="deployment:complete", payload=payload.model_dump(mode="json")),
)
emitted = EventEmitAnswer.model_validate(ask(message.model_dump_json(exclude_none=True)))
assert emitted.result is not None, emitted
params: api.EventListParams = {"since": emitted.result.seq - 1, "topics": ["deployment:*"]}
listed = ask(json.dumps({"jsonrpc": "2.0", "id": 2, "method": "event.list", "params": params}))
events = cast("list[api.Event]", listed["result"])
assert [event["topic"] for event in events] == ["deployment:complete"], listed
status = cast(api.DaemonStatusType, ask('{"jsonrpc": "2.0", "id": 3, "method": "daemon.status"}')["result"])
print(f"python: event {emitted.result.seq}, a {status['health']} daemon of protocol {status['protocol_version']}")
