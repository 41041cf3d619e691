"""A soak of the transport on the fake: random transfers under random faults, and what is left.

    yr-fake-ds run -- python ci/soak [--minutes 20] [--seed N] [--fault NAME ...]

    traffic (threads of the driver) -- Ray -- peers
        |                                       |
        +------ datasystem worker of the fake --+ <--- faults, one at a time

Every byte that arrives is compared. Exit status 1 if anything was seen that no fault explains, or
if at the end there is more of anything than at the beginning.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator

import ray
from census import Census, take_census
from faults import FAULTS, Faults
from peers import Pool
from records import Records, Weather
from traffic import Traffic

from yr_conformance.transfer.ray_session import RaySession, ray_session

PEERS = 5
THREADS = 4
WARM_UP_S = 10.0
CALM_S = (2.0, 8.0)
LAST_CALM_S = 15.0
DRAINED_S = 60.0


def main() -> int:
    """Run the soak, print what it has seen and give the exit status."""
    options = _parser().parse_args()
    print(f"soak: --minutes {options.minutes:g} --seed {options.seed}", flush=True)
    records = Records()
    with _private_directory():
        try:
            with ray_session() as session:
                _write_targets(options.targets)
                begin, end = _soak(session, records, options)
        except AssertionError as error:
            records.surprise(f"after the soak: {error}")
            return _print_verdict(records, [])
    _print_table(records, begin, end)
    return _print_verdict(records, end.excess(begin))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python ci/soak", description="Soak the transport.")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311
    parser.add_argument("--fault", action="append", choices=sorted(FAULTS), help="only these")
    parser.add_argument("--targets", metavar="FILE", help="write where Prometheus finds metrics")
    return parser


def _write_targets(path: str | None) -> None:
    """List the metrics pages of Ray's nodes, in the form of Prometheus' file_sd_config."""
    if path is None:
        return
    pages = [f"{node['NodeManagerAddress']}:{node['MetricsExportPort']}" for node in ray.nodes()]
    with open(path, "w", encoding="utf-8") as file:
        json.dump([{"targets": pages}], file)


@contextlib.contextmanager
def _private_directory() -> Iterator[None]:
    """Make a place for everything, in which leftovers are seen, and let actors find the modules."""
    modules = [os.path.dirname(os.path.abspath(__file__)), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(modules)
    directory = tempfile.mkdtemp(prefix="soak-", dir="/tmp")
    # An error that nobody fetched any more is counted where it was raised first.
    os.environ["RAY_IGNORE_UNHANDLED_ERRORS"] = "1"
    os.environ["TMPDIR"] = tempfile.tempdir = directory
    try:
        yield
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _soak(
    session: RaySession, records: Records, options: argparse.Namespace
) -> tuple[Census, Census]:
    pool, weather = Pool(PEERS), Weather()
    traffic = Traffic(pool, records, weather, options.seed)
    _calm_traffic(traffic, WARM_UP_S)
    begin = _drained(session, pool, records)
    drawn = random.Random(options.seed)  # noqa: S311 - nothing secret
    faults = Faults(session, pool, records, weather, drawn, sorted(options.fault or FAULTS))
    traffic.start(THREADS)
    try:
        _storm(faults, records, options.minutes * 60)
    finally:
        traffic.stop()
    # A key that could not be deleted goes with the next operation of its owner.
    _calm_traffic(traffic, LAST_CALM_S)
    return begin, _drained(session, pool, records)


def _calm_traffic(traffic: Traffic, seconds: float) -> None:
    traffic.start(THREADS)
    time.sleep(seconds)
    traffic.stop()


def _storm(faults: Faults, records: Records, seconds: float) -> None:
    over = time.monotonic() + seconds
    report = time.monotonic() + 60
    while time.monotonic() < over:
        time.sleep(faults.drawn.uniform(*CALM_S))
        faults.make_one()
        if time.monotonic() > report:
            report += 60
            _print_progress(records)


def _drained(session: RaySession, pool: Pool, records: Records) -> Census:
    """Wait until no key is left, and count; what stays is noted."""
    deadline = time.monotonic() + DRAINED_S
    while True:
        census = take_census(session, pool)
        left = {name: census.figures[name] for name in ("keys", "shared memory used (bytes)")}
        if not any(left.values()):
            return census
        if time.monotonic() > deadline:
            records.surprise(f"left {DRAINED_S:g} s after everything was dropped: {left}")
            return census
        time.sleep(0.2)


def _print_progress(records: Records) -> None:
    print(
        f"{time.strftime('%H:%M:%S')} transfers {records.transfers.total()}, "
        f"faults {records.faults.total()}, errors {records.errors.total()}, "
        f"unexpected {len(records.unexpected)}",
        flush=True,
    )


def _print_table(records: Records, begin: Census, end: Census) -> None:
    print(f"\ntransfers, every byte compared: {records.transfers.total()}")
    for kind, count in records.transfers.most_common():
        print(f"  {kind:<36}{count:>8}")
    print(f"faults: {records.faults.total():<38}longest until all was well again (s), calls struck")
    for name, count in records.faults.most_common():
        struck = records.strikes[name] or ""
        print(f"  {name:<36}{count:>8}{records.recovery_s[name]:>8}{struck:>8}")
    print(f"errors: {records.errors.total():<38}longest until it was raised (s)")
    for name, count in records.errors.most_common():
        print(f"  {name:<36}{count:>8}{records.longest_s[name]:>8}")
    print(f"{'left':<34}{'begin':>12}{'end':>12}")
    for name, value in end.figures.items():
        print(f"  {name:<32}{begin.figures.get(name, 0):>12}{value:>12}")


def _print_verdict(records: Records, excess: list[str]) -> int:
    print(f"unexpected: {len(records.unexpected)}")
    for text in records.unexpected[:50]:
        print(f"  {text}")
    print(f"leaks: {len(excess)}")
    for text in excess:
        print(f"  {text}")
    return 1 if records.unexpected or excess else 0


if __name__ == "__main__":
    sys.exit(main())
