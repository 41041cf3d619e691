"""The journal must note every call and let it through unchanged."""

import contextlib
from typing import Any

import pytest

from yr_conformance.fair_time import Elapsed, Stopwatch, TooBusyError
from yr_conformance.transfer.call_journal import (
    CREATES,
    DELETES,
    GETS,
    OTHERS,
    PUBLISHES,
    Call,
    CallJournal,
    without_older_keys,
)

METHODS = (*CREATES, *PUBLISHES, *GETS, *DELETES, *OTHERS)


def _class_with_methods() -> Any:
    """Make a class whose methods return their own name and arguments."""

    def method(name: str) -> Any:
        return lambda _, *arguments, **named: (name, arguments, named)

    return type("Methods", (), {name: method(name) for name in METHODS})


def _refuse(_: Any, keys: list[str]) -> None:
    raise RuntimeError(f"refused: {keys}")


def test_calls_are_noted_with_their_keys_and_sizes() -> None:
    """Names, keys and sizes are noted in the order of the calls, however they are passed."""
    journal, watched = CallJournal(), _class_with_methods()
    journal.install(watched)

    watched().mcreate(["a", "b"], [3, 4])
    watched().set("c", b"12345")
    watched().delete(keys=["a"])

    assert journal.take() == [
        Call("mcreate", ("a", "b"), (3, 4)),
        Call("set", ("c",), (5,)),
        Call("delete", ("a",)),
    ]


def test_calls_go_on_to_the_method() -> None:
    """The wrapped method gets the arguments and its result is returned."""
    journal, watched = CallJournal(), _class_with_methods()

    journal.install(watched)
    journal.install(watched)

    assert watched().get(["k"], sub_timeout_ms=5) == ("get", (["k"],), {"sub_timeout_ms": 5})
    assert len(journal.take()) == 1


def test_a_refused_call_is_noted() -> None:
    """Its error comes through, and the call counts like any other."""
    journal, watched = CallJournal(), _class_with_methods()
    watched.get = _refuse
    journal.install(watched)

    with pytest.raises(RuntimeError, match="refused"):
        watched().get(["k"])

    (call,) = journal.take()
    assert (call.name, call.keys) == ("get", ("k",))
    assert call.failed_after is not None


def test_keys_that_a_delete_refuses_are_noted() -> None:
    """Those that it gives back, or all of them if it fails."""
    journal, watched = CallJournal(), _class_with_methods()
    watched.delete = lambda _, keys: keys[1:]
    watched.dev_delete = _refuse
    journal.install(watched)

    watched().delete(["a", "b"])
    with pytest.raises(RuntimeError, match="refused"):
        watched().dev_delete(["c", "d"])

    assert [call.refused for call in journal.take()] == [("b",), ("c", "d")]


def test_a_call_that_a_busy_machine_made_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the transport does in its place says nothing about what an object costs."""
    journal, watched = CallJournal(), _class_with_methods()
    watched.get = _refuse
    journal.install(watched)
    monkeypatch.setattr(Stopwatch, "read", lambda _: Elapsed(real_s=2.1, fair_s=0.4))
    with pytest.raises(RuntimeError, match="refused"):
        watched().get(["k"])

    with pytest.raises(TooBusyError, match=r"get failed after 2.1 s, in .* 0.4 s of a free"):
        journal.take()

    assert journal.take() == []


def test_created_keys_are_given_once() -> None:
    """Asking twice gives only what is new, and the calls stay noted."""
    journal, watched = CallJournal(), _class_with_methods()
    journal.install(watched)
    watched().mcreate(["a"], [1])
    watched().delete(["a"])

    assert [journal.created_keys(), journal.created_keys()] == [["a"], []]
    watched().mset(["b", "c"], [b"1", b"2"])

    assert journal.created_keys() == ["b", "c"]
    assert [call.name for call in journal.take()] == ["mcreate", "delete", "mset"]


def test_keys_of_earlier_objects_are_taken_out_of_deletes() -> None:
    """What was created before the journal began is no business of those who read it."""
    calls = [
        Call("mcreate", ("new",), (1,)),
        Call("delete", ("old",)),
        Call("delete", ("old", "new")),
        Call("delete", ("new",)),
    ]

    assert without_older_keys(calls) == [
        Call("mcreate", ("new",), (1,)),
        Call("delete", ("new",)),
        Call("delete", ("new",)),
    ]


@pytest.mark.parametrize(("is_refused", "stored"), [(True, ["b"]), (False, ["a", "b"])])
def test_a_key_of_a_failed_attempt_is_created_and_not_stored(
    is_refused: bool, stored: list[str]
) -> None:
    """Only where a store failed is a key that was deleted since one of an earlier attempt."""
    journal, watched = CallJournal(), _class_with_methods()
    if is_refused:
        watched.mset_buffer = _refuse
    journal.install(watched)

    watched().mcreate(["a"], [1])
    with contextlib.suppress(RuntimeError):
        watched().mset_buffer(["buffer"])
    watched().delete(["a"])
    watched().set("b", b"1")

    assert journal.created_and_stored_keys() == (["a", "b"], stored)
