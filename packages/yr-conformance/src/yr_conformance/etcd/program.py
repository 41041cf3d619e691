"""An etcd from the program `etcd` on PATH, on free ports, its data in a directory of its own."""

from __future__ import annotations

import shutil

from yr_conformance.datasystem.worker import HOST, free_ports
from yr_conformance.etcd.errors import EtcdError, UnavailableError
from yr_conformance.etcd.process import EtcdProcess
from yr_conformance.etcd.server import START_S, arguments
from yr_conformance.waiting import PATIENCE_S

_REMEDY = "put another `etcd` first on PATH, or name a running one with YR_DS_ETCD_ADDRESS"


class ProgramEtcd:
    """A cluster of one, of ours."""

    kind = "binary"
    may_be_hurt = True

    def __init__(self, parent: str) -> None:
        """Start it with its data below `parent`; UnavailableError if that cannot be."""
        program = etcd_program()
        client, peers = (f"{HOST}:{port}" for port in free_ports(2))
        self.address = client
        self._process = EtcdProcess(client, parent)
        command = [program, *arguments(client, client, peers, self._process.data)]
        try:
            self._process.start(command)
        except OSError as error:
            self.close()
            raise UnavailableError(f"{program} cannot be run ({error}): {_REMEDY}") from None
        try:
            self._process.wait(START_S)
        except EtcdError as error:
            words = " ".join(self._process.last_words().split()) or "nothing"
            self.close()
            cause = f"{error}, it wrote: {words}"
            raise UnavailableError(f"{program} does not work ({cause}): {_REMEDY}") from None

    def pause(self) -> None:
        """See Etcd."""
        self._process.pause()

    def resume(self) -> None:
        """See Etcd."""
        self._process.resume()
        self._process.wait(PATIENCE_S)

    def kill(self) -> None:
        """See Etcd."""
        self._process.kill()

    def restart(self) -> None:
        """See Etcd."""
        self._process.start_again()
        self._process.wait(PATIENCE_S)

    def close(self) -> None:
        """See Etcd."""
        self._process.close()


def etcd_program() -> str:
    """Find the program; UnavailableError if there is none."""
    program = shutil.which("etcd")
    if program is None:
        raise UnavailableError("no program `etcd` on PATH (Debian: etcd-server)")
    return program
