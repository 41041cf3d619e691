"""The order of the chapters; what a chapter shares is gone before the next one begins.

    SDK: CLI KV OBJ TWO DEV   one or two workers of the chapter's own
    FAULT MODE LIFE           workers and clusters of each file's own
    XFER GC COST, others      one Ray cluster for all of them, until the end

A released worker has 300 to 500 threads, and on two CPUs the next chapter's calls ran out of time
beside the one before (measured on openyuanrong-datasystem 0.8.1).
"""

from __future__ import annotations

import pathlib
from typing import Final

import pytest

ORDER: Final = ("cli", "kv", "obj", "two", "dev", "fault", "mode", "life")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tell each test's fixtures which chapter it is in, without a trace in its name."""
    name = chapter_of(metafunc.definition)
    metafunc.parametrize(
        "chapter", [name], ids=[pytest.HIDDEN_PARAM], indirect=True, scope="session"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let those come last that share a Ray cluster; within a chapter nothing changes."""
    items.sort(key=_rank)


@pytest.fixture(scope="session", autouse=True)
def chapter(request: pytest.FixtureRequest) -> str:
    """The chapter that is being run; session fixtures that ask for it end with it."""
    return str(request.param)


def chapter_of(item: pytest.Item) -> str:
    """Give the name of the chapter of a test, which is that of its directory."""
    return pathlib.PurePath(item.nodeid.partition("::")[0]).parent.name


def _rank(item: pytest.Item) -> int:
    name = chapter_of(item)
    return ORDER.index(name) if name in ORDER else len(ORDER)
