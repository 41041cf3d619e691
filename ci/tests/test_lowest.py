"""The lowest dependencies that metadata promise are versions that somebody can install and try."""

from __future__ import annotations

import contents
import lowest
import pytest
from packaging.requirements import Requirement


@pytest.mark.parametrize("package", contents.IMPORT_NAMES)
def test_every_dependency_says_where_its_range_begins(package: str) -> None:
    """Otherwise nobody could try the lowest that is promised."""
    for pin in (*lowest.dependencies(package), *lowest.build_tools(package)):
        assert len(Requirement(pin).specifier) == 1


def test_the_lowest_ray_is_the_oldest_that_is_tested() -> None:
    """The metadata promise no older one than CI runs."""
    assert f"ray=={contents.RAYS['oldest']}" in lowest.dependencies(contents.TRANSPORT)


def test_a_dependency_without_a_beginning_is_refused() -> None:
    """Every release ever made cannot be meant."""
    with pytest.raises(ValueError, match="does not say which version is the lowest"):
        lowest.lowest_of(Requirement("anything<3"))
