"""Status: the SDK's exceptions as this package's errors."""

from __future__ import annotations

import pickle

import pytest

from ray_ascend import errors
from ray_ascend.store.status import classified, transfer_error


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("code: [Key not found], msg: [Cannot get objects from worker]", errors.ObjectLostError),
        ("code: [Runtime error], msg: [no object copy exists.]", errors.ObjectLostError),
        ("code: [Out of memory], msg: [no space in arena]", errors.StoreFullError),
        ("code: [RPC unavailable], msg: [[ Out of memory * 3 ]]", errors.StoreFullError),
        ("code: [RPC unavailable], msg: [disconnected]", errors.StoreUnavailableError),
        ("code: [Buffer deprecated], msg: [gone]", errors.StoreUnavailableError),
        ("code: [Runtime error], msg: [The buffer is useless]", errors.StoreUnavailableError),
        ("code: [Invalid parameter], msg: [bad]", errors.TransferError),
        ("no code at all", errors.TransferError),
    ],
)
def test_statuses_become_errors(text: str, kind: type[errors.TransferError]) -> None:
    """Each status gives the error whose message names the key and repeats the SDK's text."""
    error = transfer_error(RuntimeError(text), "some-key", 7)

    assert type(error) is kind
    assert error.key == "some-key"
    assert text in str(error)


def test_what_happens_in_a_block_is_classified() -> None:
    """With the SDK's exception as the cause; whatever else is raised is not touched."""
    cause = RuntimeError("code: [Out of memory], msg: [no space in arena]")

    for block, size in ((classified("some-key"), 0), (classified("some-key", 7), 7)):
        with pytest.raises(errors.StoreFullError, match=f"room for {size} bytes") as caught, block:
            raise cause
        assert caught.value.__cause__ is cause
    with pytest.raises(KeyError), classified("some-key"):
        raise KeyError
    assert "room for 0 bytes" in str(transfer_error(cause, "some-key"))


@pytest.mark.parametrize("name", errors.__all__)
def test_errors_travel_between_processes(name: str) -> None:
    """Every error pickles, since Ray carries it from the actor to the caller."""
    error = getattr(errors, name)("what happened")

    back = pickle.loads(pickle.dumps(error))

    assert type(back) is type(error)
    assert str(back) == "what happened"
