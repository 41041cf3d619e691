"""An etcd of three members, as operators run it: any one of them may be away.

Only from the program on PATH: containers of an engine would have to reach each other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from yr_conformance.datasystem.worker import HOST, free_ports
from yr_conformance.etcd.gateway import ask, keys_below
from yr_conformance.etcd.process import EtcdProcess
from yr_conformance.etcd.program import etcd_program
from yr_conformance.etcd.server import START_S, arguments

COUNT: Final = 3


class EtcdMembers:
    """Three processes of ours; a member is named by its place in `addresses`."""

    def __init__(self, parent: str) -> None:
        """Start them with their data below `parent`; UnavailableError without the program."""
        program = etcd_program()
        ports = free_ports(2 * COUNT)
        self.addresses = tuple(f"{HOST}:{port}" for port in ports[:COUNT])
        self._members = [EtcdProcess(address, parent) for address in self.addresses]
        peers = {f"m{number}": f"{HOST}:{port}" for number, port in enumerate(ports[COUNT:])}
        everybody = ",".join(f"{name}=http://{peer}" for name, peer in peers.items())
        for member, (name, peer) in zip(self._members, peers.items(), strict=True):
            address = member.address
            words = arguments(address, address, peer, member.data, name, everybody)
            member.start([program, *words])
        self._wait(START_S)

    @property
    def address(self) -> str:
        """All members, as YR_DS_ETCD_ADDRESS has them."""
        return ",".join(self.addresses)

    def leader(self) -> int:
        """Tell which one leads now."""
        for number, member in enumerate(self._members):
            if member.runs:
                status = ask(member.address, "maintenance/status", {})
                if status.get("leader") == status["header"]["member_id"]:
                    return number
        raise AssertionError(f"none of {self.address} leads")

    @contextlib.contextmanager
    def without(self, number: int) -> Iterator[None]:
        """Kill one member, and start it again at the end."""
        self._members[number].kill()
        try:
            yield
        finally:
            self._members[number].start_again()
            self._wait()

    def restart(self) -> None:
        """Kill all of them at once and start them again."""
        for member in self._members:
            member.kill()
        for member in self._members:
            member.start_again()
        self._wait()

    def everything(self) -> list[str]:
        """List everything that is in it, as the first member that answers knows it."""
        living = next(member for member in self._members if member.runs)
        return keys_below(living.address, "/")

    def close(self) -> None:
        """End them and remove their data; any number of times."""
        for member in self._members:
            member.close()

    def _wait(self, timeout_s: float = START_S) -> None:
        for member in self._members:
            member.wait(timeout_s)
