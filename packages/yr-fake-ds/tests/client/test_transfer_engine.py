"""What a `TransferEngine` answers without an NPU; recorded on openyuanrong-datasystem 0.8.1.

`tests/differential/test_same_transfers.py` asks the real one the same and more.
"""

from __future__ import annotations

import gc
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from yr_fake_ds import ErrorCode, Result, TransferEngine, activation, framing

ANSWERS = [
    ("", "npu:0", 2, "targetHostname is empty", 54),
    ("[::1", "npu:0", 2, "invalid targetHostname", 61),
    ("[::1]", "npu:0", 2, "targetHostname missing port", 62),
    ("127.0.0.1", "npu:0", 2, "targetHostname missing host:port", 68),
    (":1", "npu:0", 2, "targetHostname host is empty", 73),
    ("127.0.0.1:", "npu:0", 2, "targetHostname port is empty", 74),
    ("127.0.0.1:-1", "npu:0", 2, "targetHostname port is invalid", 77),
    ("127.0.0.1:\u0663", "npu:0", 2, "targetHostname port is invalid", 77),
    ("127.0.0.1:65536", "npu:0", 2, "targetHostname port is invalid", 79),
    ("127.0.0.1:" + "9" * 5000, "npu:0", 2, "targetHostname port is invalid", 79),
    ("127.0.0.1:0", "npu:0", 2, "targetHostname port should be positive", 81),
    ("127.0.0.1:" + "0" * 5000, "npu:0", 2, "targetHostname port should be positive", 81),
    ("127.0.0.1:1", "npu:", 2, "device_name is invalid", 93),
    ("127.0.0.1:1", "NPU:0", 2, "device_name should match npu:${device_id}", 94),
    ("127.0.0.1:1", "npu:-1", 2, "device_name should match npu:${device_id}", 100),
    ("127.0.0.1:1", "npu:2147483648", 2, "device_id is out of range", 103),
    ("localhost:31", "npu:0", 2, "host should be a valid IPv4 address", 83),
    ("[::1]:31", "npu:0", 2, "host should be a valid IPv4 address", 83),
    ("203.0.113.7:31", "npu:0", 5, "bind failed", 182),
]
OK = (0, "")


@pytest.fixture
def port() -> int:
    """Give a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def engine(port: int) -> Iterator[TransferEngine]:
    """Give an engine that listens on loopback."""
    made = TransferEngine()
    assert made.initialize(f"127.0.0.1:{port}", "ascend", "npu:0").is_ok()
    yield made
    made.finalize()


def said(result: Result) -> tuple[int, str]:
    """Return code and message."""
    return int(result.get_code()), result.get_msg()


def listens(port: int) -> bool:
    """Tell whether somebody can connect."""
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.parametrize(("endpoint", "device", "code", "message", "line"), ANSWERS)
def test_wrong_arguments_of_initialize(
    endpoint: str, device: str, code: int, message: str, line: int
) -> None:
    """Code, message and line of the sources are the real one's; nothing listens then."""
    made = TransferEngine()

    result = made.initialize(endpoint, "ascend", device)

    assert said(result) == (code, message)
    assert result.to_string().endswith(f".cpp, line={line}")
    assert made.get_rpc_port() == -1


def test_a_new_engine_is_not_ready(port: int) -> None:
    """Calls say so, but for those whose arguments are wrong anyway; finalize has nothing to do."""
    made = TransferEngine()
    endpoint = f"127.0.0.1:{port}"
    not_ready = (8, "transfer engine not initialized")

    assert made.get_rpc_port() == -1
    assert said(made.register_memory(0, 0)) == not_ready
    assert said(made.batch_unregister_memory([])) == not_ready
    assert said(made.transfer_sync_read(endpoint, 1, 2, 3)) == not_ready
    assert said(made.batch_register_memory([], [])) == (2, "bufferAddrs is empty")
    assert said(made.transfer_sync_read("x", 0, 0, 0)) == (2, "targetHostname missing host:port")
    assert said(made.finalize()) == OK


def test_an_engine_is_initialized_once_at_a_time(engine: TransferEngine, port: int) -> None:
    """A second time is refused, the port stays; a second engine cannot have the port."""
    endpoint = f"127.0.0.1:{port}"

    assert engine.get_rpc_port() == port
    again = engine.initialize(endpoint, "ascend", "npu:1")
    assert said(again) == (2, "transfer engine already initialized")
    assert said(TransferEngine().initialize(endpoint, "ascend", "npu:1")) == (5, "bind failed")
    assert said(engine.finalize()) == OK
    assert said(engine.finalize()) == OK
    assert said(engine.initialize(endpoint, "anything", "npu:1")) == OK


