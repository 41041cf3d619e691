"""An etcd in a container, by testcontainers.

The host port is fixed and on loopback: Docker would move a port that it chose itself when the
container is started again, and workers would look for etcd in vain.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from typing import Final

from yr_conformance.datasystem.worker import HOST, free_ports
from yr_conformance.dialogue import NoAnswerError, Partner, PartnerError, started
from yr_conformance.etcd import container_keeper, steps
from yr_conformance.etcd.errors import EtcdError, UnavailableError
from yr_conformance.etcd.server import arguments, wait_until_healthy
from yr_conformance.etcd.steps import Limits, Way
from yr_conformance.marked import MARK_VARIABLE

DEFAULT_IMAGE: Final = "gcr.io/etcd-development/etcd:v3.6.16"
PROGRAM: Final = "/usr/local/bin/etcd"
_LIMITS: Final = Limits()
_INSIDE: Final = "2379/tcp"
_LAST_LINES: Final = 3
_SOCKETS: Final = ("{}/docker.sock", "{}/podman/podman.sock", "/run/podman/podman.sock")
"""Of rootless engines, which no library looks for; {} is the user's runtime directory."""

_log = logging.getLogger(__name__)


class ContainerEtcd:
    """A container of ours, removed with its data by `close`."""

    kind = "container"
    may_be_hurt = True

    def __init__(self, image: str, parent: str, limits: Limits = _LIMITS) -> None:
        """Start it, with files below `parent`; UnavailableError says which step failed.

        Then nothing is left of the attempt.
        """
        (port,) = free_ports(1)
        self.address = f"{HOST}:{port}"
        with contextlib.ExitStack() as stack:
            self._keeper = stack.enter_context(_keeper(parent))
            self._way = Way(self._keeper, limits)
            session = self._way.take(steps.LOAD, "", "load", limits.answer_s)
            place = self._connect()
            stack.callback(self._remove, parent, session, limits)
            self._fetch(image, limits)
            self._start(image, port)
            self._await_health(image, place, limits)
            self._close = stack.pop_all().close

    def pause(self) -> None:
        """See Etcd."""
        self._order("pause")

    def resume(self) -> None:
        """See Etcd."""
        self._order("resume")
        self._wait()

    def kill(self) -> None:
        """See Etcd."""
        self._order("kill")

    def restart(self) -> None:
        """See Etcd."""
        self._order("restart")
        self._wait()

    def close(self) -> None:
        """See Etcd."""
        self._close()

    def _connect(self) -> str:
        place = str(self._way.take(steps.LOAD, "", "place"))
        try:
            self._way.take(steps.ENGINE, place, "connect")
        except UnavailableError as reason:
            raise UnavailableError(f"{reason}{_other_sockets(place)}") from None
        return place

    def _fetch(self, image: str, limits: Limits) -> None:
        self._way.take(steps.IMAGE, image, "fetch", image, within_s=limits.pull_s)
        reaper = self._way.take(steps.LOAD, "", "reaper_image")
        if reaper:
            self._way.take(steps.REAPER_IMAGE, reaper, "fetch", reaper, within_s=limits.pull_s)
            self._way.take(steps.REAPER, reaper, "start_reaper", within_s=limits.reaper_s)

    def _start(self, image: str, port: int) -> None:
        command = [PROGRAM, *arguments("0.0.0.0:2379", self.address, f"{HOST}:2380", "/etcd-data")]
        # By this mark the reaper ends it when the test process is killed.
        environment = {MARK_VARIABLE: os.environ.get(MARK_VARIABLE, "")}
        ports = {_INSIDE: (HOST, port)}
        self._way.take(steps.START, image, "start", image, command, environment, ports)

    def _await_health(self, image: str, place: str, limits: Limits) -> None:
        subject = f"the container of {image} at {place}"
        try:
            wait_until_healthy(self.address, self._is_running, self._way.left_s(limits.health_s))
        except EtcdError as error:
            words = self._way.take(steps.HEALTH, subject, "logs", _LAST_LINES)
            cause = " ".join(f"{error}; it wrote: {words or 'nothing'}".split())
            raise UnavailableError(steps.HEALTH.reason(subject, cause)) from None

    def _wait(self) -> None:
        wait_until_healthy(self.address, self._is_running)

    def _is_running(self) -> bool:
        return self._order("status") in {"created", "running"}

    def _order(self, name: str) -> str:
        try:
            return str(self._keeper.ask(name))
        except PartnerError as error:
            raise EtcdError(f"{name} of the container at {self.address}: {error.cause}") from None

    def _remove(self, parent: str, session: str, limits: Limits) -> None:
        try:
            if self._way.hangs or not self._removes(limits):
                self._keeper.kill()
                _remove_from_elsewhere(parent, session, limits)
        except PartnerError as error:
            _log.warning("containers of session %s may be left: %s", session, error.cause)

    def _removes(self, limits: Limits) -> bool:
        try:
            self._keeper.ask("remove", within_s=limits.step_s)
        except NoAnswerError:
            return False
        return True


def _remove_from_elsewhere(parent: str, session: str, limits: Limits) -> None:
    """Remove the containers of a keeper that does not answer, by another one."""
    with _keeper(parent) as another:
        another.ask("load", limits.answer_s, within_s=limits.step_s)
        another.ask("connect", within_s=limits.step_s)
        another.ask("remove", session, within_s=limits.step_s)


@contextlib.contextmanager
def _keeper(parent: str) -> Iterator[Partner]:
    """Start a keeper; it is killed at the end, and has nothing then."""
    home = tempfile.mkdtemp(prefix="container-", dir=parent)
    # Without the mark it outlives a test process that is killed, and removes the container.
    environment = {name: value for name, value in os.environ.items() if name != MARK_VARIABLE}
    try:
        with started([container_keeper.__name__], environment, home) as (process, stderr):
            yield Partner(process, stderr)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _other_sockets(place: str) -> str:
    """Name engines that are there, but that nobody has named."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    paths = [path.format(runtime) for path in _SOCKETS]
    found = [f"DOCKER_HOST=unix://{path}" for path in paths if _is_socket(path)]
    return f", such as {' or '.join(found)}" if found and place not in " ".join(found) else ""


def _is_socket(path: str) -> bool:
    with contextlib.suppress(OSError):
        return stat.S_ISSOCK(os.stat(path).st_mode)
    return False
