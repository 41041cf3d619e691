"""What of a span of time is its own, and what a transfer's spans say of its phases."""

from __future__ import annotations

import pytest
from bench import phases
from bench.spans import Recording, Span, own_times

_STORE, _RECEIVE, _FREE = (f"transport: {block}, rest" for block in ("store", "receive", "free"))


def test_a_span_does_not_own_what_is_inside_it() -> None:
    """Of two levels, each loses what the next one has."""
    spans = [Span("outer", 1, 0, 100), Span("inner", 1, 10, 60), Span("innermost", 1, 20, 30)]

    assert own_times(spans) == {"outer": 50, "inner": 40, "innermost": 10}


def test_threads_do_not_take_time_from_each_other() -> None:
    """What happens at once in another thread is not inside."""
    assert own_times([Span("a", 1, 0, 100), Span("b", 2, 10, 60)]) == {"a": 100, "b": 50}


def test_a_block_after_another_is_not_inside_it() -> None:
    """Where one ends the next may begin."""
    assert own_times([Span("a", 1, 0, 10), Span("b", 1, 10, 30)]) == {"a": 10, "b": 20}


def test_a_call_is_recorded_also_when_it_fails() -> None:
    """And begun anew when the recording is taken."""
    recording = Recording()

    with pytest.raises(ZeroDivisionError):
        recording.timed("division", lambda number: 1 / number)(0)

    assert [span.name for span in recording.take()[0]] == ["division"]
    assert recording.take() == ([], {})


def test_phases_of_a_transfer_add_up_to_the_whole() -> None:
    """What is between two blocks is Ray's; what the kernel does in a copy is page faults."""
    found = phases.phases([_transfer()])

    whole = found.pop(phases.WHOLE)
    now = {name: value for name, value in found.items() if not name.startswith(phases.LATER)}
    assert whole == pytest.approx(100)
    assert sum(now.values()) == pytest.approx(whole)
    assert now["copy in"] == pytest.approx(6)
    assert now["copy in: page faults"] == pytest.approx(4)
    assert now["Ray: store to receive"] == pytest.approx(20)


def test_what_is_freed_later_is_told_apart() -> None:
    """It is not in the time of the transfer."""
    found = phases.phases([_transfer()])

    assert found[f"{phases.LATER}Ray: dropped to free"] == pytest.approx(9)
    assert found[f"{phases.LATER}{_FREE}"] == pytest.approx(5)


def test_a_transport_with_other_functions_is_not_measured_by_chance() -> None:
    """It is said that nothing was recorded of them."""
    transfer = _transfer()
    others = [span for span in transfer.source if span.name != _STORE]
    changed = phases.Transfer(transfer.driver, others, transfer.receiver, {})

    with pytest.raises(ValueError, match="nothing was recorded"):
        phases.phases([changed])


def _transfer() -> phases.Transfer:
    driver = [_moment(phases.BEGIN, 0), _moment(phases.END, 100), _moment(phases.DROPPED, 101)]
    source = [
        _moment(phases.METHOD_BEGINS, 10),
        _moment(phases.METHOD_ENDS, 11),
        _span(_STORE, 15, 40),
        _span("copy in", 20, 30),
        _span(_FREE, 110, 115),
    ]
    receiver = [
        _span(_RECEIVE, 60, 80),
        _moment(phases.READ_BEGINS, 90),
        _moment(phases.READ_ENDS, 92),
    ]
    return phases.Transfer(driver, source, receiver, {"copy in": 4_000_000})


def _span(name: str, begin: int, end: int) -> Span:
    return Span(name, 1, begin * 1_000_000, end * 1_000_000)


def _moment(name: str, when: int) -> Span:
    return _span(name, when, when)
