"""Scenarios about the limits of an account."""

import time

from answering import bash
from project import Project, until
from starting import TOKEN


def headers(status, resets_at, utilization=1.0):
    """What the service says of the plan's limit of five hours."""
    limit = "anthropic-ratelimit-unified"
    return {
        f"{limit}-status": status,
        f"{limit}-reset": str(resets_at),
        f"{limit}-representative-claim": "five_hour",
        f"{limit}-5h-status": status,
        f"{limit}-5h-reset": str(resets_at),
        f"{limit}-5h-utilization": str(utilization),
    }


def usage_limit(report, tools, api, url):
    """The plan's limit is used up: the task waits for its reset and goes on in its session."""
    with Project(tools, url, env={"ANTHROPIC_API_KEY": None, "CLAUDE_CODE_OAUTH_TOKEN": TOKEN}) as project:
        resets_at = int(time.time()) + 20
        refused = {"status": 429, "error": "rate_limit_error", "times": 1, "headers": headers("rejected", resets_at)}
        task = project.submit([refused, {"text": "Gone on."}])

        def waits():
            got = project.task(task)
            assert got["state"] in ("queued", "running"), got
            return got if got.get("waiting") == "limit" else None

        waiting = until("the limit", waits)
        report.equal("attempts", waiting["attempts"], 0)
        account = project.run("account", "list")["accounts"][0]
        report.equal("account", (account["state"], account["window"]), ("limited", "five_hour"))
        other = project.submit([{"text": "Later."}])
        ended = project.ended(task)
        report.true("it has waited for the reset", time.time() >= resets_at)
        report.state(ended, "completed", 0)
        report.equal("attempts", ended["attempts"], 1)
        report.equal("result", ended["result"].strip(), "Gone on.")
        report.state(project.ended(other), "completed", 0)
        report.equal("account", project.run("account", "list")["accounts"][0]["state"], "ready")
        topics = [event["topic"] for event in project.run("event", "list", "agent:*")]
        report.equal("events", sorted(topics), ["agent:limited", "agent:resumed"])


def usage_limit_and_crashes(report, tools, api, url):
    """The daemon is killed while tasks wait for the plan's limit, and is away when it resets: they go on in their session."""
    with Project(tools, url, env={"ANTHROPIC_API_KEY": None, "CLAUDE_CODE_OAUTH_TOKEN": TOKEN}) as project:
        resets_at = int(time.time()) + 15
        refused = {"status": 429, "error": "rate_limit_error", "times": 1, "headers": headers("rejected", resets_at)}
        task = project.submit([bash("echo x >>made"), refused, {"text": "Gone on."}])
        until("the limit", lambda: project.task(task).get("waiting") == "limit")
        session = project.messages(task)[0]["session_id"]
        for _ in range(2):
            project.kill_daemon()
            project.start()
            report.equal("waits still", project.task(task).get("waiting"), "limit")
        project.kill_daemon()
        until("the reset", lambda: time.time() > resets_at)
        project.start()
        ended = project.ended(task)
        report.state(ended, "completed", 0)
        report.equal("the session", ended["usage"]["sessionId"], session)
        report.equal("the tool was used once", project.text("made"), "x\n")


ALL = [usage_limit, usage_limit_and_crashes]
