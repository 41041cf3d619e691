"""The log of calls: what is noted of a call, and that nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest

from yr_conformance.calls import MOST_CALLS, CallLog, describe


class Client:
    """Stands for a client of the SDK, whose methods call each other."""

    def get(self, keys: list[str], timeout: int = 0) -> list[bytes]:
        """Give a value for each key."""
        return [self.read(key) for key in keys]

    def read(self, key: str) -> bytes:
        """Give one value."""
        if key == "missing":
            raise RuntimeError("code: [Key not found]")
        return key.encode()


@pytest.fixture
def log() -> CallLog:
    """A log of a client's class of its own."""
    return CallLog()


@pytest.fixture
def client(log: CallLog) -> Client:
    """A client whose calls are noted."""
    noted: Any = type("Client", (), dict(vars(Client)))
    log.install(noted)
    made: Client = noted()
    return made


def test_a_call_is_noted_once_with_its_answer(log: CallLog, client: Client) -> None:
    """Arguments and answer are noted; what the method calls itself is not."""
    assert client.get(["a", "b"], timeout=3) == [b"a", b"b"]

    assert log.take() == ["Client.get(['a', 'b'], timeout=3) -> [b'a', b'b']"]
    assert log.take() == []


def test_an_error_goes_on_and_is_noted(log: CallLog, client: Client) -> None:
    """An error is the caller's as before, and in the log; the next call is noted again."""
    with pytest.raises(RuntimeError, match="Key not found"):
        client.read("missing")
    client.read("a")

    assert log.take() == [
        "Client.read('missing') raised RuntimeError: code: [Key not found]",
        "Client.read('a') -> b'a'",
    ]


def test_many_calls_are_counted(log: CallLog, client: Client) -> None:
    """After so many calls only their number is kept."""
    for _ in range(MOST_CALLS + 2):
        client.read("a")

    assert log.take()[MOST_CALLS:] == ["and 2 more"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"x" * 1000, "<1000 bytes>"),
        ("x" * 100, "'" + "x" * 60 + "...'"),
        ([1, 2, 3, 4], "[1, 2, 3, ... 4 in all]"),
        (object(), "<object>"),
        (None, "None"),
    ],
)
def test_values_are_described_in_a_few_words(value: object, said: str) -> None:
    """Long values are told by their size, others by what they are."""
    assert describe(value) == said
