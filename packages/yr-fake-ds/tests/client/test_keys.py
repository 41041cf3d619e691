"""Checks of keys before anything is sent."""

from collections.abc import Callable

import pytest

from yr_fake_ds.client import keys
from yr_fake_ds.errors import StatusError


@pytest.mark.parametrize("key", ["a", "A-z_0", "!#%()*+-:;=@^_", "k" * 255])
def test_allowed_keys_pass(key: str) -> None:
    """The alphabet and up to 255 bytes are accepted."""
    keys.check_batch([key])


@pytest.mark.parametrize("key", ["a b", "a.b", "a/b", "a\n", "é", "k" * 256, "a\0"])
def test_other_keys_are_refused(key: str) -> None:
    """Anything else is an invalid parameter that shows the alphabet."""
    with pytest.raises(StatusError, match="illegal char") as caught:
        keys.check_batch([key])
    assert caught.value.status == "Invalid parameter"


def test_a_long_key_is_shortened_in_the_text() -> None:
    """The text shows 255 characters and the total."""
    with pytest.raises(StatusError, match=r"k{255}\.\.\. \[total: 300\], length: 300"):
        keys.check_batch(["k" * 300])


@pytest.mark.parametrize("key", ["a b", " " * 255])
def test_a_key_that_is_not_too_long_is_shown_whole(key: str) -> None:
    """The text shows it as it is."""
    with pytest.raises(StatusError, match=f"key: {key}, length: {len(key)}"):
        keys.check_batch([key])


def test_only_the_first_key_of_a_batch_is_checked() -> None:
    """A bad key at a later place passes, as measured."""
    keys.check_batch(["ok", "", "a b"])
    keys.check_batch(["ok", "a b", ""])


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (lambda: keys.check_batch([]), "The keys are empty"),
        (lambda: keys.check_batch([""]), "keys.0. can not be empty"),
        (lambda: keys.check_batch(["k"] * 10001), "The objectKeys size exceed 10000."),
        (lambda: keys.check_set("", 1), "The objectKey should not be empty."),
        (lambda: keys.check_set("k", 0), "The dataSize value should be bigger than zero."),
        (lambda: keys.check_mset([], 0), "The keys should not be empty."),
        (lambda: keys.check_mset(["k", ""], 2), "The key should not be empty."),
        (lambda: keys.check_mset(["k"], 2), "The number of key and value is not the same."),
        (lambda: keys.check_mset(["k", "l"], 1), "The number of key and value is not the same."),
        (lambda: keys.check_mset(["a b", "k"], 2), "illegal char"),
        (lambda: keys.check_msettx([], 0, 0), "only supports set not existence key"),
        (lambda: keys.check_msettx(["k"], 1, 2), "only supports set not existence key"),
        (lambda: keys.check_msettx(["a b", "k"], 2, 1), "illegal char"),
        (lambda: keys.check_msettx(["k"] * 9, 1, 1), "single operation is 8"),
        (lambda: keys.check_msettx(["k", "k"], 2, 1), "contains duplicate key k"),
        (lambda: keys.check_mcreate(["k"] * 10001, []), "The key size cannot exceed 10000."),
        (lambda: keys.check_mcreate(["k", "a b"], [1, 1]), "illegal char"),
        (lambda: keys.check_mcreate(["k", "l"], [1, 0]), "bigger than zero"),
        (lambda: keys.check_create("", 1), "The objectKey is empty"),
        (lambda: keys.check_create("k", 0), "bigger than zero"),
    ],
)
def test_each_call_has_its_own_text(check: Callable[[], None], text: str) -> None:
    """Calls refuse the same mistake with different texts."""
    with pytest.raises(StatusError, match=text):
        check()


@pytest.mark.parametrize(
    "check",
    [
        lambda: keys.check_batch(["k"] * keys.MAX_KEYS),
        lambda: keys.check_set("k", 1),
        lambda: keys.check_mset(["k", "a b"], 2),
        lambda: keys.check_msettx(["k", "a b", *"cdefgh"], 8, 1),
        lambda: keys.check_mcreate(["k"] * keys.MAX_KEYS, [1] * keys.MAX_KEYS),
        lambda: keys.check_create("k", 1),
    ],
)
def test_what_each_call_lets_pass(check: Callable[[], None]) -> None:
    """As many keys as there may be, and later ones of characters that are not allowed."""
    check()