def test_overlapping_memory_is_not_registered(engine: TransferEngine) -> None:
    """Neighbours are; a batch with an overlap leaves nothing, one with a zero what came first."""
    refused = (2, "failed to add registered region")

    assert said(engine.register_memory(4096, 100)) == OK
    assert said(engine.register_memory(4096, 10)) == refused
    assert said(engine.register_memory(4195, 10)) == refused
    assert said(engine.register_memory(4196, 10)) == OK
    assert said(engine.register_memory(2**64 - 2, 2)) == refused
    assert said(engine.batch_register_memory([9000, 9005], [10, 10])) == refused
    assert said(engine.unregister_memory(9000)) == (3, "region is not registered")
    zero = engine.batch_register_memory([9000, 9100], [10, 0])
    assert said(zero) == (2, "length should be positive")
    assert said(engine.unregister_memory(9000)) == OK


def test_memory_is_unregistered_by_its_begin(engine: TransferEngine) -> None:
    """In order, until one is not registered."""
    engine.batch_register_memory([4096, 5096, 6096], [100, 100, 100])

    assert said(engine.unregister_memory(4100)) == (3, "region is not registered")
    assert said(engine.unregister_memory(0)) == (2, "bufferAddr should be positive")
    some = engine.batch_unregister_memory([4096, 7, 5096])
    assert said(some) == (3, "region is not registered")
    assert said(engine.unregister_memory(4096)) == (3, "region is not registered")
    assert said(engine.unregister_memory(5096)) == OK


def test_memory_stays_registered_beyond_finalize(engine: TransferEngine, port: int) -> None:
    """For the same NPU it is there; for another one it is in nobody's way."""
    engine.register_memory(4096, 100)
    engine.finalize()
    engine.initialize(f"127.0.0.1:{port}", "ascend", "npu:0")

    assert said(engine.register_memory(4096, 100)) == (2, "failed to add registered region")
    engine.finalize()
    engine.initialize(f"127.0.0.1:{port}", "ascend", "npu:1")
    assert said(engine.register_memory(4096, 100)) == OK
    assert said(engine.unregister_memory(4096)) == OK
    assert said(engine.unregister_memory(4096)) == (3, "region is not registered")


def test_a_read_checks_its_arguments_first(engine: TransferEngine) -> None:
    """Lists, then the peer, then each item."""
    read, batch = engine.transfer_sync_read, engine.batch_transfer_sync_read

    assert said(batch("x", [], [1], [1])) == (2, "buffers is empty")
    differ = (2, "buffers/peerBufferAddresses/lengths size mismatch")
    assert said(batch("x", [1], [1], [])) == differ
    assert said(read("x:y", 0, 0, 0)) == (2, "targetHostname port is invalid")
    assert said(read("x:1", 0, 0, 0)) == (2, "buffer should be positive")
    assert said(read("x:1", 1, 0, 0)) == (2, "peerBufferAddress should be positive")
    assert said(read("x:1", 1, 1, 0)) == (2, "length should be positive")


def test_without_cann_nothing_is_read(engine: TransferEngine, port: int) -> None:
    """Everything else works without; the peer is not asked then."""
    code, message = said(engine.transfer_sync_read(f"127.0.0.1:{port}", 4096, 4096, 10))

    assert code == 8
    assert message.startswith("p2p_transfer library not loaded: [")
    assert "libascendcl.so: cannot open shared object file" in message


def test_arguments_convert_as_in_the_bindings(engine: TransferEngine) -> None:
    """By name, from whatever has an index or an int; bytes are text."""
    numbers: Any = range(1, 2)
    encoded: Any = b"x"

    assert said(engine.register_memory(buffer_addr_regisrterch=True, length=2)) == OK
    assert said(engine.batch_unregister_memory(numbers)) == OK
    missing = (2, "targetHostname missing host:port")
    assert said(engine.transfer_sync_read(encoded, 1, 1, 1)) == missing


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        (lambda engine: engine.register_memory(1.5, 2), "0x…>, 1.5, 2"),
        (lambda engine: engine.register_memory(1, length=-1), "0x…>, 1; kwargs: length=-1"),
        (lambda engine: engine.register_memory(2**64, 1), "0x…>, 18446744073709551616, 1"),
        (lambda engine: engine.register_memory(1, size=2), "0x…>, 1; kwargs: size=2"),
        (lambda engine: engine.register_memory("1", 2), "0x…>, '1', 2"),
        (lambda engine: engine.register_memory(1), "0x…>, 1"),
    ],
)
def test_what_does_not_convert_is_a_type_error(
    engine: TransferEngine, call: Callable[[Any], Any], shown: str
) -> None:
    """It prints the signature, and what was given."""
    with pytest.raises(TypeError) as caught:
        call(engine)

    lines = str(caught.value).replace(f"{id(engine):#x}", "0x…").splitlines()
    module = "yr.datasystem._transfer_engine"
    assert lines[0].startswith("register_memory(): incompatible function arguments.")
    assert lines[1] == (
        f"    1. (self: {module}.TransferEngine, buffer_addr_regisrterch: int, length: int)"
        f" -> {module}.Result"
    )
    assert lines[3] == f"Invoked with: <{module}.TransferEngine object at {shown}"


