"""What a scenario says about what it found."""

import time


class Report:
    """The outcome of one scenario. Everything must hold."""

    def __init__(self, name):
        self.name = name
        self.began = time.monotonic()
        self.notes = []

    def equal(self, what, found, wanted):
        assert found == wanted, f"{what} is {found!r} instead of {wanted!r}"

    def true(self, what, holds):
        assert holds, what

    def state(self, task, state, code):
        """How the task ended, in its first attempt."""
        found = (task["state"], task["exitCode"], task["attempts"])
        assert found == (state, code, 1), f"{found} instead of {(state, code, 1)}: {task['error']}"

    def note(self, text):
        """A fact worth knowing."""
        self.notes.append(text)

    def seconds(self, since) -> str:
        return f"{time.monotonic() - since:.2f} s"
