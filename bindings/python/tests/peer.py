"""A daemon that says what a test tells it to."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
import threading
import time
from typing import Any, Callable, Optional

Request = dict[str, Any]


class Refusal(Exception):
    """The error answer to give."""

    def __init__(self, error: dict[str, Any]) -> None:
        self.error = error


SILENCE = object()
"""What an answer function gives to say nothing."""


class Peer:
    """Listens in a fresh directory. ``answer(request, connection)`` gives the result of each request."""

    def __init__(
        self, answer: Callable[[Request, socket.socket], Any], socket_path: Optional[str] = None
    ) -> None:
        self.directory = tempfile.mkdtemp(prefix="aiwg-")
        self.socket_path = socket_path or os.path.join(self.directory, "s")
        self.requests: list[Request] = []
        self.connections: list[socket.socket] = []
        self._answer = answer
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(self.socket_path)
        self._server.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        # Else the thread that accepts would take one more.
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.hang_up()
        shutil.rmtree(self.directory)

    def hang_up(self) -> None:
        """Goes away as a killed daemon does."""
        while self.connections:
            connection = self.connections.pop()
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def saw(self, method: str) -> Request:
        """Waits until a request for this method has come."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for request in list(self.requests):
                if request["method"] == method:
                    return request
            time.sleep(0.001)
        raise AssertionError(f"no {method} came")

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as lines:
                for line in lines:
                    if line.endswith(b"\n"):
                        self._take(json.loads(line), connection)
        except OSError:
            pass

    def _take(self, request: Request, connection: socket.socket) -> None:
        self.requests.append(request)
        try:
            result = self._answer(request, connection)
        except Refusal as refusal:
            send(connection, id=request.get("id"), error=refusal.error)
        else:
            if result is not SILENCE:
                send(connection, id=request.get("id"), result=result)


def send(connection: socket.socket, **message: Any) -> None:
    """Sends a message."""
    connection.sendall(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
