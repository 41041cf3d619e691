"""Workers on the address of a network card: who is served, and what others are told."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from started_worker import free_port

NEAR, FAR = "10.78.0.1", "10.78.0.2"
PATIENCE_S = 30.0
PORT = free_port()
"""Of this process's own: dscli stops by address, also in another process's network."""
CLIENT = """
import sys
from yr_fake_ds.sdk.kv_client import KVClient
client = KVClient(sys.argv[1], int(sys.argv[2]), connect_timeout_ms=5000)
try:
    client.init()
except RuntimeError as error:
    print(error)
else:
    print("served")
"""
ASK = """
import sys
from yr_fake_ds.sdk.kv_client import KVClient
call, host, port = sys.argv[1:]
client = KVClient(host, int(port), connect_timeout_ms=5000)
client.init()
try:
    print(client.set("key", "value") if call == "set" else client.get(["key"], True)[0])
except RuntimeError as error:
    print(error)
"""

ENGINE = """
import sys
from yr_fake_ds import TransferEngine
engine = TransferEngine()
print(engine.initialize(":".join(sys.argv[1:]), "", "npu:0").to_string(), flush=True)
sys.stdin.read()
"""
READ = """
import socket, sys
from yr_fake_ds import framing
from yr_fake_ds.transfer import messages
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 20) as peer:
    framing.send_frame(peer, messages.encode(messages.Introduce()))
    answer = messages.decode_answer(framing.receive_header(peer, 0, within_s=20)[0])
