"""The official client for Python against `aiwg mcp`: sdk.py AIWG, in a project whose daemon runs. It holds each result to the tool's schema."""

import asyncio
import sys

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client


async def main(aiwg):
    async with Client(stdio_client(StdioServerParameters(command=aiwg, args=["mcp"]))) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {"task_submit", "task_wait", "event_emit"} <= set(tools), sorted(tools)
        assert not {"task_cancel", "approval_approve", "daemon_stop"} & set(tools), sorted(tools)
        assert tools["task_get"].annotations.read_only_hint and not tools["task_submit"].annotations.destructive_hint

        async def call(name, arguments, **options):
            result = await client.call_tool(name, arguments, **options)
            assert not result.is_error, result.content
            return result.structured_content

        for name, tool in tools.items():
            if name != "automation_test" and tool.annotations.read_only_hint and not tool.input_schema.get("required"):
                await call(name, {})

        progress = []

        async def told(done, total, message):
            progress.append(message)

        task = await call("task_submit", {"prompt": "do: sleep 1; echo done"})
        ended = await call("task_wait", {"taskId": task["taskId"]}, progress_callback=told)
        assert ended["state"] == "completed", ended
        assert progress and progress[0].startswith(f"{task['taskId']} is "), progress
        assert "done" in (await call("task_output", {"taskId": task["taskId"]}))["data"]
        seq = (await call("event_emit", {"topic": "tests:ran", "payload": {"passed": True}}))["seq"]
        listed = await call("event_list", {"topics": ["tests:ran"]})
        assert seq in [event["seq"] for event in listed["items"]], listed
        wrong = await client.call_tool("task_get", {"taskId": "task-9999"})
        assert wrong.is_error and wrong.content[0].text.startswith("task_not_found: "), wrong
        print(f"ok, protocol {client.protocol_version}")


asyncio.run(main(sys.argv[1]))
