"""The typed events of a project whose names and schemas are as awkward as they can be."""

from __future__ import annotations

from aiwg_events import AnyTopic, DaemonClient


def right(client: DaemonClient) -> None:
    client.emit("a:b", "x")
    client.emit("a.b", 1)
    client.emit("ab")
    client.emit("from", {"from": "x"})
    client.emit("member:names", {"from": "", "class": "", "": "", "not declared": 1})
    client.emit("tree", {"value": "", "right": None, "pair": [{"value": ""}, "x"], "byName": {"a": {"value": ""}}})
    client.emit("json", {"a": [1, "x", {"b": None}]})
    client.emit("union:tagged", {"kind": "circle", "radius": 1})
    client.emit("union:shared", {"id": 1, "text": ""})
    client.emit("tuples", {"exact": [1, "x"], "short": [1], "nullable": ["a", None]})
    client.emit("open", {"a": "", "b": 1})
    client.emit("value", None)
    client.emit(AnyTopic("other:topic"), {"any": 1})


def wrong(client: DaemonClient) -> None:
    client.emit("a:b", 1)  # type: ignore[call-overload]  # pyright: ignore
    client.emit("a.b", "x")  # type: ignore[call-overload]  # pyright: ignore
    client.emit("from", {"from": 1})  # type: ignore[call-overload]  # pyright: ignore
    client.emit("union:tagged", {"kind": "circle", "side": 1})  # type: ignore[call-overload]  # pyright: ignore
    client.emit("tree", {"value": "", "left": {"value": 1}})  # type: ignore[call-overload]  # pyright: ignore
    client.emit("other:topic", {})  # type: ignore[call-overload]  # pyright: ignore
