"""The commands that read reports and clauses: `report merge`, `diff`, `explain`, `list`.

Each prints to standard output and gives the exit status of the process.
"""

from __future__ import annotations

import argparse
import pathlib
import sys

from yr_conformance import clause_set
from yr_conformance.report import comparison, folder, reading
from yr_conformance.report.errors import ReportError

WRONG = 2
"""The exit status of a command that could not do what it was asked, as argparse has it."""


def merge(options: argparse.Namespace) -> int:
    """Write the reports of several runs as one; for targets side by side."""
    try:
        runs = reading.read_all(options.reports)
        written = folder.write(runs, options.to)
    except ReportError as error:
        return _refused(error)
    print(f"report: {written}")  # noqa: T201
    return 0


def diff(options: argparse.Namespace) -> int:
    """Say what is different from one report to the next; 1 if anything got worse."""
    try:
        before, after = reading.read(options.before), reading.read(options.after)
        pairs = comparison.pairs(before, after)
    except ReportError as error:
        return _refused(error)
    compared = [comparison.compare(*pair) for pair in pairs]
    for one in compared:
        print(*one.lines(), sep="\n")  # noqa: T201
    return int(any(one.regressions for one in compared))


def explain(options: argparse.Namespace) -> int:
    """Print what there is to know of a clause."""
    from yr_conformance import explanation

    try:
        print(*explanation.lines(options.clause), sep="\n")  # noqa: T201
    except explanation.UnknownClauseError as error:
        return _refused(error)
    return 0


def list_clauses(options: argparse.Namespace) -> int:
    """Print the catalogue, as lines or as the page docs/clauses.md, or freeze a clause set."""
    from yr_conformance import catalogue, clause_pages

    clauses = catalogue.all_clauses()
    if options.markdown:
        sys.stdout.write(clause_pages.markdown(clauses, catalogue.node_ids()))
        return 0
    if options.freeze:
        try:
            text = clause_set.freeze(clauses, options.freeze)
        except clause_set.ClauseSetError as error:
            return _refused(error)
        (clause_set.ROOM / f"{options.freeze}.json").write_text(text, encoding="utf-8")
    for record in clauses:
        print(f"{record.id:<18} {record.level.value:<7} {' '.join(record.sentence.split())}")  # noqa: T201
    print(f"{len(clauses)} clauses, set {clause_set.version_of(clauses)}")  # noqa: T201
    return 0


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the commands."""
    _add_report(commands)
    comparing = commands.add_parser("diff", help="what got worse, or better, between two reports")
    comparing.add_argument(
        "before", type=pathlib.Path, metavar="A", help="a report, or report.json"
    )
    comparing.add_argument("after", type=pathlib.Path, metavar="B")
    comparing.set_defaults(do=diff)
    explaining = commands.add_parser("explain", help="all that is known of a clause")
    explaining.add_argument("clause", help="its id, such as KV-GET-07")
    explaining.set_defaults(do=explain)
    listing = commands.add_parser("list", help="print the catalogue of clauses")
    listing.add_argument("--markdown", action="store_true", help="as the page docs/clauses.md")
    listing.add_argument("--freeze", metavar="VERSION", help="make it a clause set, at a release")
    listing.set_defaults(do=list_clauses)


def _add_report(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    reports = commands.add_parser("report", help="make a report of others")
    what = reports.add_subparsers(dest="what", required=True)
    merging = what.add_parser("merge", help="put the reports of several runs on one page")
    merging.add_argument("reports", type=pathlib.Path, nargs="+", metavar="REPORT")
    merging.add_argument("--to", type=pathlib.Path, required=True, metavar="DIR")
    merging.set_defaults(do=merge)


def _refused(error: Exception) -> int:
    print(f"yr-conformance: {error}", file=sys.stderr)  # noqa: T201
    return WRONG
