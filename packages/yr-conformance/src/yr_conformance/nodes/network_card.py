"""A machine with a network card, from which Ray takes its address: a network namespace.

    with_a_card() + ["python", "first.py"]     nothing leaves this machine, and nothing is in use

The card is one end of a cable that has both ends there. The namespace ends with its processes.
"""

from __future__ import annotations

import socket
from typing import Final

from yr_conformance.nodes.namespaces import NETWORK, why_no_network

ADDRESS: Final = "10.79.0.1"
IPV6_ADDRESS: Final = "fd79::1"
_LOOPBACK: Final = "ip link set lo up"
_CABLE: Final = f"""{_LOOPBACK}
ip link add card0 type veth peer name card1
ip link set card0 up
ip link set card1 up"""
_CARD: Final = f"""{_CABLE}
ip address add {ADDRESS}/24 dev card0
ip route add default dev card0"""
_IPV6_CARD: Final = f"""{_CABLE}
ip -6 address add {IPV6_ADDRESS}/64 dev card0 nodad
ip -6 route add default dev card0"""


def why_not() -> str:
    """Say why this user cannot have a network namespace, "" if there is no reason."""
    return why_no_network("ip")


def why_no_ipv6() -> str:
    """Say why there is no IPv6 on this machine, "" if there is."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        return str(error)
    return ""


def with_a_card() -> list[str]:
    """Give the words to put before a command."""
    return _in_namespace(_CARD)


def with_a_card_where_possible() -> list[str]:
    """Give the same, or nothing for the machine's own network where the user may not have one."""
    return [] if why_not() else with_a_card()


def with_an_ipv6_card() -> list[str]:
    """Give those for a machine whose card has an IPv6 address only."""
    return _in_namespace(_IPV6_CARD)


def without_a_card() -> list[str]:
    """Give those for a machine that has loopback only."""
    return _in_namespace(_LOOPBACK)


def _in_namespace(commands: str) -> list[str]:
    return [*NETWORK, "--", "sh", "-euc", f'{commands}\nexec "$@"', "sh"]
