"""Writes slack.json: the arguments of the Web API's methods as slack_sdk declares them, and the limits of its blocks.

`python extract.py FOLDER`, with the Python that has slack_sdk. Slack publishes no current machine-readable description of
the Web API (its OpenAPI document ended in 2021), and none of Block Kit: the limits here are those that the models of
slack_sdk hold blocks to.
"""

import inspect
import json
import sys
import typing
from pathlib import Path

from slack_sdk import WebClient
from slack_sdk.models import blocks
from slack_sdk.version import __version__

METHODS = [
    "apps.connections.open",
    "auth.test",
    "auth.teams.list",
    "bots.info",
    "chat.delete",
    "chat.getPermalink",
    "chat.postEphemeral",
    "chat.postMessage",
    "chat.update",
    "conversations.history",
    "conversations.info",
    "conversations.list",
    "conversations.members",
    "conversations.open",
    "conversations.replies",
    "reactions.add",
    "reactions.remove",
    "team.info",
    "users.info",
    "views.open",
    "views.update",
]

# What slack_sdk sends as a header, Slack also takes as an argument.
COMMON = {"token": {"type": "string"}}


def schema_of(annotation) -> dict:
    """The JSON Schema of a type in a signature. What is an object of slack_sdk arrives as an object or a list."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Union:
        kinds = [schema_of(arg) for arg in args if arg is not type(None)]
        unique = [kind for n, kind in enumerate(kinds) if kind not in kinds[:n]]
        return unique[0] if len(unique) == 1 else {"anyOf": unique}
    if annotation is str:
        return {"type": "string"}
    if annotation is bool:
        return {"type": "boolean"}
    if annotation is int:
        return {"type": "integer"}
    if annotation is float:
        return {"type": "number"}
    if origin in (list, tuple) or (inspect.isclass(origin) and issubclass(origin, typing.Sequence)):
        return {"type": "array"}
    return {"type": "object"}


def arguments(method: str) -> dict:
    signature = inspect.signature(getattr(WebClient, method.replace(".", "_")))
    properties, required = dict(COMMON), []
    for name, parameter in signature.parameters.items():
        if name == "self" or parameter.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        properties[name] = schema_of(parameter.annotation)
        if parameter.default is inspect.Parameter.empty:
            required.append(name)
    # The app's token goes into the header, like every other.
    if method == "apps.connections.open":
        properties.pop("app_token")
        required.remove("app_token")
    body = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"body": {**body, "required": required} if required else body}


def kinds(base) -> dict:
    """The models of a kind of part by the `type` that they send; of two with one type, the more general."""
    found, waiting = {}, list(base.__subclasses__())
    while waiting:
        model = waiting.pop(0)
        waiting += model.__subclasses__()
        if isinstance(getattr(model, "type", None), str):
            found.setdefault(model.type, model)
    return dict(sorted(found.items()))


def limits(model) -> dict:
    """The numbers a model of slack_sdk holds its members to: {member: greatest length}."""
    return {
        name.removesuffix("_max_length"): value
        for name, value in inspect.getmembers(model)
        if name.endswith("_max_length") and isinstance(value, int)
    }


def members(model) -> list:
    """The names that a model takes."""
    found = {"type"}
    for one in inspect.getmro(model):
        for parameter in inspect.signature(one.__init__).parameters.values():
            if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                found.add(parameter.name)
    return sorted(found - {"self", "subtype"})


def parts(base) -> dict:
    return {kind: {"members": members(model), "max": limits(model)} for kind, model in kinds(base).items()}


def main(folder: str) -> None:
    calls = {method: arguments(method) for method in METHODS}
    source = f"slack_sdk {__version__} (PyPI, MIT): the signatures of WebClient, the limits of slack_sdk.models.blocks"
    line = lambda members: ",\n".join(f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in members.items())
    text = (
        f'{{\n  "source": {json.dumps(source)},\n  "calls": {{\n{line(calls)}\n  }},\n'
        f'  "$defs": {{}},\n  "blocks": {{\n{line(parts(blocks.Block))}\n  }},\n'
        f'  "elements": {{\n{line(parts(blocks.BlockElement))}\n  }}\n}}\n'
    )
    Path(folder, "slack.json").write_text(text, encoding="utf-8")


main(sys.argv[1])
