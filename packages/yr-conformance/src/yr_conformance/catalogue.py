"""The catalogue of clauses, read from the test functions themselves."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

from yr_conformance import chapters
from yr_conformance.clauses import MARKER, Clause


def all_clauses() -> list[Clause]:
    """Import every chapter and give its clauses, sorted by id; needs ray and torch installed."""
    found = {record.id: record for name in _modules() for record in _clauses_of(name)}
    return [found[clause_id] for clause_id in sorted(found)]


def node_ids() -> dict[str, str]:
    """Give each clause's test, by clause id, as `pytest --pyargs` takes it."""
    return {
        record.id: f"{name}::{function}"
        for name in _modules()
        for function, record in _functions_of(name)
    }


def _modules() -> Iterator[str]:
    prefix = chapters.__name__ + "."
    for module in pkgutil.walk_packages(chapters.__path__, prefix):
        if module.name.rsplit(".", 1)[-1].startswith("test_"):
            yield module.name


def _clauses_of(module_name: str) -> Iterator[Clause]:
    return (record for _, record in _functions_of(module_name))


def _functions_of(module_name: str) -> Iterator[tuple[str, Clause]]:
    module = importlib.import_module(module_name)
    for name, function in inspect.getmembers(module, inspect.isfunction):
        for marker in getattr(function, "pytestmark", []):
            if marker.name == MARKER:
                yield name, marker.args[0]
