"""Chapters: what one shares is gone before the next one begins, and Ray's come last."""

from __future__ import annotations

from conftest import Suite

TESTS = """
from yr_conformance.clauses import MUST, clause

@clause("{id}-ONE-01", MUST, source="example")
def test_one(shared, record):
    '''Uses what its chapter shares.'''
    record(f"{{shared}} used")

@clause("{id}-ONE-02", MUST, source="example")
def test_two(shared, record):
    '''Uses it again.'''
    record(f"{{shared}} used again")
"""
SHARED = """
import pathlib
import pytest

@pytest.fixture(scope="session")
def record():
    with open(pathlib.Path(__file__).with_name("record"), "w") as file:
        yield lambda line: print(line, file=file)

@pytest.fixture(scope="session")
def shared(chapter, record):
    record(f"{chapter} begins")
    yield chapter
    record(f"{chapter} ends")
"""


def test_what_a_chapter_shares_ends_with_it(suite: Suite) -> None:
    """One of each at a time, in the order of the chapters and not of their names."""
    path = suite.pytester.path
    (path / "conftest.py").write_text(SHARED, encoding="utf-8")
    for name in ("two", "dev", "cost", "kv"):
        (path / name).mkdir()
        text = TESTS.format(id=name.upper())
        (path / name / f"test_{name}.py").write_text(text, encoding="utf-8")

    suite.run().assert_outcomes(passed=8)

    seen = (path / "record").read_text(encoding="utf-8").splitlines()
    assert seen == [
        f"{name} {what}"
        for name in ("kv", "two", "dev", "cost")
        for what in ("begins", "used", "used again", "ends")
    ]
