"""Change modules in every small way, and see whether their tests notice: `nox -s mutation`.

    mutation [--write | MODULE ...] [--jobs 2] [--directory DIR]

What a test did not notice and survivors.toml does not explain is printed as lines for that file,
and the status is 1; so it is when an explained change is noticed now, or gone.
"""

from __future__ import annotations

import argparse
import functools
import json
import pathlib
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import explanations
import modules
import score_page
from changes import Outcomes, Survivor
from modules import ROOT, Module
from outcomes import UnfinishedError
from trial import TrialError, outcomes_for


def main() -> int:
    """Entry point."""
    options = _options()
    chosen = _chosen(options.modules)
    options.directory.mkdir(parents=True, exist_ok=True)
    trying = functools.partial(outcomes_for, below=options.directory)
    every = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for outcomes in pool.map(trying, chosen):
            print(f"{outcomes.module}: {outcomes.tried} changes", flush=True)
            every.append(outcomes)
    print(score_page.table(every))
    if _has_findings(every):
        return 1
    if options.write:
        score_page.write(every)
    return 0


def _has_findings(every: Sequence[Outcomes]) -> bool:
    known = explanations.read()
    survivors = [one for outcomes in every for one in outcomes.survivors]
    new = explanations.unexplained(survivors, known)
    old = explanations.outdated(survivors, known, (one.module for one in every))
    for one in new:
        print(f"\nNot noticed, not explained:\n{_lines_for(one)}")
    for one in old:
        print(f"\nExplained, and noticed now or gone:\n{_lines_for(one)}")
    return bool(new or old)


def _lines_for(one: Survivor) -> str:
    head = f"[[{json.dumps(one.module)}]]\nline = {json.dumps(one.line)}"
    return f'{head}\nwhy = ""\ninstead = [{json.dumps(one.instead)}]'


def _chosen(names: Sequence[str]) -> list[Module]:
    every = modules.read()
    unknown = set(names) - {one.name for one in every}
    if unknown:
        sys.exit(f"not in modules.toml: {', '.join(sorted(unknown))}")
    return [one for one in every if not names or one.name in names]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mutation", description=__doc__)
    place = ROOT / "reports" / "mutation"
    parser.add_argument(
        "--write", action="store_true", help="write docs/mutation.md, if all is well"
    )
    parser.add_argument("--jobs", type=int, default=2, help="modules that are tried at a time")
    parser.add_argument("--directory", type=pathlib.Path, default=place, help="of the copies")
    parser.add_argument("modules", nargs="*", help="which (default: all)")
    options = parser.parse_args()
    if options.write and options.modules:
        parser.error("the page is of all modules: --write, or MODULE ...")
    return options


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (TrialError, UnfinishedError) as error:
        sys.exit(str(error))
