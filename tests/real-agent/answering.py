"""Scenarios about how an agent's work ends by itself."""

import json

from project import FORMATS, Project, until

ANSWER = [{"text": "The answer."}]


def bash(command, **more):
    return {"tool": "Bash", "input": {"command": command, "description": "a step", **more}}


def success(report, tools, api, url):
    """An answer, in each of the formats."""
    for form in FORMATS:
        with Project(tools, url, form) as project:
            task = project.ended(project.submit(ANSWER))
            report.state(task, "completed", 0)
            report.true(f"the answer is in the {form} output", "The answer." in task["result"])
            report.equal(f"result with {form}", task["result"].strip(), "The answer.")
            if form != "text":
                report.equal(f"the session with {form}", "usage" in task, True)


def prompt_by_stdin(report, tools, api, url):
    """A prompt that no command line could take: it begins with a dash, and is longer than an argument may be."""
    with Project(tools, url) as project:
        before = "--not-an-option " + "ä" * 100_000 + " "
        task = project.ended(project.submit(ANSWER, before=before))
        report.state(task, "completed", 0)
        sent = api.asked("--not-an-option")[0].body["messages"]
        report.true("the model got all of the prompt", before.strip() in _all_text(sent))


def tool_use(report, tools, api, url):
    """Tools: a command, which sees whose agent it belongs to, and a file."""
    with Project(tools, url) as project:
        write = {"tool": "Write", "input": {"file_path": str(project.root / "made.txt"), "content": "made\n"}}
        look = bash('echo "$AIWG_TASK_ID" >id.txt')
        task = project.ended(project.submit([look, write, {"text": "Both done."}]))
        report.state(task, "completed", 0)
        report.true("the answer", "Both done." in task["result"])
        report.equal("the task that the tool sees", project.text("id.txt").strip(), task["id"])
        report.equal("the file", project.text("made.txt"), "made\n")
        result = project.result(task["id"])
        report.equal("turns", result["num_turns"], 3)
        report.equal("cost", task.get("usage", {}).get("costUsd"), result["total_cost_usd"])


def refused_tool(report, tools, api, url):
    """A tool that is not allowed: nobody is there to be asked."""
    with Project(tools, url, options=()) as project:
        task = project.ended(project.submit([bash("touch made.txt"), {"text": "I was not allowed to."}]))
        report.state(task, "completed", 0)
        report.true("nothing was done", not project.has("made.txt"))
        denials = project.result(task["id"])["permission_denials"]
        report.equal("refused", [denial["tool_name"] for denial in denials], ["Bash"])
        report.equal("the refused tool is kept", "touch made.txt" in str(task.get("usage")), True)


def api_error(report, tools, api, url):
    """An error that no second try mends, in each of the formats."""
    script = [{"status": 403, "error": "permission_error", "message": "not for this key"}]
    for form in FORMATS:
        with Project(tools, url, form) as project:
            task = project.ended(project.submit(script))
            report.state(task, "failed", 1)
            report.true(f"the output says why with {form}", "not for this key" in task["result"])
            if form != "text":
                report.equal(f"error with {form}", "not for this key" in task["error"], True)
                report.equal(f"what to do, with {form}", "claude setup-token" in task["error"], True)


def ends_for_money(report, tools, api, url):
    """No credit, and a cap of its own that is used up: the error says which, and what to do."""
    with Project(tools, url) as project:
        script = [{"status": 402, "error": "billing_error", "message": "pay"}]
        task = project.ended(project.submit(script))
        report.state(task, "failed", 1)
        report.equal("what to do without credit", "add credit" in task["error"], True)
    with Project(tools, url, options=("--allowedTools", "Bash", "--max-budget-usd", "0.0001")) as project:
        task = project.ended(project.submit([bash("true"), bash("true"), *ANSWER]))
        report.state(task, "failed", 1)
        report.equal("what to do at the cap", "raise its cap" in task["error"], True)


