"""The areas in which fake and released worker are compared by random walks, and their steps.

A step is data (`stage.py`), so that Hypothesis makes and shrinks walks, and a script can repeat
them. Every step means something in every state; what one cannot do is refused alike on both sides.
Left out is what the released one leaves to chance: see `known_differences.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import hypothesis.strategies as st

Step = list[Any]
Steps = st.SearchStrategy[Step]

COPIED, CREATED = ("m", "n", "o"), ("a", "b", "c")
NAMES = COPIED + CREATED
SMALL, LARGE = "8", "600000"
NEAR = ("own", "other")


@dataclass(frozen=True)
class Area:
    """One area: its steps, how many a walk has, and how many walks the gate takes."""

    steps: Steps
    length: int = 40
    walks: int = 6
    is_for_the_night: bool = False
    """Whether the gate leaves it out."""
    is_stale_elsewhere: bool = False
    """Whether readers at another worker may be late, as `stale-reads` of the known differences."""


def _step(*parts: Any) -> Steps:
    """Make a step of parts, each a strategy or what stands there."""
    made = [part if isinstance(part, st.SearchStrategy) else st.just(part) for part in parts]
    return st.tuples(*made).map(list)


def _call(who: Any, which: str, method: str, *arguments: Any) -> Steps:
    return _step(who, "call", which, method, *arguments)


def _value(sizes: tuple[str, ...] = (SMALL, SMALL, "1", LARGE)) -> st.SearchStrategy[str]:
    return st.tuples(st.sampled_from("xyz"), st.sampled_from(sizes)).map("*".join)


def _some(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True).map(",".join)


def _keys(*bad: Any, size: int = 4) -> st.SearchStrategy[list[Any]]:
    good = st.sampled_from([f"={name}" for name in NAMES])
    one = st.one_of(good, good, good, st.sampled_from(bad)) if bad else good
    return st.lists(one, max_size=size)


def _tenants() -> Steps:
    who = st.sampled_from(["own", "red", "blue"])
    key = st.sampled_from(COPIED)
    created = st.sampled_from(CREATED)
    return st.one_of(
        _step(who, "set", key, _value()),
        _step(who, "mset", _some(COPIED), _value()),
        _step(who, "mset", "m,m,n", _value((SMALL,))),
        _step(who, "msettx", _some(COPIED), _value()),
        _step(who, "publish_for", created, _value(), "0"),
        _step(who, "get", st.sampled_from(NAMES)),
        _step(who, "exist", st.sampled_from(NAMES)),
        _step(who, "delete", _some(NAMES)),
        _step(who, "expire", st.sampled_from(NAMES), "1000"),
        _step(who, "increase", key),
        _step(who, "decrease", key),
        _step(who, "count", key),
    )


def _two_workers() -> Steps:
    who = st.sampled_from(["own", "other", "far", "far"])
    key = st.sampled_from(COPIED)
    created = st.sampled_from(CREATED)
    return st.one_of(
        _step(who, "set", key, _value()),
        _step(who, "mset", key, _value()),
        _step(who, "msettx", _some(COPIED), _value()),
        _step(who, "publish_for", created, _value(), "0"),
        _step(who, "get", st.sampled_from(NAMES)),
        _step(who, "exist", st.sampled_from(NAMES)),
        _step(who, "delete", _some(NAMES)),
        _step(who, "expire", st.sampled_from(NAMES), "1000"),
    )


def _lives() -> Steps:
    who = st.sampled_from(NEAR)
    held = st.sampled_from(["h1", "h2", "h3"])
    key = st.sampled_from(COPIED)
    return st.one_of(
        _step(who, "set", key, _value()),
        _step(who, "mset", _some(COPIED), _value()),
        _step(who, "get", key),
        _step(who, "exist", key),
        _step(who, "delete", _some(COPIED)),
        _step(who, "hold", held, key),
        _step(held, "show"),
        _step(held, "rlatch"),
        _step(held, "unrlatch"),
        _step(who, "put", st.sampled_from(CREATED), _value((SMALL, LARGE))),
        _step(who, "increase", st.sampled_from(CREATED)),
        _step(who, "decrease", st.sampled_from(CREATED)),
        _step(who, "count", st.sampled_from(CREATED)),
        _step(who, "exist", st.sampled_from(CREATED)),
    )


def _races() -> Steps:
    """Several clients at the same time, where the outcomes are the same in any order."""
    every = ("own", "other", "far")
    key = st.sampled_from(COPIED)

    def all_of(*rest: Any) -> Steps:
        return st.tuples(*[_step(who, *rest) for who in every]).map(list)

    def together(steps: Steps) -> Steps:
        return _step("together", steps)

    each_its_own = st.tuples(
        *[_step(who, "set", name, _value()) for who, name in zip(every, CREATED, strict=True)]
    ).map(list)
    return st.one_of(
        together(key.flatmap(lambda name: all_of("msettx", name, _value((SMALL,))))),
        together(key.flatmap(lambda name: all_of("increase", name))),
        together(key.flatmap(lambda name: all_of("delete", name))),
        together(each_its_own),
        _step("own", "delete", ",".join(NAMES)),
        _step("own", "exist", st.sampled_from(NAMES)),
        _step("own", "count", key),
    )


def _time() -> Steps:
    who = st.sampled_from(NEAR)
    key = st.sampled_from(COPIED)
    seconds = st.sampled_from(["0", "1", "2", "1000"])
    return st.one_of(
        _step(who, "set_for", key, _value((SMALL, LARGE)), seconds),
        _step(who, "set_for", key, _value((SMALL, LARGE)), seconds),
        _step(who, "expire", key, st.sampled_from(["1", "2", "1000"])),
        _step(who, "exist", key),
        _step(who, "get", key),
        _step(who, "delete", key),
        _step("pause", st.sampled_from([0.1, 0.3, 1.2])),
        _call(who, "kv", "get", _keys(size=3), False, st.sampled_from([0, 150, 300])),
        _call(who, "kv", "get_buffers", _keys(size=2), st.sampled_from([0, 150])),
    )


_BAD_KEYS: tuple[Any, ...] = ("", "a b", "x.y", "k" * 255, "k" * 256, "\u00e4", None, 3, "a;b")
_JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, 0, 1, -1, 2**31, 2**32, 1.5, "", "x", [], [None], [[]]),
        *({"tuple": ["=m"]}, {"bytes": "61"}, {"bytes": ""}),
    ]
)


def _limits() -> Steps:
    """Any argument anywhere: right ones, almost right ones, and junk."""
    who = st.sampled_from(NEAR)
    keys = _keys(*_BAD_KEYS)
    any_keys = st.one_of(keys, keys, keys, _JUNK)
    key = st.one_of(
        st.sampled_from([f"={name}" for name in COPIED]), st.sampled_from(_BAD_KEYS), _JUNK
    )
    value = st.one_of(st.just({"bytes": "78", "times": 8}), _JUNK)
    number = st.one_of(st.sampled_from([0, 1, 100, 2**31 - 1, 2**31, 2**32 - 1]), _JUNK)
    ttl = st.one_of(st.sampled_from([0, 1000, 2**32 - 1]), _JUNK)
    no_wait = st.one_of(st.just(0), st.sampled_from([-1, 2**31, 2**32, None, True, 1.0, "1"]))
    many = st.sampled_from([{"many": "q", "count": count} for count in (8, 9, 10000, 10001)])
    one_of_many = st.one_of(any_keys, any_keys, any_keys, any_keys, many)
    values = st.one_of(st.lists(value, max_size=4), _JUNK)
    return st.one_of(
        _call(who, "kv", "set", key, value),
        _call(who, "kv", "mset", any_keys, values),
        _call(who, "kv", "msettx", any_keys, values),
        _call(who, "kv", "mcreate", any_keys, st.one_of(st.lists(number, max_size=3), _JUNK)),
        _call(who, "kv", "get", one_of_many, False, no_wait),
        _call(who, "kv", "get_buffers", one_of_many, no_wait),
        _call(who, "kv", "exist", one_of_many),
        _call(who, "kv", "delete", one_of_many),
        _call(who, "kv", "expire", one_of_many, ttl),
        _call(who, "kv", "read", _JUNK),
        _call(who, "kv", "mset_buffer", _JUNK),
        _call(who, "objects", "put", key, value),
        _call(who, "objects", "create", key, number),
        _call(who, "objects", "get", any_keys, no_wait),
        _call(who, "objects", "g_increase_ref", any_keys),
        _call(who, "objects", "query_global_ref_num", key),
    )


AREAS: Mapping[str, Area] = {
    "tenants": Area(_tenants(), is_for_the_night=True),
    "two workers": Area(_two_workers(), is_stale_elsewhere=True),
    "lifetimes and references": Area(_lives()),
    "clients at the same time": Area(_races(), length=20, walks=2, is_stale_elsewhere=True),
    "time to live and waits": Area(_time(), length=12, walks=2),
    "limits and bad input": Area(_limits(), walks=10, is_for_the_night=True),
}
