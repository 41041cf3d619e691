"""Break a package in one way after the other, and see which clauses of the suite notice.

    python packages/yr-conformance/tests/mutants/run_source_mutants.py --package yr_fake_ds

runs, for each mutant, the clauses that are expected to fail and prints them; the exit status is 1
if one of them passed. `--chapter KV` runs every clause of a chapter instead (repeatable), and
prints which others fail. `--control` first runs them all with the package as it is: who fails there
proves nothing. Names choose mutants; options that are not its own go to pytest.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from native_build import libraries_of
from source_mutants import NATIVE_COPY, SOURCES, SourceMutant, load
from suite_run import SuiteError, environment_with, failures

from yr_conformance.catalogue import node_ids
from yr_conformance.results import cause_of

PATIENCE_S = "60"
"""Longer than a start takes on a busy machine: what is not ready in time would pass for a kill."""
WITHOUT_NPUS = (sys.executable, "-m", "yr_fake_ds", "run", "--")
WITH_NPUS = (sys.executable, "-m", "yr_fake_ds", "run", "--npus", "8", "--")


@dataclass(frozen=True)
class Trial:
    """What a run with a mutant showed."""

    mutant: SourceMutant
    failed: dict[str, str]
    """Why each clause failed."""
    output: str

    @property
    def missed(self) -> list[str]:
        """The clauses that should have failed and did not."""
        return sorted(set(self.mutant.noticed_by) - set(self.failed))

    def __str__(self) -> str:
        """Say in a line whether the mutant was caught, and by whom."""
        others = sorted(set(self.failed) - set(self.mutant.noticed_by))
        found = ", ".join(self.failed) or "none"
        found += f" (not declared: {', '.join(others)})" if others else ""
        if self.missed:
            found = f"NOT CAUGHT by {', '.join(self.missed)}; failed {found}"
        else:
            found = f"caught: {found}"
        return f"{self.mutant.name:<50} {found}"

    def reasons(self) -> str:
        """Give a line for each clause that failed."""
        return "\n".join(f"    {name}: {cause_of(why)}" for name, why in self.failed.items())


def main() -> int:
    """Entry point."""
    options, rest = _options()
    known = node_ids()
    mutants = _chosen(options.package, options.names)
    wrong = _run_controls(mutants, known, rest) if options.control else 0

    def attempt(mutant: SourceMutant) -> Trial:
        return _try(mutant, [known[name] for name in _wanted(mutant, known, options.chapter)], rest)

    with ThreadPoolExecutor(options.jobs) as pool:
        for trial in pool.map(attempt, mutants):
            wrong += bool(trial.missed)
            print(trial, flush=True)  # noqa: T201
            if options.reasons:
                print(trial.reasons(), flush=True)  # noqa: T201
            if trial.missed and options.show:
                print(trial.output, flush=True)  # noqa: T201
    return 1 if wrong else 0


def _run_controls(
    mutants: Sequence[SourceMutant], known: dict[str, str], options: Sequence[str]
) -> int:
    """Run the clauses of all mutants with nothing broken; returns how many fail all the same."""
    wrong = 0
    for npus in sorted({mutant.npus for mutant in mutants}):
        clauses = {name for one in mutants if one.npus == npus for name in one.noticed_by}
        tests = [known[name] for name in sorted(clauses)]
        with tempfile.TemporaryDirectory(prefix="yrm-") as name:
            failed, output = _run(pathlib.Path(name), tests, options, npus=npus)
        wrong += len(failed)
        say = f"fail with nothing broken: {', '.join(failed)}\n{output}" if failed else "pass"
        print(f"{'control':<50} {len(tests)} clauses: {say}", flush=True)  # noqa: T201
    return wrong


def _try(mutant: SourceMutant, tests: Sequence[str], options: Sequence[str]) -> Trial:
    with tempfile.TemporaryDirectory(prefix="yrm-") as name:
        directory = pathlib.Path(name)
        mutant.write_into(directory)
        built = libraries_of(directory / NATIVE_COPY) if mutant.is_native else {}
        failed, output = _run(directory, tests, options, npus=mutant.npus, **built)
        return Trial(mutant, failed, output)


def _run(
    directory: pathlib.Path,
    tests: Sequence[str],
    options: Sequence[str],
    *,
    npus: bool,
    **more: str,
) -> tuple[dict[str, str], str]:
    environment = environment_with(str(directory), PATIENCE_S, **more)
    activation = WITH_NPUS if npus else WITHOUT_NPUS
    failed = failures(tests, options, environment, directory, activation)
    return failed, (directory / "output").read_text(encoding="utf-8")


def _wanted(mutant: SourceMutant, known: dict[str, str], chapters: Sequence[str]) -> list[str]:
    if not chapters:
        return list(mutant.noticed_by)
    prefixes = tuple(f"{chapter}-" for chapter in chapters)
    return sorted({*mutant.noticed_by, *(name for name in known if name.startswith(prefixes))})


def _chosen(package: str, names: Sequence[str]) -> list[SourceMutant]:
    mutants = load(package)
    unknown = set(names) - {mutant.name for mutant in mutants} - {mutant.area for mutant in mutants}
    if unknown:
        sys.exit(f"unknown mutants: {', '.join(sorted(unknown))} (write -n2, not -n 2)")
    return [one for one in mutants if not names or {one.name, one.area} & set(names)]


def _options() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    packages = sorted(path.name for path in SOURCES.iterdir())
    parser.add_argument("--package", default="yr_fake_ds", choices=packages)
    parser.add_argument("--chapter", action="append", help="run all clauses of a chapter")
    parser.add_argument("--control", action="store_true", help="run with nothing broken first")
    parser.add_argument("--jobs", type=int, default=1, help="mutants tried at the same time")
    parser.add_argument("--reasons", action="store_true", help="print why each clause failed")
    parser.add_argument("--show", action="store_true", help="print what pytest said of survivors")
    parser.add_argument("names", nargs="*", help="mutants or areas to try (default: all)")
    return parser.parse_known_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SuiteError as error:
        sys.exit(str(error))
