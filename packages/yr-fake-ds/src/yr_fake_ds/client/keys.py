"""Checks of keys and sizes that the client makes before it sends anything.

Orders and gaps are the real one's, measured on openyuanrong-datasystem 0.8.1: most calls look at
the first key only, `mset` and `msettx` also refuse later empty ones, `set` and `mcreate` check all.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from yr_fake_ds import texts
from yr_fake_ds.client import trace
from yr_fake_ds.errors import StatusError, failure
from yr_fake_ds.texts import Text

MAX_KEYS: Final = 10000
MAX_TX_KEYS: Final = 8
MAX_KEY_BYTES: Final = 255

_ALLOWED: Final = re.compile(texts.KEY_REGEX.removesuffix("$") + r"\Z")


def refuse(text: Text, **values: object) -> StatusError:
    """Make the error of an argument that this client refuses."""
    return failure(text, trace.current(), **values)


def check_batch(keys: Sequence[str]) -> None:
    """Check the keys of get, exist, delete, expire and the like: only the first is looked at."""
    if not keys:
        raise refuse(texts.KEYS_EMPTY)
    if not keys[0]:
        raise refuse(texts.FIRST_KEY_EMPTY)
    check_characters(keys[0])
    if len(keys) > MAX_KEYS:
        raise refuse(texts.TOO_MANY_OBJECT_KEYS, limit=MAX_KEYS)


def check_set(key: str, size: int) -> None:
    """Check the arguments of `set` and `put`."""
    if not key:
        raise refuse(texts.OBJECT_KEY_SHOULD_NOT_BE_EMPTY)
    check_characters(key)
    check_sizes([size])


def check_mset(keys: Sequence[str], count: int) -> None:
    """Check the keys of `mset`, given the `count` of values."""
    if not keys:
        raise refuse(texts.KEYS_SHOULD_NOT_BE_EMPTY)
    _check_count(keys, count)
    _check_none_empty(keys)
    check_characters(keys[0])


def check_msettx(keys: Sequence[str], count: int, existence: int) -> None:
    """Check the keys of `msettx`, given the `count` of values and the number of the option."""
    if existence != 1:
        raise refuse(texts.TX_ONLY_NX)
    if not keys:
        raise refuse(texts.KEYS_SHOULD_NOT_BE_EMPTY)
    if len(keys) > MAX_TX_KEYS:
        raise refuse(texts.TOO_MANY_TX_KEYS, limit=MAX_TX_KEYS)
    _check_count(keys, count)
    check_characters(keys[0])
    seen: set[str] = set()
    for key in keys:
        if not key:
            raise refuse(texts.KEY_SHOULD_NOT_BE_EMPTY)
        if key in seen:
            raise refuse(texts.TX_DUPLICATE, key=key)
        seen.add(key)


def check_mcreate(keys: Sequence[str], sizes: Sequence[int]) -> None:
    """Check the arguments of `mcreate`: every key, then every size."""
    if not keys:
        raise refuse(texts.KEYS_SHOULD_NOT_BE_EMPTY)
    if len(keys) > MAX_KEYS:
        raise refuse(texts.TOO_MANY_CREATE_KEYS, limit=MAX_KEYS)
    _check_count(keys, len(sizes))
    for key in keys:
        _check_none_empty([key])
        check_characters(key)
    check_sizes(sizes)


def check_create(key: str, size: int) -> None:
    """Check the arguments of `ObjectClient.create`."""
    if not key:
        raise refuse(texts.OBJECT_KEY_EMPTY)
    check_characters(key)
    if not size:
        raise refuse(texts.CREATE_SIZE_ZERO)


def check_sizes(sizes: Iterable[int]) -> None:
    """Refuse a size of zero."""
    if 0 in sizes:
        raise refuse(texts.SIZE_ZERO)


def check_characters(key: str) -> None:
    """Refuse characters outside the key alphabet, and more than 255 bytes."""
    length = len(key.encode())
    if length > MAX_KEY_BYTES or not _ALLOWED.match(key):
        raise refuse(texts.KEY_ILLEGAL, key=_shortened(key, length), length=length)


def _shortened(key: str, length: int) -> str:
    if length <= MAX_KEY_BYTES:
        return key
    return f"{key[:MAX_KEY_BYTES]}... [total: {length}]"


def _check_count(keys: Sequence[str], count: int) -> None:
    if len(keys) != count:
        raise refuse(texts.KEYS_VALUES_LENGTH)


def _check_none_empty(keys: Iterable[str]) -> None:
    if not all(keys):
        raise refuse(texts.KEY_SHOULD_NOT_BE_EMPTY)
