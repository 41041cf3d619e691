"""Latches: many readers or one writer."""

from __future__ import annotations

import pytest

from yr_fake_ds.store.latches import Latches


@pytest.fixture
def latches() -> Latches:
    """No latch taken."""
    return Latches()


def read(latches: Latches, client: str) -> bool:
    """Try to take a read latch on block 1."""
    return latches.try_acquire(1, client, exclusive=False)


def write(latches: Latches, client: str) -> bool:
    """Try to take the write latch on block 1."""
    return latches.try_acquire(1, client, exclusive=True)


def test_readers_share(latches: Latches) -> None:
    """Any number of readers have the latch together, and no writer gets in."""
    assert [read(latches, "a"), read(latches, "a"), read(latches, "b")] == [True] * 3

    assert not write(latches, "c")
    assert latches.try_acquire(2, "c", exclusive=True)


def test_a_writer_is_alone(latches: Latches) -> None:
    """Nobody else gets in until the writer gives the latch back, not even its own client."""
    assert write(latches, "a")
    assert not any([write(latches, "a"), write(latches, "b"), read(latches, "a")])

    latches.release(1, "b", exclusive=True)
    assert not read(latches, "b")
    latches.release(1, "a", exclusive=True)

    assert read(latches, "b")


def test_every_reader_gives_its_latch_back(latches: Latches) -> None:
    """A writer gets in when as many latches were given back as were taken."""
    read(latches, "a")
    read(latches, "a")

    latches.release(1, "a", exclusive=False)
    assert not write(latches, "b")
    latches.release(1, "a", exclusive=False)

    assert write(latches, "b")


def test_giving_back_more_than_was_taken_does_no_harm(latches: Latches) -> None:
    """Who gives a read latch back without having one is in nobody's way, and owes none."""
    latches.release(1, "a", exclusive=False)
    assert write(latches, "b")
    latches.release(1, "b", exclusive=True)

    assert read(latches, "a")
    assert not write(latches, "b")


@pytest.mark.parametrize("other", ["a", "z"], ids=["before it", "after it"])
@pytest.mark.parametrize("exclusive", [True, False])
def test_a_client_that_is_gone_has_no_latch(
    latches: Latches, *, exclusive: bool, other: str
) -> None:
    """All latches of a client go with it, those of others stay."""
    latches.try_acquire(1, "gone", exclusive=exclusive)
    latches.try_acquire(2, other, exclusive=exclusive)

    latches.release_all("gone")

    assert write(latches, "b")
    assert not latches.try_acquire(2, "b", exclusive=True)


@pytest.mark.parametrize("other", ["A", "b"], ids=["before it", "after it"])
def test_a_slot_of_somebody_else_keeps_its_latch(latches: Latches, other: str) -> None:
    """Nothing that a client gives back is another client's."""
    write(latches, "a")

    latches.forget(1, other)
    latches.release(1, other, exclusive=True)

    assert latches.is_written(1)


@pytest.mark.parametrize("exclusive", [True, False])
def test_a_slot_that_is_released_has_no_latch(latches: Latches, *, exclusive: bool) -> None:
    """What a client has on one block can be given back at once."""
    for block in (1, 2):
        latches.try_acquire(block, "a", exclusive=exclusive)

    latches.forget(1, "a")

    assert write(latches, "b")
    assert not latches.try_acquire(2, "b", exclusive=True)
