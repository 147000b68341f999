"""A scratch project with a daemon of its own, and the processes that belong to it."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

# No condition takes this long unless it never comes.
PATIENCE = 90

FORMATS = {
    "stream-json": ["--output-format", "stream-json", "--verbose"],
    "json": ["--output-format", "json"],
    "text": [],
}


def until(what, condition, patience=PATIENCE):
    """Waits for a value that counts as true, and gives it."""
    began = time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() - began > patience:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


@dataclass
class Process:
    pid: int
    parent: int
    group: int
    session: int
    line: str


def processes_with(marker: str) -> list:
    """The living processes whose environment holds this `NAME=value`."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            environment = Path("/proc", entry, "environ").read_bytes().split(b"\0")
            stat = Path("/proc", entry, "stat").read_text()
            line = Path("/proc", entry, "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        state, parent, group, session = stat[stat.rindex(")") + 2 :].split()[:4]
        # Zombies are dead: on some machines nobody reaps them.
        if marker.encode() in environment and state != "Z":
            found.append(Process(int(entry), int(parent), int(group), int(session), line.strip()))
    return found


class Project:
    """Made by `with`; at its end the daemon is stopped, and nothing may be left running."""

    def __init__(self, tools, url, form="stream-json", options=("--allowedTools", "Bash,Write"), daemon=None, env=None, agent=None, telemetry=None):
        self.aiwg = tools.aiwg
        self.dir = Path(tempfile.mkdtemp(prefix="aiwg-real-")).resolve()
        self.root = self.dir / "project"
        (self.root / ".aiwg").mkdir(parents=True)
        (self.dir / "home").mkdir()
        self.environment = {
            "HOME": str(self.dir / "home"),
            "PATH": os.environ["PATH"],
            "TMPDIR": str(self.dir),
            "ANTHROPIC_API_KEY": "sk-ant-no-key-at-all",
            "ANTHROPIC_BASE_URL": url,
            # As if the daemon had been started from within a session: its agents must not see this.
            "CLAUDECODE": "1",
            **(env or {}),
        }
        self.environment = {name: value for name, value in self.environment.items() if value is not None}
        self.config = {
            "daemon": daemon or {},
            "agent": {"command": [tools.claude, "-p", *FORMATS[form], *options], **(agent or {})},
            "telemetry": telemetry or {},
        }

    def __enter__(self):
        self.configure()
        self.start()
        return self

    def __exit__(self, failed, *_):
        subprocess.run(self._command("daemon", "stop"), capture_output=True, env=self.environment)
        left = processes_with(f"HOME={self.environment['HOME']}")
        for process in left:
            os.kill(process.pid, signal.SIGKILL)
        if failed is None:
            assert not left, f"left behind: {left}"
            shutil.rmtree(self.dir)
        else:
            print(f"  the project is kept: {self.dir}")

    def configure(self):
        (self.root / ".aiwg/daemon.json").write_text(json.dumps(self.config, indent=2))

    def start(self):
        self.run("daemon", "start")

    def kill_daemon(self):
        """As a crash would; returns when it is gone."""
        pid = int((self.root / ".aiwg/daemon.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        until("the daemon's end", lambda: not _lives(pid))

    def _command(self, *arguments):
        return [self.aiwg, *arguments, "--project", str(self.root)]

    def run(self, *arguments, stdin=None):
        """A command that must succeed; its result."""
        done = subprocess.run(
            self._command(*arguments, "--json"), capture_output=True, text=True, input=stdin, env=self.environment
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return json.loads(done.stdout or "null")

    def submit(self, script, *options, before="Do this. ") -> str:
        """A task whose model follows the script."""
        prompt = f"{before}SCRIPT {json.dumps(script)}"
        return self.run("task", "submit", "-", *options, stdin=prompt)["taskId"]

    def task(self, task) -> dict:
        return self.run("task", "get", task)

    def ended(self, task) -> dict:
        """Waits for the task's end; nothing that its agent started may be left then."""

        def end():
            got = self.task(task)
            return got if got["state"] not in ("queued", "running") else None

        ended = until(f"the end of {task}", end)
        left = self.processes(task)
        assert not left, f"left by {task}: {left}"
        return ended

    def processes(self, task) -> list:
        """The agent and all that it started, wherever they have gone."""
        ours = {p.pid for p in processes_with(f"HOME={self.environment['HOME']}")}
        return [p for p in processes_with(f"AIWG_TASK_ID={task}") if p.pid in ours]

    def messages(self, task, run=1) -> list:
        """The output of an agent's run as JSON."""
        text = (self.root / ".aiwg/daemon/actions" / task / str(run) / "stdout.log").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def result(self, task, run=1) -> dict:
        """The last result of an agent's run."""
        return [message for message in self.messages(task, run) if message["type"] == "result"][-1]

    def has(self, name) -> bool:
        return (self.root / name).exists()

    def text(self, name) -> str:
        return (self.root / name).read_text()

    def touch(self, name):
        (self.root / name).touch()


def _lives(pid) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat[stat.rindex(")") + 2] != "Z"
