"""The pytest plugin of the suite; loaded by `yr-conformance run`, never by other suites.

It selects and checks the target, marks what the target cannot do or is known to do otherwise,
and reports clause by clause. With xdist, the process that was started collects all outcomes.
"""

from __future__ import annotations

import datetime
import pathlib
import platform
from collections.abc import Generator, Mapping
from typing import Any

import pytest

from yr_conformance import deviations, unsteady
from yr_conformance.clauses import MARKER, ClauseError, check_unique, clause_of
from yr_conformance.fair_time import TooBusyError
from yr_conformance.proofs import device_of, proof_of, row_of
from yr_conformance.results import (
    COST_PROPERTY,
    FAULT_PROPERTY,
    PROPERTY,
    UNSTEADY,
    UNSUPPORTED,
    Results,
    State,
    cause_of,
)
from yr_conformance.targets import Target, TargetError, load
from yr_conformance.targets.sdk_on_path import NOT_INSTALLED, version_of
from yr_conformance.waiting import PATIENCE_S

pytest_plugins = [
    "yr_conformance.chapter",
    "yr_conformance.datasystem.fixtures",
    "yr_conformance.device.fixtures",
    "yr_conformance.distribution",
    "yr_conformance.etcd.fixtures",
    "yr_conformance.faults.fixtures",
    "yr_conformance.garbage",
    "yr_conformance.leaks",
    "yr_conformance.randomness",
    "yr_conformance.transfer.fixtures",
]

