"""Every block of the site is executed, or listed with a reason."""

from __future__ import annotations

import pathlib
from collections import Counter

import pytest
from blocks import ROOT, Block, blocks_of, listed, pages

EXECUTED = {"python", "console", "sh", "text", "json", "yaml", "toml"}
"""What `execution.py` has a way to execute."""

_PAGES = {path.relative_to(ROOT).as_posix(): blocks_of(path) for path in pages()}


def test_the_list_names_blocks_that_exist() -> None:
    """An entry is about one block of its page: the list shrinks when a page does."""
    there = Counter((page, block.first_line) for page, blocks in _PAGES.items() for block in blocks)

    assert [one for one in listed() if there[one.page, one.first_line] != 1] == []


def test_the_list_says_why() -> None:
    """No entry without a reason, and none twice."""
    entries = listed()

    assert all(one.reason for one in entries)
    assert len({(one.page, one.first_line) for one in entries}) == len(entries)


@pytest.mark.parametrize("page", _PAGES)
def test_what_is_not_listed_can_be_executed(page: str) -> None:
    """One without a language, with another one, or that installs needs a reason to stay so."""
    left_out = {one.first_line for one in listed() if one.page == page}
    unclear = [
        f"{page}:{block.line}: {block.language!r}: {block.first_line}"
        for block in _PAGES[page]
        if (block.language not in EXECUTED or block.installs) and block.first_line not in left_out
    ]

    assert unclear == []


@pytest.mark.parametrize("page", _PAGES)
def test_what_readers_save_is_used(page: str) -> None:
    """A block that is saved as a file, and not executed itself, is named by what comes after it."""
    blocks = _PAGES[page]
    unused = [
        f"{page}:{block.line}: {block.file}"
        for number, block in enumerate(blocks)
        if block.file and not any(_uses(later, block.file) for later in blocks[number + 1 :])
    ]

    assert unused == []


def _uses(later: Block, file: str) -> bool:
    return any(name in later.source for name in (file, _module(file)))


def _module(file: str) -> str:
    path = pathlib.PurePath(file)
    return (path.parent if path.stem == "__init__" else path.with_suffix("")).as_posix()
