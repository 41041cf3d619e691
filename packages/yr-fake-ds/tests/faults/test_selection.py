"""Which calls a rule strikes."""

from __future__ import annotations

import pytest

from yr_fake_ds.faults.plan import AnyRule, Drop, Kill, Partial, Plan
from yr_fake_ds.faults.selection import Selection

CALLS = 200


def strikes(selection: Selection, count: int = CALLS) -> list[bool]:
    """Make calls and tell which were struck."""
    return [bool(selection.strike("get", ["a"])) for _ in range(count)]


def test_occurrences_are_counted_per_rule() -> None:
    """`skip` lets calls pass, `times` bounds how many are struck after them."""
    selection = Selection(Plan(rules=[Drop(skip=2, times=3)]))

    assert strikes(selection, 7) == [False, False, True, True, True, False, False]
    assert selection.fired() == [3]


@pytest.mark.parametrize(
    ("rule", "struck"),
    [
        (Drop(), True),
        (Drop(call="get"), True),
        (Drop(call=["set", "get"]), True),
        (Drop(call="set"), False),
        (Drop(key="weights:"), True),
        (Drop(key="weights:2"), False),
    ],
)
def test_calls_are_chosen_by_name_and_key(rule: Drop, struck: bool) -> None:
    """A rule matches if the call is named and one of the keys begins as it says."""
    assert bool(Selection(Plan(rules=[rule])).strike("get", ["other", "weights:1"])) is struck


def test_a_seed_repeats_itself() -> None:
    """The same plan strikes the same calls again, another seed others."""
    rules: list[AnyRule] = [Kill(probability=0.3)]

    first, again, other = (strikes(Selection(Plan(rules=rules, seed=seed))) for seed in (1, 1, 2))

    assert first == again != other
    assert 0 < sum(first) < CALLS


def test_several_rules_strike_together() -> None:
    """Every rule that matches strikes, in the order of the plan."""
    rules: list[AnyRule] = [Drop(call="set"), Kill(), Drop()]

    assert Selection(Plan(rules=rules)).strike("get", []) == rules[1:]


def test_a_share_is_at_least_one_key() -> None:
    """Keys are drawn from the seed, at least one and never more than there are."""
    selection = Selection(Plan(rules=[Partial()]))

    assert len(selection.draw(["a", "b", "c", "d"], 0.5)) == 2
    assert selection.draw(["a"], 0.1) == ["a"]
    assert sorted(selection.draw(["a", "b"], 1.0)) == ["a", "b"]
