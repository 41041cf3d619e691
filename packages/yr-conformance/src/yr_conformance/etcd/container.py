"""An etcd in a container, by testcontainers.

The host port is fixed and on loopback: Docker would move a port that it chose itself when the
container is started again, and workers would look for etcd in vain.
"""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Any, Final

from yr_conformance.datasystem.worker import HOST, free_ports
from yr_conformance.etcd.errors import EtcdError, UnavailableError
from yr_conformance.etcd.server import arguments, wait_until_healthy
from yr_conformance.marked import MARK_VARIABLE
from yr_conformance.waiting import PATIENCE_S

DEFAULT_IMAGE: Final = "gcr.io/etcd-development/etcd:v3.6.16"
PROGRAM: Final = "/usr/local/bin/etcd"
_API: Final = "1.40"
"""Named, so that making a client asks nothing; Docker 19.03 and podman 3 speak it."""
_INSIDE: Final = "2379/tcp"
_ENGINE_TIMEOUT_S: Final = 10
_LAST_WORDS: Final = 2000
_INSTALL: Final = "pip install 'yr-conformance[etcd]'"


class ContainerEtcd:
    """A container of ours, removed with its data by `close`."""

    kind = "container"
    may_be_hurt = True

    def __init__(self, image: str) -> None:
        """Start it; UnavailableError without testcontainers, an engine or the image."""
        container_class = _testcontainers()
        _check_engine()
        (port,) = free_ports(1)
        self.address = f"{HOST}:{port}"
        inside = arguments("0.0.0.0:2379", self.address, f"{HOST}:2380", "/etcd-data")
        self._container: Any = container_class(image).with_command([PROGRAM, *inside])
        # By this mark the reaper ends it when the test process is killed.
        self._container.with_env(MARK_VARIABLE, os.environ.get(MARK_VARIABLE, ""))
        self._container.ports[_INSIDE] = (HOST, port)
        self._start(image)

    def pause(self) -> None:
        """See Etcd."""
        self._wrapped.pause()

    def resume(self) -> None:
        """See Etcd."""
        self._wrapped.unpause()
        self._wait()

    def kill(self) -> None:
        """See Etcd."""
        self._wrapped.kill()
        self._wrapped.wait(timeout=PATIENCE_S)

    def restart(self) -> None:
        """See Etcd."""
        self._wrapped.start()
        self._wait()

    def close(self) -> None:
        """See Etcd."""
        container, self._container = self._container, None
        if container is not None:
            container.stop()
            container.get_docker_client().client.close()

    @property
    def _wrapped(self) -> Any:
        return self._container.get_wrapped_container()

    def _start(self, image: str) -> None:
        import docker

        try:
            self._container.start()
        except docker.errors.ImageNotFound as error:
            raise UnavailableError(f"no image {image}: {error.explanation}") from None
        except docker.errors.APIError as error:
            self.close()
            raise UnavailableError(f"the engine refused {image}: {error.explanation}") from None
        try:
            self._wait()
        except EtcdError as error:
            words = b"".join(self._container.get_logs()).decode(errors="replace")[-_LAST_WORDS:]
            self.close()
            raise EtcdError(f"{error}; its last words:\n{words}") from None

    def _wait(self) -> None:
        wait_until_healthy(self.address, self._is_running)

    def _is_running(self) -> bool:
        self._wrapped.reload()
        return self._wrapped.status in {"created", "running"}


def _testcontainers() -> Any:
    try:
        from testcontainers.core.container import DockerContainer
    except ImportError as error:
        raise UnavailableError(f"testcontainers is not installed ({error}): {_INSTALL}") from None
    return DockerContainer


def _check_engine() -> None:
    """Ask the engine whether it is there, which is cheap; testcontainers would try for long."""
    import docker

    where = os.environ.get("DOCKER_HOST", docker.constants.DEFAULT_UNIX_SOCKET)
    try:
        _check_socket(where)
        engine = docker.DockerClient.from_env(version=_API, timeout=_ENGINE_TIMEOUT_S)
        with contextlib.closing(engine):
            engine.ping()
    except (docker.errors.DockerException, OSError) as error:
        raise UnavailableError(f"no container engine at {where}: {error}") from None


def _check_socket(where: str) -> None:
    """Raise OSError where nobody listens; the library would leave a socket open then."""
    scheme, _, path = where.partition("://")
    if scheme.endswith("unix"):
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
            probe.settimeout(_ENGINE_TIMEOUT_S)
            probe.connect(path)
