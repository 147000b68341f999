"""What a scenario says about what it found."""

import time


class Report:
    """The outcome of one scenario. `equal` and `true` must hold; `later` tells what the daemon does not do yet."""

    def __init__(self, name):
        self.name = name
        self.began = time.monotonic()
        self.notes = []
        self.open = []

    def equal(self, what, found, wanted):
        assert found == wanted, f"{what} is {found!r} instead of {wanted!r}"

    def true(self, what, holds):
        assert holds, what

    def state(self, task, state, code):
        """How the task ended, in its first attempt."""
        found = (task["state"], task["exitCode"], task["attempts"])
        assert found == (state, code, 1), f"{found} instead of {(state, code, 1)}: {task['error']}"

    def later(self, what, found, wanted):
        """What should hold once the daemon judges agents by their output, and is only told until then."""
        if found != wanted:
            self.open.append(f"{what}: {_short(found)} instead of {_short(wanted)}")

    def note(self, text):
        """A fact worth knowing."""
        self.notes.append(text)

    def seconds(self, since) -> str:
        return f"{time.monotonic() - since:.2f} s"


def _short(value) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:60]}…{text[-30:]}"
