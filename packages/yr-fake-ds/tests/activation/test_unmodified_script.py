"""A script written for the SDK runs on the fake: a worker, two processes."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import socket, subprocess, sys, tempfile
from yr.datasystem import KVClient

def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

if len(sys.argv) > 1:
    reader = KVClient("127.0.0.1", int(sys.argv[1]))
    reader.init()
    (buffer,) = reader.get_buffers(["greeting"], 5000)
    print(bytes(buffer), len(memoryview(buffer)))
    raise SystemExit

number, home = port(), tempfile.mkdtemp(prefix="yrs")
address = f"127.0.0.1:{number}"
subprocess.run(["dscli", "start", "-d", home, "-w", "--worker_address", address,
                "--metastore_address", f"127.0.0.1:{port()}", "--start_metastore_service", "true"],
               check=True, stdout=subprocess.DEVNULL)
try:
    writer = KVClient("127.0.0.1", number)
    writer.init()
    other = subprocess.Popen([sys.executable, __file__, str(number)])
    buffers = writer.mcreate(["greeting"], [600000])
    buffers[0].MutableData()[:] = b"hello!" * 100000
    writer.mset_buffer(buffers)
    other.wait(30)
    writer.delete(["greeting"])
finally:
    subprocess.run(["dscli", "stop", "-w", address], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["rm", "-rf", home])
"""


def test_a_script_for_the_sdk_runs_as_it_is(tmp_path: Path) -> None:
    """dscli, mcreate, mset_buffer in one process, get_buffers in another."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "yr_fake_ds", "run", "--", sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=dict(os.environ),
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{b'hello!' * 100000!r} 600000"
