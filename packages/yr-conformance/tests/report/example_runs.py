"""Small runs, made by hand, with what a report has to cope with in them."""

from __future__ import annotations

from yr_conformance.clauses import Clause, Level
from yr_conformance.machine_load import Figures
from yr_conformance.report.run import Outcome, Proof, Run
from yr_conformance.states import State

HOSTILE = "E   <script>alert(1)</script> | \x1b[31mred\x1b[0m \x00"


def clause(clause_id: str, sentence: str = "`get` holds.") -> Clause:
    """Give a clause."""
    return Clause(clause_id, Level.MUST, sentence, "measured here", frozenset({"npu"}))


def proof(
    name: str, state: State = State.PASSED, reason: str = "", known: str = "", here: str = ""
) -> Proof:
    """Give a proof with one test."""
    outcome = Outcome(f"chapters/ex/test_it.py::test_it[{name}]", state, 0.5, reason)
    return Proof(name, clause(name.partition(" ")[0]), state, reason, (outcome,), known, here)


def run(*proofs: Proof, target: str = "example", exit_status: int = 0, **header: str) -> Run:
    """Give a run of these proofs."""
    return Run(
        target=target,
        header={"mode": "metastore", "seed": "1", **header},
        proofs={one.name: one for one in proofs},
        began="2026-11-30T09:00:00+00:00",
        seconds=12.5,
        exit_status=exit_status,
        clause_set="1.0",
        faults=("| killed | an error | 3 s | nothing |",),
        unsteady={"EX-ONE-05": {"runs": 3, "failed": 1}},
        machine={"EX": Figures(6, 3.0, 1.5, 100, 20)},
    )


def all_states() -> Run:
    """Give a run with each of the six states."""
    return run(
        proof("EX-ONE-01"),
        proof("EX-ONE-02", State.FAILED, HOSTILE),
        proof("EX-ONE-03", State.UNSUPPORTED, "unsupported: example lacks npu"),
        proof("EX-ONE-04", State.NOT_RUN, "no moon tonight"),
        proof(
            "EX-ONE-05",
            State.UNSTEADY,
            "unsteady: a race",
            known="unsteady: 8 of 147",
            here="1 of 3",
        ),
        proof("EX-ONE-06 cpu", State.DEVIATES, "counts from one", known="deviates until 2.0"),
        exit_status=1,
    )
