"""A model API on loopback, as small as the real `claude` lets it be: it says what the prompt tells it to say.

A prompt holds `SCRIPT` and a JSON list, one step for each answer of the model:

    {"text": "..."}                               an answer, which ends the turn
    {"tool": "Bash", "input": {...}}              the use of a tool; "text" may stand beside it
    {"tools": [{"tool": ..., "input": ...}, ...]} the use of several tools in one message
    {"status": 500, "error": "api_error"}         an HTTP error, for as often as it is asked for
    {"status": 529, "error": "...", "times": 2}   the same, but only so many times, then the next step
    {"status": 429, ..., "headers": {...}}        the same, with these headers
    {"stall": 3, ...}                             silence for so many seconds first, the connection being open

Everything is noted in `requests`, so that a test can tell what the CLI sent and how often it tried again.
"""

import json
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MARK = "SCRIPT "
# What the CLI puts in the place of an answer where a session goes on: it is none of the model's.
PLACEHOLDER = "No response requested."
# What each answer costs, in tokens: round figures that tests can add up.
USAGE = {
    "input_tokens": 100,
    "cache_creation_input_tokens": 20,
    "cache_read_input_tokens": 30,
    "output_tokens": 10,
}


@dataclass
class Request:
    """One request as the CLI made it."""

    path: str
    at: float
    body: dict
    headers: dict


@dataclass
class ModelApi:
    """The server, and what it was asked."""

    requests: list = field(default_factory=list)
    failures: dict = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> str:
        """Starts it and gives its URL."""
        handler = type("Handler", (_Handler,), {"api": self})
        server = _Server(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    def asked(self, mark: str) -> list:
        """The requests for an answer whose conversation contains `mark`."""
        with self.lock:
            return [r for r in self.requests if "/messages" in r.path and mark in json.dumps(r.body)]

    def step(self, body: dict) -> dict:
        """What the script says to this request."""
        script, answers = _script(body.get("messages", []))
        # The CLI asks for titles and the like too; those requests bring no tools.
        if script is None or not body.get("tools"):
            return {"text": "nothing to say"}
        key = json.dumps(script)
        with self.lock:
            for at, step in enumerate(script):
                if "times" in step:
                    if self.failures.get((key, at), 0) < step["times"]:
                        self.failures[key, at] = self.failures.get((key, at), 0) + 1
                        return step
                elif answers == 0:
                    return step
                else:
                    answers -= 1
        return {"text": "the script is over"}


def _texts(message: dict) -> list:
    content = message.get("content", "")
    if isinstance(content, str):
        return [content]
    return [block.get("text", "") for block in content if block.get("type") == "text"]


def _script(messages: list):
    """The latest script in a conversation, and how many answers were given to it."""
    for at in range(len(messages) - 1, -1, -1):
        # What a user sends in the middle of a turn comes as a message of the system.
        if messages[at]["role"] == "assistant":
            continue
        for text in _texts(messages[at]):
            if MARK in text:
                script, _ = json.JSONDecoder().raw_decode(text[text.index(MARK) + len(MARK) :])
                return script, sum(m["role"] == "assistant" and _texts(m) != [PLACEHOLDER] for m in messages[at:])
    return None, 0


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A connection that breaks is a CLI that was ended: that is what some scenarios are about."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(*_)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: ModelApi

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self._answer(200, b"")

    def do_GET(self):
        self._note({})
        self._json(404, {"type": "error", "error": {"type": "not_found_error", "message": self.path}})

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            body = {}
        self._note(body)
        path = self.path.split("?")[0]
        if path.endswith("/count_tokens"):
            self._json(200, {"input_tokens": USAGE["input_tokens"]})
        elif path.endswith("/messages"):
            self._say(body, self.api.step(body))
        else:
            self._json(404, {"type": "error", "error": {"type": "not_found_error", "message": path}})

    def _note(self, body):
        with self.api.lock:
            self.api.requests.append(Request(self.path, time.monotonic(), body, dict(self.headers)))

    def _say(self, body, step):
        time.sleep(step.get("stall", 0))
        if "status" in step:
            error = {"type": step.get("error", "api_error"), "message": step.get("message", "scripted")}
            answer = {"type": "error", "error": error, "request_id": "req_scripted"}
            self._json(step["status"], answer, step.get("headers", {}))
            return
        message = _message(body.get("model", "unknown"), step)
        if body.get("stream"):
            self._stream(message)
        else:
            self._json(200, message)

    def _stream(self, message):
        events = b"".join(
            f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in _events(message)
        )
        self._answer(200, events, "text/event-stream")

    def _json(self, status, value, headers=None):
        self._answer(status, json.dumps(value).encode(), headers=headers)

    def _answer(self, status, content, kind="application/json", headers=None):
        try:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(content)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            # The CLI was ended while it waited: that is what some scenarios are about.
            self.close_connection = True


def _message(model, step) -> dict:
    content = [{"type": "text", "text": step["text"]}] if "text" in step else []
    uses = step.get("tools", [step] if "tool" in step else [])
    for use in uses:
        content.append(
            {
                "type": "tool_use",
                "id": f"toolu_{time.monotonic_ns():024d}",
                "name": use["tool"],
                "input": use.get("input", {}),
            }
        )
    return {
        "id": f"msg_{time.monotonic_ns():024d}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": "tool_use" if uses else "end_turn",
        "stop_sequence": None,
        "usage": dict(USAGE),
    }


def _events(message):
    """A message as the stream of events that the API makes of it."""
    yield {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}}
    for index, block in enumerate(message["content"]):
        if block["type"] == "text":
            start, delta = {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            start = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        yield {"type": "content_block_start", "index": index, "content_block": start}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    ending = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": ending, "usage": message["usage"]}
    yield {"type": "message_stop"}
