"""The directory's state when workers give up copies, and what a worker without a copy is told."""

from __future__ import annotations

import pytest
from announcing import CAUSAL, HERE, PRAM, THERE, announcement

from yr_fake_ds.directory.state import AnnounceError, State
from yr_fake_ds.protocol import Parameters, PublishCall
from yr_fake_ds.refusal import RefusedError


def write(
    state: State,
    call: PublishCall,
    version: int = 1,
    address: str = HERE,
    parameters: Parameters = PRAM,
) -> None:
    """Announce ten bytes under the key of the test."""
    state.announce(announcement(call, "k", version=version, address=address, parameters=parameters))


def refusal(
    state: State, call: PublishCall, address: str = HERE, parameters: Parameters = PRAM
) -> str:
    """Return the name of the text by which such an announcement is refused."""
    with pytest.raises(AnnounceError) as error:
        write(state, call, 9, address, parameters)
    return error.value.refusal.name


def exists(state: State) -> bool:
    """Tell whether the key exists."""
    return state.locate(["k"]) != [None]


def test_a_voided_copy_keeps_its_key_until_its_worker_asks(state: State) -> None:
    """Others find no bytes and leave it so; the worker that gave them up ends it."""
    write(state, "put")

    versions = [state.void(HERE, "k"), state.void(HERE, "k")]
    (located,) = state.locate(["k"])
    state.drop_copies(THERE, [("k", 1)])

    assert versions == [1, 1]
    assert located is not None
    assert (located.size, located.holders) == (0, [])
    assert exists(state)
    state.drop_copies(HERE, [("k", 1)])
    assert not exists(state)
    assert state.void(HERE, "k") == 1


def test_a_worker_that_never_had_a_copy_gives_none_up(state: State) -> None:
    """Nor does one whose key was deleted meanwhile."""
    write(state, "put")

    for forget, address in ((False, THERE), (True, HERE)):
        if forget:
            state.remove(["k"])
        with pytest.raises(RefusedError) as error:
            state.void(address, "k")
        assert error.value.name == "OBJECT_DOES_NOT_EXIST"


def test_a_replica_outlives_a_voided_copy(state: State) -> None:
    """The others are asked for the bytes, and the worker that gave them up may fetch them again."""
    write(state, "put")
    state.add_copy(THERE, "k", 1)
    state.void(HERE, "k")

    (located,) = state.locate(["k"])

    assert located is not None
    assert (located.size, located.holders) == (10, [THERE])
    state.add_copy(HERE, "k", 1)
    (located,) = state.locate(["k"])
    assert located is not None
    assert set(located.holders) == {HERE, THERE}


def test_a_sealed_key_stays_sealed_without_bytes(state: State) -> None:
    """First the worker says so, then the metadata, until the key is deleted."""
    write(state, "seal")
    state.void(HERE, "k")

    assert refusal(state, "put") == "WORKER_SEALED"
    assert refusal(state, "mset") == "SOME_FAILED"
    assert refusal(state, "put", THERE) == "METADATA_SEALED"
    state.drop_copies(HERE, [("k", 1)])
    assert refusal(state, "put") == "METADATA_SEALED"
    state.remove(["k"])
    write(state, "put", 2)
    assert exists(state)


@pytest.mark.parametrize("call", ["set", "mset", "mset_buffer", "put"])
def test_a_worker_without_a_copy_is_refused_by_the_metadata(
    state: State, call: PublishCall
) -> None:
    """It looks at the parameters first, and then whether the object is sealed."""
    write(state, "seal")

    assert refusal(state, call, THERE, CAUSAL) == "PUBLISH_INCONSISTENT"
    assert refusal(state, call, THERE, PRAM) == "METADATA_SEALED"


def test_a_worker_that_lost_its_copy_remembers_the_consistency(state: State) -> None:
    """It offers the weaker one of its own and the call's, and keeps to that."""
    write(state, "set", parameters=CAUSAL)
    state.void(HERE, "k")
    state.drop_copies(HERE, [("k", 1)])

    assert refusal(state, "put") == "PUBLISH_INCONSISTENT"
    assert refusal(state, "set", parameters=CAUSAL) == "PUBLISH_INCONSISTENT"


def test_what_a_worker_remembers_overrules_the_call(state: State) -> None:
    """An object that was lost may be set anew, and is still an object afterwards."""
    write(state, "put")
    state.void(HERE, "k")
    state.drop_copies(HERE, [("k", 1)])

    write(state, "set", 2, parameters=CAUSAL)
    write(state, "put", 3)

    assert refusal(state, "set", parameters=CAUSAL) == "PARAMETERS_FIXED"


def test_a_transaction_takes_a_key_that_nobody_sees(state: State) -> None:
    """As long as it exists, no worker has it for a transaction."""
    write(state, "set", parameters=CAUSAL)
    state.void(HERE, "k")

    with pytest.raises(RefusedError) as error:
        write(state, "msettx", 2, parameters=CAUSAL)
    state.drop_copies(HERE, [("k", 1)])
    write(state, "msettx", 3, parameters=CAUSAL)

    assert error.value.name == "TX_EXISTS"
    assert exists(state)


def test_a_transaction_finds_a_voided_sealed_object_sealed(state: State) -> None:
    """At the worker that gave its bytes up; elsewhere it just exists."""
    write(state, "seal")
    state.void(HERE, "k")

    for address, name in ((HERE, "TX_SEALED"), (THERE, "TX_EXISTS")):
        with pytest.raises(RefusedError) as error:
            write(state, "msettx", 2, address)
        assert error.value.name == name


def test_a_voided_copy_goes_with_its_worker(state: State) -> None:
    """What comes back knows nothing of it."""
    write(state, "put")
    state.void(HERE, "k")

    state.forget_worker(HERE)

    with pytest.raises(RefusedError):
        state.void(HERE, "k")