DEFAULT_TIMEOUT_S = 5 * PATIENCE_S
_MODES = ("metastore", "etcd")
_target = pytest.StashKey[Target]()
_results = pytest.StashKey[Results]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the suite's options to pytest's."""
    group = parser.getgroup("yr-conformance")
    group.addoption("--target", default="fake", help="system under test (default: fake)")
    group.addoption("--mode", default="metastore", help="where the metadata is kept")
    chapters = "run only this chapter, or part of one such as KV-GET (repeatable)"
    group.addoption("--chapter", action="append", help=chapters)
    group.addoption("--report", type=_absolute, help="write the results as JSON to this file")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Check the options and the target before anything is collected."""
    config.addinivalue_line("markers", f"{MARKER}(record): the clause that the test proves")
    config.addinivalue_line("filterwarnings", "error")
    if not getattr(config.option, "timeout", None):
        config.option.timeout = DEFAULT_TIMEOUT_S
    if config.option.mode not in _MODES:
        raise pytest.UsageError(
            f"--mode {config.option.mode} is no mode; known: {', '.join(_MODES)}"
        )
    try:
        target = load(config.option.target)
        target.check_active()
        deviations.parse(target.known_deviations())
        known = _known_unsteady(target)
    except (TargetError, deviations.DeviationError) as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[_target] = target
    config.stash[_results] = results = Results(target.name, _header(target, config))
    results.unsteady = known


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Name the target and every version that matters."""
    results = config.stash[_results]
    return [
        f"target: {results.target}",
        *(f"{name}: {value}" for name, value in results.header.items()),
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the clauses, leave out other chapters, and mark what the target does not do."""
    try:
        check_unique(items)
    except ClauseError as error:
        raise pytest.UsageError(str(error)) from error
    target = config.stash[_target]
    known = deviations.parse(target.known_deviations())
    for item in items:
        _mark(item, target, known)
    _select_chapters(config, items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell what is no plain failure: a busy machine's lateness, and an unsteady clause's failure.

    All of the latter are judged together at the end.
    """
    report = yield
    if call.excinfo and call.excinfo.errisinstance(TooBusyError):
        _leave_open(report, item, str(call.excinfo.value))
    proof = dict(item.user_properties).get(PROPERTY)
    known = item.config.stash[_results].unsteady_of(str(proof))
    if known and report.when == "call" and report.failed:
        report.outcome = "skipped"
        report.wasxfail = f"{UNSTEADY}{known.rate}; {cause_of(report.longreprtext)}"
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let the run fail if an unsteady clause failed more often than its rate explains."""
    if _active_results and _active_results.judge_unsteady():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count one phase of one test; runs in the reporting process only."""
    results = _active_results
    clause_id = dict(report.user_properties).get(PROPERTY)
    if results is None or clause_id is None:
        return
    results.machine.add(row_of(str(clause_id)), report.duration, is_call=report.when == "call")
    if report.failed:
        results.add(str(clause_id), State.FAILED, str(report.longreprtext)[-2000:])
    elif report.skipped:
        results.add(str(clause_id), *_skipped(report))
    elif report.when == "call":
        results.add(str(clause_id), State.PASSED)
    if report.when == "call":
        is_unsteady = _is_unsteady(report)
        if report.passed or is_unsteady:
            results.count(str(clause_id), failed=is_unsteady)
        tables = {FAULT_PROPERTY: results.faults, COST_PROPERTY: results.costs}
        for name, row in report.user_properties:
            if name in tables:
                tables[name].append(str(row))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to collect results, except in the worker processes of xdist."""
    global _active_results  # noqa: PLW0603 - pytest gives this hook's sibling no session
    is_xdist_worker = hasattr(session.config, "workerinput")
    _active_results = None if is_xdist_worker else session.config.stash[_results]


_active_results: Results | None = None


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the table of chapters and write the JSON report."""
    results = config.stash[_results]
    if not results.states:
        return
    terminalreporter.section(f"clauses on {results.target}")
    for line in results.table():
        terminalreporter.write_line(line)
    if results.faults:
        terminalreporter.section(f"faults on {results.target}, mode {config.option.mode}")
        for line in results.fault_table():
            terminalreporter.write_line(line)
    if results.costs:
        terminalreporter.section(f"what an object costs on {results.target}")
        for line in results.cost_table():
            terminalreporter.write_line(line)
    if results.counts:
        terminalreporter.section(f"unsteady clauses of {results.target}")
        for line in results.unsteady_table():
            terminalreporter.write_line(line)
    terminalreporter.section("what the run did to this machine")
    for line in results.machine.table():
        terminalreporter.write_line(line)
    if config.option.report:
        config.option.report.write_text(results.to_json(), encoding="utf-8")


def today() -> datetime.date:
    """Give the day on which known deviations must still hold."""
    return datetime.date.today()  # noqa: DTZ011 - a day


def _absolute(path: str) -> pathlib.Path:
    return pathlib.Path(path).absolute()


def _known_unsteady(target: Target) -> Mapping[str, unsteady.Unsteady]:
    """What the target, or Ray under whatever target, is known to fulfil only most of the time."""
    listed = [(target.version, target.known_deviations())]
    if (ray := version_of("ray")) != NOT_INSTALLED:
        listed.append((ray, deviations.shipped("ray")))
    return {
        name: one
        for version, text in listed
        for name, one in unsteady.parse(text).items()
        if one.deviation.holds(today(), version)
    }


def _header(target: Target, config: pytest.Config) -> Mapping[str, str]:
    others = ("ray", "torch", "ray-ascend-yr", "yr-conformance")
    return {
        **target.versions(),
        **{name: version_of(name) for name in others},
        "python": platform.python_version(),
        "kernel": platform.release(),
        "mode": str(config.option.mode),
        "seed": str(config.option.seed),
    }


def _mark(item: pytest.Item, target: Target, known: Mapping[str, deviations.Deviation]) -> None:
    record = clause_of(item)
    if record is None:
        raise pytest.UsageError(f"{item.nodeid} proves no clause")
    device = device_of(item)
    proof = proof_of(record, device)
    item.user_properties.append((PROPERTY, proof))
    missing = record.needs - target.capabilities
    if device is not None:
        missing |= {device.capability} - target.capabilities
    if missing:
        reason = f"{UNSUPPORTED}{target.name} lacks {', '.join(sorted(missing))}"
        item.add_marker(pytest.mark.skip(reason=reason))
    deviation = known.get(proof) or known.get(record.id)
    if deviation and deviation.holds(today(), target.version):
        item.add_marker(pytest.mark.xfail(reason=deviation.reason, strict=True))


def _select_chapters(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = set(config.option.chapter or ())
    if not wanted:
        return
    names = {item: record.is_of for item in items if (record := clause_of(item))}
    unknown = wanted.difference(*names.values())
    if unknown:
        raise pytest.UsageError(f"no clause is in chapter {', '.join(sorted(unknown))}")
    config.hook.pytest_deselected(items=[item for item in items if not names[item] & wanted])
    items[:] = [item for item in items if names[item] & wanted]


def _leave_open(report: pytest.TestReport, item: pytest.Item, reason: str) -> None:
    """Let a test be not run, as one that skips itself."""
    path, line, _ = item.reportinfo()
    report.outcome = "skipped"
    report.longrepr = (str(path), (line or 0) + 1, f"Skipped: {reason}")


def _is_unsteady(report: pytest.TestReport) -> bool:
    return str(getattr(report, "wasxfail", "")).startswith(UNSTEADY)


def _skipped(report: pytest.TestReport) -> tuple[State, str]:
    if hasattr(report, "wasxfail"):
        return State.UNSTEADY if _is_unsteady(report) else State.DEVIATES, report.wasxfail
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    if reason.startswith(UNSUPPORTED):
        return State.UNSUPPORTED, reason
    return State.NOT_RUN, reason