def test_constructors_take_nothing() -> None:
    """Of the engine and of a result."""
    for made in (TransferEngine, Result):
        with pytest.raises(TypeError, match=r"incompatible constructor arguments[^$]*Invoked .*1"):
            made(1)


def test_a_result_shows_itself() -> None:
    """As text, in `dir`, and not in pickles."""
    made = Result()

    assert repr(made) == "Result(code=0, msg=)"
    assert made.get_code() is ErrorCode.kOk
    names = [name for name in dir(made) if not name.startswith("__")]
    assert names == ["get_code", "get_msg", "is_error", "is_ok", "to_string"]
    with pytest.raises(
        TypeError, match=r"cannot pickle 'yr\.datasystem\._transfer_engine\.Result'"
    ):
        pickle.dumps(made)


def test_an_engine_that_nobody_holds_closes_its_port(port: int) -> None:
    """Collected, it finalizes, at once."""
    made = TransferEngine()
    made.initialize(f"127.0.0.1:{port}", "ascend", "npu:0")
    assert listens(port)

    del made
    gc.collect()

    assert not listens(port)


def test_finalize_ends_all_threads(port: int) -> None:
    """Those of peers that are connected and say nothing, too."""
    before = set(threading.enumerate())
    made = TransferEngine()
    made.initialize(f"127.0.0.1:{port}", "ascend", "npu:0")

    with socket.create_connection(("127.0.0.1", port)) as silent:
        wait_until(lambda: len(set(threading.enumerate()) - before) == 2)
        made.finalize()

        assert is_closed(silent)
    wait_until(lambda: set(threading.enumerate()) <= before)


def test_peers_that_talk_nonsense_hurt_nobody(engine: TransferEngine, port: int) -> None:
    """Each costs its own connection; another one is answered."""
    for nonsense in (b"GET / HTTP/1.0\r\n\r\n", b"\xff" * 100, frame(b"\xc1"), frame(b"\x90")):
        with socket.create_connection(("127.0.0.1", port)) as peer:
            peer.sendall(nonsense)
            peer.settimeout(20)
            assert is_closed(peer)

    assert engine.get_rpc_port() == port
    assert listens(port)


def test_the_end_of_the_process_leaves_no_port(port: int) -> None:
    """Without finalize, and at once, though a peer is connected."""
    program = (
        "import sys; from yr.datasystem import TransferEngine; engine = TransferEngine();"
        f"print(engine.initialize('127.0.0.1:{port}', '', 'npu:0').to_string(), flush=True);"
        "sys.stdin.readline()"
    )
    process = started(program)
    assert process.stdout is not None
    assert process.stdout.readline() == "code=0, msg=\n"

    with socket.create_connection(("127.0.0.1", port)):
        began = time.monotonic()
        process.communicate("\n", timeout=30)

    assert process.returncode == 0
    assert time.monotonic() - began < 20
    assert not listens(port)


def test_a_forked_child_has_no_part_in_the_engine(port: int) -> None:
    """Its calls say so, and the parent's port is free although the child lives."""
    program = f"""
import os, sys
from yr.datasystem import TransferEngine
engine = TransferEngine()
engine.initialize('127.0.0.1:{port}', '', 'npu:0')
if os.fork():
    os.wait()
    print(engine.register_memory(1, 1).to_string(), flush=True)
else:
    try:
        engine.register_memory(1, 1)
    except RuntimeError as error:
        print(error, flush=True)
    fresh = TransferEngine()
    print(fresh.initialize('127.0.0.2:{port}', '', 'npu:0').to_string(), flush=True)
    sys.exit()
"""
    output, _errors = started(program).communicate(timeout=60)

    lines = output.splitlines()
    assert "inherited by the forked process" in lines[0]
    assert lines[1:] == ["code=0, msg=", "code=0, msg="]


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, which must come true."""
    pause = threading.Event()
    for _attempt in range(1000):
        if condition():
            return
        pause.wait(0.02)
    raise TimeoutError("waited in vain")


def started(program: str) -> subprocess.Popen[str]:
    """Start a Python program on the fake."""
    return subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, **activation.variables(os.environ)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def frame(message: bytes) -> bytes:
    """Return a frame with a message that need not be one."""
    left, right = socket.socketpair()
    with left, right:
        framing.send_frame(left, message)
        return right.recv(1000)


def is_closed(peer: socket.socket) -> bool:
    """Tell whether the other side ends the connection without a word."""
    try:
        return peer.recv(100) == b""
    except ConnectionResetError:
        return True
