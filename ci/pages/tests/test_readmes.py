"""READMEs are for who comes first: short, and the way to all other pages."""

from __future__ import annotations

import pathlib

import pytest
from blocks import ROOT

PACKAGES = sorted(ROOT.glob("packages/*/README.md"))
LIMITS = {ROOT / "README.md": 150, **dict.fromkeys(PACKAGES, 110)}
"""Lines; what is longer belongs on a page of its own."""


@pytest.mark.parametrize("readme", LIMITS, ids=lambda path: path.parent.name)
def test_a_readme_is_short(readme: pathlib.Path) -> None:
    """Who opens it sees what this is, how it begins, and where the rest is."""
    lines = readme.read_text(encoding="utf-8").count("\n")

    assert lines <= LIMITS[readme]


@pytest.mark.parametrize("readme", PACKAGES, ids=lambda path: path.parent.name)
def test_a_readme_leads_to_every_page_of_its_package(readme: pathlib.Path) -> None:
    """A page that it does not name is found by chance only, where the package is installed."""
    text = readme.read_text(encoding="utf-8")
    pages = [f"docs/{page.name}" for page in readme.parent.glob("docs/*.md")]

    assert [page for page in pages if f"]({page})" not in text] == []
