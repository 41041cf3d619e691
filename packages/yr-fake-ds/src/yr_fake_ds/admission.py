"""Who is served on TCP: processes of this machine, and others only where that is asked for.

A worker listens where it is told to, as the released one does, on the address of a network card
too. It checks no identity, so it looks at where each connection comes from instead: the kernel
leaves packets to one of this machine's own addresses on the machine, which no other can pretend.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final

from yr_fake_ds import texts
from yr_fake_ds.addresses import family_of
from yr_fake_ds.refusal import RefusedError

ALLOW_REMOTE: Final = "YR_FAKE_DS_ALLOW_REMOTE"
"""At 1 in a worker's environment, it serves everyone who reaches it."""
_ANY_PORT: Final = 9


@dataclass(frozen=True)
class Admission:
    """The rule of one worker; asked by the threads that serve its connections."""

    everyone: bool = False

    def check(self, sock: socket.socket) -> None:
        """Raise RefusedError, to be answered to the peer, if it is on another machine."""
        if self.everyone:
            return
        peer = str(sock.getpeername()[0])
        if not is_of_this_machine(peer):
            raise RefusedError(texts.STRANGER, peer=peer, variable=ALLOW_REMOTE)


def is_of_this_machine(host: str) -> bool:
    """Tell whether an IP address is loopback or a card's of this machine (network namespace).

    To an address of its own the kernel sends from that address itself.
    """
    if ipaddress.ip_address(host).is_loopback:
        return True
    with socket.socket(family_of(host), socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: a datagram socket only looks up the route.
            probe.connect((host, _ANY_PORT))
        except OSError:
            return False
        return bool(probe.getsockname()[0] == host)
