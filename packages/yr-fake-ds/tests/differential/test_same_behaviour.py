"""A random walk through the API, taken by the fake and by the real system side by side.

After every step both gave the same result, or the same type of error with the same fixed text.
Left out because the real one's outcome is undefined or a matter of time: publishing a buffer twice,
writing after publishing, reading within a second after a conflicting publish, expiry, `mset` of
several keys with different parameters (it depends on their order and history).
"""

import itertools
import os
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sdk_process import SdkProcess

_RUN = itertools.count()

CREATED = ["a", "b", "c"]
COPIED = ["m", "n", "o"]
NAMES = CREATED + COPIED
BAD_KEYS = ["", "a b", "x.y", "k" * 256]
BIG = 600 * 1024

names = st.sampled_from(NAMES)
copied = st.sampled_from(COPIED)
created = st.one_of(*[st.sampled_from(CREATED)] * 3, st.sampled_from(BAD_KEYS))
maybe_bad = st.one_of(names, names, names, st.sampled_from(BAD_KEYS))
small_values = st.binary(min_size=1, max_size=40).map(bytes.hex)
values = st.one_of(
    small_values, st.binary(max_size=2).map(bytes.hex), st.sampled_from([f"42*{BIG}", f"43*{BIG}"])
)
modes = st.sampled_from(["NONE_L2_CACHE", "NONE_L2_CACHE", "WRITE_THROUGH_L2_CACHE"])
pairs = st.lists(st.tuples(names, values), max_size=10)
CONFLICT = "Inconsistency in publish"


class SideBySide(RuleBasedStateMachine):
    """Sends each call to both sides and compares the outcomes."""

    sides: tuple[SdkProcess, SdkProcess]

    def __init__(self) -> None:
        super().__init__()
        self.prefix = f"{os.getpid()}-{next(_RUN)}-"
        self.held = 0
        self.holds: list[str] = []

    def both(self, *call: Any) -> dict[str, Any]:
        """Make the call on both sides; AssertionError if the outcomes differ."""
        fake, real = (side.do(*call) for side in self.sides)
        assert fake == real, (
            f"{call!r:.300}: the fake gave {fake!r:.600}, the real one {real!r:.600}"
        )
        return real

    def key(self, name: str) -> str:
        """Return a key of this run; bad names stay as they are."""
        return self.prefix + name if name in NAMES else name

    def keys(self, chosen: list[str]) -> list[str]:
        """Return keys of this run."""
        return [self.key(name) for name in chosen]

    @rule(name=maybe_bad, value=values, mode=modes)
    def set(self, name: str, value: str, mode: str) -> None:
        """`set`, also with bad keys, empty values and refused modes."""
        self.both("set", self.key(name), value, mode)

    @rule(
        pairs=st.lists(st.tuples(copied, values), max_size=10),
        nx=st.integers(0, 9).map(lambda n: n == 0),
    )
    def mset(self, pairs: list[tuple[str, str]], nx: bool) -> None:
        """`mset`, also of nothing, with repeated keys and with NX."""
        keys = self.keys([name for name, _value in pairs])
        self.both("mset", keys, [value for _name, value in pairs], nx)

    @rule(pairs=pairs, nx=st.integers(0, 9).map(lambda n: n != 0))
    def msettx(self, pairs: list[tuple[str, str]], nx: bool) -> None:
        """`msettx`, also of existing, repeated and too many keys."""
        keys = self.keys([name for name, _value in pairs])
        self.both("msettx", keys, [value for _name, value in pairs], nx)

    @rule(pairs=st.lists(st.tuples(created, values), max_size=4))
    def create_and_publish(self, pairs: list[tuple[str, str]]) -> None:
        """`mcreate` and `mset_buffer`; keys that conflict are deleted afterwards."""
        keys = self.keys([name for name, _value in pairs])
        created = self.both("create", "new", keys, [value for _name, value in pairs])
        if "ok" not in created:
            return
        published = self.both("publish", "new")
        if CONFLICT in published.get("text", ""):
            self.both("delete", keys)

    @rule(chosen=st.lists(maybe_bad, max_size=6))
    def get(self, chosen: list[str]) -> None:
        """`get` of present, missing, repeated and bad keys."""
        self.both("get", self.keys(chosen))

    @rule(chosen=st.lists(maybe_bad, max_size=6))
    def exist(self, chosen: list[str]) -> None:
        """`exist` of the same."""
        self.both("exist", self.keys(chosen))

    @rule(chosen=st.lists(maybe_bad, max_size=6))
    def delete(self, chosen: list[str]) -> None:
        """`delete` of the same."""
        self.both("delete", self.keys(chosen))

    @rule(chosen=st.lists(maybe_bad, max_size=4), ttl=st.sampled_from([0, 1000, -1]))
    def expire(self, chosen: list[str], ttl: int) -> None:
        """`expire` far in the future, or with a number that does not convert."""
        self.both("expire", self.keys(chosen), ttl)

    @rule(parts=st.lists(st.tuples(maybe_bad, st.integers(-1, 50), st.integers(0, 50)), max_size=3))
    def read(self, parts: list[tuple[str, int, int]]) -> None:
        """`read` inside and outside of values."""
        self.both("read", [[self.key(name), offset, size] for name, offset, size in parts])

    @rule(chosen=st.lists(names, min_size=1, max_size=3))
    def hold(self, chosen: list[str]) -> None:
        """`get_buffers`, kept while the keys change."""
        self.held += 1
        if "ok" in self.both("hold", f"hold{self.held}", self.keys(chosen)):
            self.holds.append(f"hold{self.held}")

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        """Held buffers show what they showed before."""
        self.both("look", data.draw(st.sampled_from(self.holds)))

    @precondition(lambda self: self.holds)
    @rule()
    def drop(self) -> None:
        """Drop the oldest held buffers."""
        self.both("drop", self.holds.pop(0))

    def teardown(self) -> None:
        """Leave nothing behind on either side."""
        for name in self.holds:
            self.both("drop", name)
        self.both("delete", self.keys(NAMES))


