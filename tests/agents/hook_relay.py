"""A relay between the hooks of asking-agent and the daemon, which can hold back an answer that the daemon has given.

So a test can kill whatever it likes at a moment that lasts no time otherwise: the daemon has committed what it answers, and the hook does not
know of it. A test that wants one writes the verdict, `allow` or `defer`, to `.hold-answer`. The first relay that gets such an answer renames
that file to `.held-answer`, and keeps the answer until that file is gone, or one of the two sides is; then nobody gets it any more.
"""

import ctypes
import os
import select
import signal
import socket
import threading

HOLD, HELD = ".hold-answer", ".held-answer"
PR_SET_PDEATHSIG = 1


def options():
    """Starts the relay; the options of subprocess.run for a hook that goes through it."""
    daemon, own = os.environ["AIWG_DAEMON_SOCKET"], os.path.abspath(f".relay-{os.getpid()}")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(own)
    listener.listen()
    threading.Thread(target=_accept, args=(listener, daemon), daemon=True).start()
    # By this variable the daemon finds what is left of an agent. Of this hook it would not, so it ends with its agent.
    return {"env": {**os.environ, "AIWG_DAEMON_SOCKET": own}, "preexec_fn": _end_with_parent}


def _end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _accept(listener, daemon):
    while True:
        hook, _ = listener.accept()
        threading.Thread(target=_relay, args=(hook, daemon), daemon=True).start()


def _relay(hook, address):
    with hook, socket.socket(socket.AF_UNIX) as daemon:
        try:
            daemon.connect(address)
            while True:
                for source in select.select([hook, daemon], [], [])[0]:
                    data = source.recv(1 << 20)
                    if not data:
                        return
                    if source is daemon and _is_to_be_held(data) and _is_lost(hook, daemon):
                        return
                    (daemon if source is hook else hook).sendall(data)
        except OSError:
            # One of the two is gone.
            return


def _is_to_be_held(answer):
    try:
        with open(HOLD, encoding="utf-8") as file:
            verdict = file.read()
        if not verdict or f'"verdict":"{verdict}"'.encode() not in answer:
            return False
        os.rename(HOLD, HELD)
    except OSError:
        # No test wants one, or another relay was faster.
        return False
    return True


def _is_lost(hook, daemon):
    """Waits; true if a side is gone, false if the test has let the answer go."""
    while os.path.exists(HELD):
        if select.select([hook, daemon], [], [], 0.01)[0]:
            return True
    return bool(select.select([hook, daemon], [], [], 0)[0])
