"""Scenarios about messages to an agent that works, and about people who take its session over."""

import json
import os
import signal
import subprocess

from answering import bash
from model_api import USAGE
from project import Project, until

# A tool that lasts until the file `go` is there.
BUSY = bash("touch begun; until [ -e go ]; do sleep 0.05; done")


def begun(project, script, *options) -> str:
    """A task in the middle of its tool."""
    task = project.submit(script, *options)
    until("the tool", lambda: project.has("begun"))
    return task


def send(project, task, text, script=None) -> dict:
    return project.run("task", "send", task, text if script is None else f"{text} SCRIPT {json.dumps(script)}")


def lifecycle(project, task, state, run=1) -> int:
    """The number of messages of the input that the agent has reported to be in this state."""
    try:
        messages = project.messages(task, run)
    except (OSError, ValueError):
        return 0
    return sum(m["type"] == "command_lifecycle" and m["state"] == state for m in messages)


def until_read(project, task, count, run=1):
    """The agent has read so many messages, its prompt among them."""
    until(f"{count} messages to be read", lambda: lifecycle(project, task, "queued", run) >= count)


def states(task) -> list:
    return [(m["state"], m.get("run")) for m in task.get("messages", [])]


def runs(project, task) -> int:
    return sum(entry.name.isdigit() for entry in (project.root / ".aiwg/daemon/actions" / task).iterdir())


def said(api, mark) -> int:
    """How often a text stands in the longest conversation that has it, but for what the model says."""
    said_to = [[m for m in r.body["messages"] if m["role"] != "assistant"] for r in api.asked(mark)]
    return max((json.dumps(messages).count(mark) for messages in said_to), default=0)


def live_message(report, tools, api, url):
    """A message joins the turn of an agent that uses a tool, and is one of its own while the model thinks."""
    with Project(tools, url) as project:
        task = begun(project, [BUSY, {"text": "first"}])
        report.equal("delivery", send(project, task, "ALSO-THIS")["delivery"], "live")
        until_read(project, task, 2)
        report.equal("before it is taken in", states(project.task(task)), [("waiting", None)])
        project.touch("go")
        ended = project.ended(task)
        report.state(ended, "completed", 0)
        report.equal("messages", (states(ended), runs(project, task)), ([("delivered", 1)], 1))
        report.equal("in the conversation", said(api, "ALSO-THIS"), 1)
        report.equal("results", sum(m["type"] == "result" for m in project.messages(task)), 1)

        task = project.submit([{"stall": 2, "text": "thought"}])
        until_read(project, task, 1)
        send(project, task, "A-TURN-OF-ITS-OWN", [{"text": "second"}])
        ended = project.ended(task)
        report.equal("answer", ended["result"], "second")
        report.equal("messages", (states(ended), runs(project, task)), ([("delivered", 1)], 1))
        results = [m for m in project.messages(task) if m["type"] == "result"]
        report.equal("results", len(results), 2)
        report.equal("turns", ended["usage"]["turns"], sum(r["num_turns"] for r in results))
        report.equal("tokens", ended["usage"]["outputTokens"], 2 * USAGE["output_tokens"])
        # The program's total is a running one.
        report.true("cost", abs(ended["usage"]["costUsd"] - results[-1]["total_cost_usd"]) < 1e-9)


def messages_at_the_end(report, tools, api, url):
    """Messages that come in the moment in which the agent is done: each takes effect once, live or in a further run."""
    with Project(tools, url) as project:
        live = 0
        for n in range(12):
            task = project.submit([{"text": "first"}])
            at = n % 4

            def is_due():
                found = lifecycle(project, task, "started")
                results = found and sum(m["type"] == "result" for m in project.messages(task))
                return (found >= 1 and at < 2) or results or project.task(task)["state"] not in ("queued", "running")

            until("the moment", is_due)
            mark = f"MESSAGE-{n}-OF-MANY"
            done = subprocess.run(
                project._command("task", "send", task, f"{mark} SCRIPT " + json.dumps([{"text": f"answer {n}"}]), "--json"),
                capture_output=True,
                text=True,
                env=project.environment,
            )
            ended = project.ended(task)
            if done.returncode != 0:
                report.true("it had ended", "ended already" in done.stderr)
                continue
            report.equal(f"answer of {task}", (ended["state"], ended["result"]), ("completed", f"answer {n}"))
            report.equal(f"{mark} in the conversation", said(api, mark), 1)
            report.equal("messages", [state for state, _ in states(ended)], ["delivered"])
            live += runs(project, task) == 1
        report.note(f"{live} of 12 reached the agent while it worked")


