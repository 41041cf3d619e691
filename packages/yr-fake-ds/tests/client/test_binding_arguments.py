"""Conversions of the bindings."""

from typing import Any

import pytest

from yr_fake_ds import KVClient
from yr_fake_ds.sdk import kv_signatures as signatures
from yr_fake_ds.sdk.binding_arguments import BUFFER, INT32, TEXT, UINT32, Kind


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (TEXT, "k"),
        (TEXT, b"k"),
        (UINT32, 2**32 - 1),
        (UINT32, True),
        (INT32, -(2**31)),
        (BUFFER, b""),
        (BUFFER, memoryview(b"abc")[::2]),
    ],
)
def test_what_converts_is_accepted(kind: Kind, value: Any) -> None:
    """Texts, numbers in range and anything with a buffer convert."""
    assert kind.accepts(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (TEXT, 1),
        (TEXT, "\ud800"),
        (TEXT, b"\xff"),
        (UINT32, -1),
        (UINT32, 2**32),
        (UINT32, 1.0),
        (UINT32, "1"),
        (BUFFER, 1),
        (BUFFER, None),
        (BUFFER, [1]),
    ],
)
def test_what_does_not_convert_is_refused(kind: Kind, value: Any) -> None:
    """Wrong types, lone surrogates and numbers out of range do not convert."""
    assert not kind.accepts(value)


def test_the_type_error_shows_signature_and_arguments() -> None:
    """The text is the bindings' own, with the call that failed."""
    client = KVClient("127.0.0.1", 1)

    with pytest.raises(TypeError) as caught:
        client.get([1])

    assert str(caught.value).startswith(
        "Get(): incompatible function arguments. The following argument types are supported:\n"
        "    1. (self: yr.datasystem.lib.libds_client_py.KVClient, arg0: List[str], arg1: int)"
        " -> Tuple[datasystem::Status, list]\n\nInvoked with: <yr.datasystem.lib."
    )
    assert str(caught.value).endswith(">, [1], 0")


def test_a_constructor_shows_itself_without_self() -> None:
    """A wrong token is found by the bindings' constructor."""
    with pytest.raises(TypeError, match=r"__init__\(\): incompatible constructor arguments"):
        KVClient("127.0.0.1", 1, token=1)


def test_none_is_a_buffer_pointer() -> None:
    """mset_buffer([None]) passes the bindings and is then found empty."""
    signatures.MSET_BUFFER.check(object(), [None])
