"""The SDK alone: a worker started by dscli, and two processes that share its memory.

Nothing here knows this project: the script runs unmodified on the released SDK and on the fake.
"""

import socket
import subprocess
import sys
import tempfile

from yr.datasystem import KVClient

SIZE = 4 * 1024 * 1024
KEYS = ["weights:0", "weights:1"]

READER = """
import sys
from yr.datasystem import KVClient

client = KVClient("127.0.0.1", int(sys.argv[1]), connect_timeout_ms=5000, req_timeout_ms=5000)
client.init()
for buffer in client.get_buffers(sys.argv[2:], 5000):
    view = memoryview(buffer)
    print("reader sees", view.nbytes, "bytes from", view[0], "to", view[-1])
    print("read-only:", view.readonly)
print("reader deletes, failed keys:", client.delete(sys.argv[2:]))
"""


def main() -> None:
    """Start a worker, write two values, let another process read them, stop the worker."""
    worker, metastore = free_port(), free_port()
    address = f"127.0.0.1:{worker}"
    with tempfile.TemporaryDirectory(prefix="sdk-", dir="/tmp") as home:
        start = ["dscli", "start", "-d", home, "-w", "--worker_address", address]
        start += [
            "--metastore_address",
            f"127.0.0.1:{metastore}",
            "--start_metastore_service",
            "true",
        ]
        start += ["--shared_memory_size_mb", "256", "--arena_per_tenant", "1"]
        subprocess.run(start, check=True, stdout=subprocess.DEVNULL)
        try:
            write_and_read(worker)
        finally:
            subprocess.run(
                ["dscli", "stop", "--worker_address", address],
                check=True,
                stdout=subprocess.DEVNULL,
            )


def write_and_read(worker: int) -> None:
    """Create buffers in shared memory, fill them in place, publish them, and start the reader."""
    client = KVClient("127.0.0.1", worker, connect_timeout_ms=5000, req_timeout_ms=5000)
    client.init()
    buffers = client.mcreate(KEYS, [SIZE, SIZE])
    for number, buffer in enumerate(buffers, start=1):
        buffer.MutableData()[:] = bytes([number]) * SIZE
    print("before publishing:", client.exist(KEYS))
    client.mset_buffer(buffers)
    print("after publishing:", client.exist(KEYS))
    subprocess.run([sys.executable, "-c", READER, str(worker), *KEYS], check=True)
    print("after the reader:", client.exist(KEYS))


def free_port() -> int:
    """Ask the system for a port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
