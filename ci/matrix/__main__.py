"""List and check the matrix, or render the files of the CI services from it.

    python -m matrix [--write | --dry-run [--job NAME] [--cell SLUG] [--more ARGUMENTS]]

Without options: the table of jobs, then all checks; the exit status is 1 if one of them fails. A
dry run executes jobs on this machine, without a card, with their real steps and scripts.
`nox -s matrix` runs it where all that it needs is installed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from matrix import agreement, checking, reading, rehearsal, rendering, table
from matrix.errors import MatrixError
from matrix.records import Matrix


def main(arguments: Sequence[str]) -> int:
    """Do what is asked for, and return the exit status."""
    parser = argparse.ArgumentParser(prog="nox -s matrix --", description=__doc__)
    parser.add_argument("--write", action="store_true", help="render the files that differ")
    parser.add_argument("--dry-run", action="store_true", help="execute jobs on this machine")
    parser.add_argument("--job", default="", help="only this one (default: all)")
    parser.add_argument("--cell", default="", help="only this one, by its slug (default: all)")
    parser.add_argument("--more", default="", help="arguments for nox, after those of the job")
    options = parser.parse_args(arguments)
    try:
        matrix = reading.read()
        agreement.check(matrix)
    except MatrixError as wrong:
        print(wrong, file=sys.stderr)
        return 1
    if options.dry_run:
        return _dry_run(matrix, options)
    print(*table.lines_of(matrix), sep="\n")
    if options.write:
        print(*(f"written: {path}" for path in rendering.write(matrix)), sep="\n")
    return _check(matrix)


def _dry_run(matrix: Matrix, options: argparse.Namespace) -> int:
    done = list(rehearsal.rehearse(matrix, options.job, options.cell, options.more))
    if not done:
        known = ", ".join(job.name for job in matrix.jobs)
        print(f"no cell {options.cell!r} of job {options.job!r}; jobs: {known}", file=sys.stderr)
        return 1
    print("\n| cell | verdict | seconds | unlike a runner |\n|---|---|---|---|")
    for one in done:
        differences = ", ".join(one.differences) or "-"
        print(f"| {one.slug} | {one.verdict} | {one.seconds:.0f} | {differences} |")
    return int(any(one.verdict.startswith("failed") for one in done))


def _check(matrix: Matrix) -> int:
    found = [
        f"{path} is not what ci/matrix.toml says; run: nox -s matrix -- --write"
        for path in rendering.differing(matrix)
    ]
    found += checking.failures()
    print(*found, sep="\n")
    failed = [line for line in found if not line.startswith("not checked")]
    print(f"{len(failed)} problems" if failed else "the matrix and its rendered files are sound")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
