"""The arguments of `python -m ray_ascend` and its exit status: 0 healthy, 1 not, 2 wrong usage."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence

from ray_ascend.doctor.examination import examine_all, is_healthy
from ray_ascend.doctor.presentation import as_json, as_text


def main(arguments: Sequence[str]) -> int:
    """Run the command and print what it found; argparse ends the process with 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    findings = examine_all(options.address)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What a user has set may be nothing that this terminal can show.
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.stdout.write((as_json if options.json else as_text)(findings) + "\n")
    return 0 if is_healthy(findings) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ray_ascend")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    doctor = commands.add_parser(
        "doctor",
        help="say what is installed, set and running, and what is wrong with it",
        description="Say what is installed, set and running, and what is wrong with it. Changes "
        "nothing. Exit status: 0 healthy, 1 not healthy, 2 wrong usage.",
    )
    doctor.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    doctor.add_argument(
        "--address",
        default="",
        metavar="HOST:PORT",
        help="Ray cluster to look at, of which this machine is a node; default: RAY_ADDRESS, else "
        "the one that Ray finds on this machine",
    )
    return parser
