"""Latches on local memory."""

import threading

from yr_fake_ds.client.local_latch import HeldLatches, LocalLatch


def test_readers_share() -> None:
    """Two readers hold the latch at once."""
    latch = LocalLatch()

    assert latch.acquire(exclusive=False, timeout_s=1)
    assert latch.acquire(exclusive=False, timeout_s=1)


def test_a_reader_keeps_a_writer_out() -> None:
    """A writer gives up after its time."""
    latch = LocalLatch()
    latch.acquire(exclusive=False, timeout_s=1)

    assert not latch.acquire(exclusive=True, timeout_s=0.01)


def test_a_writer_keeps_itself_out() -> None:
    """The latch is not reentrant."""
    latch = LocalLatch()
    latch.acquire(exclusive=True, timeout_s=1)

    assert not latch.acquire(exclusive=True, timeout_s=0.01)


def test_releasing_what_is_free_does_nothing() -> None:
    """A release too many leaves the latch free."""
    latch = LocalLatch()

    latch.release(exclusive=False)
    latch.release(exclusive=True)

    assert latch.acquire(exclusive=True, timeout_s=1)


def test_a_release_wakes_a_waiting_writer() -> None:
    """A writer in another thread gets the latch as soon as the reader leaves."""
    latch = LocalLatch()
    latch.acquire(exclusive=False, timeout_s=1)
    got: list[bool] = []
    writer = threading.Thread(
        target=lambda: got.append(latch.acquire(exclusive=True, timeout_s=30))
    )
    writer.start()

    latch.release(exclusive=False)
    writer.join()

    assert got == [True]


def test_a_writer_gets_in_when_the_last_reader_has_left() -> None:
    """Each reader gives its own latch back; the writer, too, and then a reader gets in."""
    latch = LocalLatch()
    latch.acquire(exclusive=False, timeout_s=1)
    latch.acquire(exclusive=False, timeout_s=1)

    latch.release(exclusive=False)
    assert not latch.acquire(exclusive=True, timeout_s=0)
    latch.release(exclusive=False)
    assert latch.acquire(exclusive=True, timeout_s=0)
    assert not latch.acquire(exclusive=False, timeout_s=0)
    latch.release(exclusive=True)

    assert latch.acquire(exclusive=False, timeout_s=0)


def test_a_buffer_gives_back_what_it_has_taken() -> None:
    """Latches of both kinds are counted apart, and none is given back that is not held."""
    held = HeldLatches()
    for exclusive in (False, True, False):
        held.note(exclusive=exclusive)

    given = [held.forget(exclusive=exclusive) for exclusive in (True, True, False, False, False)]

    assert given == [True, False, True, True, False]