def api_retries(report, tools, api, url):
    """An overloaded API: it is tried again, and may recover."""
    with Project(tools, url) as project:
        once = {"status": 529, "error": "overloaded_error", "message": "busy", "times": 1}
        task = project.ended(project.submit([once, *ANSWER], before="It recovers. "))
        report.state(task, "completed", 0)
        report.equal("requests", len(api.asked("It recovers.")), 2)
        # What the daemon does not hand down, a task may ask for.
        few = ("--env", "CLAUDE_CODE_MAX_RETRIES=2")
        task = project.submit([{**once, "times": 1000}], *few, before="It does not. ")
        # An overloaded service is no failure of the task: it is tried again later.
        until("the pause", lambda: project.task(task).get("waiting") == "rest")
        report.equal("requests", len(api.asked("It does not.")), 3)
        retries = [m["retry_delay_ms"] for m in project.messages(task) if m.get("subtype") == "api_retry"]
        report.note(f"tried again after {retries} ms; by default 10 times, which takes minutes")


def cannot_start(report, tools, api, url):
    """What it says on standard error is what people need: an unknown agent, session, option."""
    with Project(tools, url) as project:
        task = project.ended(project.submit(ANSWER, "--agent", "nobody"))
        report.state(task, "failed", 1)
        report.true("it names the agent", "'nobody' not found" in task["error"])
    options = {"--no-such-option": "unknown option", "--resume=" + "0" * 8 + "-0000-4000-8000-000000000000": "No conversation"}
    for option, error in options.items():
        with Project(tools, url, options=(option,)) as project:
            task = project.ended(project.submit(ANSWER))
            report.state(task, "failed", 1)
            report.true(f"{error!r} is in {task['error']!r}", error in task["error"])


def background(report, tools, api, url):
    """A command left in the background: the agent answers, waits for it, and answers again."""
    with Project(tools, url) as project:
        command = bash("until [ -e go ]; do sleep 0.1; done; echo gone", run_in_background=True)
        task = project.submit([command, {"text": "It runs."}, {"text": "It is over."}])
        until("the first result", lambda: _results(project, task))
        report.equal("the task's state after the first result", project.task(task)["state"], "running")
        project.touch("go")
        task = project.ended(task)
        report.state(task, "completed", 0)
        report.equal("results", _results(project, task["id"]), ["It runs.", "It is over."])
        report.equal("result", task["result"].strip(), "It is over.")


def resumed(report, tools, api, url):
    """A session that is resumed: its cost adds up, and each task is to show its own."""
    with Project(tools, url) as project:
        first = project.result(project.ended(project.submit(ANSWER))["id"])
        project.run("daemon", "stop")
        project.config["agent"]["command"] += ["--resume", first["session_id"]]
        project.configure()
        project.start()
        task = project.ended(project.submit(ANSWER))
        report.state(task, "completed", 0)
        second = project.result(task["id"])
        report.equal("the session", second["session_id"], first["session_id"])
        ratio = second["total_cost_usd"] / first["total_cost_usd"]
        report.true(f"the cost adds up: {ratio}", 1.9 < ratio < 2.1)
        report.equal("cost", task.get("usage", {}).get("costUsd"), first["total_cost_usd"])


def rounds(report, tools, api, url):
    """A task with a check: three rounds in one session, each with what the check wrote, and each is paid for once."""
    script = [{"text": "I think it is done."}, {"text": "Now it is."}, bash("touch done"), {"text": "It is done."}]
    with Project(tools, url) as project:
        check = "test -e done || { echo there is no file called done; exit 3; }"
        task = project.ended(project.submit(script, "--verify", check))
        report.equal("state", (task["state"], task.get("verified")), ("completed", True))
        report.equal("the checks", [one["verify"]["exit"] for one in task["rounds"]], [3, 3, 0])
        report.equal("the answer", task["result"], "It is done.")
        runs = [project.result(task["id"], run) for run in (1, 3, 5)]
        report.equal("one session", {one["session_id"] for one in runs}, {task["usage"]["sessionId"]})
        told = [r for r in api.asked("there is no file called done") if "round 3 of 5" in json.dumps(r.body)]
        report.true("the third round is told of the check", told)
        total = runs[-1]["total_cost_usd"]
        paid = sum(one["costUsd"] for one in task["rounds"])
        report.true(f"the cost is counted once: {paid} of {total}", abs(paid - total) < 1e-9)


