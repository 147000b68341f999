"""Scenarios about `aiwg mcp`: the agent's own tools for the daemon, and a person who is asked through one of them."""

import json

from answering import bash
from permissions import CALL, called, decide, pending
from project import Project, until

NAME = "mcp__aiwg__"


def with_tools(tools, url, *options, **more):
    """A project whose agents have the tools of `aiwg mcp`."""
    servers = json.dumps({"mcpServers": {"aiwg": {"command": tools.aiwg, "args": ["mcp"]}}})
    return Project(tools, url, options=("--mcp-config", servers, *options), **more)


def submitted_by_a_tool(report, tools, api, url):
    """The agent submits a task, waits for it, and is an agent's connection there as anywhere."""
    allowed = ",".join(NAME + tool for tool in ("task_submit", "task_wait", "task_get"))
    with with_tools(tools, url, "--allowedTools", allowed) as project:
        inner = "SCRIPT " + json.dumps([{"text": "The inner answer."}])
        steps = [
            {"tool": NAME + "task_submit", "input": {"prompt": inner}},
            {"tool": NAME + "task_wait", "input": {"taskId": "task-0002"}},
            {"tool": NAME + "task_get", "input": {"taskId": "task-0099"}},
            {"text": "All done."},
        ]
        task = project.ended(project.submit(steps))
        report.state(task, "completed", 0)
        said = called(project, task["id"], [1])
        report.equal("errors", [is_error for is_error, _ in said], [False, False, True])
        report.true("the task that it submitted", "task-0002" in said[0][1])
        report.true("its end", "completed" in said[1][1])
        report.true("the error in words", "task_not_found: " in said[2][1] and "What to do: " in said[2][1])
        report.equal("what it submitted is its own", task["id"] in json.dumps(project.run("why", "task-0002")), True)


def permitted_by_a_tool(report, tools, api, url):
    """Without hooks, a person is asked through the tool permission_prompt, and the daemon is killed meanwhile."""
    options = ("--permission-prompt-tool", NAME + "permission_prompt", "--settings", '{"disableAllHooks": true}')
    with with_tools(tools, url, *options) as project:
        task = project.submit([bash(CALL), bash("touch more"), {"text": "It is made."}])
        [approval] = pending(project)
        report.equal("kind", (approval["kind"], approval["taskId"]), ("permission", task))
        report.true("the summary shows the call", approval["summary"].startswith("Bash: ") and CALL in approval["summary"])
        report.true("nothing is made yet", not project.has("made"))
        project.kill_daemon()
        project.start()
        decide(project, "approve", approval)
        until("the call to be made", lambda: project.has("made"))
        [approval] = pending(project)
        decide(project, "reject", approval, "--reason", "enough")
        ended = project.ended(task)
        report.state(ended, "completed", 0)
        report.true("the other call was not made", not project.has("more"))
        said = called(project, task, [1])
        report.equal("errors", [is_error for is_error, _ in said], [False, True])
        report.true("it got the reason", "enough" in said[1][1])


ALL = [submitted_by_a_tool, permitted_by_a_tool]
