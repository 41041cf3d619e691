"""Prints the profile of the SDK that this interpreter imports, as JSON.

    python tests/differential/probe.py > src/yr_fake_ds/profiles/0.9.0.json

Run with the interpreter of an environment that has a released openyuanrong-datasystem and nothing
of the fake; `dscli` is the one beside the interpreter. Some is read from the wheel, some is
observed on a worker that it starts on loopback, kills and starts again. Takes half a minute.
With `--observed` only the latter is printed, which the fake can be asked for, too.
"""

import argparse
import inspect
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAMELESS_FLAG = "authorization_enable"
"""The one flag of a user's that the worker takes and its configuration file does not have."""
DEFAULTS = (
    "client_dead_timeout_s",
    "max_client_num",
    "node_dead_timeout_s",
    "node_timeout_s",
    "oc_shm_transfer_threshold_kb",
    "shared_memory_size_mb",
)
FLAG = re.compile(r"^  -(\w+) \(.*?\)\s+type: (\w+) default: (.*?)$", re.DOTALL | re.MULTILINE)
BIG = 700 * 1024
PATIENCE_S = 60.0


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Worker:
    """A worker of the SDK's, started by its dscli in a home of its own."""

    def __init__(self, dscli: str, home: str) -> None:
        self.port = free_port()
        self._dscli = dscli
        self._home = home
        self._metastore = f"127.0.0.1:{free_port()}"
        self._pid = 0

    def start(self) -> None:
        """Start it, again after `kill`; RuntimeError with what dscli said."""
        address = ["--worker_address", f"127.0.0.1:{self.port}"]
        metastore = ["--metastore_address", self._metastore, "--start_metastore_service", "true"]
        options = [*address, *metastore, "--shared_memory_size_mb", "128"]
        done = self.run("start", "-d", self._home, "-w", *options)
        found = re.search(r"success, PID: (\d+)", done.stdout)
        if not found:
            raise RuntimeError(f"dscli start: {done.stdout}{done.stderr}")
        self._pid = int(found[1])

    def kill(self) -> None:
        """Kill it."""
        os.kill(self._pid, signal.SIGKILL)
        wait_for(lambda: not Path(f"/proc/{self._pid}/cmdline").exists() or self._is_dead())

    def stop(self) -> None:
        """Stop it in order."""
        self.run("stop", "-w", f"127.0.0.1:{self.port}")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run dscli in the home directory, to its end."""
        command = [self._dscli, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=self._home)

    def _is_dead(self) -> bool:
        return not Path(f"/proc/{self._pid}/cmdline").read_bytes()


def wait_for(condition: Callable[[], Any]) -> Any:
    """Return the first true value; RuntimeError after a minute."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"nothing within {PATIENCE_S} s")
        time.sleep(0.05)
    return value


def error_of(call: Callable[[], object]) -> str:
    """Return the text of the RuntimeError that a call raises, or nothing."""
    try:
        call()
    except RuntimeError as error:
        return str(error)
    return ""


def only(pattern: str, text: str) -> str:
    """Return what the pattern's group finds in a text; RuntimeError if it finds nothing."""
    found = re.search(pattern, text)
    if not found:
        raise RuntimeError(f"expected {pattern!r}, found: {text}")
    return found[1]


def flags(package: Path) -> dict[str, Any]:
    """Read the worker's flags: those that its configuration file names, with their kinds."""
    environ = {**os.environ, "LD_LIBRARY_PATH": str(package / "lib")}
    command = [str(package / "datasystem_worker"), "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    kinds = {name: kind for name, kind, _default in FLAG.findall(shown.stdout)}
    defaults = {name: default for name, _kind, default in FLAG.findall(shown.stdout)}
    named = json.loads((package / "worker_config.json").read_text(encoding="utf-8"))
    users = sorted((named.keys() | {NAMELESS_FLAG}) & kinds.keys())
    return {
        "worker_flags": {name: kinds[name] for name in users},
        "worker_defaults": {name: int(defaults[name]) for name in DEFAULTS},
    }


def surface(dscli: str) -> dict[str, Any]:
    """Tell the release, its names and its defaults."""
    import yr.datasystem
    from yr.datasystem import KVClient

    command = [dscli, "--version"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    parameters = inspect.signature(KVClient.__init__).parameters
    return {
        "version": only(r"dscli (\S+) ", shown),
        "commit": only(r"commit: (\w+)", shown),
        "public_names": sorted(vars(yr.datasystem)["__all__"]),
        "fast_transport_bytes": parameters["fast_transport_mem_size"].default,
    }


def asked_invalidated_key(port: int) -> bool:
    """Tell whether a key exists that was invalidated and then asked for."""
    from yr.datasystem import KVClient, ObjectClient

    objects = ObjectClient("127.0.0.1", port, 5000, req_timeout_ms=5000)
    objects.init()
    values = KVClient("127.0.0.1", port, 5000, req_timeout_ms=5000)
    values.init()
    buffer = objects.create("invalidated", 10)
    buffer.memory_copy(b"x" * 10)
    buffer.publish()
    buffer.invalidate_buffer()
    error_of(lambda: objects.get(["invalidated"], 0))
    (found,) = values.exist(["invalidated"])
    return bool(found)


def unanswered_tag() -> str:
    """Return what stands before the text of a call to a port where nobody listens."""
    from yr.datasystem import KVClient

    client = KVClient("127.0.0.1", free_port(), 1000)
    return only(r"code: \[RPC unavailable\], msg: \[(.*?)Rpc service for", error_of(client.init))


def lost_buffer_status(worker: Worker) -> str:
    """Return the status of a shared buffer whose worker was killed and started again."""
    from yr.datasystem import KVClient

    client = KVClient("127.0.0.1", worker.port, 5000, req_timeout_ms=5000)
    client.init()
    buffers: list[Any] = client.mcreate(["lost"], [BIG])
    worker.kill()
    worker.start()
    wait_for(lambda: not error_of(lambda: client.set("other", b"1")))
    return only(r"code: \[(.*?)\]", error_of(lambda: client.mset_buffer(buffers)))


def observed(dscli: str) -> dict[str, Any]:
    """Observe an SDK and a worker, whichever they are."""
    # The path of a socket must be short.
    home = tempfile.mkdtemp(prefix="yrp", dir="/tmp")
    os.environ["DATASYSTEM_CLIENT_LOG_DIR"] = home
    worker = Worker(dscli, home)
    empty = Path(home, "empty.json")
    empty.write_text("{}", encoding="utf-8")
    worker.start()
    try:
        return {
            **surface(dscli),
            "recv_timeout_tag": unanswered_tag(),
            "invalidated_keys_stay": asked_invalidated_key(worker.port),
            "lost_buffer_status": lost_buffer_status(worker),
            "stop_without_address": _failure(worker.run("stop", "-f", str(empty))),
        }
    finally:
        worker.stop()
        shutil.rmtree(home, ignore_errors=True)


def _failure(done: subprocess.CompletedProcess[str]) -> str:
    return only(r"Stop failed: (.*)", done.stdout + done.stderr)


def main() -> None:
    """Print the profile."""
    parser = argparse.ArgumentParser(description=__doc__)
    beside = str(Path(sys.executable).with_name("dscli"))
    parser.add_argument("--dscli", default=beside, metavar="PATH")
    parser.add_argument("--observed", action="store_true")
    options = parser.parse_args()
    found = observed(options.dscli)
    if not options.observed:
        import yr.datasystem

        found |= flags(Path(yr.datasystem.__file__).parent)
    json.dump(found, sys.stdout, indent=2, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
