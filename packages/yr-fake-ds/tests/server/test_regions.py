"""The memory that an engine lends: what is lent stays until it is returned."""

from __future__ import annotations

import threading

import pytest

from yr_fake_ds.transfer.regions import Range, Regions

NPU = 0
PATIENCE_S = 20.0


@pytest.fixture
def regions() -> Regions:
    """Give two regions of a hundred bytes."""
    made = Regions()
    made.add([Range(1000, 100), Range(2000, 100)], NPU)
    return made


def test_unregistering_waits_for_readers(regions: Regions) -> None:
    """Who reads a part of a region holds it; nobody else gets it meanwhile."""
    removed = threading.Event()

    def remove() -> None:
        regions.remove(1000)
        removed.set()

    with regions.lent([Range(1010, 5)], NPU):
        thread = threading.Thread(target=remove)
        thread.start()
        wait_until_gone(regions, Range(1000, 1))
        assert not removed.is_set()

    thread.join(PATIENCE_S)
    assert removed.is_set()


def test_readers_of_another_region_hold_nothing(regions: Regions) -> None:
    """Only the bytes that are read count."""
    with regions.lent([Range(1000, 100)], NPU):
        regions.remove(2000)


def test_what_comes_before_a_refusal_is_lent(regions: Regions) -> None:
    """And nothing behind it."""
    parts = [Range(1000, 1), Range(1100, 1), Range(2000, 1)]

    with regions.lent(parts, NPU) as loan:
        assert loan.ranges == (Range(1000, 1),)
        regions.remove(2000)

    assert loan.refusal is not None
    assert loan.refusal.message == "remote range is not registered"
    regions.wait_until_returned()


def test_two_npus_make_a_range_nobodys(regions: Regions) -> None:
    """Registered for one of them it is lent to nobody else, for both to nobody at all."""
    assert code_of(regions, Range(1000, 10), 1) == 36

    regions.add([Range(1000, 100)], 1)

    assert code_of(regions, Range(1000, 10), 1) == 9
    assert code_of(regions, Range(1000, 10), NPU) == 9


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (Range(1000, 100), 0),
        (Range(1099, 1), 0),
        (Range(999, 2), 9),
        (Range(1099, 2), 9),
        (Range(2**64 - 1, 2**64 - 1), 9),
        (Range(0, 1), 2),
        (Range(1000, 0), 2),
    ],
)
def test_only_whole_ranges_are_lent(regions: Regions, part: Range, code: int) -> None:
    """From the first byte of a region to its last."""
    assert code_of(regions, part, NPU) == code


def code_of(regions: Regions, part: Range, device: int) -> int:
    """Return 0 if a range is lent, else the code of the refusal."""
    with regions.lent([part], device) as loan:
        return loan.refusal.code if loan.refusal else 0


def wait_until_gone(regions: Regions, part: Range) -> None:
    """Wait until a range is lent no more."""
    pause = threading.Event()
    for _attempt in range(1000):
        if code_of(regions, part, NPU):
            return
        pause.wait(0.02)
    raise TimeoutError(f"{part} is still registered")
