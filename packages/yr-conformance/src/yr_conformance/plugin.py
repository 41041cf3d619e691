"""The pytest plugin of the suite; loaded by `yr-conformance run`, never by other suites.

It selects and checks the target, marks what the target cannot do or is known to do otherwise,
and reports clause by clause. With xdist, the process that was started collects all outcomes.
"""

from __future__ import annotations

import datetime
import os
import pathlib
import platform
from collections.abc import Generator, Iterable, Mapping
from typing import Any

import pytest

from yr_conformance import deviations, unsteady
from yr_conformance.clauses import MARKER, ClauseError, check_unique, clause_of
from yr_conformance.fair_time import TooBusyError
from yr_conformance.fixture_needs import needs_of
from yr_conformance.found_environment import FOUND
from yr_conformance.proofs import clause_id_of, device_of, proof_of, row_of
from yr_conformance.report import folder
from yr_conformance.report.errors import ReportError
from yr_conformance.report.plain import plain
from yr_conformance.report.run import clause_from_dict, clause_to_dict
from yr_conformance.results import (
    COST_PROPERTY,
    FAULT_PROPERTY,
    NOTICE_PROPERTY,
    PROPERTY,
    UNSTEADY,
    UNSUPPORTED,
    Results,
    cause_of,
)
from yr_conformance.states import State
from yr_conformance.targets import Target, TargetError, load
from yr_conformance.targets.sdk_on_path import NOT_INSTALLED, version_of
from yr_conformance.transfer import adapter
from yr_conformance.transfer.adapter import AdapterError
from yr_conformance.waiting import PATIENCE_S

pytest_plugins = [
    "yr_conformance.calls",
    "yr_conformance.chapter",
    "yr_conformance.datasystem.fixtures",
    "yr_conformance.device.fixtures",
    "yr_conformance.distribution",
    "yr_conformance.etcd.fixtures",
    "yr_conformance.faults.fixtures",
    "yr_conformance.garbage",
    "yr_conformance.groups.fixtures",
    "yr_conformance.leaks",
    "yr_conformance.randomness",
    "yr_conformance.transfer.fixtures",
]

DEFAULT_TIMEOUT_S = 5 * PATIENCE_S
_MODES = ("metastore", "etcd")
_target = pytest.StashKey[Target]()
_results = pytest.StashKey[Results]()
_about = pytest.StashKey[dict[str, Any]]()
"""What the process that reports is told of a test's clause, as plain values."""
_MOST_ERROR = 4000


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the suite's options to pytest's."""
    group = parser.getgroup("yr-conformance")
    group.addoption("--target", default="fake", help="system under test (default: fake)")
    transport = "module that registers the transport (default: ray_ascend's); docs/own-transport.md"
    group.addoption("--transport", metavar="MODULE", help=transport)
    group.addoption("--mode", default="metastore", help="where the metadata is kept")
    chapters = "run only this chapter, part of one (KV-GET) or clause (KV-GET-07); repeatable"
    group.addoption("--chapter", action="append", help=chapters)
    report = "write the results to this folder; a name that ends in .json gets report.json only"
    group.addoption("--report", type=_absolute, metavar="PLACE", help=report)


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
    if config.option.transport:
        os.environ[adapter.VARIABLE] = config.option.transport
    try:
        adapter.adapter()
        target = load(config.option.target)
        target.check_active()
        deviations.parse(target.known_deviations())
        known = _known_unsteady(target)
        if config.option.report:
            folder.check_writable(config.option.report)
    except (AdapterError, TargetError, deviations.DeviationError, ReportError) as error:
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
    if report.when == "setup":
        # xdist hands all attributes of a report on to the process that reports.
        vars(report)["clause"] = item.stash[_about]
    vars(report)["found"] = item.config.stash.get(FOUND, {})
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
    found = dict(report.user_properties).get(PROPERTY)
    if results is None or found is None:
        return
    proof = str(found)
    results.machine.add(row_of(proof), report.duration, is_call=report.when == "call")
    if report.when == "setup":
        about = vars(report)["clause"]
        results.clauses[proof] = clause_from_dict(clause_id_of(proof), about)
        results.known[proof] = about["known"]
    test = _name_of(report.nodeid)
    results.spend(test, report.duration)
    if not report.passed or report.when == "call":
        results.note(proof, test, *_state_of(report))
    results.found.update(vars(report).get("found", {}))
    if report.when == "call":
        results.calls.setdefault(proof, []).extend(vars(report).get("calls", ()))
        is_unsteady = _is_unsteady(report)
        if report.passed or is_unsteady:
            results.count(proof, failed=is_unsteady)
        tables = {
            FAULT_PROPERTY: results.faults,
            COST_PROPERTY: results.costs,
            NOTICE_PROPERTY: results.notices,
        }
        for name, row in report.user_properties:
            if name in tables:
                tables[name].append(str(row))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to collect results, except in the worker processes of xdist."""
    global _active_results  # noqa: PLW0603 - pytest gives this hook's sibling no session
    is_xdist_worker = hasattr(session.config, "workerinput")
    _active_results = None if is_xdist_worker else session.config.stash[_results]


