"""report.html: it holds all, loads nothing, and can be read in any light."""

from __future__ import annotations

import html.parser
import itertools
import pathlib
import re

import example_runs
import pytest

from yr_conformance.report import page as page_module
from yr_conformance.report.page import page
from yr_conformance.states import State

STYLE = pathlib.Path(page_module.__file__).parent / "sources" / "page.css"
LOADING = {"src", "srcset", "data", "action", "poster", "background"}
_LINEAR = 0.04045


class Reader(html.parser.HTMLParser):
    """Collects the elements, their ids, links and what would load something."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        self.scripts += tag == "script"
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")
            if name in LOADING or tag in {"link", "iframe", "img"}:
                self.loads.append(f"{tag} {name}={value}")


@pytest.fixture(scope="module")
def text() -> str:
    """The page of a run with all states."""
    return page([example_runs.all_states()])


@pytest.fixture(scope="module")
def reader(text: str) -> Reader:
    """What its elements are."""
    reader = Reader()
    reader.feed(text)
    return reader


def test_it_loads_nothing(text: str, reader: Reader) -> None:
    """No element loads anything, no style either, and the page forbids it besides."""
    assert reader.loads == []
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_what_a_test_printed_is_text(text: str, reader: Reader) -> None:
    """Tags in an error are shown, not followed; colours and control characters are gone."""
    assert reader.scripts == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt; | red ?" in text


def test_every_link_leads_somewhere(reader: Reader) -> None:
    """Ids are unique, and all links are to ids of the page."""
    assert len(reader.ids) == len(set(reader.ids))
    assert {link.removeprefix("#") for link in reader.links} <= set(reader.ids)
    assert "EX-ONE-02" in reader.ids


def test_states_are_told_by_word_and_mark(text: str) -> None:
    """Each of the six states has its word and a mark that no other has."""
    for state in State:
        assert f'<span class="mark" aria-hidden="true">{state.mark}</span> {state.value}' in text
    assert len({state.mark for state in State}) == len(State)


def test_a_clause_shows_what_is_known_of_it(text: str) -> None:
    """Sentence, level, source, needs, rate, duration, test and what the target is known for."""
    for shown in (
        "<code>get</code> holds.",
        "MUST",
        "measured here",
        "npu",
        "1 of 3; known: 8 of 147",
        "500 ms",
        "test_it[EX-ONE-01]",
        "deviates until 2.0",
    ):
        assert shown in text


def test_the_verdict_comes_first(text: str) -> None:
    """The first heading is the verdict."""
    assert re.findall(r"<h[12][^>]*>([^<]+)", text)[:2] == ["Failed", "Counts"]


def test_all_colours_can_be_read() -> None:
    """In light, dark and print every colour of text has a contrast of 4.5 to what is behind it."""
    palettes = [dict(re.findall(r"--([\w-]+): (#\w+)", block)) for block in _roots()]

    assert len(palettes) == 3
    for palette in palettes:
        inks = [palette[name] for name in ("ink", "soft", "link", *(s.slug for s in State))]
        pairs = [*itertools.product(inks, (palette["page"], palette["card"]))]
        pairs.append((palette["on-failed"], palette["failed"]))
        assert [pair for pair in pairs if _contrast(*pair) < 4.5] == []


def _roots() -> list[str]:
    return re.findall(r":root \{([^}]*)\}", STYLE.read_text(encoding="utf-8"))


def _contrast(one: str, other: str) -> float:
    """Give the contrast ratio of WCAG 2."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= _LINEAR else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)
