"""A program that uses `KVClient` from threads, from asyncio and from processes.

It knows nothing of this project and prints the same on the released datasystem and on the fake. A
process makes a client of its own: one that is inherited by a fork works on neither. On the released
one a new client does not either, in the fork of a process that has used the SDK: in the SDK's
logger it waits for ever (measured on openyuanrong-datasystem 0.8.1). So the forks come first.
"""

import asyncio
import contextlib
import multiprocessing
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from yr.datasystem import KVClient

TASKS = 8
KEYS_OF_A_TASK = 25
PROCESSES = 3
of_process: list[KVClient] = []


def main() -> None:
    """Start a worker, use it in every way, stop it."""
    with worker() as port:
        processes("fork", port)
        processes("spawn", port)
        client = connect(port)
        left = [kept(method, task) for method in ("fork", "spawn") for task in range(TASKS)]
        print("read by the parent:", len([value for value in client.get(left) if value]))
        print("failed to delete:", client.delete(left))
        with ThreadPoolExecutor(TASKS) as threads:
            tell("threads", threads.map(lambda task: exchange(client, f"t{task}"), range(TASKS)))
        tell("asyncio", asyncio.run(tasks_of(client)))


def processes(method: str, port: int) -> None:
    """Let processes, started in one way, exchange values."""
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(PROCESSES, context, begin, (port,)) as pool:
        futures = [pool.submit(process, method, task) for task in range(TASKS)]
        tell(f"processes, {method}", [future.result() for future in futures])


def tell(how: str, came_back: Iterable[int]) -> None:
    """Print how many values of all tasks were what had been stored."""
    print(f"{how}: {sum(came_back)} of {TASKS * KEYS_OF_A_TASK} values came back", flush=True)


def exchange(client: KVClient, name: str) -> int:
    """Store values one by one and together, read them, delete them; count the right ones."""
    values = {f"{name}-{number}": f"{name}:{number}" for number in range(KEYS_OF_A_TASK)}
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
        *(asyncio.to_thread(exchange, client, f"a{task}") for task in range(TASKS))
    )


def begin(port: int) -> None:
    """Give a process its client."""
    of_process.append(connect(port))


def process(method: str, task: int) -> int:
    """Do the same in a process, and leave a value for the parent."""
    (client,) = of_process
    client.set(kept(method, task), b"from a process")
    return exchange(client, f"{method}{task}")


def kept(method: str, task: int) -> str:
    """Name the value that a process leaves."""
    return f"kept-{method}-{task}"


def connect(port: int) -> KVClient:
    """Make a client."""
    client = KVClient("127.0.0.1", port)
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
