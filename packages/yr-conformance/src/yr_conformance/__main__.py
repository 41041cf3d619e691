"""The command `yr-conformance`: run the clauses, explain them, and read what runs reported."""

from __future__ import annotations

import argparse
import sys

import pytest

from yr_conformance.calibration import command as calibration
from yr_conformance.report import commands as commands_of_reports

PLUGIN = "yr_conformance.plugin"
CHAPTERS = "yr_conformance.chapters"


def main(arguments: list[str] | None = None) -> int:
    """Entry point; `run` hands every option that it does not know to pytest."""
    parser = argparse.ArgumentParser(prog="yr-conformance", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="run the clauses; options are pytest's", add_help=False)
    again = commands.add_parser("steady", help="run them again and again, and count the failures")
    again.add_argument("--times", type=int, default=20, help="how often (default: 20)")
    commands_of_reports.add_to(commands)
    calibration.add_to(commands)
    options, rest = parser.parse_known_args(arguments)
    if options.command == "run":
        return int(pytest.main(["-p", PLUGIN, "--pyargs", CHAPTERS, *rest]))
    if options.command == "steady":
        return _repeat(options.times, rest)
    if rest:
        parser.error(f"unknown arguments: {' '.join(rest)}")
    return int(options.do(options))


def _repeat(times: int, options: list[str]) -> int:
    from yr_conformance.steadiness import repeat

    command = [sys.executable, "-m", "yr_conformance", "run", *options]
    tallies = repeat(command, times)
    print(*tallies.table(), sep="\n")  # noqa: T201
    return int(tallies.failed)


if __name__ == "__main__":
    sys.exit(main())
