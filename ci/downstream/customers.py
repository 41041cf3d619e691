"""Outside customers of `yr.datasystem`, served with the datasystem that is active.

Called by `nox -s downstream`, once for each datasystem, in an environment of its own. Each customer
runs on a machine with a network card (a namespace), in an empty directory, without a variable of
this project; what it leaves running is ended and counted.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import subprocess
import sys
import sysconfig
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import psutil

from yr_conformance.marked import MARK_VARIABLE, processes_with
from yr_conformance.nodes.network_card import with_a_card_where_possible

HERE = pathlib.Path(__file__).parent
SITE = pathlib.Path(sysconfig.get_paths()["purelib"])
TIMEOUT_S = 1200
# Until what ends in its own time has ended.
ENDING_S = 30


@dataclass(frozen=True)
class Customer:
    """A command that must succeed, with words that its output must have."""

    name: str
    command: tuple[str, ...]
    proof: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    leaves_a_worker: bool = False
    """It ends without stopping the datasystem that it started, on any."""


def customers() -> list[Customer]:
    """Give all of them, the quickest first."""
    demo = SITE / "recipe" / "simple_use_case" / "single_controller_demo.py"
    end_to_end = [
        str(SITE / "tests" / "e2e" / f"test_{name}.py")
        for name in ("kv_interface_e2e", "e2e_lifecycle_consistency")
    ]
    pytest = ("-m", "pytest", "-p", "processors", "-p", "no:cacheprovider", "-q", "-c", os.devnull)
    return [
        Customer(
            "KVClient from threads, asyncio, forked and spawned processes",
            (str(HERE / "kv_clients.py"),),
            proof="asyncio: 200 of 200 values came back",
        ),
        Customer(
            "TransferQueue: its demo",
            (str(HERE / "transfer_queue_demo.py"), str(demo)),
            leaves_a_worker=True,
        ),
        Customer(
            "TransferQueue: its own end-to-end tests",
            (*pytest, *end_to_end),
            proof=" passed",
            settings={"TQ_TEST_BACKEND": "Yuanrong"},
        ),
    ]


def main() -> int:
    """Serve the customers that the words on the command line fit; the number of unhappy ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasystem", required=True, help="what to call the active one")
    parser.add_argument("words", nargs="*", help="of a customer's name; without any, all")
    options = parser.parse_args()
    chosen = [
        customer
        for customer in customers()
        if all(word.lower() in customer.name.lower() for word in options.words)
    ]
    if not chosen:
        parser.error(f"no customer fits {' '.join(options.words)!r}")
    return sum(not serve(customer, options.datasystem) for customer in chosen)


def serve(customer: Customer, datasystem: str) -> bool:
    """Run a customer's program; its output is shown when it is unhappy."""
    begin = time.monotonic()
    with marked() as (mark, left):
        status, output = run(customer, mark)
    happy = status == 0 and customer.proof in output and bool(left) <= customer.leaves_a_worker
    if not happy:
        print(output)
    verdict = "ok" if happy else f"FAILED (exit status {status})"
    remarks = f", left running: {', '.join(left)}" if left else ""
    said = output.strip().splitlines()[-1:] if customer.settings else []
    took = f"{time.monotonic() - begin:.0f} s"
    print(f"{verdict}: {customer.name}, on {datasystem}, {took}{remarks}", *said, sep="\n  ")
    sys.stdout.flush()
    return happy


def run(customer: Customer, mark: str) -> tuple[int, str]:
    """Give exit status and output; 124 when time was up."""
    path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(HERE))))
    with tempfile.TemporaryDirectory(prefix="down-", dir="/tmp") as directory:
        try:
            done = subprocess.run(
                [*with_a_card_where_possible(), sys.executable, *customer.command],
                cwd=directory,
                env={**os.environ, **customer.settings, "PYTHONPATH": path, MARK_VARIABLE: mark},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as expired:
            return 124, (expired.stdout or b"").decode(errors="replace")
    return done.returncode, done.stdout


@contextlib.contextmanager
def marked() -> Iterator[tuple[str, list[str]]]:
    """Mark the processes of the block, and end and name those that outlive it."""
    mark, left = uuid.uuid4().hex, list[str]()
    try:
        yield mark, left
    finally:
        psutil.wait_procs(processes_with(MARK_VARIABLE, mark), timeout=ENDING_S)
        for process in processes_with(MARK_VARIABLE, mark):
            with contextlib.suppress(psutil.NoSuchProcess):
                left.append(" ".join(process.cmdline())[:200])
                process.kill()


if __name__ == "__main__":
    sys.exit(main())
