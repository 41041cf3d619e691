"""A run as a record: every proof with its clause, its tests, its state and why.

`report.json` is this record. A folder for several targets holds `{"format": 2, "runs": [...]}`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from yr_conformance.clauses import Clause, Level
from yr_conformance.machine_load import Figures
from yr_conformance.proofs import clause_id_of
from yr_conformance.states import State

FORMAT: Final = 2
INTERRUPTED: Final = 2
"""The exit status of a run that somebody ended before its time."""


@dataclass(frozen=True)
class Outcome:
    """One test: its name as pytest has it, its state, seconds with its fixtures, and the error."""

    test: str
    state: State
    seconds: float
    reason: str = ""


@dataclass(frozen=True)
class Proof:
    """One clause, on one kind of device if it is about one.

    `known` is what the target's list of deviations says of it, `here` the failures of this run if
    it is unsteady, `calls` what it asked of the SDK where that was noted.
    """

    name: str
    clause: Clause
    state: State
    reason: str = ""
    outcomes: tuple[Outcome, ...] = ()
    known: str = ""
    here: str = ""
    calls: tuple[str, ...] = ()

    @property
    def device(self) -> str:
        """The kind of device, "" if it is about none."""
        return self.name.partition(" ")[2]

    @property
    def seconds(self) -> float:
        """What its tests took together."""
        return sum(outcome.seconds for outcome in self.outcomes)


@dataclass(frozen=True)
class Run:
    """One run of the clauses on one target; `began` is ISO 8601, UTC."""

    target: str
    header: Mapping[str, str]
    proofs: Mapping[str, Proof]
    began: str = ""
    seconds: float = 0.0
    exit_status: int = 0
    clause_set: str = ""
    faults: tuple[str, ...] = ()
    costs: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    unsteady: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    machine: Mapping[str, Figures] = field(default_factory=dict)

    @property
    def mode(self) -> str:
        """Where the workers of a cluster met."""
        return self.header.get("mode", "")

    @property
    def chapters(self) -> tuple[str, ...]:
        """The chapters of which it has clauses."""
        return tuple(sorted({proof.clause.chapter for proof in self.proofs.values()}))

    @property
    def counts(self) -> Counter[State]:
        """How many proofs are in each state."""
        return Counter(proof.state for proof in self.proofs.values())


def to_dict(run: Run) -> dict[str, Any]:
    """Give the record as `report.json` has it."""
    return {
        "format": FORMAT,
        "target": run.target,
        "header": dict(run.header),
        "clause_set": run.clause_set,
        "began": run.began,
        "seconds": round(run.seconds, 3),
        "exit_status": run.exit_status,
        "clauses": {name: _proof_to_dict(run.proofs[name]) for name in sorted(run.proofs)},
        "faults": list(run.faults),
        "costs": list(run.costs),
        "notices": list(run.notices),
        "unsteady": {name: dict(counts) for name, counts in run.unsteady.items()},
        "machine": {name: asdict(figures) for name, figures in run.machine.items()},
    }


def from_dict(row: Mapping[str, Any]) -> Run:
    """Read the record; KeyError, TypeError or ValueError if it is none of this format."""
    if row["format"] != FORMAT:
        raise ValueError(f"format {row['format']}, and this version reads {FORMAT}")
    proofs = {name: _proof_from_dict(name, one) for name, one in row["clauses"].items()}
    return Run(
        target=row["target"],
        header=row["header"],
        proofs=proofs,
        began=row["began"],
        seconds=row["seconds"],
        exit_status=row["exit_status"],
        clause_set=row["clause_set"],
        faults=tuple(row["faults"]),
        costs=tuple(row["costs"]),
        notices=tuple(row.get("notices", ())),
        unsteady=row["unsteady"],
        machine={name: Figures(**one) for name, one in row["machine"].items()},
    )


def clause_to_dict(clause: Clause) -> dict[str, Any]:
    """Give a clause as plain values, without its id."""
    return {
        "level": clause.level.value,
        "sentence": " ".join(clause.sentence.split()),
        "source": clause.source,
        "needs": sorted(clause.needs),
    }


def clause_from_dict(clause_id: str, row: Mapping[str, Any]) -> Clause:
    """Read what `clause_to_dict` gave."""
    needs = frozenset(row["needs"])
    return Clause(clause_id, Level(row["level"]), row["sentence"], row["source"], needs)


def _proof_to_dict(proof: Proof) -> dict[str, Any]:
    return {
        "state": proof.state.value,
        "reason": proof.reason,
        **clause_to_dict(proof.clause),
        "known": proof.known,
        "here": proof.here,
        "seconds": round(proof.seconds, 3),
        "tests": [_outcome_to_dict(one) for one in proof.outcomes],
        "calls": list(proof.calls),
    }


def _proof_from_dict(name: str, row: Mapping[str, Any]) -> Proof:
    return Proof(
        name=name,
        clause=clause_from_dict(clause_id_of(name), row),
        state=State(row["state"]),
        reason=row["reason"],
        outcomes=tuple(_outcome_from_dict(one) for one in row["tests"]),
        known=row["known"],
        here=row["here"],
        calls=tuple(row["calls"]),
    )


def _outcome_to_dict(outcome: Outcome) -> dict[str, Any]:
    return {
        "test": outcome.test,
        "state": outcome.state.value,
        "seconds": round(outcome.seconds, 3),
        "reason": outcome.reason,
    }


def _outcome_from_dict(row: Mapping[str, Any]) -> Outcome:
    return Outcome(row["test"], State(row["state"]), row["seconds"], row["reason"])
