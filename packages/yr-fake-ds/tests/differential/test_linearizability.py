"""The checker of histories, on histories of which the answer is known."""

from __future__ import annotations

import itertools
import random

import pytest
from linearizability import MISSING, Call, follows, is_linearizable, relaxed

GOOD = {
    "nothing": [],
    "read what was set": [Call(0, 1, "set", "a"), Call(2, 3, "get", "", "a")],
    "read before it is set": [Call(0, 5, "set", "a"), Call(1, 2, "get", "", MISSING)],
    "read while it is set": [Call(0, 5, "set", "a"), Call(1, 2, "get", "", "a")],
    "two writers, either last": [
        *(Call(0, 9, "set", "a"), Call(0, 9, "set", "b")),
        *(Call(10, 11, "get", "", "a"), Call(12, 13, "get", "", "a")),
    ],
    "one of two adds": [
        Call(0, 9, "add", "a", "exists"),
        Call(0, 9, "add", "b", "ok"),
        Call(10, 11, "get", "", "b"),
    ],
    "deleted meanwhile": [
        Call(0, 1, "set", "a"),
        Call(2, 9, "delete"),
        Call(3, 4, "exist", "", "True"),
        Call(5, 6, "exist", "", "False"),
    ],
}
BAD = {
    "a value that nobody set": [Call(0, 1, "get", "", "a")],
    "an old value": [Call(0, 1, "set", "a"), Call(2, 3, "set", "b"), Call(4, 5, "get", "", "a")],
    "back and forth": [
        *(Call(0, 9, "set", "a"), Call(0, 9, "set", "b")),
        *(Call(10, 11, "get", "", "a"), Call(12, 13, "get", "", "b")),
        Call(14, 15, "get", "", "a"),
    ],
    "two adds": [Call(0, 9, "add", "a", "ok"), Call(0, 9, "add", "b", "ok")],
    "there after it was deleted": [
        Call(0, 1, "set", "a"),
        Call(2, 3, "delete"),
        Call(4, 5, "exist", "", "True"),
    ],
    "new, then old, while it is set": [
        Call(0, 9, "set", "a"),
        Call(1, 2, "get", "", "a"),
        Call(3, 4, "get", "", MISSING),
    ],
}


@pytest.mark.parametrize("name", GOOD)
def test_a_history_that_has_an_order(name: str) -> None:
    """Some order of the calls explains all answers."""
    assert is_linearizable(GOOD[name])


@pytest.mark.parametrize("name", BAD)
def test_a_history_that_has_none(name: str) -> None:
    """No order explains them."""
    assert not is_linearizable(BAD[name])


def test_a_late_reader_is_explained_by_its_window() -> None:
    """A read of an old value is allowed for as long as the window says, and only to that reader."""
    calls = BAD["an old value"]

    assert is_linearizable(relaxed(calls, 1.5, [2]))
    assert not is_linearizable(relaxed(calls, 0.5, [2]))
    assert not is_linearizable(relaxed(calls, 1.5, [1]))


def test_the_search_agrees_with_trying_all_orders() -> None:
    """On 400 small random histories the answer is that of brute force, and each occurs."""
    choose = random.Random(5)  # noqa: S311 - to be repeatable
    found = []
    for _history in range(400):
        calls = [_random_call(choose) for _ in range(choose.randint(1, 5))]
        found.append(is_linearizable(calls))
        assert found[-1] == _by_brute_force(calls), calls

    assert {True, False} == set(found)


def _random_call(choose: random.Random) -> Call:
    begin = choose.uniform(0, 10)
    end = begin + choose.uniform(0, 6)
    what = choose.choice(["set", "delete", "add", "get", "exist"])
    results = {"get": ["a", "b", MISSING], "exist": ["True", "False"], "add": ["ok", "exists"]}
    return Call(begin, end, what, choose.choice("ab"), choose.choice(results.get(what, [""])))


def _by_brute_force(calls: list[Call]) -> bool:
    return any(_explains(order) for order in itertools.permutations(calls))


def _explains(order: tuple[Call, ...]) -> bool:
    for number, call in enumerate(order):
        if any(later.end < call.begin for later in order[number:]):
            return False
    value: str | None = None
    for call in order:
        after = list(follows(value, call))
        if not after:
            return False
        value = after[0]
    return True
