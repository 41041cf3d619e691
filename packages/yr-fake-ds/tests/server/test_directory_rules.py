"""Rules of the directory that concern rare calls: modes, limits, duplicates, late replicas."""

from __future__ import annotations

import pytest
from announcing import HERE, THERE, announcement

from yr_fake_ds import texts
from yr_fake_ds.directory.limits import MSET_LIMIT
from yr_fake_ds.directory.state import AnnounceError, Dropped, State
from yr_fake_ds.protocol import Parameters, PublishCall
from yr_fake_ds.refusal import RefusedError


def test_msettx_names_a_key_of_its_own_worker_first(state: State) -> None:
    """Of several keys that exist, the worker finds what it has itself before it asks for others."""
    state.announce(announcement("set", "a", address=THERE))
    state.announce(announcement("set", "b"))

    with pytest.raises(RefusedError) as caught:
        state.announce(announcement("msettx", "a", "b", only_if_absent=True))

    assert caught.value.text is texts.TX_EXISTS_LOCALLY


@pytest.mark.parametrize("call", ["set", "mset", "mset_buffer", "msettx", "put"])
@pytest.mark.parametrize("mode", [1, 2, 4])
def test_there_is_no_second_level_cache(state: State, call: PublishCall, mode: int) -> None:
    """Modes that write to a second level are refused by every call, and nothing is stored."""
    with pytest.raises(RefusedError, match="Invalid parameter"):
        state.announce(announcement(call, "k", parameters=Parameters(1, mode, 0, 0)))

    assert state.locate(["k"]) == [None]


def test_mset_stores_no_more_than_its_limit(state: State) -> None:
    """One key too many is refused as a whole."""
    with pytest.raises(RefusedError, match=str(MSET_LIMIT)):
        state.announce(announcement("mset", *(f"k{number}" for number in range(MSET_LIMIT + 1))))

    assert state.locate(["k0"]) == [None]


def test_mset_knows_no_condition(state: State) -> None:
    """`mset` with the condition NX is refused before all else."""
    with pytest.raises(RefusedError, match="Runtime error"):
        state.announce(
            announcement("mset", "k", parameters=Parameters(1, 1, 0, 0), only_if_absent=True)
        )


def test_mset_buffer_takes_no_key_twice(state: State) -> None:
    """All keys of the call are named when one repeats, and nothing is stored."""
    with pytest.raises(RefusedError, match="Key duplicated") as refused:
        state.announce(announcement("mset_buffer", "a", "b", "a", "c"))

    assert refused.value.values == {"keys": "a, b, a, c"}
    assert state.locate(["b"]) == [None]


def test_a_transaction_stores_no_empty_value(state: State) -> None:
    """`msettx` with an empty value is refused as a whole."""
    with pytest.raises(RefusedError, match="Runtime error"):
        state.announce(announcement("msettx", "k", size=0))

    assert state.locate(["k"]) == [None]


def test_a_transaction_says_whether_the_key_is_here(state: State) -> None:
    """The refusal differs between a key of the same worker and of another one."""
    state.announce(announcement("set", "k"))

    with pytest.raises(RefusedError) as here:
        state.announce(announcement("msettx", "k"))
    with pytest.raises(RefusedError) as there:
        state.announce(announcement("msettx", "k", address=THERE))

    assert (here.value.name, there.value.name) == ("TX_EXISTS_LOCALLY", "TX_EXISTS")


def test_a_refused_publish_elsewhere_breaks_nothing(state: State) -> None:
    """Only the worker that holds the old value loses it."""
    state.announce(announcement("set", "k"))

    with pytest.raises(AnnounceError):
        state.announce(
            announcement("mset_buffer", "k", version=2, address=THERE, parameters=Parameters())
        )

    (located,) = state.locate(["k"])
    assert located is not None
    assert (located.size, located.holders) == (10, [HERE])


def test_replicas_are_noted_once_and_only_of_what_there_is(state: State) -> None:
    """A replica of the present version is a further holder; of another version it is none."""
    state.announce(announcement("set", "k", version=2))

    noted = [state.add_copy(THERE, "k", version) for version in (1, 2, 2, 3)]

    assert noted == [False, True, True, False]
    assert not state.add_copy(THERE, "missing", 1)

    (located,) = state.locate(["k"])
    assert located is not None
    assert located.holders == [THERE, HERE]


def test_an_evicted_copy_of_an_old_version_changes_nothing(state: State) -> None:
    """Only copies of the present version count."""
    state.announce(announcement("set", "k", version=2, parameters=Parameters(1, 3, 0, 0)))

    state.drop_copies(HERE, [("k", 1), ("k", 3), ("missing", 1)])
    state.drop_copies(THERE, [("k", 2)])

    (located,) = state.locate(["k"])
    assert located is not None
    assert located.holders == [HERE]


def test_a_worker_that_holds_nothing_is_forgotten(state: State) -> None:
    """Forgetting a worker leaves the copies of others."""
    state.announce(announcement("set", "k"))

    state.forget_worker(THERE)

    (located,) = state.locate(["k"])
    assert located is not None
    assert located.holders == [HERE]


@pytest.mark.parametrize("call", ["mset", "mset_buffer"])
def test_batches_do_not_replace_what_nests_others(state: State, call: PublishCall) -> None:
    """An object with children cannot be overwritten by values without."""
    state.announce(announcement("put", "parent", nested=("child",)))

    with pytest.raises(AnnounceError, match="Runtime error"):
        state.announce(announcement(call, "parent", version=2))


def test_a_set_without_time_to_live_lasts(state: State) -> None:
    """The last write decides; an expiry that was armed before does not count any more."""
    state.announce(announcement("set", "k", parameters=Parameters(1, 0, 0, 1)))
    assert state.next_expiry() == pytest.approx(101.1)

    state.announce(announcement("set", "k", version=2))

    assert state.next_expiry() is None
    assert state.expire() == []


def test_a_transaction_stores_all(state: State) -> None:
    """`msettx` of new keys stores every one."""
    assert state.announce(announcement("msettx", "a", "b")) == ([], [])

    assert None not in state.locate(["a", "b"])


def test_deleting_is_idempotent(state: State) -> None:
    """A missing key is deleted like any other, and repeated keys once."""
    state.announce(announcement("set", "k"))

    assert state.delete(["k", "k", "missing"]) == ([], [Dropped(HERE, "k", 1)])
    assert state.delete(["k"]) == ([], [])
