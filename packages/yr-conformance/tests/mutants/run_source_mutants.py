"""Break a package in one way after the other, and see which clauses of the suite notice.

    python packages/yr-conformance/tests/mutants/run_source_mutants.py --package yr_fake_ds

runs, for each mutant, the clauses that are expected to fail and prints them; the exit status is 1
if one of them passed. `--chapter KV` runs every clause of a chapter instead (repeatable), and
prints which others fail. Names choose mutants; options that are not its own go to pytest.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import tempfile
from collections.abc import Sequence

from source_mutants import SOURCES, SourceMutant, load
from suite_run import SuiteError, environment_with, failing_clauses

from yr_conformance.catalogue import node_ids

PATIENCE_S = "15"
ACTIVATION = {
    "yr_fake_ds": (sys.executable, "-m", "yr_fake_ds", "run", "--"),
    "yr_fake_cann": (sys.executable, "-m", "yr_fake_ds", "run", "--npus", "8", "--"),
    "ray_ascend": (sys.executable, "-m", "yr_fake_ds", "run", "--"),
}


def main() -> int:
    """Entry point."""
    options, rest = _options()
    known = node_ids()
    lively = 0
    for mutant in _chosen(options.package, options.names):
        wanted = _wanted(mutant, known, options.chapter)
        failed, output = _try(mutant, [known[name] for name in wanted], rest)
        missed = sorted(set(mutant.noticed_by) - set(failed))
        lively += bool(missed)
        print(f"{mutant.name:<50} {_verdict(mutant, failed, missed)}", flush=True)  # noqa: T201
        if missed and options.show:
            print(output, flush=True)  # noqa: T201
    return 1 if lively else 0


def _try(
    mutant: SourceMutant, tests: Sequence[str], options: Sequence[str]
) -> tuple[list[str], str]:
    with tempfile.TemporaryDirectory(prefix="yrm-") as name:
        directory = pathlib.Path(name)
        mutant.write_into(directory)
        environment = environment_with(name, PATIENCE_S)
        activation = ACTIVATION[mutant.package]
        failed = failing_clauses(tests, options, environment, directory, activation)
        return failed, (directory / "output").read_text(encoding="utf-8")


def _wanted(mutant: SourceMutant, known: dict[str, str], chapters: Sequence[str]) -> list[str]:
    if not chapters:
        return list(mutant.noticed_by)
    prefixes = tuple(f"{chapter}-" for chapter in chapters)
    return sorted({*mutant.noticed_by, *(name for name in known if name.startswith(prefixes))})


def _verdict(mutant: SourceMutant, failed: Sequence[str], missed: Sequence[str]) -> str:
    others = sorted(set(failed) - set(mutant.noticed_by))
    found = f"{', '.join(failed) or 'none'}{' (not declared: ' if others else ''}"
    found += f"{', '.join(others)})" if others else ""
    return f"NOT CAUGHT by {', '.join(missed)}; failed {found}" if missed else f"caught: {found}"


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
    parser.add_argument("--show", action="store_true", help="print what pytest said of survivors")
    parser.add_argument("names", nargs="*", help="mutants or areas to try (default: all)")
    return parser.parse_known_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SuiteError as error:
        sys.exit(str(error))
