"""Scenarios about what the agent may not do by its own rules: a person is asked, and the call is made once that is decided."""

import json

from answering import bash
from project import Project, until

# A call that the rules of the project do not allow.
CALL = "touch made"
# The model makes the same call again, as the refusal tells it to: that is when it is put off.
AGAIN = [bash(CALL), bash(CALL), {"text": "It is made."}]


def asking(tools, url, wait=60, **agent):
    """A project whose agents ask, and wait for so many seconds before they are put to sleep."""
    return Project(tools, url, options=(), env={"AIWG_PERMISSION_WAIT": str(wait)}, agent={"ask_permissions": True, **agent})


def pending(project, count=1) -> list:
    """The approvals that wait, once there are so many."""

    def enough():
        found = project.run("approval", "list")
        return found if len(found) >= count else None

    return until(f"{count} approvals", enough)


def put_off(project, task) -> dict:
    """The task, once it waits without a process."""

    def waits():
        got = project.task(task)
        return got if got.get("waiting") == "approval" else None

    got = until("the task to wait for a person", waits)
    assert not project.processes(task), "a process waits"
    return got


def decide(project, verb, approval, *options):
    return project.run("approval", verb, approval["id"], *options)


def called(project, task, runs) -> list:
    """What came of the calls of these runs, as the model was told."""
    blocks = []
    for run in runs:
        for message in project.messages(task, run):
            content = message.get("message", {}).get("content", []) if message["type"] == "user" else []
            blocks += [b for b in content if isinstance(b, dict) and b.get("type") == "tool_result"]
    return [(block.get("is_error", False), str(block["content"])) for block in blocks]


def permitted_at_once(report, tools, api, url):
    """A person approves while the agent waits in its place."""
    with asking(tools, url) as project:
        task = project.submit([bash(CALL), {"text": "It is made."}])
        [approval] = pending(project)
        report.equal("kind", approval["kind"], "permission")
        report.true("the summary shows the call", approval["summary"].startswith("Bash: ") and CALL in approval["summary"])
        report.true("nothing is made yet", not project.has("made"))
        decide(project, "approve", approval)
        ended = project.ended(task)
        report.state(ended, "completed", 0)
        report.true("the call was made", project.has("made"))
        report.equal("requests of the model", len(api.asked(CALL)), 2)


def permitted_later(report, tools, api, url):
    """Nobody decides in time: the task waits without a process, and the call is made when a person has approved it."""
    with asking(tools, url, wait=1) as project:
        task = project.submit(AGAIN)
        got = put_off(project, task)
        report.equal("state and attempts", (got["state"], got["attempts"]), ("queued", 0))
        [approval] = pending(project)
        decide(project, "approve", approval)
        ended = project.ended(task)
        report.equal("state", (ended["state"], ended["reason"], ended["result"]), ("completed", "done", "It is made."))
        report.true("the call was made", project.has("made"))
        first, second = called(project, task, [1, 2])
        report.true("it was told to make the call again", first[0] and "again" in first[1])
        report.true("the call itself", not second[0])
        sessions = {m["session_id"] for run in (1, 2) for m in project.messages(task, run) if "session_id" in m}
        report.equal("sessions", len(sessions), 1)
        report.equal("the model's turns", len(api.asked(CALL)), 3)


def refused_by_a_person(report, tools, api, url):
    """Rejected while it waits in its place, and rejected while it sleeps: the agent gets the reason."""
    for wait, script, runs in [(60, [bash(CALL), {"text": "Not made."}], [1]), (1, [bash(CALL), bash(CALL), {"text": "Not made."}], [2])]:
        with asking(tools, url, wait=wait) as project:
            task = project.submit(script)
            if wait == 1:
                put_off(project, task)
            [approval] = pending(project)
            decide(project, "reject", approval, "--reason", "not on a Friday")
            ended = project.ended(task)
            report.equal("state and reason", (ended["state"], ended["reason"]), ("completed", "refused"))
            report.true("nothing was made", not project.has("made"))
            [refusal] = called(project, task, runs)
            report.true("the reason is told", refusal[0] and "not on a Friday" in refusal[1])


def several_in_one_message(report, tools, api, url):
    """Several calls in one message: all are asked for, one is put off, and the other is made when its turn comes."""
    two = {"tools": [bash("touch one"), bash("touch two")]}
    script = [two, two, bash("touch two"), {"text": "Both are made."}]
    with asking(tools, url, wait=1) as project:
        task = project.submit(script)
        put_off(project, task)
        for approval in pending(project, 2):
            decide(project, "approve", approval)
        ended = project.ended(task)
        report.equal("state and answer", (ended["state"], ended["result"]), ("completed", "Both are made."))
        report.true("both were made", project.has("one") and project.has("two"))
        told = called(project, task, [1])
        report.true("the second was to come alone", any("one at a time" in text for _, text in told))


