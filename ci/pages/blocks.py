"""The fenced blocks of all pages of the site, and which of them are not executed, and why.

pages --> blocks of each, in order --+--> executed (`execution.py`)
docs/not-executed.toml --------------+--> listed, with a reason
"""

from __future__ import annotations

import pathlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from sybil.document import Document
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer
from sybil.region import Region

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LIST = ROOT / "docs" / "not-executed.toml"
PAGES = (
    "*.md",
    "docs/**/*.md",
    "packages/*/README.md",
    "packages/*/docs/*.md",
)
_LEXER = RawFencedCodeBlockLexer(re.compile(r"(?P<language>[^\n]*)\n"))
_DIRECTIVE = "{"
_INSTALLS = re.compile(r"\b(pip|apt-get) +install\b")
_DATA = ("text", "json", "yaml", "toml")
_FILE = re.compile(r"# (?P<name>[\w./-]+\.(py|toml|ini|yaml|sh))")


@dataclass(frozen=True)
class Block:
    """One fenced block: where it is, what it is, and what it says."""

    page: str
    line: int
    language: str
    source: str

    @property
    def first_line(self) -> str:
        """How the list of those that are not executed knows it."""
        return self.source.split("\n", 1)[0]

    @property
    def file(self) -> str | None:
        """The name that its first line, a comment, tells readers to give it; None if none."""
        named = _FILE.fullmatch(self.first_line)
        return named["name"] if named else None

    @property
    def installs(self) -> bool:
        """Whether it would change the environment that executes it, which no block may."""
        return self.language not in _DATA and _INSTALLS.search(self.source) is not None


@dataclass(frozen=True)
class Listed:
    """A block that is not executed."""

    page: str
    first_line: str
    reason: str


def pages() -> list[pathlib.Path]:
    """List what the site is made of, in order."""
    return sorted({path for pattern in PAGES for path in ROOT.glob(pattern)})


def regions_of(document: Document) -> Iterator[tuple[Region, Block]]:
    """Give a page's blocks with their places in it; Sphinx's directives are none."""
    page = pathlib.Path(document.path).resolve().relative_to(ROOT).as_posix()
    for region in _LEXER(document):
        language = region.lexemes["language"].strip()
        if not language.startswith(_DIRECTIVE):
            line = document.text.count("\n", 0, region.start) + 1
            yield region, Block(page, line, language, str(region.lexemes["source"]))


def blocks_of(page: pathlib.Path) -> list[Block]:
    """Read a page's blocks."""
    return [block for _, block in regions_of(Document.parse(str(page)))]


def listed() -> list[Listed]:
    """Read the list of those that are not executed."""
    rows = tomllib.loads(LIST.read_text(encoding="utf-8"))["block"]
    return [Listed(row["page"], row["first"], row["reason"]) for row in rows]


def listed_first_lines(page: str) -> frozenset[str]:
    """Give the first lines of a page's blocks that are not executed."""
    return frozenset(one.first_line for one in listed() if one.page == page)
