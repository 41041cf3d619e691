"""How device blobs lie in one host value, as `mset_d2h` writes it and `mget_h2d` reads it.

    uint64 count | uint64 offset 0 ... offset count | zeroes up to 64 bytes | blob 0 | blob 1 | ...

The last offset is the end. Measured on openyuanrong-datasystem 0.8.1, where `KVClient.get` of such
a value gives these bytes.
"""

import struct
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Final

WORD: Final = 8
ALIGNMENT: Final = 64


def offsets(sizes: Sequence[int]) -> list[int]:
    """Return where blobs of these sizes begin in the value, and where the last one ends."""
    words = WORD * (len(sizes) + 2)
    return list(accumulate(sizes, initial=-(-words // ALIGNMENT) * ALIGNMENT))


def header(sizes: Sequence[int]) -> bytes:
    """Return the bytes before the first blob."""
    places = offsets(sizes)
    return struct.pack(f"<{len(places) + 1}Q", len(sizes), *places).ljust(places[0], b"\0")


def stored_count(value: memoryview) -> int:
    """Return how many blobs a value says it has; nonsense for a value that is no such one."""
    return int(struct.unpack_from("<Q", value)[0]) if len(value) >= WORD else 0


def stored_offsets(value: memoryview) -> list[int]:
    """Return the offsets in a value's header; call it when the count is plausible."""
    return list(struct.unpack_from(f"<{stored_count(value) + 1}Q", value, WORD))


def stored_sizes(value: memoryview) -> list[int] | None:
    """Return the sizes of a value's blobs, None for a value that does not have the form."""
    if not 0 < stored_count(value) <= len(value) // WORD - 2:
        return None
    places = stored_offsets(value)
    sizes = [end - begin for begin, end in pairwise(places)]
    return sizes if places == offsets(sizes) and places[-1] == len(value) else None
