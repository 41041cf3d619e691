"""Addresses as flags and texts have them: `host:port`, an IPv6 address in brackets.

The released worker takes both; its clients take the address of a host without brackets (measured on
openyuanrong-datasystem 0.8.1).
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Final

MAX_PORT: Final = 65535


def split_address(address: str) -> tuple[str, int]:
    """Give host, without brackets, and port."""
    host, _, port = address.rpartition(":")
    return bare(host), int(port)


def bare(host: str) -> str:
    """Take the brackets of an IPv6 address away."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def join_address(host: str, port: int) -> str:
    """Write what `split_address` has split as it was."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_address(address: str) -> bool:
    """Tell whether a worker may listen there: an IP address, without a scope, and a port."""
    host, _, port = address.rpartition(":")
    if "%" in host:
        return False
    if not (port.isdecimal() and port.isascii() and int(port) <= MAX_PORT):
        return False
    return _is_ip(host)


def family_of(host: str) -> socket.AddressFamily:
    """Choose the family of sockets for a host without brackets."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _is_ip(host: str) -> bool:
    inner = bare(host)
    try:
        if inner != host:
            ipaddress.IPv6Address(inner)
        else:
            ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True