def messages_and_crashes(report, tools, api, url):
    """The daemon is killed before and after a message was taken in; then the agent, with one read and not taken in."""
    with Project(tools, url) as project:
        task = begun(project, [BUSY, bash("touch second; until [ -e end ]; do sleep 0.05; done"), {"text": "over"}])
        send(project, task, "BEFORE-THE-KILL")
        until_read(project, task, 2)
        project.kill_daemon()
        project.start()
        send(project, task, "AFTER-THE-KILL")
        until_read(project, task, 3)
        project.touch("go")
        until("the second tool", lambda: project.has("second"))
        project.kill_daemon()
        project.touch("end")
        until("the agent's exit", lambda: (project.root / ".aiwg/daemon/actions" / task / "1/exit.json").exists())
        project.start()
        ended = project.ended(task)
        report.equal("end", (ended["state"], ended["result"], runs(project, task)), ("completed", "over", 1))
        report.equal("messages", states(ended), [("delivered", 1)] * 2)
        for mark in ("BEFORE-THE-KILL", "AFTER-THE-KILL"):
            report.equal(f"{mark} in the conversation", said(api, mark), 1)

    with Project(tools, url) as project:
        task = begun(project, [BUSY, {"text": "first"}])
        send(project, task, "READ-AND-KILLED", [{"text": "again"}])
        until_read(project, task, 2)
        os.kill(project.task(task)["pid"], signal.SIGKILL)
        ended = project.ended(task)
        report.equal("end", (ended["state"], ended["reason"]), ("failed", "crashed"))
        report.equal("messages", [state for state, _ in states(ended)], ["unsure"])
        report.equal("runs", runs(project, task), 1)


def rounds_and_cap(report, tools, api, url):
    """A message belongs to its round; the cap of a task holds over the turns of messages."""
    with Project(tools, url) as project:
        task = begun(project, [BUSY, {"text": "first"}], "--verify", "test -e made", "--max-rounds", "2")
        send(project, task, "MAKE-IT", [bash("touch made"), {"text": "made"}])
        until_read(project, task, 2)
        project.touch("go")
        ended = project.ended(task)
        report.equal("end", (ended["state"], ended.get("verified"), len(ended["rounds"])), ("completed", True, 1))
        report.equal("messages", states(ended), [("delivered", 1)])

    with Project(tools, url) as project:
        project.config["budget"] = {"task_usd": 0.001}
        project.configure()
        project.run("daemon", "reload")
        # Each answer costs 0.0007: the second is beyond the cap.
        task = project.submit([{"stall": 2, "text": "first"}])
        until_read(project, task, 1)
        send(project, task, "TOO-MUCH", [{"text": "second"}])
        ended = project.ended(task)
        report.equal("end", (ended["state"], ended["reason"]), ("failed", "budget"))
        result = project.result(task)
        report.true("cost", abs(ended["usage"]["costUsd"] - result["total_cost_usd"]) < 1e-9)


def take_and_give(report, tools, api, url):
    """A person takes the session over when the turn has ended, works in it, and gives it back."""
    with Project(tools, url) as project:
        task = begun(project, [BUSY, {"text": "first"}])
        take = subprocess.Popen(
            project._command("task", "take", task, "--no-open", "--json"),
            stdout=subprocess.PIPE,
            text=True,
            env=project.environment,
        )
        until("the takeover", lambda: project.task(task).get("takeover"))
        report.equal("while it works", project.task(task)["state"], "running")
        project.touch("go")
        taken = json.loads(take.communicate()[0])
        command = taken["command"]
        report.true("nothing of what makes it run unattended", not {"-p", "--output-format", "--input-format"} & set(command))
        report.equal("processes", project.processes(task), [])
        report.equal("waiting", project.task(task)["waiting"], "taken")
        send(project, task, "WHILE-TAKEN", [{"text": "back"}])
        # What the person says there. The session is opened as `task take` does, but for the terminal.
        person = subprocess.run(
            [command[0], "-p", *command[1:]],
            input='BY-A-PERSON SCRIPT [{"text": "to the person"}]',
            capture_output=True,
            text=True,
            env=project.environment,
            cwd=project.root,
        )
        report.true(f"the person's turn: {person}", "to the person" in person.stdout)
        report.equal("waiting", project.task(task)["waiting"], "taken")
        project.run("task", "give", task)
        ended = project.ended(task)
        report.equal("end", (ended["state"], ended["result"]), ("completed", "back"))
        last = json.dumps(api.asked("WHILE-TAKEN")[-1].body["messages"])
        report.true("one session", "BY-A-PERSON" in last and "A person has worked on this task" in last)
        report.equal("messages", states(ended), [("delivered", 2)] * 2)

        for name in ("begun", "go"):
            (project.root / name).unlink()
        task = begun(project, [BUSY, {"text": "never"}])
        project.run("task", "take", task, "--now", "--no-open")
        report.equal("waiting", project.task(task)["waiting"], "taken")
        report.equal("processes", project.processes(task), [])
        report.equal("done by hand", project.run("task", "give", task, "--done")["state"], "completed")


ALL = [live_message, messages_at_the_end, messages_and_crashes, rounds_and_cap, take_and_give]
