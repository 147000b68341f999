"""A program with the typed events of its project: right uses pass, and each wrong one is an error."""

from __future__ import annotations

from typing import List

from aiwg_events import AsyncDaemonClient, DaemonClient, DeploymentComplete, TaskEvent, TopicEvent


def right(client: DaemonClient) -> List[str]:
    client.emit("deployment:complete", {"version": "1.2.3"})
    client.emit("deployment:complete", {"version": "1", "environment": "staging", "took": None}, offline=True, timeout=1)
    payload: DeploymentComplete = {"version": "1", "hosts": [{"name": "a", "port": 80}]}
    client.emit("deployment:complete", payload, idempotency_key="1", retry=False)
    client.emit("build:started")
    client.emit("anything:goes", [1, "x"])
    found: List[str] = []
    with client.subscribe("deployment:complete", since=0, reconnect=True) as events:
        for event in events:
            found.append(event.payload["version"])
            found.append(event.payload.get("environment", "none"))
        found.append(events.wait_for(timeout=1).payload["version"])
    for own in client.subscribe("task:completed"):
        found.append(own.payload["taskId"])
    for any_event in client.subscribe(["deployment:complete", "task:*"]):
        found.append(any_event.topic)
    failed: TopicEvent[TaskEvent] = client.wait_for("task:failed", where=lambda event: event.seq > 1, timeout=3)
    found.append(failed.payload["taskId"])
    return found


async def right_in_a_loop(client: AsyncDaemonClient) -> str:
    await client.emit("deployment:complete", {"version": "1"})
    async with client.subscribe("deployment:complete") as events:
        async for event in events:
            return event.payload["version"]
    return (await client.wait_for("deployment:complete")).payload["version"]


def wrong(client: DaemonClient, topic: str) -> None:
    client.emit("deployment:complete", {"version": 1})  # type: ignore[call-overload]  # pyright: ignore
    client.emit("deployment:complete", {})  # type: ignore[call-overload]  # pyright: ignore
    client.emit("deployment:complete")  # type: ignore[call-overload]  # pyright: ignore
    client.emit("deployment:complete", {"version": "1", "versoin": "1"})  # type: ignore[call-overload]  # pyright: ignore
    client.emit("deployment:complete", {"version": "1", "environment": "x"})  # type: ignore[call-overload]  # pyright: ignore
    client.emit("build:started", 1)  # type: ignore[call-overload]  # pyright: ignore
    client.emit("deploymnet:complete", {"version": "1"})  # type: ignore[call-overload]  # pyright: ignore
    client.emit(topic, {"version": "1"})  # type: ignore[call-overload]  # pyright: ignore
    client.emit("task:completed", {})  # type: ignore[call-overload]  # pyright: ignore
    for event in client.subscribe("deployment:complete"):
        print(event.payload["versoin"])  # type: ignore[typeddict-item]  # pyright: ignore


async def wrong_in_a_loop(client: AsyncDaemonClient) -> None:
    await client.emit("deployment:complete", {"version": 1})  # type: ignore[call-overload]  # pyright: ignore
