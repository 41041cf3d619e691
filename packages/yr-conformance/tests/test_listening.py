"""Ports are found by one reading of the system's table, for each process its own."""

import os
import socket
import subprocess
import sys

from yr_conformance.listening import listening_ports

LISTENS = """
import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
input()
"""


def test_ports_are_told_by_process() -> None:
    """A port belongs to the process that listens on it, and to no other."""
    command = [sys.executable, "-c", LISTENS]
    with (
        socket.create_server(("127.0.0.1", 0)) as here,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child,
    ):
        assert child.stdout is not None
        mine, there = here.getsockname()[1], int(child.stdout.readline())
        found = listening_ports([os.getpid(), child.pid])
        child.kill()

    assert found[child.pid] == {there}
    assert mine in found[os.getpid()]
    assert there not in found[os.getpid()]


def test_only_listening_sockets_count() -> None:
    """The two ends of a connection are no listeners; a closed listener is none either."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client, server.accept()[0]:
            found = listening_ports([os.getpid()])[os.getpid()]
            own = client.getsockname()[1]

    assert port in found
    assert own not in found
    assert port not in listening_ports([os.getpid()])[os.getpid()]


def test_ipv6_counts() -> None:
    """A listener of IPv6 is found where the system has it."""
    if not socket.has_dualstack_ipv6():
        return
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        assert server.getsockname()[1] in listening_ports([os.getpid()])[os.getpid()]


def test_a_process_that_is_gone_listens_nowhere() -> None:
    """What ended before it was looked at has no ports."""
    process = subprocess.Popen(["true"])
    process.wait()

    assert listening_ports([process.pid]) == {process.pid: frozenset()}
