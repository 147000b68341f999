"""Threads, where a signal's handler may raise at any moment."""

from __future__ import annotations

import threading


def start(thread: threading.Thread) -> None:
    """Starts a thread. Raises what a signal's handler raises meanwhile.

    Up to Python 3.12 at least, ``Thread.start()`` then looks for the thread in a list that it is not in any more, and raises
    ``KeyError`` in place of what the handler has raised.
    """
    try:
        thread.start()
    except KeyError as error:
        raise error.__context__ or error from None
