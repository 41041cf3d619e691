"""The calls that each test makes of the SDK's clients, for reports; only with `--calls`.

    test -> KVClient.get (ours: note arguments, answer or error) -> KVClient.get (the SDK's)

Noted is what the test process itself calls, from any thread; what actors, stations and other
processes call is not. A call that a client makes of itself is part of the one that was noted.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Final

import pytest

from yr_conformance.report.plain import plain

CLIENTS: Final = ("KVClient", "ObjectClient", "HeteroClient", "DsTensorClient")
MOST_CALLS: Final = 40
_MOST_TEXT = 60
_MOST_ERROR = 160
_MOST_ITEMS = 3
_log = pytest.StashKey["CallLog"]()


class CallLog:
    """Notes the calls of this process, a line each; `take` gives them and begins anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: list[str] = []
        self._left_out = 0
        self._inside = threading.local()

    def install(self, client: type) -> None:
        """Wrap the public methods of a client's class, where they are looked up."""
        for name, method in vars(client).items():
            if inspect.isfunction(method) and not name.startswith("_"):
                setattr(client, name, self._noting(f"{client.__name__}.{name}", method))

    def take(self) -> list[str]:
        """Return the lines since the last time, the first `MOST_CALLS` of them, and forget them."""
        with self._lock:
            lines, left_out = self._lines, self._left_out
            self._lines, self._left_out = [], 0
        return [*lines, f"and {left_out} more"] if left_out else lines

    def _noting(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def noted(client: Any, *arguments: Any, **named: Any) -> Any:
            if getattr(self._inside, "call", False):
                return method(client, *arguments, **named)
            self._inside.call = True
            asked = f"{name}({_arguments(arguments, named)})"
            try:
                answer = method(client, *arguments, **named)
            except BaseException as error:
                self._note(f"{asked} raised {type(error).__name__}: {str(error)[:_MOST_ERROR]}")
                raise
            finally:
                self._inside.call = False
            self._note(f"{asked} -> {describe(answer)}")
            return answer

        return noted

    def _note(self, line: str) -> None:
        with self._lock:
            if len(self._lines) < MOST_CALLS:
                self._lines.append(plain(line))
            else:
                self._left_out += 1


def describe(value: Any) -> str:
    """Give a value in a few words: its size if it is long, its kind if it is neither."""
    if isinstance(value, bytes | bytearray | memoryview):
        size = len(value)
        return repr(bytes(value)) if size <= _MOST_TEXT // 2 else f"<{size} bytes>"
    if isinstance(value, str):
        return repr(value if len(value) <= _MOST_TEXT else value[:_MOST_TEXT] + "...")
    if isinstance(value, list | tuple):
        shown = [describe(one) for one in value[:_MOST_ITEMS]]
        more = [f"... {len(value)} in all"] if len(value) > _MOST_ITEMS else []
        return f"[{', '.join([*shown, *more])}]"
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    return f"<{type(value).__name__}>"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--calls`."""
    group = parser.getgroup("yr-conformance")
    text = "note the calls that each test makes of the SDK's clients, for the report"
    group.addoption("--calls", action="store_true", help=text)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Wrap the clients, in every process that runs tests."""
    if session.config.option.calls:
        import yr.datasystem

        log = session.config.stash[_log] = CallLog()
        for name in CLIENTS:
            if client := getattr(yr.datasystem, name, None):
                log.install(client)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Hand over what the test itself called; what fixtures called before and after is dropped."""
    report = yield
    if log := item.config.stash.get(_log, None):
        calls = log.take()
        if report.when == "call":
            vars(report)["calls"] = calls
    return report


def _arguments(arguments: Sequence[Any], named: Mapping[str, Any]) -> str:
    given = [describe(one) for one in arguments]
    return ", ".join([*given, *(f"{name}={describe(one)}" for name, one in named.items())])
