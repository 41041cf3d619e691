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
from yr_conformance.proofs import clause_id_of, row_of
from yr_conformance.unsteady import Unsteady

PROPERTY = "clause"
FAULT_PROPERTY = "fault"
COST_PROPERTY = "cost"
UNSUPPORTED = "unsupported: "
UNSTEADY = "unsteady: "
_MOST_CAUSE = 160


class State(enum.Enum):
    """What a run says of a clause, from best to worst."""

    PASSED = "passed"
    UNSUPPORTED = "unsupported"
    NOT_RUN = "not run"
    DEVIATES = "deviates"
    UNSTEADY = "unsteady"
    FAILED = "failed"


_ORDER = list(State)


@dataclass
class Count:
    """How often the tests of an unsteady clause ran, and failed."""

    runs: int = 0
    failed: int = 0


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
    unsteady: Mapping[str, Unsteady] = field(default_factory=dict)
    """What the target is known to fulfil only most of the time, by clause or proof."""
    counts: dict[str, Count] = field(default_factory=dict)
    """Runs and failures of those, by proof."""

    def add(self, clause_id: str, state: State, reason: str = "") -> None:
        """Note the outcome of one phase of one test; the worst one stays."""
        before = self.states.get(clause_id, State.PASSED)
        if _ORDER.index(state) >= _ORDER.index(before):
            self.states[clause_id] = state
            if reason:
                self.reasons[clause_id] = reason

    def count(self, proof: str, *, failed: bool) -> None:
        """Note one run of a test if its clause is unsteady."""
        if self.unsteady_of(proof):
            count = self.counts.setdefault(proof, Count())
            count.runs += 1
            count.failed += failed

    def unsteady_of(self, proof: str) -> Unsteady | None:
        """Give what is known of a proof that fails now and then."""
        return self.unsteady.get(proof) or self.unsteady.get(clause_id_of(proof))

    def judge_unsteady(self) -> bool:
        """Let those fail that failed more often than is explained; whether there are any."""
        judged = False
        for proof, count in self.counts.items():
            known = self.unsteady_of(proof)
            if known and not known.explains(count.failed, count.runs):
                reason = f"{count.failed} of {count.runs}, which `{known.rate}` does not explain"
                self.add(proof, State.FAILED, reason)
                judged = True
        return judged

    def unsteady_table(self) -> Iterable[str]:
        """The unsteady clauses that were run, as a table of Markdown."""
        yield "| clause | failed here | known | reason |"
        yield "|---|---|---|---|"
        for proof, count in sorted(self.counts.items()):
            if known := self.unsteady_of(proof):
                here = f"{count.failed} of {count.runs}"
                yield f"| {proof} | {here} | {known.rate} | {known.deviation.reason} |"

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
                "unsteady": {proof: asdict(one) for proof, one in self.counts.items()},
                "machine": {name: asdict(one) for name, one in self.machine.chapters.items()},
            },
            indent=1,
        )


def cause_of(text: str) -> str:
    """Shorten a failure, as pytest describes it, to the line that says what was wrong."""
    lines = [line for line in text.splitlines() if line.startswith("E ")] or text.splitlines()
    return lines[0].removeprefix("E").strip()[:_MOST_CAUSE] if lines else ""
