"""The journal: exact counts, and the last calls."""

from __future__ import annotations

from yr_fake_ds.journal import KEYS_KEPT, LENGTH, Journal
from yr_fake_ds.protocol import JournalEntry


def test_calls_are_counted_and_kept_in_order() -> None:
    """Every call is counted by name, and entries come back oldest first."""
    journal = Journal()

    journal.note("Get", "c", ["a"], 0, "OK")
    journal.note("Publish", "c", ["b"], 10, "Out of memory")
    journal.note("Get", "c", ["c"], 0, "OK")

    assert journal.counts() == {"Get": 2, "Publish": 1}
    assert journal.entries()[1] == JournalEntry("Publish", "c", ["b"], 10, "Out of memory")


def test_the_journal_is_bounded() -> None:
    """Old entries and the many keys of one call are dropped; counts stay exact."""
    journal = Journal()

    for number in range(LENGTH + 10):
        journal.note("Get", "c", [f"{number}-{index}" for index in range(KEYS_KEPT + 1)], 0, "OK")

    entries = journal.entries()
    assert journal.counts() == {"Get": LENGTH + 10}
    assert len(entries) == LENGTH
    assert entries[0].keys == [f"10-{index}" for index in range(KEYS_KEPT)]
