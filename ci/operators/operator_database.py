"""Torch's own operator database on the emulated NPU, against the CPU.

    nox -s operators -- [NAME ...] [--values-only] [--processes 2]

Every entry is computed with all float32 samples; gradients and other dtypes with the first few. The
run fails for a wrong number, and when what torch_npu refuses is not what `refused.txt` lists.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict

from entries import Verdict, examine, names

HERE = pathlib.Path(__file__).parent
REFUSED = HERE / "refused.txt"
REPORT = HERE.parent.parent / "reports" / "operators.json"


def main(arguments: Sequence[str]) -> int:
    """Examine the entries; the exit status is 1 for a wrong number or a stale list."""
    options = _options(arguments)
    began = time.monotonic()
    chosen = options.names or names()
    with ProcessPoolExecutor(options.processes) as pool:
        tasks = [pool.submit(examine, name, options.values_only) for name in chosen]
        verdicts = [verdict for task in tasks for verdict in task.result()]
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps([asdict(one) for one in verdicts], indent=1), encoding="utf-8")
    _print_table(verdicts, time.monotonic() - began)
    faults = [f"{one.what}: {one.wrong}" for one in verdicts if one.wrong]
    if not options.names and not options.values_only:
        faults += _stale(verdicts)
    print("\n".join(faults))
    return int(bool(faults))


def _print_table(verdicts: Iterable[Verdict], seconds: float) -> None:
    print("| part | entries | samples | same | random | refused | wrong |")
    print("|---|---|---|---|---|---|---|")
    by_part: dict[str, list[Verdict]] = {}
    for one in verdicts:
        by_part.setdefault(one.part, []).append(one)
    for part, ones in by_part.items():
        counts = [
            sum(one.samples for one in ones),
            sum(not (one.wrong or one.refused or one.is_random) for one in ones),
            sum(one.is_random and not (one.wrong or one.refused) for one in ones),
            sum(bool(one.refused) and not one.wrong for one in ones),
            sum(bool(one.wrong) for one in ones),
        ]
        print(f"| {part} | {len(ones)} | {' | '.join(map(str, counts))} |")
    print(f"{seconds:.0f} s")


def _stale(verdicts: Iterable[Verdict]) -> list[str]:
    """Compare the entries of which something was refused with the list, both ways."""
    listed = {line.partition(":")[0] for line in REFUSED.read_text(encoding="utf-8").splitlines()}
    found = {one.name: one.refused for one in verdicts if one.refused}
    new = [f"refused, and not listed: {name}: {found[name]}" for name in found.keys() - listed]
    return new + [f"listed, and not refused: {name}" for name in listed - found.keys()]


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="operators", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="entries (default: all)")
    parser.add_argument("--values-only", action="store_true", help="no gradients, float32 only")
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
