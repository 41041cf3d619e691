"""A Prometheus of this program's own: on loopback, in a directory that goes with it."""

from __future__ import annotations

import contextlib
import http.client
import json
import pathlib
import shutil
import socket
import string
import subprocess
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SCRAPE_S = 5
_HOST = "127.0.0.1"
_STEP_S = 5
_START_S = 30.0
_POLL_S = 0.1
_ANSWER_S = 30.0


@dataclass(frozen=True)
class Series:
    """What one line of a diagram shows: seconds since the epoch, and the value then."""

    legend: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Prometheus:
    """One that serves on a port of loopback."""

    port: int

    def range(self, expression: str, legend: str, begin: float, end: float) -> list[Series]:
        """Evaluate an expression over a time; RuntimeError, with its words, if it is refused."""
        asked = {"query": expression, "start": begin, "end": end, "step": _STEP_S}
        answer = self._asked(f"/api/v1/query_range?{urllib.parse.urlencode(asked)}")
        if answer["status"] != "success":
            raise RuntimeError(f"{expression}: {answer['error']}")
        return [_series(one, legend) for one in answer["data"]["result"]]

    def is_ready(self) -> bool:
        """Tell whether it answers."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self._status("/-/ready") == http.client.OK
        return False

    def _asked(self, path: str) -> Any:
        connection = http.client.HTTPConnection(_HOST, self.port, timeout=_ANSWER_S)
        with contextlib.closing(connection):
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())

    def _status(self, path: str) -> int:
        connection = http.client.HTTPConnection(_HOST, self.port, timeout=_ANSWER_S)
        with contextlib.closing(connection):
            connection.request("GET", path)
            return connection.getresponse().status


@contextlib.contextmanager
def running(directory: pathlib.Path, targets: pathlib.Path) -> Iterator[Prometheus]:
    """Run one for the block; it reads what the file lists, which may appear later."""
    program = shutil.which("prometheus")
    if program is None:
        raise FileNotFoundError(
            "prometheus is not on the path (Debian: apt-get install prometheus)"
        )
    directory.mkdir()
    served = Prometheus(_free_port())
    command = [program, *_options(directory, targets, served.port)]
    with (directory / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait(served, process, directory / "log")
        yield served
    finally:
        process.terminate()
        process.wait()


def _options(directory: pathlib.Path, targets: pathlib.Path, port: int) -> list[str]:
    configuration = directory / "prometheus.json"
    job = {
        "job_name": "ray",
        "file_sd_configs": [{"files": [str(targets)], "refresh_interval": "1s"}],
    }
    settings = {"global": {"scrape_interval": f"{SCRAPE_S}s"}, "scrape_configs": [job]}
    # JSON is YAML.
    configuration.write_text(json.dumps(settings), encoding="utf-8")
    return [
        f"--config.file={configuration}",
        f"--storage.tsdb.path={directory / 'tsdb'}",
        f"--web.listen-address={_HOST}:{port}",
    ]


def _wait(served: Prometheus, process: subprocess.Popen[bytes], log: pathlib.Path) -> None:
    deadline = time.monotonic() + _START_S
    while not served.is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"prometheus did not start:\n{log.read_text(encoding='utf-8')}")
        time.sleep(_POLL_S)


def _series(result: Mapping[str, Any], legend: str) -> Series:
    name = string.Template(legend.replace("{{", "${").replace("}}", "}"))
    values = ((when, float(value)) for when, value in result["values"])
    # A quantile of nothing is not a number.
    points = tuple((when, value) for when, value in values if value == value)  # noqa: PLR0124
    return Series(name.safe_substitute(result["metric"]), points)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])
