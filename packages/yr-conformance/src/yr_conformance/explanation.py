"""All that is known of one clause, for `yr-conformance explain`."""

from __future__ import annotations

import difflib
import importlib.metadata
from collections.abc import Iterator

from yr_conformance import catalogue, clause_set, deviations, unsteady
from yr_conformance.clauses import Clause
from yr_conformance.mutants import killed_by
from yr_conformance.proofs import clause_id_of
from yr_conformance.targets import TARGETS_GROUP, load

_OF_RAY = "ray"


class UnknownClauseError(Exception):
    """No clause has that id; the text names those that are like it."""


def lines(clause_id: str) -> Iterator[str]:
    """Give the sentence, where it is known from, what breaks it, and how to run it.

    Raises UnknownClauseError. Needs what the chapters import: ray and torch.
    """
    clauses = {one.id: one for one in catalogue.all_clauses()}
    if clause_id not in clauses:
        like = difflib.get_close_matches(clause_id.upper(), clauses, n=3)
        hint = f"; like it: {', '.join(like)}" if like else "; `yr-conformance list` names all"
        raise UnknownClauseError(f"no clause is called {clause_id}{hint}")
    return _lines(clauses[clause_id])


def _lines(clause: Clause) -> Iterator[str]:
    node = catalogue.node_ids()[clause.id]
    yield f"{clause.id} ({clause.level.value})"
    yield f"  {' '.join(clause.sentence.split())}"
    yield ""
    yield f"source    {clause.source}"
    yield f"needs     {', '.join(sorted(clause.needs)) or 'nothing that a target may lack'}"
    yield f"test      {node}"
    yield f"in sets   {', '.join(_sets(clause)) or 'none that is frozen'}"
    yield from _listed("known     ", _known(clause.id), "passes on every target")
    killed = [f"{one.name}: {one.breaks}" for one in killed_by(clause.id)]
    yield from _listed("mutants   ", killed, "none is known to die of it")
    yield from _listed("run       ", _commands(clause), "")


def _sets(clause: Clause) -> list[str]:
    now = clause_set.texts_of([clause])[clause.id]
    found = []
    for version in clause_set.versions():
        text = clause_set.frozen(version).get(clause.id)
        if text:
            found.append(version if text == now else f"{version} (in other words)")
    return found


def _known(clause_id: str) -> list[str]:
    names = sorted(entry.name for entry in importlib.metadata.entry_points(group=TARGETS_GROUP))
    texts = {name: load(name).known_deviations() for name in names}
    texts[_OF_RAY] = deviations.shipped(_OF_RAY)
    return [line for name, text in texts.items() for line in _of_target(name, text, clause_id)]


def _of_target(name: str, text: str, clause_id: str) -> Iterator[str]:
    for proof, deviation in deviations.parse(text).items():
        if clause_id_of(proof) == clause_id:
            yield f"{name}: deviates until {deviation.until}: {deviation.reason}"
    for proof, one in unsteady.parse(text).items():
        if clause_id_of(proof) == clause_id:
            until = one.deviation.until
            yield f"{name}: unsteady ({one.rate}) until {until}: {one.deviation.reason}"


def _commands(clause: Clause) -> list[str]:
    run = f"yr-conformance run --target {{}} --chapter {clause.id}"
    return [
        f"yr-fake-ds run -- {run.format('fake')}",
        run.format("real-cpu"),
        f"yr-fake-cann run --npus 8 -- {run.format('real-emulated-npu')}",
    ]


def _listed(label: str, found: list[str], otherwise: str) -> Iterator[str]:
    for place, line in enumerate(found or [otherwise]):
        yield (label if place == 0 else " " * len(label)) + line