def killed_daemon_while_it_sleeps(report, tools, api, url):
    """The daemon is killed while the agent waits, and again while the task sleeps: what was asked is asked still, and once."""
    with asking(tools, url, wait=8) as project:
        task = project.submit(AGAIN)
        [approval] = pending(project)
        project.kill_daemon()
        project.start()
        put_off(project, task)
        project.kill_daemon()
        project.start()
        put_off(project, task)
        report.equal("approvals", [a["id"] for a in pending(project)], [approval["id"]])
        decide(project, "approve", approval)
        project.kill_daemon()
        project.start()
        ended = project.ended(task)
        report.equal("state and answer", (ended["state"], ended["result"]), ("completed", "It is made."))
        report.true("the call was made", project.has("made"))


def asked_by_a_rule(report, tools, api, url):
    """A rule of the project asks for the call: what was approved is not asked for once more when it is made."""
    with asking(tools, url, wait=1) as project:
        (project.root / ".claude").mkdir()
        rules = {"permissions": {"ask": ["Bash(touch *)"]}}
        (project.root / ".claude/settings.json").write_text(json.dumps(rules))
        task = project.submit(AGAIN)
        put_off(project, task)
        decide(project, "approve", *pending(project))
        ended = project.ended(task)
        report.equal("state and answer", (ended["state"], ended["result"]), ("completed", "It is made."))
        report.equal("approvals since", project.run("approval", "list"), [])


def used_once(report, tools, api, url):
    """An approval counts for one call: the very same one is asked for again."""
    with asking(tools, url) as project:
        task = project.submit([bash("echo x >>made"), bash("echo x >>made"), {"text": "Twice."}])
        [first] = pending(project)
        decide(project, "approve", first)
        until("the first call", lambda: project.has("made"))
        [second] = pending(project)
        report.true("another approval", second["id"] != first["id"])
        decide(project, "reject", second)
        report.equal("state", project.ended(task)["state"], "completed")
        report.equal("calls", project.text("made"), "x\n")


def asked_by_a_subagent(report, tools, api, url):
    """A subagent cannot be put off: it is refused after the time, and the agent itself makes the call."""
    inner = [bash(CALL), {"text": "It waits for a person."}]
    sub = {"description": "d", "prompt": f"Do. SCRIPT {json.dumps(inner)}", "subagent_type": "general-purpose", "run_in_background": False}
    script = [{"tool": "Task", "input": sub}, bash(CALL), {"text": "It is made."}]
    with asking(tools, url, wait=1) as project:
        task = project.submit(script)
        put_off(project, task)
        decide(project, "approve", *pending(project))
        ended = project.ended(task)
        report.equal("state", ended["state"], "completed")
        report.true("the call was made", project.has("made"))


def own_settings_stay(report, tools, api, url):
    """The settings of the command itself count beside the hooks, and a rule that is allowed asks nobody."""
    with asking(tools, url) as project:
        (project.root / "own.json").write_text(json.dumps({"permissions": {"allow": ["Bash(touch made)"]}}))
        project.config["agent"]["command"] += ["--settings", "own.json"]
        project.configure()
        project.run("daemon", "reload")
        task = project.submit([bash(CALL), bash("touch other"), {"text": "Made."}])
        [approval] = pending(project)
        report.true("only the other is asked for", "touch other" in approval["summary"])
        report.true("the first was made", project.has("made"))
        decide(project, "approve", approval)
        report.state(project.ended(task), "completed", 0)
        report.true("the other was made", project.has("other"))


def allowed_for_good(report, tools, api, url):
    """A person allows such calls for good: the next agent makes the same call without asking anybody."""
    calls = [bash("touch 'made (once)'"), {"tool": "Write", "input": {"file_path": "written.txt", "content": "x\\n"}}]
    with asking(tools, url) as project:
        for script in (calls + [{"text": "First."}], calls + [{"text": "Second."}]):
            task = project.submit(script)
            if script[-1]["text"] == "First.":
                for call in ("made (once)", "written.txt"):
                    until(f"the approval of {call}", lambda: call in str(project.run("approval", "list")))
                    decide(project, "approve", *pending(project), "--always", "--yes")
            report.equal("state", project.ended(task)["state"], "completed")
            (project.root / "written.txt").unlink()
        rules = json.loads(project.text(".claude/settings.local.json"))["permissions"]["allow"]
        report.equal("rules", rules, ["Bash(touch 'made (once)')", f"Edit(/{project.root}/written.txt)"])
        report.equal("approvals in all", len(project.run("approval", "list", "--state", "approved")), 2)


ALL = [
    permitted_at_once,
    permitted_later,
    refused_by_a_person,
    several_in_one_message,
    killed_daemon_while_it_sleeps,
    asked_by_a_rule,
    used_once,
    asked_by_a_subagent,
    own_settings_stay,
    allowed_for_good,
]
