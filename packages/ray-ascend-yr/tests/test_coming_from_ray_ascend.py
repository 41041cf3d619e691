"""docs/coming-from-ray-ascend.md is true: names that it promises can be imported as written."""

from __future__ import annotations

import importlib
import pathlib

import pytest

import ray_ascend

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "coming-from-ray-ascend.md"


def names() -> list[tuple[str, str]]:
    """Give the published name and ours, "" where there is none, of each row."""
    table = PAGE.read_text(encoding="utf-8").split("## Names\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    return [(theirs.strip(" `"), ours.strip(" `")) for theirs, ours in rows]


@pytest.mark.parametrize(("theirs", "ours"), names())
def test_a_published_name(theirs: str, ours: str) -> None:
    """It is where it was, or the page says that it is not there."""
    module, _, name = theirs.rpartition(".")

    if ours:
        assert hasattr(importlib.import_module(module), name)
        assert ours == theirs
    else:
        assert not hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize(
    ("elsewhere", "here"),
    [
        ("ray_ascend.direct_transport.yr_tensor_transport", "YRTensorTransport"),
        ("ray_ascend.direct_transport", "YRTensorTransport"),
        ("ray_ascend.utils", "cleanup_yr_resources"),
    ],
)
def test_another_place_has_the_same_object(elsewhere: str, here: str) -> None:
    """Nobody meets two classes of one name."""
    module = importlib.import_module(elsewhere)

    assert getattr(module, here) is getattr(ray_ascend, here)


def test_the_commit_is_a_text() -> None:
    """Forty digits, with a remark where files differed, or nothing in an editable installation."""
    commit = ray_ascend.__commit__.removesuffix("-dirty")

    assert commit == "" or (len(commit) == 40 and int(commit, 16) >= 0)
