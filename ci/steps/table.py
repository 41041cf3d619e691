"""Which steps there are: those of the gate, which every change passes, and those of the night."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One call of nox; its name is what the tables show."""

    name: str
    arguments: tuple[str, ...]


Lane = tuple[Step, ...]
"""Steps one after the other; the first that fails ends it."""
Row = tuple[Lane, ...]
"""Lanes side by side.

A step on the released datasystem waits for half of its time (measured on two CPUs: 105 s of work in
its first 240 s), so that one that works fits beside it, and both together keep the processors busy
for 92 % of theirs; two of its clusters do not fit (`PROCESSES` in contents.py). Lanes use different
environments: a step installs our packages into its own anew.
"""


def _step(name: str, arguments: str) -> Step:
    return Step(name, tuple(arguments.split()))


GATE: tuple[Row, ...] = (
    ((_step("format, style and house rules", "-s lint"),),),
    (
        (
            _step(
                "conformance on the released datasystem",
                "-s conformance -- --target real-cpu --chapter CLI --chapter KV --chapter OBJ "
                "--chapter TWO --chapter FAULT-XFER --chapter XFER --chapter GC --chapter COST",
            ),
            _step(
                "conformance on the released datasystem, etcd mode",
                "-s conformance -- --target real-cpu --mode etcd --chapter TWO",
            ),
        ),
        (
            _step("tests of each package", "-s tests"),
            # Beside the one that waits for most of its time.
            _step("types", "-s types"),
            _step("the matrix of CI jobs, and what is rendered from it", "-s matrix"),
            _step("what is taken from Ray, on the oldest one", "-s tests-oldest-ray"),
            _step("the site, and its lists", "-s docs"),
        ),
    ),
    (
        (
            # Beside no other clauses: next to chapter LIFE, at a load of 38, they failed (0.8.1).
            _step(
                "the released datasystem on emulated NPUs",
                "-s conformance -- --target real-emulated-npu --chapter DEV --chapter XFER",
            ),
        ),
        (_step("wheels, installed where nothing else is", "-s build"),),
    ),
    (
        (_step("conformance on the fake", "-s conformance"),),
        # Waits for four fifths of its time, and has one released worker.
        (_step("the fake and the released SDK, step by step", "-s differential"),),
    ),
)
NIGHTLY = (
    _step("examples on the fake and on the released datasystem", "-s examples"),
    _step("what others ship for yr.datasystem, on both", "-s downstream"),
    _step("every block of the site", "-s docs-blocks"),
    _step("done twice, on the fake and on the released SDK", "-s differential -- -m long"),
    _step("random steps by area, on both, from many seeds", "-s differential -- --nightly"),
    _step("torch's operator database on an emulated NPU", "-s operators"),
    _step("tests of yr-fake-cann that take long", "-s tests-npu -- -m long"),
    _step(
        "the released datasystem on emulated NPUs: objects, costs, faults and groups",
        "-s conformance -- --target real-emulated-npu --chapter GC --chapter COST --chapter FAULT "
        "--chapter HCCL",
    ),
    _step(
        "strict NPUs: the released datasystem",
        "-s conformance -- --target real-emulated-npu --strict-npus "
        "--chapter DEV --chapter XFER --chapter GC",
    ),
    _step(
        "strict NPUs: the fake",
        "-s conformance -- --strict-npus --chapter DEV --chapter XFER --chapter GC --chapter HCCL",
    ),
    _step(
        "objects received by mapping, on the released datasystem",
        "-s conformance -- --target real-cpu --receive map --chapter XFER --chapter GC",
    ),
    _step(
        "objects received by mapping, on the fake",
        "-s conformance -- --receive map --chapter XFER --chapter GC",
    ),
    _step(
        "the released datasystem on the oldest Ray",
        "-s conformance -- --target real-cpu --ray oldest --chapter XFER --chapter GC",
    ),
    _step(
        "settings, lives and faults of the released datasystem",
        "-s conformance -- --target real-cpu --chapter MODE --chapter LIFE --chapter FAULT",
    ),
    _step(
        "the released datasystem in etcd mode",
        "-s conformance -- --target real-cpu --mode etcd",
    ),
    _step("the fake in etcd mode", "-s conformance -- --mode etcd"),
    _step("the fake on the oldest Ray", "-s conformance -- --ray oldest"),
    _step("metrics on the page of Ray's agent", "-s tests-agent"),
    _step("the dashboard, asked of a Prometheus", "-s dashboard"),
    _step("reports in a browser", "-s report-pages"),
    _step("a transport that is not ours", "-s own-transport"),
    _step("mutants", "-s mutants"),
    _step("each small change of our core", "-s mutation"),
    _step("sanitizers", "-s sanitizers"),
    _step("cross-compiled for aarch64", "-s aarch64"),
    _step("with the lowest dependencies that are promised", "-s minimums"),
    _step("built with the lowest versions of what builds", "-s minimums-build"),
    _step(
        "wheels for both architectures, twice with the same bytes",
        "-s build -- --twice --architecture x86_64 --architecture aarch64",
    ),
    _step("coverage", "-s coverage"),
    _step("all ways to move a tensor", "-s bench -- --quick"),
    _step("benchmarks", "-s benchmarks"),
    _step("soak", "-s soak -- --minutes 20"),
)
