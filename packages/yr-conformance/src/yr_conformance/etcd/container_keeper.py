"""Container keeper: a process that talks with the container engine, and may be ended if that hangs.

    test <--dialogue--> container keeper <--testcontainers--> engine -- etcd, reaper container

The libraries wait for minutes in places where no limit can be given, and testcontainers leaves a
reaper container that it cannot reach. So they are in a process of their own, which removes what it
started whatever happens, also when the test process is killed. Module `container` asks.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping
from typing import Any, Final

from yr_conformance.dialogue import answers, serve
from yr_conformance.etcd.errors import UnavailableError

_GONE: Final = {404, 409}
"""Statuses of a removal that somebody else has done, or is doing."""


class ContainerKeeper:
    """One container with what it needs; each method is a question, and raises one line."""

    def __init__(self) -> None:
        self._timeout_s = 0.0
        self._client: Any = None
        self._container: Any = None

    def load(self, timeout_s: float) -> str:
        """Import testcontainers, which reads its settings then; answer the id of its session.

        The engine may take so many seconds for one answer, except to the reaper's own client.
        """
        with _in_one_line():
            import testcontainers.core.container  # noqa: F401
            from testcontainers.core.labels import SESSION_ID

            self._timeout_s = timeout_s
            return str(SESSION_ID)

    def connect(self) -> None:
        """Find the engine as testcontainers does: property, DOCKER_HOST, context, usual socket."""
        from testcontainers.core.docker_client import DockerClient

        with _in_one_line():
            client = DockerClient(timeout=self._timeout_s).client
            client.ping()
            self._client = client

    def place(self) -> str:
        """Name the engine that `connect` asks."""
        from docker.constants import DEFAULT_UNIX_SOCKET
        from testcontainers.core.docker_client import get_docker_host

        usual = DEFAULT_UNIX_SOCKET.removeprefix("http+")
        return str(get_docker_host() or os.environ.get("DOCKER_CONTEXT") or usual)

    def reaper_image(self) -> str:
        """Name the image of the reaper container, or nothing if the user does without."""
        from testcontainers.core.config import testcontainers_config as settings

        return "" if settings.ryuk_disabled else str(settings.ryuk_image)

    def fetch(self, image: str) -> None:
        """Have the image on the engine; pull it if it is not there."""
        from testcontainers.core.config import testcontainers_config as settings

        # Not in 4.10, the oldest version that may be installed.
        name = getattr(settings, "hub_image_name_prefix", "") + image
        with _in_one_line():
            if not self._has(name):
                self._pull(name)

    def start_reaper(self) -> None:
        """Start the reaper container and connect to it."""
        from testcontainers.core.container import Reaper

        with _in_one_line():
            Reaper.get_instance()

    def start(
        self, image: str, command: list[str], environment: Mapping[str, str], ports: dict[str, Any]
    ) -> None:
        """Start the container; `ports` are those inside, each with address and port outside."""
        from testcontainers.core.container import DockerContainer

        with _in_one_line():
            made = DockerContainer(image, docker_client_kw={"timeout": self._timeout_s})
            made.with_command(command)
            made.env.update(environment)
            made.ports.update({inside: tuple(outside) for inside, outside in ports.items()})
            made.start()
            self._container = made.get_wrapped_container()

    def pause(self) -> None:
        """Freeze its processes."""
        self._container.pause()

    def resume(self) -> None:
        """Let them go on."""
        self._container.unpause()

    def kill(self) -> None:
        """Kill its processes, and wait until they are gone."""
        self._container.kill()
        self._container.wait(timeout=self._timeout_s)

    def restart(self) -> None:
        """Start it again with its data."""
        self._container.start()

    def status(self) -> str:
        """Give its state in the engine's words, such as "running"."""
        self._container.reload()
        return str(self._container.status)

    def logs(self, lines: int) -> str:
        """Give the end of what it wrote."""
        return str(self._container.logs(tail=lines).decode(errors="replace"))

    def remove(self, session: str = "") -> None:
        """Remove all that this process started, or another one of that session; without it none."""
        from testcontainers.core.labels import LABEL_SESSION_ID, SESSION_ID

        owner = session or SESSION_ID
        # The reaper has no label of the session.
        wanted = (
            {"label": f"{LABEL_SESSION_ID}={owner}"},
            {"name": f"testcontainers-ryuk-{owner}"},
        )
        with _in_one_line():
            for filters in wanted:
                found = self._client.containers.list(all=True, filters=filters, ignore_removed=True)
                for container in found:
                    _remove(container)

    def close(self) -> None:
        """Remove all, if there has been an engine."""
        if self._client is not None:
            self.remove()

    def _has(self, name: str) -> bool:
        import docker

        try:
            self._client.images.get(name)
        except docker.errors.ImageNotFound:
            return False
        return True

    def _pull(self, name: str) -> None:
        from docker.utils import parse_repository_tag

        repository, tag = parse_repository_tag(name)
        api = self._client.api
        # The library's own pull does not look at what goes wrong on the way.
        for progress in api.pull(repository, tag or "latest", stream=True, decode=True):
            if "error" in progress:
                raise UnavailableError(progress["error"])


def main() -> None:
    """Serve until nobody asks any more; then nothing is left."""
    # A Ctrl-C is for the test process, which still has to ask for the end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    to = answers()
    keeper = ContainerKeeper()
    try:
        serve(keeper, to)
    finally:
        keeper.close()


def _remove(container: Any) -> None:
    import docker

    try:
        container.remove(force=True, v=True)
    except docker.errors.APIError as error:
        if error.status_code not in _GONE:
            raise


@contextlib.contextmanager
def _in_one_line() -> Iterator[None]:
    """Raise UnavailableError for whatever is raised, since these libraries promise no type."""
    try:
        yield
    except Exception as error:
        raise UnavailableError(" ".join(_cause(error).split())) from error


def _cause(error: BaseException) -> str:
    """Give the engine's own words, else those of the system, else those of the library."""
    chain = list(_chain(error))
    for one in chain:
        if explanation := getattr(one, "explanation", None):
            return str(explanation)
    of_the_system = [one for one in chain if isinstance(one, OSError)]
    first = of_the_system[-1] if of_the_system else error
    return str(first) if isinstance(first, UnavailableError) else f"{type(first).__name__}: {first}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


if __name__ == "__main__":
    main()
