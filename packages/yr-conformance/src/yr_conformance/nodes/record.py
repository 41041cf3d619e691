"""What was seen in an experiment, step by step; a step that went wrong concerns its clauses only.

experiment --step(name, function)--> record --[name]--> clauses
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yr_conformance.fair_time import TooBusyError


class Record:
    """Made once by a fixture, looked at by many clauses."""

    def __init__(self) -> None:
        self._seen: dict[str, Any] = {}
        self._wrong: dict[str, Exception] = {}

    def step(self, name: str, function: Callable[..., Any], *arguments: Any) -> None:
        """Carry out a step and keep what it gives, or how it failed."""
        try:
            self._seen[name] = function(*arguments)
        except (AssertionError, OSError, TooBusyError) as error:
            self._wrong[name] = error

    def __getitem__(self, name: str) -> Any:
        """Give what was seen; AssertionError with what went wrong when it was to be seen."""
        wrong = self._wrong.get(name)
        if isinstance(wrong, TooBusyError):
            raise wrong
        assert wrong is None, f"{name}: {wrong}"
        return self._seen[name]
