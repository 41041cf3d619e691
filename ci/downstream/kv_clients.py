"""A program that uses `KVClient` from threads, from asyncio and from processes.

It knows nothing of this project and prints the same on the released datasystem and on the fake. A
process makes a client of its own: one that is inherited by a fork works on neither.
"""

import asyncio
import contextlib
import multiprocessing
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from yr.datasystem import KVClient

TASKS = 8
KEYS_OF_A_TASK = 25
PROCESSES = 3


def main() -> None:
    """Start a worker, use it in every way, stop it."""
    with worker() as port:
        client = connect(port)
        with ThreadPoolExecutor(TASKS) as threads:
            tell("threads", list(threads.map(lambda task: exchange(client, task), range(TASKS))))
        tell("asyncio", asyncio.run(tasks_of(client)))
        for method in ("spawn", "fork"):
            context = multiprocessing.get_context(method)
            with ProcessPoolExecutor(PROCESSES, mp_context=context) as processes:
                futures = [processes.submit(process, port, task) for task in range(TASKS)]
                tell(f"multiprocessing, {method}", [future.result() for future in futures])
            print("  read by the parent:", all(client.exist([kept(task) for task in range(TASKS)])))
            print("  failed to delete:", client.delete([kept(task) for task in range(TASKS)]))


def tell(how: str, came_back: list[int]) -> None:
    """Print how many values of all tasks were what had been stored."""
    print(f"{how}: {sum(came_back)} of {TASKS * KEYS_OF_A_TASK} values came back", flush=True)


def exchange(client: KVClient, task: int) -> int:
    """Store values one by one and together, read them, delete them; count the right ones."""
    values = {f"task{task}-{number}": f"{task}:{number}" for number in range(KEYS_OF_A_TASK)}
    for key in list(values)[::2]:
        client.set(key, values[key])
    rest = list(values)[1::2]
    client.mset(rest, [values[key] for key in rest])
    came_back = client.get(list(values), convert_to_str=True)
    client.delete(list(values))
    if any(client.exist(list(values))):
        return 0
    return sum(text == value for text, value in zip(came_back, values.values(), strict=True))


async def tasks_of(client: KVClient) -> list[int]:
    """Do the same from coroutines: the calls block, so they run in asyncio's threads."""
    return await asyncio.gather(
        *(asyncio.to_thread(exchange, client, task) for task in range(TASKS))
    )


def process(port: int, task: int) -> int:
    """Do the same in a process, with a client of its own, and leave a value for the parent."""
    client = connect(port)
    client.set(kept(task), b"from a process")
    return exchange(client, task)


def kept(task: int) -> str:
    """Name the value that a process leaves."""
    return f"kept-{task}"


def connect(port: int) -> KVClient:
    """Make a client."""
    client = KVClient("127.0.0.1", port, connect_timeout_ms=10000, req_timeout_ms=10000)
    client.init()
    return client


@contextlib.contextmanager
def worker() -> Iterator[int]:
    """Run a worker for the block; its port."""
    port, metastore = free_ports(2)
    address = ["--worker_address", f"127.0.0.1:{port}"]
    head = ["--metastore_address", f"127.0.0.1:{metastore}", "--start_metastore_service", "true"]
    with tempfile.TemporaryDirectory(prefix="kv-", dir="/tmp") as home:
        dscli("start", "-d", home, "-w", *address, *head, "--shared_memory_size_mb", "256")
        try:
            yield port
        finally:
            dscli("stop", *address)


def dscli(*words: str) -> None:
    """Run it quietly."""
    subprocess.run(["dscli", *words], check=True, stdout=subprocess.DEVNULL)


def free_ports(count: int) -> list[int]:
    """Ask the system for ports."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


if __name__ == "__main__":
    main()
