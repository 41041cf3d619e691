"""The table of questions, one file for each thing that they are about."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType

from yr_conformance.calibration.errors import CalibrationError
from yr_conformance.calibration.question import Question
from yr_conformance.calibration.questions import (
    copies,
    deaths,
    devices,
    events,
    groups,
    memory,
    order,
    sharing,
    streams,
)

_MODULES = (devices, memory, copies, streams, events, order, sharing, groups, deaths)


def table(modules: Iterable[ModuleType] = _MODULES) -> tuple[Question, ...]:
    """Give all questions, in the order of their files; ValueError if two have one name."""
    found = {}
    for each in modules:
        for asked in vars(each).values():
            if not isinstance(asked, Question) or asked.place[0] != each.__name__:
                continue
            if asked.id in found:
                raise ValueError(f"two questions are called {asked.id}")
            found[asked.id] = asked
    return tuple(found.values())


def chosen(prefixes: Iterable[str]) -> tuple[Question, ...]:
    """Give those whose names begin so, or all; CalibrationError if a prefix chooses none."""
    everything = table()
    wanted = tuple(prefixes)
    for prefix in wanted:
        if not any(asked.id.startswith(prefix) for asked in everything):
            begins = ", ".join(sorted({asked.id.rpartition(".")[0] for asked in everything}))
            raise CalibrationError(f"no question begins with {prefix!r}; there are: {begins}")
    return tuple(asked for asked in everything if not wanted or asked.id.startswith(wanted))
