"""The directory's state when workers, or the directory itself, were started again."""

from __future__ import annotations

import pytest
from announcing import CAUSAL, HERE, PRAM, THERE, THIRD, announcement

from yr_fake_ds.directory.messages import Entry, Located
from yr_fake_ds.directory.state import AnnounceError, Dropped, State
from yr_fake_ds.protocol import Parameters, PublishCall


def write(
    state: State,
    call: PublishCall,
    *keys: str,
    address: str = HERE,
    parameters: Parameters = CAUSAL,
) -> None:
    """Announce values of ten bytes, of version 2."""
    state.announce(announcement(call, *keys, version=2, address=address, parameters=parameters))


def exists(state: State, key: str = "k") -> bool:
    """Tell whether a key exists."""
    return state.locate([key]) != [None]


def test_a_new_directory_learns_what_workers_hold(state: State) -> None:
    """Further copies of a value are noted, newest first, those of other versions have to go."""
    held = [
        state.restore(address, [Entry("k", 10, version)])
        for address, version in ((HERE, 2), (THERE, 1), (THERE, 3), (THIRD, 2), (THERE, 2))
    ]

    assert held == [[], [Dropped(THERE, "k", 1)], [Dropped(THERE, "k", 3)], [], []]
    assert state.locate(["k"]) == [Located(2, 10, PRAM, [THERE, THIRD, HERE], None)]


def test_what_was_learnt_may_be_written_in_any_way(state: State) -> None:
    """Nobody knows how it was to be kept."""
    state.restore(HERE, [Entry("k", 10, 1)])

    write(state, "set", "k")

    assert state.locate(["k"]) == [Located(2, 10, CAUSAL, [HERE], None)]


@pytest.mark.parametrize("broken", [True, False])
def test_any_worker_finds_what_nobody_holds(state: State, *, broken: bool) -> None:
    """So it decides how the other keys of `mset` are kept, wherever that is called."""
    if broken:
        write(state, "mset_buffer", "k", parameters=PRAM)
        with pytest.raises(AnnounceError):
            write(state, "mset_buffer", "k", parameters=CAUSAL)
    else:
        state.restore(HERE, [Entry("k", 10, 1)])

    write(state, "mset", "k", "new", address=THERE)

    assert [located and located.parameters for located in state.locate(["k", "new"])] == [
        PRAM,
        PRAM,
    ]


@pytest.mark.parametrize("is_back", [True, False])
def test_a_key_whose_worker_came_back_empty_goes_when_it_is_asked_for(
    state: State, *, is_back: bool
) -> None:
    """One whose worker left in order stays."""
    write(state, "set", "k")

    if is_back:
        state.forget_worker(HERE, is_back=True)
    else:
        state.forget_worker(HERE)
    state.drop_copies(THERE, [("k", 1), ("k", 3)])
    assert exists(state)
    state.drop_copies(THERE, [("k", 2)])

    assert exists(state) is not is_back


def test_a_key_with_another_copy_stays(state: State) -> None:
    """However empty one of its workers came back."""
    write(state, "set", "k")
    state.add_copy(THERE, "k", 2)

    state.forget_worker(HERE, is_back=True)
    state.drop_copies(THIRD, [("k", 2)])

    assert state.locate(["k"]) == [Located(2, 10, CAUSAL, [THERE], None)]


def test_a_key_whose_copy_was_found_again_stays(state: State) -> None:
    """Its worker came back, and not so empty after all."""
    write(state, "set", "k")
    state.forget_worker(HERE, is_back=True)

    state.restore(HERE, [Entry("k", 10, 2)])
    state.drop_copies(THERE, [("k", 2)])

    assert exists(state)


def test_any_worker_finds_what_came_back_empty(state: State) -> None:
    """It refuses other parameters by itself."""
    write(state, "set", "k")
    state.forget_worker(HERE, is_back=True)

    with pytest.raises(AnnounceError) as caught:
        write(state, "put", "k", address=THERE, parameters=PRAM)

    assert caught.value.refusal.name == "PARAMETERS_FIXED"
