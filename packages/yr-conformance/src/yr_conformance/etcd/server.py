"""One etcd as the clauses use it: where it is, whether it answers, and what may be done to it.

Only the HTTP side of etcd is used (`/health`, `/version`), which 3.4, 3.5 and 3.6 have alike, so no
client library is needed.
"""

from __future__ import annotations

import json
import ssl
import time
import urllib.request
from collections.abc import Callable
from typing import Final, Protocol

from yr_conformance.etcd.errors import EtcdError
from yr_conformance.waiting import PATIENCE_S

START_S: Final = min(30.0, PATIENCE_S)
"""For an etcd to become healthy that was just started: it takes one second."""
_POLL_S: Final = 0.05
_ANSWER_TIMEOUT_S: Final = 1.0


class Etcd(Protocol):
    """A running etcd; `kind` names the provider: "address", "container" or "binary"."""

    kind: str
    address: str
    may_be_hurt: bool
    """Whether it is ours: somebody else's is never paused, killed or stopped."""

    def pause(self) -> None:
        """Stop it from answering while its connections stay."""
        ...

    def resume(self) -> None:
        """Let it go on, and wait until it answers."""
        ...

    def kill(self) -> None:
        """End it as a crash would, and wait until it is gone."""
        ...

    def restart(self) -> None:
        """Start it again, after `kill`, at its address with its data; wait until it answers."""
        ...

    def close(self) -> None:
        """End it and remove its data; any number of times."""
        ...


def is_healthy(
    address: str, timeout_s: float = _ANSWER_TIMEOUT_S, context: ssl.SSLContext | None = None
) -> bool:
    """Tell whether an etcd answers there and can be written to (it has a leader)."""
    answer = _ask(address, "/health", timeout_s, context)
    return str(answer.get("health")).lower() == "true"


def version_of(address: str) -> str:
    """Give the release of the etcd there, "unknown" if it does not say."""
    return str(_ask(address, "/version", _ANSWER_TIMEOUT_S).get("etcdserver", "unknown"))


def wait_until_healthy(
    address: str,
    is_running: Callable[[], bool],
    timeout_s: float = PATIENCE_S,
    context: ssl.SSLContext | None = None,
) -> None:
    """Return once it answers; EtcdError when it ended meanwhile or after so many seconds."""
    deadline = time.monotonic() + timeout_s
    while not is_healthy(address, context=context):
        if not is_running():
            raise EtcdError(f"the etcd at {address} ended while it started")
        if time.monotonic() > deadline:
            raise EtcdError(f"the etcd at {address} is not healthy after {timeout_s:g} s")
        time.sleep(_POLL_S)


def arguments(
    listen: str,
    advertise: str,
    peers: str,
    data_dir: str,
    name: str = "yr",
    members: str = "",
    scheme: str = "http",
) -> list[str]:
    """Give the command line of one member, behind the name of the program.

    `members` are all as NAME=URL of their peers' ports, separated by commas; "" for a cluster of
    one.
    """
    return [
        f"--name={name}",
        f"--data-dir={data_dir}",
        f"--listen-client-urls={scheme}://{listen}",
        f"--advertise-client-urls={scheme}://{advertise}",
        f"--listen-peer-urls=http://{peers}",
        f"--initial-advertise-peer-urls=http://{peers}",
        f"--initial-cluster={members or f'{name}=http://{peers}'}",
    ]


def _ask(
    address: str, path: str, timeout_s: float, context: ssl.SSLContext | None = None
) -> dict[str, object]:
    # A proxy of the environment is none of this address's business.
    handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)]
    opener = urllib.request.build_opener(*handlers)
    scheme = "https" if context else "http"
    try:
        with opener.open(f"{scheme}://{address}{path}", timeout=timeout_s) as answer:
            found = json.load(answer)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
