"""Which bytes of a value are stored."""

import array

import pytest

from yr_fake_ds.client.values import stored_bytes


def test_plain_bytes_are_stored_whole() -> None:
    """Contiguous one-byte items are stored as they are."""
    value = bytearray(b"abc")

    stored = stored_bytes(value)

    assert isinstance(stored, memoryview)
    assert stored.obj is value
    assert bytes(stored) == b"abc"


def test_wide_items_are_truncated_to_their_count() -> None:
    """Three 4-byte items store three bytes, as measured on the real SDK."""
    value = memoryview(array.array("i", [1, 2, 3]))

    assert stored_bytes(value) == b"\x01\x00\x00"


def test_strides_are_ignored() -> None:
    """Every second byte of six stores the first three."""
    assert stored_bytes(memoryview(b"abcdef")[::2]) == b"abc"


def test_bytes_outside_the_buffer_are_zeros() -> None:
    """A reversed view starts at its last byte; what would lie behind it is not read."""
    assert stored_bytes(memoryview(b"abcdef")[::-1]) == b"f\0\0\0\0\0"


@pytest.mark.parametrize(
    ("shape", "strides", "stored"),
    [((3, 2), (1, 1), b"abcd\0\0"), ((4,), (0,), b"a\0\0\0"), ((2, 2), (-1, 1), b"ab\0\0")],
    ids=["overlapping", "repeated", "backwards"],
)
def test_items_that_share_their_bytes_store_them_once(
    shape: tuple[int, ...], strides: tuple[int, ...], stored: bytes
) -> None:
    """More elements than bytes are filled up with zeros, whatever lies behind them."""
    numpy = pytest.importorskip("numpy")
    memory = numpy.frombuffer(b"zabcdefgh", "u1")[1:]

    assert stored_bytes(numpy.lib.stride_tricks.as_strided(memory, shape, strides)) == stored


def test_a_matrix_stores_as_many_bytes_as_it_has_elements() -> None:
    """A 4x4 float32 array stores 16 bytes."""
    numpy = pytest.importorskip("numpy")

    assert len(stored_bytes(numpy.ones((4, 4), "f4"))) == 16


def test_an_empty_value_stores_nothing() -> None:
    """An empty buffer of any kind has no bytes."""
    assert stored_bytes(memoryview(b"")) == b""