def rounds_and_crashes(report, tools, api, url):
    """The daemon is killed in the middle of each round and of each check: three rounds in one session, none lost or doubled."""
    turns = [[bash("touch begun; until [ -e go ]; do sleep 0.1; done; rm go begun; echo x >>made"), {"text": f"turn {n}"}] for n in range(3)]
    with Project(tools, url) as project:
        check = "touch checking; until [ -e on ]; do sleep 0.1; done; rm on checking; test $(wc -l <made) -ge 3"
        task = project.submit([step for turn in turns for step in turn], "--verify", check)
        for _ in turns:
            until("the tool", lambda: project.has("begun"))
            project.kill_daemon()
            project.start()
            project.touch("go")
            until("the check", lambda: project.has("checking"))
            project.kill_daemon()
            project.start()
            project.touch("on")
            until("the check's end", lambda: not project.has("checking"))
        ended = project.ended(task)
        report.equal("state", (ended["state"], ended.get("verified")), ("completed", True))
        report.equal("the checks", [one["verify"]["exit"] for one in ended["rounds"]], [1, 1, 0])
        report.equal("what was made", project.text("made"), "x\n" * 3)
        report.equal("answer", ended["result"], "turn 2")
        runs = [project.result(task, run) for run in (1, 3, 5)]
        report.equal("one session", {one["session_id"] for one in runs}, {ended["usage"]["sessionId"]})
        paid = sum(one["costUsd"] for one in ended["rounds"])
        report.true("the cost is counted once", abs(paid - runs[-1]["total_cost_usd"]) < 1e-9)


def budget_and_crash(report, tools, api, url):
    """The daemon is killed while a task spends its cap: the task ends by its budget, and the next waits for the day's."""
    with Project(tools, url) as project:
        # Each answer costs 0.0007.
        project.config["budget"] = {"task_usd": 0.002, "day_usd": 0.003}
        project.configure()
        project.run("daemon", "reload")
        wait = bash("touch begun; until [ -e go ]; do sleep 0.1; done")
        task = project.submit([wait, *[bash("true")] * 20, {"text": "It is over."}])
        until("the tool", lambda: project.has("begun"))
        project.kill_daemon()
        project.touch("go")
        project.start()
        ended = project.ended(task)
        report.equal("end", (ended["state"], ended["reason"]), ("failed", "budget"))
        cost = ended["usage"]["costUsd"]
        report.true(f"the cost is that of a few answers: {cost}", 0.002 <= cost < 0.004)
        spent = project.run("budget")["spentUsd"]
        report.true(f"it is counted once: {spent} of {cost}", abs(spent - cost) < 1e-6)
        other = project.submit(ANSWER)
        until("the budget", lambda: project.task(other).get("waiting") == "budget")
        project.kill_daemon()
        project.start()
        report.equal("waits still", (project.task(other)["state"], project.task(other)["waiting"]), ("queued", "budget"))
        paid_for = project.submit(ANSWER, "--ignore-budget")
        report.state(project.ended(paid_for), "completed", 0)
        project.run("task", "cancel", other)


def _results(project, task):
    try:
        return [m["result"] for m in project.messages(task) if m["type"] == "result"]
    except (OSError, ValueError):
        # Not begun, or in the middle of a line.
        return []


def _all_text(messages):
    texts = []
    for message in messages:
        content = message["content"]
        texts += [content] if isinstance(content, str) else [b.get("text", "") for b in content]
    return "\n".join(texts)


ALL = [success, prompt_by_stdin, tool_use, refused_tool, api_error, ends_for_money, api_retries, cannot_start, background, resumed, rounds, rounds_and_crashes,
       budget_and_crash]