_active_results: Results | None = None


def pytest_terminal_summary(
    terminalreporter: Any, exitstatus: pytest.ExitCode, config: pytest.Config
) -> None:
    """Print the table of chapters and write the report."""
    results = config.stash[_results]
    if results.states:
        _write_tables(terminalreporter, results, str(config.option.mode))
    if config.option.report:
        written = folder.write([results.run(int(exitstatus))], config.option.report)
        terminalreporter.write_line(f"report: {written}")


def _write_tables(terminalreporter: Any, results: Results, mode: str) -> None:
    tables: list[tuple[str, object, Iterable[str]]] = [
        (f"clauses on {results.target}", True, results.table()),
        (f"faults on {results.target}, mode {mode}", results.faults, results.fault_table()),
        (f"what an object costs on {results.target}", results.costs, results.cost_table()),
        (
            f"what the ranks of a group noticed on {results.target}",
            results.notices,
            results.notice_table(),
        ),
        (f"unsteady clauses of {results.target}", results.counts, results.unsteady_table()),
        ("what the run did to this machine", True, results.machine.table()),
    ]
    for title, is_there, lines in tables:
        if is_there:
            terminalreporter.section(title)
            for line in lines:
                terminalreporter.write_line(line)


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
    others = ("ray", "torch", "ray-ascend-yr", "ray-ascend", "yr-conformance")
    versions = {name: version_of(name) for name in others}
    # One of the two is the transport, and no environment should have both.
    absent = "ray-ascend" if versions["ray-ascend"] == NOT_INSTALLED else "ray-ascend-yr"
    return {
        **target.versions(),
        **{name: version for name, version in versions.items() if name != absent},
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
    about = item.stash[_about] = {**clause_to_dict(record), "known": ""}
    missing = (record.needs | needs_of(item)) - target.capabilities
    if device is not None:
        missing |= {device.capability} - target.capabilities
    if missing:
        reason = f"{UNSUPPORTED}{target.name} lacks {', '.join(sorted(missing))}"
        item.add_marker(pytest.mark.skip(reason=reason))
    deviation = known.get(proof) or known.get(record.id)
    if deviation and deviation.holds(today(), target.version):
        about["known"] = f"deviates until {deviation.until}; {deviation.source}"
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


def _name_of(node_id: str) -> str:
    """Name a test as in any place where the suite is installed."""
    path, colons, name = node_id.partition("::")
    return path.rpartition("yr_conformance/")[2] + colons + name


def _state_of(report: pytest.TestReport) -> tuple[State, str]:
    """Give the state of one phase of a test, and the reason."""
    if report.failed:
        return State.FAILED, plain(report.longreprtext)[-_MOST_ERROR:]
    return _skipped(report) if report.skipped else (State.PASSED, "")


def _skipped(report: pytest.TestReport) -> tuple[State, str]:
    if hasattr(report, "wasxfail"):
        return State.UNSTEADY if _is_unsteady(report) else State.DEVIATES, report.wasxfail
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    if reason.startswith(UNSUPPORTED):
        return State.UNSUPPORTED, reason
    return State.NOT_RUN, reason
