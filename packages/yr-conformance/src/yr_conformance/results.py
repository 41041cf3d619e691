"""Results: the state of each clause while a run goes on, and the tables that it ends with.

A clause may be proven by several tests (parameters); its state is the worst of theirs, for each
kind of device separately. What a run leaves is `report.run.Run`, made of these.
"""

from __future__ import annotations

import datetime
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from yr_conformance import clause_set
from yr_conformance.clauses import Clause
from yr_conformance.machine_load import MachineLoad
from yr_conformance.proofs import clause_id_of, row_of
from yr_conformance.report.run import Outcome, Proof, Run
from yr_conformance.states import State
from yr_conformance.unsteady import Unsteady

PROPERTY = "clause"
FAULT_PROPERTY = "fault"
COST_PROPERTY = "cost"
NOTICE_PROPERTY = "notice"
UNSUPPORTED = "unsupported: "
UNSTEADY = "unsteady: "
_MOST_CAUSE = 160
_ERROR = re.compile(r"E\s+[\w.]*(Error|Exception|Failed|Warning|Timeout)\w*(\(\w+\))?: ")
_CUT_OFF = "the run ended before this test did"
_JUDGEMENT = "::how often it failed"


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
    found: dict[str, str] = field(default_factory=dict)
    """What of the environment is known only while clauses run."""
    began: datetime.datetime = field(
        default_factory=lambda: datetime.datetime.now(datetime.timezone.utc)
    )
    clock_s: float = field(default_factory=time.monotonic)
    clauses: dict[str, Clause] = field(default_factory=dict)
    """What each proof is of."""
    known: dict[str, str] = field(default_factory=dict)
    """What the target's list of deviations says of a proof."""
    calls: dict[str, list[str]] = field(default_factory=dict)
    """What a proof's tests asked of the SDK, where that was noted."""
    outcomes: dict[str, dict[str, tuple[State, str]]] = field(default_factory=dict)
    """The tests of each proof by their names, with the reasons."""
    seconds: dict[str, float] = field(default_factory=dict)
    """What each test took, with its fixtures."""
    states: dict[str, State] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    """Rows of the table of faults."""
    costs: list[str] = field(default_factory=list)
    """Rows of the table of what an object costs."""
    notices: list[str] = field(default_factory=list)
    """Rows of the table of when the ranks of a group noticed what was wrong."""
    machine: MachineLoad = field(default_factory=MachineLoad)
    unsteady: Mapping[str, Unsteady] = field(default_factory=dict)
    """What the target is known to fulfil only most of the time, by clause or proof."""
    counts: dict[str, Count] = field(default_factory=dict)
    """Runs and failures of those, by proof."""

    def add(self, clause_id: str, state: State, reason: str = "") -> None:
        """Note the outcome of one phase of one test; the worst one stays."""
        before = self.states.get(clause_id, State.PASSED)
        if not before.is_worse_than(state):
            self.states[clause_id] = state
            if reason:
                self.reasons[clause_id] = reason

    def spend(self, test: str, seconds: float) -> None:
        """Note what one phase of a test took."""
        self.seconds[test] = self.seconds.get(test, 0.0) + seconds

    def note(self, proof: str, test: str, state: State, reason: str = "") -> None:
        """Note the outcome of one phase of one test by name; the worst one stays."""
        tests = self.outcomes.setdefault(proof, {})
        before, _ = tests.get(test, (State.PASSED, ""))
        if not before.is_worse_than(state):
            tests[test] = (state, reason)
        self.add(proof, state, reason)

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
                self.note(proof, _JUDGEMENT, State.FAILED, reason)
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

    def notice_table(self) -> Iterable[str]:
        """When each rank of a group noticed what was wrong, as a table of Markdown."""
        yield "| what is wrong | rank | its error | after |"
        yield "|---|---|---|---|"
        yield from sorted(self.notices)

    def run(self, exit_status: int) -> Run:
        """Give what is left of the run when it has ended with that status."""
        return Run(
            target=self.target,
            header={**self.header, **self.found},
            proofs={name: self._proof(name) for name in sorted(self.clauses)},
            began=self.began.isoformat(timespec="seconds"),
            seconds=time.monotonic() - self.clock_s,
            exit_status=exit_status,
            clause_set=clause_set.version_of(self.clauses.values()),
            faults=tuple(self.faults),
            costs=tuple(self.costs),
            notices=tuple(self.notices),
            unsteady={proof: asdict(one) for proof, one in self.counts.items()},
            machine=dict(self.machine.chapters),
        )

    def _proof(self, name: str) -> Proof:
        unsteady, count = self.unsteady_of(name), self.counts.get(name)
        outcomes = self.outcomes.get(name, {}).items()
        return Proof(
            name=name,
            clause=self.clauses[name],
            # Begun, and not ended when the run was.
            state=self.states.get(name, State.NOT_RUN),
            reason=self.reasons.get(name, "" if name in self.states else _CUT_OFF),
            outcomes=tuple(
                Outcome(test, state, self.seconds.get(test, 0.0), reason)
                for test, (state, reason) in outcomes
            ),
            known=f"unsteady: {unsteady.rate}" if unsteady else self.known.get(name, ""),
            here=f"failed in {count.failed} of {count.runs} here" if count else "",
            calls=tuple(self.calls.get(name, ())),
        )


def cause_of(text: str) -> str:
    """Shorten a failure, as pytest describes it, to the line that says what was wrong.

    That is the first with the name of an error in it: a long one has lost its beginning.
    """
    lines = [line for line in text.splitlines() if line.startswith("E ")] or text.splitlines()
    named = [line for line in lines if _ERROR.match(line)] or lines
    return named[0].removeprefix("E").strip()[:_MOST_CAUSE] if named else ""
