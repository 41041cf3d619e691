"""The directory's state: versions, conflicts, expiry and counts, with a clock of the test's own."""

from __future__ import annotations

import pytest
from announcing import CAUSAL, HERE, PRAM, THERE, announcement

from yr_fake_ds.directory.state import AnnounceError, Dropped, State
from yr_fake_ds.protocol import Parameters, PublishCall
from yr_fake_ds.refusal import RefusedError


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock of the state."""
    return Clock()


@pytest.fixture
def state(clock: Clock) -> State:
    """An empty state."""
    return State(clock)


def present(state: State, *keys: str) -> list[bool]:
    """Tell which keys exist."""
    return [located is not None for located in state.locate(keys)]


def test_overwriting_drops_the_old_copies(state: State) -> None:
    """A new version tells every holder of the old one to drop it."""
    state.announce(announcement("set", "k"))
    state.add_copy(THERE, "k", 1)

    _failed, dropped = state.announce(announcement("set", "k", version=2))

    assert dropped == [Dropped(THERE, "k", 1), Dropped(HERE, "k", 1)]


def test_a_late_replica_of_an_old_version_is_not_noted(state: State) -> None:
    """A replica that arrives after the value changed is ignored."""
    state.announce(announcement("set", "k", version=2))

    state.add_copy(THERE, "k", 1)

    (located,) = state.locate(["k"])
    assert located is not None
    assert located.holders == [HERE]


def test_expiry_follows_the_clock(state: State, clock: Clock) -> None:
    """A value with a time to live is there until a tenth of a second after it, then gone."""
    state.announce(announcement("set", "k", parameters=Parameters(1, 0, 0, 5)))
    clock.now += 5.05
    assert present(state, "k") == [True]

    clock.now += 0.1

    assert present(state, "k") == [False]
    assert state.expire() == [Dropped(HERE, "k", 1)]
    assert state.next_expiry() is None


def test_a_value_is_gone_at_the_very_time_when_it_is_due(state: State, clock: Clock) -> None:
    """Until then it is told how long it has."""
    state.announce(announcement("set", "k", parameters=Parameters(1, 0, 0, 5)))
    clock.now += 3
    (located,) = state.locate(["k"])
    assert located is not None
    assert located.remaining_s == pytest.approx(2.1)

    due = state.next_expiry()
    assert due is not None
    clock.now = due

    assert present(state, "k") == [False]


def test_rearming(state: State, clock: Clock) -> None:
    """A new time to live counts from now; zero changes nothing; all missing is refused."""
    state.announce(announcement("set", "a", "b", parameters=Parameters(1, 0, 0, 5)))
    assert state.rearm(["a", "no", "no"], 60) == ["no"]
    assert state.rearm(["b"], 0) == []

    clock.now += 10

    assert present(state, "a", "b") == [True, False]
    with pytest.raises(RefusedError):
        state.rearm(["no"], 1)


@pytest.mark.parametrize(
    ("old", "call", "kept"),
    [("set", "mset_buffer", False), ("mset_buffer", "set", True)],
)
def test_conflicts(state: State, old: PublishCall, call: PublishCall, kept: bool) -> None:
    """Writing a key in another way is refused; after `mset_buffer` the old bytes are gone."""
    kinds = {"set": CAUSAL, "mset_buffer": PRAM}
    state.announce(announcement(old, "k", parameters=kinds[old]))

    with pytest.raises(AnnounceError):
        state.announce(announcement(call, "k", "other", version=2, parameters=kinds[call]))

    found, other = state.locate(["k", "other"])
    assert found is not None
    assert bool(found.size) == kept
    assert other is not None


def test_a_broken_key_conflicts_until_somebody_asks_for_it(state: State) -> None:
    """After a refused overwrite the key exists without bytes; reading or deleting ends it."""
    state.announce(announcement("set", "k", parameters=CAUSAL))
    with pytest.raises(AnnounceError):
        state.announce(announcement("mset_buffer", "k", version=2, parameters=PRAM))
    with pytest.raises(AnnounceError):
        state.announce(announcement("mset_buffer", "k", version=3, parameters=PRAM))

    state.drop_copies(HERE, [("k", 1)])

    state.announce(announcement("mset_buffer", "k", version=4, parameters=PRAM))
    assert present(state, "k") == [True]


def test_mset_returns_what_repeats(state: State) -> None:
    """The first value of a repeated key is taken."""
    failed, _dropped = state.announce(announcement("mset", "a", "b", "a"))

    assert failed == ["a"]


def test_mset_overwrites_and_keeps_the_parameters(state: State) -> None:
    """A created key stays a created key."""
    state.announce(announcement("mset_buffer", "k", parameters=PRAM))

    failed, _dropped = state.announce(announcement("mset", "k", version=2, parameters=CAUSAL))

    (located,) = state.locate(["k"])
    assert failed == []
    assert located is not None
    assert (located.version, located.parameters) == (2, PRAM)


def test_the_first_key_of_mset_decides(state: State) -> None:
    """Other keys must agree with what the first one is, and new ones become the same."""
    state.announce(announcement("mset_buffer", "created", parameters=PRAM))
    state.announce(announcement("set", "plain"))

    failed, _dropped = state.announce(announcement("mset", "created", "new", "plain", version=2))

    assert failed == ["plain"]
    created, new, _plain = state.locate(["created", "new", "plain"])
    assert created is not None
    assert new is not None
    assert created.parameters == new.parameters == PRAM


def test_what_mset_refused_has_no_bytes_and_takes_any_others(state: State) -> None:
    """A key that `mset` refused exists without bytes and may be written in any way."""
    state.announce(announcement("mset_buffer", "created", parameters=PRAM))
    state.announce(announcement("mset", "new", "created", version=2))
    (broken,) = state.locate(["created"])
    assert broken is not None
    assert broken.size == 0

    state.announce(announcement("set", "created", version=3))

    (located,) = state.locate(["created"])
    assert located is not None
    assert (located.size, located.parameters) == (10, CAUSAL)


def test_an_evictable_value_insists_on_the_mode(state: State) -> None:
    """`mset` in another mode over an evictable value alone is an error."""
    state.announce(announcement("set", "k", parameters=Parameters(1, 3, 0, 0)))

    with pytest.raises(AnnounceError):
        state.announce(announcement("mset", "k", version=2))


def test_mset_returns_what_conflicts_unless_all_do(state: State) -> None:
    """A sealed object is a failed key beside others, and an error alone."""
    state.announce(announcement("seal", "sealed", parameters=PRAM))

    failed, _dropped = state.announce(announcement("mset", "sealed", "other", version=2))

    assert failed == ["sealed"]
    with pytest.raises(AnnounceError, match="Runtime error"):
        state.announce(announcement("mset", "sealed", version=3))


def test_a_transaction_takes_all_or_nothing(state: State) -> None:
    """`msettx` is refused as a whole when one key exists."""
    state.announce(announcement("set", "taken"))

    with pytest.raises(RefusedError, match="already exist"):
        state.announce(announcement("msettx", "free", "taken", version=2))

    assert present(state, "free") == [False]


def test_a_worker_that_left_keeps_its_keys(state: State) -> None:
    """Keys stay known after their only holder left, without a holder."""
    state.announce(announcement("set", "k"))

    state.forget_worker(HERE)

    (located,) = state.locate(["k"])
    assert located is not None
    assert located.holders == []


def test_evicted_values_are_gone_with_their_last_copy(state: State) -> None:
    """An evictable value is gone when its last copy is evicted; another value stays known."""
    state.announce(announcement("set", "evictable", parameters=Parameters(1, 3, 0, 0)))
    state.announce(announcement("set", "plain"))

    state.drop_copies(HERE, [("evictable", 1), ("plain", 1)])

    assert present(state, "evictable", "plain") == [False, True]


def test_the_last_reference_deletes(state: State) -> None:
    """A client is one reference however often it counts; the last one gone deletes."""
    state.announce(announcement("put", "k"))
    for client in ("a", "a", "b"):
        state.change_references(client, ["k"], increase=True)
    assert state.count_references("k") == 2

    state.change_references("stranger", ["k"], increase=False)
    state.change_references("a", ["k"], increase=False)
    assert state.count_references("k") == 2
    state.change_references("a", ["k"], increase=False)
    assert present(state, "k") == [True]
    state.forget_client("b")

    assert present(state, "k") == [False]


def test_what_is_referred_to_is_not_deleted(state: State) -> None:
    """It is a failed key beside others, and an error alone."""
    state.announce(announcement("put", "kept", "free"))
    state.change_references("a", ["kept"], increase=True)

    assert state.delete(["kept", "free"])[0] == ["kept"]
    assert present(state, "kept", "free") == [True, False]
    with pytest.raises(RefusedError, match="Runtime error"):
        state.delete(["kept"])


def test_children_live_as_long_as_their_parent(state: State) -> None:
    """Nesting is a reference; the parent takes along children that nothing else keeps."""
    state.announce(announcement("put", "child"))
    state.announce(announcement("put", "parent", version=2, nested=("child",)))
    state.change_references("a", ["child"], increase=True)
    state.change_references("a", ["child"], increase=False)
    assert present(state, "child") == [True]

    state.delete(["parent"])

    assert present(state, "child") == [False]


def test_nested_keys_cannot_change(state: State) -> None:
    """Another list of nested keys is refused."""
    state.announce(announcement("put", "parent", nested=("child",)))

    with pytest.raises(AnnounceError, match="Runtime error"):
        state.announce(announcement("put", "parent", version=2))
