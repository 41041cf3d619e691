"""The known differences still are, none has outlived its release, and their page names them all."""

import sys

import pytest
from known_differences import PAGE, Difference, load, shown_by, with_table
from sdk_process import SdkProcess

SHOWN = [one for one in load().values() if one.show]


def test_the_table_is_current() -> None:
    """The table in docs/differences.md is what `known_differences.py` writes today."""
    text = PAGE.read_text(encoding="utf-8")

    assert with_table(text) == text


def test_a_difference_ends_with_a_release() -> None:
    """Releases are compared by number, and the one that is named is too late."""
    one = Difference("x", "s", "r", "h", "0.8.1", "0.9.0")

    assert [one.has_ended(release) for release in ("0.8.1", "0.8.10", "0.9.0", "0.10.0")] == [
        *(False, False),
        *(True, True),
    ]


def test_no_difference_has_ended(release: str) -> None:
    """None is older than the released SDK that is installed."""
    assert [one.id for one in load().values() if one.has_ended(release)] == []


@pytest.mark.parametrize("difference", SHOWN, ids=lambda one: one.id)
def test_it_still_occurs(
    difference: Difference, fake: SdkProcess, real: SdkProcess, real_python: str
) -> None:
    """Its program prints on each side what it printed when the difference was noted."""
    sides = ((real, real_python), (fake, sys.executable))
    shown = [shown_by(difference, python, side.ports[0], side.environ) for side, python in sides]

    assert shown == [difference.real_shows, difference.here_shows]
