"""Results: the state of each clause after a run, and the tables and files made of them.

A clause may be proven by several tests (parameters); its state is the worst of theirs, for each
kind of device separately.
"""

from __future__ import annotations

import enum
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from yr_conformance.machine_load import MachineLoad
from yr_conformance.proofs import row_of

PROPERTY = "clause"
FAULT_PROPERTY = "fault"
COST_PROPERTY = "cost"
UNSUPPORTED = "unsupported: "


class State(enum.Enum):
    """What a run says of a clause, from best to worst."""

    PASSED = "passed"
    UNSUPPORTED = "unsupported"
    NOT_RUN = "not run"
    DEVIATES = "deviates"
    FAILED = "failed"


_ORDER = list(State)


@dataclass
class Results:
    """Collects outcomes in the process that reports, whichever process ran the test."""

    target: str
    header: Mapping[str, str]
    states: dict[str, State] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    """Rows of the table of faults."""
    costs: list[str] = field(default_factory=list)
    """Rows of the table of what an object costs."""
    machine: MachineLoad = field(default_factory=MachineLoad)

    def add(self, clause_id: str, state: State, reason: str = "") -> None:
        """Note the outcome of one phase of one test; the worst one stays."""
        before = self.states.get(clause_id, State.PASSED)
        if _ORDER.index(state) >= _ORDER.index(before):
            self.states[clause_id] = state
            if reason:
                self.reasons[clause_id] = reason

    def table(self) -> Iterable[str]:
        """One line per chapter, then the totals."""
        chapters: dict[str, Counter[State]] = {}
        for clause_id, state in self.states.items():
            chapters.setdefault(row_of(clause_id), Counter())[state] += 1
        yield f"{'chapter':<10}" + "".join(f"{state.value:>13}" for state in State)
        for chapter, counts in sorted(chapters.items()):
            yield f"{chapter:<10}" + "".join(f"{counts[state]:>13}" for state in State)
        totals = Counter(self.states.values())
        yield f"{'all':<10}" + "".join(f"{totals[state]:>13}" for state in State)

    def fault_table(self) -> Iterable[str]:
        """The faults that were made, as a table of Markdown."""
        yield "| fault | what was seen | next transfer after | left behind |"
        yield "|---|---|---|---|"
        yield from sorted(self.faults)

    def cost_table(self) -> Iterable[str]:
        """What was counted for one object, as a table of Markdown."""
        yield (
            "| device | tensors | bytes | keys | to store | to receive | to free "
            "| bytes copied to store | to receive |"
        )
        yield "|---|---|---|---|---|---|---|---|---|"
        yield from sorted(self.costs)

    def to_json(self) -> str:
        """The whole result for other programs."""
        clauses = {
            clause_id: {"state": state.value, "reason": self.reasons.get(clause_id, "")}
            for clause_id, state in sorted(self.states.items())
        }
        return json.dumps(
            {
                "target": self.target,
                "header": dict(self.header),
                "clauses": clauses,
                "faults": self.faults,
                "costs": self.costs,
                "machine": {name: asdict(one) for name, one in self.machine.chapters.items()},
            },
            indent=1,
        )
