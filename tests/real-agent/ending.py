"""Scenarios about an agent that is ended, or whose daemon is, in the middle of its work."""

import os
import signal
import time

from answering import bash
from project import FORMATS, Project, until

# A tool with processes of every kind: one in a session of its own, one in the background, one in the foreground, waiting.
TOOL = "touch begun; (setsid sleep 1001 &); sleep 1002 & until [ -e go ]; do sleep 0.1; done"
SCRIPT = [bash(TOOL), {"text": "It is over."}]


def begun(report, project) -> str:
    """A task in the middle of its tool."""
    since = time.monotonic()
    task = project.submit(SCRIPT)
    until("the tool", lambda: project.has("begun") and len(_sleeps(project, task)) >= 2)
    report.note(f"the tool runs {report.seconds(since)} after the submit")
    return task


def tool_sessions(report, project, task):
    """The reason for the shim: what a tool starts is in no group or session of the agent's."""
    pid = project.task(task)["pid"]
    apart = [p for p in project.processes(task) if p.pid != pid and p.group != pid and p.session != pid]
    report.equal("processes apart from the agent's group", [p for p in _sleeps(project, task) if p not in apart], [])
    report.true("sessions of the tools", len({p.session for p in apart}) >= 2)


def cancel(report, tools, api, url):
    """Cancelled in the middle of a tool, in each of the formats: nothing is left."""
    for form in FORMATS:
        with Project(tools, url, form) as project:
            task = begun(report, project)
            if form == "stream-json":
                tool_sessions(report, project, task)
            since = time.monotonic()
            project.run("task", "cancel", task)
            ended = project.ended(task)
            report.equal("state", ended["state"], "cancelled")
            report.equal("exit code", ended["exitCode"], 143)
            report.note(f"{form}: over {report.seconds(since)} after the cancel")
            if form == "stream-json":
                report.equal("the session is kept", "sessionId" in str(ended.get("usage")), True)


def cancel_while_it_asks(report, tools, api, url):
    """Cancelled while it waits for the model."""
    with Project(tools, url) as project:
        task = project.submit([{"stall": 60, "text": "Too late."}])
        until("the request", lambda: api.asked("Too late."))
        since = time.monotonic()
        project.run("task", "cancel", task)
        ended = project.ended(task)
        report.equal("state and exit code", (ended["state"], ended["exitCode"]), ("cancelled", 143))
        report.note(f"over {report.seconds(since)} after the cancel")


def time_limit(report, tools, api, url):
    """Its time is up in the middle of a tool."""
    with Project(tools, url) as project:
        ended = project.ended(project.submit(SCRIPT, "--timeout", "0.1"))
        report.equal("state", ended["state"], "timeout")
        report.true("it had begun", project.has("begun"))


def stop(report, tools, api, url):
    """The daemon is stopped in the middle of a tool."""
    with Project(tools, url) as project:
        task = begun(report, project)
        since = time.monotonic()
        project.run("daemon", "stop")
        report.note(f"stopped in {report.seconds(since)}")
        report.equal("left", project.processes(task), [])
        project.start()
        ended = project.task(task)
        report.equal("state", ended["state"], "cancelled")
        report.true("the reason is told", "daemon" in ended["error"])


def crash(report, tools, api, url):
    """The daemon is killed in the middle of a tool, in each of the formats; the next one goes on with the agent."""
    for form in FORMATS:
        with Project(tools, url, form) as project:
            task = begun(report, project)
            before = project.task(task)["pid"]
            project.kill_daemon()
            report.true("the agent lives on", any(p.pid == before for p in project.processes(task)))
            project.start()
            again = project.task(task)
            report.equal("state and process", (again["state"], again["pid"]), ("running", before))
            project.touch("go")
            report.state(project.ended(task), "completed", 0)
            report.true("the answer", "It is over." in project.task(task)["result"])


def crash_and_end(report, tools, api, url):
    """The agent finishes its work while there is no daemon."""
    with Project(tools, url) as project:
        task = begun(report, project)
        project.kill_daemon()
        project.touch("go")
        until("the agent's end", lambda: not project.processes(task))
        project.start()
        ended = project.ended(task)
        report.state(ended, "completed", 0)
        report.true("the answer", "It is over." in ended["result"])


def lost(report, tools, api, url):
    """Everything dies, as with the machine: the task is run again, and what the first attempt wrote is kept beside."""
    with Project(tools, url) as project:
        task = begun(report, project)
        agent = project.task(task)["pid"]
        shim = next(p.parent for p in project.processes(task) if p.pid == agent)
        project.kill_daemon()
        for pid in [shim, *(p.pid for p in project.processes(task))]:
            os.kill(pid, signal.SIGKILL)
        project.touch("go")
        project.start()
        ended = project.ended(task)
        report.equal("state and attempts", (ended["state"], ended["attempts"]), ("completed", 2))
        begins = [m["session_id"] for m in project.messages(task) if m.get("subtype") == "init"]
        report.equal("sessions in the output", len(set(begins)), 1)


def killed(report, tools, api, url):
    """The agent is killed: its tools live on in sessions of their own, and must not be left."""
    with Project(tools, url) as project:
        task = begun(report, project)
        since = time.monotonic()
        os.kill(project.task(task)["pid"], signal.SIGKILL)
        ended = project.ended(task)
        report.equal("state", (ended["state"], ended["exitCode"]), ("failed", None))
        report.note(f"over {report.seconds(since)} after its death")


def interrupted(report, tools, api, url):
    """Interrupted, it exits with 0 though its work is not done."""
    for form in FORMATS:
        with Project(tools, url, form) as project:
            task = begun(report, project)
            os.kill(project.task(task)["pid"], signal.SIGINT)
            ended = project.ended(task)
            report.equal("exit code", ended["exitCode"], 0)
            if form == "text":
                # Nothing else is told of it in this format: "Execution error" is the answer.
                report.equal("state", ended["state"], "completed")
            else:
                report.equal(f"state with {form}", ended["state"], "failed")


def _sleeps(project, task):
    return [p for p in project.processes(task) if p.line.startswith("sleep 100")]


ALL = [cancel, cancel_while_it_asks, time_limit, stop, crash, crash_and_end, lost, killed, interrupted]
