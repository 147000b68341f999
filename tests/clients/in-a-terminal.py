"""Runs a command in a terminal of its own, as a person would: in-a-terminal.py STEPS COMMAND...

STEPS is JSON: a list of ["expect", TEXT], which waits until the terminal shows it, ["send", TEXT], which types it, ["run", TEXT], which runs a
line of shell elsewhere, and ["close", ""], which closes the terminal. Prints all that the terminal showed, and exits as the command did.
COLUMNS in the environment is how wide the terminal is.
"""

import json
import os
import pty
import signal
import subprocess
import sys
import termios

PATIENCE_SECONDS = 60


def main(steps: list[list[str]], command: list[str]) -> int:
    pid, terminal = pty.fork()
    if pid == 0:
        if columns := os.environ.get("COLUMNS"):
            termios.tcsetwinsize(0, (24, int(columns)))
        os.execvp(command[0], command)
    shown = 0
    screen = b""
    text = "its end"

    def gives_up(*_: object) -> None:
        os.kill(pid, signal.SIGKILL)
        sys.exit(f"waited in vain for {text!r}:\n{screen.decode(errors='replace')}")

    signal.signal(signal.SIGALRM, gives_up)
    signal.alarm(PATIENCE_SECONDS)
    for step, text in steps:
        wanted = text.encode()
        if step == "send":
            os.write(terminal, wanted)
            continue
        if step == "run":
            subprocess.run(text, shell=True, check=True)
            continue
        if step == "close":
            os.close(terminal)
            continue
        while (found := screen.find(wanted, shown)) < 0:
            more = read(terminal)
            if not more:
                sys.exit(f"the command ended before it showed {text!r}:\n{screen.decode()}")
            screen += more
        shown = found + len(wanted)
    text = "its end"
    while more := read(terminal):
        screen += more
    sys.stdout.buffer.write(screen)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:
        # What Linux says when the other end is closed.
        return b""


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1]), sys.argv[2:]))
