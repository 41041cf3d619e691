#!/usr/bin/env python3
"""Remove what an earlier job left behind, also one that was killed, and say what was done.

Ends processes that carry a mark of a job or test process that is no more (marks.py), and removes
directories that our programs made and nobody uses (leftovers.py). Everything else is left alone:
jobs that still run, other containers, and whatever is not provably ours. The status is 1 if a
leftover could not be ended or removed.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence

import leftovers
import marks
from marks import Marked

_PATIENCE_S = {signal.SIGTERM: 5.0, signal.SIGKILL: 10.0}
_POLL_S = 0.05


def main(arguments: Sequence[str]) -> int:
    """Clean, or with --dry-run say what would be cleaned."""
    options = _options(arguments)
    found = [one for one in marks.marked_processes() if _is_wanted(one, options.job)]
    orphans = [one for one in found if not one.owner_lives]
    for one in found:
        fate = "its job is no more" if one in orphans else "left alone, its job lives"
        print(f"process {one.pid} ({one.command}): {fate}")
    if options.dry_run:
        remaining: list[Marked] = []
    else:
        remaining = _end(orphans)
    directories = leftovers.unused_directories(options.parents, options.age_minutes * 60)
    kept = [path for path in directories if not _remove(path, dry_run=options.dry_run)]
    for one in remaining:
        print(f"NOT ENDED: process {one.pid} ({one.command}); a driver that hangs keeps it")
    ended, removed = len(orphans) - len(remaining), len(directories) - len(kept)
    print(
        f"{ended} processes ended, {removed} directories removed"
        + " (not really)" * options.dry_run
    )
    return int(bool(remaining or kept))


def _is_wanted(process: Marked, job: str | None) -> bool:
    return job is None or process.marks.get(marks.JOB) == job


def _end(processes: Sequence[Marked]) -> list[Marked]:
    """Ask, then kill; give those that live even so."""
    living = list(processes)
    for number, patience_s in _PATIENCE_S.items():
        for one in living:
            _send(one, number)
        deadline = time.monotonic() + patience_s
        while living and time.monotonic() < deadline:
            time.sleep(_POLL_S)
            living = [one for one in living if one.is_same]
    return living


def _send(process: Marked, number: signal.Signals) -> None:
    try:
        if process.is_same:
            os.kill(process.pid, number)
    except ProcessLookupError:
        return
    except PermissionError:
        print(f"process {process.pid} belongs to somebody else")


def _remove(path: pathlib.Path, *, dry_run: bool) -> bool:
    if dry_run:
        print(f"directory {path}: nobody uses it")
        return True
    try:
        shutil.rmtree(path)
    except OSError as error:
        print(f"NOT REMOVED: directory {path}: {error}")
        return False
    print(f"directory {path}: nobody used it, removed")
    return True


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="clean.py", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    parser.add_argument("--job", help="only processes with this value of YR_CI_JOB")
    age = "leave alone what changed within so many minutes (default: 10)"
    parser.add_argument("--age-minutes", type=float, default=10.0, help=age)
    parser.add_argument(
        "--parents",
        type=pathlib.Path,
        nargs="+",
        default=sorted({pathlib.Path("/tmp"), pathlib.Path(tempfile.gettempdir())}),  # noqa: S108 - where our programs make them
        help="where our programs make directories",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
