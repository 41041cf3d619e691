"""The page of a run: machine, date, goals and tables, in Markdown."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Sequence

from bench import tables
from bench.results import Results
from bench.tables import Table
from bench.works import WORKS

_HEAD = """\
# Performance

Written by `nox -s bench -- --page docs/performance.md`, not by hand. All contenders took turns in
one run, so that a machine that speeds up or slows down does so for all: **compare figures of this
page with each other only.** Medians, and in brackets the middle half of the turns.

{machine}

{versions}; at most {turns} turns of each contender.

What is measured: a method call that returns tensors which exist already, and one on another actor
that reads one element of the first and of the last of them, until the driver has the answer ("all
read": it reads every element). Every value was compared once for each contender and size before.
"Driver get" is the same without the second actor; "put" and "get alone" are the transport's own
calls in the process that makes them, the object store's are `ray.put` and `ray.get` there. The
no-op transport gives the receiver memory that nobody has written: what Ray itself spends. `copy_`
makes one copy in one process, the least that anybody does who copies.
"""


def write(
    results: Results, path: pathlib.Path, pictures: Sequence[pathlib.Path], more: Iterable[Table]
) -> None:
    """Write the page; pictures are copied beside it, into a folder of its name."""
    parts = [
        _HEAD.format(
            machine=results.machine.described() + ".",
            versions=results.machine.versions,
            turns=results.turns,
        ),
        _section(tables.goals(results)),
        *(_section(table) for table in _figures(results)),
        *(_section(table) for table in more),
        *_pictures(path, pictures),
    ]
    path.write_text("\n".join(parts), encoding="utf-8")


def _figures(results: Results) -> Iterable[Table]:
    yield from tables.all_figures(results)
    actor = [one for one in WORKS if one.kind == "actor"]
    for against in ("noop", "copy-warm"):
        table = tables.ratios(results, "Actor to actor", actor, against)
        if table.rows:
            yield table


def _section(table: Table) -> str:
    return f"## {table.title}\n\n{table.markdown()}\n"


def _pictures(path: pathlib.Path, pictures: Sequence[pathlib.Path]) -> list[str]:
    if not pictures:
        return []
    folder = path.with_suffix("")
    folder.mkdir(exist_ok=True)
    lines = ["## Pictures\n"]
    for picture in pictures:
        (folder / picture.name).write_bytes(picture.read_bytes())
        lines.append(f"![{picture.stem.replace('-', ' ')}]({folder.name}/{picture.name})\n")
    return lines
