"""Scenarios about what an agent is started with: its login, its environment, its prompt."""

import json

from answering import ANSWER, bash
from project import Project, until

# What a login is told by, each alone: what `claude setup-token` gives for unattended use.
TOKEN = "sk-ant-oat01-no-token-at-all"


def oauth_token(report, tools, api, url):
    """Nothing but CLAUDE_CODE_OAUTH_TOKEN in the daemon's environment: it is logged in."""
    with Project(tools, url, env={"ANTHROPIC_API_KEY": None, "CLAUDE_CODE_OAUTH_TOKEN": TOKEN}) as project:
        task = project.ended(project.submit(ANSWER, before="With a token. "))
        report.state(task, "completed", 0)
        headers = {name.lower(): value for name, value in api.asked("With a token.")[0].headers.items()}
        report.equal("the login", headers.get("authorization"), f"Bearer {TOKEN}")


def settings(report, tools, api, url):
    """Settings of the daemon's environment reach the agent."""
    with Project(tools, url, env={"CLAUDE_CODE_MAX_RETRIES": "1"}) as project:
        busy = {"status": 529, "error": "overloaded_error", "message": "busy", "times": 1000}
        task = project.submit([busy], before="It is busy. ")
        # An overloaded service is no failure of the task: it is tried again later.
        until("the pause", lambda: project.task(task).get("waiting") == "rest")
        report.equal("requests", len(api.asked("It is busy.")), 2)


def session_markers(report, tools, api, url):
    """What claude tells its tools about its session, the agents of a daemon that is started there are not told."""
    # The shell stands between.
    look = bash("tr '\\0' '\\n' </proc/$PPID/environ >agent.env; env >tool.env")
    script = [look, {"text": "Looked."}]
    with Project(tools, url) as project:
        report.state(project.ended(project.submit(script)), "completed", 0)
        before, told = (_variables(project.text(name)) for name in ("agent.env", "tool.env"))
    markers = {name: value for name, value in told.items() if "CLAUDE" in name and name not in before}
    report.true("there are markers", "CLAUDECODE" in markers and len(markers) > 2)
    report.note(f"of a session: {', '.join(sorted(markers))}")
    # As one who is in a terminal of an editor has them, too.
    markers |= {"CLAUDE_CODE_SSE_PORT": "1", "CLAUDE_CODE_ENTRYPOINT": "claude-vscode"}
    with Project(tools, url, env=markers) as project:
        report.state(project.ended(project.submit(script)), "completed", 0)
        agent = _variables(project.text("agent.env"))
    told = {name: value for name, value in markers.items() if agent.get(name) == value and before.get(name) != value}
    report.equal("markers that the agent is told", told, {})


def prompt_as_argument(report, tools, api, url):
    """A prompt that is an argument is never an option, nor one of an option's words."""
    options = ("--allowedTools", "Bash,Write")
    with Project(tools, url, options=options, agent={"prompt": "argument"}) as project:
        for before in ("--dangerously-skip-permissions ", "-p ", "Do this. "):
            task = project.ended(project.submit(ANSWER, before=before))
            report.state(task, "completed", 0)
            sent = api.asked(before.strip())
            report.true(f"the model got {before!r}", bool(sent))


def deferred_tool(report, tools, api, url):
    """A tool that a hook puts off: it exits with 0, and nothing was done."""
    with Project(tools, url) as project:
        answer = {"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": "defer"}}
        hook = {"type": "command", "command": f"echo '{json.dumps(answer)}'"}
        (project.root / ".claude").mkdir()
        (project.root / ".claude/settings.json").write_text(
            json.dumps({"hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [hook]}]}})
        )
        task = project.ended(project.submit([bash("touch made.txt"), {"text": "Done."}]))
        report.equal("state and exit code", (task["state"], task["exitCode"]), ("failed", 0))
        report.true("it says why", "put off" in task["error"])
        report.true("nothing was done", not project.has("made.txt"))
        result = project.result(task["id"])
        report.equal("what claude says", (result["is_error"], result["terminal_reason"]), (False, "tool_deferred"))


def _variables(text):
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


ALL = [oauth_token, settings, session_markers, prompt_as_argument, deferred_tool]
