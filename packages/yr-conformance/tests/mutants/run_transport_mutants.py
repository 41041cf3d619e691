"""Break the installed transport in one way after the other, and see which clauses notice.

    yr-fake-ds run -- python packages/yr-conformance/tests/mutants/run_transport_mutants.py

runs, for each mutant, the clauses that are expected to fail (`--all`: every clause of XFER, GC,
COST, MODE and HCCL) and prints a table mutant x failing clauses. The exit status is 1 if a mutant
survives. `--npu` tries those of NPU tensors and of groups, where there are NPUs (`run --npus 8`).
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version

import hccl_mutants
import npu_mutants
import settings_mutants
import transport_mutants
from suite_run import SuiteError, environment_with, failures
from transport_mutants import DIRECTORY, Mutant

from yr_conformance.catalogue import node_ids
from yr_conformance.transfer.registration import VARIABLE

CHAPTERS = ("XFER-", "GC-", "COST-", "MODE-", "HCCL-")
PATIENCE_S = "30"
NPU_MUTANTS = (*npu_mutants.MUTANTS, *hccl_mutants.MUTANTS)
HOST_MUTANTS = (*transport_mutants.MUTANTS, *settings_mutants.MUTANTS)


def main() -> int:
    """Entry point; options that are not its own go to pytest."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--target", default="fake")
    parser.add_argument("--all", action="store_true", help="run every clause of the chapters")
    parser.add_argument("--npu", action="store_true", help="try those of NPU tensors and of groups")
    parser.add_argument("names", nargs="*", help="mutants to try (default: all)")
    options, rest = parser.parse_known_args()
    mutants = NPU_MUTANTS if options.npu else HOST_MUTANTS
    unknown = set(options.names) - {mutant.name for mutant in mutants}
    if unknown:
        parser.error(f"unknown mutants: {', '.join(unknown)} (write -n2, not -n 2)")
    matter = [mutant for mutant in mutants if _matters(mutant, options.target)]
    chosen = [mutant for mutant in matter if not options.names or mutant.name in options.names]
    survivors, known = 0, node_ids()
    for mutant in chosen:
        names = [n for n in known if n.startswith(CHAPTERS)] if options.all else mutant.expected
        nodes = [known[name] for name in names]
        failed = try_clauses(mutant, nodes, ["--target", options.target, *rest])
        missed = sorted(set(mutant.expected) - set(failed))
        survivors += bool(missed)
        print(f"{mutant.name:<32} {verdict(missed)}: {', '.join(failed) or 'none'}", flush=True)  # noqa: T201
    return 1 if survivors else 0


def verdict(missed: Sequence[str]) -> str:
    """Say in a word or two whether the mutant was caught as expected."""
    return f"NOT CAUGHT by {', '.join(missed)}; failed" if missed else "caught"


def try_clauses(mutant: Mutant, tests: Sequence[str], options: Sequence[str]) -> list[str]:
    """Run tests of the suite with the mutant and return the ids of the clauses that failed."""
    with tempfile.TemporaryDirectory(prefix="yrm-") as directory:
        environment = _environment(mutant, directory)
        return sorted(failures(tests, options, environment, pathlib.Path(directory)))


def _matters(mutant: Mutant, target: str) -> bool:
    if mutant.only_on not in ("", target):
        return False
    installed = tuple(int(part) for part in version("ray").split(".")[:2])
    return mutant.until_ray is None or installed < mutant.until_ray


def _environment(mutant: Mutant, directory: str) -> dict[str, str]:
    of_mutant = {VARIABLE: f"{mutant.function.__module__}:{mutant.name}", DIRECTORY: directory}
    return environment_with(str(pathlib.Path(__file__).parent), PATIENCE_S, **of_mutant)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SuiteError as error:
        sys.exit(str(error))
