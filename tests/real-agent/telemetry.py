"""Scenarios about telemetry: what the agent itself sends to the collector that the daemon sends its spans to."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from answering import bash
from project import Project, until


class Collector:
    """Takes OTLP over HTTP on loopback, and keeps what came: the path, the media type and the body of each request."""

    def __init__(self):
        self.came = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                collector.came.append((self.path, self.headers.get("Content-Type"), body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def bodies(self, path) -> bytes:
        """All that has come to this path, one after the other."""
        return b"".join(body for at, _, body in self.came if at == path)


def agents_telemetry(report, tools, api, url):
    """With `telemetry.agent`, the agent sends its own metrics, logs and spans to the daemon's collector."""
    for is_asked in (True, False):
        collector = Collector()
        telemetry = {"otlp": collector.url, **({"agent": True} if is_asked else {})}
        with Project(tools, url, telemetry=telemetry) as project:
            task = project.ended(project.submit([bash("echo $TRACEPARENT >trace.txt"), {"text": "Sent."}]))
            report.state(task, "completed", 0)
            until("the daemon's spans", lambda: b"invoke_agent" in collector.bodies("/v1/traces"))
            trace = project.text("trace.txt").split("-")[1]
            report.true("the tool is told of the trace", bytes.fromhex(trace) in collector.bodies("/v1/traces"))
            of_agent = {path for path, _, body in collector.came if b"claude" in body and b"aiwg.task.id" not in body}
            if not is_asked:
                report.equal("paths without telemetry.agent", sorted(of_agent), [])
                continue
            report.true("its metrics", b"claude_code.token.usage" in collector.bodies("/v1/metrics"))
            report.true("its logs", b"claude_code.api_request" in collector.bodies("/v1/logs"))
            kinds = {kind for path, kind, _ in collector.came if path in of_agent}
            report.equal("kinds", sorted(kinds), ["application/x-protobuf"])
            spans = [body for path, _, body in collector.came if path == "/v1/traces" and path in of_agent]
            report.equal("paths", sorted(of_agent), ["/v1/logs", "/v1/metrics"] + ["/v1/traces"] * bool(spans))
            if spans:
                report.true("its spans are of the same trace", bytes.fromhex(trace) in b"".join(spans))
            report.note(f"it sends to {', '.join(sorted(of_agent))}; {len(spans)} requests with spans of its own")
            report.true("nothing of the prompt", b"SCRIPT" not in collector.bodies("/v1/logs"))


ALL = [agents_telemetry]
