"""Runs that were never run: every clause on three targets, with each of the six states in them.

Ids, levels and sentences are those of the newest clause set; figures and errors are made up, and
the environment says so. For looking at reports, never for judging a target.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from yr_conformance import clause_set
from yr_conformance.clauses import Clause, Level
from yr_conformance.machine_load import Figures
from yr_conformance.report.run import Outcome, Proof, Run
from yr_conformance.states import State

MADE_UP = "made up, to show what a report looks like"
ON_DEVICES = ("XFER", "GC", "COST")
HOSTILE = "<script>document.title = 'broken'</script> & \x1b[31mred\x1b[0m \x00"
ERROR = f"""def test_bytes_come_back(client, own_keys):
    client.set(own_keys(), b"abc")
>   assert client.get([own_keys()]) == [b"abc"]
E   AssertionError: assert [b'abd'] == [b'abc']
E     At index 0 diff: b'abd' != b'abc' {HOSTILE}

{"chapters/kv/test_set_get.py:36: " + "x" * 300}"""
NOT_PASSED: Mapping[str, Mapping[str, tuple[State, str, str]]] = {
    "fake": {
        "KV-GET-03": (State.FAILED, ERROR, ""),
        "XFER-GET-01 npu": (State.FAILED, ERROR, ""),
        "MODE-VAR-04": (State.NOT_RUN, "machine too busy: 2.1 s of its own in 9 s", ""),
    },
    "real-cpu": {
        "KV-SET-02": (State.DEVIATES, "the release takes no memoryview", "deviates until 0.9.0"),
        "FAULT-XFER-01": (
            State.UNSTEADY,
            "unsteady: failed in 8 of 147 runs, 2026-11; the actor died with its worker",
            "unsteady: failed in 8 of 147 runs, 2026-11",
        ),
    },
}


def runs() -> tuple[Run, ...]:
    """Give the runs: two on the fake, in both modes, and one on the released datasystem."""
    clauses = list(_clauses())
    chapters = [one for one in clauses if one.chapter in ("TWO", "LIFE")]
    return (
        _run("fake", "metastore", clauses, ("cpu", "npu")),
        _run("fake", "etcd", chapters, ("cpu", "npu")),
        _run("real-cpu", "metastore", clauses, ("cpu",)),
    )


def _clauses() -> Iterator[Clause]:
    newest = clause_set.frozen(clause_set.versions()[-1])
    for clause_id, (level, sentence) in newest.items():
        yield Clause(clause_id, Level(level), sentence, MADE_UP)


def _run(target: str, mode: str, clauses: list[Clause], devices: tuple[str, ...]) -> Run:
    others = NOT_PASSED[target] if mode == "metastore" else {}
    proofs = [
        _proof(clause, name, others, target)
        for clause in clauses
        for name in _names(clause, devices)
    ]
    return Run(
        target=target,
        header={"yr.datasystem": MADE_UP, "ray": "2.60.0", "mode": mode, "seed": "1"},
        proofs={proof.name: proof for proof in proofs},
        began="2026-11-30T09:00:00+00:00",
        seconds=754.2,
        exit_status=int(any(proof.state is State.FAILED for proof in proofs)),
        clause_set=clause_set.version_of(clauses),
        faults=("| worker killed | an error after 1.2 s | 3.4 s | nothing |",),
        machine={"KV": Figures(tests=120, seconds=31.4, load=2.5, threads=412, processes=38)},
    )


def _names(clause: Clause, devices: tuple[str, ...]) -> list[str]:
    if clause.chapter in ON_DEVICES:
        return [f"{clause.id} {device}" for device in devices]
    return [clause.id]


def _proof(
    clause: Clause, name: str, others: Mapping[str, tuple[State, str, str]], target: str
) -> Proof:
    state, reason, known = others.get(name, (State.PASSED, "", ""))
    if clause.chapter == "DEV" and target == "real-cpu":
        state, reason = State.UNSUPPORTED, "unsupported: real-cpu lacks npu"
    outcome = Outcome(
        f"chapters/{clause.chapter.lower()}/test_sample.py::test", state, 0.12, reason
    )
    here = "failed in 1 of 3 here" if state is State.UNSTEADY else ""
    calls = ("KVClient.set(1 key)", "KVClient.get(1 key)") if clause.id == "KV-GET-03" else ()
    return Proof(name, clause, state, reason, (outcome,), known, here, calls)
