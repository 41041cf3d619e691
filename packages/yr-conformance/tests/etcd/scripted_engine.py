"""An engine that answers what a test wrote to the questions of docker and testcontainers."""

from __future__ import annotations

import contextlib
import http.server
import json
import pathlib
import re
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Answer = tuple[int, Any]
OLDEST: Final = (1, 44)
"""Of the interface's versions that it speaks; Docker 29 refuses older ones too."""


def hangs() -> Answer:
    """Never answer while the test runs."""
    raise NotImplementedError


class ScriptedEngine:
    """Has one image, and creates containers that run; made by `scripted_engine`."""

    def __init__(self, image: str) -> None:
        self.containers: dict[str, str] = {}
        self.status = "running"
        self.ports: Mapping[str, Any] = {}
        self.image = image
        self.answers: dict[str, Callable[..., Answer]] = {
            "GET /version": lambda: (200, {"ApiVersion": "1.48", "MinAPIVersion": "1.44"}),
            "GET /_ping": lambda: (200, "OK"),
            "GET /images/(.+)/json": self._image,
            "POST /images/create": lambda: (404, {"message": "no such host"}),
            "POST /containers/create": self._create,
            "GET /containers/json": lambda: (
                200,
                json.dumps([{"Id": one} for one in self.containers]),
            ),
            "GET /containers/([^/]+)/json": self._inspect,
            "POST /containers/([^/]+)/start": lambda _: (204, ""),
            "GET /containers/([^/]+)/logs": lambda _: (200, "its words\nin lines\n"),
            "DELETE /containers/([^/]+)": self._delete,
        }
        self.ended = threading.Event()

    def answer(self, request: str) -> Answer:
        """Give status and body for a request such as "GET /_ping"; a list is sent in parts."""
        for pattern, answer in self.answers.items():
            if found := re.fullmatch(pattern, request):
                return answer(*found.groups()) if answer is not hangs else self._hang()
        return 404, {"message": f"not scripted: {request}"}

    def _hang(self) -> Answer:
        self.ended.wait()
        return 500, {"message": "too late"}

    def _image(self, name: str) -> Answer:
        if name != self.image:
            return 404, {"message": f"No such image: {name}"}
        return 200, {"Id": "sha256:0", "RepoTags": [name]}

    def _create(self) -> Answer:
        made = f"c{len(self.containers)}"
        self.containers[made] = self.status
        return 201, {"Id": made}

    def _inspect(self, container: str) -> Answer:
        if container not in self.containers:
            return 404, {"message": f"No such container: {container}"}
        return 200, {
            "Id": container,
            "State": {"Status": self.status},
            "Config": {"Tty": True, "Image": self.image},
            "NetworkSettings": {"Ports": self.ports},
        }

    def _delete(self, container: str) -> Answer:
        del self.containers[container]
        return 204, ""


@contextlib.contextmanager
def scripted_engine(
    image: str, path: pathlib.Path | None = None
) -> Iterator[tuple[ScriptedEngine, str]]:
    """Serve at a free port of loopback, or at a path; gives the engine and its DOCKER_HOST."""
    engine = ScriptedEngine(image)
    handler = type("Handler", (_Handler,), {"engine": engine})
    server = _UnixServer(str(path), handler) if path else _TcpServer(("127.0.0.1", 0), handler)
    host = f"unix://{path}" if path else f"tcp://127.0.0.1:{server.socket.getsockname()[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield engine, host
    finally:
        engine.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _TcpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True


class _UnixServer(socketserver.ThreadingUnixStreamServer):
    pass


class _Handler(http.server.BaseHTTPRequestHandler):
    engine: ScriptedEngine

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(10)

    def address_string(self) -> str:
        return "client"

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        """Say nothing."""

    def _serve(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, body = self._answer()
        # Whoever did not want to wait has gone.
        with contextlib.suppress(OSError):
            self.send_response(status)
            self._stream(body) if isinstance(body, list) else self._send(body)

    def _send(self, body: Any) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def _stream(self, parts: list[Any]) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in [*(json.dumps(part) for part in parts), ""]:
            self.wfile.write(f"{len(part):x}\r\n{part}\r\n".encode())

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the standard library looks for these

    def _answer(self) -> Answer:
        path = self.path.partition("?")[0]
        if version := re.match(r"/v(\d+)\.(\d+)(?=/)", path):
            if (int(version[1]), int(version[2])) < OLDEST:
                return 400, {"message": f"client version {version[0]} is too old"}
            path = path.removeprefix(version[0])
        return self.engine.answer(f"{self.command} {path}")


def closed_port() -> int:
    """Give a port of loopback at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