print(answer.code, answer.message)
"""


@dataclass(frozen=True)
class Machine:
    """A network namespace with a card in it, for as long as its process lives."""

    keeper: subprocess.Popen[bytes]

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command there, to its end."""
        enter = ["nsenter", f"--net=/proc/{self.keeper.pid}/ns/net", *command]
        environment = {**os.environ, **variables}
        return subprocess.run(
            enter, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    def dscli(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the fake's dscli there."""
        return self.run(sys.executable, "-m", "yr_fake_ds.dscli", *arguments, **variables)

    def client(self, host: str = NEAR) -> str:
        """Open a client there; gives `served` or the error."""
        return self.run(sys.executable, "-c", CLIENT, host, str(PORT)).stdout

    def ask(self, question: str) -> str:
        """Set or get a value there, by `set HOST` or `get HOST`; what came back, or the error."""
        return self.run(sys.executable, "-c", ASK, *question.split(), str(PORT)).stdout

    def has_card(self, address: str) -> None:
        """Give its end of the cable an address."""
        for command in (
            "link set lo up",
            f"address add {address}/24 dev cable",
            "link set cable up",
        ):
            self.run("ip", *command.split()).check_returncode()


@pytest.fixture(scope="module")
def machines() -> Iterator[tuple[Machine, Machine]]:
    """Two of them, near and far, with a cable between them."""
    if os.geteuid() or not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        pytest.skip("only root, with unshare, nsenter and ip, may make network namespaces")
    apart = ["unshare", "--net", "sh", "-c", "echo; exec cat"]
    with (
        subprocess.Popen(apart, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as one,
        subprocess.Popen(apart, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other,
    ):
        near, far = Machine(one), Machine(other)
        for process in (one, other):
            assert process.stdout is not None
            process.stdout.readline()
        cable = f"link add cable type veth peer cable netns {other.pid}"
        near.run("ip", *cable.split()).check_returncode()
        near.has_card(NEAR)
        far.has_card(FAR)
        yield near, far
        for process in (one, other):
            process.kill()


@contextlib.contextmanager
def worker_at(
    machine: Machine, address: str, *arguments: str, **variables: str
) -> Iterator[subprocess.CompletedProcess[str]]:
    """Start a worker on a machine's card, in the near one's cluster; it ends with the block."""
    own = ("--worker_address", f"{address}:{PORT}", "--metastore_address", f"{NEAR}:2379")
    with tempfile.TemporaryDirectory(prefix="yrs-", dir="/tmp") as home:
        start = ("start", "-d", home, "-w", *own, "--shared_memory_size_mb", "16", *arguments)
        started = machine.dscli(*start, **variables)
        try:
            yield started
        finally:
            machine.dscli("stop", *own[:2])


def log_with(directory: str, words: str) -> str:
    """Wait until a worker's log has the words; gives the log."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        text = "".join(path.read_text("utf-8") for path in pathlib.Path(directory).glob("*.log"))
        if words in text or time.monotonic() > deadline:
            return text
        time.sleep(0.05)


@contextlib.contextmanager
def engine_at(machine: Machine, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """Let a process with a transfer engine listen on the near machine's card for a block."""
    enter = ["nsenter", f"--net=/proc/{machine.keeper.pid}/ns/net"]
    process = subprocess.Popen(
        [*enter, sys.executable, "-c", ENGINE, NEAR, str(PORT)],
        env={**os.environ, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "code=0, msg=\n"
        yield process
    finally:
        process.communicate(timeout=PATIENCE_S)


def serving(machine: Machine, **variables: str) -> contextlib.AbstractContextManager[Any]:
    """Run the near machine's worker, with its own metastore, for a block."""
    return worker_at(machine, NEAR, "--start_metastore_service", "true", **variables)


@pytest.fixture
def worker(machines: tuple[Machine, Machine]) -> Iterator[None]:
    """A worker as it is started everywhere, without any variable."""
    near, _ = machines
    with serving(near) as started:
        started.check_returncode()
        yield


@pytest.mark.usefixtures("worker")
def test_the_machine_s_own_processes_are_served(machines: tuple[Machine, Machine]) -> None:
    """A client that comes by the card's address is of this machine."""
    near, _ = machines

    assert near.client() == "served\n"


@pytest.mark.usefixtures("worker")
def test_another_machine_s_client_is_turned_away(machines: tuple[Machine, Machine]) -> None:
    """It is told why, and which variable allows it."""
    _, far = machines

    said = far.client()

    assert (
        f"serves only the machine that it runs on, since it checks no identity, and {FAR}" in said
    )
    assert "YR_FAKE_DS_ALLOW_REMOTE=1" in said


@pytest.mark.usefixtures("worker")
def test_another_machine_s_worker_is_turned_away(machines: tuple[Machine, Machine]) -> None:
    """It ends at once, with the same reason, instead of waiting for the metastore."""
    _, far = machines

    with worker_at(far, FAR) as outcome:
        pass

    assert outcome.returncode == 1
    assert f"and {FAR} is not an address of it" in outcome.stderr


def test_everyone_is_served_where_that_is_asked_for(machines: tuple[Machine, Machine]) -> None:
    """With the variable in the worker's environment, the other machine's client is served."""
    near, far = machines

    with serving(near, YR_FAKE_DS_ALLOW_REMOTE="1"):
        assert far.client() == "served\n"


def test_a_worker_whose_metastore_comes_back_without_the_variable(
    machines: tuple[Machine, Machine],
) -> None:
    """It tries again, and its log says why in vain."""
    near, far = machines
    with tempfile.TemporaryDirectory(prefix="yrl-", dir="/tmp") as logs:
        joined = worker_at(far, FAR, "--log_dir", logs)
        with contextlib.ExitStack() as stack:
            with serving(near, YR_FAKE_DS_ALLOW_REMOTE="1"):
                stack.enter_context(joined).check_returncode()

            with serving(near):
                said = log_with(logs, f"and {FAR} is not an address of it")

    assert "YR_FAKE_DS_ALLOW_REMOTE=1" in said


@pytest.mark.usefixtures("worker")
def test_another_machine_cannot_look_inside(machines: tuple[Machine, Machine]) -> None:
    """`yr-fake-ds top` gives the reason in one line."""
    _, far = machines

    look = far.run(sys.executable, "-m", "yr_fake_ds", "top", "--once", f"{NEAR}:{PORT}")

    assert look.returncode == 1
    assert look.stderr.count("\n") == 1
    assert f"and {FAR} is not an address of it" in look.stderr


def test_a_worker_that_serves_its_machine_only_keeps_what_it_has(
    machines: tuple[Machine, Machine],
) -> None:
    """Another machine's worker is told so by an error, and does not take the value for lost."""
    near, far = machines
    with serving(near, YR_FAKE_DS_ALLOW_REMOTE="1"), worker_at(far, FAR):
        far.ask(f"set {FAR}")

        said = near.ask(f"get {NEAR}")

        assert f"and {NEAR} is not an address of it" in said
        assert far.ask(f"get {FAR}") == "value\n"


@pytest.mark.parametrize(("variables", "answer"), [({}, 9), ({"YR_FAKE_DS_ALLOW_REMOTE": "1"}, 5)])
def test_a_transfer_engine_serves_its_own_machine(
    machines: tuple[Machine, Machine], variables: dict[str, str], answer: int
) -> None:
    """Another one is told the reason first, and where it is allowed that there is no NPU."""
    near, far = machines
    with engine_at(near, **variables) as engine:
        said = far.run(sys.executable, "-c", READ, NEAR, str(PORT)).stdout

    assert said.startswith(f"{answer} ")
    assert ("YR_FAKE_DS_ALLOW_REMOTE=1" in said) == (not variables)
    assert engine.returncode == 0
