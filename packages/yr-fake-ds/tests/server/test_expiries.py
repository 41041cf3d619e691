"""Ends of values: only the last armed time counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yr_fake_ds.directory.expiries import SLACK, Expiries

KEYS = st.sampled_from("abc")
TIMES = st.none() | st.integers(0, 20).map(float)


@given(st.lists(st.tuples(KEYS, TIMES)), st.integers(0, 20))
def test_due_is_what_was_armed_last_and_is_over(
    steps: list[tuple[str, float | None]], now: int
) -> None:
    """Whatever was armed before, the keys due are those whose last time is not later than now."""
    expiries = Expiries()
    for key, at in steps:
        expiries.arm(key, at)
    last = {key: at for key, at in dict(steps).items() if at is not None}

    assert expiries.next() == min(last.values(), default=None)
    assert sorted(expiries.take_due(now)) == sorted(k for k, at in last.items() if at <= now)

    assert expiries.next() == min((at for at in last.values() if at > now), default=None)


def test_arming_keys_again_and_again_takes_little_memory() -> None:
    """Outdated entries stay until there are as many as keys, and some; then they all go."""
    expiries = Expiries()
    lengths = []

    for at in range(10 * SLACK):
        expiries.arm("abcde"[at % 5], float(at))
        lengths.append(len(expiries._heap))

    longest = 2 * 5 + SLACK
    assert max(lengths) == longest
    assert lengths[lengths.index(longest) + 1] == 5
    assert sorted(expiries.take_due(10.0 * SLACK)) == list("abcde")
