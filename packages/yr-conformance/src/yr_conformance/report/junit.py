"""The run as JUnit XML: a suite for each run, a case for each test, with the state of its clause.

Unsteady and deviating tests count as skipped, with the reason; what JUnit has no word for.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from yr_conformance.report.plain import plain
from yr_conformance.report.run import Outcome, Proof, Run
from yr_conformance.report.verdict import sentence_of
from yr_conformance.results import cause_of
from yr_conformance.states import State


def junit(runs: Sequence[Run]) -> str:
    """Give the XML of these runs."""
    root = ElementTree.Element("testsuites", name="yr-conformance")
    for run in runs:
        root.append(_suite(run))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(run: Run) -> ElementTree.Element:
    cases = [_case(proof, one) for proof in run.proofs.values() for one in proof.outcomes]
    if run.exit_status and not run.counts[State.FAILED]:
        cases.append(_end(run))
    suite = ElementTree.Element(
        "testsuite",
        name=f"{run.target} {run.mode}".strip(),
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors="0",
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time=f"{run.seconds:.3f}",
        timestamp=run.began,
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in run.header.items():
        ElementTree.SubElement(properties, "property", name=name, value=plain(value))
    suite.extend(cases)
    return suite


def _case(proof: Proof, outcome: Outcome) -> ElementTree.Element:
    path, _, name = outcome.test.partition("::")
    module = path.removesuffix(".py").replace("/", ".")
    seconds = f"{outcome.seconds:.3f}"
    case = ElementTree.Element(
        "testcase", classname=plain(module), name=plain(name or proof.name), time=seconds
    )
    properties = ElementTree.SubElement(case, "properties")
    for key, value in (("clause", proof.name), ("state", outcome.state.value)):
        ElementTree.SubElement(properties, "property", name=key, value=value)
    if outcome.state is State.FAILED:
        failure = ElementTree.SubElement(case, "failure", message=plain(cause_of(outcome.reason)))
        failure.text = plain(outcome.reason)
    elif outcome.state is not State.PASSED:
        said = f"{outcome.state.value}: {outcome.reason}"
        ElementTree.SubElement(case, "skipped", type=outcome.state.value, message=plain(said))
    return case


def _end(run: Run) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname="yr_conformance", name="the end of the run")
    ElementTree.SubElement(case, "failure", message=sentence_of(run))
    return case
