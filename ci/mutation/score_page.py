"""docs/mutation.md: how many changes of each module its tests notice."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Sequence

from changes import Outcomes
from modules import ROOT

PAGE = ROOT / "docs" / "mutation.md"
_HEAD = """\
# Changes that tests notice

Written by `nox -s mutation -- --write`. [Mutants](../packages/yr-conformance/docs/mutants.md) are
chosen by hand and must be noticed by clauses. These are not chosen: a tool
([cosmic-ray](https://cosmic-ray.readthedocs.io)) makes each small change that it knows, another
comparison, a number more or less, a condition turned round, in modules that decide by themselves,
and runs the modules' own tests, which take a second. What no test notices is
[explained](../ci/mutation/survivors.toml), or `nox -s mutation` fails.
"""
_TABLE = """
| module | changes | noticed | explained | score |
|---|---|---|---|---|
"""


def page(every: Sequence[Outcomes]) -> str:
    """Render the page; all that is not noticed has been explained."""
    rows = [_row(one.module, [one]) for one in every]
    return _HEAD + _TABLE + "\n".join([*rows, _row("all", every)]) + "\n"


def table(every: Sequence[Outcomes]) -> str:
    """Render the table alone."""
    return _TABLE + "\n".join(_row(one.module, [one]) for one in every)


def write(every: Sequence[Outcomes], file: pathlib.Path = PAGE) -> None:
    """Write the page."""
    file.write_text(page(every), encoding="utf-8")


def _row(name: str, outcomes: Iterable[Outcomes]) -> str:
    every = list(outcomes)
    tried = sum(one.tried for one in every)
    alive = sum(len(one.survivors) for one in every)
    noticed = tried - alive
    return f"| {name} | {tried} | {noticed} | {alive} | {100 * noticed / tried:.1f}% |"
