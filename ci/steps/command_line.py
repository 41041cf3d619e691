"""The steps of the gate and of the night, in order, with what each took of its machine.

    python ci/steps/command_line.py WHAT

    gate                what .ci/run runs: ends with the first row that has a failed step
    nightly [--resume]  all others, each whatever became of those before it
    steady [--times 5]  those of the gate again and again: which tests fail, and how often

Needs nox on the path; `nox -s nightly` and `nox -s steady` call it. Each ends with a table.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from failures import excerpt
from running import Outcome, run
from table import GATE, NIGHTLY, Lane, Row, Step

ROOT = pathlib.Path(__file__).parent.parent.parent
REPORTS = ROOT / "reports" / "steps"


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; the exit status is 1 if any step failed."""
    options = _options(arguments)
    REPORTS.mkdir(parents=True, exist_ok=True)
    outcomes = {"gate": _gate, "nightly": _nightly, "steady": _steady}[options.what](options)
    return int(any(one.status for one in outcomes))


def _gate(_: argparse.Namespace) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for row in GATE:
        outcomes += _run_row(row)
        if any(one.status for one in outcomes):
            break
    _print_table(outcomes)
    return outcomes


def _nightly(options: argparse.Namespace) -> list[Outcome]:
    record = REPORTS / f"nightly-{_commit()}.json"
    done = _recorded(record) if options.resume else {}
    for step in NIGHTLY:
        if step.name in done and done[step.name].status == 0:
            continue
        done[step.name] = _run(step)
        record.write_text(json.dumps([asdict(one) for one in done.values()]), encoding="utf-8")
    outcomes = [done[step.name] for step in NIGHTLY]
    _print_table(outcomes)
    for one in outcomes:
        for reason in one.not_run:
            print(f"not run in {one.name}: {reason}")
    return outcomes


def _steady(options: argparse.Namespace) -> list[Outcome]:
    outcomes = [one for _ in range(options.times) for row in GATE for one in _run_row(row)]
    _print_table(outcomes)
    failures = Counter((one.name, test) for one in outcomes for test in one.failed)
    print(f"\n| step | test | failed of {options.times} |\n|---|---|---|")
    for (step, test), count in failures.most_common():
        print(f"| {step} | {test} | {count} |")
    return outcomes


def _run_row(row: Row) -> list[Outcome]:
    """Run the lanes side by side; every line that they print begins with the number of its lane."""
    marks = [f"{number}| " for number in range(1, len(row) + 1)] if len(row) > 1 else [""]
    with ThreadPoolExecutor(len(row)) as lanes:
        return [one for done in lanes.map(_run_lane, row, marks) for one in done]


def _run_lane(lane: Lane, mark: str) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for step in lane:
        outcomes.append(_run(step, mark))
        if outcomes[-1].status:
            break
    return outcomes


def _run(step: Step, mark: str = "") -> Outcome:
    return run(step, _log_of(step.name), mark)


def _log_of(name: str) -> pathlib.Path:
    return REPORTS / f"{name.replace(' ', '-').replace(',', '').replace(':', '')}.log"


def _print_table(outcomes: Sequence[Outcome]) -> None:
    """Print what failed, and then the table: some services keep only the end of what they see."""
    for one in outcomes:
        if one.status:
            print(f"\n--- of {one.name}, which FAILED:", *excerpt(_log_of(one.name)), sep="\n")
    print("\n| step | seconds | highest load | busy | verdict |\n|---|---|---|---|---|")
    for one in outcomes:
        figures = f"{one.seconds:.0f} | {one.load:.1f} | {one.busy:.0%}"
        print(f"| {one.name} | {figures} | {one.verdict} |")
    print(f"| all | {sum(one.seconds for one in outcomes):.0f} | | | |", flush=True)


def _recorded(record: pathlib.Path) -> dict[str, Outcome]:
    if not record.exists():
        return {}
    rows = json.loads(record.read_text(encoding="utf-8"))
    return {row["name"]: Outcome(**row) for row in rows}


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ci/steps", description=__doc__)
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("gate")
    what.add_parser("nightly").add_argument("--resume", action="store_true")
    what.add_parser("steady").add_argument("--times", type=int, default=5)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