class ObjectsSideBySide(SideBySide):
    """The same with the calls of `ObjectClient` besides; publishing conflicts are left to KV."""

    def object_key(self, name: str) -> str:
        """Return a key of this run's objects, which share none with values; bad names stay."""
        return f"o{self.key(name)}" if name in NAMES else name

    @rule(name=maybe_bad, value=small_values)
    def put(self, name: str, value: str) -> None:
        """`put`."""
        self.both("put", self.object_key(name), value, [])

    @rule(name=names, value=small_values, end=st.sampled_from(["publish", "seal"]))
    def build(self, name: str, value: str, end: str) -> None:
        """`create`, then `publish` or `seal`."""
        self.both("build", self.object_key(name), value, end)

    @rule(chosen=st.lists(names, max_size=4))
    def fetch(self, chosen: list[str]) -> None:
        """`ObjectClient.get`."""
        self.both("fetch", [self.object_key(name) for name in chosen])

    @rule(chosen=st.lists(names, max_size=3))
    def increase(self, chosen: list[str]) -> None:
        """`g_increase_ref`."""
        self.both("increase", [self.object_key(name) for name in chosen])

    @rule(chosen=st.lists(names, max_size=3))
    def decrease(self, chosen: list[str]) -> None:
        """`g_decrease_ref`."""
        self.both("decrease", [self.object_key(name) for name in chosen])

    @rule(name=names)
    def count(self, name: str) -> None:
        """`query_global_ref_num`."""
        self.both("count", self.object_key(name))

    def teardown(self) -> None:
        """Leave nothing behind on either side."""
        self.both("delete", [self.object_key(name) for name in NAMES])
        super().teardown()


class NestedObjectsSideBySide(ObjectsSideBySide):
    """The same with objects that keep others, where the fake is known to differ: on request."""

    @rule(name=names, value=small_values, nested=st.lists(names, min_size=1, max_size=2))
    def put_nested(self, name: str, value: str, nested: list[str]) -> None:
        """`put` with nested keys."""
        self.both("put", self.object_key(name), value, [self.object_key(key) for key in nested])


def machines() -> list[type[SideBySide]]:
    """Give those that must find no difference, and on request the other one."""
    found: list[type[SideBySide]] = [SideBySide, ObjectsSideBySide]
    return (
        [*found, NestedObjectsSideBySide]
        if "YR_FAKE_DS_DIFFERENTIAL_NESTED" in os.environ
        else found
    )


def phases() -> list[Phase]:
    """Shrinking repeats hundreds of calls on the real system: only on request."""
    found = [Phase.explicit, Phase.generate]
    return [*found, Phase.shrink] if "YR_FAKE_DS_DIFFERENTIAL_SHRINK" in os.environ else found


@pytest.mark.parametrize("machine", machines())
def test_both_systems_behave_alike(
    machine: type[SideBySide], fake: SdkProcess, real: SdkProcess
) -> None:
    """Random calls give the same results, statuses and fixed texts on both systems."""
    machine.sides = (fake, real)
    examples = int(os.environ.get("YR_FAKE_DS_DIFFERENTIAL_EXAMPLES", "18"))

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            print_blob=True,
            phases=phases(),
            suppress_health_check=list(HealthCheck),
        ),
    )
