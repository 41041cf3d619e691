"""The directory's state when keys are written again: what is refused, and what is kept."""

from __future__ import annotations

import pytest
from announcing import CAUSAL, HERE, PRAM, THERE, announcement

from yr_fake_ds.directory.messages import Located
from yr_fake_ds.directory.state import AnnounceError, State
from yr_fake_ds.protocol import Parameters, PublishCall
from yr_fake_ds.refusal import RefusedError


def write(
    state: State,
    call: PublishCall,
    *keys: str,
    parameters: Parameters = PRAM,
    address: str = HERE,
    nested: tuple[str, ...] = (),
) -> list[str]:
    """Announce values of ten bytes; returns those not taken."""
    failed, _dropped = state.announce(
        announcement(call, *keys, parameters=parameters, address=address, nested=nested)
    )
    return failed


def refused(
    state: State,
    call: PublishCall,
    *keys: str,
    parameters: Parameters = PRAM,
    nested: tuple[str, ...] = (),
) -> RefusedError:
    """Return how such an announcement is refused."""
    with pytest.raises(AnnounceError) as error:
        write(state, call, *keys, parameters=parameters, nested=nested)
    return error.value.refusal


def located(state: State, key: str = "k") -> Located:
    """Return what is known of a key that exists."""
    (found,) = state.locate([key])
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("put", "CREATE_META_MISMATCH"),
        ("set", "CREATE_META_MISMATCH"),
        ("mset_buffer", "NESTED_MISMATCH"),
        ("mset", "NESTED_MISMATCH"),
    ],
)
def test_each_call_says_in_its_own_way_that_children_differ(
    state: State, call: PublishCall, name: str
) -> None:
    """Only `set` leaves the object's bytes alone then."""
    write(state, "put", "k", nested=("child",))

    assert refused(state, call, "k").name == name

    assert located(state).size == (10 if call == "set" else 0)


def test_an_object_keeps_its_children(state: State) -> None:
    """It may get some once, and then no others, neither less nor more."""
    for nested in ((), ("a", "b"), ("b", "a")):
        assert write(state, "put", "k", nested=nested) == []

    for others in (("a",), ("a", "b", "c")):
        assert refused(state, "put", "k", nested=others).name == "CREATE_META_MISMATCH"


def test_a_refusal_names_what_is_new_and_what_is_old(state: State) -> None:
    """Consistency, mode of writing and kind of cache, in this order."""
    write(state, "mset_buffer", "k", parameters=Parameters(1, 3, 0, 7))

    refusal = refused(state, "mset_buffer", "k", parameters=Parameters(0, 0, 1, 5))

    assert refusal.values == {"new": "(0, 0, 1)", "old": "(1, 3, 0)"}


def test_what_is_broken_is_taken_for_created(state: State) -> None:
    """Whatever consistency the call names."""
    write(state, "mset_buffer", "k")
    refused(state, "mset_buffer", "k", parameters=Parameters(0, 3, 0, 0))

    assert write(state, "mset_buffer", "k", parameters=CAUSAL) == []


def test_of_several_refusals_that_of_the_first_key_is_told(state: State) -> None:
    """Whatever those of the others are."""
    write(state, "seal", "sealed")
    write(state, "set", "set", parameters=CAUSAL)

    assert refused(state, "mset_buffer", "sealed", "set").name == "SOME_FAILED"
    assert refused(state, "mset_buffer", "set", "sealed").name == "PUBLISH_INCONSISTENT"


def test_mset_fails_when_as_many_failed_as_there_are_keys(state: State) -> None:
    """Or more: one that repeats has failed each time."""
    write(state, "seal", "sealed")

    assert refused(state, "mset", "sealed", "sealed", "sealed", "other").name == "SOME_FAILED"
    assert write(state, "mset", "sealed", "other", "third") == ["sealed"]


def test_mset_keeps_the_time_to_live(state: State) -> None:
    """Unless it has one itself."""
    write(state, "set", "k", parameters=Parameters(1, 0, 0, 5))

    write(state, "mset", "k", parameters=CAUSAL)
    assert located(state).remaining_s == pytest.approx(5.1)
    write(state, "mset", "k", parameters=Parameters(1, 0, 0, 60))

    assert located(state).remaining_s == pytest.approx(60.1)


def test_mset_keeps_the_mode_of_a_value_that_stays(state: State) -> None:
    """Only an evictable value insists on the call's."""
    write(state, "set", "k", parameters=CAUSAL)

    assert write(state, "mset", "k", parameters=Parameters(1, 3, 0, 0)) == []

    assert located(state).parameters == CAUSAL


@pytest.mark.parametrize(
    ("call", "address"), [("seal", HERE), ("put", THERE)], ids=["sealed", "elsewhere"]
)
def test_mset_is_not_like_a_first_key_that_it_cannot_write(
    state: State, call: PublishCall, address: str
) -> None:
    """New keys are kept as the call says."""
    write(state, call, "first")

    assert write(state, "mset", "first", "new", parameters=CAUSAL, address=address) == ["first"]

    assert located(state, "new").parameters == CAUSAL


def test_what_mset_broke_may_be_set_again_as_it_was(state: State) -> None:
    """What another call broke may not; `mset` keeps it as it was."""
    for key in ("k", "other", "third"):
        write(state, "set", key, parameters=CAUSAL)
    write(state, "mset_buffer", "created")
    assert write(state, "mset", "created", "k", "third") == ["k", "third"]
    refused(state, "mset_buffer", "other")

    assert write(state, "set", "k", parameters=CAUSAL) == []
    assert refused(state, "set", "other", parameters=CAUSAL).name == "PUBLISH_INCONSISTENT"
    assert write(state, "mset", "created", "third") == []

    assert located(state, "third").parameters == CAUSAL


def test_a_transaction_names_the_first_of_the_keys_that_exist(state: State) -> None:
    """In the order of keys, not of the call."""
    write(state, "set", "b", "c", parameters=CAUSAL)

    with pytest.raises(RefusedError) as caught:
        write(state, "msettx", "c", "b", "a", address=THERE)

    assert (caught.value.name, caught.value.values) == ("TX_EXISTS", {"key": "b"})
