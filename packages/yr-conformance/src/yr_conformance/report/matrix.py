"""The matrix of clauses: rows are clauses, columns are targets with mode and kind of device.

run real-cpu, chapters KV and XFER --> [real-cpu metastore] + [cpu]
run real-cpu, chapter MODE       --/   one column: same environment, and no clause is in both
run fake                           --> [fake metastore] + [cpu, npu]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from yr_conformance.clauses import Clause
from yr_conformance.report.run import Proof, Run
from yr_conformance.states import State

_OF_ONE_RUN = frozenset({"etcd", "seed"})
"""What of a header may differ between two runs in one environment."""


@dataclass(frozen=True)
class Column:
    """Runs on one target in one environment, and the kinds of devices that they are about."""

    label: str
    runs: tuple[Run, ...]
    devices: tuple[str, ...]

    def proof(self, clause_id: str, device: str) -> Proof | None:
        """Give what was proven of a clause on a device ("": on none); None if nothing was."""
        name = f"{clause_id} {device}".rstrip()
        return next((run.proofs[name] for run in self.runs if name in run.proofs), None)

    def cells(self, clause_id: str) -> list[Cell]:
        """Give the cells of a clause: one as wide as the column if it is about no device."""
        if plain := self.proof(clause_id, ""):
            return [Cell(self, "", plain, len(self.devices))]
        found = [(device, self.proof(clause_id, device)) for device in self.devices]
        if not any(proof for _, proof in found):
            return [Cell(self, "", None, len(self.devices))]
        return [Cell(self, device, proof, 1) for device, proof in found]


@dataclass(frozen=True)
class Cell:
    """What one column says of one clause; `proof` is None if it was not part of the run."""

    column: Column
    device: str
    proof: Proof | None
    width: int

    @property
    def state(self) -> State:
        """The state, also of what was not part of the run."""
        return self.proof.state if self.proof else State.NOT_RUN

    @property
    def where(self) -> str:
        """Target, mode and device in words."""
        return f"{self.column.label} {self.device}".rstrip()


@dataclass(frozen=True)
class Row:
    """One clause and its cells."""

    clause: Clause
    cells: tuple[Cell, ...]

    @property
    def states(self) -> frozenset[State]:
        """The states that occur in it."""
        return frozenset(cell.state for cell in self.cells)

    @property
    def differs(self) -> bool:
        """Whether targets, modes or devices on which it was tried say different things of it."""
        return len(self.states - {State.NOT_RUN, State.UNSUPPORTED}) > 1

    @property
    def worst(self) -> State:
        """The worst of them."""
        return next(state for state in reversed(State) if state in self.states)


def columns(runs: Sequence[Run]) -> tuple[Column, ...]:
    """Sort runs into columns, each with a label of its own."""
    groups: list[list[Run]] = []
    for run in runs:
        group = next((group for group in groups if _belongs(run, group)), None)
        if group is None:
            groups.append([run])
        else:
            group.append(run)
    labels = _labels([group[0] for group in groups])
    return tuple(
        Column(label, tuple(group), _devices(group))
        for label, group in zip(labels, groups, strict=True)
    )


def rows(of: Sequence[Column]) -> tuple[Row, ...]:
    """Give a row for every clause of any run, by id."""
    clauses: Mapping[str, Clause] = {
        proof.clause.id: proof.clause
        for column in reversed(of)
        for run in column.runs
        for proof in run.proofs.values()
    }
    return tuple(
        Row(clauses[one], tuple(cell for column in of for cell in column.cells(one)))
        for one in sorted(clauses)
    )


def _belongs(run: Run, group: Iterable[Run]) -> bool:
    return all(
        run.target == other.target
        and _environment(run) == _environment(other)
        and not run.proofs.keys() & other.proofs.keys()
        for other in group
    )


def _environment(run: Run) -> Mapping[str, str]:
    return {name: value for name, value in run.header.items() if name not in _OF_ONE_RUN}


def _labels(firsts: Sequence[Run]) -> list[str]:
    """Name target and mode, then Ray, then the number, as far as columns differ in them."""
    plain = [f"{run.target} {run.mode}".strip() for run in firsts]
    rays = [run.header.get("ray", "") for run in firsts]
    named = [
        f"{label}, Ray {ray}" if plain.count(label) > 1 and ray else label
        for label, ray in zip(plain, rays, strict=True)
    ]
    return [
        f"{label}, {named[: place + 1].count(label)}" if named.count(label) > 1 else label
        for place, label in enumerate(named)
    ]


def _devices(group: Iterable[Run]) -> tuple[str, ...]:
    found = {proof.device for run in group for proof in run.proofs.values()} - {""}
    return tuple(sorted(found)) or ("",)
